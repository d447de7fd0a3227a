"""Every engine by its name, and what they have in common for those who ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from airflow_provider_liveperson.exceptions import ConfigurationError

if TYPE_CHECKING:
    from airflow_provider_liveperson.tables.landed import Landed

# A module each, which defines ENGINE. It is imported when it is asked for.
ENGINES = ("duckdb", "athena", "bigquery", "trino", "snowflake", "redshift", "databricks", "dbt")
"""The engines for which there are definitions."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A query engine, or a tool with tables.

    :param schemes: how the locations begin that it reads.
    :param definitions: makes its text of what landed.
    :param formats: the formats that it has definitions for; the first is the default.
    """

    schemes: tuple[str, ...]
    definitions: Callable[[Sequence[Landed]], str]
    formats: tuple[str, ...] = ("parquet",)


def definitions(
    engine: str,
    datasets: Sequence[str] = (),
    *,
    location: str,
    file_format: str | None = None,
    schema: str = "liveperson",
) -> str:
    """The definitions of tables over landed files, as text for the engine.

    :param engine: one of :data:`ENGINES`.
    :param datasets: the names of datasets; default: all.
    :param location: where the layout begins: bucket and prefix of the operator.
    :param file_format: the format of the parts; default: the engine's first.
    :param schema: the schema, or what the engine calls so, that tables and views are made in.
    :raises ConfigurationError: for an engine, dataset, location, format or schema that is not valid.
    """
    from airflow_provider_liveperson.datasets.catalog import DATASETS
    from airflow_provider_liveperson.tables.landed import read_landed

    if isinstance(datasets, str):
        raise ConfigurationError(
            f"datasets is {datasets!r}; it must be a list of names of datasets", field="datasets"
        )
    if engine not in ENGINES:
        raise ConfigurationError(
            f"engine is {engine!r}; it must be one of {', '.join(ENGINES)}", field="engine"
        )
    chosen: Engine = import_module(f"{__package__}.{engine}").ENGINE
    file_format = file_format or chosen.formats[0]
    if file_format not in chosen.formats:
        raise ConfigurationError(
            f"format is {file_format!r}; there are definitions for {engine} of {' and '.join(chosen.formats)}",
            field="format",
        )
    return chosen.definitions(
        [
            read_landed(
                name, location=location, schemes=chosen.schemes, file_format=file_format, schema=schema
            )
            for name in dict.fromkeys(datasets or DATASETS)
        ]
    )
