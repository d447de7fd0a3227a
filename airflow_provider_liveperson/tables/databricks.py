"""Databricks: views over the files, which read committed parts only."""

from __future__ import annotations

from airflow_provider_liveperson.records.columns import Scalar
from airflow_provider_liveperson.tables.engines import Engine
from airflow_provider_liveperson.tables.landed import WINDOW, Landed
from airflow_provider_liveperson.tables.sql import Dialect, angled, listed

_DIALECT = Dialect(
    scalars={
        Scalar.TEXT: "STRING",
        Scalar.INTEGER: "BIGINT",
        Scalar.NUMBER: "DOUBLE",
        Scalar.BOOLEAN: "BOOLEAN",
        Scalar.TIMESTAMP: "TIMESTAMP",
        Scalar.JSON: "STRING",
    },
    array=lambda items: f"ARRAY<{items}>",
    struct=lambda fields: angled(fields, ": "),
    quote="`",
)
_PATH = "_metadata.file_path"
# Equal in the list and in the name of the file, whatever stands before it.
_PART = "account_id=.+"


def _statements(landed: Landed) -> list[str]:
    columns = listed(_DIALECT.name(name) for name in landed.columns)
    schema = ", ".join(
        f"{_DIALECT.name(name)} {_DIALECT.type(kind)}" for name, kind in landed.columns.items()
    )
    return [
        f"CREATE OR REPLACE VIEW {_DIALECT.table(landed)} AS\n"
        f"SELECT\n{columns},\n"
        f"  regexp_extract({_PATH}, '/account_id=([^/]+)/', 1) AS `account_id`,\n"
        f"  CAST(regexp_extract({_PATH}, '/dt=([^/]+)/', 1) AS DATE) AS `dt`,\n"
        f"  regexp_extract({_PATH}, '{WINDOW}', 1) AS `_window`\n"
        f"FROM read_files(\n  '{landed.glob}',\n  format => 'parquet',\n  schema => '{schema}'\n)\n"
        f"WHERE regexp_extract({_PATH}, '{_PART}', 0) IN (\n"
        f"  SELECT regexp_extract(value, '{_PART}', 0)\n"
        f"  FROM read_files('{landed.lists}/account_id=*/dt=*/*.txt', format => 'text')\n"
        f")",
        *_DIALECT.view(landed, window="`_window`", columns=[*landed.columns, "_window"]),
    ]


ENGINE = Engine(
    schemes=("s3://", "gs://", "abfss://", "/Volumes/"),
    definitions=lambda tables: _DIALECT.script(tables, _statements),
)
