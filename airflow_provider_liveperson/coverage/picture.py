"""The picture of a dataset: a cell for each day or hour, with its mark and its records against what is usual."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from statistics import median

from airflow_provider_liveperson.coverage.series import Series
from airflow_provider_liveperson.coverage.spans import uncovered, whole_days
from airflow_provider_liveperson.coverage.states import Status, WindowState
from airflow_provider_liveperson.window import Window

ENOUGH_TO_COMPARE = 3
"""How many cells a median needs."""

ENOUGH_TO_BE_LOW = 30
"""How many records must be usual before few are told from chance."""

LEVELS = (0.0, 0.5, 0.8, 1.25)
"""The shares of what is usual at which a level of color ends; the last level is above them."""

USUAL_LEVEL = 3

_FIRST = datetime.min.replace(tzinfo=UTC)


class Mark(StrEnum):
    """What a cell says besides its color.

    :cvar COMPLETE: all its windows are complete.
    :cvar LOW: the same, but it has less than half of the usual records.
    :cvar INCOMPLETE: a window's manifest says ``"complete": false``.
    :cvar DIFFERS: LivePerson has counted another number of records since.
    :cvar DAMAGED: something in the store is not as a manifest says.
    :cvar MISSING: LivePerson has had the records, and something has not landed.
    :cvar GOING_ON: what has ended of it has landed, and it is not over.
    :cvar NOT_DUE: LivePerson does not have all of its records yet.
    :cvar BEFORE: it was over before the first window that is known to have landed.
    """

    COMPLETE = "complete"
    LOW = "low"
    INCOMPLETE = "incomplete"
    DIFFERS = "count differs"
    DAMAGED = "damaged"
    MISSING = "missing"
    GOING_ON = "going on"
    NOT_DUE = "not due yet"
    BEFORE = "before the first"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A day, an hour, or what one longer window covers.

    :param period: from when to when.
    :param columns: how many days or hours that is.
    :param mark: what it says.
    :param states: its windows, missing ones included.
    :param records: how many records have landed; None where nothing has, or where it is not known.
    :param erased: how many others are not there because they were of persons that were erased.
    :param usual: the median of the same weekday (and hour), or of all days if there are fewer than three of these; None
        where nothing can be compared.
    :param of_weekday: whether the median is of the same weekday.
    """

    period: Window
    columns: int
    mark: Mark
    states: tuple[WindowState, ...] = ()
    records: int | None = None
    erased: int = 0
    usual: float | None = None
    of_weekday: bool = True

    @property
    def came(self) -> int | None:
        """How many records LivePerson had, erased ones included, which is what is usual; None where it is not known."""
        return None if self.records is None else self.records + self.erased

    @property
    def level(self) -> int | None:
        """The level of its color, from 0 for no records to 4; None where it has no records to compare."""
        if self.came is None or self.usual is None or self.mark is Mark.GOING_ON:
            return None
        if not self.usual:
            return len(LEVELS) if self.came else USUAL_LEVEL
        share = self.came / self.usual
        return sum(share > limit for limit in LEVELS)


def cells(
    series: Series,
    states: Sequence[WindowState],
    periods: Sequence[Window],
    *,
    now: datetime,
    differing: Collection[Window] = (),
) -> list[Cell]:
    """The cells of some periods, in order, without what is usual; a window across several of them has one cell.

    :param series: the dataset and account.
    :param states: its windows, missing ones included, in order.
    :param periods: contiguous days or hours, in order.
    :param now: the present, aware.
    :param differing: the windows of which LivePerson has counted another number of records since they landed.
    """
    if not periods:
        return []
    first = min((state.window.start for state in states), default=None)
    known = _Index(states)
    made: list[Cell] = []
    at = 0
    while at < len(periods):
        period = periods[at]
        end = max((state.window.end for state in known.overlapping(period)), default=period.end)
        columns = 1
        while at + columns < len(periods) and periods[at + columns].start < end:
            columns += 1
        whole = Window(period.start, periods[at + columns - 1].end)
        here = tuple(known.overlapping(whole))
        mark = _mark(series, whole, here, first, now, differing)
        made.append(
            Cell(
                period=whole,
                columns=columns,
                mark=mark,
                states=here,
                records=_records(whole, here),
                erased=sum(state.erased for state in here),
            )
        )
        at += columns
    return made


