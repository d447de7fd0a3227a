"""Records as CSV, read back by those who read CSV."""

from __future__ import annotations

import csv
import io
import json

import pandas
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.records.columns import BOOLEAN, INTEGER, JSON, NUMBER, TEXT, Array, Struct
from devtools.nesting import TOO_DEEP

COLUMNS = {
    "text": TEXT,
    "integer": INTEGER,
    "number": NUMBER,
    "boolean": BOOLEAN,
    "json": JSON,
    "record": Struct({"a": TEXT}),
    "array": Array(INTEGER),
}
HEADER = [*COLUMNS, "_other"]

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
records = st.dictionaries(st.sampled_from([*COLUMNS, "_other", "new", 'odd",\r\n']), values)


# Deep nesting is one long text.
csv.field_size_limit(10_000_000)


def table(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))


def test_a_file_by_its_bytes(encoded):
    lines = [
        b'{"text":"plain","integer":12345678901234567890123,"number":1.10,"boolean":true,"json":[1.10, null]}',
        b'{"text":"a \\"b\\", c\\r\\nd","record":{"a": "x"},"array":[1,"2"],"new":1e400,"more":{"x": 1}}',
        b'{"text":"","integer":null,"number":-1E+5,"boolean":false,"json":"text"}',
        b'{"text":7.50,"integer":"undefined","number":"0.5","boolean":"true","record":"NA","array":{}}',
        b"{}",
    ]
    assert encoded(lines, "csv", "none", COLUMNS).decode().split("\r\n") == [
        "text,integer,number,boolean,json,record,array,_other",
        'plain,12345678901234567890123,1.10,true,"[1.10, null]",,,',
        '"a ""b"", c',
        'd",,,,,"{""a"": ""x""}","[1,""2""]","{""new"":1e400,""more"":{""x"": 1}}"',
        '"",,-1E+5,false,"""text""",,,',
        '7.50,,0.5,,,,,"{""integer"":""undefined"",""boolean"":""true"",""record"":""NA"",""array"":{}}"',
        ",,,,,,,",
        "",
    ]


def test_a_record_that_cannot_be_read_is_kept_whole(encoded):
    deep = b'{"text": ' + b"[" * TOO_DEEP + b"]" * TOO_DEEP + b', "integer": 1}'
    assert table(encoded([deep], "csv", "none", COLUMNS))[1] == [""] * 7 + [deep.decode()]


def test_half_an_emoji_is_u_fffd(encoded):
    line = rb'{"text":"x\ud83d \\ud83d", "integer": 1, "json": ["\uDC00"], "record": {"a":"\ud83d\ude00"},"\udbff":1}'
    assert table(encoded([line], "csv", "none", COLUMNS))[1] == [
        "x\ufffd \\ud83d",
        "1",
        "",
        "",
        r'["\ufffd"]',
        r'{"a":"\ud83d\ude00"}',
        "",
        '{"\ufffd":1}',
    ]


@given(
    st.binary(max_size=60) | st.binary(max_size=30).map(lambda it: b'{"text":"%b","json":["%b"]}' % (it, it))
)
def test_whatever_comes_is_written_as_utf8(encoded, line):
    encoded([line], "csv", "none", COLUMNS).decode()


@settings(max_examples=100)
@given(st.lists(records, min_size=1, max_size=4))
def test_nothing_is_lost(encoded, rows):
    lines = [json.dumps(row, ensure_ascii=False).encode() for row in rows]
    header, *found = table(encoded(lines, "csv", "none", COLUMNS))
    assert header == HEADER
    for row, cells in zip(rows, found, strict=True):
        cell = dict(zip(header, cells, strict=True))
        other = json.loads(cell.pop("_other") or "{}")
        assert other.keys() <= row.keys()
        for name, value in row.items():
            if name in other:
                assert other[name] == value
            elif isinstance(value, str) and COLUMNS[name] is not JSON:
                assert cell[name] == value
            elif value is None:
                assert cell[name] == ""
            else:
                assert json.loads(cell[name]) == value
        assert not any(cell[name] for name in COLUMNS if name not in row)


