"""The parts of a range of time that no window covers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time

from airflow_provider_liveperson.window import DAY, Window


def uncovered(span: Window, windows: Iterable[Window]) -> Iterator[Window]:
    """The parts of a range that are in none of some windows, cut at midnight, UTC, in order.

    :param span: the range.
    :param windows: in any order; they may overlap each other and the ends of the range.
    """
    start = span.start
    for window in sorted(windows):
        if window.start >= span.end:
            break
        if window.start > start:
            yield from Window(start, window.start).days()
        start = max(start, window.end)
    if start < span.end:
        yield from Window(start, span.end).days()


def whole_days(window: Window) -> Window:
    """The UTC days that a window touches.

    :param window: the window.
    """
    start = midnight(window.start)
    end = midnight(window.end)
    return Window(start, end if end == window.end else end + DAY)


def midnight(moment: datetime) -> datetime:
    """The beginning of an instant's UTC day.

    :param moment: the instant, in UTC.
    """
    return midnight_of(moment.date())


def midnight_of(day: date) -> datetime:
    """The beginning of a UTC day.

    :param day: the day.
    """
    return datetime.combine(day, time.min, UTC)
