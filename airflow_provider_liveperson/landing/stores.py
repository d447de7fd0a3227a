"""Where parts and manifests are kept. A store knows keys and bytes, nothing of records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, Protocol

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.spool import spool_errors

MAX_READ = 256 * 1024 * 1024
READ_SIZE = 1 << 20


@dataclass(frozen=True)
class Entry:
    """An object in a listing.

    :param size: in bytes.
    :param etag: changes when the object's bytes do; None where the store has no such thing.
    :param modified: when it was put, by the store's clock, in epoch seconds; None where it is not listed.
    """

    size: int
    etag: str | None = None
    modified: float | None = None


@dataclass(frozen=True)
class Stored:
    """An object as it was read.

    :param data: its bytes.
    :param etag: what :meth:`Store.swap` takes for it.
    """

    data: bytes
    etag: str | None = None


def below(folder: str) -> str:
    """What the keys of all objects in a folder begin with.

    :param folder: the folder; empty for the whole store.
    """
    return f"{folder}/" if folder else ""


def fill(file: IO[bytes], chunks: Iterable[bytes]) -> str:
    """Write an object's bytes into a file in place of what it holds, and return their SHA-256, in hexadecimal.

    :param file: the file.
    :param chunks: the bytes.
    :raises StorageError: when the temporary folder is full.
    """
    found = hashlib.sha256()
    with spool_errors():
        file.seek(0)
        file.truncate()
    for chunk in chunks:
        found.update(chunk)
        with spool_errors():
            file.write(chunk)
    with spool_errors():
        file.flush()
        file.seek(0)
    return found.hexdigest()


class RefusedError(StorageError):
    """The store answered that it refuses the request; whatever was there is unchanged."""


class ConflictError(RefusedError):
    """The object exists already, or is not the one that was expected."""


class Store(Protocol):
    """What a landing needs of an object store.

    Every method raises :class:`StorageError`. Unless it is a :class:`RefusedError`, it is not known whether the object
    was written.
    """

    def uri(self, key: str) -> str:
        """The address of a key, for people and lineage."""

    def read(self, key: str) -> bytes | None:
        """The bytes of an object, or None where there is none."""

    def fetch(self, key: str) -> Stored | None:
        """An object with its ETag, or None where there is none."""

    def folders(self, folder: str) -> list[str]:
        """The names of the folders right below a folder, sorted; objects further down are not listed.

        :param folder: the folder; empty for the whole store.
        """

    def entries(self, folder: str) -> dict[str, Entry]:
        """All objects in a folder, by key, in order."""

    def sha256(self, key: str) -> str | None:
        """The SHA-256 of an object's bytes, in hexadecimal; None where the store's ETags serve instead."""

    def digest(self, key: str) -> str | None:
        """The SHA-256 of an object's bytes, in hexadecimal, read in a stream; None where there is no object."""

    def download(self, key: str, file: IO[bytes]) -> str | None:
        """Write an object's bytes into a file, in a stream.

        :param key: the object's key.
        :param file: is emptied first.
        :returns: the SHA-256 of the bytes, in hexadecimal; None where there is no object.
        """

    def create(self, key: str, file: IO[bytes]) -> str | None:
        """Store a file under a key that is free, and return its ETag.

        :raises ConflictError: when the key is taken.
        """

    def overwrite(self, key: str, file: IO[bytes]) -> str | None:
        """Store a file in place of what is there, and return its ETag."""

    def write(self, key: str, data: bytes) -> None:
        """Store bytes in one atomic put, in place of what is there."""

    def swap(self, key: str, data: bytes, expected: Stored | None) -> None:
        """Store bytes in one atomic put if what is there is what was expected.

        :param expected: what was read, or None if nothing was there.
        :raises ConflictError: when something else is there.
        """

    def copy(self, source: str, key: str, etag: str | None) -> str | None:
        """Store the bytes of one object under another key that is free, too, and return its ETag.

        :param etag: of the source, if known.
        :raises ConflictError: when the key is taken, or the source is not as expected.
        """

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; those that are not there are ignored."""
