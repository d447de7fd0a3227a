"""What LivePerson limits: ranges, paging, how long records can be had, and when they are all there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from airflow_provider_liveperson.datasets.model.months import Months
from airflow_provider_liveperson.exceptions import ConfigurationError, WindowOutOfRangeError
from airflow_provider_liveperson.window import Window, stamp

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_HEADWAY = timedelta(minutes=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class OutOfRange:
    """A window that cannot be complete.

    :param why: by how much it is out of range.
    :param remedy: what can be done.
    :param field: the argument at fault.
    """

    why: str
    remedy: str
    field: str

    def error(self) -> WindowOutOfRangeError:
        """The error by which the window is refused."""
        return WindowOutOfRangeError(f"{self.why}; {self.remedy}", field=self.field)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of a dataset. Only this class knows when a window is complete, and until when it can be pulled.

    :param max_range: the longest range of one request, or None for no limit.
    :param max_records: how many records can be paged in one slice, or None for no limit.
    :param split_by: the bound by which a slice with more records is split, or None where it cannot be split.
    :param split_grid: what LivePerson rounds that range to; a slice is split down to this.
    :param retention: how long LivePerson keeps the records, or None where it does not say.
    :param lag: how long after an instant its records may still appear.
    :param grid: what windows must begin and end at multiples of, since the epoch in UTC, because a record sums up so
        long a time; None for any window.
    :param has_history: False for a snapshot, which shows the present only.
    :param refuses_older: whether LivePerson refuses a range that begins before what it keeps, instead of answering with
        what is left of it.
    :param max_per_second: how many requests LivePerson takes in a second, or None where it does not say.
    """

    max_range: timedelta | None = None
    max_records: int | None = None
    split_by: str | None = None
    split_grid: timedelta = timedelta(minutes=10)
    retention: timedelta | Months | None = None
    lag: timedelta = timedelta(0)
    grid: timedelta | None = None
    has_history: bool = True
    refuses_older: bool = False
    max_per_second: float | None = None

    def complete_at(self, window: Window) -> datetime:
        """The instant from which all records of a window can be pulled.

        :param window: the window.
        :returns: an aware datetime, UTC.
        """
        return window.end + self.lag

    def available_until(self, window: Window) -> datetime | None:
        """The last instant at which all records of a window can be pulled.

        :param window: the window.
        :returns: an aware datetime, UTC; None where there is no such limit.
        """
        if not self.has_history:
            return window.end + max(_DAY, window.length)
        if isinstance(self.retention, Months):
            return self.retention.after(window.start)
        return None if self.retention is None else window.start + self.retention

    def can_be_complete(self, window: Window, now: datetime) -> bool:
        """Whether a pull at an instant finds all records of a window.

        :param window: the window.
        :param now: the instant, aware.
        """
        until = self.available_until(window)
        return self.complete_at(window) <= now and (until is None or now <= until)

    @property
    def _kept_at_most(self) -> timedelta | None:
        return self.retention.longest if isinstance(self.retention, Months) else self.retention

    def can_serve(self, length: timedelta, *, back: int = 0) -> bool:
        """Whether windows of a length can be had at all.

        :param length: how long a window is.
        :param back: how many windows ago it ends when it is pulled.
        """
        if self.grid is not None and length % self.grid:
            return False
        kept = self._kept_at_most
        return kept is None or length + max(self.lag, back * length) <= kept

    def why_not(self, name: str, length: timedelta, *, back: int = 0) -> str:
        """Say why windows of a length cannot be had, and which can.

        :param name: the dataset's name.
        :param length: how long a window is.
        :param back: how many windows ago it ends when it is pulled.
        """
        if self.grid is not None and length % self.grid:
            return (
                f"the schedule gives windows of {span(length)}, and {name} sums up {span(self.grid)} (UTC) in a record;"
                f" schedule the DAG at intervals of {span(self.grid)}"
            )
        kept = self._kept_at_most
        assert kept is not None
        assert self.retention is not None
        ago = f", which end {span(back * length)} before the run" if back else ""
        late = f", and has all of them {span(self.lag)} after a window's end" if self.lag else ""
        longest = min(kept - self.lag, kept / (back + 1))
        unit = _HOUR if longest >= _HOUR else _MINUTE
        fewer = "pull fewer windows before that of the run, " if back else ""
        example = ', such as CronDataIntervalTimetable("*/30 * * * *", timezone="UTC")'
        return (
            f"the schedule gives windows of {span(length)}{ago}, but LivePerson keeps {name} for"
            f" {span(self.retention)}{late}; {fewer}schedule the DAG at intervals of at most"
            f" {span(longest // unit * unit)}{example if longest >= 30 * _MINUTE else ''}, or set"
            " allow_out_of_range=True to take what is left"
        )

    def on_grid(self, window: Window) -> Window:
        """The shortest window that can be asked for and holds another one.

        :param window: the other one.
        """
        if self.grid is None:
            return window
        end = _EPOCH - (_EPOCH - window.end) // self.grid * self.grid
        return Window(_EPOCH + (window.start - _EPOCH) // self.grid * self.grid, end)

    def check_grid(self, name: str, window: Window) -> None:
        """Refuse a window that holds a part of a record.

        :param name: the dataset's name, for the error.
        :param window: the window.
        :raises ConfigurationError: naming ``start`` or ``end``, and the window that can be asked for.
        """
        whole = self.on_grid(window)
        if self.grid is None or whole == window:
            return
        field = "end" if whole.start == window.start else "start"
        raise ConfigurationError(
            f"{field} is {stamp(getattr(window, field))}, and {name} sums up {span(self.grid)} (UTC) in a record: pull"
            f" whole ones, such as {whole}",
            field=field,
        )

    def available(self, now: datetime) -> tuple[datetime | None, datetime]:
        """Between which instants all records can be pulled at an instant.

        :param now: the instant, aware.
        :returns: the first instant, or None where there is no such limit, and the end.
        """
        return self._oldest(now), now - self.lag

    def check(self, name: str, window: Window, now: datetime) -> None:
        """Refuse a window that cannot be complete.

        :param name: the dataset's name, for the error.
        :param window: the window.
        :param now: the present, aware.
        :raises WindowOutOfRangeError: saying by how much, and what can be done.
        """
        if (found := self.out_of_range(name, window, now)) is not None:
            raise found.error()

    def out_of_range(self, name: str, window: Window, now: datetime) -> OutOfRange | None:
        """Why a window cannot be complete; None where it can.

        :param name: the dataset's name.
        :param window: the window.
        :param now: the present, aware.
        """
        if self.can_be_complete(window, now):
            return None
        if self.complete_at(window) > now:
            latest = now - self.lag
            late = f", {span(self.lag)} before now," if self.lag else ","
            return OutOfRange(
                why=f"the window ends at {stamp(window.end)}, which is after {stamp(latest)}{late} so not all of its"
                " records can be there yet",
                remedy="run later, or set allow_out_of_range=True to take what there is",
                field="end",
            )
        if self.retention is None or not self.has_history:
            return OutOfRange(
                why=f"the window ended at {stamp(window.end)}, and LivePerson returns {name} only as they are now",
                remedy="pull the latest window (catchup=False), or set allow_out_of_range=True to land the present"
                " state there",
                field="end",
            )
        kept = f"LivePerson keeps {name} for {span(self.retention)}"
        if self.is_gone(window, now):
            return OutOfRange(
                why=f"the window ended at {stamp(window.end)}, but {kept}, so nothing of it is left",
                remedy="pull a later window",
                field="end",
            )
        return OutOfRange(
            why=f"the window starts at {stamp(window.start)}, but {kept}",
            remedy="start later, or pull what is left with allow_out_of_range=True",
            field="start",
        )

    def is_gone(self, window: Window, now: datetime) -> bool:
        """Whether nothing of a window is left at LivePerson.

        :param window: the window.
        :param now: the present, aware.
        """
        return self.left_of(window, now) is None

    def left_of(self, window: Window, now: datetime) -> Window | None:
        """What to ask for of a window, so that LivePerson does not refuse it because it keeps less.

        Where it would, that begins with a full hour, since intervals are rounded outward, and some minutes late, since
        time goes on while LivePerson is asked.

        :param window: the window.
        :param now: the present, aware.
        :returns: the window itself where LivePerson keeps all of it, or answers with what is left; None for nothing.
        """
        oldest = self._oldest(now)
        if not self.has_history or oldest is None or oldest <= window.start:
            return window
        if self.refuses_older:
            start = _EPOCH - (_EPOCH - oldest - _HEADWAY) // _HOUR * _HOUR
            return Window(start, window.end) if start < window.end else None
        return window if oldest < window.end else None

    def _oldest(self, now: datetime) -> datetime | None:
        """The first instant whose records are still there, or None where there is no such limit."""
        if isinstance(self.retention, Months):
            return self.retention.before(now)
        return None if self.retention is None else now - self.retention


def span(length: timedelta | Months) -> str:
    """A length of time in words, exactly: ``13 months``, ``1 day``, ``2 hours``, ``15 minutes``."""
    if isinstance(length, Months):
        return str(length)
    seconds = int(length.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds % size == 0 and seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
