"""The commit of one landing: the manifest in place of the base, and nothing left behind that no longer counts."""

from __future__ import annotations

import logging

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.base import Base, read_replaceable
from airflow_provider_liveperson.landing.errors import concurrent_run
from airflow_provider_liveperson.landing.manifest import Manifest, ManifestHead
from airflow_provider_liveperson.landing.parts import PREFIX, Part
from airflow_provider_liveperson.landing.stores import ConflictError, Entry, RefusedError, Store
from airflow_provider_liveperson.landing.verification import is_in_place

log = logging.getLogger(__name__)


class Commit:
    """Makes the parts of one landing count, or takes them away again.

    :param store: where.
    :param folder: the window's folder.
    :param head: what the landing's manifest says of its request.
    :param base: the manifest that was there as the landing began.
    """

    def __init__(self, store: Store, folder: str, *, head: ManifestHead, base: Base) -> None:
        self._store = store
        self._folder = folder
        self._head = head
        self._base = base
        self._manifest_key = f"{folder}/{manifests.NAME}"
        self._is_in_doubt = False
        self._listed_last: dict[str, Entry] = {}

    def put(self, manifest: Manifest, *, has_put: bool, listed: dict[str, Entry]) -> tuple[Manifest, bool]:
        """Put the manifest in place of the base, unless the base says the same.

        :param manifest: names the parts of the landing.
        :param has_put: whether it has put any part.
        :param listed: the folder as it is, its parts included.
        :returns: the manifest that is there, and whether it is certain that this landing has put it there.
        :raises ConcurrentRunError: when another run of the same window was faster, or has removed parts.
        :raises StorageError: when it cannot be known that what was landed counts.
        """
        self._check(manifest, listed)
        mine = manifest.encode()
        is_new = self._base.data != mine and (has_put or not self._lands_what_is_there(manifest))
        if self._base.stored is None or is_new:
            return self._swap(manifest, mine)
        found = self._store.fetch(self._manifest_key)
        if found is None or found.data != self._base.data:
            read_replaceable(found, self._uri, self._head)
            raise concurrent_run(self._uri)
        return manifest, False

    def stale_parts(
        self, manifest: Manifest, *, created: frozenset[str], listed: dict[str, Entry], is_mine: bool
    ) -> list[str]:
        """The keys of parts that nothing can name any more.

        After this landing's own manifest these are all that had been listed before, are there unchanged, and are not
        in it: no other run can commit what it began before. Otherwise they are those that this landing has created,
        and those that are older than the manifest.

        :param manifest: the one that is there.
        :param created: the keys of the parts that the landing has created.
        :param listed: the folder before the manifest was put there.
        :param is_mine: whether this landing has put it there.
        """
        named = {self._key(part) for part in manifest.parts}
        since = _put_at(listed, self._manifest_key)
        return [
            key
            for key, entry in listed.items()
            if key.startswith(f"{self._folder}/{PREFIX}")
            and key not in named
            and (
                self._listed_last.get(key) == entry
                if is_mine
                else key in created or _put_at(listed, key) < since < float("inf")
            )
        ]

    def withdraw(self, created: frozenset[str], *, kept: frozenset[str]) -> None:
        """Remove what this landing alone has put there, unless something may name it by now.

        What was there as another run committed is that one's to remove: a name that came free before it does so
        could be taken again, and then be lost with it.

        :param created: the keys of the parts that the landing has created.
        :param kept: the keys of those that a checkpoint names, for a retry.
        :raises StorageError: when it cannot be known what may be removed, or the store refuses.
        """
        if not created:
            return
        if self._is_in_doubt:
            raise StorageError("it is not known whether the manifest was written")
        found = self._store.fetch(self._manifest_key)
        if found is None and self._base.stored is not None:
            raise StorageError("the manifest that was there is gone")
        now = Manifest.decode(found.data, self._uri) if found is not None else None
        unnamed = created - self._keys(now)
        if found is None or found.data == self._base.data:
            # The retry begins from the same base.
            unnamed -= kept | self._keys(self._base.manifest)
        elif unnamed:
            listed = self._store.entries(self._folder)
            since = _put_at(listed, self._manifest_key)
            unnamed = frozenset(key for key in unnamed if since <= _put_at(listed, key) < float("inf"))
        if unnamed:
            self._store.delete(sorted(unnamed))

    def _swap(self, manifest: Manifest, mine: bytes) -> tuple[Manifest, bool]:
        """Put the manifest in place of the base, and make sure of it."""
        self._is_in_doubt, was_faster = True, False
        try:
            self._store.swap(self._manifest_key, mine, self._base.stored)
        except ConflictError:
            was_faster = True
        except RefusedError:
            self._is_in_doubt = False
            raise
        found = self._store.fetch(self._manifest_key)
        if found is None:
            if was_faster:
                raise concurrent_run(self._uri)
            raise StorageError(
                f"{self._uri} is not there after it was written, so that nothing counts as landed; its parts"
                " were kept. Does anything remove objects in this folder?"
            )
        there = Manifest.decode(found.data, self._uri)
        self._is_in_doubt = False
        read_replaceable(found, self._uri, self._head)
        self._listed_last = self._store.entries(self._folder)
        self._check(there, self._listed_last)
        if found.data == mine:
            return manifest, not was_faster
        if not manifest.lands_the_same(there, by_bytes=True):
            raise concurrent_run(self._uri)
        log.info("Another run of the same window has landed the same records already")
        return there, False

    def _check(self, manifest: Manifest, listed: dict[str, Entry]) -> None:
        """Make sure that all parts of a manifest are there."""
        for part in manifest.parts:
            if not is_in_place(part, listed.get(self._key(part))):
                raise concurrent_run(self._store.uri(self._key(part)))

    def _lands_what_is_there(self, manifest: Manifest) -> bool:
        return self._base.manifest is not None and manifest.lands_the_same(self._base.manifest)

    @property
    def _uri(self) -> str:
        return self._store.uri(self._manifest_key)

    def _keys(self, manifest: Manifest | None) -> frozenset[str]:
        """The keys of the parts that a manifest names."""
        return frozenset(map(self._key, manifest.parts if manifest is not None else []))

    def _key(self, part: Part) -> str:
        return f"{self._folder}/{part.name}"


def _put_at(listed: dict[str, Entry], key: str) -> float:
    """When an object was put, in epoch seconds; infinity where that is not known."""
    modified = listed[key].modified if key in listed else None
    return float("inf") if modified is None else modified