class _Index:
    """Windows in order, to find those that overlap another one without looking at all.

    :param states: the windows, ordered by their beginnings.
    """

    def __init__(self, states: Sequence[WindowState]) -> None:
        self._states = states
        self._starts = [state.window.start for state in states]
        self._longest = max((state.window.length for state in states), default=timedelta(0))

    def overlapping(self, window: Window) -> Iterator[WindowState]:
        """Those that overlap a window, in order."""
        longest = min(self._longest, window.start - _FIRST)
        first = bisect_left(self._starts, window.start - longest)
        for state in self._states[first : bisect_left(self._starts, window.end)]:
            if state.window.overlaps(window):
                yield state


def compared(shown: Iterable[Cell], history: Iterable[Cell]) -> list[Cell]:
    """Cells with what is usual.

    :param shown: the cells.
    :param history: the cells to take medians of; those that are shown may be among them.
    """
    by_weekday: dict[tuple[int, time, timedelta], list[int]] = defaultdict(list)
    by_length: dict[timedelta, list[int]] = defaultdict(list)
    for cell in {(cell.period, cell.came): cell for cell in history}.values():
        if cell.mark is Mark.COMPLETE and cell.came is not None:
            by_weekday[_kind(cell)].append(cell.came)
            by_length[cell.period.length].append(cell.came)
    return [_compare(cell, by_weekday[_kind(cell)], by_length[cell.period.length]) for cell in shown]


def _compare(cell: Cell, same_weekday: Sequence[int], any_day: Sequence[int]) -> Cell:
    if cell.came is None or cell.mark is Mark.GOING_ON:
        return cell
    of_weekday = len(same_weekday) >= ENOUGH_TO_COMPARE
    sample = same_weekday if of_weekday else any_day
    if len(sample) < ENOUGH_TO_COMPARE:
        return cell
    usual = median(sample)
    is_low = cell.mark is Mark.COMPLETE and usual >= ENOUGH_TO_BE_LOW and cell.came < usual / 2
    return replace(cell, usual=usual, of_weekday=of_weekday, mark=Mark.LOW if is_low else cell.mark)


def _kind(cell: Cell) -> tuple[int, time, timedelta]:
    start = cell.period.start
    return start.weekday(), start.time(), cell.period.length


def _records(period: Window, states: Sequence[WindowState]) -> int | None:
    """How many records are in a cell; None where a window reaches beyond it, whose share of them is not known."""
    landed = [state for state in states if state.status is not Status.MISSING]
    if not landed or any(state.kept is None for state in landed):
        return None
    if any(not _within(state.window, period) for state in landed):
        return None
    return sum(state.kept or 0 for state in landed)


def _within(window: Window, period: Window) -> bool:
    return period.start <= window.start and window.end <= period.end


def _mark(
    series: Series,
    period: Window,
    states: Sequence[WindowState],
    first: datetime | None,
    now: datetime,
    differing: Collection[Window],
) -> Mark:
    statuses = {state.status for state in states}
    landed = [state.window for state in states if state.status is not Status.MISSING]
    if Status.DAMAGED in statuses:
        return Mark.DAMAGED
    if not landed and series.complete_at(period) > now:
        return Mark.NOT_DUE
    if Status.MISSING in statuses:
        return Mark.MISSING
    if not landed:
        return Mark.BEFORE if first is None or period.end <= first else Mark.NOT_DUE
    if Status.PARTIAL in statuses:
        return Mark.INCOMPLETE
    if any(window in differing for window in landed):
        return Mark.DIFFERS
    if any(_unlanded(series, period, landed, first)):
        return Mark.GOING_ON
    return Mark.COMPLETE


def _unlanded(
    series: Series, period: Window, landed: Sequence[Window], first: datetime | None
) -> Iterator[Window]:
    """The parts of a period that have not landed, apart from what was before the first window."""
    for window in uncovered(period, map(whole_days, landed) if series.is_snapshot else landed):
        if first is None or window.end > first:
            yield window
