"""Whether a dataset is on time, measured by when LivePerson has all records of the next window."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median_high

from airflow_provider_liveperson.coverage.series import Series
from airflow_provider_liveperson.coverage.states import Status, WindowState
from airflow_provider_liveperson.window import Window

GRACE = timedelta(minutes=15)
"""How long a pull may take at least before it counts as delayed."""

_PULLS = 7


class Timeliness(StrEnum):
    """Whether a dataset is on time.

    :cvar ON_TIME: nothing is due, or not for longer than a quarter of a window's length, and at least 15 minutes.
    :cvar DELAYED: the next window has been due for longer than that.
    :cvar LATE: it has been due for a whole window's length, and at least 30 minutes: the one after it is due as well.
    """

    ON_TIME = "On time"
    DELAYED = "Delayed"
    LATE = "Late"


@dataclass(frozen=True, kw_only=True)
class Freshness:
    """How far a dataset has come.

    :param timeliness: whether that is on time.
    :param newest: the newest complete window; None where there is none.
    :param due: the instant from which LivePerson has all records of the window after it; None without a newest one.
    :param length: how long its windows usually are; None without a newest one.
    :param owed_until: the end of the last window that should have landed by now; None without a newest one.
    """

    timeliness: Timeliness
    newest: Window | None = None
    due: datetime | None = None
    length: timedelta | None = None
    owed_until: datetime | None = None


def freshness(
    series: Series, states: Iterable[WindowState], pulls: Iterable[Window], *, now: datetime
) -> Freshness:
    """How far a dataset has come.

    The next window is due once LivePerson has all its records, which is its end and the dataset's lag. It is taken
    to be as long as the last pulls were: a DAG that pulls a week at once is not late on Tuesday.

    :param series: the dataset and account.
    :param states: its windows.
    :param pulls: the windows of the tasks that landed them, or the landed windows themselves.
    :param now: the present, aware.
    """
    complete = [state.window for state in states if state.status is Status.COMPLETE]
    if not complete:
        return Freshness(timeliness=Timeliness.LATE)
    newest = max(complete, key=lambda window: (window.end, window.start))
    last = sorted(set(pulls), key=lambda window: window.end)[-_PULLS:] or [newest]
    length = median_high(window.length for window in last)
    try:
        due = series.complete_at(Window(newest.end, newest.end + length))
    except OverflowError:  # after the year 9999
        return Freshness(timeliness=Timeliness.ON_TIME, newest=newest)
    grace = max(length / 4, GRACE)
    if now < due + grace:
        timeliness = Timeliness.ON_TIME
    elif now < due + max(length, 2 * grace):
        timeliness = Timeliness.DELAYED
    else:
        timeliness = Timeliness.LATE
    owed = 0 if timeliness is Timeliness.ON_TIME else (now - grace - due) // length + 1
    return Freshness(
        timeliness=timeliness, newest=newest, due=due, length=length, owed_until=newest.end + owed * length
    )
