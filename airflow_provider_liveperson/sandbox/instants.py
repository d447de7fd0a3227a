"""How answers write instants, which the sandbox keeps as epoch milliseconds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_DAY_MS = 86_400_000


def iso_text(moment: int) -> str:
    """Return a moment as ISO 8601 has it, in UTC with milliseconds: ``2026-01-31T09:30:00.250Z``.

    :param moment: epoch milliseconds.
    """
    seconds, rest = divmod(moment, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


def iso_seconds(moment: int) -> str:
    """Return a moment as ISO 8601 has it, in UTC to the second: ``2026-01-31T09:30:00Z``.

    :param moment: epoch milliseconds.
    """
    return f"{datetime.fromtimestamp(moment // 1000, UTC):%Y-%m-%dT%H:%M:%S}Z"


def offset_text(moment: int) -> str:
    """Return a moment as LivePerson's samples have it beside a field with ``L``: ``2026-01-31 09:30:00.250+0000``.

    Most of an answer's fields are such, so days are written once.

    :param moment: epoch milliseconds.
    """
    day, rest = divmod(moment, _DAY_MS)
    seconds, milliseconds = divmod(rest, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{_day_text(day)} {hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}+0000"


@lru_cache(maxsize=1024)
def _day_text(day: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()
