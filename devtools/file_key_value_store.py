"""A key-value store in a folder, for processes that share nothing else."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


class FileKeyValueStore:
    """Stores each value in a file of its own, which is written atomically.

    :param folder: the folder of the files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> str | None:
        try:
            return (self._folder / name).read_text()
        except FileNotFoundError:
            return None

    def put(self, name: str, value: str) -> None:
        new = self._folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
        new.write_text(value)
        new.replace(self._folder / name)

    def delete(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)
