"""Lengths of time in calendar months."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.datasets.model.months import Months

DAY = timedelta(days=1)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
months = st.builds(Months, st.integers(1, 30))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "moment", "before"),
    [
        (13, "2026-03-01T10:30", "2025-02-01T10:30"),  # 393 days
        (13, "2024-08-31T10:30", "2023-07-31T10:30"),  # 397 days
        (1, "2026-01-15T00:00", "2025-12-15T00:00"),
        (12, "2024-02-29T12:00", "2023-03-01T00:00"),
        (1, "2026-03-28T23:59", "2026-02-28T23:59"),
        (1, "2026-03-31T12:00", "2026-03-01T00:00"),
        (1, "2026-04-01T00:00", "2026-03-01T00:00"),
    ],
)
def test_months_before(count, moment, before):
    assert Months(count).before(at(moment)) == at(before)


@given(months, moments, moments)
def test_later_instants_reach_back_less_far(length, one, other):
    first, last = sorted((one, other))
    assert length.before(first) <= length.before(last)


@given(months, moments, st.timedeltas(-5 * DAY, 5 * DAY))
def test_before_and_after_agree(length, start, off):
    now = length.after(start) + off
    assert (length.before(now) <= start) is (off <= timedelta(0))


def test_months_stay_within_the_calendar():
    assert Months(2).before(at("0001-02-03T00:00")) == datetime.min.replace(tzinfo=UTC)
    assert Months(2).after(at("9999-12-03T00:00")) == datetime.max.replace(tzinfo=UTC)


def test_months_in_words():
    assert (str(Months(1)), str(Months(13))) == ("1 month", "13 months")
