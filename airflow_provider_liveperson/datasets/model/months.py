"""Lengths of time in calendar months, as LivePerson states its longest ones."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, datetime, timedelta

_TICK = timedelta.resolution


@dataclass(frozen=True)
class Months:
    """So many calendar months, in UTC: thirteen of them have 393 to 397 days, by when they begin.

    A day that a month does not have counts as the one after its last: a month before any instant of 31 March is the
    beginning of 1 March, so that nothing is taken to be kept for longer than it is.

    :param count: how many, at least 1.
    """

    count: int

    @property
    def longest(self) -> timedelta:
        """At least as long as any so many months."""
        return timedelta(days=31 * self.count)

    def before(self, moment: datetime) -> datetime:
        """The instant so many months before another one.

        :param moment: aware, UTC.
        """
        year, month = divmod(moment.year * 12 + moment.month - 1 - self.count, 12)
        if year < MINYEAR:
            return datetime.min.replace(tzinfo=moment.tzinfo)
        if moment.day <= monthrange(year, month + 1)[1]:
            return moment.replace(year=year, month=month + 1)
        first = moment.replace(year=year, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
        return first + timedelta(days=monthrange(year, month + 1)[1])

    def after(self, moment: datetime) -> datetime:
        """The last instant that has another one no more than so many months before it.

        :param moment: aware, UTC.
        """
        year, month = divmod(moment.year * 12 + moment.month - 1 + self.count, 12)
        if year > MAXYEAR:
            return datetime.max.replace(tzinfo=moment.tzinfo)
        days = monthrange(year, month + 1)[1]
        if moment.day <= days:
            return moment.replace(year=year, month=month + 1)
        first = moment.replace(year=year, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
        return first + timedelta(days=days) - _TICK

    def __str__(self) -> str:
        return f"{self.count} month{'' if self.count == 1 else 's'}"
