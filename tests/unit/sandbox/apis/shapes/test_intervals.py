from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_liveperson.sandbox.apis.shapes import Frame, Interval, IntervalMetrics, Parameters
from airflow_provider_liveperson.sandbox.apis.shapes.intervals import MINUTE_MS, grid

HOUR = int(datetime(2026, 1, 31, 12, tzinfo=UTC).timestamp() * 1000)
NOW = HOUR / 1000 + 137  # two minutes and 17 seconds past a point of the grid
SHIFT = 137_000


def frame(shape: IntervalMetrics, **given: Any) -> Frame:
    parameters = Parameters(given)
    found = shape.frame(parameters, NOW)
    parameters.check()
    return found


def test_a_frame_ends_now() -> None:
    assert frame(IntervalMetrics(), timeframe="60") == Frame(HOUR + SHIFT - 60 * MINUTE_MS, HOUR + SHIFT)
    assert frame(IntervalMetrics(), timeframe="60", interval="15").interval_ms == 15 * MINUTE_MS


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({}, "timeframe: the parameter is required"),
        ({"timeframe": "1441"}, "timeframe: must be less than or equal to 1440"),
        ({"timeframe": "0"}, "timeframe: must be a whole number of at least 1"),
        ({"timeframe": "60", "interval": "4"}, "interval: must be a whole number of at least 5"),
        ({"timeframe": "60", "interval": "7"}, "interval: must divide the time frame without a remainder"),
        ({"timeframe": "60", "interval": "120"}, "interval: must divide the time frame without a remainder"),
    ],
)
def test_a_frame_that_does_not_fit_is_wrong(given: dict[str, str], cause: str) -> None:
    parameters = Parameters(given)
    IntervalMetrics().frame(parameters, NOW)
    assert parameters.causes == [cause]


@pytest.mark.parametrize(
    ("start", "end", "cause"),
    [
        (-60, 0, None),
        (-1440, 0, None),
        (-1441, 0, "fromMillis: must be within the last 24 hours"),
        (0, -5, "fromMillis: must not be after toMillis"),
    ],
)
def test_a_frame_may_be_given_in_milliseconds(start: int, end: int, cause: str | None) -> None:
    present = HOUR + SHIFT
    given = {"fromMillis": str(present + start * MINUTE_MS), "toMillis": str(present + end * MINUTE_MS)}
    parameters = Parameters(given)
    found = IntervalMetrics().frame_between(parameters, NOW)
    assert parameters.causes == ([cause] if cause else [])
    if cause is None:
        assert found == Frame(present + start * MINUTE_MS, present + end * MINUTE_MS)


def test_intervals_lie_on_the_grid_and_are_named_as_the_api_does() -> None:
    asked = Frame(HOUR + SHIFT - 15 * MINUTE_MS, HOUR + SHIFT, 5 * MINUTE_MS)
    starts = [HOUR - minutes * MINUTE_MS for minutes in (15, 10, 5)]
    found = IntervalMetrics().intervals(asked)
    assert found == [Interval(start, start + 5 * MINUTE_MS, start) for start in starts]
    by_end = IntervalMetrics(stamp="end").intervals(asked)
    assert [one.timestamp for one in by_end] == [start + 5 * MINUTE_MS for start in starts]
    unrounded = IntervalMetrics(rounded=False, newest_first=True).intervals(asked)
    assert [one.timestamp for one in unrounded] == [start + SHIFT for start in reversed(starts)]
    assert [one.start for one in unrounded] == starts[::-1]
    assert len(IntervalMetrics(one_more=True).intervals(asked)) == 4


def test_an_interval_is_added_up_from_the_cells_of_the_grid() -> None:
    (interval,) = IntervalMetrics().intervals(Frame(HOUR, HOUR + 15 * MINUTE_MS, 15 * MINUTE_MS))
    assert list(interval.buckets()) == [HOUR, HOUR + 5 * MINUTE_MS, HOUR + 10 * MINUTE_MS]


def test_a_frame_as_a_whole_is_widened_outward() -> None:
    whole = IntervalMetrics().whole(Frame(HOUR + 1, HOUR + 5 * MINUTE_MS + 1))
    assert (whole.start, whole.end) == (HOUR, HOUR + 10 * MINUTE_MS)


def test_numbers_may_be_wrapped() -> None:
    asked = Frame(HOUR, HOUR + 10 * MINUTE_MS, 5 * MINUTE_MS)
    plain = IntervalMetrics().rendered(asked, lambda interval: {"metricsTotal": interval.start})
    assert plain[1] == {"timestamp": HOUR + 5 * MINUTE_MS, "metricsTotal": HOUR + 5 * MINUTE_MS}
    wrapped = IntervalMetrics(wrapper="metricsData").rendered(asked, lambda _: {"metricsTotal": 1})
    assert wrapped[0] == {"timestamp": HOUR, "metricsData": {"metricsTotal": 1}}


def test_a_truth_has_the_intervals_that_begin_in_the_window() -> None:
    found = [one.start for one in grid(HOUR + 1, HOUR + 10 * MINUTE_MS, 5 * MINUTE_MS)]
    assert found == [HOUR + 5 * MINUTE_MS]
    assert [one.start for one in grid(HOUR, HOUR + 1, 5 * MINUTE_MS)] == [HOUR]
