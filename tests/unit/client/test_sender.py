"""What leaves, how often, how long it waits in between, and what an error says."""

from __future__ import annotations

import io
import logging
import pickle
import time
import traceback
from dataclasses import replace
from datetime import date
from urllib.parse import quote

import pytest

from airflow_provider_liveperson.client import retries
from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.client.retries import RetrySchedule, pause, without_waits
from airflow_provider_liveperson.client.tally import RequestCounts
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    ConfigurationError,
    InvalidResponseError,
    LivePersonError,
    PermissionDeniedError,
    RateLimitedError,
    RequestRejectedError,
    ServiceUnavailableError,
)
from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings

AUDIT_PATH = "/metadata/audit"


def passed(answer: Answer) -> Answer:
    return answer


def asked(sandbox, path: str = AUDIT_PATH) -> list:
    return [one for one in sandbox.requests if path in one.path]


# -- repeats ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_a_server_error_is_repeated_after_5_10_and_15_seconds(sandbox, connect, audit_request, waits, status):
    sandbox.faults.add(kind="status", status=status, match=AUDIT_PATH, times=1000)
    with pytest.raises(ServiceUnavailableError, match=str(status)):
        connect().call(audit_request, passed)
    assert waits == [5, 10, 15]
    assert len(asked(sandbox)) == 4


@pytest.mark.parametrize("failures", [1, 2, 3])
def test_it_goes_on_as_soon_as_an_answer_is_good(sandbox, connect, audit_request, waits, failures):
    sandbox.faults.add(kind="status", status=503, match=AUDIT_PATH, times=failures)
    assert connect().call(audit_request, passed).status == 200
    assert waits == [5, 10, 15][:failures]


def test_it_counts_what_leaves_what_is_refused_by_the_rate_and_what_is_repeated(
    sandbox, connect, audit_request, waits
):
    sandbox.faults.add(kind="status", status=429, match=AUDIT_PATH, times=2)
    sandbox.faults.add(kind="drop", match=AUDIT_PATH)
    client = connect()
    client.call(audit_request, passed)
    counts = client.tally.take()
    assert (counts.sent, counts.rate_limited, counts.repeated) == (len(sandbox.requests), 2, 3)
    assert counts.sent > len(asked(sandbox))  # the host was asked for, too
    assert client.tally.take() == RequestCounts()  # none is reported twice


@pytest.mark.parametrize("kind", ["drop", "cut", "not_json", "cut_json"])
def test_what_breaks_on_the_way_is_repeated_like_a_server_error(sandbox, connect, audit_request, waits, kind):
    sandbox.faults.add(kind=kind, match=AUDIT_PATH, times=3)
    assert connect().call(audit_request, Answer.json)["data"]["auditData"]
    assert waits == [5, 10, 15]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("drop", ServiceUnavailableError),
        ("cut", InvalidResponseError),
        ("cut_json", InvalidResponseError),
        ("not_json", InvalidResponseError),
    ],
)
def test_what_stays_broken_is_named(sandbox, connect, audit_request, waits, kind, error):
    sandbox.faults.add(kind=kind, match=AUDIT_PATH, times=1000)
    with pytest.raises(error) as caught:
        connect().call(audit_request, Answer.json)
    assert type(caught.value) is error
    assert waits == [5, 10, 15]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RequestRejectedError),
        (403, PermissionDeniedError),
        (404, RequestRejectedError),
        (405, RequestRejectedError),
        (409, RequestRejectedError),
        (422, RequestRejectedError),
        (451, AuthenticationError),
        (302, InvalidResponseError),
    ],
)
def test_what_asking_again_cannot_mend_is_asked_once(sandbox, connect, audit_request, waits, status, error):
    sandbox.faults.add(kind="status", status=status, match=AUDIT_PATH, times=1000)
    with pytest.raises(error) as caught:
        connect().call(audit_request, passed)
    assert type(caught.value) is error
    assert caught.value.status == status
    assert str(caught.value).count("POST accountConfigReadOnly") == 1
    assert len(asked(sandbox)) == 1
    assert waits == []


def test_a_401_is_asked_once_where_nothing_can_be_renewed(sandbox, connect, audit_request, waits):
    sandbox.faults.add(kind="status", status=401, match=AUDIT_PATH, times=1000)
    with pytest.raises(AuthenticationError):
        connect("api_key").call(audit_request, passed)
    assert len(asked(sandbox)) == 1
    assert waits == []


