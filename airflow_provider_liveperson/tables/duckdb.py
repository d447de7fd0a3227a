"""DuckDB: views over the files, which read committed parts only."""

from __future__ import annotations

from airflow_provider_liveperson.records.columns import Array, Column, Scalar, Struct
from airflow_provider_liveperson.tables.engines import Engine
from airflow_provider_liveperson.tables.landed import PARTITIONS, WINDOW, Landed
from airflow_provider_liveperson.tables.sql import Dialect, listed

_DIALECT = Dialect(
    scalars={
        Scalar.TEXT: "VARCHAR",
        Scalar.INTEGER: "BIGINT",
        Scalar.NUMBER: "DOUBLE",
        Scalar.BOOLEAN: "BOOLEAN",
        Scalar.TIMESTAMP: "TIMESTAMPTZ",
        Scalar.JSON: "VARCHAR",
    },
    array=lambda items: f"{items}[]",
    struct=lambda fields: f"STRUCT({', '.join(f'{name} {kind}' for name, kind in fields.items())})",
)
_TEXT = _DIALECT.scalars[Scalar.TEXT]
_FOLDERS = "hive_partitioning = true, hive_types = {'account_id': VARCHAR, 'dt': DATE}, filename = true"
_CSV = (
    "header = true, delim = ',', quote = '\"', escape = '\"', allow_quoted_nulls = false, all_varchar = true"
)
# Equal in the list and in DuckDB's name of the file, whatever stands before it.
_PART = "account_id=.+"


def _read(landed: Landed) -> str:
    """What reads all parts, with null in the columns and fields that a part does not have."""
    if landed.file_format == "jsonl":
        types = ", ".join(f"'{name}': {_type(landed, column)}" for name, column in landed.columns.items())
        types += ", 'account_id': VARCHAR, 'dt': DATE"
        return f"read_json(\n  '{landed.glob}', {_FOLDERS}, format = 'newline_delimited',\n  columns = {{{types}}}\n)"
    is_csv = landed.file_format == "csv"
    options = f"{_FOLDERS}, {_CSV}" if is_csv else _FOLDERS
    declared = listed(
        f"CAST(NULL AS {_TEXT if is_csv else _DIALECT.type(column)}) AS {_DIALECT.name(name)}"
        for name, column in landed.columns.items()
    )
    return (
        f"(\n"
        f"  SELECT\n{declared}\n"
        f"  WHERE false\n"
        f"  UNION ALL BY NAME\n"
        f"  SELECT * FROM read_{landed.file_format}(\n  '{landed.glob}', {options}, union_by_name = true\n)\n"
        f") AS {_DIALECT.name('parts')}"
    )


def _type(landed: Landed, column: Column) -> str:
    """Instants are as LivePerson sent them in CSV and JSON Lines, and so are all values in JSON Lines."""
    if isinstance(column, Struct | Array):
        return "JSON"
    if landed.file_format == "jsonl" or column is Scalar.TIMESTAMP:
        return _TEXT
    return _DIALECT.type(column)


def _column(landed: Landed, name: str, column: Column) -> str:
    """A column as the view has it. From CSV all are read as text: only columns that are there may be given a type."""
    quoted = _DIALECT.name(name)
    if landed.file_format != "csv" or (kind := _type(landed, column)) == _TEXT:
        return quoted
    return f"CAST({quoted} AS {kind}) AS {quoted}"


def _field(landed: Landed, path: str) -> str:
    first, _, below = path.partition(".")
    if landed.file_format == "parquet" or not below:
        return _DIALECT.name(*path.split("."))
    return f"{_DIALECT.name(first)} ->> '$.{below}'"


def _statements(landed: Landed) -> list[str]:
    columns = listed(
        [
            *(_column(landed, name, column) for name, column in landed.columns.items()),
            *map(_DIALECT.name, PARTITIONS),
        ]
    )
    view = (
        f"CREATE OR REPLACE VIEW {_DIALECT.table(landed)} AS\n"
        f"SELECT\n{columns},\n"
        f"  regexp_extract(filename, '{WINDOW}', 1) AS \"_window\"\n"
        f"FROM {_read(landed)}\n"
        f"WHERE regexp_extract(filename, '{_PART}') IN (\n"
        f"  SELECT regexp_extract(unnest(string_split(content, chr(10))), '{_PART}')\n"
        f"  FROM read_text('{landed.lists}/account_id=*/dt=*/*.txt')\n"
        f")"
    )
    return [
        view,
        *_DIALECT.view(
            landed,
            window='"_window"',
            columns=[*landed.columns, "_window"],
            field=lambda path: _field(landed, path),
        ),
    ]


ENGINE = Engine(
    schemes=("/", "file://", "s3://", "gs://", "az://", "abfss://", "r2://", "https://"),
    definitions=lambda tables: _DIALECT.script(tables, _statements),
    formats=("parquet", "csv", "jsonl"),
)
