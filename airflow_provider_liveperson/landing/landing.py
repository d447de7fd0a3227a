"""The landing of one window: its folder, its parts, and the manifest that makes them count."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import SystemRandom
from typing import IO, Any

import msgspec

from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.bounded_worker import BoundedWorker
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.landing.parts import PREFIX, ROLL_AT, SHARE_BELOW, Part, PartWriter
from airflow_provider_liveperson.landing.stores import ConflictError, Entry, RefusedError, Store, Stored
from airflow_provider_liveperson.pull import checkpoints as checkpoints
from airflow_provider_liveperson.pull.checkpoints import Checkpoint
from airflow_provider_liveperson.records.raw import is_text
from airflow_provider_liveperson.window import Window, file_stamp

log = logging.getLogger(__name__)

_ENCODED_AHEAD = 4 * 1024 * 1024
# Runs whose own names for parts are taken choose others, with numbers from here on.
_FIRST_OTHER_NUMBER = 10_000
_OTHER_NAMES = 20


class ConcurrentRunError(StorageError):
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
    :param share_below: slices of fewer bytes, before compression, share a part; it is closed at the end of the slice
        with which it has as many. They wait in memory, and a retry reads them again.
    :raises ConfigurationError: for a prefix with ``..``, empty steps or backslashes.
    """

    store: Store
    prefix: str
    encoding: Encoding
    roll_at: int = ROLL_AT
    share_below: int = SHARE_BELOW

    def __post_init__(self) -> None:
        prefix = (self.prefix or "").strip("/")
        steps = prefix.split("/") if prefix else []
        if (
            any(step in ("", ".", "..") for step in steps)
            or "\\" in prefix
            or "://" in prefix
            or not is_text(prefix)
        ):
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

    A landing begins from the manifest that is there, its base. Parts go up as they are finished, under names that
    hold a hash of their bytes. One that the base names and that is in place is left alone; any other is created
    under a name that was free, so that it is this run's alone until a manifest names it. :meth:`remember` keeps what
    is finished for a retry. :meth:`commit` puts the manifest in place of the base, if that is still there, and then
    removes what is no longer named. ``docs/decisions/0022`` says why, and which interleavings of runs this outlives.

    :param destination: where to.
    :param folder: the window's folder.
    :param filters: the filters with which it is pulled.
    :param cursor: the cursor by which it is pulled.
    :param spent: the keys of parts that earlier attempts of this run have put there, and that may be about to be
        removed: those of this one are added.
    """

    def __init__(
        self,
        destination: Destination,
        folder: str,
        *,
        filters: dict[str, Any],
        cursor: str,
        spent: set[str] | None = None,
    ) -> None:
        self._store = destination.store
        self._destination = destination
        self._filters = filters
        self._cursor = cursor
        self._folder = folder
        self._manifest_key = f"{folder}/{manifests.NAME}"
        self._journal_key = f"{folder}/{checkpoints.NAME}"
        self._has_journal = False
        self._base: Stored | None = None
        self._before: Manifest | None = None
        # By the names that parts would have if they were alone: a slice that is read again lands them but once.
        self._placed: dict[str, Part] = {}
        self._claimed: set[str] = set()
        self._created: set[str] = set()
        self._spent = spent if spent is not None else set()
        self._repaired: set[str] = set()
        self._remembered: set[str] = set()
        self._is_in_doubt = False
        self._listed: dict[str, Entry] | None = None
        self._listed_last: dict[str, Entry] = {}
        self._compressor = BoundedWorker("liveperson-compress", room=_ENCODED_AHEAD)
        # On disk are at most the part that is being written, and as much as one may hold that waits for its upload.
        self._uploader = BoundedWorker("liveperson-upload", room=destination.roll_at)
        self._committed = False

    @property
    def manifest_uri(self) -> str:
        """The manifest's address."""
        return self._store.uri(self._manifest_key)

    @property
    def before(self) -> Manifest | None:
        """What an earlier landing of the same window has left."""
        return self._before

    @property
    def base(self) -> str | None:
        """What a checkpoint says of the manifest that was there as this landing began."""
        return hashlib.sha256(self._base.data).hexdigest() if self._base is not None else None

    def __enter__(self) -> Landing:
        self._base = self._store.fetch(self._manifest_key)
        self._before = self._decode(self._base)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._compressor.close()
        self._uploader.close()
        if self._committed:
            return
        try:
            self._withdraw()
        except Exception as second:
            if error is None:
                raise
            log.warning("Parts without a manifest may stay in %s: %s", self._store.uri(self._folder), second)

    def _withdraw(self) -> None:
        """Remove what this run alone has put there, unless something may name it by now.

        What was there as another run committed is that one's to remove: a name that came free before it does so
        could be taken again, and then be lost with it.
        """
        if not self._created:
            return
        if self._is_in_doubt:
            raise StorageError("it is not known whether the manifest was written")
        found = self._store.fetch(self._manifest_key)
        if found is None and self._base is not None:
            raise StorageError("the manifest that was there is gone")
        now = Manifest.decode(found.data, self.manifest_uri) if found is not None else None
        named = {self._key(part) for manifest in (now, self._before) if manifest for part in manifest.parts}
        unnamed = self._created - named
        if found is None or (self._base is not None and found.data == self._base.data):
            unnamed -= self._remembered  # for a retry, which begins from the same base
        elif unnamed:
            listed = self._store.entries(self._folder)
            since = _put_at(listed, self._manifest_key)
            unnamed = {key for key in unnamed if since <= _put_at(listed, key) < float("inf")}
        if unnamed:
            self._store.delete(sorted(unnamed))

    def _decode(self, found: Stored | None) -> Manifest | None:
        """A manifest that is in the store.

        :raises ConfigurationError: when it belongs to another request, whose records must not be lost.
        :raises StorageError: when it is none.
        """
        if found is None:
            return None
        manifest = Manifest.decode(found.data, self.manifest_uri)
        if (self._filters, self._cursor) != (manifest.filters, manifest.cursor):
            raise ConfigurationError(
                f"{self.manifest_uri} holds this window with the filters {manifest.filters} and the cursor"
                f" {manifest.cursor}; land filters {self._filters} and the cursor {self._cursor} under another prefix,"
                " or remove what is there",
                field="prefix",
            )
        return manifest

    def recall(self, fingerprint: str, *, not_before: float) -> Checkpoint | None:
        """What an earlier try has finished, if all its files are still there.

        :param fingerprint: of this landing.
        :param not_before: epoch seconds; an older checkpoint may tell of records that have changed since.
        """
        data = self._store.read(self._journal_key)
        self._has_journal = data is not None
        checkpoint = Checkpoint.decode(data) if data is not None else None
        if (
            checkpoint is None
            or (checkpoint.fingerprint, checkpoint.base) != (fingerprint, self.base)
            or checkpoint.written_at < not_before
        ):
            return None
        parts = [part for finished in checkpoint.finished for part in finished.parts]
        if missing(self._store, self._folder, parts):
            return None
        self._remembered.update(self._key(part) for part in parts)
        return checkpoint

    def remember(self, checkpoint: Checkpoint) -> None:
        """Keep what is finished, for a retry after a crash: written behind the parts that it names."""
        self._has_journal = True
        data, named = (
            checkpoint.encode(),
            [self._key(part) for done in checkpoint.finished for part in done.parts],
        )

        def write() -> None:
            self._remembered.update(named)  # also if it fails, as it may be there all the same
            self._store.write(self._journal_key, data)

        self._uploader.submit(write)

    def has_uploaded(self, parts: list[Part]) -> bool:
        """Whether any of these parts was not in place before."""
        keys = map(self._key, parts)
        return any(key in self._created or key in self._repaired for key in keys)

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
        if folder == self._folder:
            return manifest.parts
        try:
            return [self._copy(part, folder) for part in manifest.parts]
        except SourceGoneError:
            return None

    def commit(self, manifest: Manifest) -> tuple[Manifest, bool]:
        """Make the parts count, and remove those that no longer do, a crashed run's among them.

        :returns: the manifest that is there, and whether anything in the store changed; False for a window that had
            landed just so.
        :raises ConcurrentRunError: when another run of the same window was faster, or has removed parts; land again.
        :raises StorageError: when it cannot be known that what was landed counts.
        """
        self._uploader.finish()
        listed = self._store.entries(self._folder)
        self._check(manifest, listed)
        has_put = bool(self._created or self._repaired)
        mine = manifest.encode()
        if self._base is None or (
            self._base.data != mine and (has_put or not self._lands_what_is_there(manifest))
        ):
            manifest, is_mine = self._swap(manifest, mine)
        else:
            is_mine = False
            found = self._store.fetch(self._manifest_key)
            if found is None or found.data != self._base.data:
                self._decode(found)
                raise self._disturbed(self.manifest_uri)
        self._committed = True
        removed = self._sweep(manifest, listed, is_mine=is_mine)
        return manifest, has_put or is_mine or bool(removed)

    def _lands_what_is_there(self, manifest: Manifest) -> bool:
        return self._before is not None and manifest.lands_the_same(self._before)

    def _swap(self, manifest: Manifest, mine: bytes) -> tuple[Manifest, bool]:
        """Put the manifest in place of the base, and make sure of it.

        :returns: the manifest that is there, and whether it is certain that this run has put it there.
        """
        self._is_in_doubt, was_faster = True, False
        try:
            self._store.swap(self._manifest_key, mine, self._base)
        except ConflictError:
            was_faster = True
        except RefusedError:
            self._is_in_doubt = False
            raise
        found = self._store.fetch(self._manifest_key)
        if found is None:
            if was_faster:
                raise self._disturbed(self.manifest_uri)
            raise StorageError(
                f"{self.manifest_uri} is not there after it was written, so that nothing counts as landed; its parts"
                " were kept. Does anything remove objects in this folder?"
            )
        there = Manifest.decode(found.data, self.manifest_uri)
        self._is_in_doubt = False
        self._decode(found)
        self._listed_last = self._store.entries(self._folder)
        self._check(there, self._listed_last)
        if found.data == mine:
            return manifest, not was_faster
        if not manifest.lands_the_same(there, by_bytes=True):
            raise self._disturbed(self.manifest_uri)
        log.info("Another run of the same window has landed the same records already")
        return there, False

    def _check(self, manifest: Manifest, listed: dict[str, Entry]) -> None:
        """Make sure that all parts of a manifest are there."""
        for part in manifest.parts:
            if not is_in_place(part, listed.get(self._key(part))):
                raise self._disturbed(self._store.uri(self._key(part)))

    def _disturbed(self, uri: str) -> ConcurrentRunError:
        return ConcurrentRunError(
            f"{uri} is not there as it was written; another run of the same window is at work. Run this one again;"
            " max_active_runs=1 keeps them apart"
        )

    def _sweep(self, manifest: Manifest, listed: dict[str, Entry], *, is_mine: bool) -> list[str]:
        """Remove parts that nothing can name any more.

        After this run's own manifest these are all that had been listed before, are there unchanged, and are not in
        it: no other run can commit what it began before. Otherwise they are those that this run has created, and
        those that are older than the manifest.

        :param manifest: the one that is there.
        :param listed: the folder before it was put there.
        :param is_mine: whether this run has put it there.
        """
        named = {self._key(part) for part in manifest.parts}
        since = _put_at(listed, self._manifest_key)
        stale = [
            key
            for key, entry in listed.items()
            if key.startswith(f"{self._folder}/{PREFIX}")
            and key not in named
            and (
                self._listed_last.get(key) == entry
                if is_mine
                else key in self._created or _put_at(listed, key) < since < float("inf")
            )
        ]
        try:
            if self._has_journal:
                self._store.delete([self._journal_key])
            if stale:
                self._store.delete(stale)
        except StorageError as error:
            log.warning(
                "The window has landed, but what no longer counts could not be removed: %d part(s) in %s that the"
                " manifest does not name (%s)",
                len(stale),
                self._store.uri(self._folder),
                error,
            )
        return stale

    # -- parts -----------------------------------------------------------------------------------------

    def _deliver(self, part: Part, file: IO[bytes]) -> Part:
        if (placed := self._placed.get(part.name)) is not None:
            return placed
        standing = self._standing(part)
        if standing is not None:
            key = self._key(standing)
            if not is_sound(self._store, key, standing, self._found.get(key)):
                etag = self._store.overwrite(key, file)
                self._repaired.add(key)
                standing = msgspec.structs.replace(standing, etag=etag)
                log.warning("%s was not as it was landed, and was put again", self._store.uri(key))
            else:
                log.info("Part %s is in place already: %d records", self._store.uri(key), part.records)
        else:
            standing = self._create(part, lambda key: self._store.create(key, file))
            log.info(
                "Landed %s: %d records, %d bytes",
                self._store.uri(self._key(standing)),
                part.records,
                part.bytes,
            )
        self._placed[part.name] = standing
        self._claimed.add(standing.name)
        return standing

    def _standing(self, part: Part) -> Part | None:
        """The part of the base that holds the same bytes, if it is there in whatever state.

        It has the same name, or one that a run took whose own was not free.
        """
        for other in self._before.parts if self._before else []:
            if (
                (other.sha256, other.bytes) == (part.sha256, part.bytes)
                and (other.name == part.name or _number(other.name) >= _FIRST_OTHER_NUMBER)
                and other.name not in self._claimed
                and self._key(other) in self._found
            ):
                return other
        return None

    def _create(self, part: Part, put: Callable[[str], str | None]) -> Part:
        """Put a part where nothing is.

        What is there without being named by the base may belong to a run that is under way, or be about to be removed
        by one: nobody else relies on it, nor puts anything in its place.
        """
        for name in _names(part.name):
            key = f"{self._folder}/{name}"
            if key in self._found or key in self._spent:
                continue
            try:
                etag = put(key)
            except ConflictError:
                log.info("%s belongs to another run; taking another number", self._store.uri(key))
                continue
            self._created.add(key)
            self._spent.add(key)
            return msgspec.structs.replace(part, name=name, etag=etag)
        raise self._disturbed(self._store.uri(self._key(part)))

    def _copy(self, part: Part, folder: str) -> Part:
        source = f"{folder}/{part.name}"

        def put(key: str) -> str | None:
            try:
                return self._store.copy(source, key, part.etag)
            except ConflictError:
                if missing(self._store, folder, [part]):
                    raise SourceGoneError(f"{self._store.uri(source)} is gone") from None
                raise

        return self._create(part, put)

    @property
    def _found(self) -> dict[str, Entry]:
        """What was in the folder after the base had been read."""
        if (
            self._listed is None
        ):  # no cached_property, which until Python 3.12 makes all runs of a process wait
            self._listed = self._store.entries(self._folder)
        return self._listed

    def _key(self, part: Part) -> str:
        return f"{self._folder}/{part.name}"