def test_a_redirect_is_not_followed(sandbox, connect, audit_request, waits):
    target = f"{sandbox.url}/somewhere/else"
    sandbox.faults.add(kind="redirect", location=target, match=AUDIT_PATH, times=1000)
    with pytest.raises(InvalidResponseError, match="redirect"):
        connect().call(audit_request, passed)
    assert asked(sandbox, "/somewhere/else") == []
    assert len(asked(sandbox)) == 1
    assert waits == []


def test_each_attempt_is_signed_anew(sandbox, connect, audit_request):
    sandbox.faults.add(kind="status", status=500, match=AUDIT_PATH)
    sandbox.faults.add(kind="status", status=429, match=AUDIT_PATH)
    connect("api_key").call(audit_request, passed)
    headers = [one.header("authorization") for one in asked(sandbox)]
    nonces = {header.partition('oauth_nonce="')[2].partition('"')[0] for header in headers}
    assert len(headers) == len(nonces) == 3


def test_a_rate_limit_and_a_fault_are_counted_apart(sandbox, connect, audit_request, waits):
    for _ in range(3):
        sandbox.faults.add(kind="status", status=429, match=AUDIT_PATH, retry_after=1)
        sandbox.faults.add(kind="status", status=500, match=AUDIT_PATH)
    assert connect().call(audit_request, passed).status == 200
    assert waits == [1, 5, 1, 10, 1, 15]


# -- rate limits -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked_for", "shortest", "waited"),
    [(3, 1, 3), (0, 1, 1), (2, 5, 5), (7, 5, 7), (100_000, 1, 120), ("http-date", 1, 2)],
)
def test_a_rate_limit_waits_as_asked_within_bounds(
    sandbox, connect, audit_request, waits, asked_for, shortest, waited
):
    sandbox.faults.add(kind="status", status=429, retry_after=asked_for, match=AUDIT_PATH)
    request = replace(audit_request, shortest_wait=float(shortest))
    assert connect().call(request, passed).status == 200
    assert waits == [waited]


@pytest.mark.parametrize(("asked_for", "waited"), [(2, 5), (7, 7), (100_000, 120)])
def test_a_server_that_is_busy_is_left_alone_as_long_as_it_asks_within_bounds(
    sandbox, connect, audit_request, waits, asked_for, waited
):
    sandbox.faults.add(kind="status", status=503, retry_after=asked_for, match=AUDIT_PATH)
    assert connect().call(audit_request, passed).status == 200
    assert waits == [waited]


@pytest.mark.parametrize("status", [408, 425])
def test_a_request_that_came_too_slowly_or_too_early_is_sent_again(
    sandbox, connect, audit_request, waits, status
):
    sandbox.faults.add(kind="status", status=status, match=AUDIT_PATH, times=2)
    assert connect().call(audit_request, passed).status == 200
    assert waits == [5, 10]


def test_the_date_of_a_rate_limit_is_taken_by_its_own_clock(sandbox, connect, audit_request, waits):
    sandbox.configure(clock_offset_seconds=-200)
    sandbox.faults.add(kind="status", status=429, retry_after="http-date", match=AUDIT_PATH)
    assert connect().call(audit_request, passed).status == 200
    assert waits == [2]


@pytest.mark.parametrize("shortest", [1.0, 5.0])
def test_without_word_from_the_server_the_waits_double_and_are_not_all_the_same(
    sandbox, connect, audit_request, waits, shortest
):
    request = replace(audit_request, shortest_wait=shortest)
    client = connect()
    for _ in range(8):
        sandbox.faults.add(kind="status", status=429, match=AUDIT_PATH, times=3)
        assert client.call(request, passed).status == 200
    for nth, factor in enumerate((1, 2, 4)):
        some = waits[nth::3]
        assert all(shortest * factor <= wait <= shortest * factor * 1.5 for wait in some)
        assert len(set(some)) > 1


def test_a_rate_limit_that_lasts_is_an_error_that_says_how_long_to_stay_away(
    sandbox, connect, audit_request, waits
):
    sandbox.faults.add(kind="status", status=429, retry_after=600, match=AUDIT_PATH, times=1000)
    with pytest.raises(RateLimitedError, match="Airflow pool") as caught:
        connect().call(audit_request, passed)
    assert caught.value.retry_after == 600
    assert waits == [120] * 6
    assert len(asked(sandbox)) == 7


