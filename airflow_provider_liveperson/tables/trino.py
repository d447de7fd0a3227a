"""Trino: tables over the folders of all parts, through its Hive connector, and views.

Trino itself cannot make tables over lists of files; it reads those that Athena's statements made in a Glue catalog.
"""

from __future__ import annotations

from airflow_provider_liveperson.records.columns import Scalar
from airflow_provider_liveperson.tables.engines import Engine
from airflow_provider_liveperson.tables.landed import PARTITIONS, WINDOW, Landed
from airflow_provider_liveperson.tables.sql import Dialect

_DIALECT = Dialect(
    scalars={
        Scalar.TEXT: "VARCHAR",
        Scalar.INTEGER: "BIGINT",
        Scalar.NUMBER: "DOUBLE",
        Scalar.BOOLEAN: "BOOLEAN",
        # The precision that the Hive connector has by default.
        Scalar.TIMESTAMP: "TIMESTAMP(3)",
        Scalar.JSON: "VARCHAR",
    },
    array=lambda items: f"ARRAY({items})",
    struct=lambda fields: f"ROW({', '.join(f'{name} {kind}' for name, kind in fields.items())})",
)


def _statements(landed: Landed) -> list[str]:
    columns = landed.plain_columns
    partitions = ", ".join(f"'{name}'" for name in PARTITIONS)
    return [
        f"CREATE TABLE IF NOT EXISTS {_DIALECT.table(landed)} (\n"
        f"{_DIALECT.definitions(columns)},\n"
        f'  "account_id" VARCHAR,\n'
        f'  "dt" DATE\n'
        f")\n"
        f"WITH (\n"
        f"  format = 'PARQUET',\n"
        f"  external_location = '{landed.parts}',\n"
        f"  partitioned_by = ARRAY[{partitions}]\n"
        f")",
        f"CALL system.sync_partition_metadata('{landed.schema}', '{landed.name}', 'FULL')",
        *_DIALECT.view(landed, window=f"regexp_extract(\"$path\", '{WINDOW}', 1)", columns=columns),
    ]


ENGINE = Engine(
    schemes=("s3://", "s3a://", "gs://", "abfs://", "abfss://", "hdfs://", "file://"),
    definitions=lambda tables: _DIALECT.script(tables, _statements),
)
