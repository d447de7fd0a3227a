"""dbt: a ``sources.yml`` about the tables and views that an engine's statements made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_liveperson.landing.encoding import FILE_FORMATS
from airflow_provider_liveperson.records.columns import Scalar, paths, personal_paths, type_name
from airflow_provider_liveperson.tables.engines import Engine
from airflow_provider_liveperson.tables.landed import LATEST, Landed

# The day before begins two days before the next one lands; one day more for a run that is late.
_FRESHNESS = {
    "warn_after": {"count": 3, "period": "day"},
    "error_after": {"count": 4, "period": "day"},
}
_FOLDERS = {
    "account_id": "The LivePerson account; a partition.",
    "dt": "The UTC day in which the window starts; a partition.",
}


def _key(landed: Landed) -> str:
    """An expression that tells rows of the view apart. dbt renders no macro in it, such as that for a text type."""
    kinds = dict(paths(landed.dataset.columns))

    def text(path: str) -> str:
        return path if kinds[path] is Scalar.TEXT else f"cast({path} as varchar)"

    keys = (f"coalesce({text(path)}, '')" for path in landed.dataset.primary_key)
    return " || '|' || ".join(["account_id", *keys])


def _meta(is_personal: bool) -> dict[str, Any]:
    return {"meta": {"personal_data": True}} if is_personal else {}


def _columns(landed: Landed) -> list[dict[str, Any]]:
    personal = {path.split(".")[0] for path in personal_paths(landed.dataset.columns)}
    columns = [
        {"name": name, "description": type_name(column), **_meta(name in personal)}
        for name, column in landed.columns.items()
    ]
    folders = [
        {"name": name, "description": text, "data_tests": ["not_null"]} for name, text in _FOLDERS.items()
    ]
    return [*columns, *folders]


def _tables(landed: Landed) -> list[dict[str, Any]]:
    columns = _columns(landed)
    external = {
        "location": f"{landed.parts}/",
        "partitions": [
            {"name": "account_id", "data_type": "string"},
            {"name": "dt", "data_type": "date"},
        ],
    }
    title = f"{landed.dataset.title}. {landed.dataset.url}"
    tables: list[dict[str, Any]] = [
        {"name": landed.name, "description": title, "external": external, "columns": columns}
    ]
    if landed.latest is not None:
        tables.append(
            {
                "name": landed.name + LATEST,
                "description": f"What holds now of {landed.name}.",
                # It is as fresh as the table.
                "freshness": None,
                "data_tests": [{"unique": {"column_name": _key(landed)}}],
            }
        )
    return tables


def _definitions(tables: Sequence[Landed]) -> str:
    import yaml

    source = {
        "name": tables[0].schema,
        "description": "LivePerson data, landed by Airflow.",
        "loaded_at_field": "cast(dt as timestamp)",
        "freshness": _FRESHNESS,
        "tables": [table for landed in tables for table in _tables(landed)],
    }

    return str(
        yaml.safe_dump({"version": 2, "sources": [source]}, sort_keys=False, width=110, allow_unicode=True)
    )


ENGINE = Engine(
    schemes=("/", "file://", "s3://", "gs://", "az://", "abfs://", "abfss://", "@"),
    definitions=_definitions,
    formats=("parquet", *(name for name in FILE_FORMATS if name != "parquet")),
)
