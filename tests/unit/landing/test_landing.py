"""A landing from its beginning to its end: what it leaves in the store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.landing.landing import CHECKPOINT, Landing
from airflow_provider_liveperson.landing.parts import Part
from devtools.landing_runs import FOLDER, HEAD, manifest

MANIFEST = f"{FOLDER}/_manifest.json"
LIST = "lake/_committed/window.txt"
TIMEOUT = 30.0


def begin(store, **choices) -> Landing:
    return Landing(store.destination(), FOLDER, head=HEAD, **choices)


def put(landing: Landing, *records: bytes, first: int = 0) -> Part:
    writer = landing.writer(first)
    writer.write(records)
    (part,) = [delivery.result() for delivery in writer.finish()]
    return part


def land(store, *records: bytes) -> tuple[Part, bool]:
    with begin(store) as landing:
        part = put(landing, *records)
        _, changed = landing.commit(manifest([part]))
    return part, changed


@contextmanager
def failing(store) -> Iterator[Landing]:
    """A landing that fails at its end."""
    landing = begin(store)
    yield landing
    assert not landing.__exit__(ZeroDivisionError, ZeroDivisionError(), None)


def test_a_first_landing_begins_from_nothing(store):
    landing = begin(store)
    assert (landing.before, landing.base) == (None, None)
    assert landing.manifest_uri == f"memory://{MANIFEST}"


def test_a_landing_leaves_parts_and_a_manifest(store):
    part, changed = land(store, b"1")
    assert changed
    assert set(store.objects) == {MANIFEST, LIST, f"{FOLDER}/{part.name}"}
    assert begin(store).before == manifest([part])
    assert begin(store).base is not None


def test_the_same_again_changes_nothing(store):
    first = land(store, b"1")
    store.changes.clear()
    assert land(store, b"1") == (first[0], False)
    assert store.changes == []


def test_other_records_take_the_place_of_the_former(store):
    land(store, b"1")
    part, changed = land(store, b"2")
    assert changed
    assert set(store.objects) == {MANIFEST, LIST, f"{FOLDER}/{part.name}"}


def test_what_fails_leaves_what_was_there(store):
    land(store, b"1")
    before = dict(store.objects)
    with failing(store) as landing:
        put(landing, b"2")
    assert store.objects == before


def test_what_cannot_be_taken_away_does_not_hide_the_error(store, caplog):
    store.refuse = lambda verb, key: verb == "delete"
    with failing(store) as landing:
        put(landing, b"2")
    assert f"Parts without a manifest may stay in memory://{FOLDER}" in caplog.text


def test_what_ends_without_a_commit_leaves_nothing(store):
    with begin(store) as landing:
        put(landing, b"1")
    assert store.objects == {}


def test_another_requests_records_are_refused_before_anything_is_put(store):
    store.objects[MANIFEST] = manifest([]).encode().replace(b'"cursor": "start"', b'"cursor": "end"')
    with pytest.raises(ConfigurationError, match="another prefix"):
        begin(store)
    assert store.changes == []


def test_something_else_under_the_manifests_name_is_refused(store):
    store.objects[MANIFEST] = b"not ours"
    with pytest.raises(StorageError, match="not a manifest"):
        begin(store)


class Announced:
    """A lock that tells when somebody has to wait for it."""

    def __init__(self, waits: threading.Event) -> None:
        self._lock = threading.Lock()
        self._waits = waits

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            self._waits.set()
            self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_what_fails_during_a_commit_in_another_thread_waits_for_it(store, monkeypatch):
    """Else the parts would be taken away that the manifest is about to name."""
    is_committing, waits_or_is_over = threading.Event(), threading.Event()
    list_folder = store.entries

    def list_and_hold(folder):
        found = list_folder(folder)
        is_committing.set()
        assert waits_or_is_over.wait(TIMEOUT)
        return found

    with ThreadPoolExecutor(1) as other:
        with failing(store) as landing:
            part = put(landing, b"1")
            landing._committing = Announced(waits_or_is_over)
            monkeypatch.setattr(store, "entries", list_and_hold)
            commit = other.submit(landing.commit, manifest([part]))
            assert is_committing.wait(TIMEOUT)
        waits_or_is_over.set()
        assert commit.result() == (manifest([part]), True)
    assert set(store.objects) == {MANIFEST, LIST, f"{FOLDER}/{part.name}"}


# -- checkpoints -----------------------------------------------------------------------------------


def test_a_checkpoint_and_its_parts_outlive_a_failure(store):
    with failing(store) as landing:
        kept = put(landing, b"1")
        landing.write_checkpoint(b"finished", [kept])
        put(landing, b"2", first=1)
    assert set(store.objects) == {f"{FOLDER}/{kept.name}", f"{FOLDER}/{CHECKPOINT}"}
    assert begin(store).read_checkpoint() == b"finished"
    assert begin(store).missing([kept]) == []


def test_parts_that_an_earlier_checkpoint_names_outlive_a_failure_too(store):
    with failing(store) as landing:
        kept = put(landing, b"1")
        landing.keep([kept])
    assert set(store.objects) == {f"{FOLDER}/{kept.name}"}


def test_a_checkpoint_is_written_behind_its_parts(store):
    with begin(store) as landing:
        part = put(landing, b"1")
        landing.write_checkpoint(b"finished", [part])
        landing.commit(manifest([part]))
    assert store.changes == [
        f"put {part.name}",
        f"put {CHECKPOINT}",
        "put _manifest.json",
        "put window.txt",
        f"delete {CHECKPOINT}",
    ]


def test_a_checkpoint_that_is_there_goes_with_the_commit(store):
    store.objects[f"{FOLDER}/{CHECKPOINT}"] = b"finished"
    with begin(store) as landing:
        assert landing.read_checkpoint() == b"finished"
        landing.commit(manifest([]))
    assert set(store.objects) == {MANIFEST, LIST}


def test_a_landing_without_a_checkpoint_asks_for_none_to_be_removed(store):
    with begin(store) as landing:
        assert landing.read_checkpoint() is None
        landing.commit(manifest([]))
    assert store.changes == ["put _manifest.json", "put window.txt"]


def test_what_cannot_be_removed_does_not_fail_what_has_landed(store, caplog):
    land(store, b"1")
    store.refuse = lambda verb, key: verb == "delete"
    part, changed = land(store, b"2")
    assert changed
    assert begin(store).before == manifest([part])
    assert "1 part(s) in" in caplog.text
