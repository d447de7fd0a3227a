"""Pages by opaque keys: all records are handed on, through whatever pages they come, or there is an error."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.agent_activity import DOCUMENTED_METRICS, INTERVAL_METRICS, METRICS
from airflow_provider_liveperson.datasets.readers.keyed_pages import KeyedPager
from airflow_provider_liveperson.datasets.readers.pages import Unkeyed, shown_keys
from airflow_provider_liveperson.datasets.readers.reader import ContradictionError
from airflow_provider_liveperson.exceptions import InvalidResponseError, RequestRejectedError
from airflow_provider_liveperson.window import Window

DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
MAX_REQUESTS = 200


def pager(window: Window = DAY, **filters: Any) -> KeyedPager:
    query = INTERVAL_METRICS.query(window, filters=filters)
    (slice_,) = INTERVAL_METRICS.plan(query)
    opened = INTERVAL_METRICS.open(query, slice_)
    assert isinstance(opened, KeyedPager)
    return opened


def interval(number: int, *, at: str = "2026-01-30T01:00:00.000Z", status: str = "Done") -> dict[str, Any]:
    return {"timeframe": {"from": at}, "skillId": 7, "agentId": number, "metrics": {}, "status": status}


def answer(intervals: list[Any], next_key: Any = None, *, status: int = 200, **more: Any) -> Answer:
    body = {"metadata": {"paging": {"nextPageKey": next_key, **more}}, "intervals": intervals}
    return Answer(status=status, headers={}, body=json.dumps(body).encode())


def numbers(lines: Any) -> list[int]:
    return [json.loads(bytes(line))["agentId"] for line in lines]


@dataclass
class Server:
    """Gives pages of numbers by keys.

    :param pages: what each page holds.
    :param next_key: the key that each page names, by its number; where there is none, that of the next page.
    """

    pages: list[list[int]]
    next_key: dict[int, str] = field(default_factory=dict)
    asked: int = 0

    def answer(self, request: ApiRequest) -> Answer:
        assert self.asked < MAX_REQUESTS, "it does not come to an end"
        self.asked += 1
        number = int(request.params.get("pageKey", "0"))
        following = self.next_key.get(number) or (str(number + 1) if number + 1 < len(self.pages) else None)
        rows = self.pages[number] if number < len(self.pages) else []
        return answer([interval(row) for row in rows], following)


def read(server: Server, reader: KeyedPager) -> list[int]:
    found: list[int] = []
    while (request := reader.next_request()) is not None:
        assert reader.next_request() is None  # it waits for the key
        found += numbers(reader.accept(reader.parse(server.answer(request))))
    reader.finish()
    return found


@given(st.lists(st.integers(0, 3), max_size=12))
@example([0, 0, 2, 0, 1, 0])
@example([])
def test_pages_without_a_record_end_nothing(sizes):
    rows = iter(range(100))
    pages = [[next(rows) for _ in range(size)] for size in sizes]
    server, reader = Server(pages), pager()
    assert read(server, reader) == [row for page in pages for row in page]
    assert reader.received == sum(sizes)
    assert server.asked == max(1, len(pages))


@given(
    st.lists(st.integers(0, 2), min_size=1, max_size=6),
    st.integers(0, 5),
    st.integers(0, 5),
)
def test_a_key_that_leads_back_is_an_error_and_not_a_loop(sizes, leaves, leads):
    rows = iter(range(100))
    pages = [[next(rows) for _ in range(size)] for size in sizes]
    leaves, leads = leaves % len(pages), leads % len(pages)
    if leads > leaves:  # forward is no way back
        leaves, leads = leads, leaves
    server = Server(pages, {leaves: str(leads)})
    with pytest.raises(ContradictionError, match="page"):
        read(server, pager())


def test_new_keys_to_the_same_records_are_an_error():
    server = Server([[1, 2], [3], [1, 2], [4]])
    with pytest.raises(ContradictionError, match="the page at number 3 came before, at number 1"):
        read(server, pager())


def test_a_record_on_two_pages_lands_once():
    reader = pager()
    assert read(Server([[1, 2], [2, 3]]), reader) == [1, 2, 3]
    assert (reader.received, reader.repeated) == (3, 1)


@pytest.mark.parametrize(
    ("paging", "key"),
    [
        ({"refs": {"next": "http://x/y?v=1&pageKey=a%2Fb%3D"}}, "a/b="),
        ({"refs": {"next": {"rel": "next", "href": "http://x/y?pageKey=a"}}}, "a"),
        ({"refs": {"next": {"rel": "next", "href": None}}}, None),
        ({"refs": {"next": ""}}, None),
        ({"refs": {"next": None}}, None),
        ({"refs": None}, None),
    ],
)
def test_the_next_page_may_be_named_by_its_address_only(paging, key):
    reader = pager()
    reader.next_request()
    reader.accept(reader.parse(answer([], **paging)))
    request = reader.next_request()
    assert (request and request.params["pageKey"]) == key


@pytest.mark.parametrize("link", ["http://x/y?v=1", "http://[x/", 7, {"href": "http://x/y"}])
def test_an_address_without_a_key_does_not_end_the_reading(link):
    with pytest.raises(InvalidResponseError, match="names a next page without a pageKey"):
        pager().parse(answer([interval(1)], refs={"next": link}))


def test_records_in_progress_are_handed_on_and_counted():
    reader = pager()
    reader.next_request()
    rows = [
        interval(1),
        interval(2, status="In Progress"),
        interval(3, at="2026-01-31T00:00:00.000Z", status=""),
    ]
    lines = reader.accept(reader.parse(answer(rows, status=202)))
    assert numbers(lines) == [1, 2]
    assert reader.still_partial == [b"2026-01-30T01:00:00Z\x007\x002"]


def test_an_answer_that_is_not_final_and_does_not_say_where():
    reader = pager()
    reader.next_request()
    reader.accept(reader.parse(answer([interval(1), interval(2)], status=202)))
    assert len(reader.still_partial) == 2


TIMES = [
    {"from": "2026-01-30T01:00:00.000Z"},
    {"fromL": 1769734800000},
    {"startTimeL": "1769734800000"},
    {"startTime": "2026-01-30T02:00:00.000+01:00"},
    {"start": "2026-01-30T01:00:00Z"},
]


@pytest.mark.parametrize("timeframe", TIMES, ids=str)
def test_an_interval_is_the_same_before_it_is_final_and_afterwards(timeframe):
    reader, found = pager(), []
    rows = [{**interval(one), "timeframe": timeframe} for one in (1, 2, 3)]
    waiting, *others = rows
    for page in ([{**waiting, "status": "In Progress"}, others[0]], [waiting, others[1]]):
        reader.next_request()
        found += numbers(reader.accept(reader.parse(answer(page, "k" if not found else None))))
    assert found == [1, 2, 3]
    assert (reader.received, reader.repeated, len(reader.still_partial)) == (3, 1, 1)


@pytest.mark.parametrize("status", ["Done", "In Progress"])
def test_an_interval_in_progress_on_two_pages_is_counted_as_it_landed(status):
    reader, statuses = pager(), iter((status, "In Progress"))
    for key in ("k", None):
        reader.next_request()
        reader.accept(
            reader.parse(answer([interval(1, status=next(statuses)), interval(2 if key else 3)], key))
        )
    assert len(reader.still_partial) == (status == "In Progress")


def test_a_record_without_its_key_is_told_from_others_by_all_of_it_and_has_no_key_to_show():
    reader = pager()
    reader.next_request()
    waiting = [{**interval(one, status="In Progress"), "skillId": None} for one in (1, 2)]
    assert numbers(reader.accept(reader.parse(answer(waiting)))) == [1, 2]
    assert [type(key) for key in reader.still_partial] == [Unkeyed, Unkeyed]
    assert shown_keys([*reader.still_partial, b"2026\x007\x002"]) == ["2026, 7, 2"]


@pytest.mark.parametrize("body", [b"", b"  ", b"[]", b"{}", b'{"intervals":7}', b'{"metadata":{}}'])
def test_what_is_not_a_page_is_refused(body):
    with pytest.raises(InvalidResponseError):
        pager().parse(Answer(status=200, headers={}, body=body))


def rejected(status: int) -> RequestRejectedError:
    return RequestRejectedError("no", status=status)


def test_metrics_that_an_account_does_not_know_are_left_out():
    reader = pager()
    assert reader.next_request().params["metrics"] == ",".join(METRICS)
    reader.refused(rejected(400))
    assert reader.next_request().params["metrics"] == ",".join(DOCUMENTED_METRICS)
    with pytest.raises(RequestRejectedError):
        reader.refused(rejected(400))
    again = pager()
    again.learn(reader)
    assert again.next_request().params["metrics"] == ",".join(DOCUMENTED_METRICS)


@pytest.mark.parametrize(("status", "filters"), [(404, {}), (400, {"metrics": ["arrivals"]})])
def test_other_refusals_stand(status, filters):
    reader = pager(**filters)
    reader.next_request()
    with pytest.raises(RequestRejectedError):
        reader.refused(rejected(status))


def test_a_refusal_of_a_later_page_stands():
    reader = pager()
    reader.next_request()
    reader.accept(reader.parse(answer([interval(1)], "k")))
    reader.next_request()
    with pytest.raises(RequestRejectedError):
        reader.refused(rejected(400))
