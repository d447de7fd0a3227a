"""The fast way through a record against a plain one, value by value, for JSON of any shape and spelling."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import Raw

from airflow_provider_liveperson.records import masker
from airflow_provider_liveperson.records.branch import Action, Branch, Tree
from airflow_provider_liveperson.records.masker import Masker

KEY = b"a long random text"
TREE: Tree = {
    "a": Action.HASH,
    "b": {"a": Action.HASH, "c": Action.DROP, "d": {"a": Action.HASH}},
    "c": Action.DROP,
}


def hashed(text: str) -> str:
    return hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()


def canonical(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def without_spaces(raw: bytes) -> bytes:
    return msgspec.json.format(raw, indent=-1)


def expected(raw: bytes, tree: Tree) -> bytes:
    """What masking makes of a value: objects and arrays that change are written anew, everything else is kept."""
    if raw[:1] == b"[":
        items = [bytes(item) for item in msgspec.json.decode(raw, type=list[Raw])]
        masked = [expected(item, tree) for item in items]
        return raw if masked == items else b"[%b]" % b",".join(masked)
    if raw[:1] != b"{":
        return raw
    fields = {name: bytes(value) for name, value in msgspec.json.decode(raw, type=dict[str, Raw]).items()}
    after: dict[str, bytes] = {}
    for name, value in fields.items():
        what = tree.get(name)
        if what is None or (what is Action.HASH and value == b"null"):
            after[name] = value
        elif what is Action.HASH:
            after[name] = b'"%b"' % hashed(canonical(json.loads(value))).encode()
        elif isinstance(what, dict):
            after[name] = expected(value, what)
    new = b"{%b}" % b",".join(msgspec.json.encode(name) + b":" + value for name, value in after.items())
    # Where one of the fields is there twice, or written with escapes, the object is written anew all the same.
    is_as_written = tree.keys().isdisjoint(fields) or without_spaces(raw) == without_spaces(new)
    return raw if after == fields and is_as_written else new


scalars = (
    st.none() | st.booleans() | st.integers(-9, 10**20) | st.sampled_from(["", "x", "é", "\n", "\U0001f600"])
)
names = st.sampled_from("abcde")


@st.composite
def written(draw: st.DrawFn, depth: int = 3) -> str:
    """A JSON value in some spelling: with spaces or without, with escapes or without, with names twice."""
    space = draw(st.sampled_from(["", "", " "]))
    kind = draw(st.sampled_from(["object", "array", "scalar"] if depth else ["scalar"]))
    if kind == "scalar":
        return json.dumps(draw(scalars), ensure_ascii=draw(st.booleans()))
    if kind == "array":
        items = draw(st.lists(written(depth - 1), max_size=3))
        return f"[{space}{f',{space}'.join(items)}]"
    fields = draw(st.lists(st.tuples(names, st.booleans(), written(depth - 1)), max_size=4))
    members = [
        f'"{f"{chr(92)}u{ord(name):04x}" if is_escaped else name}"{space}:{space}{value}'
        for name, is_escaped, value in fields
    ]
    return f"{{{space}{f'{space},'.join(members)}}}"


records = written().filter(lambda text: text.startswith("{")).map(str.encode)


@given(st.lists(records, min_size=1, max_size=4))
@example(['{"a":{"a":"\U0001f600"}}'.encode()])
def test_records_are_masked_as_value_by_value(lines: list[bytes]) -> None:
    fast = Masker(Branch.of(TREE), KEY)
    for line in lines:
        assert fast.mask(line) == expected(line, TREE)
        assert fast.mask(memoryview(line)) == expected(line, TREE)


def test_elements_that_stay_keep_their_bytes() -> None:
    line = b'{"b":[{"x": 1.10},{"a": null}, {"a": 7, "x": 1e400},{"c":1}]}'
    masked = b'{"b":[{"x": 1.10},{"a": null},{"a":"%b","x":1e400},{}]}' % hashed("7").encode()
    assert Masker(Branch.of(TREE), KEY).mask(line) == masked


def test_what_is_cached_is_bounded_and_changes_no_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masker, "_MAX_CACHED", 3)
    fast = Masker(Branch.of(TREE), KEY)
    for value in [*range(10), "x" * 1000, *range(10), "7", "x" * 1000]:
        assert fast.mask(json.dumps({"a": value}).encode()) == b'{"a":"%b"}' % hashed(str(value)).encode()
        assert len(fast._cache) <= 3
        assert all(len(known) <= masker._MAX_CACHED_BYTES for known in fast._cache)


def test_half_an_emoji_is_hashed_alike_in_each_record() -> None:
    fast = Masker(Branch.of(TREE), KEY)
    first, second = (
        fast.mask(rb'{"a":"\ud83d","e":"%b\ud83d"}' % filler).split(b",")[0] for filler in (b"", b"x")
    )
    assert first == second == b'{"a":"%b"' % hashed("\ufffd").encode()
