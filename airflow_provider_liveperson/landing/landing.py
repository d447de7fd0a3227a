"""The landing of one window: its folder, its parts, and the manifest that makes them count."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.landing.parts import PREFIX, ROLL_AT, Part, PartWriter
from airflow_provider_liveperson.landing.stores import Store
from airflow_provider_liveperson.window import Window, file_stamp

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where a pull shall land.

    :param store: the object store.
    :param prefix: the folder below which the layout begins; may be empty.
    :param encoding: file format and compression.
    :param roll_at: the most bytes, before compression, that a part may hold by about one record.
    :raises ConfigurationError: for a prefix with ``..``, empty steps or backslashes.
    """

    store: Store
    prefix: str
    encoding: Encoding
    roll_at: int = ROLL_AT

    def __post_init__(self) -> None:
        prefix = (self.prefix or "").strip("/")
        steps = prefix.split("/") if prefix else []
        if any(step in ("", ".", "..") for step in steps) or "\\" in prefix or "://" in prefix:
            raise ConfigurationError(
                f"prefix is {self.prefix!r}; it must be plain folder names separated by single slashes, without . or"
                " .., such as raw/liveperson",
                field="prefix",
            )
        object.__setattr__(self, "prefix", prefix)

    def folder(self, dataset: str, account_id: str, window: Window) -> str:
        """The folder of one window, partitioned so that query engines see ``account_id`` and ``dt``."""
        layout = (
            f"{dataset}/account_id={account_id}/dt={window.start:%Y-%m-%d}"
            f"/{file_stamp(window.start)}_{file_stamp(window.end)}"
        )
        return f"{self.prefix}/{layout}" if self.prefix else layout


class Landing:
    """Lands one window. Use it as a context manager: what fails in between leaves no part behind.

    Parts go up as they are finished, under names that hold a hash of their content; a part that an earlier
    landing of the same window holds already is left alone. :meth:`commit` puts the manifest last and then
    removes the parts that it no longer names.

    :param destination: where to.
    :param folder: the window's folder.
    :param filters: the filters with which it is pulled.
    :param cursor: the cursor by which it is pulled.
    """

    def __init__(
        self, destination: Destination, folder: str, *, filters: dict[str, Any], cursor: str
    ) -> None:
        self._store = destination.store
        self._destination = destination
        self._filters = filters
        self._cursor = cursor
        self._folder = folder
        self._manifest_key = f"{folder}/{manifests.NAME}"
        self._before: Manifest | None = None
        self._uploaded: set[str] = set()
        self._committed = False

    @property
    def manifest_uri(self) -> str:
        """The manifest's address."""
        return self._store.uri(self._manifest_key)

    def uris(self, parts: list[Part]) -> list[str]:
        """The addresses of parts."""
        return [self._store.uri(self._key(part)) for part in parts]

    def __enter__(self) -> Landing:
        self._before = self._read_manifest()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if self._committed:
            return
        try:
            # Read again: another run of this window may have committed, or the manifest's own put have failed
            # only in its answer. What a manifest names is left alone.
            now = self._read_manifest()
            kept = {self._key(part) for part in now.parts} if now else set()
            if unnamed := self._uploaded - kept:
                self._store.delete(sorted(unnamed))
        except Exception as second:
            if error is None:
                raise
            log.warning("Parts without a manifest may stay in %s: %s", self._store.uri(self._folder), second)

    def _read_manifest(self) -> Manifest | None:
        """The manifest as it is in the store.

        :raises ConfigurationError: when it belongs to another request, whose records must not be lost.
        """
        data = self._store.read(self._manifest_key)
        found = Manifest.decode(data, self.manifest_uri) if data is not None else None
        if found is not None and (self._filters, self._cursor) != (found.filters, found.cursor):
            raise ConfigurationError(
                f"{self.manifest_uri} holds this window with the filters {found.filters} and the cursor {found.cursor};"
                f" land filters {self._filters} and the cursor {self._cursor} under another prefix, or"
                " remove what is there",
                field="prefix",
            )
        return found

    def writer(self, first: int) -> PartWriter:
        """A writer whose parts land here.

        :param first: the number of its first part.
        """
        return PartWriter(
            self._destination.encoding, first=first, deliver=self._deliver, roll_at=self._destination.roll_at
        )

    def commit(self, manifest: Manifest) -> bool:
        """Make the parts count, and remove those that no longer do, a crashed run's among them.

        :returns: whether anything in the store changed; False for a window that had landed just so.
        """
        self._read_manifest()  # for a run with other filters that was faster
        changed = bool(self._uploaded) or self._before is None or not manifest.lands_the_same(self._before)
        if changed:
            self._store.write(self._manifest_key, manifest.encode())
        self._committed = True
        named = {self._key(part): part.bytes for part in manifest.parts}
        parts = (key for key in self._store.keys(self._folder) if key.startswith(f"{self._folder}/{PREFIX}"))
        stale = sorted(set(parts) - named.keys())
        if stale:
            self._store.delete(stale)
        for key, size in named.items():  # another run of this window may have taken them for stale
            if self._store.size(key) != size:
                raise StorageError(
                    f"{self._store.uri(key)} is not there as it was written; another run of the same window is at"
                    " work. Run this one again; max_active_runs=1 keeps them apart"
                )
        return changed or bool(stale)

    def _deliver(self, part: Part, path: Path) -> Part:
        key = self._key(part)
        known = (
            next((old for old in self._before.parts if old.name == part.name), None) if self._before else None
        )
        if known and self._store.size(key) == known.bytes:
            log.info("Part %s is in place already: %d records", self._store.uri(key), part.records)
            return replace(part, bytes=known.bytes, sha256=known.sha256)
        self._store.upload(key, path)
        self._uploaded.add(key)
        log.info("Landed %s: %d records, %d bytes", self._store.uri(key), part.records, part.bytes)
        return part

    def _key(self, part: Part) -> str:
        return f"{self._folder}/{part.name}"
