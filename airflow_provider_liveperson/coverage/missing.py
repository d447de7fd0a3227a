"""What is missing between the windows that have landed, wherever these are known from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from airflow_provider_liveperson.coverage.series import Series
from airflow_provider_liveperson.coverage.spans import uncovered, whole_days
from airflow_provider_liveperson.coverage.states import Status, WindowState
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.window import Window


def with_missing(
    series: Series,
    landed: Iterable[WindowState],
    start: datetime | None,
    end: datetime | None,
    *,
    now: datetime,
) -> list[WindowState]:
    """The windows of a range, in order: those that have landed, and for the rest what is missing, a UTC day each.

    Of a snapshot, a day with one copy is not missing.

    :param series: the dataset and account.
    :param landed: its windows that have landed; those outside the range are left out.
    :param start: the first instant, aware; None for the beginning of the first window that has landed.
    :param end: the first instant after, aware; None for the last midnight, UTC, up to which LivePerson has all records,
        or the end of the last window that has landed, if that is later.
    :param now: the present, aware.
    :returns: landed windows as they are, also where they reach beyond the range; none where the range is empty because
        of what is known of its open end.
    :raises ConfigurationError: when nothing has landed, and the range has no start.
    :raises EmptyWindowError: when start and end are given, and start is not before end.
    """
    states = sorted(landed, key=lambda state: state.window)
    span = _span(series, states, start, end, now)
    if span is None:
        return []
    states = [state for state in states if state.window.overlaps(span)]
    covered: Iterable[Window] = (state.window for state in states)
    missing = [
        WindowState(
            dataset=series.dataset, account_id=series.account_id, window=window, status=Status.MISSING
        )
        for window in uncovered(span, map(whole_days, covered) if series.is_snapshot else covered)
    ]
    return sorted([*states, *missing], key=lambda state: state.window)


def _span(
    series: Series,
    landed: Sequence[WindowState],
    start: datetime | None,
    end: datetime | None,
    now: datetime,
) -> Window | None:
    if start is not None and end is not None:
        return Window(start, end)
    if start is None and not landed:
        if series.account_id is not None and end is not None:
            return None  # what has landed is later
        raise ConfigurationError(
            f"nothing of {series.dataset} has landed, so there is no first window to start from; give the start"
            " of the range, or check the address",
            field="start",
        )
    start = start or landed[0].window.start
    if end is None:
        end = max([series.last_complete_midnight(now), *(state.window.end for state in landed)])
    return Window(start, end) if start < end else None
