"""How often and how long the request loop waits."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.client.exchange import Stop
from airflow_provider_liveperson.client.retries import NO_RETRIES, RetrySchedule, pause, without_waits

SCHEDULE = RetrySchedule()
seconds = st.floats(0, 10_000, allow_nan=False)


@pytest.fixture
def slept(monkeypatch) -> list[float]:
    done: list[float] = []
    monkeypatch.setattr(time, "sleep", done.append)
    return done


@pytest.mark.parametrize(("repeat", "wait"), [(1, 5.0), (2, 10.0), (3, 15.0), (9, 15.0)])
def test_a_server_error_waits_as_livepersons_rules_say(repeat, wait):
    assert SCHEDULE.server_wait(repeat) == wait


@given(repeat=st.integers(1, 20), retry_after=seconds)
def test_retry_after_only_lengthens_the_wait_after_a_server_error(repeat, retry_after):
    wait = SCHEDULE.server_wait(repeat, retry_after=retry_after)
    assert SCHEDULE.server_wait(repeat) <= wait <= SCHEDULE.max_wait


@given(repeat=st.integers(1, 20), shortest=st.sampled_from([1.0, 5.0]), retry_after=st.none() | seconds)
def test_a_429_waits_at_least_as_long_as_liveperson_wants_and_has_an_upper_limit(
    repeat, shortest, retry_after
):
    wait = SCHEDULE.rate_limit_wait(repeat, shortest=shortest, retry_after=retry_after)
    assert shortest <= wait <= SCHEDULE.max_wait


@pytest.mark.parametrize("repeat", [1, 2, 3, 4])
def test_the_waits_after_429s_double(repeat):
    least = 2.0 ** (repeat - 1)
    for _ in range(50):
        assert least <= SCHEDULE.rate_limit_wait(repeat, shortest=1.0, retry_after=None) <= 1.5 * least


def test_no_retries_means_no_waits():
    assert NO_RETRIES.server_wait(1) == 0
    assert (len(NO_RETRIES.waits), NO_RETRIES.rate_limit_repeats) == (0, 0)


def test_a_pause_sleeps(slept):
    pause(7)
    assert slept == [7]


def test_a_pause_with_a_stop_waits_for_it(slept):
    stop = Stop()
    stop.set()
    pause(1000, stop)
    assert slept == []


def test_waits_that_are_switched_off_are_on_again_afterward(slept):
    with without_waits():
        pause(1000)
        with without_waits():
            pause(1000)
        pause(1000)
    pause(7)
    assert slept == [7]