def test_waits_can_be_switched_off_and_are_on_again_afterward(monkeypatch):
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    with without_waits():
        pause(5)
        with without_waits():
            pause(6)
        pause(7)
    assert slept == []
    with pytest.raises(RuntimeError, match="in between"), without_waits():
        raise RuntimeError("in between")
    pause(8)
    assert slept == [8]


def test_a_schedule_of_ones_own_is_kept(sandbox, connect, audit_request, waits):
    sandbox.faults.add(kind="status", status=500, match=AUDIT_PATH, times=1000)
    with pytest.raises(ServiceUnavailableError):
        connect(schedule=RetrySchedule(waits=(1.0, 2.0))).call(audit_request, passed)
    assert waits == [1, 2]


@pytest.mark.parametrize("status", [429, 500])
def test_no_retries_means_none(sandbox, connect, audit_request, waits, status):
    sandbox.faults.add(kind="status", status=status, match=AUDIT_PATH, times=1000)
    with pytest.raises(LivePersonError):
        connect(schedule=retries.NO_RETRIES).call(audit_request, passed)
    assert len(asked(sandbox)) == 1
    assert waits == []


# -- bounds ----------------------------------------------------------------------------------------


def test_a_silent_server_is_given_up_on(sandbox, connect, audit_request, waits):
    sandbox.faults.add(kind="slow", seconds=30, match=AUDIT_PATH)
    client = connect(timeout=0.2, schedule=retries.NO_RETRIES)
    with pytest.raises(ServiceUnavailableError, match=r"There was no answer in time.*timeout"):
        client.call(audit_request, passed)


def test_what_was_answered_already_is_parsed_in_place_of_the_first_answer(
    sandbox, connect, audit_request, waits
):
    """From its start, whoever has read in it; and asked for again, as often as any other, if it cannot be read."""
    held = Answer(status=200, headers={}, file=io.BytesIO(b"spoilt"))
    held.file.read()
    seen = []

    def parse(answer: Answer) -> int:
        seen.append(answer.file.read() if answer.file else answer.body)
        if len(seen) == 1:
            raise InvalidResponseError("cut short")
        return answer.status

    assert connect().call(audit_request, parse, answer=held) == 200
    assert seen[0] == b"spoilt"
    assert [len(seen), len(waits)] == [2, 1]
    assert len(asked(sandbox)) == 1


# -- arguments of request() ------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["no/slash", "/a?b=1", "/a#b", ""])
def test_a_path_with_more_than_a_path_is_refused(sandbox, connect, path):
    with pytest.raises(ConfigurationError, match="path"):
        connect().request("GET", "msgHist", path)
    assert sandbox.requests == []


@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
def test_nobody_signs_but_the_connection(sandbox, connect, name):
    with pytest.raises(ConfigurationError, match="the connection sets that"):
        connect().request("GET", "msgHist", "/x", headers={name: "Basic x"})
    assert sandbox.requests == []


def test_the_account_goes_into_the_path(sandbox, connect):
    with pytest.raises(RequestRejectedError, match=f"GET msgHist /a/{sandbox.settings.account_id}/b "):
        connect().request("get", "msgHist", "/a/{account_id}/b")
    assert asked(sandbox, "/a/")[0].path == f"/a/{sandbox.settings.account_id}/b"


# -- what errors say -------------------------------------------------------------------------------


def test_an_error_says_what_was_asked_what_came_and_what_to_do(sandbox, connect):
    sandbox.faults.add(kind="status", status=400, match="/thing", body={"message": "no such column"})
    with pytest.raises(RequestRejectedError) as caught:
        connect().request("POST", "msgHist", "/thing", params={"q": "in-the-query"}, json={"a": 1})
    said = str(caught.value)
    assert said.startswith(f"POST msgHist /thing at {sandbox.url.removeprefix('http://')} answered 400 ")
    assert "no such column" in said
    assert "check the arguments" in said
    assert "in-the-query" not in said
    assert "Authorization" not in said


def test_a_body_is_quoted_up_to_500_characters(sandbox, connect, audit_request):
    sandbox.faults.add(kind="status", status=400, match=AUDIT_PATH, body="y" * 10_000)
    with pytest.raises(RequestRejectedError) as caught:
        connect().call(audit_request, passed)
    assert 490 < str(caught.value).count("y") <= 510


def test_a_binary_body_is_survived(sandbox, connect, audit_request):
    sandbox.faults.add(kind="status", status=400, match=AUDIT_PATH, body="\x00\x1b[31m\x85\n\tred")
    with pytest.raises(RequestRejectedError, match="red") as caught:
        connect().call(audit_request, passed)
    assert str(caught.value).isprintable()


