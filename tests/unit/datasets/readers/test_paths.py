"""Values at declared paths: read strictly, and in whatever spelling where that is refused."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.datasets.readers.paths import PageDecoder, PathDecoder, at
from airflow_provider_liveperson.exceptions import InvalidResponseError

PATHS = ("id", "info.time", "info.agent.id", "a-b.c d")
names = st.sampled_from(["id", "info", "time", "agent", "a-b", "c d", "f0"])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.text(max_size=5)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


def answer(content: Any) -> Answer:
    return Answer(status=200, headers={}, body=json.dumps(content).encode())


@given(st.dictionaries(names, values, max_size=5))
def test_any_object_gives_what_is_at_its_paths(content):
    found = PathDecoder(PATHS, {"info.time": int | None}).read(json.dumps(content).encode())
    assert found == [at(content, path.split(".")) for path in PATHS]


@pytest.mark.parametrize("content", ["5", '"x"', "[]", "null", "true"])
def test_what_is_not_an_object_is_refused(content):
    with pytest.raises(msgspec.DecodeError):
        PathDecoder(PATHS).read(content.encode())


def test_an_object_with_odd_text_is_read():
    assert PathDecoder(("a", "b")).read(b'{"a": "\\ud83d", "b": 1}') == ["�", 1]


@given(values, st.lists(st.dictionaries(names, values, max_size=3), max_size=4))
def test_records_come_as_they_stand_in_the_answer(count, records):
    read = PageDecoder("page.rows", ("page.count", "links.next")).read(
        answer({"page": {"count": count, "rows": records, "more": [1]}})
    )
    assert [json.loads(bytes(record)) for record in read.records] == records
    assert read.values == [count, None]


def test_an_answer_may_be_the_list_itself():
    read = PageDecoder("").read(answer([{"a": 1}, {"a": 2}]))
    assert [bytes(read.page.line(record)) for record in read.records] == [b'{"a": 1}', b'{"a": 2}']


@pytest.mark.parametrize("nothing", [None, "", "NA", "undefined", -1], ids=repr)
def test_no_value_in_place_of_the_records_is_no_records(nothing):
    read = PageDecoder("page.rows", ("page.count",)).read(answer({"page": {"rows": nothing, "count": 0}}))
    assert (list(read.records), read.values) == ([], [0])


@pytest.mark.parametrize("something", [5, "rows", {}, True], ids=repr)
def test_anything_else_in_their_place_is_refused(something):
    with pytest.raises((InvalidResponseError, msgspec.DecodeError)):
        PageDecoder("page.rows").read(answer({"page": {"rows": something}}))


@pytest.mark.parametrize("content", [{}, {"page": {}}, {"page": None}, [], 5], ids=repr)
def test_an_answer_without_a_place_for_records_is_of_another_shape(content):
    with pytest.raises(msgspec.DecodeError):
        PageDecoder("page.rows", ("page.count",)).read(answer(content))


def test_what_the_answer_says_beside_its_records_may_have_any_shape():
    read = PageDecoder("rows", ("meta.count", "meta.links")).read(answer({"rows": [1], "meta": "none"}))
    assert (len(read.records), read.values) == (1, [None, None])
