"""Which fields land: only those that are kept, whatever comes, in every format; and the strictest of two policies."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pyarrow.parquet
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.records.columns import INTEGER, JSON, TEXT, Array, Personal, Struct
from airflow_provider_liveperson.records.masker import MAX_UNDECLARED
from airflow_provider_liveperson.records.masking import Masking, masking_of
from airflow_provider_liveperson.records.policy import ConnectionPolicy, Policy

SALT = "a long random text"
COLUMNS = {
    "id": INTEGER,
    "people": Array(Struct({"email": Personal(TEXT), "age": INTEGER, "tags": Array(TEXT)})),
    "gone": TEXT,
    "payload": JSON,
    "note": Struct({"text": TEXT, "by": Struct({"name": TEXT})}),
}


def masking(**choices: Any) -> Masking:
    return Masking(**{"declared": COLUMNS, "salt": SALT, **choices})


def applied(record: Any, **choices: Any) -> Any:
    return json.loads(masking(**choices).apply(json.dumps(record).encode()))


# -- what is kept ----------------------------------------------------------------------------------


def test_only_what_is_kept_lands():
    record = {
        "id": 7,
        "people": [{"email": "a", "age": 1, "new": "x"}, None, "text", [{"age": 2, "tags": ["t", {"x": 1}]}]],
        "gone": "g",
        "payload": {"any": {"thing": 1}, "other": 2},
        "note": {"text": "t", "by": {"name": "n", "new": 1}},
        "new": 1,
    }
    kept = ["id", "people.age", "people.tags", "payload.any", "note"]
    assert applied(record, keep_fields=kept, drop_fields=["note.text"]) == {
        "id": 7,
        "people": [{"age": 1}, None, None, [{"age": 2, "tags": ["t", None]}]],
        "payload": {"any": {"thing": 1}},
        "note": {"by": {"name": "n"}},
    }


def test_unknown_fields_alone():
    record = {
        "id": {"x": 1},
        "new": 1,
        "Id": 2,
        "note": {"text": "t", "new": {"deep": 1}},
        "payload": {"a": 1},
    }
    dropping, keeping = masking(unknown_fields="drop"), masking(unknown_fields="keep")
    line = json.dumps(record).encode()
    assert json.loads(dropping.apply(line)) == {"id": None, "note": {"text": "t"}, "payload": {"a": 1}}
    assert dropping.take_undeclared() == {"id": 1, "new": 1, "Id": 1, "note.new": 1}
    assert keeping.apply(line) is line
    assert keeping.take_undeclared() == {"new": 1, "Id": 1, "note.new": 1}
    assert masking(drop_fields=["gone"]).take_undeclared() is None


def test_with_kept_fields_unknown_ones_may_stay():
    record = {"id": 1, "new": 2, "note": {"text": "t", "new": 3}}
    assert applied(record, keep_fields=["id"], unknown_fields="keep") == {"id": 1, "new": 2}
    assert applied(record, keep_fields=["note.text"], unknown_fields="keep") == {
        "new": 2,
        "note": {"text": "t", "new": 3},
    }


def test_a_kept_field_in_another_casing_is_unknown_and_a_masked_one_is_masked():
    record = {"Id": 1, "Gone": "g", "note": {"Text": "t"}}
    assert applied(record, keep_fields=["id", "note"]) == {"note": {}}
    masked = applied(record, unknown_fields="keep", drop_fields=["gone", "note.text"])
    assert masked == {"Id": 1, "note": {}}


def test_a_name_that_is_there_twice_hides_nothing():
    line = b'{"id":{"new":"x@y"},"id":1,"note":{"new":"x@y"},"note":null}'
    assert masking(unknown_fields="drop").apply(line) == b'{"id":1,"note":null}'


def test_odd_text_counts_each_field_once():
    dropping = masking(unknown_fields="drop")
    line = rb'{"id":1,"new\ud83d":2,"note":{"text":"\ud83d","new":1}}'
    assert dropping.apply(line) == rb'{"id":1,"note":{"text":"\ud83d"}}'
    assert dropping.take_undeclared() == {"new\ufffd": 1, "note.new": 1}


def test_the_names_that_are_counted_have_bounds():
    dropping = masking(unknown_fields="drop")
    for number in range(MAX_UNDECLARED + 50):
        dropping.apply(b'{"%05d":1,"n%b":2}' % (number, b"x" * 1000))
    found = dropping.take_undeclared()
    assert found is not None
    assert len(found) == MAX_UNDECLARED + 1
    assert sum(found.values()) == 2 * (MAX_UNDECLARED + 50)
    assert max(map(len, found)) == 200


def test_the_columns_follow():
    some = masking(keep_fields=["id", "people.age", "note.by"], hash_fields=["id"])
    assert some.columns(COLUMNS) == {
        "id": TEXT,
        "people": Array(Struct({"age": INTEGER})),
        "note": Struct({"by": Struct({"name": TEXT})}),
    }


def test_the_description_says_what_is_kept_only_where_it_is_limited():
    assert masking(keep_fields=["id"]).describe()["keep_fields"] == ["id"]
    assert masking(keep_fields=["id"]).describe()["unknown_fields"] == "drop"
    assert "keep_fields" not in masking(drop_fields=["id"]).describe()


@pytest.mark.parametrize(
    ("choices", "field", "complaint"),
    [
        ({"keep_fields": []}, "keep_fields", "nothing would land"),
        ({"keep_fields": ["note", "note.text"]}, "keep_fields", "also kept by another path"),
        ({"keep_fields": ["id"], "hash_fields": ["gone"]}, "hash_fields", "not among keep_fields"),
        ({"keep_fields": ["note.text"], "hash_fields": ["note"]}, "hash_fields", "not among keep_fields"),
        ({"keep_fields": ["note.text"], "drop_fields": ["note"]}, "keep_fields", "also dropped"),
        ({"unknown_fields": "ignore"}, "unknown_fields", "must be one of keep, drop"),
    ],
)
def test_what_contradicts_itself_is_refused(choices, field, complaint):
    with pytest.raises(ConfigurationError, match=complaint) as caught:
        masking(**choices)
    assert caught.value.field == field


# -- whatever comes --------------------------------------------------------------------------------

names = st.sampled_from(
    ["id", "Id", "people", "email", "EMAIL", "age", "tags", "gone", "note", "text", "by", "name", "new", "é"]
)
secrets = st.text("0123456789", min_size=12, max_size=16).map("secret-{}".format)


def values(depth: int) -> st.SearchStrategy[Any]:
    leaf = st.none() | st.booleans() | st.integers(-9, 9) | st.just("open")
    if not depth:
        return leaf
    inner = values(depth - 1)
    return leaf | st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4)


def with_secrets(value: Any, columns: Any, path: str, may_land: list[str]) -> Any:
    """The value, in which each text, number and boolean that must not land says so."""
    if isinstance(value, dict):
        # An object where a list of such is declared is masked as one of them.
        while isinstance(columns, Array):
            columns = columns.items
        fields = columns.fields if isinstance(columns, Struct) else {}
        return {
            name: with_secrets(below, fields.get(name), f"{path}.{name}".lstrip("."), may_land)
            for name, below in value.items()
        }
    if isinstance(value, list):
        items = columns.items if isinstance(columns, Array) else columns
        return [with_secrets(item, items, path, may_land) for item in value]
    is_open = any(path == kept or path.startswith(f"{kept}.") for kept in may_land) and columns is not None
    return value if is_open or value is None else f"secret of {path}"


def landed(record: bytes, made: Masking) -> list[bytes]:
    """The record as each format has it."""
    found = []
    for file_format in ("jsonl", "csv", "parquet"):
        file = io.BytesIO()
        encoder = Encoding(file_format, "none", made.columns(COLUMNS)).encoder(file)
        encoder.write([made.apply(record)])
        encoder.close()
        if file_format == "parquet":
            file.seek(0)
            rows = pyarrow.parquet.read_table(file).to_pylist()
            found.append(json.dumps(rows, default=str).encode())
        else:
            found.append(file.getvalue())
    return found


@given(st.dictionaries(names, values(3), max_size=6))
def test_nothing_that_is_dropped_or_not_kept_lands_in_any_format(shape):
    unmarked = Struct({"id": INTEGER, "people": COLUMNS["people"].items, "note": COLUMNS["note"]})
    unmarked = Struct(
        {**unmarked.fields, "people": Array(Struct({"email": TEXT, "age": INTEGER, "tags": TEXT}))}
    )
    record = json.dumps(with_secrets(shape, unmarked, "", ["id", "people.age", "people.tags", "note.by"]))
    made = masking(keep_fields=["id", "people", "note"], drop_fields=["people.email", "note.text"])
    for line in landed(record.encode(), made):
        assert b"secret of" not in line, line
        for name in (b"new", b"email", b"EMAIL", b"Id", b"gone"):
            assert b'"%b"' % name not in line


@given(st.dictionaries(names, values(3), max_size=6), st.sampled_from(["csv", "jsonl"]))
def test_a_dropped_field_lands_in_no_casing(shape, file_format):
    record = json.dumps({**shape, "people": [{"email": "secret-1", "EMAIL": "secret-2"}], "Gone": "secret-3"})
    made = masking(drop_fields=["people.email", "gone"])
    assert not any(b"secret" in line for line in landed(record.encode(), made))


# -- two policies ----------------------------------------------------------------------------------


def both(asked: dict[str, Any], enforced: dict[str, Any], **choices: Any) -> Policy:
    made = masking_of(
        "things",
        COLUMNS,
        Policy(**asked),
        Policy(**enforced),
        salt=SALT,
        allow_undeclared_fields=False,
        **choices,
    )
    assert made is not None
    return Policy(
        hash_fields=made.hash_fields,
        drop_fields=made.drop_fields,
        keep_fields=made.keep_fields,
        unknown_fields=made.unknown_fields,
    )


@pytest.mark.parametrize(
    ("asked", "enforced", "strictest"),
    [
        ({}, {"hash_fields": ["id"]}, {"hash_fields": ("id",)}),
        ({"hash_fields": ["gone"]}, {"hash_fields": ["id", "gone"]}, {"hash_fields": ("gone", "id")}),
        ({"hash_fields": ["id"]}, {"drop_fields": ["id"]}, {"drop_fields": ("id",)}),
        ({"drop_fields": ["note"]}, {"hash_fields": ["note.text"]}, {"drop_fields": ("note",)}),
        ({"drop_fields": ["note"]}, {"drop_fields": ["note.text"]}, {"drop_fields": ("note",)}),
        ({"hash_fields": ["note"]}, {"hash_fields": ["note.text"]}, {"hash_fields": ("note",)}),
        (
            {"keep_fields": ["id", "note"]},
            {"keep_fields": ["note.text", "gone"]},
            {"keep_fields": ("note.text",), "unknown_fields": "drop"},
        ),
        (
            {"keep_fields": ["id", "gone"]},
            {"drop_fields": ["gone"], "hash_fields": ["note", "id"]},
            {
                "keep_fields": ("id",),
                "drop_fields": ("gone",),
                "hash_fields": ("id",),
                "unknown_fields": "drop",
            },
        ),
        ({"unknown_fields": "keep"}, {"unknown_fields": "drop"}, {"unknown_fields": "drop"}),
        (
            {"unknown_fields": "drop"},
            {"hash_fields": ["id"]},
            {"hash_fields": ("id",), "unknown_fields": "drop"},
        ),
        (
            {"unknown_fields": "keep"},
            {"keep_fields": ["id"]},
            {"keep_fields": ("id",), "unknown_fields": "drop"},
        ),
    ],
)
def test_the_stricter_of_two_policies_wins(asked, enforced, strictest):
    assert both(asked, enforced) == Policy(**strictest)


@pytest.mark.parametrize(
    ("asked", "enforced", "field"),
    [
        ({"keep_fields": ["id"]}, {"keep_fields": ["gone"]}, "keep_fields"),
        ({"keep_fields": ["id"]}, {"drop_fields": ["id"]}, "keep_fields"),
        ({"hash_fields": ["note"]}, {"drop_fields": ["note.text"]}, "drop_fields"),
        ({"keep_fields": ["note.text"]}, {"hash_fields": ["note"]}, "keep_fields"),
        ({"keep_fields": ["nowhere"]}, {}, "keep_fields"),
        ({}, {"keep_fields": []}, "keep_fields"),
    ],
)
def test_policies_that_cannot_both_be_had_are_refused(asked, enforced, field):
    with pytest.raises(ConfigurationError, match=field) as caught:
        both(asked, enforced)
    assert caught.value.field == field


paths = st.sampled_from(
    ["id", "people", "people.email", "people.age", "gone", "note", "note.text", "note.by.name"]
)
undeclared = st.sampled_from(["new", "people.new", "note.new.deep"])
spelled_otherwise = st.sampled_from(
    ["ID", "People", "people.Email", "PEOPLE.email", "NEW", "People.new", "Note.text", "other.B", "Other.b"]
)


def policies(paths: st.SearchStrategy[str]) -> st.SearchStrategy[Policy]:
    return st.builds(
        Policy,
        hash_fields=st.lists(paths, max_size=2, unique=True),
        drop_fields=st.lists(paths, max_size=2, unique=True),
        keep_fields=st.none() | st.lists(paths, min_size=1, max_size=4, unique=True),
        unknown_fields=st.sampled_from([None, "keep", "drop"]),
    )


FULL = {
    "id": 1,
    "people": [{"email": "e", "age": 2, "new": 3}],
    "gone": "g",
    "note": {"text": "t", "by": {"name": "n"}},
    "new": "x",
    # In another casing than declared.
    "ID": 2,
    "People": [{"email": "E", "Email": "EE", "age": 3}],
    "Note": {"text": "T", "new": "N"},
    "other": {"B": 1, "b": 2},
    "Other": {"B": 3, "b": 4},
}


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, dict):
        return {at: it for name, below in value.items() for at, it in leaves(below, f"{path}.{name}").items()}
    if isinstance(value, list):
        return {at: it for item in value for at, it in leaves(item, path).items()}
    return {path: value}


@given(
    policies(paths | undeclared | spelled_otherwise),
    policies(paths | undeclared | spelled_otherwise),
)
@example(Policy(keep_fields=["new", "id"]), Policy(unknown_fields="drop"))
@example(Policy(hash_fields=["people.new"]), Policy(unknown_fields="drop"))
@example(Policy(hash_fields=["people.new"]), Policy(keep_fields=["people"]))
@example(Policy(keep_fields=["ID"]), Policy(drop_fields=["id"]))
@example(Policy(keep_fields=["ID"]), Policy(hash_fields=["id"]))
@example(Policy(keep_fields=["Other", "id"]), Policy(drop_fields=["other.b"]))
@example(Policy(hash_fields=["ID"]), Policy(drop_fields=["id"]))
@example(Policy(hash_fields=["Other.B"]), Policy(drop_fields=["other"]))
@example(Policy(drop_fields=["Other.B"]), Policy(drop_fields=["other"]))
@example(Policy(drop_fields=["Other.b"]), Policy(hash_fields=["other.B"]))
@example(Policy(unknown_fields="keep"), Policy(drop_fields=["People"]))
def test_nobody_loosens_what_the_connection_enforces(asked, enforced):
    line = json.dumps(FULL).encode()
    try:
        alone = masking_of("t", COLUMNS, Policy(), enforced, salt=SALT, allow_undeclared_fields=True)
        made = masking_of("t", COLUMNS, asked, enforced, salt=SALT, allow_undeclared_fields=True)
    except ConfigurationError:
        return
    strict = leaves(json.loads(alone.apply(line)) if alone else FULL)
    got = leaves(json.loads(made.apply(line)) if made else FULL)
    clear = leaves(FULL)
    assert all(strict.get(path) == value for path, value in got.items() if clear.get(path) == value)
    if enforced:
        # What is hashed as a whole takes the place of what is below it.
        assert all(any(below.startswith(path) for below in strict) for path in got)


def test_a_connection_says_it_for_one_dataset_or_for_all():
    policy = ConnectionPolicy(
        hash_fields={"*": ["id", "nowhere"], "things": ["gone"], "others": ["x"]},
        keep_fields={"others": ["x"]},
    )
    assert policy.of("things", COLUMNS) == Policy(
        hash_fields=["gone", "id"], drop_fields=[], keep_fields=None
    )
    assert policy.of("others", {"x": TEXT}).keep_fields == ["x"]
    assert not policy.of("else", {"y": TEXT})


def test_csv_has_no_column_for_what_is_not_kept():
    made = masking(keep_fields=["id", "note.text"])
    header, row = csv.reader(io.StringIO(landed(json.dumps(FULL).encode(), made)[1].decode()))
    assert header == ["id", "note", "_other"]
    assert row == ["1", '{"text":"t"}', ""]
