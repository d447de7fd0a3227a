"""The commit: a manifest in place of the base, or nothing of this run left behind."""

from __future__ import annotations

import io
from typing import Any

import pytest

from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.landing.base import Base
from airflow_provider_liveperson.landing.commit import Commit
from airflow_provider_liveperson.landing.errors import ConcurrentRunError
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.landing.parts import Part
from airflow_provider_liveperson.landing.stores import RefusedError
from devtools.landing_runs import HEAD, manifest
from devtools.memory_store import MemoryStore

FOLDER = "lake/window"
MANIFEST = f"{FOLDER}/_manifest.json"


def put(store: MemoryStore, name: str, data: bytes = b"1") -> Part:
    etag = store.create(f"{FOLDER}/{name}", io.BytesIO(data))
    return Part(name, 1, len(data), data.hex(), etag)


def keys(*parts: Part) -> frozenset[str]:
    return frozenset(f"{FOLDER}/{part.name}" for part in parts)


def begin(store: MemoryStore) -> Commit:
    """A commit that begins from what is there."""
    stored = store.fetch(MANIFEST)
    there = Manifest.decode(stored.data, MANIFEST) if stored is not None else None
    return Commit(store, FOLDER, head=HEAD, base=Base(stored=stored, manifest=there))


def commit(store: MemoryStore, of: Commit, made: Manifest, *, has_put: bool = True) -> tuple[Manifest, bool]:
    return of.put(made, has_put=has_put, listed=store.entries(FOLDER))


def there(store: MemoryStore) -> Manifest:
    return Manifest.decode(store.objects[MANIFEST], MANIFEST)


# -- put -------------------------------------------------------------------------------------------


def test_a_first_manifest_is_put(store):
    made = manifest([put(store, "part-00000-a")])
    assert commit(store, begin(store), made) == (made, True)
    assert there(store) == made


def test_one_that_says_the_same_is_not_put_again(store):
    part = put(store, "part-00000-a")
    commit(store, begin(store), manifest([part]))
    store.changes.clear()
    assert commit(store, begin(store), manifest([part]), has_put=False) == (manifest([part]), False)
    assert store.changes == []


def test_a_part_that_is_not_there_is_not_named(store):
    part = put(store, "part-00000-a")
    of = begin(store)
    del store.objects[f"{FOLDER}/{part.name}"]
    with pytest.raises(ConcurrentRunError, match="part-00000-a is not there"):
        commit(store, of, manifest([part]))
    assert MANIFEST not in store.objects


def test_whoever_was_faster_with_the_same_bytes_has_landed_for_both(store, caplog):
    caplog.set_level("INFO")
    of = begin(store)
    mine, theirs = put(store, "part-00000-a"), put(store, "part-10000-a")
    commit(store, begin(store), manifest([theirs]))
    assert commit(store, of, manifest([mine])) == (manifest([theirs]), False)
    assert "landed the same records already" in caplog.text


def test_whoever_was_faster_with_other_bytes_has_this_one_land_again(store):
    of = begin(store)
    mine, theirs = put(store, "part-00000-a"), put(store, "part-00000-b", b"22")
    commit(store, begin(store), manifest([theirs]))
    with pytest.raises(ConcurrentRunError, match="another run of the same window"):
        commit(store, of, manifest([mine]))
    assert there(store) == manifest([theirs])


def test_another_request_that_was_faster_is_not_replaced(store):
    of = begin(store)
    part = put(store, "part-00000-a")
    data = manifest([]).encode().replace(b'"cursor": "start"', b'"cursor": "end"')
    store.objects[MANIFEST] = data
    with pytest.raises(ConfigurationError, match="another prefix"):
        commit(store, of, manifest([part]))
    assert store.objects[MANIFEST] == data


def test_a_base_that_changes_under_a_run_without_news_is_seen(store):
    part = put(store, "part-00000-a")
    commit(store, begin(store), manifest([part]))
    of = begin(store)
    other = put(store, "part-00000-b", b"22")
    commit(store, begin(store), manifest([other]))
    with pytest.raises(ConcurrentRunError):
        commit(store, of, manifest([part]), has_put=False)


def test_a_manifest_that_vanishes_is_no_landing(store):
    class Forgetting(MemoryStore):
        def swap(self, key: str, data: bytes, expected: Any) -> None:
            pass

    forgetting = Forgetting()
    with pytest.raises(StorageError, match="not there after it was written"):
        commit(forgetting, begin(forgetting), manifest([]))


