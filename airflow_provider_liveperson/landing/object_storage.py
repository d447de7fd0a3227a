"""Any store that Airflow's ObjectStoragePath reaches: local files, Google Cloud Storage, Azure, and more."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_liveperson.exceptions import ConfigurationError, LivePersonError, StorageError
from airflow_provider_liveperson.landing.parts import PREFIX

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

T = TypeVar("T")

_LOCAL = ("file", "local")


class ObjectStorageStore:
    """A folder that Airflow's ``ObjectStoragePath`` names, through its fsspec file system.

    An object is there whole or not at all: object stores put it in one operation; a local file is written under
    another name, synced, and renamed.

    :param path: the folder, such as ``gs://conn_id@bucket/raw`` or ``file:///data``.
    :raises ConfigurationError: for what is no such path, or has a scheme that nothing installed serves.
    """

    def __init__(self, path: str) -> None:
        if not isinstance(path, str) or "://" not in path or path.endswith("://"):
            raise ConfigurationError(
                f"path is {path!r}; it must be a URL with a folder, such as file:///data/liveperson or"
                " gs://my_conn_id@my-bucket/raw",
                field="path",
            )
        from airflow.sdk import ObjectStoragePath

        try:
            self._root: ObjectStoragePath = ObjectStoragePath(path.rstrip("/"))
            self._fs = self._root.fs
        except (ValueError, ImportError, NotImplementedError) as error:
            raise ConfigurationError(
                f"path is {path!r}, and nothing installed serves it ({error}); install the Airflow provider of that"
                " store with its file system, such as apache-airflow-providers-google for gs://",
                field="path",
            ) from error
        self._is_local = self._root.protocol in _LOCAL or not self._root.protocol

    def uri(self, key: str) -> str:
        root = f"{self._root.protocol or 'file'}://{self._root.path}"
        return f"{root.rstrip('/')}/{key}"

    def read(self, key: str) -> bytes | None:
        def read() -> bytes:
            data: bytes = self._fs.cat_file(self._at(key))
            return data

        return self._try("read", key, read)

    def sizes(self, folder: str) -> dict[str, int]:
        def find() -> dict[str, int]:
            # Listings may be cached; another run may have changed something since.
            self._fs.invalidate_cache()
            root = self._fs._strip_protocol(str(self._root.path)).rstrip("/")
            found = self._fs.find(self._at(folder), detail=True)
            return {
                self._fs._strip_protocol(name)[len(root) :].lstrip("/"): int(found[name]["size"])
                for name in sorted(found)
            }

        return self._try("read", folder, find) or {}

    def folders(self, folder: str) -> list[str]:
        def find() -> list[str]:
            self._fs.invalidate_cache()
            found = self._fs.ls(self._at(folder), detail=True)
            names = (one["name"].rstrip("/") for one in found if one["type"] == "directory")
            return sorted(name.rpartition("/")[2] for name in names)

        return self._try("read", folder, find) or []

    def upload(self, key: str, path: Path) -> None:
        if self._is_local:
            self._try(
                "write", key, lambda: self._write_whole(key, lambda target: shutil.copyfile(path, target))
            )
        else:
            self._try("write", key, lambda: self._fs.put_file(str(path), self._made(key)))

    def write(self, key: str, data: bytes) -> None:
        if self._is_local:
            self._try("write", key, lambda: self._write_whole(key, lambda target: target.write_bytes(data)))
        else:
            self._try("write", key, lambda: self._fs.pipe_file(self._made(key), data))

    def copy(self, source: str, key: str) -> None:
        if self._is_local:
            self.upload(key, Path(self._at(source)))
        else:
            self._try("write", key, lambda: self._fs.cp_file(self._at(source), self._made(key)))

    def delete(self, keys: Iterable[str]) -> None:
        def remove(key: str) -> None:
            try:
                self._fs.rm_file(self._at(key))
            except FileNotFoundError:
                return

        for key in keys:
            self._try("delete", key, lambda key=key: remove(key))  # type: ignore[misc]

    def _at(self, key: str) -> str:
        return str((self._root / key).path)

    def _made(self, key: str) -> str:
        """Where a key is written, with the folders that some file systems want to be there before."""
        at = self._at(key)
        self._fs.makedirs(self._fs._parent(at), exist_ok=True)
        return at

    def _write_whole(self, key: str, fill: Callable[[Path], Any]) -> None:
        target = Path(self._at(key))
        target.parent.mkdir(parents=True, exist_ok=True)
        # Named as a part, so that the next landing removes what a crash leaves here.
        draft = target.parent / f"{PREFIX}draft-{uuid.uuid4().hex}"
        try:
            fill(draft)
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)

    def _try(self, verb: str, key: str, act: Callable[[], T]) -> T | None:
        """Do something with an object; None when it is read and not there."""
        try:
            return act()
        except FileNotFoundError as error:
            if verb == "read":
                return None
            raise self._error(verb, key, error) from error
        except LivePersonError:
            raise
        except Exception as error:  # each file system has errors of its own
            raise self._error(verb, key, error) from error

    def _error(self, verb: str, key: str, error: Exception) -> StorageError:
        return StorageError(
            f"cannot {verb} {self.uri(key)}: {type(error).__name__}: {error}. Check the path, the connection in it, and"
            " that it may list, read, write and delete there.",
            field="path",
        )
