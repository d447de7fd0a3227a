"""What a request to the coverage page asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from fastapi import HTTPException

from airflow_provider_liveperson.coverage.rows import HOUR, Scale
from airflow_provider_liveperson.coverage.spans import midnight, midnight_of
from airflow_provider_liveperson.window import DAY, Window

RANGES = {14: "2 weeks", 28: "4 weeks", 91: "13 weeks"}
USUAL_RANGE = 28
_FIRST_YEAR, _LAST_YEAR = 2000, 9000


@dataclass(frozen=True, kw_only=True)
class Question:
    """What to show.

    :param dag_id: only what this DAG lands; empty for everything.
    :param source: the address of the landing whose manifests are read; empty for the events of assets.
    :param days: how many days.
    :param until: the last day; None for today.
    :param day: the day whose hours are shown; None for days.
    :param row: the key of the chosen cell's row; empty for none.
    :param at: the beginning of that cell; None for none.
    """

    dag_id: str = ""
    source: str = ""
    days: int = USUAL_RANGE
    until: date | None = None
    day: date | None = None
    row: str = ""
    at: datetime | None = None

    @classmethod
    def read(
        cls, *, dag_id: str, source: str, days: str, until: str, day: str, row: str, at: str
    ) -> Question:
        """Read a request.

        :raises HTTPException: 422 for what is not valid.
        """
        if days and days not in map(str, RANGES):
            raise HTTPException(422, f"days must be one of {', '.join(map(str, RANGES))}.")
        return cls(
            dag_id=dag_id,
            source=source,
            days=int(days or USUAL_RANGE),
            until=_date(until, "until"),
            day=_date(day, "day"),
            row=row,
            at=_instant(at),
        )

    def query(self, **changes: object) -> str:
        """The query of the address that asks the same with changes; a chosen cell is not kept.

        :param changes: fields and their new values.
        """
        wanted = replace(self, **{"row": "", "at": None, **changes})  # type: ignore[arg-type]
        values = {
            "dag_id": wanted.dag_id,
            "source": wanted.source,
            "days": "" if wanted.days == USUAL_RANGE else wanted.days,
            "until": wanted.until or "",
            "day": wanted.day or "",
            "row": wanted.row,
            "at": f"{wanted.at:%Y-%m-%dT%H:%M:%SZ}" if wanted.at else "",
        }
        return "?" + urlencode({name: value for name, value in values.items() if value})

    def scale(self, now: datetime) -> Scale:
        """The columns.

        :param now: the present, aware.
        """
        if self.day is not None:
            start = midnight_of(self.day)
            return Scale(shown=Window(start, start + DAY), step=HOUR)
        return Scale(shown=self.range(now), step=DAY)

    def range(self, now: datetime) -> Window:
        """The days, also while the hours of one of them are shown.

        :param now: the present, aware.
        """
        end = (midnight(now) if self.until is None else midnight_of(self.until)) + DAY
        return Window(end - self.days * DAY, end)

    def earlier(self, now: datetime) -> str:
        """The query of the days before these."""
        return self.query(until=(self.range(now).start - DAY).date())

    def later(self, now: datetime) -> str | None:
        """The query of the days after these; None for those that have not begun."""
        until = self.range(now).end - DAY + timedelta(days=self.days)
        if self.until is None or self.until >= now.date():
            return None
        return self.query(until=None if until.date() >= now.date() else until.date())


def _date(text: str, name: str) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise HTTPException(422, f"{name} must be a day, such as 2026-01-31.") from None
    if not _FIRST_YEAR < found.year < _LAST_YEAR:
        raise HTTPException(422, f"{name} must be a day in this age, such as 2026-01-31.")
    return found


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise HTTPException(422, "at must be an instant, such as 2026-01-31T00:00:00Z.") from None
