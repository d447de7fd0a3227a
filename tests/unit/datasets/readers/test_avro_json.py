"""Tags of Avro's JSON are taken away, and what is inside stays byte for byte."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.datasets.readers.avro_json import fields, items, untagged

names = st.text(st.sampled_from("abc"), min_size=2, max_size=4)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, min_size=1, max_size=3),
    max_leaves=12,
)


def tagged(value: Any) -> Any:
    if isinstance(value, bool):
        return {"boolean": value}
    if isinstance(value, int):
        return {"long": value}
    if isinstance(value, str):
        return {"string": value}
    if isinstance(value, list):
        return {"array": [tagged(one) for one in value]}
    if isinstance(value, dict):
        return {"com.liveperson.dataaccess.X": {name: tagged(one) for name, one in value.items()}}
    return value


@given(plain)
def test_what_was_tagged_comes_back(value):
    assert json.loads(untagged(json.dumps(tagged(value)).encode())) == value


@given(plain)
def test_what_has_no_tags_stays_as_it_was_written(value):
    text = json.dumps(value, indent=1).encode()
    assert untagged(text) == text


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        (b'{"double":0.50}', b"0.50"),
        (b'{"long":-0}', b"-0"),
        (b'{"a":{"double":1e400},"b":{ "x" : 1,"x":2 }}', b'{"a":1e400,"b":{ "x" : 1,"x":2 }}'),
        (rb'{"string":"\u00e9\/"}', rb'"\u00e9\/"'),
        (b'{"array":[{"map":{"a":{"int":1}}}]}', b'[{"a":1}]'),
        (b'{"string":null}', b"null"),
        (b'{"string":"x","long":1}', b'{"string":"x","long":1}'),
        (b"{}", b"{}"),
    ],
)
def test_values_are_not_touched(text, bare):
    assert untagged(text) == bare


def test_fields_and_items_with_and_without_tags():
    assert list(fields(b'{"a.b.X":{"y":1}}')) == list(fields(b'{"y":1}')) == ["y"]
    assert list(map(bytes, items(b'{"array":[1,2]}'))) == list(map(bytes, items(b"[1,2]"))) == [b"1", b"2"]
    assert items(b"null") == items(b'{"array":null}') == []


@pytest.mark.parametrize("value", [b'{"a":1}', b"1", b'"x"'])
def test_what_is_not_a_list_has_no_items(value):
    with pytest.raises(msgspec.DecodeError):
        items(value)
