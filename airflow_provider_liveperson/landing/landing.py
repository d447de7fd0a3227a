"""The landing of one window: its folder, its parts, and the manifest that makes them count."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.landing import journal as journals
from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.in_turn import InTurn
from airflow_provider_liveperson.landing.journal import Journal
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.landing.parts import PREFIX, ROLL_AT, Part, PartWriter
from airflow_provider_liveperson.landing.stores import Store
from airflow_provider_liveperson.window import Window, file_stamp

log = logging.getLogger(__name__)

_ENCODED_AHEAD = 4 * 1024 * 1024


class DisturbedError(StorageError):
    """Another run of the same window has removed what this one wrote: it has to land again.

    Raised by a landing, caught by the puller.
    """


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

    def account_folder(self, dataset: str, account_id: str) -> str:
        """The folder of all windows of one dataset and account."""
        layout = f"{dataset}/account_id={account_id}"
        return f"{self.prefix}/{layout}" if self.prefix else layout

    def folder(self, dataset: str, account_id: str, window: Window) -> str:
        """The folder of one window, partitioned so that query engines see ``account_id`` and ``dt``."""
        return (
            f"{self.account_folder(dataset, account_id)}/dt={window.start.date()}"
            f"/{file_stamp(window.start)}_{file_stamp(window.end)}"
        )


class Landing:
    """Lands one window. Use it as a context manager: what fails in between leaves no half-written slice behind.

    Parts go up as they are finished, under names that hold a hash of their bytes; a part that an earlier
    landing of the same window holds already is left alone. :meth:`remember` keeps what is finished for a
    retry. :meth:`commit` puts the manifest last and then removes the parts that it no longer names.

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
        self._journal_key = f"{folder}/{journals.NAME}"
        self._has_journal = False
        self._before: Manifest | None = None
        self._uploaded: set[str] = set()
        self._finished: set[str] = set()
        self._compressor = InTurn("liveperson-compress", room=_ENCODED_AHEAD)
        # On disk are at most the part that is being written, and as much as one may hold that waits for its upload.
        self._uploader = InTurn("liveperson-upload", room=destination.roll_at)
        self._committed = False

    @property
    def manifest_uri(self) -> str:
        """The manifest's address."""
        return self._store.uri(self._manifest_key)

    @property
    def before(self) -> Manifest | None:
        """What an earlier landing of the same window has left."""
        return self._before

    def __enter__(self) -> Landing:
        self._before = self._read_manifest()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._compressor.close()
        self._uploader.close()
        if self._committed:
            return
        try:
            # Read again: another run of this window may have committed, or the manifest's own put have failed
            # only in its answer. What a manifest names is left alone.
            now = self._read_manifest()
            kept = {self._key(part) for part in now.parts} if now else set()
            if unnamed := self._uploaded - self._finished - kept:
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

    def recall(self, fingerprint: str, *, not_before: float) -> Journal | None:
        """What an earlier try has finished, if all its files are still there.

        :param fingerprint: of this landing.
        :param not_before: epoch seconds; an older journal may tell of records that have changed since.
        """
        data = self._store.read(self._journal_key)
        self._has_journal = data is not None
        journal = Journal.decode(data) if data is not None else None
        if journal is None or journal.fingerprint != fingerprint or journal.written_at < not_before:
            return None
        parts = [part for finished in journal.finished for part in finished.parts]
        if missing(self._store, self._folder, parts):
            return None
        self._finished.update(self._key(part) for part in parts)
        return journal

    def remember(self, journal: Journal) -> None:
        """Keep what is finished, for a retry after a crash: written behind the parts that it names."""
        self._has_journal = True
        data, named = journal.encode(), [self._key(part) for done in journal.finished for part in done.parts]

        def write() -> None:
            self._store.write(self._journal_key, data)
            self._finished.update(named)

        self._uploader.submit(write)

    def has_uploaded(self, parts: list[Part]) -> bool:
        """Whether any of these parts was not in place before."""
        return any(self._key(part) in self._uploaded for part in parts)

    def writer(self, first: int) -> PartWriter:
        """A writer whose parts land here.

        :param first: the number of its first part.
        """
        return PartWriter(
            self._destination.encoding,
            first=first,
            deliver=self._deliver,
            compressor=self._compressor,
            uploader=self._uploader,
            roll_at=self._destination.roll_at,
        )

    def adopt(self, manifest: Manifest, folder: str) -> list[Part] | None:
        """Take over the parts of another window that holds the same records.

        :param manifest: that window's manifest.
        :param folder: its folder.
        :returns: the parts, or None where one is not as its manifest says.
        """
        if missing(self._store, folder, manifest.parts):
            return None
        if folder != self._folder:
            for part in manifest.parts:
                self._store.copy(f"{folder}/{part.name}", self._key(part))
                self._uploaded.add(self._key(part))
        return manifest.parts

    def commit(self, manifest: Manifest) -> bool:
        """Make the parts count, and remove those that no longer do, a crashed run's among them.

        :returns: whether anything in the store changed; False for a window that had landed just so.
        :raises DisturbedError: when another run of the same window has removed parts; land again.
        """
        self._uploader.finish()
        self._read_manifest()  # for a run with other filters that was faster
        changed = bool(self._uploaded) or self._before is None or not manifest.lands_the_same(self._before)
        if changed:
            self._store.write(self._manifest_key, manifest.encode())
        self._committed = True
        stale = self._stale_keys()
        if stale:
            self._store.delete(stale)
        if self._has_journal:
            self._store.delete([self._journal_key])
        self._verify()
        return changed or bool(stale)

    def _stale_keys(self) -> list[str]:
        """Parts that no manifest names: not this run's, and not that of another run that was faster just now."""
        keys = [key for key in self._store.sizes(self._folder) if key.startswith(f"{self._folder}/{PREFIX}")]
        if not keys:
            return []
        now = self._read_manifest()
        named = {self._key(part) for part in now.parts} if now else set()
        return sorted(set(keys) - named)

    def _verify(self) -> None:
        """Whoever removes anything looks last, at whatever manifest is there by then."""
        now = self._read_manifest()
        if lost := missing(self._store, self._folder, now.parts if now else []):
            raise DisturbedError(
                f"{self._store.uri(self._key(lost[0]))} is not there as it was written; another run of the same window"
                " is at work. Run this one again; max_active_runs=1 keeps them apart"
            )

    def _deliver(self, part: Part, path: Path) -> Part:
        key = self._key(part)
        if self._in_place.get(key) == part.bytes:
            log.info("Part %s is in place already: %d records", self._store.uri(key), part.records)
            return part
        self._uploaded.add(key)
        self._store.upload(key, path)
        log.info("Landed %s: %d records, %d bytes", self._store.uri(key), part.records, part.bytes)
        return part

    @cached_property
    def _in_place(self) -> dict[str, int]:
        """What an earlier landing has left, with its sizes."""
        if self._before is None:
            return {}
        named = {self._key(part): part.bytes for part in self._before.parts}
        found = self._store.sizes(self._folder)
        return {key: size for key, size in named.items() if found.get(key) == size}

    def _key(self, part: Part) -> str:
        return f"{self._folder}/{part.name}"


def missing(store: Store, folder: str, parts: Sequence[Part]) -> list[Part]:
    """Those of some parts that are not in a folder, or not of their size.

    :param store: where.
    :param folder: the folder.
    :param parts: what a manifest or a journal says is there.
    """
    if not parts:
        return []
    sizes = store.sizes(folder)
    return [part for part in parts if sizes.get(f"{folder}/{part.name}") != part.bytes]