# -- what may go -----------------------------------------------------------------------------------


def stale(store: MemoryStore, of: Commit, made: Manifest, created: frozenset[str] = frozenset()) -> list[str]:
    listed = store.entries(FOLDER)
    found, is_mine = of.put(made, has_put=True, listed=listed)
    return of.stale_parts(found, created=created, listed=listed, is_mine=is_mine)


def test_after_its_own_manifest_all_other_parts_are_stale(store):
    left, mine = put(store, "part-00000-old"), put(store, "part-00000-new")
    store.objects[f"{FOLDER}/notes.txt"] = b"somebody's"
    assert stale(store, begin(store), manifest([mine])) == [f"{FOLDER}/{left.name}"]


def test_a_part_that_came_while_it_committed_is_not(store):
    class Busy(MemoryStore):
        def swap(self, key: str, data: bytes, expected: Any) -> None:
            super().swap(key, data, expected)
            put(self, "part-00000-later")

    busy = Busy()
    mine = put(busy, "part-00000-new")
    assert stale(busy, begin(busy), manifest([mine])) == []


def test_after_anothers_manifest_only_its_own_parts_and_older_ones_are_stale(store):
    older = put(store, "part-00000-old")
    of = begin(store)
    mine, theirs = put(store, "part-00000-a"), put(store, "part-10000-a")
    commit(store, begin(store), manifest([theirs]))
    younger = put(store, "part-00000-young")
    found = stale(store, of, manifest([mine]), keys(mine))
    assert set(found) == keys(older, mine)
    assert f"{FOLDER}/{younger.name}" not in found


# -- withdrawal ------------------------------------------------------------------------------------


def test_what_was_put_is_taken_away_again(store):
    of, part = begin(store), put(store, "part-00000-a")
    of.withdraw(keys(part), kept=frozenset())
    assert store.objects == {}


def test_what_a_checkpoint_names_stays(store):
    of = begin(store)
    one, other = put(store, "part-00000-a"), put(store, "part-00001-b")
    of.withdraw(keys(one, other), kept=keys(one))
    assert set(store.objects) == keys(one)


def test_what_another_run_has_committed_stays(store):
    of, part = begin(store), put(store, "part-00000-a")
    commit(store, begin(store), manifest([part]))
    of.withdraw(keys(part), kept=frozenset())
    assert keys(part) < set(store.objects)


def test_what_was_there_as_another_run_committed_is_that_ones_to_remove(store):
    of, part = begin(store), put(store, "part-00000-a")
    commit(store, begin(store), manifest([]))
    late = put(store, "part-00001-b")
    of.withdraw(keys(part, late), kept=frozenset())
    assert set(store.objects) == {MANIFEST, *keys(part)}


def test_nothing_is_removed_while_it_is_not_known_what_the_manifest_names(store):
    class Silent(MemoryStore):
        def swap(self, key: str, data: bytes, expected: Any) -> None:
            raise StorageError("no answer came")

    silent = Silent()
    of, part = begin(silent), put(silent, "part-00000-a")
    with pytest.raises(StorageError, match="no answer"):
        commit(silent, of, manifest([part]))
    with pytest.raises(StorageError, match="not known whether the manifest was written"):
        of.withdraw(keys(part), kept=frozenset())
    assert set(silent.objects) == keys(part)


def test_after_a_refusal_it_is_known_that_nothing_was_written(store):
    class Refusing(MemoryStore):
        def swap(self, key: str, data: bytes, expected: Any) -> None:
            raise RefusedError("no")

    refusing = Refusing()
    of, part = begin(refusing), put(refusing, "part-00000-a")
    with pytest.raises(RefusedError):
        commit(refusing, of, manifest([part]))
    of.withdraw(keys(part), kept=frozenset())
    assert refusing.objects == {}


def test_nothing_is_removed_once_the_base_is_gone(store):
    commit(store, begin(store), manifest([]))
    of, part = begin(store), put(store, "part-00000-a")
    del store.objects[MANIFEST]
    with pytest.raises(StorageError, match="is gone"):
        of.withdraw(keys(part), kept=frozenset())
    assert set(store.objects) == keys(part)


def test_without_parts_of_its_own_nothing_is_looked_at(store):
    store.fetch = lambda key: pytest.fail("it was looked at")
    Commit(store, FOLDER, head=HEAD, base=Base(stored=None, manifest=None)).withdraw(
        frozenset(), kept=frozenset()
    )
