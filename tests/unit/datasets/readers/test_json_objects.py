"""The objects of a file come out whole, however the file is written and wherever it is cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.datasets.readers import json_objects as module
from airflow_provider_liveperson.datasets.readers.json_objects import json_objects
from airflow_provider_liveperson.datasets.readers.reader import ContradictionError
from airflow_provider_liveperson.exceptions import InvalidResponseError

texts = st.text(st.sampled_from('{}[]",\\ \n aé🚀'), max_size=8)
values = st.recursive(
    st.none() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
objects = st.lists(st.dictionaries(texts, values, max_size=3), max_size=5)
layouts = st.sampled_from([b"\n", b"", b" \r\n\t", b"\x1e"])


def pieces(text: bytes, size: int) -> list[bytes]:
    return [text[at : at + size] for at in range(0, len(text), size)]


@given(objects, layouts, st.integers(1, 9), st.sampled_from([None, 2]), st.booleans())
def test_each_object_comes_as_it_was_written(written, separator, size, indent, has_mark):
    each = [json.dumps(one, ensure_ascii=bool(size % 2), indent=indent).encode() for one in written]
    text = b"".join(one + separator for one in each)
    found = list(json_objects(pieces(b"\xef\xbb\xbf" * has_mark + text, size)))
    assert found == each


@given(objects, st.integers(1, 9))
def test_a_list_of_objects_is_the_same(written, size):
    found = json_objects(pieces(json.dumps(written, indent=1).encode(), size))
    assert [json.loads(one) for one in found] == written


@given(objects.filter(bool), st.integers(1, 9))
def test_a_text_that_ends_too_early_is_never_taken_for_a_whole_one(written, size):
    text = b"\n".join(json.dumps(one).encode() for one in written)
    with pytest.raises(ContradictionError, match="ends within an object"):
        list(json_objects(pieces(text[:-1], size)))


@pytest.mark.parametrize("text", [b"1", b'"{}"', b"{}x{}", b"}", b"{}}", b"null", b"<html>", b"\xff{}"])
def test_anything_else_between_the_objects_is_refused(text):
    with pytest.raises(InvalidResponseError, match="something else between its JSON objects"):
        list(json_objects([text]))


@pytest.mark.parametrize("text", [b"", b" \n", b"[]", b"\xef\xbb\xbf"])
def test_a_text_without_objects(text):
    assert list(json_objects([text])) == []


def test_an_object_that_never_ends_is_not_held_without_limit(monkeypatch):
    monkeypatch.setattr(module, "MAX_OBJECT", 1 << 20)
    taken = 0

    def endless():
        nonlocal taken
        yield b'{"a":"'
        while True:
            taken += 1
            yield b"x" * (1 << 16)

    with pytest.raises(InvalidResponseError, match="more than 1 MiB, or one that never ends"):
        list(json_objects(endless()))
    assert taken < 20
