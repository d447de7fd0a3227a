"""Records as Parquet, read back by those who read Parquet."""

from __future__ import annotations

import io
import json

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from airflow_provider_liveperson.datasets.messaging_interactions.columns import CONVERSATION
from airflow_provider_liveperson.landing import parquet_encoding
from airflow_provider_liveperson.records.columns import (
    BOOLEAN,
    INTEGER,
    JSON,
    NUMBER,
    TEXT,
    Array,
    Scalar,
    Struct,
)
from devtools.nesting import TOO_DEEP

SCALARS = {"text": TEXT, "integer": INTEGER, "number": NUMBER, "boolean": BOOLEAN, "json": JSON}
COLUMNS = {
    **SCALARS,
    "record": Struct({"id": TEXT, "inner": Struct({"n": INTEGER})}),
    "array": Array(INTEGER),
    "records": Array(Struct({**SCALARS, "texts": Array(TEXT)})),
}


@pytest.fixture(scope="session")
def stored(encoded):
    """What a file of those records holds."""

    def read(lines, columns=None):
        data = encoded(lines, "parquet", "zstd", columns or COLUMNS, batch=2)
        return parquet.read_table(io.BytesIO(data)).to_pylist()

    return read


def one(stored, column, line):
    """A single value of a single column, and what is beside it."""
    (row,) = stored([b'{"it":' + line + b"}"], {"it": column})
    return row["it"], row["_other"]


@pytest.mark.parametrize(
    ("column", "line", "value"),
    [
        (TEXT, b'"a\\u00e9\\n"', "aé\n"),
        (TEXT, b"7", "7"),
        (TEXT, b"-12345678901234567890123", "-12345678901234567890123"),
        (TEXT, b"1.10", "1.10"),
        (TEXT, b"true", "true"),
        (TEXT, b'"undefined"', "undefined"),
        (TEXT, b"null", None),
        (INTEGER, b"-1", -1),
        (INTEGER, b'"1736241150120"', 1736241150120),
        (INTEGER, b"9223372036854775807", 2**63 - 1),
        (INTEGER, b"null", None),
        (NUMBER, b"5", 5.0),
        (NUMBER, b"0.1", 0.1),
        (NUMBER, b'"4.5"', 4.5),
        (NUMBER, b"18014398509481984", 2.0**54),
        (BOOLEAN, b"false", False),
        (JSON, b'{"b": 1.10, "a": [1e400]}', '{"b": 1.10, "a": [1e400]}'),
        (JSON, b'"text"', '"text"'),
        (JSON, b"null", None),
        (Array(TEXT), b'["a", 1, null]', ["a", "1", None]),
        (Array(TEXT), b"[]", []),
        (Struct({"a": TEXT}), b"{}", {"a": None}),
        (Struct({"a": TEXT}), b"null", None),
        (Array(Array(INTEGER)), b"[[1],[],null]", [[1], [], None]),
    ],
)
def test_what_fits(stored, column, line, value):
    assert one(stored, column, line) == (value, None)


@pytest.mark.parametrize(
    ("column", "line", "value", "other"),
    [
        (INTEGER, b'"undefined"', None, b'"undefined"'),
        (INTEGER, b"9223372036854775808", None, b"9223372036854775808"),
        (INTEGER, b"1.0", None, b"1.0"),
        (INTEGER, b'"007"', None, b'"007"'),
        (INTEGER, b"true", None, b"true"),
        (NUMBER, b"1e400", None, b"1e400"),
        (NUMBER, b"9007199254740993", None, b"9007199254740993"),
        (NUMBER, b"1" * 400, None, b"1" * 400),
        (NUMBER, b'"NA"', None, b'"NA"'),
        (NUMBER, b"[1]", None, b"[1]"),
        (BOOLEAN, b'"true"', None, b'"true"'),
        (BOOLEAN, b"1", None, b"1"),
        (TEXT, b'{"a": 1.10}', None, b'{"a": 1.10}'),
        (Struct({"a": TEXT}), b'"undefined"', None, b'"undefined"'),
        (Array(TEXT), b'{"a":1}', None, b'{"a":1}'),
        (Struct({"a": TEXT}), b'{"a":"x","b":1.10}', {"a": "x"}, b'{"b":1.10}'),
        (Array(INTEGER), b'[1,2,"x",3,"y",4]', [1, 2, None, 3, None, 4], b'[null,null,"x",null,"y"]'),
        (
            Array(Struct({"a": INTEGER})),
            b'[{"a":1},{"a":2,"new":{"x": 1}},"odd"]',
            [{"a": 1}, {"a": 2}, None],
            b'[null,{"new":{"x": 1}},"odd"]',
        ),
    ],
)
def test_what_does_not_fit_is_kept_beside_at_its_place(stored, column, line, value, other):
    assert one(stored, column, line) == (value, f'{{"it":{other.decode()}}}')


