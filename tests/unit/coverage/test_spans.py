"""What no window covers, for any windows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.coverage.spans import uncovered, whole_days
from airflow_provider_liveperson.window import Window

FIRST = datetime(2026, 1, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
WINDOWS = st.builds(
    lambda start, length: Window(FIRST + start * HOUR, FIRST + (start + length) * HOUR),
    st.integers(-50, 150),
    st.integers(1, 80),
)


def instants(window: Window) -> set[datetime]:
    return {window.start + hour * HOUR for hour in range(int(window.length / HOUR))}


@given(WINDOWS, st.lists(WINDOWS, max_size=12))
def test_gaps_and_landed_windows_tile_the_range_exactly(span, landed):
    gaps = list(uncovered(span, landed))
    tiles = sorted([*landed, *gaps])
    covered = set().union(*map(instants, tiles))
    assert instants(span) <= covered
    # Nothing twice, nothing outside: each gap touches no landed window and no other gap.
    assert gaps == sorted(gaps)
    assert sum(len(instants(gap)) for gap in gaps) == len(
        instants(span) - set().union(*map(instants, landed))
    )
    assert not any(gap.overlaps(window) for gap in gaps for window in landed)
    assert all(list(gap.days()) == [gap] for gap in gaps)


@given(WINDOWS)
def test_whole_days_begin_and_end_at_midnight(window):
    days = whole_days(window)
    assert days.start <= window.start < days.start + timedelta(days=1)
    assert days.end - timedelta(days=1) < window.end <= days.end
    assert days.start.hour == days.end.hour == 0


@pytest.mark.parametrize("landed", [[], [Window(FIRST - HOUR, FIRST)]])
def test_where_nothing_has_landed_every_day_is_missing(landed):
    span = Window(FIRST, FIRST + timedelta(days=2, hours=3))
    assert list(uncovered(span, landed)) == list(span.days())
