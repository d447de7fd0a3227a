"""Both ways from records to Arrow arrays make the same of them, and odd records slow down the others only once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.landing import arrow_columns
from airflow_provider_liveperson.landing.arrow_columns import ArrowColumns
from airflow_provider_liveperson.records.columns import (
    BOOLEAN,
    INTEGER,
    JSON,
    NUMBER,
    TEXT,
    TIMESTAMP,
    Array,
    Column,
    Struct,
)

SCALARS: dict[str, Column] = {
    "text": TEXT,
    "integer": INTEGER,
    "number": NUMBER,
    "boolean": BOOLEAN,
    "timestamp": TIMESTAMP,
    "json": JSON,
}
COLUMNS: dict[str, Column] = {
    **SCALARS,
    "record": Struct({"id": TEXT, "inner": Struct({"n": INTEGER})}),
    "array": Array(INTEGER),
    "records": Array(Struct({**SCALARS, "texts": Array(TEXT)})),
}


def carefully(records: Sequence[bytes]) -> list[Any]:
    arrays, rest = ArrowColumns(COLUMNS).careful_arrays(records)
    return [*arrays, arrow_columns._other(rest, len(records))]


class Decoded:
    """Counts the records that take the fast way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fast = self.careful = 0
        to_values, to_raws = arrow_columns.ArrowColumns._fast, arrow_columns.ArrowColumns.careful_arrays

        def fast(columns: ArrowColumns, values: Sequence[Any]) -> list[Any]:
            self.fast += len(values)
            return to_values(columns, values)

        def careful(columns: ArrowColumns, records: Sequence[bytes]) -> Any:
            self.careful += len(records)
            return to_raws(columns, records)

        monkeypatch.setattr(arrow_columns.ArrowColumns, "_fast", fast)
        monkeypatch.setattr(arrow_columns.ArrowColumns, "careful_arrays", careful)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
typed: dict[Column, st.SearchStrategy[Any]] = {
    TEXT: texts | st.integers(-3, 3) | st.booleans(),
    INTEGER: st.integers(-(2**63), 2**63 - 1),
    NUMBER: st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False),
    BOOLEAN: st.booleans(),
    TIMESTAMP: st.integers(0, 2 * 10**12)
    | st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(str),
}
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**66), 2**66) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=5,
)
odd = (
    anything
    | st.integers(-9, 9).map(str)
    | st.sampled_from(["2026-01-30T10:00:00", "2026-01-30T10:00:00.1234567Z", "1736241150120", "-0"])
)


def fields(columns: dict[str, Column]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects nearly as declared: mostly what fits, and now and then something else, or a field more."""
    optional = {name: st.none() | nearly(column) for name, column in columns.items()}
    return st.fixed_dictionaries({}, optional={**optional, "new": odd, 'new "2"': odd})


def nearly(column: Column) -> st.SearchStrategy[Any]:
    if isinstance(column, Struct):
        fits = fields(dict(column.fields))
    elif isinstance(column, Array):
        fits = st.lists(st.none() | nearly(column.items), max_size=3)
    else:
        fits = typed.get(column, anything)
    return st.integers(0, 15).flatmap(lambda place: odd if place == 0 else fits)


lines = fields(COLUMNS).map(
    lambda record: json.dumps(record).replace('"-0"', "-0").encode()
) | st.sampled_from(
    [
        b"null",
        b"7",
        b"{",
        b"",
        b"{},{}",
        b'{"number":1e400}',
        b'{"text":1.10}',
        b'{"text":-0}',
        b'{"text":"\\ud83d"}',
        b'{"text":"\xff"}',
        b'{"json":["\xff"]}',
        b'{"new":"\xff"}',
        b'{"te\\u0078t":"a","text":"b"}',
        b'{"records":[{"text":"a","text":1}]}',
        b'{"new":{"a":1},"new":2}',
        b'{"integer":1,"integer":null}',
        b'{"integer":%b}' % (b"9" * 5000),
        b'{"text": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(lines, min_size=1, max_size=5), min_size=1, max_size=4))
def test_both_ways_make_the_same(chunks: list[list[bytes]]) -> None:
    columns = ArrowColumns(COLUMNS)
    for chunk in chunks:
        found, expected = columns.arrays(chunk), carefully(chunk)
        for array in found:
            array.validate(full=True)
        assert [array.to_pylist() for array in found] == [array.to_pylist() for array in expected]


def declared(columns: dict[str, Column]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects as declared: fields are there, null, or missing."""
    return st.fixed_dictionaries(
        {}, optional={name: st.none() | as_declared(column) for name, column in columns.items()}
    )


def as_declared(column: Column) -> st.SearchStrategy[Any]:
    if isinstance(column, Struct):
        return declared(dict(column.fields))
    if isinstance(column, Array):
        return st.lists(st.none() | as_declared(column.items), max_size=3)
    return typed.get(column, anything)


TWO_OF_EACH: dict[str, Column] = {
    **COLUMNS,
    "others": Array(JSON),
    **{f"{it}2": SCALARS[it] for it in SCALARS},
}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(declared(TWO_OF_EACH), min_size=1, max_size=5), min_size=1, max_size=4))
def test_records_as_declared_have_the_same_arrays_in_both_ways(chunks: list[list[dict[str, Any]]]) -> None:
    columns = ArrowColumns(TWO_OF_EACH)
    for chunk in chunks:
        encoded = [json.dumps(record).encode() for record in chunk]
        found, (expected, rest) = columns.arrays(encoded), ArrowColumns(TWO_OF_EACH).careful_arrays(encoded)
        for array in found:
            array.validate(full=True)
        assert not rest or found[-1].null_count < len(chunk)
        assert [array.to_pylist() for array in found[:-1]] == [array.to_pylist() for array in expected]


