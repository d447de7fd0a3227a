"""Taking records out of one landed window: the parts that hold them are written again without them, then the manifest.

It goes by the same rules as a landing (``docs/decisions/0022``), and survives being killed at any moment: what is left
to do is done by the next try.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import TYPE_CHECKING, BinaryIO, cast

import msgspec

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.erasure.part_files import FILE_FORMATS, PartFile, part_file
from airflow_provider_liveperson.landing import committed
from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.destination import Destination
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.errors import ConcurrentRunError, concurrent_run
from airflow_provider_liveperson.landing.landing import Landing
from airflow_provider_liveperson.landing.manifest import ErasureNote, Manifest, SliceCounts
from airflow_provider_liveperson.landing.parts import Part, StoredFile
from airflow_provider_liveperson.records.persons import (
    Hashes,
    IdPath,
    Kind,
    PersonFinder,
    landed_id_paths,
)
from airflow_provider_liveperson.records.salt import Salt
from airflow_provider_liveperson.spool import open_spool
from airflow_provider_liveperson.window import stamp

if TYPE_CHECKING:
    from airflow_provider_liveperson.landing.layout import Layout
    from airflow_provider_liveperson.landing.stores import Store

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5

Found = Callable[[Collection[str]], None]
"""Is told the hashes of the conversations whose records are about to be taken out."""


@dataclass(frozen=True, kw_only=True)
class WindowErasure:
    """What became of one window.

    :param manifest: the URI of its manifest; None where nothing has landed.
    :param records: how many records were taken out of it.
    :param unsearched: why it could not be searched, in words; None where it could.
    """

    manifest: str | None
    records: int = 0
    unsearched: str | None = None


@dataclass
class _Progress:
    """What has been done to a window so far.

    :param parts: its parts, in order.
    :param replaced: the names of the parts that held records.
    :param by_slice: how many records were taken out of which slice, by its place.
    """

    parts: list[Part] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    by_slice: dict[int, int] = field(default_factory=dict)


class WindowEraser:
    """Takes records out of the windows of one landing.

    :param store: where.
    :param layout: where the lists of parts are.
    :param salt: makes the hashes.
    :param now: the present, aware, for the note in the manifest.
    """

    def __init__(self, store: Store, layout: Layout, salt: Salt, *, now: datetime) -> None:
        self._store = store
        self._layout = layout
        self._salt = salt
        self._now = now

    def erase(self, folder: str, hashes: Hashes, found: Found) -> WindowErasure:
        """Take the records of some persons out of a window.

        :param folder: the window's folder.
        :param hashes: who.
        :param found: is told the conversations of what was found, before anything is taken out.
        :raises ConcurrentRunError: when other runs of the same window keep coming between.
        :raises StorageError: when the store refuses, or a part is not as it was landed.
        """
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                return self._try(folder, hashes, found)
            except ConcurrentRunError as error:
                if attempt == MAX_ATTEMPTS:
                    raise
                log.warning("%s Erasing from it again.", error)
        raise AssertionError("an erasure ends, or another run comes between")

    def _try(self, folder: str, hashes: Hashes, found: Found) -> WindowErasure:
        key = f"{folder}/{manifests.NAME}"
        where = self._store.uri(key)
        stored = self._store.fetch(key)
        if stored is None:
            return WindowErasure(manifest=None)
        manifest = Manifest.decode(stored.data, where)
        if manifest.erasures:
            self._tidy(folder, manifest)
        searchable, why = self._searchable(manifest, hashes)
        if not searchable or not manifest.parts:
            return WindowErasure(manifest=where, unsearched=why)
        finder = PersonFinder(searchable, hashes, self._salt)
        with Landing(self._destination(manifest), folder, head=manifest.head) as landing:
            if landing.before != manifest:
                raise concurrent_run(where)
            progress = self._rewrite(landing, folder, manifest, finder)
            if not progress.replaced:
                return WindowErasure(manifest=where, unsearched=why)
            found(finder.conversations)
            landing.read_checkpoint()  # which may name conversations; the commit removes it
            landing.commit(self._without(landing, manifest, progress, hashes, finder))
        # The commit may leave what it cannot remove; here that would be the records themselves.
        self._store.delete([f"{folder}/{name}" for name in progress.replaced])
        records = sum(progress.by_slice.values())
        log.info(
            "Erased %d record(s) from %d part(s) of %s",
            records,
            len(progress.replaced),
            self._store.uri(folder),
        )
        return WindowErasure(manifest=where, records=records, unsearched=why)

    def _tidy(self, folder: str, manifest: Manifest) -> None:
        """Remove what an erasure that was killed has left."""
        named = {part.name for part in manifest.parts}
        replaced = {name for note in manifest.erasures or [] for name in note.replaced} - named
        listed = self._store.entries(folder)
        if left := sorted({f"{folder}/{name}" for name in replaced} & listed.keys()):
            committed.write_list(self._store, self._layout.committed_list(folder), folder)
            self._store.delete(left)
            log.info(
                "Removed %d part(s) that an erasure had replaced in %s", len(left), self._store.uri(folder)
            )

    def _searchable(self, manifest: Manifest, hashes: Hashes) -> tuple[list[IdPath], str | None]:
        """The fields in which ids can be found, and why some may be where they cannot be found, if they may."""
        declared = DATASETS[manifest.dataset].id_paths
        wanted = [one for one in declared if hashes.of(one.kind)]
        if not wanted or not manifest.counts.kept:
            return [], None
        if manifest.file_format not in FILE_FORMATS:
            return [], f"it holds files as they came ({manifest.file_format})"
        landed = landed_id_paths(declared, manifest.masking)
        of_masking = (manifest.masking or {}).get("salt_id")
        if of_masking != self._salt.id and any(one.is_hashed for one in landed):
            plain = [one for one in landed if not one.is_hashed]
            return plain, f"its ids are hashed with another hash_secret ({of_masking})"
        there = {one.path for one in landed}
        missing = {
            kind: [one.path for one in wanted if one.kind is kind and one.path not in there] for kind in Kind
        }
        if lacks := [f"{kind}s in {', '.join(paths)}" for kind, paths in missing.items() if paths]:
            return landed, f"it landed without the ids of {' and of '.join(lacks)}"
        return landed, None

    def _rewrite(self, landing: Landing, folder: str, manifest: Manifest, finder: PersonFinder) -> _Progress:
        """Put each part that holds records of the persons there again, without these."""
        progress = _Progress()
        ends = list(accumulate(slice_.kept for slice_ in manifest.slices))
        first = 0
        for number, part in enumerate(manifest.parts):
            with closing(open_spool(buffering=0)) as spool:
                key = f"{folder}/{part.name}"
                digest = self._store.download(key, spool)
                if digest != part.sha256:
                    raise concurrent_run(self._store.uri(key))
                opened = part_file(manifest, spool)
                positions = opened.found(finder)
                if positions:
                    progress.parts.append(self._put(landing, manifest, number, opened, positions))
                    progress.replaced.append(part.name)
                else:
                    progress.parts.append(part)
            for position in positions:
                place = bisect_right(ends, first + position)
                progress.by_slice[place] = progress.by_slice.get(place, 0) + 1
            first += part.records
        return progress

    def _put(
        self, landing: Landing, manifest: Manifest, number: int, opened: PartFile, positions: set[int]
    ) -> Part:
        """Put a part there again, without some records."""
        with closing(StoredFile()) as file:
            opened.write_without(positions, cast("BinaryIO", file))
            records = manifest.parts[number].records - len(positions)
            made = file.part(number, self._encoding(manifest).ending, records)
            return landing.put(made, file.file)

    def _without(
        self,
        landing: Landing,
        manifest: Manifest,
        progress: _Progress,
        hashes: Hashes,
        finder: PersonFinder,
    ) -> Manifest:
        """The window's manifest without what was taken out."""
        gone = {*hashes.conversations, *finder.conversations}
        left = [
            key
            for key in manifest.still_partial
            if self._salt.hash_of(key.encode("utf-8", "replace")) not in gone and key not in gone
        ]
        fewer = len(manifest.still_partial) - len(left)
        slices: list[SliceCounts] = []
        for place, slice_ in enumerate(manifest.slices):
            erased = progress.by_slice.get(place, 0)
            partial = min(fewer, slice_.still_partial, erased)
            fewer -= partial
            # Where keys have not landed, nothing says which of the rest are partial.
            rest = min(slice_.still_partial - partial, slice_.kept - erased)
            slices.append(slice_.without(erased, still_partial=rest))
        total = sum(progress.by_slice.values())
        counts = manifest.counts.without(total, still_partial=sum(one.still_partial for one in slices))
        note = ErasureNote(erased_at=stamp(self._now), records=total, replaced=progress.replaced)
        return msgspec.structs.replace(
            manifest,
            counts=counts,
            slices=slices,
            still_partial=left,
            erasures=[*(manifest.erasures or []), note],
            parts=progress.parts,
            entries=landing.entries(progress.parts),
        )

    def _destination(self, manifest: Manifest) -> Destination:
        return Destination(store=self._store, prefix=self._layout.prefix, encoding=self._encoding(manifest))

    @staticmethod
    def _encoding(manifest: Manifest) -> Encoding:
        return Encoding(manifest.file_format, manifest.compression, DATASETS[manifest.dataset].columns)
