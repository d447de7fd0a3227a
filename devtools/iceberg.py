"""Iceberg tables on this machine, for tests: a catalog in SQLite, and files below a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.table import Table

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.object_storage import ObjectStorageStore
from airflow_provider_liveperson.records.columns import Column
from airflow_provider_liveperson.tables.iceberg.landed_window import LandedWindow
from airflow_provider_liveperson.tables.iceberg.replace import Replaced, replace_window
from airflow_provider_liveperson.window import Window, file_stamp
from devtools.landed_windows import ACCOUNT, land_window

CATALOG = "local"
NAME = "liveperson.users"
DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
NEXT_DAY = Window(DAY.end, DAY.end + timedelta(days=1))


def catalog_properties(folder: Path) -> dict[str, str]:
    """The properties of a catalog below a folder.

    :param folder: the folder.
    """
    return {
        "type": "sql",
        # SQLite gives a writer that meets another one up after five seconds otherwise.
        "uri": f"sqlite:///{folder}/catalog.db?timeout=60",
        "warehouse": f"file://{folder}/warehouse",
    }


def rows_of(table: Any, *columns: str) -> list[tuple[Any, ...]]:
    """The rows of a table, as pyiceberg reads them, in order.

    :param table: the table.
    :param columns: the names of columns.
    """
    return _selected(table.scan().to_arrow(), "rows_of_table", *columns)


def rows_in_files(table: Any, *columns: str) -> list[tuple[Any, ...]]:
    """The rows of a table, as DuckDB reads them in its data files, in order.

    :param table: a table all of whose files have the same columns, in local files.
    :param columns: the names of columns.
    """
    files = [task.file.file_path.removeprefix("file://") for task in table.scan().plan_files()]
    return _selected(None, f"read_parquet({files}, hive_partitioning = false)", *columns) if files else []


def _selected(rows: Any, source: str, *columns: str) -> list[tuple[Any, ...]]:
    import duckdb

    offline = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    selected = ", ".join(f'"{name}"' for name in columns)
    with duckdb.connect(config=offline) as connection:
        if rows is not None:
            connection.register("rows_of_table", rows)
        found: list[tuple[Any, ...]] = connection.execute(
            f"SELECT {selected} FROM {source} ORDER BY ALL"
        ).fetchall()
    return found


class Lake:
    """A folder with landed windows, and the catalog beside it, or another one.

    :param folder: the folder.
    :param properties: of another catalog.
    """

    def __init__(self, folder: Path, properties: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.properties = properties or catalog_properties(folder)
        self.store: Any = ObjectStorageStore(f"file://{folder}")

    @property
    def catalog(self) -> Catalog:
        """The catalog, as another process would open it."""
        return load_catalog(CATALOG, **self.properties)

    @property
    def table(self) -> Table:
        """The table as it is now."""
        return self.catalog.load_table(NAME)

    def land(
        self,
        *parts: Sequence[str],
        window: Window = DAY,
        account_id: str = ACCOUNT,
        dataset: str = "users",
        columns: Mapping[str, Column] | None = None,
        encoding: Encoding | None = None,
        **choices: Any,
    ) -> LandedWindow:
        """Land users by their ids, or by their JSON, in parts."""
        encoding = encoding or Encoding("parquet", "gzip", columns or DATASETS[dataset].columns)
        choices = {"window": window, "dataset": dataset, "account_id": account_id, **choices}
        return LandedWindow.read(self.store, self.land_as(encoding, *parts, **choices))

    def land_as(self, encoding: Encoding, *parts: Sequence[str], window: Window = DAY, **choices: Any) -> str:
        """Land users in any format, and return the window's folder."""
        records = [
            [(one if one.startswith("{") else json.dumps({"id": one})).encode() for one in part]
            for part in parts
        ]
        choices = {"dataset": "users", **choices}
        return land_window(self.store, window, parts=records, encoding=encoding, **choices)

    def load(self, landed: LandedWindow, **properties: str) -> Replaced:
        """Put a landed window into the table."""
        return replace_window(self.catalog, NAME, landed, table_properties=properties)

    def rows(self, *columns: str) -> list[tuple[Any, ...]]:
        """The table's rows: their ids and windows, or other columns."""
        return rows_of(self.table, *(columns or ("id", "account_id", "_window")))

    def data_files(self) -> set[str]:
        """Everything in the table's folder of data files."""
        return {str(path) for path in self.folder.glob("warehouse/*/*/data/**/*.parquet")}

    def named_files(self) -> set[str]:
        """The data files that any snapshot of the table names."""
        found = self.table.inspect.all_files()["file_path"].to_pylist()
        return {path.removeprefix("file://") for path in found}

    def everything(self) -> dict[str, bytes]:
        """All files of the catalog and its tables."""
        files = [self.folder / "catalog.db", *self.folder.glob("warehouse/**/*")]
        return {str(path): path.read_bytes() for path in files if path.is_file()}


def at(window: Window = DAY, account_id: str = ACCOUNT, *ids: str) -> list[tuple[str, str, str]]:
    """The rows of a window: ids, account, name of the window."""
    name = f"{file_stamp(window.start)}_{file_stamp(window.end)}"
    return [(one, account_id, name) for one in ids]