def test_columns_of_one_type_may_hold_different_values(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded, columns = Decoded(monkeypatch), ArrowColumns(TWO_OF_EACH)
    texts_first = b'{"text":"7","text2":7,"timestamp":"2026-01-01T00:00:00Z","timestamp2":1767225600000}'
    numbers_first = b'{"text":8,"text2":"x","timestamp":1767225600000,"timestamp2":"2026-01-01T00:00:00Z"}'
    for record, wanted in ((texts_first, ("7", "7")), (numbers_first, ("8", "x")), (texts_first, ("7", "7"))):
        found = dict(zip(TWO_OF_EACH, columns.arrays([record] * 3), strict=False))
        assert (found["text"].to_pylist(), found["text2"].to_pylist()) == ([wanted[0]] * 3, [wanted[1]] * 3)
        instants = [datetime(2026, 1, 1, tzinfo=UTC)] * 3
        assert found["timestamp"].to_pylist() == found["timestamp2"].to_pylist() == instants
    assert (decoded.careful, decoded.fast > 0) == (0, True)


def test_json_is_kept_as_it_was_written() -> None:
    sent = [b'"null"', b"null", b'{ "a" : 1.10}', b'"\\u0000"', b"[null]", '"☃"'.encode()]
    lines = [b'{"json":%b,"others":[%b,null]}' % (it, it) for it in sent] + [b"{}"]
    found = dict(zip(TWO_OF_EACH, ArrowColumns(TWO_OF_EACH).arrays(lines), strict=False))
    expected = [None if it == b"null" else it.decode() for it in sent]
    assert found["json"].to_pylist() == [*expected, None]
    assert found["others"].to_pylist() == [*([it, None] for it in expected), None]


@settings(max_examples=25, deadline=None)
@given(st.lists(lines, min_size=1, max_size=12))
def test_odd_records_among_others_keep_their_places(some: list[bytes]) -> None:
    columns = ArrowColumns(COLUMNS)
    chunk = [line for it in some for line in (it, *[b'{"text":"a","records":[{"integer":1}]}'] * 9)]
    for _ in range(2):
        found, expected = columns.arrays(chunk), carefully(chunk)
        assert [array.to_pylist() for array in found] == [array.to_pylist() for array in expected]


@pytest.mark.parametrize(
    "record",
    [
        {"text": "a", "records": [{"new": 1}]},
        {"new": {"a": 1}, "record": {"newer": None}},
        {"integer": "undefined", "records": [{"number": "7"}, {"number": "x"}]},
        {"text": 0, "records": [{"text": 0}]},
        {"record": "undefined", "array": {"a": 1}},
        {"number": 2**53 + 1},
        {"integer": 2**70},
        {"records": [{"timestamp": "undefined"}, {"timestamp": -1}]},
    ],
)
def test_what_is_odd_in_every_record_is_read_fast_the_second_time(
    record: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = carefully([json.dumps(record).encode()] * 20)
    decoded, columns = Decoded(monkeypatch), ArrowColumns(COLUMNS)
    for _ in range(4):
        found = columns.arrays([json.dumps(record).encode()] * 20)
        assert [array.to_pylist() for array in found] == [array.to_pylist() for array in expected]
    decoded.fast = decoded.careful = 0
    columns.arrays([json.dumps(record).encode()] * 20)
    assert (decoded.fast, decoded.careful) == (20, 0)


def test_names_without_end_are_read_raw(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded, columns = Decoded(monkeypatch), ArrowColumns(COLUMNS)

    def chunk(number: int) -> list[bytes]:
        return [json.dumps({"record": {f"name-{number}-{it}": it}}).encode() for it in range(20)]

    for number in range(6):
        found = columns.arrays(chunk(number))
        assert [array.to_pylist() for array in found] == [
            array.to_pylist() for array in carefully(chunk(number))
        ]
    decoded.fast = decoded.careful = 0
    columns.arrays(chunk(7))
    assert (decoded.fast, decoded.careful) == (20, 0)


def test_names_without_end_in_records_themselves_end_the_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = ArrowColumns(COLUMNS)
    for number in range(3):
        columns.arrays([json.dumps({f"name-{number}-{it}": it}).encode() for it in range(40)])
    decoded = Decoded(monkeypatch)
    found = columns.arrays([b'{"text":"a"}'] * 20)
    assert found[0].to_pylist() == ["a"] * 20
    assert (decoded.fast, decoded.careful) == (0, 20)


def test_the_decoder_is_made_anew_only_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_columns, "_MAX_REBUILDS", 3)
    columns = ArrowColumns(COLUMNS)
    for number in range(10):
        record = json.dumps({f"name-{number}": 1}).encode()
        (other,) = columns.arrays([record])[-1].to_pylist()
        assert other == f'{{"name-{number}":1}}'
    assert columns._rebuilds == 4


@pytest.mark.parametrize(
    ("sent", "instant"),
    [
        ("2025-02-04 22:54:14.260+0000", "2025-02-04T22:54:14.260000+00:00"),
        ("2025-02-04T22:54:14Z", "2025-02-04T22:54:14+00:00"),
        ("2025-02-04T22:54:14.123456-05:30", "2025-02-05T04:24:14.123456+00:00"),
        (1738709654260, "2025-02-04T22:54:14.260000+00:00"),
        ("1738709654260", "2025-02-04T22:54:14.260000+00:00"),
        (0, "1970-01-01T00:00:00+00:00"),
    ],
)
def test_instants(sent: Any, instant: str) -> None:
    for others in ([], ["2026-01-01T00:00:00Z"], [1], ["x"]):
        chunk = [json.dumps({"timestamp": it}).encode() for it in (sent, *others)]
        column = ArrowColumns(COLUMNS).arrays(chunk)[list(COLUMNS).index("timestamp")]
        assert column.type == pyarrow.timestamp("us", "UTC")
        assert column[0].as_py().isoformat() == instant


@pytest.mark.parametrize(
    "sent",
    [
        "undefined",
        "",
        -1,
        1.5,
        True,
        10**15,
        "2025-02-04T22:54:14",
        "2025-02-30T00:00:00Z",
        "2025-02-04T22:54:14.1234567Z",
        "20250204",
        "-1",
        {"at": 1},
    ],
)
def test_what_is_not_an_instant_is_kept_beside(sent: Any) -> None:
    for others in ([], ["2026-01-01T00:00:00Z"], [1]):
        arrays = ArrowColumns(COLUMNS).arrays(
            [json.dumps({"timestamp": it}).encode() for it in (sent, *others)]
        )
        assert arrays[list(COLUMNS).index("timestamp")][0].as_py() is None
        assert json.loads(arrays[-1][0].as_py()) == {"timestamp": sent}


def test_instants_among_other_texts() -> None:
    sent = ["2026-01-01T00:00:00Z", "undefined", None, "2026-01-01 01:00:00+0100", "2026-02-30T00:00:00Z"]
    columns = ArrowColumns(COLUMNS)
    for some in (sent[:4], sent):
        for _ in range(2):
            arrays = columns.arrays([json.dumps({"timestamp": it}).encode() for it in some])
            found = arrays[list(COLUMNS).index("timestamp")].to_pylist()
            assert found == [
                datetime(2026, 1, 1, tzinfo=UTC),
                None,
                None,
                datetime(2026, 1, 1, tzinfo=UTC),
            ] + [None] * (len(some) - 4)
            assert [json.loads(other)["timestamp"] for other in arrays[-1].to_pylist() if other] == [
                it for it in some if it == "undefined" or (it or "").startswith("2026-02-30")
            ]