class SourceGoneError(StorageError):
    """The part that was to be copied is no longer there."""


def _names(name: str) -> Iterator[str]:
    """A part's own name, and then others that differ in the number."""
    yield name
    rest = name.removeprefix(PREFIX).partition("-")[2]
    chance = SystemRandom()
    for _ in range(_OTHER_NAMES):
        yield f"{PREFIX}{chance.randrange(_FIRST_OTHER_NUMBER, 10 * _FIRST_OTHER_NUMBER)}-{rest}"


def _number(name: str) -> int:
    number = name.removeprefix(PREFIX).partition("-")[0]
    return int(number) if number.isdecimal() else 0


def _put_at(listed: dict[str, Entry], key: str) -> float:
    """When an object was put; infinity where that is not known."""
    modified = listed[key].modified if key in listed else None
    return float("inf") if modified is None else modified


def is_in_place(part: Part, entry: Entry | None) -> bool:
    """Whether a listed object is a part, as far as a listing tells.

    :param part: what a manifest or a checkpoint says is there.
    :param entry: what is listed under its name.
    """
    if entry is None or entry.size != part.bytes:
        return False
    return part.etag is None or entry.etag is None or part.etag == entry.etag


def is_sound(store: Store, key: str, part: Part, entry: Entry | None) -> bool:
    """Whether an object is a part, by its size and by its ETag or, where the store has none, its bytes.

    :param store: where.
    :param key: the object's key.
    :param part: what a manifest or a checkpoint says is there.
    :param entry: what is listed under the key.
    """
    if not is_in_place(part, entry):
        return False
    return part.etag is not None or store.sha256(key) in (None, part.sha256)


def missing(store: Store, folder: str, parts: Sequence[Part]) -> list[Part]:
    """Those of some parts that are not in a folder, or not as they were put there.

    :param store: where.
    :param folder: the folder.
    :param parts: what a manifest or a checkpoint says is there.
    """
    if not parts:
        return []
    entries = store.entries(folder)
    keys = {part.name: f"{folder}/{part.name}" for part in parts}
    return [
        part for part in parts if not is_sound(store, keys[part.name], part, entries.get(keys[part.name]))
    ]
