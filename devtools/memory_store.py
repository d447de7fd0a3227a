"""An object store in memory, for tests of what a landing does to its store."""

from __future__ import annotations

import functools
import gzip
import hashlib
import io
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from threading import RLock
from typing import IO, Any

import msgspec

from airflow_provider_liveperson.landing.destination import Destination
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.stores import (
    ConflictError,
    Entry,
    RefusedError,
    Stored,
    below,
    fill,
)
from devtools.schemas import violations


@dataclass
class MemoryStore:
    """Stores bytes by key, records what was done to it, and fails on demand.

    :param objects: its content.
    :param changes: every put and delete, with the last part of the key.
    :param refuse: whether to refuse a request, by verb and key.
    :param clock: the time of each put, as listings show it.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    refuse: Callable[[str, str], bool] = lambda verb, key: False
    clock: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False)
    _put_at: dict[str, float] = field(default_factory=dict, repr=False)
    _lock: RLock = field(default_factory=RLock, repr=False)

    def uri(self, key: str) -> str:
        return f"memory://{key}"

    def read(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def fetch(self, key: str) -> Stored | None:
        data = self.read(key)
        return Stored(data, _etag(data)) if data is not None else None

    def folders(self, folder: str) -> list[str]:
        root = below(folder)
        names = (key.removeprefix(root) for key in list(self.objects) if key.startswith(root))
        return sorted({name.partition("/")[0] for name in names if "/" in name})

    def entries(self, folder: str) -> dict[str, Entry]:
        with self._lock:  # never an object without the time at which it was put there
            return {
                key: Entry(len(data), _etag(data), self._put_at.get(key, 0.0))
                for key, data in sorted(self.objects.items())
                if key.startswith(f"{folder}/")
            }

    def sha256(self, key: str) -> str | None:
        return None

    def digest(self, key: str) -> str | None:
        data = self.read(key)
        return hashlib.sha256(data).hexdigest() if data is not None else None

    def download(self, key: str, file: IO[bytes]) -> str | None:
        data = self.read(key)
        return fill(file, [data]) if data is not None else None

    def create(self, key: str, file: IO[bytes]) -> str | None:
        with self._lock:
            self._check_is(key, None)
            return self.overwrite(key, file)

    def overwrite(self, key: str, file: IO[bytes]) -> str | None:
        file.seek(0)
        data = file.read()
        self.write(key, data)
        return _etag(data)

    def write(self, key: str, data: bytes) -> None:
        if self.refuse("put", key):
            raise RefusedError(f"cannot write {key}")
        with self._lock:
            self.changes.append(f"put {key.rpartition('/')[2]}")
            self.objects[key] = data
            self._put_at[key] = next(self.clock)

    def swap(self, key: str, data: bytes, expected: Stored | None) -> None:
        with self._lock:
            self._check_is(key, expected)
            self.write(key, data)

    def copy(self, source: str, key: str, etag: str | None) -> str | None:
        data = self.objects.get(source)
        if data is None or etag not in (None, _etag(data)):
            raise ConflictError(f"{source} is not what it was")
        return self.create(key, io.BytesIO(data))

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            if self.refuse("delete", key):
                raise RefusedError(f"cannot delete {key}")
            with self._lock:
                self.changes.append(f"delete {key.rpartition('/')[2]}")
                self.objects.pop(key, None)

    def _check_is(self, key: str, expected: Stored | None) -> None:
        if self.objects.get(key) != (expected and expected.data):
            raise ConflictError(f"{key} is not what it was")

    def records(self) -> list[dict[str, Any]]:
        """Every record in every part."""
        return [
            msgspec.json.decode(line)
            for key in sorted(self.objects)
            if key.endswith(".jsonl.gz")
            for line in gzip.decompress(self.objects[key]).splitlines()
        ]

    def manifests(self) -> list[dict[str, Any]]:
        """Every manifest, after checking that each is as its published schema says."""
        found = [data for key, data in sorted(self.objects.items()) if key.endswith("_manifest.json")]
        for manifest in found:
            assert _violations(manifest) == []
        return list(map(msgspec.json.decode, found))

    def destination(self, **choices: Any) -> Destination:
        """A destination in this store.

        :param choices: what differs from JSON Lines with gzip below ``lake``.
        """
        return Destination(**{"store": self, "prefix": "lake", "encoding": Encoding(), **choices})


@functools.lru_cache(1000)
def _violations(manifest: bytes) -> list[str]:
    return violations("manifest", msgspec.json.decode(manifest))


def _etag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