def test_duckdb_and_pandas_find_the_same_cells(tmp_path, encoded, duck):
    @settings(max_examples=25)
    @example([{}, {"text": "#"}])  # what readers may take for a comment
    @given(st.lists(records, min_size=1, max_size=8))
    def check(rows):
        path = tmp_path / "part.csv"
        path.write_bytes(encoded([json.dumps(row).encode() for row in rows], "csv", "none", COLUMNS))
        header, *expected = table(path.read_bytes())
        options = (
            "header=true, all_varchar=true, delim=',', quote='\"', escape='\"', allow_quoted_nulls=false"
        )
        found = duck(f"SELECT * FROM read_csv('{path}', {options})")
        assert [["" if cell is None else cell for cell in row] for row in found] == expected
        for row, cells in zip(rows, found, strict=True):
            assert (cells[0] is None) == (row.get("text") is None or isinstance(row["text"], list | dict)), (
                "a text of no characters is not null"
            )
        frame = pandas.read_csv(path, dtype=str, keep_default_na=False)
        assert [frame.columns.tolist(), *frame.to_numpy().tolist()] == [header, *expected]

    check()


@pytest.mark.parametrize("name", ["a,b", 'a"b', "a\nb"])
def test_the_header_is_quoted_too(encoded, name):
    assert table(encoded([b"{}"], "csv", "none", {name: TEXT}))[0] == [name, "_other"]


FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "-",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "－2+3",
]
HARMLESS = ["", "a=1", "-1", "-12.50", "1", " =1", "'=1", '"=1"', "{=1}", "ünter-@"]
COLUMNS_OF_TEXT = {
    "text": TEXT,
    "after": TEXT,
    "number": NUMBER,
    "integer": INTEGER,
    "json": JSON,
    "record": Struct({"a": TEXT}),
}


def formulas_and_more() -> tuple[list[bytes], list[str], list[list[str]]]:
    """Records, their texts, and the cells that do not hold text."""
    told = [*FORMULAS, *HARMLESS]
    others = {"number": -1.5, "integer": "-7", "json": -3, "record": {"a": "=1"}, "@new": "=1"}
    lines = [json.dumps({"text": text, "after": "x", **others}).encode() for text in told]
    return lines, told, [["x", "-1.5", "-7", "-3", '{"a": "=1"}', '{"@new":"=1"}']] * len(told)


def test_texts_that_begin_like_formulas_stay_as_they_are_by_default(encoded):
    lines, told, others = formulas_and_more()
    _, *found = table(encoded(lines, "csv", "none", COLUMNS_OF_TEXT))
    assert found == [[text, *rest] for text, rest in zip(told, others, strict=True)]
    assert encoded(lines, "csv", "none", COLUMNS_OF_TEXT, csv_formulas="keep") == encoded(
        lines, "csv", "none", COLUMNS_OF_TEXT
    )


def test_or_have_an_apostrophe_before_them(tmp_path, encoded, duck):
    lines, told, others = formulas_and_more()
    path = tmp_path / "part.csv"
    path.write_bytes(encoded(lines, "csv", "none", COLUMNS_OF_TEXT, csv_formulas="quote"))
    expected = [
        [f"'{text}" if text in FORMULAS else text, *rest] for text, rest in zip(told, others, strict=True)
    ]
    header, *found = table(path.read_bytes())
    assert found == expected
    frame = pandas.read_csv(path, dtype=str, keep_default_na=False)
    assert [frame.columns.tolist(), *frame.to_numpy().tolist()] == [header, *expected]
    options = "header=true, all_varchar=true, delim=',', quote='\"', escape='\"', allow_quoted_nulls=false"
    assert [list(row) for row in duck(f"SELECT * FROM read_csv('{path}', {options})")] == expected
    # Number columns are numbers for readers that guess.
    guessed = pandas.read_csv(path)
    assert (guessed["number"] == -1.5).all()
    assert (guessed["integer"] == -7).all()


@settings(max_examples=100)
@given(st.lists(records, min_size=1, max_size=4))
def test_then_no_cell_begins_like_a_formula(encoded, rows):
    lines = [json.dumps(row).encode() for row in rows]
    plain, quoted = (
        table(encoded(lines, "csv", "none", COLUMNS, csv_formulas=choice))[1:] for choice in ("keep", "quote")
    )
    for before, after in zip(plain, quoted, strict=True):
        for name, was, now in zip(HEADER, before, after, strict=True):
            assert now in (was, f"'{was}")
            if name == "text" and was[:1] in tuple("=+-@\t\r\n"):
                assert now[0] == "'" or float(now) < 0 or float(now) == 0
