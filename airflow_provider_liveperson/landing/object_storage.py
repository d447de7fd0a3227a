"""Any store that Airflow's ObjectStoragePath reaches: local files, Google Cloud Storage, Azure, and more."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from airflow_provider_liveperson.exceptions import ConfigurationError, LivePersonError, StorageError
from airflow_provider_liveperson.landing.layout import CONTROL
from airflow_provider_liveperson.landing.parts import PREFIX
from airflow_provider_liveperson.landing.stores import READ_SIZE, ConflictError, Entry, Stored, fill

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

T = TypeVar("T")

_LOCAL = ("file", "local")
_REASON_LENGTH = 500
# What file systems call them.
_ETAGS = ("md5Hash", "crc32c", "etag", "ETag")
_MODIFIED = ("mtime", "last_modified", "LastModified", "updated", "modified", "created")


class ObjectStorageStore:
    """A folder that Airflow's ``ObjectStoragePath`` names, through its fsspec file system.

    An object is there whole or not at all: object stores put it in one operation; a local file is written under
    another name, synced, and renamed.

    :param path: the folder, such as ``gs://conn_id@bucket/raw`` or ``file:///data``.
    :raises ConfigurationError: for a path that is not valid, or has a scheme that nothing installed serves.
    """

    def __init__(self, path: str) -> None:
        if (
            not isinstance(path, str)
            or "://" not in path
            or path.endswith("://")
            or path != path.strip()
            or CONTROL.search(path)
        ):
            raise ConfigurationError(
                f"path is {path!r}; it must be a URL with a folder, without blanks around it and line breaks, such as"
                " file:///data/liveperson or gs://my_conn_id@my-bucket/raw",
                field="path",
            )
        from airflow.sdk import ObjectStoragePath

        try:
            self._root: ObjectStoragePath = ObjectStoragePath(path.rstrip("/"))
            self._fs = self._root.fs
        except Exception as error:  # whatever its provider, its connection, or its file system make of it
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

    def fetch(self, key: str) -> Stored | None:
        data = self.read(key)
        return Stored(data) if data is not None else None

    def entries(self, folder: str) -> dict[str, Entry]:
        def find() -> dict[str, Entry]:
            # Listings may be cached; another run may have changed something since.
            self._fs.invalidate_cache()
            root = self._fs._strip_protocol(str(self._root.path)).rstrip("/")
            found = self._fs.find(self._at(folder), detail=True)
            return {
                self._fs._strip_protocol(name)[len(root) :].lstrip("/"): _entry(found[name])
                for name in sorted(found)
            }

        return self._try("list", folder, find) or {}

    def folders(self, folder: str) -> list[str]:
        def find() -> list[str]:
            self._fs.invalidate_cache()
            try:
                found = self._fs.ls(self._at(folder), detail=True)
            except FileNotFoundError:
                return []
            names = (one["name"].rstrip("/") for one in found if one["type"] == "directory")
            return sorted(name.rpartition("/")[2] for name in names)

        return self._try("list", folder, find) or []

    def sha256(self, key: str) -> str | None:
        return self.digest(key) if self._is_local else None

    def digest(self, key: str) -> str | None:
        def read() -> str:
            found = hashlib.sha256()
            with self._fs.open(self._at(key), "rb") as file:
                while chunk := file.read(READ_SIZE):
                    found.update(chunk)
            return found.hexdigest()

        return self._try("read", key, read)

    def download(self, key: str, file: IO[bytes]) -> str | None:
        def read() -> str:
            with self._fs.open(self._at(key), "rb") as source:
                return fill(file, iter(lambda: source.read(READ_SIZE), b""))

        return self._try("read", key, read)

    def create(self, key: str, file: IO[bytes]) -> str | None:
        if self._is_local:
            self._try("write", key, lambda: self._create_whole(key, lambda draft: _fill(draft, file)))
            return None
        return self._create(key, lambda at: self._put(file, at, mode="create"))

    def overwrite(self, key: str, file: IO[bytes]) -> str | None:
        if self._is_local:
            self._try("write", key, lambda: self._write_whole(key, lambda draft: _fill(draft, file)))
            return None
        self._try("write", key, lambda: self._put(file, self._with_parents(key)))
        return self._etag(key)

    def write(self, key: str, data: bytes) -> None:
        if self._is_local:
            self._try("write", key, lambda: self._write_whole(key, lambda draft: draft.write_bytes(data)))
        else:
            self._try("write", key, lambda: self._fs.pipe_file(self._with_parents(key), data))

    def swap(self, key: str, data: bytes, expected: Stored | None) -> None:
        with self._alone(key):
            found = self.fetch(key)
            if (found and found.data) != (expected and expected.data):
                raise ConflictError(f"{self.uri(key)} is not what it was", field="path")
            self.write(key, data)

    def copy(self, source: str, key: str, etag: str | None) -> str | None:
        if self._is_local:

            def copy() -> None:
                with Path(self._at(source)).open("rb") as file:
                    self._create_whole(key, lambda draft: _fill(draft, file))

            self._try("write", key, copy)
            return None

        def copy_remotely(at: str) -> None:
            if self._fs.exists(at):
                raise FileExistsError(at)
            self._fs.cp_file(self._at(source), at)

        return self._create(key, copy_remotely)

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

    def _with_parents(self, key: str) -> str:
        """Where a key is written, with the folders that some file systems want to be there before."""
        at = self._at(key)
        self._fs.makedirs(self._fs._parent(at), exist_ok=True)
        return at

    def _create(self, key: str, put: Callable[[str], None]) -> str | None:
        def create() -> None:
            at = self._with_parents(key)
            try:
                put(at)
            except FileExistsError:
                raise self._taken(key) from None

        self._try("write", key, create)
        return self._etag(key)

    def _put(self, file: IO[bytes], at: str, **choices: Any) -> None:
        # The file has no name but this one; see spool.py.
        file.seek(0)
        self._fs.put_file(f"/dev/fd/{file.fileno()}", at, **choices)

    def _etag(self, key: str) -> str | None:
        """The ETag of what was just put, as listings have it: some stores spell it otherwise elsewhere."""
        entry = self.entries(key.rpartition("/")[0]).get(key)
        return entry.etag if entry is not None else None

    def _write_whole(self, key: str, fill: Callable[[Path], Any]) -> None:
        with self._draft(key, fill) as (draft, target):
            draft.replace(target)

    def _create_whole(self, key: str, fill: Callable[[Path], Any]) -> None:
        with self._draft(key, fill) as (draft, target):
            try:
                os.link(draft, target)
            except FileExistsError:
                raise self._taken(key) from None
            except OSError:  # a file system without hard links
                if target.exists():
                    raise self._taken(key) from None
                draft.replace(target)

    def _taken(self, key: str) -> ConflictError:
        return ConflictError(f"{self.uri(key)} is there already", field="path")

    @contextmanager
    def _draft(self, key: str, fill: Callable[[Path], Any]) -> Iterator[tuple[Path, Path]]:
        target = Path(self._at(key))
        target.parent.mkdir(parents=True, exist_ok=True)
        # Named as a part, so that the next landing removes what a crash leaves here.
        draft = target.parent / f"{PREFIX}draft-{uuid.uuid4().hex}"
        try:
            fill(draft)
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            yield draft, target
        finally:
            draft.unlink(missing_ok=True)

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """Keep other runs on this machine from swapping in the same local folder at once."""
        with ExitStack() as locked:
            if self._is_local:

                def lock() -> None:
                    folder = Path(self._at(key)).parent
                    folder.mkdir(parents=True, exist_ok=True)
                    descriptor = os.open(folder, os.O_RDONLY)
                    locked.callback(os.close, descriptor)
                    with suppress(OSError):  # a file system without locks, such as some of the network's
                        fcntl.flock(descriptor, fcntl.LOCK_EX)

                self._try("write", key, lock)
            yield

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
        reason = " ".join(str(error).split())[:_REASON_LENGTH]
        return StorageError(
            f"cannot {verb} {self.uri(key)}: {type(error).__name__}: {reason}. Check the path, the connection in it,"
            " and that it may list, read, write and delete there.",
            field="path",
        )


def _fill(draft: Path, file: IO[bytes]) -> None:
    file.seek(0)
    with draft.open("wb") as target:
        shutil.copyfileobj(file, target, 1 << 20)


def _entry(info: Mapping[str, Any]) -> Entry:
    etag = next((str(info[name]) for name in _ETAGS if info.get(name)), None)
    found = next((info[name] for name in _MODIFIED if info.get(name)), None)
    return Entry(int(info["size"]), etag, _epoch_seconds(found))


def _epoch_seconds(moment: object) -> float | None:
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            return None
    if isinstance(moment, datetime):
        return moment.timestamp()
    return float(moment) if isinstance(moment, (int, float)) else None