def test_nobody_there_says_the_host(connect, audit_request, waits):
    with pytest.raises(ServiceUnavailableError, match=r"127\.0\.0\.1:9 .*cannot be reached") as caught:
        connect(host="http://127.0.0.1:9").call(audit_request, passed)
    assert caught.value.field == "host"
    assert waits == [5, 10, 15]


# -- secrets ---------------------------------------------------------------------------------------

FAILURES = {
    "none": {},
    "400": {"kind": "status", "status": 400},
    "401": {"kind": "status", "status": 401},
    "403": {"kind": "status", "status": 403},
    "429": {"kind": "status", "status": 429, "retry_after": 1},
    "500": {"kind": "status", "status": 500},
    "drop": {"kind": "drop"},
    "cut": {"kind": "cut"},
    "cut_json": {"kind": "cut_json"},
    "not_json": {"kind": "not_json"},
    "redirect": {"kind": "redirect"},
    "refusal in the parser": {"kind": "status", "status": 200},
}
ODD = {
    "app_secret": "S3cr+t/app=&'<é",
    "access_token": 'S3cr+t/token=&"%2F',
    "access_token_secret": 'S3cr+t/token=&"%2F-and-more',
    "client_secret": "S3cr+t client=&\\",
}


@pytest.fixture
def everything_logged(caplog):
    """Every logger at DEBUG, the signing libraries' too, whatever they were told before."""
    caplog.set_level(logging.DEBUG)
    for name in ("oauthlib", "requests_oauthlib", "urllib3", "requests", "airflow_provider_liveperson"):
        for logger in [
            name,
            *(known for known in logging.root.manager.loggerDict if known.startswith(name + ".")),
        ]:
            caplog.set_level(logging.DEBUG, logger=logger)
    return caplog


def spellings(secret: str) -> set[str]:
    percent = quote(secret, safe="")
    return {secret, percent, percent.lower(), quote(percent, safe=""), repr(secret)[1:-1]}


@pytest.mark.parametrize(
    ("kind", "where"),
    [
        ("api_key", AUDIT_PATH),
        ("api_key", "baseURI"),
        ("app_jwt_v2", AUDIT_PATH),
        ("app_jwt_v2", "/app/token"),
        ("app_jwt_v1", "/app/token"),
    ],
)
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_no_secret_is_ever_told(sandbox, connect, audit_request, everything_logged, kind, failure, where):
    sandbox.configure(**ODD)
    client = connect(kind)
    client.call(audit_request, passed)
    if kind == "api_key":
        secrets = [
            ODD["app_secret"],
            ODD["access_token"],
            ODD["access_token_secret"],
            sandbox.settings.app_key,
        ]
    else:
        secrets = [ODD["client_secret"], asked(sandbox)[0].header("authorization").removeprefix("Bearer ")]
    echo = " ".join(spelling for secret in secrets for spelling in sorted(spellings(secret)))
    sandbox.expire_tokens()
    if failure:
        body = {"body": echo} if failure["kind"] == "status" else {}
        sandbox.faults.add(match=where, times=1000, **failure, **body)

    def parse(answer: Answer) -> None:
        if b"S3cr+t" in answer.body:
            raise RequestRejectedError(f"the server says {answer.body.decode()}")
        answer.json()

    told = ""
    try:
        client.call(audit_request, parse)
        client.request("GET", "msgHist", "/x", params={"a": "b"})
    except LivePersonError as error:
        told = "".join((str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)))
        told += repr(pickle.dumps(error))
    told += "".join(everything_logged.handler.format(record) for record in everything_logged.records)
    told += "".join(repr(vars(record)) for record in everything_logged.records)
    assert everything_logged.records
    for secret in secrets:
        for spelling in spellings(secret):
            assert spelling not in told
    assert "S3cr" not in told


@pytest.mark.parametrize("status", [404, 500])
def test_close_leaves_no_connection_of_a_failure_whose_error_is_kept(connect, audit_request, waits, status):
    about = SandboxSettings(seed=11, until=date(2026, 2, 1), days=1, audit_rows=10)
    with SandboxServer(about) as server:
        server.faults.add(kind="status", status=status, match=AUDIT_PATH, times=1000)
        client = connect(host=server.url)
        with pytest.raises(LivePersonError) as caught:
            client.call(audit_request, passed)
        client.close()
        assert server.wait_until_idle(2)  # it would close idle connections itself after five
        assert caught.value.status == status
