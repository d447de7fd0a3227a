"""Half-open windows in UTC, and how a run gets its window."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from airflow_provider_liveperson.arguments import read_count, read_moment, read_text
from airflow_provider_liveperson.exceptions import ConfigurationError, EmptyWindowError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
DAY = timedelta(days=1)
_PARTITION_KEYS = (
    (re.compile(r"\d{4}-\d{2}-\d{2}"), "%Y-%m-%d", timedelta(days=1)),
    (re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}"), "%Y-%m-%dT%H", timedelta(hours=1)),
)
_STAMPS = re.compile(r"(\d{8}T\d{6}(?:\d{6})?)Z_(\d{8}T\d{6}(?:\d{6})?)Z")

EMPTY_INTERVAL = (
    "this run has no window: its data interval is empty ({start} to {end}). On Airflow 3 a plain cron string"
    " gives an empty interval. Schedule the DAG with"
    ' CronDataIntervalTimetable("0 0 * * *", timezone="UTC") (from airflow.sdk on Airflow 3.2 and later, from'
    " airflow.timetables.interval on 3.1), or give the operator start and end."
)
NO_INTERVAL = (
    "this run has no window: it has no logical date, and so no data interval. If you triggered it, give it a logical"
    " date: `airflow dags trigger --logical-date 2026-01-31T00:00:00+00:00 DAG_ID` pulls the last interval that has"
    " ended by then (30 January if intervals are daily); the trigger form has a field for it. If an asset started it,"
    " give the operator start and end."
)


@dataclass(frozen=True, order=True)
class Window:
    """All instants from ``start``, inclusive, to ``end``, exclusive.

    :param start: aware; kept in UTC.
    :param end: aware; kept in UTC.
    :raises ConfigurationError: for a naive datetime.
    :raises EmptyWindowError: unless ``start`` is before ``end``.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            object.__setattr__(self, name, instant(getattr(self, name), name))
        if self.start >= self.end:
            raise EmptyWindowError(
                f"start ({self.start.isoformat()}) must be before end ({self.end.isoformat()}); windows are"
                " half-open: start is inside, end is not",
                field="end",
            )

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start

    @property
    def start_ms(self) -> int:
        """Epoch milliseconds of the first instant inside, rounded up."""
        return -((_EPOCH - self.start) // _MILLISECOND)

    @property
    def end_ms(self) -> int:
        """Epoch milliseconds of the first instant outside, rounded up."""
        return -((_EPOCH - self.end) // _MILLISECOND)

    def cut(self, longest: timedelta | None) -> Iterator[Window]:
        """Split this window into contiguous ones of at most ``longest``, in order."""
        start = self.start
        while start < self.end:
            end = self.end if longest is None or self.end - start <= longest else start + longest
            yield Window(start, end)
            start = end

    def days(self) -> Iterator[Window]:
        """Split this window into UTC days, or parts of days at its ends, in order: the units of landing."""
        start = self.start
        while start < self.end:
            midnight = datetime.combine(start.date(), time.min, UTC)
            # Compared as a length: the last day of the year 9999 has no midnight after it.
            end = self.end if self.end - midnight <= DAY else midnight + DAY
            yield Window(start, end)
            start = end

    def back(self, count: int) -> Window:
        """The window of the same length that lies so many windows before this one.

        :param count: how many; 0 for this one.
        :raises ConfigurationError: for one that begins before the year 1.
        """
        try:
            away = count * self.length
            return Window(self.start - away, self.end - away)
        except OverflowError:
            raise ConfigurationError(
                f"windows_back is {count}, and the window so long before {self} begins before the year 1",
                field="windows_back",
            ) from None

    def overlaps(self, other: Window) -> bool:
        """Whether any instant is in both windows."""
        return self.start < other.end and other.start < self.end

    def __str__(self) -> str:
        return f"{stamp(self.start)} to {stamp(self.end)}"


def stamp(moment: datetime) -> str:
    """Format an instant for people and manifests: ``2026-01-31T00:00:00Z``, with microseconds only if there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def file_stamp(moment: datetime) -> str:
    """Format an instant for an object's key, without colons: ``20260131T000000Z``."""
    utc = moment.astimezone(UTC)
    fraction = f"{utc.microsecond:06d}" if utc.microsecond else ""
    # strftime's %Y would write the year 7 as 7, without leading zeros.
    return f"{utc.date().isoformat().replace('-', '')}T{utc:%H%M%S}{fraction}Z"


def window_of_stamps(name: str) -> Window | None:
    """Parse a window from two file stamps, ``20260131T000000Z_20260201T000000Z``; None for any other text."""
    found = _STAMPS.fullmatch(name)
    if found is None:
        return None
    try:
        start, end = (
            datetime.strptime(moment.ljust(21, "0"), "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
            for moment in found.groups()
        )
        return Window(start, end)
    except ValueError:
        return None


def instant(value: datetime | str, name: str) -> datetime:
    """Parse an aware instant.

    :param value: an aware datetime, or ISO 8601 text with an offset or ``Z``.
    :param name: the argument's name, for the error.
    :returns: the same instant in UTC.
    :raises ConfigurationError: for text that is not an instant, and for an instant without an offset.
    """
    moment = value
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment.strip())
        except ValueError as error:
            raise ConfigurationError(
                f"{name} is {value!r}, which is not a valid ISO 8601 date and time such as 2026-01-31T00:00:00+00:00",
                field=name,
            ) from error
    if not isinstance(moment, datetime):
        raise ConfigurationError(f"{name} must be a datetime or ISO 8601 text, not {value!r}", field=name)
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ConfigurationError(
            f"{name} ({value}) has no time zone; give an aware datetime or text with an offset, such as"
            " 2026-01-31T00:00:00+00:00",
            field=name,
        )
    try:
        return datetime.fromtimestamp(0, UTC) + (moment - _EPOCH)
    except OverflowError as error:
        raise ConfigurationError(
            f"{name} ({value}) is outside the years 1 to 9999 in UTC", field=name
        ) from error


def resolve_window(
    *,
    start: datetime | str | None,
    end: datetime | str | None,
    partition_key: str | None = None,
    data_interval_start: datetime | None = None,
    data_interval_end: datetime | None = None,
) -> Window:
    """Return the window of a run: explicit arguments, else its partition key, else its data interval.

    :param start: the operator's ``start``, or None.
    :param end: the operator's ``end``, or None.
    :param partition_key: the run's partition key: ``YYYY-MM-DD`` for a day, ``YYYY-MM-DDTHH`` for an hour, UTC.
    :param data_interval_start: the start of the run's data interval.
    :param data_interval_end: its end.
    :raises ConfigurationError: when only one of start and end is given, or one of them or the key is malformed.
    :raises EmptyWindowError: when nothing defines a window; the message says what to do.
    """
    if start is not None or end is not None:
        if start is None or end is None:
            missing = "start" if start is None else "end"
            raise ConfigurationError(
                f"{missing} is missing; give start and end together, or neither", field=missing
            )
        return Window(instant(start, "start"), instant(end, "end"))
    if partition_key:
        return _partition(partition_key)
    if data_interval_start is None or data_interval_end is None:
        raise EmptyWindowError(NO_INTERVAL)
    if data_interval_start >= data_interval_end:
        raise EmptyWindowError(EMPTY_INTERVAL.format(start=data_interval_start, end=data_interval_end))
    return Window(data_interval_start, data_interval_end)


def window_of_run(context: Mapping[str, Any], *, start: object, end: object, windows_back: object) -> Window:
    """The window of a task, in the forms that templates give its arguments too.

    :param context: the task's context.
    :param start: the argument of that name.
    :param end: the argument of that name.
    :param windows_back: how many windows of the same length to step back.
    :raises ConfigurationError: for an argument that is not valid; its field is the argument.
    :raises EmptyWindowError: when nothing defines a window.
    """
    key = getattr(context.get("dag_run"), "partition_key", None)
    window = resolve_window(
        start=read_moment(start, "start"),
        end=read_moment(end, "end"),
        partition_key=None if key is None else read_text(key, "partition_key"),
        data_interval_start=context.get("data_interval_start"),
        data_interval_end=context.get("data_interval_end"),
    )
    return window.back(read_count(windows_back, "windows_back"))


def _partition(key: str) -> Window:
    for shape, pattern, length in _PARTITION_KEYS:
        if shape.fullmatch(key):
            try:
                start = datetime.strptime(key, pattern).replace(tzinfo=UTC)
                return Window(start, start + length)
            except ValueError:
                break
            except OverflowError:
                raise ConfigurationError(
                    f"the partition key {key!r} names a window that ends after the year 9999",
                    field="partition_key",
                ) from None
    raise ConfigurationError(
        f"the partition key {key[:40]!r} is neither a day (YYYY-MM-DD) nor an hour (YYYY-MM-DDTHH); have the timetable"
        ' make keys for days or hours that have ended: CronPartitionTimetable("0 0 * * *", timezone="UTC",'
        ' run_offset=-1, key_format="%Y-%m-%d"), or "0 * * * *" with "%Y-%m-%dT%H"; or give start and end',
        field="partition_key",
    )


def windows(
    start: datetime | str | None = None,
    end: datetime | str | None = None,
    *,
    every: timedelta = timedelta(days=1),
    refresh: int = 0,
) -> list[dict[str, Any]]:
    """List windows for mapped tasks: ``Operator.partial(…).expand_kwargs(windows(…))``.

    With ``start`` and ``end``, a span is split. Without them, it is the window of each run, whatever that is, and the
    operator finds the windows before it: ``windows(refresh=3)`` in a daily DAG pulls each day once when it is over, and
    again with the three runs that follow. It can stand in a DAG file, as it does not depend on the run.

    :param start: the first instant inside: an aware datetime, or ISO 8601 text with an offset. None for the run's.
    :param end: the first instant outside, likewise.
    :param every: the length of each window; the last may be shorter. The run's own window has its own length.
    :param refresh: how many windows before these to pull as well, because their records may have changed since.
    :returns: keyword arguments of an operator for each window, in order and without gaps: ``{"start": …, "end": …}``,
        ISO 8601 in UTC, or ``{"windows_back": …}`` for the run's window and those before it.
    :raises ConfigurationError: for an invalid instant, a length that is not positive, a ``refresh`` that is not a whole
        number of at least 0, or only one of start and end.
    :raises EmptyWindowError: unless ``start`` is before ``end``.
    """
    if not isinstance(every, timedelta) or every <= timedelta(0):
        raise ConfigurationError(f"every must be a positive timedelta, not {every!r}", field="every")
    if not isinstance(refresh, int) or isinstance(refresh, bool) or refresh < 0:
        raise ConfigurationError(
            f"refresh must be a whole number of at least 0, not {refresh!r}", field="refresh"
        )
    if start is None and end is None:
        return [{"windows_back": back} for back in range(refresh, -1, -1)]
    if start is None or end is None:
        missing = "start" if start is None else "end"
        raise ConfigurationError(
            f"{missing} is missing; give start and end together, or neither for the run's window",
            field=missing,
        )
    span = Window(instant(start, "start"), instant(end, "end"))
    before = [
        Window(span.start - back * every, span.start - (back - 1) * every) for back in range(refresh, 0, -1)
    ]
    return [{"start": stamp(it.start), "end": stamp(it.end)} for it in (*before, *span.cut(every))]
