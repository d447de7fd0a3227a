"""Snowflake: external tables over the folders of all parts in a stage, and views."""

from __future__ import annotations

from airflow_provider_liveperson.records.columns import Array, Column, Scalar, Struct
from airflow_provider_liveperson.tables.engines import Engine
from airflow_provider_liveperson.tables.landed import WINDOW, Landed
from airflow_provider_liveperson.tables.sql import Dialect, listed

_DIALECT = Dialect(
    scalars={
        Scalar.TEXT: "TEXT",
        Scalar.INTEGER: "BIGINT",
        Scalar.NUMBER: "DOUBLE",
        Scalar.BOOLEAN: "BOOLEAN",
        Scalar.TIMESTAMP: "TIMESTAMP_TZ",
        Scalar.JSON: "TEXT",
    },
    array=lambda items: "ARRAY",
    struct=lambda fields: "OBJECT",
    # Unquoted, they are the same in upper and lower case. Columns are as LivePerson writes them.
    quotes_tables=False,
)


def _of_path(pattern: str) -> str:
    return f"REGEXP_SUBSTR(METADATA$FILENAME, '{pattern}', 1, 1, 'e', 1)"


def _type(column: Column) -> str:
    return "VARIANT" if isinstance(column, Struct | Array) else _DIALECT.type(column)


def _field(path: str) -> str:
    """A field's text: the type of a value within a VARIANT does not matter to a key."""
    first, *below = path.split(".")
    return "".join([_DIALECT.name(first), *(f':"{name}"' for name in below)]) + ("::TEXT" if below else "")


def _statements(landed: Landed) -> list[str]:
    table = _DIALECT.table(landed)
    folders = {
        "account_id": f"TEXT AS ({_of_path('account_id=([^/]+)/')})",
        "dt": f"DATE AS (TO_DATE({_of_path('/dt=([^/]+)/')}))",
        "_window": f"TEXT AS ({_of_path(WINDOW)})",
    }
    columns = {
        name: f'{_type(column)} AS (VALUE:"{name}"::{_type(column)})'
        for name, column in landed.columns.items()
    }
    defined = listed(f"{_DIALECT.name(name)} {text}" for name, text in {**folders, **columns}.items())
    return [
        f"CREATE EXTERNAL TABLE IF NOT EXISTS {table} (\n"
        f"{defined}\n"
        f")\n"
        f"PARTITION BY ({_DIALECT.name('account_id')}, {_DIALECT.name('dt')})\n"
        f"LOCATION = {landed.parts}/\n"
        f"PATTERN = '.*/part-[^/]*[.]parquet'\n"
        f"FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE)\n"
        f"AUTO_REFRESH = FALSE",
        f"ALTER EXTERNAL TABLE {table} REFRESH",
        *_DIALECT.view(landed, window='"_window"', columns=[*landed.columns, "_window"], field=_field),
    ]


ENGINE = Engine(
    schemes=("@",),
    definitions=lambda tables: _DIALECT.script(tables, _statements),
)
