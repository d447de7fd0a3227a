"""Amazon Athena: tables over the lists of committed parts, as Glue has them, and views."""

from __future__ import annotations

from airflow_provider_liveperson.tables import glue
from airflow_provider_liveperson.tables.engines import Engine
from airflow_provider_liveperson.tables.landed import WINDOW, Landed
from airflow_provider_liveperson.tables.sql import Dialect, angled, listed

# Athena's statements that define tables are Hive's; its queries, those in views included, are Trino's.
_HIVE = Dialect(
    scalars=glue.SCALARS,
    array=lambda items: f"array<{items}>",
    struct=lambda fields: angled(fields, ":").lower(),
    quote="`",
)
_TRINO = Dialect(scalars=glue.SCALARS, array=_HIVE.array, struct=_HIVE.struct)


def _statements(landed: Landed) -> list[str]:
    table = glue.table_input(landed)
    storage = table["StorageDescriptor"]
    columns = {name.lower(): column for name, column in landed.plain_columns.items()}
    partitions = ", ".join(f"{_HIVE.name(key['Name'])} {key['Type']}" for key in table["PartitionKeys"])
    properties = listed(
        f"'{name}' = '{value}'" for name, value in table["Parameters"].items() if name != "EXTERNAL"
    )
    return [
        f"CREATE EXTERNAL TABLE IF NOT EXISTS {_HIVE.table(landed)} (\n"
        f"{_HIVE.definitions(columns)}\n"
        f")\n"
        f"PARTITIONED BY ({partitions})\n"
        f"ROW FORMAT SERDE '{storage['SerdeInfo']['SerializationLibrary']}'\n"
        f"STORED AS INPUTFORMAT '{storage['InputFormat']}'\n"
        f"OUTPUTFORMAT '{storage['OutputFormat']}'\n"
        f"LOCATION '{storage['Location']}'\n"
        f"TBLPROPERTIES (\n{properties}\n)",
        *_TRINO.view(
            landed,
            window=f"regexp_extract(\"$path\", '{WINDOW}', 1)",
            columns=columns,
            field=lambda path: _TRINO.name(*path.lower().split(".")),
        ),
    ]


ENGINE = Engine(schemes=glue.SCHEMES, definitions=lambda tables: _HIVE.script(tables, _statements))
