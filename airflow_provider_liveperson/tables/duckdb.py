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
_FOLDERS = "hive_partitioning = true, hive_types = {'account_id': VARCHAR, 'dt': DATE}, filename = true"
_CSV = "header = true, delim = ',', quote = '\"', escape = '\"', allow_quoted_nulls = false"
# Equal in the list and in DuckDB's name of the file, whatever stands before it.
_PART = "account_id=.+"


def _read(landed: Landed) -> str:
    """The function that reads all parts."""
    if landed.file_format == "parquet":
        return f"read_parquet(\n  '{landed.glob}', {_FOLDERS}, union_by_name = true\n)"
    types = ", ".join(f"'{name}': {_type(landed, column)}" for name, column in landed.columns.items())
    if landed.file_format == "csv":
        return f"read_csv(\n  '{landed.glob}', {_FOLDERS}, {_CSV},\n  types = {{{types}}}\n)"
    types += ", 'account_id': VARCHAR, 'dt': DATE"
    return f"read_json(\n  '{landed.glob}', {_FOLDERS}, format = 'newline_delimited',\n  columns = {{{types}}}\n)"


def _type(landed: Landed, column: Column) -> str:
    """Instants are as LivePerson sent them in CSV and JSON Lines, and so are all values in JSON Lines."""
    if isinstance(column, Struct | Array):
        return "JSON"
    if landed.file_format == "jsonl" or column is Scalar.TIMESTAMP:
        return "VARCHAR"
    return _DIALECT.type(column)


def _field(landed: Landed, path: str) -> str:
    first, _, below = path.partition(".")
    if landed.file_format == "parquet" or not below:
        return _DIALECT.name(*path.split("."))
    return f"{_DIALECT.name(first)} ->> '$.{below}'"


def _statements(landed: Landed) -> list[str]:
    columns = listed(_DIALECT.name(name) for name in (*landed.columns, *PARTITIONS))
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
