"""What a landing relies on, of every store: S3, local files, another file system, and the store of these tests."""

from __future__ import annotations

import hashlib
import io
from functools import cache
from typing import Any

import pytest

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.landing.object_storage import ObjectStorageStore
from airflow_provider_liveperson.landing.s3 import S3Store
from airflow_provider_liveperson.landing.stores import ConflictError, RefusedError, Store, Stored
from airflow_provider_liveperson.spool import open_spool
from devtools.memory_store import MemoryStore

FOLDER = "lake/users/dt=1/window"
KEY = f"{FOLDER}/part-00000-a"


@cache  # a new client takes a noticeable time
def s3_store() -> S3Store:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    return S3Store("lake", lambda: S3Hook(aws_conn_id=None))


@pytest.fixture(params=["S3", "local files", "another file system", "memory"])
def any_store(request, tmp_path) -> Store:
    if request.param == "S3":
        request.getfixturevalue("s3")
        return s3_store()
    if request.param == "local files":
        return ObjectStorageStore(f"file://{tmp_path}/root")
    if request.param == "another file system":
        request.getfixturevalue("memory_files")
        return ObjectStorageStore("memory:///root")
    return MemoryStore()


def file(data: bytes) -> Any:
    """A file with a descriptor, as parts have."""
    import tempfile

    made = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
    made.write(data)
    return made


def create(store: Store, key: str, data: bytes) -> str | None:
    with file(data) as opened:
        return store.create(key, opened)


def test_what_is_not_there_is_nothing(any_store):
    assert any_store.read(KEY) is None
    assert any_store.fetch(KEY) is None
    assert any_store.digest(KEY) is None
    assert any_store.entries(FOLDER) == {}
    assert any_store.folders(FOLDER) == []


def test_what_is_created_is_there_with_its_size_and_etag(any_store):
    etag = create(any_store, KEY, b"1234")
    assert any_store.read(KEY) == b"1234"
    (entry,) = any_store.entries(FOLDER).values()
    assert entry.size == 4
    assert None in (entry.etag, etag) or entry.etag == etag
    assert entry.modified is not None


def test_what_is_taken_is_not_created_again(any_store):
    create(any_store, KEY, b"1234")
    with pytest.raises(ConflictError):
        create(any_store, KEY, b"5678")
    assert any_store.read(KEY) == b"1234"


def test_what_is_overwritten_is_replaced(any_store):
    create(any_store, KEY, b"1234")
    with file(b"56") as opened:
        any_store.overwrite(KEY, opened)
    assert any_store.read(KEY) == b"56"


def test_a_file_is_stored_from_its_beginning_wherever_it_stands(any_store):
    with file(b"1234") as opened:
        opened.seek(2)
        any_store.create(KEY, opened)
        any_store.overwrite(f"{KEY}-2", opened)
    assert any_store.read(KEY) == any_store.read(f"{KEY}-2") == b"1234"


def test_an_etag_changes_with_the_bytes(any_store):
    create(any_store, KEY, b"1234")
    before = any_store.entries(FOLDER)[KEY]
    with file(b"5678") as opened:
        any_store.overwrite(KEY, opened)
    after = any_store.entries(FOLDER)[KEY]
    hashed = hashlib.sha256(b"5678").hexdigest()
    if after.etag is None:  # then the bytes are read, where that is no matter of a download
        assert any_store.sha256(KEY) in (None, hashed)
    else:
        assert after.etag != before.etag


def test_a_swap_of_nothing_needs_nothing_there(any_store):
    any_store.swap(KEY, b"1", None)
    assert any_store.read(KEY) == b"1"
    with pytest.raises(ConflictError):
        any_store.swap(KEY, b"2", None)
    assert any_store.read(KEY) == b"1"


def test_a_swap_needs_what_was_read(any_store):
    any_store.write(KEY, b"1")
    read = any_store.fetch(KEY)
    any_store.swap(KEY, b"2", read)
    assert any_store.read(KEY) == b"2"
    with pytest.raises(ConflictError):
        any_store.swap(KEY, b"3", read)
    assert any_store.read(KEY) == b"2"


