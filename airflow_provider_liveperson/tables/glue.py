"""AWS Glue: the definition of an Athena table as a dict, without a crawler and without partitions to register."""

from __future__ import annotations

from typing import Any

from airflow_provider_liveperson.records.columns import Scalar
from airflow_provider_liveperson.tables.landed import Landed, read_landed
from airflow_provider_liveperson.tables.sql import Dialect

SCHEMES = ("s3://",)
SCALARS = {
    Scalar.TEXT: "string",
    Scalar.INTEGER: "bigint",
    Scalar.NUMBER: "double",
    Scalar.BOOLEAN: "boolean",
    Scalar.TIMESTAMP: "timestamp",
    Scalar.JSON: "string",
}
_DIALECT = Dialect(
    scalars=SCALARS,
    array=lambda items: f"array<{items}>",
    struct=lambda fields: f"struct<{','.join(f'{name}:{kind}' for name, kind in fields.items())}>",
    quote="",
)
_HIVE = "org.apache.hadoop.hive.ql.io"
_FIRST_DAY = "2024-01-01"


def glue_table_input(dataset: str, *, location: str) -> dict[str, Any]:
    """The ``TableInput`` of a Glue table over the lists of a dataset's committed parts, for Parquet.

    For ``GlueCatalogCreateTableOperator(table_input=…)`` and boto3's ``create_table``. Partitions are projected: ``dt``
    is each day from 2024 until now, and queries name the accounts, ``WHERE account_id = '…'``. See
    https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html.

    :param dataset: the dataset's name.
    :param location: where the layout begins, such as ``s3://my-lake/liveperson``.
    :returns: a dict of plain values. Names are in lower case, as Glue keeps them. A column is left out if its name or
        that of a field in it has other characters than letters, digits and underscores.
    :raises ConfigurationError: for an unknown dataset, and for a location that is not in S3.
    """
    return table_input(read_landed(dataset, location=location, schemes=SCHEMES))


def table_input(landed: Landed) -> dict[str, Any]:
    """The ``TableInput`` of what landed; see :func:`glue_table_input`."""
    return {
        "Name": landed.name,
        "Description": landed.dataset.title,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            "EXTERNAL": "TRUE",
            "projection.enabled": "true",
            "projection.account_id.type": "injected",
            "projection.dt.type": "date",
            "projection.dt.format": "yyyy-MM-dd",
            "projection.dt.range": f"{_FIRST_DAY},NOW",
            "storage.location.template": f"{landed.lists}/account_id=${{account_id}}/dt=${{dt}}/",
        },
        "PartitionKeys": [{"Name": "account_id", "Type": "string"}, {"Name": "dt", "Type": "date"}],
        "StorageDescriptor": {
            "Columns": [
                {"Name": name.lower(), "Type": _DIALECT.type(column).lower()}
                for name, column in landed.plain_columns.items()
            ],
            "Location": f"{landed.lists}/",
            "InputFormat": f"{_HIVE}.SymlinkTextInputFormat",
            "OutputFormat": f"{_HIVE}.HiveIgnoreKeyTextOutputFormat",
            "SerdeInfo": {"SerializationLibrary": f"{_HIVE}.parquet.serde.ParquetHiveSerDe"},
        },
    }
