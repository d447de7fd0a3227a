"""Whether a dataset is on time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.coverage.freshness import freshness
from airflow_provider_liveperson.coverage.series import Series
from airflow_provider_liveperson.coverage.states import Status, WindowState
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.window import DAY, Window

MIDNIGHT = datetime(2026, 1, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
USERS = Series(dataset="users", account_id="1")
CONVERSATIONS = Series(dataset="messaging_interactions", account_id="1")


def state(window: Window, status: Status = Status.COMPLETE) -> WindowState:
    return WindowState(dataset="x", account_id="1", window=window, status=status, kept=1)


def ending(end: datetime, length: timedelta, count: int = 5) -> list[WindowState]:
    return [state(Window(end - (it + 1) * length, end - it * length)) for it in range(count)]


def word(series: Series, states: list[WindowState], now: datetime) -> str:
    return freshness(series, states, [state.window for state in states], now=now).timeliness.value


@pytest.mark.parametrize(
    ("length", "late_by", "expected"),
    [
        (DAY, -MINUTE, "On time"),
        (DAY, timedelta(0), "On time"),
        (DAY, 6 * HOUR - MINUTE, "On time"),
        (DAY, 6 * HOUR, "Delayed"),
        (DAY, 24 * HOUR - MINUTE, "Delayed"),
        (DAY, 24 * HOUR, "Late"),
        (HOUR, 15 * MINUTE - timedelta(seconds=1), "On time"),
        (HOUR, 15 * MINUTE, "Delayed"),
        (HOUR, HOUR, "Late"),
        (5 * MINUTE, 14 * MINUTE, "On time"),
        (5 * MINUTE, 15 * MINUTE, "Delayed"),
        (5 * MINUTE, 30 * MINUTE, "Late"),
        (7 * DAY, DAY, "On time"),
        (7 * DAY, 2 * DAY, "Delayed"),
        (7 * DAY, 7 * DAY, "Late"),
    ],
    ids=str,
)
def test_the_words_are_by_how_long_the_next_window_has_been_due(length, late_by, expected):
    due = MIDNIGHT + length
    assert word(USERS, ending(MIDNIGHT, length), due + late_by) == expected


def test_a_window_is_due_when_liveperson_has_its_records():
    lag = DATASETS["messaging_interactions"].limits.lag
    assert lag
    found = freshness(CONVERSATIONS, ending(MIDNIGHT, DAY), [], now=MIDNIGHT)
    assert found.due == MIDNIGHT + DAY + lag
    states = ending(MIDNIGHT, DAY)
    assert word(CONVERSATIONS, states, MIDNIGHT + DAY + 6 * HOUR) == "On time"
    assert word(CONVERSATIONS, states, MIDNIGHT + DAY + 6 * HOUR + lag) == "Delayed"


def test_an_incomplete_window_does_not_count_and_a_gap_behind_the_newest_does_not_delay():
    states = [
        *ending(MIDNIGHT, DAY, 1),
        *ending(MIDNIGHT - 3 * DAY, DAY),
        state(Window(MIDNIGHT, MIDNIGHT + DAY), Status.PARTIAL),
    ]
    found = freshness(USERS, states, [], now=MIDNIGHT + DAY)
    assert found.newest == Window(MIDNIGHT - DAY, MIDNIGHT)
    assert found.timeliness.value == "On time"


def test_a_dag_that_pulls_a_week_of_days_is_not_late_within_the_week():
    days = ending(MIDNIGHT, DAY, 14)
    weeks = [Window(MIDNIGHT - 7 * DAY, MIDNIGHT), Window(MIDNIGHT - 14 * DAY, MIDNIGHT - 7 * DAY)]
    on_thursday = MIDNIGHT + 4 * DAY
    assert freshness(USERS, days, weeks, now=on_thursday).timeliness.value == "On time"
    assert freshness(USERS, days, [], now=on_thursday).timeliness.value == "Late"


def test_what_is_owed_grows_by_whole_windows_once_it_is_not_on_time():
    states = ending(MIDNIGHT, HOUR)
    pulls = [state.window for state in states]
    owed = {
        minutes: (freshness(USERS, states, pulls, now=MIDNIGHT + minutes * MINUTE).owed_until or MIDNIGHT)
        - MIDNIGHT
        for minutes in (60, 74, 75, 134, 135)
    }
    assert owed == {60: 0 * HOUR, 74: 0 * HOUR, 75: HOUR, 134: HOUR, 135: 2 * HOUR}


def test_nothing_complete_is_late():
    found = freshness(USERS, [state(Window(MIDNIGHT - DAY, MIDNIGHT), Status.PARTIAL)], [], now=MIDNIGHT)
    assert (found.timeliness.value, found.newest, found.due) == ("Late", None, None)