def test_one_odd_value_changes_nothing_for_its_neighbors(stored):
    sent = [1, "2", "x", None, -0.0, 2**70, 3]
    rows = stored([b'{"it":%b}' % json.dumps(it).encode() for it in sent], {"it": INTEGER})
    assert [row["it"] for row in rows] == [1, 2, None, None, None, None, 3]
    assert [row["_other"] for row in rows if row["_other"]] == [
        '{"it":"x"}',
        '{"it":-0.0}',
        '{"it":1180591620717411303424}',
    ]


def test_a_record_that_cannot_be_read_is_kept_whole(stored):
    deep = b'{"text": ' + b"[" * TOO_DEEP + b"]" * TOO_DEEP + b', "integer": 1}'
    rows = stored([b'{"integer":1}', deep, b'{"integer":2}'])
    assert [row["integer"] for row in rows] == [1, None, 2]
    assert [row["_other"] for row in rows] == [None, deep.decode(), None]


def test_half_an_emoji_is_u_fffd(stored):
    odd = rb"""{"text":"\ud83d \\ud83d","json":["\uDC00"],"records":[{"text":"\ud83d"}],"\udbff":"\ude00"}"""
    row, even = stored([odd, b'{"text":"\\ud83d\\ude00"}'])
    assert (row["text"], row["json"]) == ("\ufffd \\ud83d", r'["\ufffd"]')
    assert row["records"][0]["text"] == "\ufffd"
    assert json.loads(row["_other"]) == {"\ufffd": "\ufffd"}
    assert even["text"] == "\U0001f600"


