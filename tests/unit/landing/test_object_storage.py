"""Stores that ObjectStoragePath reaches: local files, and a file system of fsspec's that is not local."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.landing.object_storage import ObjectStorageStore

KEY = "users/account_id=1/dt=2026-01-30/window/part-00000-abc.jsonl"
FOLDER = KEY.rpartition("/")[0]


@pytest.fixture(params=["file", "memory"])
def root(request, tmp_path, memory_files) -> str:
    return f"file://{tmp_path}/lake" if request.param == "file" else "memory:///lake"


@pytest.fixture
def store(root) -> ObjectStorageStore:
    return ObjectStorageStore(root)


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "spool"
    path.write_bytes(b"\0\xffpart\r\n" * 1000)
    return path


def test_what_is_not_there_is_nothing(store):
    assert store.read(KEY) is None
    assert store.sizes("users") == {}
    store.delete([KEY])


def test_bytes_are_stored_as_they_are(store, root, file):
    store.upload(KEY, file)
    store.write(f"{KEY}.json", b"{}")
    assert store.read(KEY) == file.read_bytes()
    assert store.sizes(FOLDER) == {KEY: 8000, f"{KEY}.json": 2}
    assert store.uri(KEY) == f"{root}/{KEY}"
    assert ObjectStorageStore(root + "/").read(KEY) == file.read_bytes()


def test_a_second_write_replaces_the_first(store, file):
    store.upload(KEY, file)
    store.write(KEY, b"new")
    assert (store.read(KEY), store.sizes(FOLDER)) == (b"new", {KEY: 3})


def test_a_copy_is_whole_and_the_source_stays(store, file):
    store.upload(KEY, file)
    store.copy(KEY, "users/elsewhere/part")
    assert store.read("users/elsewhere/part") == store.read(KEY) == file.read_bytes()


def test_a_folder_holds_only_its_own(store):
    for key in ("users/a/1", "users/a/b/2", "users/ab/3", "skills/a/4"):
        store.write(key, b"x")
    assert store.sizes("users/a") == {"users/a/1": 1, "users/a/b/2": 1}
    store.delete(["users/a/1", "users/a/not-there"])
    assert store.sizes("users") == {"users/a/b/2": 1, "users/ab/3": 1}


def test_folders_are_those_right_below(store):
    for key in ("a/x/1", "a/x/2", "a/b=1/deep/er", "a/file", "ab/no"):
        store.write(key, b"")
    assert store.folders("a") == ["b=1", "x"]
    assert store.folders("absent") == []


def test_what_another_run_has_done_meanwhile_is_seen(store, root):
    store.write(KEY, b"mine")
    assert store.sizes(FOLDER) == {KEY: 4}
    other = ObjectStorageStore(root)
    other.write(f"{FOLDER}/other", b"theirs")
    other.delete([KEY])
    assert store.sizes(FOLDER) == {f"{FOLDER}/other": 6}


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
    store.upload(KEY, file)
    assert seen == [b"old"]
    assert store.read(KEY) == file.read_bytes()


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    store = ObjectStorageStore(f"file://{tmp_path}/lake")
    store.write(KEY, b"old")

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageError, match=r"cannot write file://.*No space left"):
        store.write(KEY, b"new")
    assert store.read(KEY) == b"old"
    assert list(store.sizes("users")) == [KEY]


def test_where_nothing_may_be_written_the_object_is_named(tmp_path):
    (tmp_path / "lake").write_text("a file where a folder should be")
    store = ObjectStorageStore(f"file://{tmp_path}/lake")
    with pytest.raises(StorageError, match=f"cannot write file://{tmp_path}/lake/{KEY}") as caught:
        store.write(KEY, b"x")
    assert caught.value.field == "path"


@pytest.mark.parametrize("path", ["", "/data/lake", "file://", None, "nothing-serves-this://bucket/lake"])
def test_what_is_no_path_is_refused_with_the_mend(path):
    with pytest.raises(ConfigurationError, match=r"path is .*(such as|install)") as caught:
        ObjectStorageStore(path)
    assert caught.value.field == "path"
