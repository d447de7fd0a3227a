"""What DuckDB reads in the files of every dataset: the same rows from each format, in the types that are declared."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.landing.destination import Destination
from airflow_provider_liveperson.landing.encoding import FILE_FORMATS, Encoding
from airflow_provider_liveperson.landing.object_storage import ObjectStorageStore
from airflow_provider_liveperson.pull.pull import pull
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
    fold,
    paths,
    unmarked,
)
from airflow_provider_liveperson.records.masking import Masking
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import Window
from tests.contract.facts import FACTS
from tests.contract.facts.facts import Row
from tests.contract.test_every_dataset import KNOWN, within_reach

TWO_DAYS = Window(datetime(2026, 1, 28, tzinfo=UTC), datetime(2026, 1, 30, tzinfo=UTC))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
READINGS = [
    ("interval_metrics", "timeframes as start and end"),
    ("personal_data_deletion_requests", "the table's name of the account"),  # which is not declared
]
DIALECT = "header=true, delim=',', quote='\"', escape='\"', allow_quoted_nulls=false"
# Epoch milliseconds, or ISO 8601 with the offset from UTC.
INSTANT = re.compile(r"1[4-9]\d{11}|\d{4}-\d\d-\d\d[T ][\d:.]+(Z|[+-]\d\d:?\d\d)").fullmatch
# A date, or a date and time, that does not say where on earth it is that.
LOCAL = re.compile(r"\d{4}-\d\d-\d\d([T ][\d:.]+)?|\d\d-\d\d-\d{4}").fullmatch
_UPDATED = {"dateUpdated"}
_EVENTS = {"events.start.dateTime", "events.end.dateTime"}
# Decision 96 says why these are text.
LOCAL_TIMES = {
    "agent_groups": _UPDATED,
    "audit_trail": {"changeDate"},
    "audit_trail_export": {"dateAndTime"},
    "campaigns": {
        *("startDate", "expirationDate", "createdDate", "modifiedDate"),
        *("engagements.createdDate", "engagements.modifiedDate"),
    },
    "lobs": _UPDATED,
    "net_handle_time": {"timestamp"},
    "outbound_analytics": {"transactionday"},
    "profiles": _UPDATED,
    "skills": _UPDATED,
    "special_occasions": _EVENTS,
    "users": {"dateUpdated", "lastPwdChangeDate", "memberOf.assignmentDate"},
    "working_hours": _EVENTS,
}
OF_FOLDERS = "NULL::BIGINT AS account_id, NULL::DATE AS dt"

Query = Callable[[str], list[Any]]


def compact(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else compact(value)


def as_instant(value: Any) -> datetime:
    if isinstance(value, str) and not value.isdigit():
        return datetime.fromisoformat(value)
    return EPOCH + timedelta(milliseconds=int(value))


# Of each type, what DuckDB calls it, and how its values are made of JSON.
TYPES: dict[Column, tuple[str, Callable[[Any], Any]]] = {
    TEXT: ("VARCHAR", as_text),
    INTEGER: ("BIGINT", int),
    NUMBER: ("DOUBLE", float),
    BOOLEAN: ("BOOLEAN", lambda value: value),
    TIMESTAMP: ("TIMESTAMPTZ", as_instant),
    JSON: ("VARCHAR", compact),
}


def sql_type(column: Column) -> str:
    return fold(
        column,
        scalar=lambda scalar: TYPES[scalar][0],
        array=lambda _, items: f"{items}[]",
        struct=lambda _, fields: (
            "STRUCT(" + ", ".join(f'"{name}" {kind}' for name, kind in fields.items()) + ")"
        ),
    )


def typed(column: Column, value: Any) -> Any:
    """What a column of its type holds for a value of JSON."""
    if value is None:
        return None
    if isinstance(column, Struct):
        return {name: typed(below, value.get(name)) for name, below in column.fields.items()}
    if isinstance(column, Array):
        return [typed(column.items, item) for item in value]
    return TYPES[column][1](value)


def typed_rows(columns: Mapping[str, Column], rows: list[Row]) -> list[tuple[Any, ...]]:
    """What a file with these columns holds for records."""
    return [
        (
            *(typed(column, row.get(name)) for name, column in columns.items()),
            compact(other) if (other := {name: row[name] for name in row if name not in columns}) else None,
        )
        for row in rows
    ]


def in_one_cell(column: Column) -> Column:
    """CSV has JSON for what is nested, and instants as they were sent."""
    if isinstance(column, Struct | Array):
        return JSON
    return TEXT if column is TIMESTAMP else column


def land(
    client: LivePersonClient, name: str, window: Window, folder: Path, masking: Masking | None = None
) -> list[Row]:
    """Land a window in every format, each below a folder of its name.

    :returns: all records that the JSON Lines there have by now.
    """
    dataset, store = DATASETS[name], ObjectStorageStore(f"file://{folder}")
    columns = dataset.columns if masking is None else masking.columns(dataset.columns)
    now = window.end + max(timedelta(hours=2), dataset.limits.lag)
    for file_format in FILE_FORMATS:
        encoding = Encoding(file_format, columns=columns)
        destination = Destination(store=store, prefix=file_format, encoding=encoding)
        pull(client, dataset, dataset.query(window), destination, masking=masking, now=now)
    lines = [
        line
        for part in sorted(folder.glob("jsonl/**/part-*.jsonl.gz"))
        for line in gzip.decompress(part.read_bytes()).splitlines()
    ]
    return [json.loads(line) for line in lines]


def scalars(column: Column, value: Any, path: str = "") -> Iterator[tuple[str, Column, Any]]:
    """The values without fields within a value, with their paths and columns."""
    if isinstance(column, Struct) and value is not None:
        for name, below in column.fields.items():
            yield from scalars(below, value.get(name), f"{path}.{name}".lstrip("."))
    elif isinstance(column, Array):
        for item in value or ():
            yield from scalars(column.items, item, path)
    elif value is not None:
        yield path, column, value


def values(columns: Mapping[str, Column], rows: list[Row]) -> dict[str, tuple[Column, list[Any]]]:
    """The column and all values of each path."""
    found: dict[str, tuple[Column, list[Any]]] = {}
    for row in rows:
        for path, column, value in scalars(Struct(columns), row):
            found.setdefault(path, (column, []))[1].append(value)
    return found


def local_times(columns: Mapping[str, Column], rows: list[Row]) -> set[str]:
    """The paths of columns that hold nothing but dates and times without their offset from UTC."""
    return {
        path
        for path, (_, found) in values(columns, rows).items()
        if all(isinstance(value, str) and LOCAL(value) for value in found)
    }


def misdeclared(columns: Mapping[str, Column], rows: list[Row]) -> list[str]:
    """The paths of columns that hold nothing but instants, or booleans, and are declared as something else."""
    instants = {path for path, column in paths(columns) if column is TIMESTAMP}
    return [
        path
        for path, (column, found) in values(columns, rows).items()
        if (column is not BOOLEAN and all(isinstance(value, bool) for value in found))
        # The same instant is there as a number, too, and its name then ends with an L: startTime, startTimeL.
        or (not {path, path.removesuffix("L")} & instants and all(INSTANT(str(value)) for value in found))
    ]


@pytest.mark.parametrize(("name", "reading"), [*((name, None) for name in KNOWN), *READINGS])
def test_duckdb_reads_from_csv_and_parquet_what_is_in_json_lines(
    name: str,
    reading: str | None,
    sandbox: SandboxServer,
    connect: Callable[..., LivePersonClient],
    tmp_path: Path,
    duck: Query,
) -> None:
    window = within_reach(sandbox, name, TWO_DAYS)
    if reading is not None:
        sandbox.configure(**FACTS[name].readings[reading])
    rows = land(connect(sandbox), name, window, tmp_path)
    assert rows

    columns = unmarked(DATASETS[name].columns)
    assert misdeclared(columns, rows) == []
    assert local_times(columns, rows) == LOCAL_TIMES.get(name, set())
    types = {name: sql_type(column) for name, column in {**columns, "_other": TEXT}.items()}
    declared = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in types.items())
    parquet = f"FROM read_parquet('{tmp_path}/parquet/**/part-*.parquet', hive_partitioning=true)"
    assert duck(f"DESCRIBE {parquet}") == duck(f"DESCRIBE SELECT {declared}, {OF_FOLDERS}")
    assert duck(f"SELECT * EXCLUDE (account_id, dt) {parquet}") == typed_rows(columns, rows)

    in_cells = {name: in_one_cell(column) for name, column in columns.items()}
    types = {name: sql_type(column) for name, column in {**in_cells, "_other": TEXT}.items()}
    csv = (
        f"FROM read_csv('{tmp_path}/csv/**/part-*.csv.gz', {DIALECT}, types={types}, hive_partitioning=true)"
    )
    assert duck(f"SELECT * EXCLUDE (account_id, dt) {csv}") == typed_rows(in_cells, rows)
