"""The list of a window's parts that query engines follow: always of the manifest that is there."""

from __future__ import annotations

import pytest

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.landing.committed import write_list
from airflow_provider_liveperson.landing.parts import Part
from airflow_provider_liveperson.landing.stores import RefusedError
from devtools.landing_runs import FOLDER, manifest
from devtools.memory_store import MemoryStore

MANIFEST = f"{FOLDER}/_manifest.json"
LIST = "lake/_committed/window.txt"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def commit(store: MemoryStore, *names: str) -> None:
    store.write(MANIFEST, manifest([Part(name, 1, 1, "aa") for name in names]).encode())


def listed(store: MemoryStore) -> str:
    return store.objects[LIST].decode()


def test_it_has_one_uri_a_line_in_the_order_of_the_manifest(store):
    commit(store, "part-00000-b", "part-00001-a")
    write_list(store, LIST, FOLDER)
    assert listed(store) == f"memory://{FOLDER}/part-00000-b\nmemory://{FOLDER}/part-00001-a\n"


def test_a_window_without_records_has_an_empty_one(store):
    commit(store)
    write_list(store, LIST, FOLDER)
    assert listed(store) == ""


def test_one_that_is_right_is_not_written_again(store):
    commit(store, "part-00000-a")
    write_list(store, LIST, FOLDER)
    store.changes.clear()
    write_list(store, LIST, FOLDER)
    assert store.changes == []


def test_a_run_that_comes_late_writes_what_the_manifest_says_by_then():
    class Slow(MemoryStore):
        """Another run commits and writes its list while this one is about to."""

        was_faster = False

        def swap(self, key, data, expected):
            if not self.was_faster:
                self.was_faster = True
                commit(self, "part-10000-theirs")
                write_list(self, LIST, FOLDER)
            super().swap(key, data, expected)

    store = Slow()
    commit(store, "part-00000-mine")
    write_list(store, LIST, FOLDER)
    assert listed(store) == f"memory://{FOLDER}/part-10000-theirs\n"


def test_a_manifest_that_is_gone_is_an_error_and_leaves_the_list(store):
    commit(store, "part-00000-a")
    write_list(store, LIST, FOLDER)
    before = listed(store)
    del store.objects[MANIFEST]
    with pytest.raises(StorageError, match="was removed before"):
        write_list(store, LIST, FOLDER)
    assert listed(store) == before


def test_a_store_that_refuses_the_list_fails_the_task(store):
    commit(store, "part-00000-a")
    store.refuse = lambda verb, key: key == LIST
    with pytest.raises(RefusedError):
        write_list(store, LIST, FOLDER)
