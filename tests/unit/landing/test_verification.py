"""Whether objects in a store are the parts that a manifest names."""

from __future__ import annotations

import hashlib

import pytest

from airflow_provider_liveperson.landing.object_storage import ObjectStorageStore
from airflow_provider_liveperson.landing.parts import Part
from airflow_provider_liveperson.landing.stores import Entry
from airflow_provider_liveperson.landing.verification import is_in_place, is_sound, missing_parts

DATA = b"1234"
PART = Part("part-00000-abc.jsonl.gz", 1, len(DATA), hashlib.sha256(DATA).hexdigest(), '"one"')
WITHOUT_ETAG = Part(PART.name, 1, len(DATA), PART.sha256)


@pytest.mark.parametrize(
    ("part", "entry", "expected"),
    [
        (PART, None, False),
        (PART, Entry(4, '"one"'), True),
        (PART, Entry(4, '"two"'), False),
        (PART, Entry(5, '"one"'), False),
        (PART, Entry(4, None), True),
        (WITHOUT_ETAG, Entry(4, '"two"'), True),
        (WITHOUT_ETAG, Entry(3, None), False),
    ],
)
def test_size_and_etag_say_whether_a_part_is_in_place(part, entry, expected):
    assert is_in_place(part, entry) is expected


@pytest.fixture
def local(tmp_path):
    return ObjectStorageStore(f"file://{tmp_path}")


def test_where_there_are_no_etags_the_bytes_are_read(local):
    key = f"folder/{PART.name}"
    local.write(key, DATA)
    assert is_sound(local, key, WITHOUT_ETAG, local.entries("folder")[key])
    local.write(key, b"4321")
    assert not is_sound(local, key, WITHOUT_ETAG, local.entries("folder")[key])


def test_where_there_are_etags_no_bytes_are_read(store):
    store.sha256 = lambda key: pytest.fail("it was read")
    assert is_sound(store, "k", PART, Entry(4, '"one"'))


def test_missing_are_those_that_are_gone_or_other(local):
    local.write("folder/a", DATA)
    local.write("folder/b", b"4321")
    local.write("folder/c", DATA + b"5")
    parts = [Part(name, 1, 4, PART.sha256) for name in "abcd"]
    assert [part.name for part in missing_parts(local, "folder", parts)] == ["b", "c", "d"]


def test_no_parts_no_request(store):
    store.entries = lambda folder: pytest.fail("it was listed")
    assert missing_parts(store, "folder", []) == []
