"""What landed of a dataset, as a query engine sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from airflow_provider_liveperson.arguments import read_text
from airflow_provider_liveperson.datasets.catalog import dataset_named
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing.committed import FOLDER
from airflow_provider_liveperson.records.columns import OTHER, TEXT, Column, paths, unmarked

PARTITIONS = ("account_id", "dt")
"""The folders of a dataset that are partitions, from the outer to the inner one."""

LATEST = "_latest"
"""The end of the name of a view of what holds now."""

WINDOW = "/dt=[^/]+/([^/]+)/"
"""A pattern that finds the name of the window's folder in the path of a part. Names sort by the window's start."""

_is_plain = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch
_is_location = re.compile(r"(@|/|[a-z][a-z0-9]*://)[^\s'\"`\\*?\[\]{}<>|;]*").fullmatch


@dataclass(frozen=True, kw_only=True)
class Landed:
    """The files of a dataset below one location, in one format.

    :param dataset: the dataset.
    :param location: where the layout begins, without a slash at its end.
    :param file_format: the format of the parts.
    :param schema: the schema that tables and views are made in.
    """

    dataset: Dataset
    location: str
    file_format: str = "parquet"
    schema: str = "liveperson"

    @property
    def name(self) -> str:
        """The dataset's name, which is the table's."""
        return self.dataset.name

    @property
    def parts(self) -> str:
        """The folder of all parts."""
        return f"{self.location}/{self.name}"

    @property
    def lists(self) -> str:
        """The folder of the lists of committed parts."""
        return f"{self.location}/{FOLDER}/{self.name}"

    @property
    def glob(self) -> str:
        """A pattern that finds all parts of the format, whatever their compression."""
        end = "parquet" if self.file_format == "parquet" else f"{self.file_format}*"
        return f"{self.parts}/account_id=*/dt=*/*/part-*.{end}"

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns of the files, without those that are folders."""
        columns = unmarked(self.dataset.columns)
        return columns if self.file_format == "jsonl" else {**columns, OTHER: TEXT}

    @property
    def plain_columns(self) -> Mapping[str, Column]:
        """The columns whose names, and those of all fields in them, consist of letters, digits and underscores."""
        return {
            name: column
            for name, column in self.columns.items()
            if name == OTHER
            or all(_is_plain(step) for path, _ in paths({name: column}) for step in path.split("."))
        }

    @property
    def latest(self) -> tuple[str, tuple[str, ...]] | None:
        """What ranks the rows in the view of what holds now, and the key's dotted paths; None if there is no view.

        A snapshot's newest window has all that there is. Of other records, the one in the newest window counts, if
        the dataset has a key.
        """
        if self.dataset.is_snapshot:
            return "rank()", ()
        return ("row_number()", self.dataset.primary_key) if self.dataset.primary_key else None


def read_landed(
    dataset: str,
    *,
    location: str,
    schemes: tuple[str, ...],
    file_format: str = "parquet",
    schema: str = "liveperson",
) -> Landed:
    """Check the arguments.

    :param dataset: the dataset's name.
    :param location: where the layout begins: bucket and prefix of the operator.
    :param schemes: how locations begin that the engine reads.
    :param file_format: the format of the parts.
    :param schema: the schema that tables and views are made in.
    :raises ConfigurationError: for an unknown dataset, a location that is not one or that the engine cannot read, or
        a schema that is not a plain word.
    """
    found = dataset_named(dataset)
    location, schema = read_text(location, "location").rstrip("/"), read_text(schema, "schema")
    if not _is_location(location) or not location.startswith(schemes) or location in schemes:
        raise ConfigurationError(
            f"location is {location!r}; it must be where the datasets' folders are, without quotes, blanks and"
            f" wildcards, and begin with {' or '.join(schemes)}",
            field="location",
        )
    if location.startswith(("s3://", "gs://")) and "@" in location.split("/")[2]:
        raise ConfigurationError(
            f"location is {location!r}; leave the connection before the @ out, engines do not know it",
            field="location",
        )
    if not _is_plain(schema):
        raise ConfigurationError(
            f"schema is {schema!r}; it must consist of letters, digits and underscores", field="schema"
        )
    return Landed(dataset=found, location=location, file_format=file_format, schema=schema)
