"""When a window is complete, and until when it can be pulled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.datasets.model.limits import Limits, span
from airflow_provider_liveperson.datasets.model.months import Months
from airflow_provider_liveperson.exceptions import WindowOutOfRangeError
from airflow_provider_liveperson.window import Window

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)

lengths = st.timedeltas(TICK, 60 * DAY)
limits = st.builds(
    Limits,
    lag=st.timedeltas(timedelta(0), 2 * DAY),
    retention=st.none() | st.timedeltas(HOUR, 400 * DAY) | st.builds(Months, st.integers(1, 14)),
    has_history=st.booleans(),
    refuses_older=st.booleans(),
)


@given(limits, st.timedeltas(-60 * DAY, 500 * DAY), lengths)
def test_a_window_is_let_through_from_when_it_is_complete_until_it_is_no_longer_all_there(
    limits, ago, length
):
    window = Window(NOW - ago - length, NOW - ago)
    first, last = limits.complete_at(window), limits.available_until(window)
    assert first == window.end + limits.lag
    passes = first <= NOW and (last is None or last >= NOW)
    assert limits.can_be_complete(window, NOW) is passes
    if passes:
        limits.check("things", window, NOW)
    else:
        with pytest.raises(WindowOutOfRangeError) as caught:
            limits.check("things", window, NOW)
        gone = first <= NOW and limits.is_gone(window, NOW)
        assert ("allow_out_of_range=True" in str(caught.value)) is not gone


@given(limits, st.timedeltas(timedelta(0), 500 * DAY), lengths)
def test_a_window_of_which_nothing_is_left_cannot_be_complete(limits, ago, length):
    window = Window(NOW - ago - length, NOW - ago)
    if limits.is_gone(window, NOW):
        assert not limits.can_be_complete(window, NOW)
        oldest, _ = limits.available(NOW)
        assert oldest is not None
        assert window.end <= oldest + limits.refuses_older * (HOUR + timedelta(minutes=5))


@given(limits, st.timedeltas(timedelta(0), 500 * DAY), lengths)
def test_what_is_left_of_a_window_is_its_end_and_is_not_refused(limits, ago, length):
    window = Window(NOW - ago - length, NOW - ago)
    left, (oldest, _) = limits.left_of(window, NOW), limits.available(NOW)
    if left is None:
        return
    assert left.end == window.end
    if left != window:
        assert oldest is not None
        assert window.start < oldest
        assert timedelta(minutes=5) <= left.start - oldest < HOUR + timedelta(minutes=5)
        assert (left.start.minute, left.start.second, left.start.microsecond) == (0, 0, 0)
    elif oldest is not None and limits.has_history and limits.refuses_older:
        assert oldest <= window.start


@pytest.mark.parametrize(
    ("now", "oldest"),
    [
        (datetime(2026, 3, 1, 6, tzinfo=UTC), datetime(2025, 2, 1, 6, tzinfo=UTC)),  # 393 days
        (datetime(2024, 8, 31, 6, tzinfo=UTC), datetime(2023, 7, 31, 6, tzinfo=UTC)),  # 397 days
    ],
)
def test_months_are_those_of_the_calendar(now, oldest):
    limits = Limits(retention=Months(13))
    assert limits.available(now) == (oldest, now)
    limits.check("things", Window(oldest, oldest + DAY), now)
    early = Window(oldest - TICK, oldest + DAY)
    with pytest.raises(WindowOutOfRangeError, match=r"keeps things for 13 months; start later"):
        limits.check("things", early, now)
    with pytest.raises(WindowOutOfRangeError, match=r"keeps things for 13 months, so nothing of it is left"):
        limits.check("things", Window(oldest - DAY, oldest), now)


def test_a_window_is_gone_with_its_last_instant():
    realtime = Limits(retention=24 * HOUR)
    window = Window(NOW - 25 * HOUR, NOW - 24 * HOUR)
    assert realtime.is_gone(window, NOW)
    assert not realtime.is_gone(window, NOW - TICK)
    assert not Limits().is_gone(window, NOW)
    assert not Limits(has_history=False, retention=HOUR).is_gone(window, NOW)


def test_a_window_on_both_ends_of_its_time_is_let_through():
    window = Window(NOW - 24 * HOUR, NOW - HOUR)
    Limits(retention=24 * HOUR, lag=HOUR).check("things", window, NOW)
    for now in (NOW - TICK, NOW + TICK):
        with pytest.raises(WindowOutOfRangeError):
            Limits(retention=24 * HOUR, lag=HOUR).check("things", window, now)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (DAY, "1 day"),
        (397 * DAY, "397 days"),
        (Months(13), "13 months"),
        (24 * HOUR, "1 day"),
        (26 * HOUR, "26 hours"),
        (HOUR, "1 hour"),
        (timedelta(minutes=15), "15 minutes"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(seconds=90), "90 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(0), "0 seconds"),
    ],
    ids=str,
)
def test_a_length_of_time_in_words(length, text):
    assert span(length) == text


def test_the_errors_say_by_how_much():
    window = Window(NOW - 3 * DAY, NOW - 2 * DAY)
    with pytest.raises(WindowOutOfRangeError, match=r"LivePerson keeps things for 60 hours; start later"):
        Limits(retention=60 * HOUR).check("things", window, NOW)
    with pytest.raises(WindowOutOfRangeError, match=r"keeps things for 1 day, so nothing of it is left"):
        Limits(retention=DAY).check("things", window, NOW)
    with pytest.raises(
        WindowOutOfRangeError, match=r"which is after 2026-05-29T00:00:00Z, 3 days before now,"
    ):
        Limits(lag=3 * DAY).check("things", window, NOW)
    with pytest.raises(WindowOutOfRangeError, match=r"LivePerson returns things only as they are now"):
        Limits(has_history=False).check("things", Window(NOW - 9 * DAY, NOW - 8 * DAY), NOW)


@pytest.mark.parametrize(
    ("limits", "first", "end"),
    [
        (Limits(), None, timedelta(0)),
        (Limits(lag=timedelta(minutes=15)), None, timedelta(minutes=15)),
        (
            Limits(retention=timedelta(hours=24), lag=timedelta(hours=1)),
            timedelta(hours=24),
            timedelta(hours=1),
        ),
    ],
)
def test_what_lies_between_the_instants_that_are_available_can_be_complete(limits, first, end):
    now = datetime(2026, 2, 1, tzinfo=UTC)
    start, stop = limits.available(now)
    assert (None if start is None else now - start, now - stop) == (first, end)
    begin = start or stop - timedelta(days=900)
    assert limits.can_be_complete(Window(begin, stop), now)
    assert not limits.can_be_complete(Window(begin, stop + timedelta(seconds=1)), now)
    if start is not None:
        assert not limits.can_be_complete(Window(start - timedelta(seconds=1), stop), now)
