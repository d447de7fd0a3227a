"""The parts of one landing on their way into its folder."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from random import SystemRandom
from typing import IO

import msgspec

from airflow_provider_liveperson.landing.bounded_worker import BoundedWorker
from airflow_provider_liveperson.landing.destination import Destination
from airflow_provider_liveperson.landing.errors import SourceGoneError, concurrent_run
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.landing.parts import PREFIX, Part, PartWriter
from airflow_provider_liveperson.landing.stores import ConflictError, Entry
from airflow_provider_liveperson.landing.verification import is_sound, missing_parts

log = logging.getLogger(__name__)

_ENCODED_AHEAD = 4 * 1024 * 1024
# Runs whose own names for parts are taken choose others, with numbers from here on.
_FIRST_OTHER_NUMBER = 10_000
_OTHER_NAMES = 20


class Upload:
    """Puts parts into a window's folder, one after the other, while the next ones are made.

    A part that the base names and that is in place is left alone; any other is created under a name that was free,
    so that it is this run's alone until a manifest names it.

    :param destination: where to.
    :param folder: the window's folder.
    :param before: the manifest that was there as the landing began.
    :param spent: the keys of parts that earlier tries of this run have put there, and that may be about to be
        removed: those of this one are added.
    """

    def __init__(
        self, destination: Destination, folder: str, *, before: Manifest | None, spent: set[str]
    ) -> None:
        self._store = destination.store
        self._destination = destination
        self._folder = folder
        self._before = before
        self._spent = spent
        # By the names that parts would have if they were alone: a slice that is read again lands them but once.
        self._placed: dict[str, Part] = {}
        self._claimed: set[str] = set()
        self._created: set[str] = set()
        self._repaired: set[str] = set()
        self._listed: dict[str, Entry] | None = None
        self._compressor = BoundedWorker("liveperson-compress", room=_ENCODED_AHEAD)
        # On disk are at most the part that is being written, and as much as one may hold that waits for its upload.
        self._uploader = BoundedWorker("liveperson-upload", room=destination.roll_at)

    @property
    def created(self) -> frozenset[str]:
        """The keys of the parts that this landing has put where nothing was."""
        return frozenset(self._created)

    @property
    def has_put(self) -> bool:
        """Whether this landing has put anything yet."""
        return bool(self._created or self._repaired)

    def has_uploaded(self, parts: Sequence[Part]) -> bool:
        """Whether any of these parts was not in place before.

        :param parts: parts that have arrived.
        """
        keys = map(self._key, parts)
        return any(key in self._created or key in self._repaired for key in keys)

    def writer(self, first: int) -> PartWriter:
        """A writer whose parts are uploaded.

        :param first: the number of its first part.
        """
        return PartWriter(
            self._destination.encoding,
            first=first,
            deliver=self.put,
            compressor=self._compressor,
            uploader=self._uploader,
            roll_at=self._destination.roll_at,
        )

    def copy_from(self, manifest: Manifest, folder: str) -> list[Part] | None:
        """Take over the parts of another window that holds the same records.

        :param manifest: that window's manifest.
        :param folder: its folder.
        :returns: the parts, or None where one is not as its manifest says.
        :raises StorageError: when the store refuses.
        """
        if missing_parts(self._store, folder, manifest.parts):
            return None
        if folder == self._folder:
            return manifest.parts
        try:
            return [self._copy(part, folder) for part in manifest.parts]
        except SourceGoneError:
            return None

    def submit(self, act: Callable[[], None]) -> None:
        """Do something once the parts that were finished before are there.

        :param act: what to do.
        :raises StorageError: when a part could not be put there.
        """
        self._uploader.submit(act)

    def finish(self) -> None:
        """Wait until all parts are there.

        :raises StorageError: when one could not be put there.
        """
        self._uploader.finish()

    def close(self) -> None:
        """Wait for what is under way, whatever becomes of it."""
        self._compressor.close()
        self._uploader.close()

    def put(self, part: Part, file: IO[bytes]) -> Part:
        """Put a part there, unless the base names it and it is in place.

        :param part: the part, named by its bytes.
        :param file: its bytes.
        :returns: the part as it landed: under another number where its name is taken.
        :raises ConcurrentRunError: when another run of the same window keeps taking its names.
        :raises StorageError: when the store refuses.
        """
        if (placed := self._placed.get(part.name)) is not None:
            return placed
        standing = self._standing(part)
        if standing is not None:
            standing = self._make_sound(standing, file)
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
                and self._key(other) in self._entries()
            ):
                return other
        return None

    def _make_sound(self, standing: Part, file: IO[bytes]) -> Part:
        """Leave a part of the base alone, or put it again where it is not as it was landed."""
        key = self._key(standing)
        if is_sound(self._store, key, standing, self._entries().get(key)):
            log.info("Part %s is in place already: %d records", self._store.uri(key), standing.records)
            return standing
        etag = self._store.overwrite(key, file)
        self._repaired.add(key)
        log.warning("%s was not as it was landed, and was put again", self._store.uri(key))
        return msgspec.structs.replace(standing, etag=etag)

    def _create(self, part: Part, put: Callable[[str], str | None]) -> Part:
        """Put a part where nothing is.

        What is there without being named by the base may belong to a run that is under way, or be about to be removed
        by one: nobody else relies on it, nor puts anything in its place.
        """
        for name in _names(part.name):
            key = f"{self._folder}/{name}"
            if key in self._entries() or key in self._spent:
                continue
            try:
                etag = put(key)
            except ConflictError:
                log.info("%s belongs to another run; taking another number", self._store.uri(key))
                continue
            self._created.add(key)
            self._spent.add(key)
            return msgspec.structs.replace(part, name=name, etag=etag)
        raise concurrent_run(self._store.uri(self._key(part)))

    def _copy(self, part: Part, folder: str) -> Part:
        source = f"{folder}/{part.name}"

        def put(key: str) -> str | None:
            try:
                return self._store.copy(source, key, part.etag)
            except ConflictError:
                if missing_parts(self._store, folder, [part]):
                    raise SourceGoneError(f"{self._store.uri(source)} is gone") from None
                raise

        return self._create(part, put)

    def _entries(self) -> dict[str, Entry]:
        """What was in the folder after the base had been read: listed once, when it is first needed."""
        # No cached_property, which until Python 3.12 makes all runs of a process wait.
        if self._listed is None:
            self._listed = self._store.entries(self._folder)
        return self._listed

    def _key(self, part: Part) -> str:
        return f"{self._folder}/{part.name}"


def _names(name: str) -> Iterator[str]:
    """A part's own name, and then others that differ in the number."""
    yield name
    rest = name.removeprefix(PREFIX).partition("-")[2]
    random = SystemRandom()
    for _ in range(_OTHER_NAMES):
        yield f"{PREFIX}{random.randrange(_FIRST_OTHER_NUMBER, 10 * _FIRST_OTHER_NUMBER)}-{rest}"


def _number(name: str) -> int:
    number = name.removeprefix(PREFIX).partition("-")[0]
    return int(number) if number.isdecimal() else 0
