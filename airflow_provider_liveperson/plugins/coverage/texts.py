"""The words of the coverage page."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow_provider_liveperson.coverage.freshness import Freshness, Timeliness
from airflow_provider_liveperson.coverage.picture import Cell, Mark
from airflow_provider_liveperson.window import DAY, Window, stamp

SYMBOLS = {
    Mark.LOW: "↓",
    Mark.INCOMPLETE: "◐",
    Mark.DIFFERS: "≠",
    Mark.DAMAGED: "!",
    Mark.MISSING: "×",
    Mark.GOING_ON: "…",
}

_ABOUT = {
    Mark.MISSING: "missing",
    Mark.INCOMPLETE: "incomplete",
    Mark.DIFFERS: "LivePerson counts another number of records now",
    Mark.DAMAGED: "not as the manifest says",
    Mark.GOING_ON: "not over yet",
    Mark.NOT_DUE: "not due yet",
    Mark.BEFORE: "before the first window that has landed",
}

LEGEND = (
    (Mark.MISSING, "missing: LivePerson has had the records for long enough, and they have not landed"),
    (Mark.INCOMPLETE, "incomplete: the manifest says so"),
    (Mark.DIFFERS, "count differs: LivePerson counts another number of records now"),
    (Mark.DAMAGED, "damaged: the store is not as the manifest says"),
    (Mark.LOW, "low: less than half of the usual records"),
    (Mark.GOING_ON, "not over yet"),
)

WORDS = {
    Timeliness.ON_TIME: "good",
    Timeliness.DELAYED: "warn",
    Timeliness.LATE: "bad",
}


def number(value: float | None) -> str:
    """A number with separators: ``12,345``; a dash for None."""
    return "–" if value is None else f"{value:,.0f}"


def period(window: Window) -> str:
    """A cell's time: ``Fri 30 Jan 2026``, or with hours."""
    start, end = window.start, window.end
    if window.length < DAY:
        return f"{start:%a} {start.day} {start:%b %Y}, {start:%H:%M}–{end:%H:%M}"
    if window.length == DAY:
        return f"{start:%a} {start.day} {start:%b %Y}"
    last = end - timedelta(microseconds=1)
    return f"{start.day} {start:%b %Y} – {last.day} {last:%b %Y}"


def newest(window: Window | None) -> str:
    """The newest complete window, as short as it can be said."""
    if window is None:
        return "none"
    start, end = window.start, window.end
    if start.time() == end.time() == datetime.min.time():
        last = (end - timedelta(microseconds=1)).date()
        return f"{last}" if window.length == DAY else f"{start.date()} – {last}"
    if start.date() == (end - timedelta(microseconds=1)).date():
        return f"{start:%Y-%m-%d %H:%M}–{end:%H:%M}"
    return f"{start:%Y-%m-%d %H:%M} – {end:%Y-%m-%d %H:%M}"


def due(freshness: Freshness) -> str:
    """When the next window is due."""
    if freshness.due is None:
        return "No complete window is known."
    return f"LivePerson has the next window from {stamp(freshness.due)} on."


def says(cell: Cell) -> str:
    """What a cell says, in words."""
    words = [_ABOUT[cell.mark]] if cell.mark in _ABOUT else []
    if cell.records is not None:
        words.append(f"{number(cell.records)} {'record' if cell.records == 1 else 'records'}")
        if cell.erased:
            words.append(f"{number(cell.erased)} more of erased persons")
    if cell.records is not None and cell.usual is not None:
        words.append(compared(cell))
    elif cell.mark in (Mark.COMPLETE, Mark.LOW):
        words.append("complete")
    return ", ".join(words)


def compared(cell: Cell) -> str:
    """A cell's records against what is usual; empty where nothing is."""
    if cell.came is None or cell.usual is None:
        return ""
    when = f"on a {cell.period.start:%A}" if cell.of_weekday else "so far"
    if not cell.usual:
        return f"usually none {when}"
    return f"{cell.came / cell.usual:.0%} of the usual {number(cell.usual)} {when}"
