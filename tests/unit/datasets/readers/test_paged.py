"""What readers of pages have in common: the arguments that are sent, partitions, and a column for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import Text, Texts
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.ranges import TimeRange
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.model.slices import Partition, Slice
from airflow_provider_liveperson.datasets.readers.linked_pages import LinkedPages
from airflow_provider_liveperson.datasets.readers.offset_pages import OffsetPages
from airflow_provider_liveperson.datasets.readers.paged import PagedReader
from airflow_provider_liveperson.window import Window

DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
WEEK = Window(datetime(2026, 1, 24, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
KINDS = ("bar", "foo")
KIND = Partition(name="kind", values=KINDS, column="_kind")
RANGE = TimeRange(start="from", end="to")


def pages(**choices: Any) -> OffsetPages:
    return OffsetPages(
        **{"records": "rows", "count": ("count",), "range": RANGE, "partition": KIND, **choices}
    )


def dataset(reader: PagedReader, path: str = "/rows", **choices: Any) -> Dataset:
    return Dataset(
        **{
            "name": "rows",
            "title": "Rows",
            "page": "rows.html",
            "request": RequestTemplate(service="s", method="POST", path=path, params={"v": "1"}),
            "access": Access(kinds=(CredentialKind.API_KEY,)),
            "reader": reader,
            "cursors": (Cursor("at", "Each row once."),),
            "primary_key": ("_kind", "id"),
            "limits": Limits(max_per_second=4),
            "filters": {
                "kind": Texts(description="Only these.", choices=KINDS),
                "text": Text(description="Only with this text."),
            },
            **choices,
        }
    )


def requests(
    declared: Dataset, filters: Mapping[str, Any] | None = None, window: Window = DAY
) -> list[tuple[Slice, Any]]:
    query = declared.query(window, filters=filters)
    return [(slice_, declared.open(query, slice_).next_request()) for slice_ in declared.plan(query)]


def answer(rows: list[dict[str, Any]]) -> Answer:
    return Answer(status=200, headers={}, body=json.dumps({"count": len(rows), "rows": rows}).encode())


def test_each_range_is_read_once_for_each_value() -> None:
    declared = dataset(pages(), limits=Limits(max_range=DAY.end - DAY.start))
    plan = declared.plan(declared.query(WEEK))
    assert [(slice_.bounds["at"], slice_.partition) for slice_ in plan] == [
        (day, {"kind": kind}) for day in WEEK.days() for kind in KINDS
    ]


def test_a_collection_without_windows_has_a_slice_for_each_value() -> None:
    declared = dataset(pages(range=None), cursors=(), limits=Limits(has_history=False))
    plan = declared.plan(declared.query(DAY))
    assert plan == [Slice(partition={"kind": kind}) for kind in KINDS]


def test_a_partition_is_an_argument_of_the_query() -> None:
    for slice_, request in requests(dataset(pages())):
        assert request.params["kind"] == slice_.partition["kind"]
        assert request.params["from"] == str(DAY.start_ms)
        assert request.json is None


def test_a_partition_is_an_argument_of_the_body() -> None:
    for slice_, request in requests(dataset(pages(in_body=True)), {"text": "x"}):
        assert request.params == {"v": "1", "source": "{source}"}
        assert request.json == {
            "kind": slice_.partition["kind"],
            "from": DAY.start_ms,
            "to": DAY.end_ms,
            "text": "x",
            "offset": 0,
            "limit": 100,
        }


@pytest.mark.parametrize("in_body", [True, False])
def test_a_partition_is_a_place_in_the_path(in_body: bool) -> None:
    placed = Partition(name="kind", values=KINDS, is_in_path=True)
    declared = dataset(pages(partition=placed, in_body=in_body), "/{kind}/{account_id}/rows")
    asked = requests(declared)
    assert [request.path for _, request in asked] == ["/bar/{account_id}/rows", "/foo/{account_id}/rows"]
    assert all("kind" not in {**request.params, **(request.json or {})} for _, request in asked)
    query = declared.query(DAY)
    assert declared.reader.probe(declared, query, declared.plan(query)[1]).path == "/foo/{account_id}/rows"


def test_a_filter_of_its_name_chooses_values_in_their_order_and_is_not_sent() -> None:
    declared = dataset(pages())
    assert [slice_.partition["kind"] for slice_, _ in requests(declared, {"kind": ["foo", "bar"]})] == [
        *KINDS
    ]
    ((slice_, request),) = requests(declared, {"kind": ["foo"], "text": "x"})
    assert slice_.partition == {"kind": "foo"}
    assert (request.params["kind"], request.params["text"]) == ("foo", "x")
    # It is part of what is pulled, for the manifest.
    assert declared.describe(declared.query(DAY, filters={"kind": ["foo"]}))["kind"] == ["foo"]


def test_source_is_sent_unless_it_is_not_documented() -> None:
    assert all(request.params["source"] == "{source}" for _, request in requests(dataset(pages())))
    silent = dataset(pages(sends_source=False))
    assert all("source" not in request.params for _, request in requests(silent))


def test_every_request_carries_the_declared_rate() -> None:
    declared = dataset(pages())
    query = declared.query(DAY)
    asked = [request for _, request in requests(declared)]
    asked += [declared.reader.probe(declared, query, slice_) for slice_ in declared.plan(query)]
    assert {request.max_per_second for request in asked} == {4}


@given(st.lists(st.integers(0, 5), max_size=9), st.sampled_from(["counted", "linked"]))
def test_records_have_a_column_for_the_partition(ids: list[int], shape: str) -> None:
    reader = pages() if shape == "counted" else LinkedPages(records="rows", range=RANGE, partition=KIND)
    declared = dataset(reader)
    rows = [{"id": number, "at": DAY.start_ms + number} for number in dict.fromkeys(ids)]
    query = declared.query(DAY)
    for slice_ in declared.plan(query):
        pager = declared.open(query, slice_)
        pager.next_request()
        found = [json.loads(line) for line in pager.accept(pager.parse(answer(rows)))]
        assert found == [{**row, "_kind": slice_.partition["kind"]} for row in rows]


def test_records_of_one_id_are_one_whatever_else_differs() -> None:
    declared = dataset(pages())
    query = declared.query(DAY)
    pager = declared.open(query, declared.plan(query)[0])
    parsed = pager.parse(answer([{"id": 1, "at": DAY.start_ms}, {"id": 1, "at": DAY.start_ms, "x": 1}]))
    assert len({record.key for record in parsed.records}) == 1


def test_without_a_column_records_stay_views_of_their_page() -> None:
    declared = dataset(pages(partition=Partition(name="kind", values=KINDS)), primary_key=("id",))
    query = declared.query(DAY)
    pager = declared.open(query, declared.plan(query)[0])
    parsed = pager.parse(answer([{"id": 1, "at": DAY.start_ms}]))
    assert isinstance(parsed.records[0].line, memoryview)
