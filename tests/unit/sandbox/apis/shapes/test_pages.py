from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from airflow_provider_liveperson.sandbox.apis.api import Call
from airflow_provider_liveperson.sandbox.apis.shapes import Bounds, KeyedPages, PagedSearch, Parameters
from airflow_provider_liveperson.sandbox.apis.shapes.pages import drifted, link, paging
from airflow_provider_liveperson.sandbox.http.faults import Fault
from airflow_provider_liveperson.sandbox.http.refusal import Refusal

ROWS = [f"row {number}" for number in range(23)]


def call(path: str = "/api/account/1/rows", **query: str) -> Call:
    return Call(method="GET", path=path, places={}, query=list(query.items()), headers={}, body=b"")


def bounds(search: PagedSearch, **given: Any) -> Bounds:
    parameters = Parameters(given)
    found = search.bounds(parameters)
    parameters.check()
    return found


def test_offset_and_limit_count_records_from_zero() -> None:
    assert bounds(PagedSearch()).cut(ROWS) == ROWS
    assert bounds(PagedSearch(), offset="20", limit="2").cut(ROWS) == ROWS[20:22]
    assert bounds(PagedSearch(), offset=20, limit=50).cut(ROWS) == ROWS[20:]


def test_a_larger_limit_is_cut_or_refused() -> None:
    assert bounds(PagedSearch(max_limit=10), limit="11") == Bounds(0, 10)
    assert bounds(PagedSearch(max_limit=10)) == Bounds(0, 10)
    with pytest.raises(Refusal) as refused:
        bounds(PagedSearch(max_limit=10, over_limit="reject"), limit="11")
    assert refused.value.payload["causes"] == ["limit: must be less than or equal to 10"]


@pytest.mark.parametrize(("error", "status"), [("500", 500), ("400", 400)])
def test_a_page_that_lies_too_deep_is_an_error(error: Any, status: int) -> None:
    search = PagedSearch(deep_limit=100, deep_error=error)
    assert bounds(search, offset="90", limit="10") == Bounds(90, 10)
    with pytest.raises(Refusal) as refused:
        bounds(search, offset="91", limit="10")
    assert refused.value.status == status


@pytest.mark.parametrize("wrong", [{"offset": "-1"}, {"limit": "0"}, {"limit": "ten"}, {"offset": True}])
def test_offset_and_limit_are_whole_numbers(wrong: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match="400"):
        bounds(PagedSearch(), **wrong)


def test_every_page_is_the_first_where_the_offset_is_ignored() -> None:
    assert bounds(PagedSearch(offset_ignored=True), offset="20", limit="5") == Bounds(0, 5)


def test_links_lead_to_other_pages() -> None:
    assert Bounds(0, 10).links(23) == {"self": 0, "next": 10, "last": 20}
    assert Bounds(10, 10).links(23, first=True, previous="previous") == {
        "self": 10,
        "first": 0,
        "next": 20,
        "previous": 0,
        "last": 20,
    }
    assert Bounds(20, 10).links(23) == {"self": 20, "prev": 10, "last": 20}
    assert Bounds(0, 10).links(0) == {"self": 0}
    address = urlsplit(link("http://internal", call(limit="10", skill="7"), Bounds(0, 10), 10))
    assert (address.netloc, address.path) == ("internal", "/api/account/1/rows")
    assert dict(parse_qsl(address.query)) == {"skill": "7", "limit": "10", "offset": "10"}


def test_a_count_drifts_only_when_asked_to() -> None:
    assert drifted(5, None) == drifted(5, Fault(kind="slow")) == 5
    assert drifted(5, Fault(kind="count_drift", rows=-9)) == 0


def followed(pages: KeyedPages, **query: str) -> list[list[str]]:
    """Every page from the first to the one without a key."""
    found: list[list[str]] = []
    while True:
        parameters = Parameters(query)
        page = pages.page(call(**query), parameters, ROWS)
        parameters.check()
        found.append(list(page.rows))
        if page.next_key is None:
            return found
        query = {**query, "pageKey": page.next_key}


def test_keys_lead_through_all_pages() -> None:
    found = followed(KeyedPages(default_size=10))
    assert found == [ROWS[:10], ROWS[10:20], ROWS[20:]]
    assert followed(KeyedPages(), pageSize="23") == [ROWS]


def test_keys_may_lead_through_empty_pages() -> None:
    found = followed(KeyedPages(default_size=10, empty_pages=True))
    assert found == [[], ROWS[:10], [], ROWS[10:20], [], ROWS[20:]]


def test_no_rows_are_one_page() -> None:
    for empty_pages in (False, True):
        page = KeyedPages(empty_pages=empty_pages).page(call(), Parameters({}), [])
        assert (list(page.rows), page.next_key) == ([], None)


def test_a_key_is_good_for_its_request_only() -> None:
    pages = KeyedPages(default_size=10)
    key = pages.page(call(skill="7"), Parameters({}), ROWS).next_key
    assert key is not None
    for wrong in (
        call(skill="8", pageKey=key),
        call(pageKey=key),
        call(path="/elsewhere", skill="7", pageKey=key),
        call(skill="7", pageKey=key[:-2]),
        call(skill="7", pageKey="nonsense!"),
        call(skill="7", pageKey=""),
    ):
        parameters = Parameters(wrong.parameters)
        pages.page(wrong, parameters, ROWS)
        assert parameters.causes == ["pageKey: is unknown, or belongs to another request"]
    parameters = Parameters({})
    assert pages.page(call(skill="7", pageKey=key), parameters, ROWS).rows == ROWS[10:20]
    assert parameters.causes == []


def test_a_page_is_described_with_its_keys() -> None:
    pages = KeyedPages(default_size=10)
    first = pages.page(call(), Parameters({}), ROWS)
    about = paging(first, call())
    assert (about["pageSize"], about["nextPageKey"], "pageKey" in about) == (10, first.next_key, False)
    assert dict(parse_qsl(urlsplit(about["refs"]["next"]).query)) == {"pageKey": first.next_key}
    last = pages.page(call(), Parameters({}), ROWS[:3])
    assert set(paging(last, call())["refs"]) == {"first", "current"}
