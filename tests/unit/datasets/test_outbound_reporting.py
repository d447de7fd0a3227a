"""Outbound messages: what is requested, how fast, and what is made of the answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_liveperson.client import retries
from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.client.pacing import Pacer
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.datasets.outbound_reporting import OUTBOUND_TRANSACTIONS, PRODUCTS
from airflow_provider_liveperson.datasets.readers.reader import PagesMovedError
from airflow_provider_liveperson.exceptions import ConfigurationError, InvalidResponseError
from airflow_provider_liveperson.pull.pull import records
from airflow_provider_liveperson.sandbox.apis.shapes import RateLimit
from airflow_provider_liveperson.window import Window

DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
MAX_REQUESTS = 200


def pagers(window: Window = DAY, **filters):
    query = OUTBOUND_TRANSACTIONS.query(window, filters=filters)
    return [OUTBOUND_TRANSACTIONS.open(query, slice_) for slice_ in OUTBOUND_TRANSACTIONS.plan(query)]


def message(number: int, minutes: float = 0, **more) -> dict:
    moment = DAY.start + timedelta(minutes=minutes)
    return {"transactionId": f"t{number}", "attemptedTime": f"{moment:%Y-%m-%dT%H:%M:%S}.000Z", **more}


def answer(messages: list[dict], count: object) -> Answer:
    body = {"page": {"count": count}, "transactions": messages}
    return Answer(status=200, headers={}, body=json.dumps(body).encode())


def read(pager, messages: list[dict], *, at_most: int, ahead: int = 1) -> list[dict]:
    """Read from a server that gives at most so many at once, with requests sent ahead."""
    found, under_way, sent = [], [], 0
    while True:
        while len(under_way) < ahead and (request := pager.next_request()) is not None:
            sent += 1
            assert sent < MAX_REQUESTS, "it does not come to an end"
            offset, limit = request.json["offset"], request.json["limit"]
            page = messages[offset : offset + min(limit, at_most)]
            under_way.append(pager.parse(answer(page, len(messages))))
            if sent == 1:
                pager.peek(under_way[0])
        if not under_way:
            pager.finish()
            return [json.loads(line) for line in found]
        found += pager.accept(under_way.pop(0))


def test_each_product_is_requested_by_itself_with_its_page_in_the_body():
    requests = [pager.next_request() for pager in pagers()]
    assert [request.path for request in requests] == [
        "/api/account/{account_id}/app/prmsg/transactions/",
        "/api/account/{account_id}/app/c2m/transactions/",
    ]
    for request in requests:
        assert (request.method, request.service) == ("POST", "outboundReporting")
        assert request.params == {
            "v": "2.0",
            "attemptedStartTime": str(DAY.start_ms),
            "attemptedEndTime": str(DAY.end_ms),
        }
        assert request.json == {"offset": 0, "limit": 5000}


def test_filters_are_in_the_body_but_for_the_product():
    filters = {"product": ["c2m"], "channels": ["sms"], "messagestatus": ["FAILED"], "skills": ["VIP"]}
    (pager,) = pagers(**filters)
    request = pager.next_request()
    assert request.path.endswith("/app/c2m/transactions/")
    assert request.json["filters"] == {"channels": ["sms"], "messagestatus": ["FAILED"], "skills": ["VIP"]}


@pytest.mark.parametrize(
    ("name", "value"),
    [("product", ["c2m/../x"]), ("channels", ["email"]), ("messagestatus", ["read"]), ("skills", [])],
)
def test_filters_that_do_not_exist_are_refused(name, value):
    with pytest.raises(ConfigurationError, match=name) as caught:
        pagers(**{name: value})
    assert caught.value.field == "filters"


def test_the_probe_requests_one_message():
    query = OUTBOUND_TRANSACTIONS.query(DAY)
    probe = OUTBOUND_TRANSACTIONS.reader.probe(
        OUTBOUND_TRANSACTIONS, query, OUTBOUND_TRANSACTIONS.plan(query)[0]
    )
    assert probe.json == {"offset": 0, "limit": 1}


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.timedeltas(timedelta(microseconds=1), timedelta(days=5)),
)
def test_ranges_hold_the_window_and_are_at_most_a_day(start, length):
    window = Window(start, start + length)
    plan = OUTBOUND_TRANSACTIONS.plan(OUTBOUND_TRANSACTIONS.query(window))
    for pager, slice_ in zip(pagers(window), plan, strict=True):
        params = pager.next_request().params
        first, last = int(params["attemptedStartTime"]), int(params["attemptedEndTime"])
        bound = slice_.bounds["attemptedTime"]
        assert first <= bound.start_ms <= bound.end_ms <= last
        assert bound.end - bound.start <= timedelta(days=1)
        assert slice_.partition["product"] in PRODUCTS


@given(st.integers(0, 60), st.integers(1, 12), st.integers(1, 5))
@example(20, 10, 3)
@example(5, 1, 1)
def test_every_page_is_read_whatever_the_server_gives_at_once(size, at_most, ahead):
    messages = [message(number, number) for number in range(size)]
    pager = pagers()[1]
    assert read(pager, messages, at_most=at_most, ahead=ahead) == [
        {**one, "_product": "c2m"} for one in messages
    ]
    assert (pager.reported, pager.received, pager.repeated) == (size, size, 0)


def test_messages_outside_the_window_are_left_out():
    pager = pagers()[0]
    messages = [message(1, -0.5), message(2), message(3, 24 * 60 - 0.5), message(4, 24 * 60)]
    assert [one["transactionId"] for one in read(pager, messages, at_most=9)] == ["t2", "t3"]
    assert pager.received == 4


def test_a_server_that_ignores_the_offset_is_noticed():
    pager = pagers()[0]
    pager.next_request()
    pager.accept(pager.parse(answer([message(1)], 2)))
    pager.next_request()
    with pytest.raises(PagesMovedError, match="begins like the first one"):
        pager.accept(pager.parse(answer([message(1)], 2)))


@pytest.mark.parametrize("count", [None, "many", -3])
def test_an_answer_without_a_count_is_an_error(count):
    pager = pagers()[0]
    pager.next_request()
    with pytest.raises(InvalidResponseError):
        pager.accept(pager.parse(answer([message(1)], count)))


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_requests_of_every_dataset_carry_the_declared_rate(name):
    dataset = DATASETS[name]
    query = dataset.query(DAY)
    slice_ = dataset.plan(query)[0]
    first = dataset.open(query, slice_).next_request()
    for request in (first, dataset.reader.probe(dataset, query, slice_)):
        assert request.max_per_second == dataset.limits.max_per_second


def test_the_rate_is_kept(sandbox, connect, monkeypatch):
    """By a clock that only waiting moves, LivePerson never has to refuse a request."""
    now = [Fraction(0)]

    def pause(seconds: float, stop: object = None) -> None:
        now[0] = (now[0] + Fraction(seconds)).limit_denominator(1000)

    def clock() -> Fraction:
        return now[0]

    monkeypatch.setattr(retries, "pause", pause)
    sandbox.configure(outbound_limit_max=2, outbound_over_limit="clamp")
    monkeypatch.setattr(sandbox.api("outbound_reporting"), "rate", RateLimit(clock))
    client = connect(max_concurrency=1)
    monkeypatch.setattr(client._sender, "_pacer", Pacer(now=clock))
    found = list(records(client, OUTBOUND_TRANSACTIONS, OUTBOUND_TRANSACTIONS.query(DAY)))
    asked = [one for one in sandbox.requests if one.path.endswith("/transactions/")]
    assert len(found) == len(sandbox.truth("outbound_transactions", DAY.start, DAY.end))
    assert len(asked) > 30
    assert {one.status for one in asked} == {200}
    assert now[0] == Fraction(len(asked) - 1, 10)
