"""How a request names a range of time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self

from airflow_provider_liveperson.datasets.model.filters import milliseconds
from airflow_provider_liveperson.window import DAY, Window

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Clock:
    """A way to write an instant.

    :param write: makes the value.
    :param tick: what it is exact to; ranges are rounded outward to that.
    """

    write: Callable[[datetime], int | str]
    tick: timedelta


EPOCH_MS = Clock(milliseconds, MILLISECOND)
"""``1769904000000``."""
ISO_MS = Clock(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z", MILLISECOND)
"""``2026-02-01T00:00:00.000Z``."""
ISO_SECONDS = Clock(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}Z", SECOND)
"""``2026-02-01T00:00:00Z``."""
ISO_DAYS = Clock(lambda moment: f"{moment:%Y-%m-%d}", DAY)
"""``2026-02-01``."""
ISO_MINUTES = Clock(lambda moment: f"{moment:%Y-%m-%dT%H:%M}Z", MINUTE)
"""``2026-02-01T00:00Z``."""


@dataclass(frozen=True, kw_only=True)
class TimeRange:
    """The arguments that name a range of time.

    :param start: the name of the first one.
    :param end: the name of the last one.
    :param clock: how instants are written.
    :param end_is_inside: whether the range includes its end, so that the last tick before the window's end is asked
        for. Where LivePerson does not say, leave it: what is outside the window is trimmed anyway.
    :param margin: how much more is asked for beyond both ends, where LivePerson does not say in which zone it takes
        dates.
    :param late: how much more is asked for beyond the end, where LivePerson may mean the time at which a record came
        into being, which is later than the one by which it is placed.
    """

    start: str
    end: str
    clock: Clock = EPOCH_MS
    end_is_inside: bool = False
    margin: timedelta = timedelta(0)
    late: timedelta = timedelta(0)

    def arguments(self, window: Window) -> dict[str, int | str]:
        """The arguments for a window, rounded outward.

        :param window: the window.
        """
        tick = self.clock.tick
        start = _EPOCH + (window.start - _EPOCH) // tick * tick - self.margin
        end = _EPOCH - (_EPOCH - window.end) // tick * tick + self.margin + self.late
        if self.end_is_inside:
            end = max(start, end - tick)
        return {self.start: self.clock.write(start), self.end: self.clock.write(end)}

    def in_whole(self, tick: timedelta) -> Self:
        """The same arguments, for ranges that are rounded outward to intervals of another length.

        :param tick: the length of an interval.
        """
        return replace(self, clock=replace(self.clock, tick=tick))
