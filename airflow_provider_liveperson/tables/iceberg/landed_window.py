"""One landed window, as an Iceberg table takes it: from its manifest, and part by part."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from airflow_provider_liveperson.datasets.catalog import dataset_named
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.landing.parts import Part
from airflow_provider_liveperson.landing.stores import Store
from airflow_provider_liveperson.landing.verification import missing_parts
from airflow_provider_liveperson.records.columns import OTHER, TEXT, Column, unmarked
from airflow_provider_liveperson.records.masking import Masking
from airflow_provider_liveperson.window import Window, file_stamp, instant

_NO_SALT = "nothing is hashed with this"


@dataclass(frozen=True, kw_only=True)
class LandedWindow:
    """A window whose manifest has been read.

    :param store: where its files are.
    :param folder: the window's folder.
    :param data: the manifest's bytes.
    :param manifest: what they say.
    :param dataset: its dataset.
    :param window: the window.
    """

    store: Store
    folder: str
    data: bytes
    manifest: Manifest
    dataset: Dataset
    window: Window

    @classmethod
    def read(cls, store: Store, folder: str) -> LandedWindow:
        """Read a window's manifest, and look whether its parts are there.

        :param store: where.
        :param folder: the window's folder.
        :raises ConfigurationError: for parts that are not Parquet, and a dataset that this version does not know.
        :raises StorageError: when there is no manifest, or parts are missing.
        """
        key = f"{folder}/{manifests.NAME}"
        where = store.uri(key)
        data = store.read(key)
        if data is None:
            raise StorageError(
                f"there is no {where}; nothing has landed there, or it was removed", permanent=True
            )
        manifest = Manifest.decode(data, where)
        if manifest.file_format != "parquet":
            raise ConfigurationError(
                f"{where} names parts in the format {manifest.file_format}, and only Parquet has the types that a"
                " table needs; land the window with file_format='parquet'",
                field="manifest",
            )
        if missing := missing_parts(store, folder, manifest.parts):
            raise StorageError(
                f"{where} names {missing[0].name}, which is not there or has changed; if no run is landing the window"
                " now, land it again"
            )
        window = Window(
            instant(manifest.window_start, "window_start"), instant(manifest.window_end, "window_end")
        )
        return cls(
            store=store,
            folder=folder,
            data=data,
            manifest=manifest,
            dataset=dataset_named(manifest.dataset),
            window=window,
        )

    @property
    def uri(self) -> str:
        """The manifest's URI."""
        return self.store.uri(f"{self.folder}/{manifests.NAME}")

    @property
    def digest(self) -> str:
        """The SHA-256 of the manifest's bytes, hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def name(self) -> str:
        """The window's name, which is that of its folder."""
        return f"{file_stamp(self.window.start)}_{file_stamp(self.window.end)}"

    @property
    def place(self) -> Mapping[str, str | date]:
        """What the columns of :data:`~airflow_provider_liveperson.tables.iceberg.schema.PLACE` hold in each row."""
        return {
            "account_id": self.manifest.account_id,
            "dt": self.window.start.date(),
            "_window": self.name,
        }

    @property
    def selection(self) -> str:
        """Which records of an account and a window the manifest is about. Those of one table are all alike in it."""
        manifest = self.manifest
        return json.dumps(
            {"dataset": manifest.dataset, "cursor": manifest.cursor, "filters": manifest.filters},
            sort_keys=True,
        )

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns of the parts as this version declares them: without fields that were masked away."""
        columns: Mapping[str, Column] = unmarked(self.dataset.columns)
        if masking := self.manifest.masking:
            columns = Masking(
                hash_fields=masking.get("hash_fields") or (),
                drop_fields=masking.get("drop_fields") or (),
                salt=_NO_SALT,
                keep_fields=masking.get("keep_fields"),
                unknown_fields=masking.get("unknown_fields"),
                declared=columns,
            ).columns(columns)
        return {**columns, OTHER: TEXT}

    def schema(self) -> Any:
        """The Arrow schema of the first part, which is that of all; None without parts.

        :raises StorageError: when the part is not what the manifest says.
        """
        return self._open(self.manifest.parts[0]).schema_arrow if self.manifest.parts else None

    def parts(self) -> Iterator[Any]:
        """Each part that holds records as an open Parquet file of pyarrow, whose bytes are in memory.

        :raises StorageError: when a part is not what the manifest says.
        """
        for part in self.manifest.parts:
            if part.records:  # all that one held may have been erased
                yield self._part(part)

    def check_is_current(self) -> None:
        """Look whether the manifest still is the window's.

        :raises StorageError: when the window has landed anew since it was read.
        """
        if self.store.read(f"{self.folder}/{manifests.NAME}") != self.data:
            raise StorageError(f"{self.uri} was replaced since it was read; the next try takes the new one")

    def _part(self, part: Part) -> Any:
        file = self._open(part)
        if file.metadata.num_rows != part.records:
            raise StorageError(
                f"{self._uri(part)} holds {file.metadata.num_rows} rows, and {self.uri} says {part.records}; land the"
                " window again"
            )
        return file

    def _open(self, part: Part) -> Any:
        import pyarrow
        from pyarrow import parquet

        data = self.store.read(f"{self.folder}/{part.name}")
        if data is None or hashlib.sha256(data).hexdigest() != part.sha256:
            self.check_is_current()
            raise StorageError(
                f"{self._uri(part)} is not the part that {self.uri} names; land the window again"
            )
        try:
            return parquet.ParquetFile(pyarrow.BufferReader(data))
        except pyarrow.ArrowException as error:
            raise StorageError(f"{self._uri(part)} cannot be read as Parquet: {error}") from error

    def _uri(self, part: Part) -> str:
        return self.store.uri(f"{self.folder}/{part.name}")
