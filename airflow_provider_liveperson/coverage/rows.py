"""The rows of the picture: a dataset and account each, with how far it has come and its cells."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from airflow_provider_liveperson.coverage.freshness import Freshness, freshness
from airflow_provider_liveperson.coverage.missing import with_missing
from airflow_provider_liveperson.coverage.picture import Cell, cells, compared
from airflow_provider_liveperson.coverage.series import Series
from airflow_provider_liveperson.coverage.states import Status, WindowState
from airflow_provider_liveperson.window import DAY, Window

HOUR = timedelta(hours=1)
HISTORY = 8 * 7 * DAY
"""How long before what is shown the windows begin of which medians are taken."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """What the columns are.

    :param shown: from when to when.
    :param step: a day or an hour.
    """

    shown: Window
    step: timedelta

    @property
    def is_hourly(self) -> bool:
        """Whether the columns are hours."""
        return self.step < DAY

    @property
    def history(self) -> Window:
        """From when on windows are compared, and until when."""
        return Window(self.shown.start - HISTORY, self.shown.end)

    def periods(self) -> list[Window]:
        """The columns, in order."""
        return list(self.shown.cut(self.step))

    def past(self) -> Iterator[list[Window]]:
        """Contiguous periods to compare with: all days of eight weeks, or the hours of the same weekday in each."""
        if not self.is_hourly:
            yield list(Window(self.history.start, self.shown.start).cut(self.step))
            return
        for weeks in range(HISTORY // (7 * DAY), 0, -1):
            away = weeks * 7 * DAY
            yield list(Window(self.shown.start - away, self.shown.end - away).cut(self.step))


@dataclass(frozen=True, kw_only=True)
class Row:
    """One dataset and account of a landing.

    :param landing: its address, such as ``s3://bucket/prefix``.
    :param series: the dataset and account.
    :param freshness: how far it has come.
    :param cells: its cells, in order.
    """

    landing: str
    series: Series
    freshness: Freshness
    cells: Sequence[Cell]

    @property
    def key(self) -> str:
        """A short name, for addresses."""
        return row_key(self.landing, self.series.dataset, self.series.account_id)


def row_key(landing: str, dataset: str, account_id: str | None) -> str:
    """A short name of a row, for addresses.

    :param landing: the landing's address.
    :param dataset: the dataset.
    :param account_id: the LivePerson account.
    """
    return hashlib.sha256(f"{landing}\n{dataset}\n{account_id}".encode()).hexdigest()[:12]


def row_of(
    landing: str,
    series: Series,
    landed: Sequence[WindowState],
    *,
    scale: Scale,
    now: datetime,
    pulls: Sequence[Window] = (),
    start: datetime | None = None,
    differing: Collection[Window] = (),
) -> Row:
    """A row.

    What is missing is reckoned up to the last window that should have landed: one that is due, but on time, is not
    missing.

    :param landing: the landing's address.
    :param series: the dataset and account.
    :param landed: its windows that have landed, in any order.
    :param scale: what the columns are.
    :param now: the present, aware.
    :param pulls: the windows of the tasks that landed them; the landed windows themselves if empty.
    :param start: from when on something should have landed; None for the first of ``landed``.
    :param differing: the windows of which LivePerson has counted another number of records since they landed.
    """
    how_far = freshness(series, landed, pulls or [state.window for state in landed], now=now)
    ends = [state.window.end for state in landed]
    ends += [how_far.owed_until or series.last_complete_midnight(now)]
    begins = start or min((state.window.start for state in landed), default=None)
    # No further than is looked at: one odd window, of the year 1 or 9999, must not make the row endless.
    begins = None if begins is None else max(begins, scale.history.start)
    end = min(max(ends), scale.shown.end)
    states = [] if begins is None or begins >= end else with_missing(series, landed, begins, end, now=now)
    if scale.is_hourly:
        states = [piece for state in states for piece in _cut(state, how_far.length)]
    shown = cells(series, states, scale.periods(), now=now, differing=differing)
    history = [cell for periods in scale.past() for cell in cells(series, states, periods, now=now)]
    return Row(landing=landing, series=series, freshness=how_far, cells=compared(shown, [*history, *shown]))


def _cut(state: WindowState, length: timedelta | None) -> Iterator[WindowState]:
    """What is missing, as the windows in which it would have landed; anything else as it is."""
    if state.status is not Status.MISSING:
        yield state
        return
    for window in state.window.cut(length):
        yield replace(state, window=window)
