"""The table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st
from requests import exceptions as network

from airflow_provider_liveperson.client.responses import (
    Action,
    clock_offset,
    outcome_of_exception,
    outcome_of_status,
    retry_after,
)
from airflow_provider_liveperson.exceptions import (
    ConfigurationError,
    InvalidResponseError,
    LivePersonError,
    ServiceUnavailableError,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("statuses", "action"),
    [
        ([*range(200, 205), 304], Action.ACCEPT),
        ([status for status in range(300, 400) if status != 304], Action.FAIL),
        ([401], Action.RENEW),
        ([429], Action.WAIT),
        ([status for status in range(400, 500) if status not in (401, 408, 425, 429)], Action.FAIL),
        ([408, 425, *range(500, 600)], Action.RETRY),
        ([100, 101, 103, 199, *range(205, 300), 600, 999], Action.RETRY),
    ],
)
def test_what_to_do_about_a_status(statuses, action):
    assert {outcome_of_status(status).action for status in statuses} == {action}


@given(st.integers(0, 10_000).filter(lambda status: not 200 <= status < 205 and status != 304))
def test_every_bad_status_has_an_error_and_a_hint(status):
    outcome = outcome_of_status(status)
    assert issubclass(outcome.error, LivePersonError)
    assert outcome.error is not LivePersonError
    assert outcome.hint.endswith(".")


@pytest.mark.parametrize(
    ("error", "action", "kind"),
    [
        (network.ConnectTimeout(), Action.RETRY, ServiceUnavailableError),
        (network.ReadTimeout(), Action.RETRY, ServiceUnavailableError),
        (network.ConnectionError(), Action.RETRY, ServiceUnavailableError),
        (network.ProxyError(), Action.RETRY, ServiceUnavailableError),
        (network.SSLError(), Action.FAIL, ServiceUnavailableError),
        (network.ChunkedEncodingError(), Action.RETRY, InvalidResponseError),
        (network.ContentDecodingError(), Action.RETRY, InvalidResponseError),
        (InvalidResponseError("cut"), Action.RETRY, InvalidResponseError),
        (network.InvalidURL(), Action.FAIL, ConfigurationError),
        (network.MissingSchema(), Action.FAIL, ConfigurationError),
    ],
    ids=lambda it: type(it).__name__ if isinstance(it, Exception) else None,
)
def test_what_to_do_about_an_exception(error, action, kind):
    outcome = outcome_of_exception(error)
    assert (outcome.action, outcome.error) == (action, kind)


@pytest.mark.parametrize(
    "error", [KeyError("a"), MemoryError(), OSError(28, "disk full"), LivePersonError("no")]
)
def test_what_is_not_the_networks_doing_surfaces_unparsed(error):
    assert outcome_of_exception(error) is None


def headers(**values: str) -> requests.structures.CaseInsensitiveDict:
    return requests.structures.CaseInsensitiveDict(
        {name.replace("_", "-"): it for name, it in values.items()}
    )


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0), ("1", 1), (" 120 ", 120), ("007", 7), ("", None), ("soon", None), ("-5", None), ("1.5", 1.5)],
)
def test_retry_after_in_seconds(value, seconds):
    assert retry_after(headers(retry_after=value)) == seconds
    assert retry_after({}) is None


@pytest.mark.parametrize(
    "value", ["3601", "1000000000", "9" * 400, "9" * 5000, "1" + "0" * 308, "Fri, 31 Dec 9999 23:59:59 GMT"]
)
def test_nobody_stays_away_for_longer_than_an_hour(value):
    assert retry_after(headers(retry_after=value), NOW) == 3600


@pytest.mark.parametrize(
    "value",
    [
        "1e9",
        "0x10",
        "nan",
        "inf",
        "١",
        "²",
        "Sat, 31 Jan 2026 12:00:30 +9999",
        "Sat, 31 Jan 99999 12:00:30 GMT",
    ],
)
def test_what_is_neither_seconds_nor_a_date_asks_for_nothing(value):
    assert retry_after(headers(retry_after=value), NOW) is None


@given(st.integers(-10_000, 3_600), st.integers(-100_000, 100_000))
def test_retry_after_as_a_date_is_measured_by_the_answers_own_clock(ahead, our_clock_is_off):
    answer = headers(
        retry_after=format_datetime(NOW + timedelta(seconds=ahead), usegmt=True),
        date=format_datetime(NOW, usegmt=True),
    )
    assert retry_after(answer, NOW + timedelta(seconds=our_clock_is_off)) == max(0, ahead)


def test_retry_after_as_a_date_without_the_answers_own_is_measured_by_ours():
    assert retry_after(headers(retry_after="Sat, 31 Jan 2026 12:00:30 GMT"), NOW) == 30


@given(st.text(max_size=40), st.text(max_size=40))
@example("²", "")
@example("٣", "")
@example("Mon, 99 Foo 99999 99:99:99 GMT", "")
@example("Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 01 Jan 0001 00:00:00 +2359")
@example("Mon, 01 Jan 0001 00:00:00 +99999999999999999", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT")
def test_no_retry_after_makes_it_stumble(value, date):
    waited = retry_after(headers(retry_after=value, date=date), NOW)
    assert waited is None or 0 <= waited <= 3600
    clock_offset(headers(date=value), NOW)


@given(st.integers(-100_000, 100_000))
def test_how_far_the_clocks_are_apart(ahead):
    date = format_datetime(NOW + timedelta(seconds=ahead), usegmt=True)
    assert clock_offset(headers(date=date), NOW) == ahead


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_without_a_date_nothing_is_said_about_clocks(date):
    assert clock_offset(headers(date=date), NOW) is None
