"""Records as lines, by their bytes."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.line import one_line, with_members

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def cut(page: bytes) -> list[bytes | memoryview]:
    read = raw.read(msgspec.json.Decoder(list[msgspec.Raw]), page)
    return list(map(read.line, read.content))


def test_one_line_keeps_what_is_on_one_line_to_the_byte():
    raw = b'{ "a":1.50,  "b":"\\n" }'
    assert one_line(raw) == raw
    assert one_line(b'{\r\n "a":\n1.50}') == b'{"a":1.50}'


def test_a_page_without_line_breaks_is_not_copied():
    page = b'[{"a": 1.50}, {"b": "\\n"}]'
    found = cut(page)
    assert [bytes(line) for line in found] == [b'{"a": 1.50}', b'{"b": "\\n"}']
    assert all(isinstance(line, memoryview) and line.readonly for line in found)


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_line_breaks_go_wherever_they_are(end):
    assert cut(b"[" + end + b'{"a":1},{' + end + b'"b": 2.50}]') == [b'{"a":1}', b'{"b":2.50}']


@given(st.lists(values, max_size=5), st.sampled_from([None, 0, 2]))
def test_every_record_becomes_one_line_of_the_same_json(records, indent):
    found = [bytes(line) for line in cut(json.dumps(records, indent=indent).encode())]
    assert not any(b"\n" in line or b"\r" in line for line in found)
    assert [json.loads(line) for line in found] == records


objects = st.dictionaries(st.text(max_size=5), values, max_size=3)


@given(objects, st.sampled_from([None, 1]), st.booleans())
def test_added_members_come_last_and_the_others_stay_to_the_byte(record, indent, is_view):
    line = json.dumps(record, indent=indent).encode()
    made = with_members(memoryview(line) if is_view else line, b'"_api":"msg_search"')
    assert json.loads(made) == {**record, "_api": "msg_search"}
    assert made.startswith(line[:-1])


def test_an_added_member_counts_for_all_who_read_the_last_of_a_name():
    assert json.loads(with_members(b'{"_api":1}', b'"_api":"x"')) == {"_api": "x"}


def test_a_repaired_line_stays_one_with_added_members():
    made = with_members(raw.RepairedLine(b'{"a":"\xef\xbf\xbd"}'), b'"_api":"x"')
    assert type(made) is raw.RepairedLine
    assert made == b'{"a":"\xef\xbf\xbd","_api":"x"}'
