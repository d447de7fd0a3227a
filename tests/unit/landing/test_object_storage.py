"""Stores that ObjectStoragePath reaches: local files, and a file system of fsspec's that is not local."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import IO

import pytest

from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.landing.object_storage import ObjectStorageStore
from airflow_provider_liveperson.landing.stores import ConflictError, Stored

KEY = "users/account_id=1/dt=2026-01-30/window/part-00000-abc.jsonl"
FOLDER = KEY.rpartition("/")[0]


@pytest.fixture(params=["file", "memory"])
def root(request, tmp_path, memory_files) -> str:
    return f"file://{tmp_path}/lake" if request.param == "file" else "memory:///lake"


@pytest.fixture
def store(root) -> ObjectStorageStore:
    return ObjectStorageStore(root)


def sizes(store, folder: str) -> dict[str, int]:
    return {key: entry.size for key, entry in store.entries(folder).items()}


CONTENT = b"\0\xffpart\r\n" * 1000


@pytest.fixture
def file() -> Iterator[IO[bytes]]:
    """What a part waits in: it has no name."""
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(CONTENT)
        yield file


def test_what_is_not_there_is_nothing(store):
    assert store.read(KEY) is None
    assert sizes(store, "users") == {}
    store.delete([KEY])


def test_bytes_are_stored_as_they_are(store, root, file):
    store.create(KEY, file)
    store.write(f"{KEY}.json", b"{}")
    assert store.read(KEY) == CONTENT
    assert sizes(store, FOLDER) == {KEY: 8000, f"{KEY}.json": 2}
    assert store.uri(KEY) == f"{root}/{KEY}"
    assert ObjectStorageStore(root + "/").read(KEY) == CONTENT


def test_a_second_write_replaces_the_first(store, file):
    store.create(KEY, file)
    store.write(KEY, b"new")
    store.overwrite(f"{KEY}-2", file)
    file.truncate(3)
    store.overwrite(f"{KEY}-2", file)
    assert store.read(f"{KEY}-2") == CONTENT[:3]
    store.delete([f"{KEY}-2"])
    assert (store.read(KEY), sizes(store, FOLDER)) == (b"new", {KEY: 3})


def test_a_copy_is_whole_and_the_source_stays(store, file):
    store.create(KEY, file)
    store.copy(KEY, "users/elsewhere/part", None)
    assert store.read("users/elsewhere/part") == store.read(KEY) == CONTENT


def test_what_is_there_is_not_created_again(store, file):
    store.write(KEY, b"theirs")
    store.write("users/source", b"mine")
    for act in (lambda: store.create(KEY, file), lambda: store.copy("users/source", KEY, None)):
        with pytest.raises(ConflictError, match=KEY):
            act()
    assert store.read(KEY) == b"theirs"
    assert set(sizes(store, "users")) == {KEY, "users/source"}


def test_bytes_are_swapped_only_for_what_was_expected(store):
    store.swap(KEY, b"one", None)
    for expected in (None, Stored(b"other")):
        with pytest.raises(ConflictError, match=KEY):
            store.swap(KEY, b"two", expected)
    assert store.read(KEY) == b"one"
    store.swap(KEY, b"two", store.fetch(KEY))
    assert store.fetch(KEY).data == b"two"
    with pytest.raises(ConflictError, match="gone"):
        store.swap("users/gone", b"two", Stored(b"one"))


def test_a_local_file_system_without_links_does_as_well(tmp_path, file, monkeypatch):
    def no_links(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    store = ObjectStorageStore(f"file://{tmp_path}/lake")
    store.create(KEY, file)
    with pytest.raises(ConflictError, match=KEY):
        store.create(KEY, file)
    assert sizes(store, "users") == {KEY: 8000}


def test_one_swap_at_a_time_in_a_local_folder(tmp_path, monkeypatch):
    """Between the look and the write of one, another cannot get in."""
    store, other = (ObjectStorageStore(f"file://{tmp_path}/lake") for _ in range(2))
    ended: list[str] = []

    def swap_too() -> None:
        with pytest.raises(ConflictError):
            other.swap(KEY, b"two", None)
        ended.append("two")

    second = threading.Thread(target=swap_too)
    fetch = store.fetch

    def look(key: str) -> Stored | None:
        second.start()
        found = fetch(key)
        ended.append("one")
        return found

    monkeypatch.setattr(store, "fetch", look)
    store.swap(KEY, b"one", None)
    second.join()
    assert ended == ["one", "two"]
    assert other.read(KEY) == b"one"


def test_a_listing_tells_when_an_object_was_put(store, file):
    store.create(KEY, file)
    assert abs(store.entries("users")[KEY].modified - time.time()) < 600


def test_only_a_local_file_is_hashed(tmp_path, memory_files):
    for root, known in (
        (f"file://{tmp_path}/lake", hashlib.sha256(b"x").hexdigest()),
        ("memory:///lake", None),
    ):
        store = ObjectStorageStore(root)
        store.write(KEY, b"x")
        assert store.sha256(KEY) == known


def test_a_folder_holds_only_its_own(store):
    for key in ("users/a/1", "users/a/b/2", "users/ab/3", "skills/a/4"):
        store.write(key, b"x")
    assert sizes(store, "users/a") == {"users/a/1": 1, "users/a/b/2": 1}
    store.delete(["users/a/1", "users/a/not-there"])
    assert sizes(store, "users") == {"users/a/b/2": 1, "users/ab/3": 1}


def test_folders_are_those_right_below(store):
    for key in ("a/x/1", "a/x/2", "a/b=1/deep/er", "a/file", "ab/no"):
        store.write(key, b"")
    assert store.folders("a") == ["b=1", "x"]
    assert store.folders("absent") == []


def test_what_another_run_has_done_meanwhile_is_seen(store, root):
    store.write(KEY, b"mine")
    assert sizes(store, FOLDER) == {KEY: 4}
    other = ObjectStorageStore(root)
    other.write(f"{FOLDER}/other", b"theirs")
    other.delete([KEY])
    assert sizes(store, FOLDER) == {f"{FOLDER}/other": 6}


def test_a_local_file_is_whole_or_not_there(tmp_path, file, monkeypatch):
    """It gets its name last: whoever looks before sees the old one, or none."""
    store = ObjectStorageStore(f"file://{tmp_path}/lake")
    store.write(KEY, b"old")
    seen: list[bytes | None] = []
    fsync = os.fsync

    def look(descriptor: int) -> None:
        seen.append(store.read(KEY))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    store.overwrite(KEY, file)
    assert seen == [b"old"]
    assert store.read(KEY) == CONTENT


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    store = ObjectStorageStore(f"file://{tmp_path}/lake")
    store.write(KEY, b"old")

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageError, match=r"cannot write file://.*No space left"):
        store.write(KEY, b"new")
    assert store.read(KEY) == b"old"
    assert list(store.entries("users")) == [KEY]


def test_where_nothing_may_be_written_the_object_is_named(tmp_path):
    (tmp_path / "lake").write_text("a file where a folder should be")
    store = ObjectStorageStore(f"file://{tmp_path}/lake")
    with pytest.raises(StorageError, match=f"cannot write file://{tmp_path}/lake/{KEY}") as caught:
        store.write(KEY, b"x")
    assert caught.value.field == "path"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/data/lake",
        "file://",
        None,
        "nothing-serves-this://bucket/lake",
        "file:///data/lake\n",
        " file:///data/lake",
        "file:///data/la\nke",
        "file:///data/lake ",
    ],
    ids=ascii,
)
def test_what_is_no_path_is_refused_with_the_mend(path):
    with pytest.raises(ConfigurationError, match=r"path is .*(such as|install)") as caught:
        ObjectStorageStore(path)
    assert caught.value.field == "path"


def test_a_part_has_the_etag_that_listings_tell(memory_files, file, monkeypatch):
    store = ObjectStorageStore("memory:///lake")
    find = type(store._fs).find

    def found(self, path, detail=False, **choices):
        listed = find(self, path, detail=detail, **choices)
        return (
            {name: {**info, "etag": str(info["size"])} for name, info in listed.items()} if detail else listed
        )

    monkeypatch.setattr(type(store._fs), "find", found)
    assert store.create(KEY, file) == store.entries(FOLDER)[KEY].etag == "8000"
    assert store.overwrite(KEY, file) == "8000"
    assert store.copy(KEY, f"{KEY}-2", None) == "8000"
