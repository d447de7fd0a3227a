"""By which window a dataset is compared."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.diagnostics.windows import MARGIN, choose_window
from airflow_provider_liveperson.window import Window

NOW = datetime(2026, 2, 1, 2, 34, 56, 789, tzinfo=UTC)
HOUR = timedelta(hours=1)
TRAIL = DATASETS["audit_trail"]


def limited(*, retention: timedelta | None = None, lag: timedelta = timedelta(0)):
    return replace(TRAIL, limits=replace(TRAIL.limits, retention=retention, lag=lag))


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 1, 31, hour, minute, tzinfo=UTC) + timedelta(days=day - 31)


def test_of_records_that_sum_up_days_whole_days_are_compared():
    dataset = DATASETS["outbound_analytics"]
    assert choose_window(dataset, Window(at(29, 5), at(31, 7)), NOW).window == Window(at(30), at(31))
    assert choose_window(dataset, Window(at(30, 5), at(31, 7)), NOW).window == Window(at(31), at(32))


@pytest.mark.parametrize(
    ("dataset", "window"),
    [
        (limited(), Window(at(31), at(32))),
        (limited(lag=3 * HOUR), Window(at(30), at(31))),
        (limited(retention=397 * 24 * HOUR), Window(at(31), at(32))),
    ],
    ids=["no limits", "past its lag", "a long history"],
)
def test_by_default_it_is_the_last_whole_day(dataset, window):
    chosen = choose_window(dataset, None, NOW)
    assert (chosen.window, chosen.note) == (window, "")


@pytest.mark.parametrize("lag", [timedelta(0), 15 * timedelta(minutes=1), HOUR])
@pytest.mark.parametrize("retention", [24 * HOUR, 26 * HOUR, HOUR * 3, HOUR * 1.5])
def test_a_short_history_gives_a_shorter_window_that_is_complete(retention, lag):
    dataset = limited(retention=retention, lag=lag)
    chosen = choose_window(dataset, None, NOW)
    dataset.check_range(chosen.window, NOW)
    dataset.check_range(chosen.window, NOW + MARGIN)  # it can still be read a while later
    assert chosen.window.end - chosen.window.start <= timedelta(days=1)
    assert chosen.window.start.second == chosen.window.end.second == 0
    assert "so this is not a whole day" in chosen.note


def test_of_24_hours_it_is_whole_hours():
    chosen = choose_window(limited(retention=24 * HOUR), None, NOW)
    assert chosen.window == Window(at(31, 3), at(32, 2))
    assert "for 1 day only" in chosen.note


@pytest.mark.parametrize(
    ("wanted", "window", "note"),
    [
        (Window(at(31, 5), at(31, 6)), Window(at(31, 5), at(31, 6)), ""),
        (Window(at(30), at(31, 6)), Window(at(31, 2, 50), at(31, 6)), "Only this part"),
        (Window(at(31, 6), at(33)), Window(at(31, 6), at(32, 2, 34)), "Only this part"),
        (Window(at(1), at(2)), Window(at(31, 3), at(32, 2)), "so the latest one that can was compared"),
        (Window(at(40), at(41)), Window(at(31, 3), at(32, 2)), "so the latest one that can was compared"),
    ],
    ids=["as it is", "begins too early", "ends too late", "gone", "still to come"],
)
def test_a_window_asked_for_is_cut_to_what_can_be_read(wanted, window, note):
    chosen = choose_window(limited(retention=24 * HOUR), wanted, NOW)
    assert chosen.window == window
    assert note in chosen.note
    assert bool(note) == bool(chosen.note)


@pytest.mark.parametrize("wanted", [None, Window(at(1), at(2))])
def test_a_snapshot_is_read_unparsed_now(wanted):
    chosen = choose_window(DATASETS["users"], wanted, NOW)
    assert (chosen.window.end, chosen.note) == (NOW, "")