@given(
    st.lists(
        st.binary(max_size=60)
        | st.builds(
            lambda one, two: (
                b'{"text":"%b","json":["%b"],"record":{"id":"%b"},"%b":1}' % (one, two, one, two)
            ),
            st.binary(max_size=9),
            st.binary(max_size=9),
        )
        | st.sampled_from(
            [b'{"integer":1e400}', b'{"number":%b}' % (b"9" * 5000), b'{"boolean":7}', b"null", b"7"]
        ),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_comes_is_written(stored, lines):
    assert len(stored(lines)) == len(lines)


names = st.sampled_from([*COLUMNS, "id", "inner", "n", "texts", "new", "_other"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**66), 2**66)
    | st.integers(-9, 9).map(str)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=10,
)


def check(column, sent, value, other):
    """What was sent is in the column, or else beside it at the same place."""
    if isinstance(column, Struct) and isinstance(sent, dict):
        beside = {} if other is None else other
        assert beside.keys() <= sent.keys()
        assert all(beside[name] == sent[name] for name in sent if name not in column.fields)
        for name, field in column.fields.items():
            check(field, sent.get(name), value[name], beside.get(name))
    elif isinstance(column, Array) and isinstance(sent, list):
        beside = [] if other is None else other
        assert len(value) == len(sent) >= len(beside)
        for place, item in enumerate(sent):
            check(column.items, item, value[place], beside[place] if place < len(beside) else None)
    elif sent is None or other is not None:
        assert (value, other) == (None, sent)
    elif column is JSON:
        assert json.loads(value) == sent
    elif column is TEXT:
        assert value == (sent if isinstance(sent, str) else json.dumps(sent))
    else:
        assert isinstance(column, Scalar)
        assert value == (sent if isinstance(sent, int | float) else json.loads(sent))


@settings(max_examples=60)
@given(st.lists(st.dictionaries(names, values, max_size=6), min_size=1, max_size=5))
def test_nothing_is_lost_and_nothing_fails(stored, sent):
    for record, row in zip(sent, stored([json.dumps(it).encode() for it in sent]), strict=True):
        other = json.loads(row.pop("_other") or "{}")
        check(Struct(COLUMNS), record, row, other)


def test_row_groups_are_bounded_by_bytes(monkeypatch, encoded):
    monkeypatch.setattr(parquet_encoding, "_CHUNK", 1000)
    monkeypatch.setattr(parquet_encoding, "_ROW_GROUP", 3000)
    lines = [b'{"text":"%b"}' % (b"x" * size) for size in (500, 500, 500, 9000, 10, 2990, 5)]
    data = encoded(lines, "parquet", "none", COLUMNS)
    about = parquet.ParquetFile(io.BytesIO(data)).metadata
    assert [about.row_group(n).num_rows for n in range(about.num_row_groups)] == [4, 2, 1]


def test_statistics_are_kept_where_readers_look_at_them(encoded):
    lines = [b'{"text":"a","json":[1],"record":{"id":"x","inner":{"n":1}},"records":[{"integer":1}]}'] * 3
    group = parquet.ParquetFile(io.BytesIO(encoded(lines, "parquet", "gzip", COLUMNS))).metadata.row_group(0)
    columns = {column.path_in_schema: column for column in map(group.column, range(group.num_columns))}
    kept = {path for path, column in columns.items() if column.statistics is not None}
    assert kept >= {"text", "integer", "record.id", "record.inner.n"}
    assert not [path for path in kept if "records" in path or path in ("json", "_other")]
    assert columns["record.inner.n"].statistics.max == 1


@pytest.mark.parametrize(
    ("compression", "codec"), [("gzip", "GZIP"), ("zstd", "ZSTD"), ("none", "UNCOMPRESSED")]
)
def test_the_compression_is_the_codec_inside(encoded, compression, codec):
    about = parquet.ParquetFile(
        io.BytesIO(encoded([b'{"text":"a"}'], "parquet", compression, COLUMNS))
    ).metadata
    assert about.row_group(0).column(0).compression == codec


def test_a_write_that_fails_is_not_swallowed():
    class Disk:
        full = False

        def write(self, data):
            if self.full:
                raise OSError(28, "No space left on device")
            return len(data)

        def tell(self):
            return 0

        def flush(self):
            pass

    disk = Disk()
    encoder = parquet_encoding.Parquet(disk, "none", COLUMNS)
    encoder.write([b"{}"])
    disk.full = True
    with pytest.raises(OSError, match="No space left"):
        encoder.close()


OPEN = {
    "info": {"conversationId": "c1", "status": "OPEN", "endTimeL": -1, "latestSkillId": -1, "newField": 1},
    "messageRecords": [{"messageId": "m1", "seq": 0, "messageData": {"msg": {"text": "Where is it?"}}}],
}
CLOSED = {
    "info": {
        "conversationId": "c2",
        "status": "CLOSE",
        "endTimeL": 1736241150120,
        "csatRate": 4,
        "features": ["A"],
    },
    "conversationSurveys": [{"surveyId": 5, "surveyData": [{"question": "How?", "answerSeq": "undefined"}]}],
    "sdes": {"events": [{"sdeType": "CUSTOMER_INFO", "customerInfo": {"customerInfo": {"balance": 1.5}}}]},
}


def test_parts_of_all_days_are_one_table(tmp_path, encoded, duck):
    for day, records in {"2026-01-01": [OPEN], "2026-01-02": [CLOSED, {}]}.items():
        folder = tmp_path / "account_id=le1" / f"dt={day}" / "window"
        folder.mkdir(parents=True)
        lines = [json.dumps(record).encode() for record in records]
        (folder / "part-00000.parquet").write_bytes(encoded(lines, "parquet", "gzip", CONVERSATION))
    rows = duck(
        "SELECT dt::VARCHAR, account_id, info.conversationId, info.endTimeL, info.latestSkillId,"
        " messageRecords[1].messageData->>'$.msg.text', conversationSurveys[1].surveyData[1].question, _other"
        f" FROM read_parquet('{tmp_path}/**/*.parquet', hive_partitioning=true) ORDER BY 1, 3"
    )
    beside = '{"conversationSurveys":[{"surveyData":[{"answerSeq":"undefined"}]}]}'
    assert rows == [
        ("2026-01-01", "le1", "c1", -1, "-1", "Where is it?", None, '{"info":{"newField":1}}'),
        ("2026-01-02", "le1", "c2", 1736241150120, None, None, "How?", beside),
        ("2026-01-02", "le1", None, None, None, None, None, None),
    ]
    frame = pandas.read_parquet(tmp_path)
    assert frame["dt"].astype(str).tolist() == ["2026-01-01", "2026-01-02", "2026-01-02"]
    assert [info and info["conversationId"] for info in frame["info"]] == ["c1", "c2", None]
    assert frame.columns.tolist() == [*CONVERSATION, "_other", "account_id", "dt"]
