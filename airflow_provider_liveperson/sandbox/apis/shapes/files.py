"""A list of files, then the files."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_liveperson.sandbox.encoding import to_json


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """One file.

    :param name: its name, which no other file has.
    :param start: where its scope begins, epoch milliseconds.
    :param end: where its scope ends, epoch milliseconds.
    :param content: makes its bytes, always the same ones.
    """

    name: str
    start: int
    end: int
    content: Callable[[], bytes]


class FileListing:
    """Files in the order of their scope. They never change; further ones may appear.

    :param files: the first files.
    """

    def __init__(self, files: Iterable[StoredFile] = ()) -> None:
        self._lock = threading.Lock()
        self._files: tuple[StoredFile, ...] = ()
        self.add(files)

    def __len__(self) -> int:
        return len(self._files)

    def add(self, files: Iterable[StoredFile]) -> None:
        """Add files.

        :param files: the files.
        """
        with self._lock:
            self._files = tuple(sorted((*self._files, *files), key=lambda file: (file.start, file.name)))

    def overlapping(self, start: int, end: int) -> list[StoredFile]:
        """Return the files whose scope overlaps a half-open range.

        :param start: epoch milliseconds.
        :param end: epoch milliseconds.
        """
        return [file for file in self._files if file.start < end and file.end > start]

    def beginning(self, start: int, end: int) -> list[StoredFile]:
        """Return the files whose scope begins in a half-open window, for truths.

        :param start: epoch milliseconds.
        :param end: epoch milliseconds.
        """
        return [file for file in self._files if start <= file.start < end]

    def find(self, name: str) -> StoredFile:
        """Return a file.

        :param name: its name.
        :raises KeyError: if there is no such file.
        """
        for file in self._files:
            if file.name == name:
                return file
        raise KeyError(f"There is no file {name!r}")


def one_or_many(items: Sequence[Any], *, single_as_object: bool) -> Any:
    """Return a list as what once was XML has it: a single element may stand for itself.

    :param items: the elements; at least one.
    :param single_as_object: whether a single one stands for itself.
    """
    return items[0] if single_as_object and len(items) == 1 else list(items)


def json_lines(rows: Iterable[Any], *, separator: bytes = b"\n") -> bytes:
    r"""Write records as JSON.

    :param rows: the records.
    :param separator: what comes after each; ``b"\n"`` for a line each, ``b""`` for one after the other.
    """
    return b"".join(to_json(row) + separator for row in rows)


def gzipped(content: bytes) -> bytes:
    """Compress, to the same bytes for the same content.

    :param content: what to compress.
    """
    return gzip.compress(content, compresslevel=6, mtime=0)


def avro(value: Any) -> Any:
    """Write a nullable value as Avro's JSON encoding does: in an object that names its type.

    :param value: a scalar or a list; an object stays as it is, as only its maker knows the name of its class.
    """
    if isinstance(value, bool):
        return {"boolean": value}
    if isinstance(value, int):
        return {"long": value}
    if isinstance(value, float):
        return {"double": value}
    if isinstance(value, str):
        return {"string": value}
    if isinstance(value, list):
        return {"array": value}
    return value
