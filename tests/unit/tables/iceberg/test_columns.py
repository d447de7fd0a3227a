"""The columns of an Iceberg table: those that are declared, as time goes on."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow
import pytest
from pyarrow.parquet import ParquetFile
from pyiceberg.types import DoubleType, ListType, LongType, StringType, StructType, TimestamptzType

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing import parquet_encoding
from airflow_provider_liveperson.landing.arrow_pool import arrow_type
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.records.columns import (
    BOOLEAN,
    INTEGER,
    JSON,
    NUMBER,
    OTHER,
    TEXT,
    TIMESTAMP,
    Array,
    Personal,
    Struct,
    unmarked,
)
from airflow_provider_liveperson.records.masking import Masking
from airflow_provider_liveperson.tables.iceberg import data_file
from airflow_provider_liveperson.tables.iceberg.schema import PLACE, check_types, schema_of, with_ids
from devtools.iceberg import DAY, NEXT_DAY, rows_in_files

OLD = {"id": TEXT, "profile": Struct({"name": TEXT}), "skills": Array(Struct({"id": INTEGER}))}
NEW = {
    "id": TEXT,
    "added": NUMBER,
    "profile": Struct({"name": TEXT, "since": TIMESTAMP}),
    "skills": Array(Struct({"id": INTEGER, "level": TEXT})),
}


@pytest.fixture
def declare(monkeypatch):
    """Declares other columns for users, as another version would."""

    def change(columns) -> None:
        changed = dataclasses.replace(DATASETS["users"], columns=columns)
        monkeypatch.setitem(DATASETS, "users", changed)

    return change


def record(**fields) -> str:
    return json.dumps(fields)


def test_each_kind_of_column_has_its_type():
    columns = {
        "text": TEXT,
        "whole": INTEGER,
        "number": NUMBER,
        "flag": BOOLEAN,
        "at": TIMESTAMP,
        "any": JSON,
        "person": Personal(Struct({"name": TEXT, "ids": Array(INTEGER)})),
    }
    schema = schema_of(columns)
    kinds = {field.name: str(field.field_type) for field in schema.fields}
    assert kinds.pop("person").startswith("struct<")
    assert kinds == {
        "text": "string",
        "whole": "long",
        "number": "double",
        "flag": "boolean",
        "at": "timestamptz",
        "any": "string",
        "account_id": "string",
        "dt": "date",
        "_window": "string",
    }
    person = schema.find_field("person").field_type
    assert isinstance(person, StructType)
    assert isinstance(schema.find_field("person.ids").field_type, ListType)
    assert schema.find_field("person.ids.element").field_type == LongType()
    assert all(not field.required for field in schema.fields)


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_the_parts_of_every_dataset_fit_its_table(name):
    columns = {**unmarked(DATASETS[name].columns), OTHER: TEXT}
    schema = schema_of(columns)
    parts = pyarrow.schema([(column, arrow_type(kind)) for column, kind in columns.items()])
    found = with_ids(parts, schema)
    assert found is not None
    check_types(name, schema, found)
    assert set(found.column_names) | set(PLACE) == set(schema.column_names)
    folded = [name.lower() for name in (field.name for field in schema.fields)]
    assert len(set(folded)) == len(folded)


def test_columns_that_a_later_version_declares_are_added_at_any_depth(lake, declare):
    declare(OLD)
    lake.load(lake.land([record(id="1", profile={"name": "a"}, skills=[{"id": 7}])]))
    before = lake.table.schema()

    declare(NEW)
    since = "2026-01-01T00:00:00Z"
    newer = record(id="2", added=1.5, profile={"name": "b", "since": since}, skills=[{"id": 8, "level": "x"}])
    lake.load(lake.land([newer], window=NEXT_DAY))

    assert lake.rows("id", "added", "profile", "skills") == [
        ("1", None, {"name": "a", "since": None}, [{"id": 7, "level": None}]),
        (
            "2",
            1.5,
            {"name": "b", "since": datetime(2026, 1, 1, tzinfo=UTC)},
            [{"id": 8, "level": "x"}],
        ),
    ]
    schema = lake.table.schema()
    assert schema.find_field("added").field_type == DoubleType()
    assert schema.find_field("profile.since").field_type == TimestamptzType()
    # What was there keeps its id, so that old files are read as before.
    assert all(
        before.find_field(name) == schema.find_field(name) for name in ("id", "_window", "profile.name")
    )


def test_a_window_from_before_a_column_replaces_one_after_it(lake, declare):
    declare(NEW)
    lake.load(lake.land([record(id="1", added=1)]))
    lake.load(lake.land([record(id="2")], columns=OLD))
    assert lake.rows("id", "added") == [("2", None)]


def test_a_column_that_is_not_declared_any_more_keeps_its_values_and_its_place(lake, declare):
    declare(NEW)
    landed = lake.land([record(id="1", added=1)])
    lake.load(landed)
    declare(OLD)
    lake.load(lake.land([record(id="2")], window=NEXT_DAY))
    assert lake.rows("id", "added") == [("1", 1.0), ("2", None)]


def test_parts_may_have_columns_that_this_version_does_not_declare(lake, declare):
    """They were written by another version; nothing of them is lost."""
    declare(OLD)
    lake.load(lake.land([record(id="1")]))
    lake.load(lake.land([record(id="2", added=2)], window=NEXT_DAY, columns=NEW))
    assert lake.rows("id", "added") == [("1", None), ("2", 2.0)]
    assert lake.table.schema().find_field("skills.element.level").field_type == StringType()


@pytest.mark.parametrize("is_new", [True, False], ids=["new table", "table"])
def test_parts_of_another_type_are_refused_before_anything_is_written(lake, declare, is_new):
    declare(OLD)
    if not is_new:
        lake.load(lake.land([record(id="1")]))
    landed, before = (
        lake.land([record(id=5)], window=NEXT_DAY, columns={**OLD, "id": INTEGER}),
        lake.everything(),
    )
    with pytest.raises(ConfigurationError, match="column id is long in the parts, and string") as raised:
        lake.load(landed)
    assert raised.value.field == "table"
    if is_new:
        assert not (lake.folder / "warehouse").exists()
    else:
        assert lake.everything() == before


def test_a_table_of_another_type_is_refused_before_anything_is_written(lake, declare):
    declare({**OLD, "skills": TEXT})
    lake.load(lake.land([record(id="1")]))
    declare(OLD)
    landed, before = lake.land([record(id="2")]), lake.everything()
    with pytest.raises(ConfigurationError, match=r"column skills is list.* in the parts, and string"):
        lake.load(landed)
    assert lake.everything() == before


def test_what_was_masked_away_has_no_column_and_what_was_hashed_is_text(lake, declare):
    declare(NEW)
    masking = Masking(
        hash_fields=["added"], drop_fields=["profile.name"], salt="pepper", declared=DATASETS["users"].columns
    )
    encoding = Encoding("parquet", "gzip", masking.columns(NEW))
    line = masking.apply(record(id="1", added=7, profile={"name": "a"}).encode())
    lake.load(lake.land([bytes(line).decode()], encoding=encoding, masking=masking.describe()))
    schema = lake.table.schema()
    assert "profile.name" not in schema.column_names
    assert schema.find_field("added").field_type == StringType()
    ((hashed,),) = lake.rows("added")
    assert len(hashed) == 64


def test_only_kept_fields_have_columns(lake, declare):
    declare(NEW)
    masking = Masking(keep_fields=["id", "profile.name"], declared=DATASETS["users"].columns)
    encoding = Encoding("parquet", "gzip", masking.columns(NEW))
    lake.load(lake.land([record(id="1")], encoding=encoding, masking=masking.describe()))
    names = set(lake.table.schema().column_names)
    assert names == {"id", "profile", "profile.name", OTHER, *PLACE}


def test_a_name_that_is_no_identifier_is_a_column_all_the_same(lake, declare):
    declare({"id": TEXT, "hot-key": Struct({"a b": TEXT})})
    lake.load(lake.land([record(id="1", **{"hot-key": {"a b": "c"}})]))
    lake.load(lake.land([record(id="2")], window=NEXT_DAY))
    assert lake.rows("id", "hot-key") == [("1", {"a b": "c"}), ("2", None)]


def test_values_that_did_not_fit_are_in_the_column_for_them(lake):
    lake.load(lake.land([record(id="1", nobodyDeclares={"x": 1})], window=DAY))
    ((rest,),) = lake.rows(OTHER)
    assert json.loads(rest) == {"nobodyDeclares": {"x": 1}}


def test_lists_of_objects_that_are_null_are_not_empty_in_the_file(lake, declare):
    """As they would be if pyiceberg wrote it."""
    declare(OLD)
    lists = [None, [], [{"id": 1}], [None]]
    lake.load(lake.land([record(id=str(number), skills=value) for number, value in enumerate(lists)]))
    assert [row[1] for row in rows_in_files(lake.table, "id", "skills")] == lists


@pytest.mark.parametrize("codec", ["uncompressed", "snappy", "gzip", "zstd"])
def test_files_are_compressed_as_the_table_says(lake, codec):
    lake.load(lake.land(["1"]), **{"write.parquet.compression-codec": codec})
    (path,) = lake.data_files()
    assert ParquetFile(path).metadata.row_group(0).column(0).compression == codec.upper()


def test_files_have_the_ids_of_the_table_and_bounds_by_which_readers_skip_them(lake):
    lake.load(lake.land(["3", "5"]))
    table = lake.table
    ((file,),) = [[task.file for task in table.scan().plan_files()]]
    assert (file.record_count, file.spec_id) == (2, table.spec().spec_id)
    (path,) = lake.data_files()
    assert file.file_size_in_bytes == Path(path).stat().st_size
    ids = {field.name: int(field.metadata[b"PARQUET:field_id"]) for field in ParquetFile(path).schema_arrow}
    assert ids == {field.name: field.field_id for field in table.schema().fields}
    assert (file.lower_bounds[ids["id"]], file.upper_bounds[ids["id"]]) == (b"3", b"5")
    assert list(table.scan(row_filter="id = '9'").plan_files()) == []


def test_row_groups_of_a_part_become_fewer(lake, monkeypatch):
    monkeypatch.setattr(parquet_encoding, "_ROW_GROUP", 1000)
    monkeypatch.setattr(data_file, "_ROW_GROUP", 20_000)
    landed = lake.land([record(id=str(number), loginName="x" * 100) for number in range(1000)])
    groups = next(landed.parts()).num_row_groups
    lake.load(landed)
    (path,) = lake.data_files()
    assert 2 <= ParquetFile(path).num_row_groups < groups / 2
    assert sorted(int(row[0]) for row in lake.rows("id")) == list(range(1000))
