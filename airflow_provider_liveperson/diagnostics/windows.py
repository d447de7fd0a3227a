"""Which window of a dataset two connections are compared by: one that can be had, and is complete."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.limits import span
from airflow_provider_liveperson.window import Window

MARGIN = timedelta(minutes=15)
"""How long before LivePerson deletes its first records a window is given up: reading it takes a while."""

_MOMENT = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class ChosenWindow:
    """The window by which a dataset is compared.

    :param window: the window.
    :param note: a sentence that says why it is not the one that was asked for, or not a whole day; else empty.
    """

    window: Window
    note: str = ""


def choose_window(dataset: Dataset, wanted: Window | None, now: datetime) -> ChosenWindow:
    """Choose the window by which a dataset is compared.

    :param dataset: the dataset.
    :param wanted: the window asked for, of which the part is taken that can be read. None, or one of which nothing can
        be read, means the last whole UTC day that is complete, or what LivePerson still has of the last 24 hours.
    :param now: the present, aware.
    """
    if dataset.is_snapshot:
        return ChosenWindow(Window(now - _MOMENT, now))
    earliest, latest = dataset.limits.available(now)
    earliest = None if earliest is None else earliest + MARGIN
    if wanted is None:
        return _latest(dataset, earliest, latest)
    part = _part(wanted, earliest, latest, dataset.limits.grid)
    if part == wanted:
        return ChosenWindow(wanted)
    if part is not None:
        return ChosenWindow(part, "Only this part of the window can be read completely now.")
    return ChosenWindow(
        _latest(dataset, earliest, latest).window,
        "The window asked for cannot be read completely now, so the latest one that can was compared.",
    )


def _latest(dataset: Dataset, earliest: datetime | None, latest: datetime) -> ChosenWindow:
    end = _floor(latest, _DAY)
    if earliest is None or earliest <= end - _DAY:
        return ChosenWindow(Window(end - _DAY, end))
    for step in (_HOUR, _MINUTE, _MOMENT):
        start, end = _ceil(earliest, step), _floor(latest, step)
        if start < end:
            break
    kept = "" if dataset.limits.retention is None else span(dataset.limits.retention)
    note = f"LivePerson keeps these records for {kept} only, so this is not a whole day."
    return ChosenWindow(Window(max(start, end - _DAY), end), note)


def _part(
    wanted: Window, earliest: datetime | None, latest: datetime, grid: timedelta | None
) -> Window | None:
    """The part of a window that can be had, in whole minutes where it was cut, and on the grid; None for nothing."""
    start, end = wanted.start, wanted.end
    if earliest is not None and start < earliest:
        start = _ceil(earliest, _MINUTE)
    if end > latest:
        end = _floor(latest, _MINUTE)
    if grid is not None:
        start, end = _ceil(start, grid), _floor(end, grid)
    return Window(start, end) if start < end else None


def _floor(moment: datetime, step: timedelta) -> datetime:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (moment - midnight) // step * step


def _ceil(moment: datetime, step: timedelta) -> datetime:
    floor = _floor(moment, step)
    return floor if floor == moment else floor + step
