"""Data usage: what is requested, and what is made of the answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.datasets.data_usage_audit import APIS, DATA_USAGE_AUDIT
from airflow_provider_liveperson.datasets.readers.reader import PagesMovedError
from airflow_provider_liveperson.exceptions import ConfigurationError, InvalidResponseError
from airflow_provider_liveperson.pull.pull import records
from airflow_provider_liveperson.window import Window

DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
HOUR_MS = 3_600_000
MAX_REQUESTS = 200


def pagers(window: Window = DAY, **filters):
    query = DATA_USAGE_AUDIT.query(window, filters=filters)
    return [DATA_USAGE_AUDIT.open(query, slice_) for slice_ in DATA_USAGE_AUDIT.plan(query)]


def row(hour: int, consumer: object = "7", **more) -> dict:
    time = str(DAY.start_ms + hour * HOUR_MS)
    return {"accountId": "1", "apiConsumerid": consumer, "apiType": "MSG_SEARCH", "time": time, **more}


def answer(rows: list[dict], **more) -> Answer:
    return Answer(status=200, headers={}, body=json.dumps({"recordslist": rows, **more}).encode())


def read(pager, rows: list[dict], *, at_most: int = 10, **more) -> list[dict]:
    """Read from a server that gives at most so many at once."""
    found = []
    for _ in range(MAX_REQUESTS):
        request = pager.next_request()
        if request is None:
            pager.finish()
            return [json.loads(line) for line in found]
        offset, limit = int(request.params["offset"]), int(request.params["limit"])
        found += pager.accept(pager.parse(answer(rows[offset : offset + min(limit, at_most)], **more)))
    raise AssertionError("it does not come to an end")


def test_each_api_is_requested_by_itself():
    requests = [pager.next_request() for pager in pagers()]
    assert [request.params["api"] for request in requests] == list(APIS)
    (request, *_) = requests
    assert (request.method, request.service) == ("GET", "auditlog")
    assert request.path == "/lp-auditlogapi/{account_id}"
    assert request.params == {
        "v": "2",
        "from": str(DAY.start_ms),
        "to": str(DAY.end_ms),
        "agentId": "all",
        "api": "msg_search",
        "offset": "0",
        "limit": "10",
    }


def test_filters_choose_apis_and_agents():
    filters = {"api": ["chat_export", "msg_search"], "agentId": 17, "agentName": "sam@acme.test"}
    requests = [pager.next_request().params for pager in pagers(**filters)]
    assert [params["api"] for params in requests] == ["msg_search", "chat_export"]
    assert {(params["agentId"], params["agentName"]) for params in requests} == {("17", "sam@acme.test")}


def test_an_api_that_does_not_exist_is_refused():
    with pytest.raises(ConfigurationError, match="msg_search, chat_search, chat_export") as caught:
        pagers(api=["export"])
    assert caught.value.field == "filters"


def test_the_probe_requests_one_record():
    query = DATA_USAGE_AUDIT.query(DAY)
    probe = DATA_USAGE_AUDIT.reader.probe(DATA_USAGE_AUDIT, query, DATA_USAGE_AUDIT.plan(query)[0])
    assert (probe.params["offset"], probe.params["limit"]) == ("0", "1")


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.timedeltas(timedelta(microseconds=1), timedelta(days=70)),
)
@example(DAY.start + timedelta(minutes=59), timedelta(days=29))
def test_whole_hours_hold_the_window_and_are_at_most_thirty_days(start, length):
    window = Window(start, start + length)
    plan = DATA_USAGE_AUDIT.plan(DATA_USAGE_AUDIT.query(window))
    assert [slice_.partition["api"] for slice_ in plan[:3]] == list(APIS)
    for pager, slice_ in zip(pagers(window), plan, strict=True):
        params = pager.next_request().params
        first, last = int(params["from"]), int(params["to"])
        bound = slice_.bounds["time"]
        assert first % HOUR_MS == last % HOUR_MS == 0
        assert first <= bound.start_ms < bound.end_ms <= last
        assert last - first <= 30 * 24 * HOUR_MS


@given(st.integers(0, 45), st.integers(1, 12))
@example(10, 10)
@example(20, 10)
@example(0, 10)
def test_pages_are_read_until_nothing_new_comes(size, at_most):
    rows = [row(number // 3, f"c{number}", interactions=["a"]) for number in range(size)]
    pager = pagers()[0]
    found = read(pager, rows, at_most=at_most)
    assert found == [{**one, "_api": "msg_search"} for one in rows[: 24 * 3]]
    assert (pager.received, pager.repeated, pager.reported) == (size, 0, None)


@pytest.mark.parametrize("total", [None, 0, "unknown", 10**30])
def test_a_total_is_not_needed(total):
    assert len(read(pagers()[0], [row(1), row(2)], total=total)) == 2


def test_records_of_other_hours_are_left_out():
    pager = pagers(Window(DAY.start + timedelta(minutes=30), DAY.start + timedelta(hours=2)))[0]
    assert [one["time"] for one in read(pager, [row(0), row(1), row(2)])] == [row(1)["time"]]
    assert pager.received == 3


def test_a_record_without_a_time_is_counted():
    pager = pagers()[0]
    assert read(pager, [{**row(1), "time": "soon"}, row(2)]) == [{**row(2), "_api": "msg_search"}]
    assert (pager.received, pager.undated) == (2, 1)


def test_a_server_that_ignores_the_offset_is_noticed():
    pager = pagers()[0]
    pager.next_request()
    first = answer([row(number) for number in range(10)])
    pager.accept(pager.parse(first))
    pager.next_request()
    with pytest.raises(PagesMovedError, match="the server ignores the offset"):
        pager.accept(pager.parse(first))


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"recordslist":{}}', b'{"records":[]}', b'{"recordslist":[7]}']
)
def test_another_shape_is_an_error(body):
    pager = pagers()[0]
    pager.next_request()
    with pytest.raises(InvalidResponseError):
        pager.parse(Answer(status=200, headers={}, body=body))


def test_the_bytes_of_a_record_stay_as_they_came():
    pager = pagers()[0]
    pager.next_request()
    raw = b'{ "time":"%d",\t"odd":1e400, "half":"\\ud83d" }' % DAY.start_ms
    (line,) = pager.accept(pager.parse(Answer(status=200, headers={}, body=b'{"recordslist":[%b]}' % raw)))
    assert bytes(line) == raw[:-1] + b',"_api":"msg_search"}'


def test_the_sandbox_is_read_whole(sandbox, connect):
    found = records(connect(), DATA_USAGE_AUDIT, DATA_USAGE_AUDIT.query(DAY))
    truth = sandbox.truth("data_usage_audit", DAY.start, DAY.end)
    assert {one["_api"] for one in truth} == set(APIS)
    assert sorted(json.dumps(json.loads(line), sort_keys=True) for line in found) == sorted(
        json.dumps(one, sort_keys=True) for one in truth
    )