def test_a_swap_of_what_is_gone_is_a_conflict(any_store):
    with pytest.raises(ConflictError):
        any_store.swap(KEY, b"2", Stored(b"1", '"etag"'))
    assert any_store.read(KEY) is None


def test_a_copy_has_the_same_bytes_under_a_key_that_was_free(any_store):
    create(any_store, KEY, b"1234")
    etag = any_store.entries(FOLDER)[KEY].etag
    any_store.copy(KEY, f"{FOLDER}/copy", etag)
    assert any_store.read(f"{FOLDER}/copy") == any_store.read(KEY) == b"1234"


# Moto passes over the condition of a copy: tests/integration/test_two_runs_on_s3.py has it of a real server.
@pytest.mark.parametrize("any_store", ["local files", "another file system", "memory"], indirect=True)
def test_a_copy_never_replaces_another(any_store):
    create(any_store, KEY, b"1234")
    create(any_store, f"{FOLDER}/copy", b"5678")
    etag = any_store.entries(FOLDER)[KEY].etag
    with pytest.raises(ConflictError):
        any_store.copy(KEY, f"{FOLDER}/copy", etag)
    assert any_store.read(f"{FOLDER}/copy") == b"5678"


def test_a_copy_of_nothing_is_an_error(any_store):
    with pytest.raises(StorageError):
        any_store.copy(KEY, f"{FOLDER}/copy", None)
    assert any_store.read(f"{FOLDER}/copy") is None


def test_listings_are_sorted_and_hold_one_folder_alone(any_store):
    for name in ("b", "a", "ü"):
        create(any_store, f"{FOLDER}/{name}", name.encode())
    create(any_store, f"{FOLDER}-2/c", b"c")
    assert list(any_store.entries(FOLDER)) == [f"{FOLDER}/{name}" for name in ("a", "b", "ü")]


def test_folders_are_those_right_below(any_store):
    create(any_store, KEY, b"1")
    create(any_store, "lake/users/dt=0/window/part", b"1")
    create(any_store, "lake/users/_revision.json", b"1")
    assert any_store.folders("lake/users") == ["dt=0", "dt=1"]
    assert any_store.folders("") == ["lake"]


def test_a_digest_is_of_the_bytes_that_are_there_by_now(any_store):
    create(any_store, KEY, b"1234")
    assert any_store.digest(KEY) == hashlib.sha256(b"1234").hexdigest()
    large = bytes(range(256)) * 10_000
    any_store.write(KEY, large)
    assert any_store.digest(KEY) == hashlib.sha256(large).hexdigest()


def test_a_download_replaces_what_a_file_holds(any_store):
    large = bytes(range(256)) * 10_000
    with open_spool(buffering=0) as target:
        target.write(b"something longer than that" * 200_000)
        assert any_store.download(KEY, target) is None
        for data in (large, b"1234", b""):
            any_store.write(KEY, data)
            assert any_store.download(KEY, target) == hashlib.sha256(data).hexdigest()
            assert target.read() == data


def test_what_is_deleted_is_gone_and_the_rest_stays(any_store):
    for name in ("a", "b", "c"):
        create(any_store, f"{FOLDER}/{name}", b"1")
    any_store.delete([f"{FOLDER}/a", f"{FOLDER}/c", f"{FOLDER}/absent"])
    any_store.delete([])
    assert list(any_store.entries(FOLDER)) == [f"{FOLDER}/b"]


def test_later_puts_are_listed_as_later_or_at_once(any_store):
    create(any_store, f"{FOLDER}/a", b"1")
    create(any_store, f"{FOLDER}/b", b"1")
    listed = any_store.entries(FOLDER)
    assert listed[f"{FOLDER}/a"].modified <= listed[f"{FOLDER}/b"].modified


def test_an_address_ends_in_the_key(any_store):
    assert any_store.uri(KEY).endswith(f"/{KEY}")
    assert "://" in any_store.uri(KEY)


def test_a_conflict_leaves_no_doubt():
    """A landing that gets one knows that nothing was written."""
    assert issubclass(ConflictError, RefusedError)
    assert issubclass(RefusedError, StorageError)


def test_bytes_in_memory_are_a_file_too():
    store = MemoryStore()
    store.create(KEY, io.BytesIO(b"1"))
    assert store.read(KEY) == b"1"
