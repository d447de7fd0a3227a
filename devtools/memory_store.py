"""An object store in memory, for tests that look at what a landing does to its store."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.landing import Destination


@dataclass
class MemoryStore:
    """Keys and bytes; it tells what was done to it, and fails when told to.

    :param objects: what it holds.
    :param changes: every put and delete, with the last part of the key.
    :param refuse: whether to fail, by verb and key.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    refuse: Callable[[str, str], bool] = lambda verb, key: False

    def uri(self, key: str) -> str:
        return f"memory://{key}"

    def read(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def sizes(self, folder: str) -> dict[str, int]:
        return {key: len(data) for key, data in self.objects.items() if key.startswith(f"{folder}/")}

    def folders(self, folder: str) -> list[str]:
        below = (key.removeprefix(f"{folder}/") for key in list(self.objects) if key.startswith(f"{folder}/"))
        return sorted({name.partition("/")[0] for name in below if "/" in name})

    def upload(self, key: str, path: Path) -> None:
        self.write(key, path.read_bytes())

    def write(self, key: str, data: bytes) -> None:
        if self.refuse("put", key):
            raise StorageError(f"cannot write {key}")
        self.changes.append(f"put {key.rpartition('/')[2]}")
        self.objects[key] = data

    def copy(self, source: str, key: str) -> None:
        self.write(key, self.objects[source])

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            if self.refuse("delete", key):
                raise StorageError(f"cannot delete {key}")
            self.changes.append(f"delete {key.rpartition('/')[2]}")
            self.objects.pop(key, None)

    def records(self) -> list[dict[str, Any]]:
        """Every record in every part."""
        return [
            json.loads(line)
            for key in sorted(self.objects)
            if key.endswith(".jsonl.gz")
            for line in gzip.decompress(self.objects[key]).splitlines()
        ]

    def manifests(self) -> list[dict[str, Any]]:
        """Every manifest."""
        return [
            json.loads(data) for key, data in sorted(self.objects.items()) if key.endswith("_manifest.json")
        ]

    def destination(self, **choices: Any) -> Destination:
        """A destination in this store.

        :param choices: what shall differ from JSON Lines with gzip below ``lake``.
        """
        return Destination(**{"store": self, "prefix": "lake", "encoding": Encoding(), **choices})
