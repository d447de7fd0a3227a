"""BigQuery: external tables over the lists of committed parts, views, and schemas for Airflow's Google operators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_liveperson.records.columns import Array, Column, Scalar, Struct, fold
from airflow_provider_liveperson.tables.engines import Engine
from airflow_provider_liveperson.tables.landed import WINDOW, Landed, read_landed
from airflow_provider_liveperson.tables.sql import Dialect, angled

_SCHEMES = ("gs://",)
_TYPES = {
    Scalar.TEXT: "STRING",
    Scalar.INTEGER: "INT64",
    Scalar.NUMBER: "FLOAT64",
    Scalar.BOOLEAN: "BOOL",
    Scalar.TIMESTAMP: "TIMESTAMP",
    Scalar.JSON: "STRING",
}
_LEGACY = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}
_DIALECT = Dialect(
    scalars=_TYPES,
    array=lambda items: f"ARRAY<{items}>",
    struct=lambda fields: angled(fields, " "),
    quote="`",
)


def bigquery_schema(dataset: str) -> list[dict[str, Any]]:
    """A dataset's columns as BigQuery's API and Airflow's Google operators take them, for Parquet.

    For ``GCSToBigQueryOperator(schema_fields=…)``. With it go ``source_format="PARQUET"`` and
    ``src_fmt_configs={"parquetOptions": {"enableListInference": True}}``, without which lists are records of records.

    :param dataset: the dataset's name.
    :returns: dicts with ``name``, ``type``, ``mode`` and, for objects, ``fields``. A column is left out if its name or
        that of a field in it has other characters than letters, digits and underscores.
    :raises ConfigurationError: for an unknown dataset.
    """
    landed = read_landed(dataset, location="gs://any", schemes=_SCHEMES)
    return _fields(landed.plain_columns)


def _fields(columns: Mapping[str, Column]) -> list[dict[str, Any]]:
    return [{"name": name, **_field(column)} for name, column in columns.items()]


def _field(column: Column) -> dict[str, Any]:
    def scalar(scalar: Scalar) -> dict[str, Any]:
        kind = _TYPES[scalar]
        return {"type": _LEGACY.get(kind, kind), "mode": "NULLABLE"}

    def array(_: Array, items: dict[str, Any]) -> dict[str, Any]:
        return {**items, "mode": "REPEATED"}

    def struct(_: Struct, fields: dict[str, dict[str, Any]]) -> dict[str, Any]:
        below = [{"name": name, **field} for name, field in fields.items()]
        return {"type": "RECORD", "mode": "NULLABLE", "fields": below}

    return fold(column, scalar=scalar, array=array, struct=struct)


def _statements(landed: Landed) -> list[str]:
    columns = landed.plain_columns
    return [
        f"CREATE EXTERNAL TABLE IF NOT EXISTS {_DIALECT.table(landed)} (\n"
        f"{_DIALECT.definitions(columns)}\n"
        f")\n"
        f"WITH PARTITION COLUMNS (`account_id` STRING, `dt` DATE)\n"
        f"OPTIONS (\n"
        f"  format = 'PARQUET',\n"
        f"  enable_list_inference = TRUE,\n"
        f"  file_set_spec_type = 'NEW_LINE_DELIMITED_MANIFEST',\n"
        f"  uris = ['{landed.lists}/*.txt'],\n"
        f"  hive_partition_uri_prefix = '{landed.parts}'\n"
        f")",
        *_DIALECT.view(landed, window=f"REGEXP_EXTRACT(_FILE_NAME, r'{WINDOW}')", columns=columns),
    ]


ENGINE = Engine(schemes=_SCHEMES, definitions=lambda tables: _DIALECT.script(tables, _statements))
