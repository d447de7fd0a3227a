"""How a request names a range of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.datasets.model.ranges import (
    EPOCH_MS,
    ISO_MINUTES,
    ISO_MS,
    ISO_SECONDS,
    TimeRange,
)
from airflow_provider_liveperson.window import Window

CLOCKS = {"ms": EPOCH_MS, "iso ms": ISO_MS, "seconds": ISO_SECONDS, "minutes": ISO_MINUTES}
START = datetime(2026, 1, 30, 10, 0, 59, 999_500, tzinfo=UTC)
every_clock = pytest.mark.parametrize("clock", CLOCKS.values(), ids=CLOCKS)


@pytest.mark.parametrize(
    ("clock", "asked"),
    [
        (EPOCH_MS, {"from": 1769767259999, "to": 1769767320000}),
        (ISO_MS, {"from": "2026-01-30T10:00:59.999Z", "to": "2026-01-30T10:02:00.000Z"}),
        (ISO_SECONDS, {"from": "2026-01-30T10:00:59Z", "to": "2026-01-30T10:02:00Z"}),
        (ISO_MINUTES, {"from": "2026-01-30T10:00Z", "to": "2026-01-30T10:02Z"}),
    ],
    ids=CLOCKS,
)
def test_what_is_sent(clock, asked):
    window = Window(START, datetime(2026, 1, 30, 10, 1, 59, 999_500, tzinfo=UTC))
    assert TimeRange(start="from", end="to", clock=clock).arguments(window) == asked


def instant(value: int | str) -> datetime:
    if isinstance(value, int):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)
    return datetime.fromisoformat(value)


@every_clock
@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
    st.timedeltas(timedelta(microseconds=1), timedelta(days=40)),
    st.booleans(),
)
def test_a_range_holds_every_instant_of_the_window_and_at_most_a_tick_more(clock, start, length, inside):
    window = Window(start, start + length)
    asked = TimeRange(start="a", end="b", clock=clock, end_is_inside=inside).arguments(window)
    first, last = instant(asked["a"]), instant(asked["b"])
    assert window.start - clock.tick < first <= window.start
    if inside:
        assert last + clock.tick >= window.end
        assert last < window.end or last == first
    else:
        assert window.end <= last < window.end + clock.tick
