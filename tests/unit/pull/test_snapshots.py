"""A collection that has not changed is not fetched again, and each window has its state all the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.datasets.catalog import dataset_named
from airflow_provider_liveperson.exceptions import WindowOutOfRangeError
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.pull import pull as pulling
from airflow_provider_liveperson.pull.snapshots import read_revision, write_revision
from airflow_provider_liveperson.records.masking import Masking
from airflow_provider_liveperson.window import Window
from devtools.memory_store import MemoryStore

MONDAY = datetime(2026, 1, 26, tzinfo=UTC)
DAY = timedelta(days=1)
HOME = "lake/skills/account_id=70000001"


def folder(days: int) -> str:
    start, end = MONDAY + days * DAY, MONDAY + (days + 1) * DAY
    return f"{HOME}/dt={start:%Y-%m-%d}/{start:%Y%m%dT000000Z}_{end:%Y%m%dT000000Z}"


@pytest.fixture
def land(connect, store):
    """Lands the skills as they are just after a day, counted from Monday."""
    clients = []

    def land(days: int = 0, **choices):
        clients.append(clients[0] if clients else connect())
        dataset = dataset_named(choices.pop("dataset", "skills"))
        window = Window(MONDAY + days * DAY, MONDAY + (days + 1) * DAY)
        also = {name: choices.pop(name) for name in ("masking", "now") if name in choices}
        also.setdefault("now", window.end)
        return pulling.pull(clients[0], dataset, dataset.query(window), store.destination(**choices), **also)

    return land


def asked(sandbox) -> list[str]:
    """``If-Match`` of every request for the collection."""
    return [it.header("if-match") for it in sandbox.requests if "/le-users/" in it.path]


def landed(store, days: int) -> list[dict]:
    manifest = json.loads(store.objects[f"{folder(days)}/_manifest.json"])
    copy = type(store)({f"{folder(days)}/{it['name']}": b"" for it in manifest["parts"]})
    copy.objects = {key: store.objects[key] for key in copy.objects}
    return copy.records()


def test_an_unchanged_collection_is_landed_in_the_next_window_without_being_fetched(sandbox, land, store):
    revision = str(sandbox.config.revision("skills"))
    first, second = land(0), land(1)
    assert asked(sandbox) == ["-1", revision]
    assert landed(store, 0) == landed(store, 1) == sandbox.config.truth("skills")
    assert (first.records, first.bytes) == (second.records, second.bytes)
    assert second.manifest == f"memory://{folder(1)}/_manifest.json"
    assert all(it.startswith(f"memory://{folder(1)}/part-") for it in second.objects)
    one, other = store.manifests()
    assert one["revision"] == other["revision"] == revision
    assert one["counts"] == other["counts"]
    assert one["parts"] == other["parts"]


def test_a_changed_collection_is_fetched_and_the_older_window_keeps_its_state(sandbox, land, store):
    land(0)
    before = sandbox.config.truth("skills")
    sandbox.config.change("skills")
    land(1)
    assert landed(store, 0) == before
    assert landed(store, 1) == sandbox.config.truth("skills") != before
    land(2)
    assert landed(store, 2) == landed(store, 1)


def test_the_same_window_again_changes_nothing(sandbox, land, store):
    first = land(0)
    store.changes.clear()
    assert land(0) == first
    assert store.changes == []
    assert asked(sandbox)[1:] == [str(sandbox.config.revision("skills"))]


@pytest.mark.parametrize(
    "choices",
    [
        {"encoding": Encoding(compression="none")},
        {"masking": Masking(drop_fields=["description"])},
        {"masking": Masking(hash_fields=["name"], salt="s")},
    ],
    ids=["compression", "dropped fields", "hashed fields"],
)
def test_what_was_landed_in_another_way_is_not_taken_over(sandbox, land, store, choices):
    land(0)
    land(1, **choices)
    assert asked(sandbox) == ["-1", "-1"]


def test_a_masked_state_is_not_taken_over_by_one_that_is_not(land, store, sandbox):
    land(0, masking=Masking(drop_fields=["name"]))
    land(1)
    assert landed(store, 1) == sandbox.config.truth("skills")


@pytest.mark.parametrize("loss", ["part", "part changed", "manifest", "other revision", "partial"])
def test_what_is_no_longer_there_is_fetched(sandbox, land, store, loss):
    land(0)
    part = next(key for key in store.objects if "/part-" in key)
    manifest = f"{folder(0)}/_manifest.json"
    if loss == "part":
        del store.objects[part]
    elif loss == "part changed":
        store.objects[part] += b"x"
    elif loss == "manifest":
        del store.objects[manifest]
    else:
        found = json.loads(store.objects[manifest])
        counts = {**found["counts"], "still_partial": 1}  # whose key has not landed
        changed = {"revision": "1"} if loss == "other revision" else {"counts": counts}
        store.objects[manifest] = json.dumps({**found, **changed}).encode()
    land(1)
    assert asked(sandbox) == ["-1", "-1"]
    assert landed(store, 1) == sandbox.config.truth("skills")


def test_a_part_that_vanishes_while_it_is_taken_over_has_everything_fetched(sandbox, land, store, waits):
    land(0)
    part = next(key for key in store.objects if "/part-" in key)
    looks = []

    class Vanishing(type(store)):
        def entries(self, folder):
            if part.startswith(folder):
                looks.append(folder)
                if len(looks) == 2:  # it was there when the revision was chosen
                    self.objects.pop(part, None)
            return super().entries(folder)

    land(1, store=Vanishing(store.objects))
    assert asked(sandbox) == ["-1", str(sandbox.config.revision("skills")), "-1"]
    assert landed(store, 1) == sandbox.config.truth("skills")


def test_one_collections_revision_is_not_anothers(sandbox, land, store):
    land(0)
    land(0, dataset="agent_groups")
    assert asked(sandbox) == ["-1", "-1"]


def test_the_present_is_not_landed_as_the_past(sandbox, land, store):
    with pytest.raises(WindowOutOfRangeError, match="only as they are now"):
        land(0, now=MONDAY + 9 * DAY)
    assert sandbox.requests == []


# -- the file --------------------------------------------------------------------------------------


def manifest(revision: str | None) -> bytes:
    counts = {"reported": None, "received": 0, "outside_window": 0, "kept": 0, "repeated": 0}
    about = {
        "manifest_format": 1,
        "dataset": "skills",
        "account_id": "1",
        "window_start": "a",
        "window_end": "b",
        "cursor": "",
        "filters": {},
        "complete": True,
        "request": {},
        "file_format": "jsonl",
        "compression": "gzip",
        "revision": revision,
        "counts": counts,
        "parts": [],
        "versions": {},
    }
    return json.dumps(about).encode()


def test_what_is_written_is_read_and_written_once(store):
    store.objects["home/w/_manifest.json"] = manifest("7")
    write_revision(store, "home", "7", "home/w")
    write_revision(store, "home", "7", "home/w")
    assert store.changes == ["put _revision.json"]
    found = read_revision(store, "home")
    assert (found.revision, found.folder) == ("7", "home/w")
    assert isinstance(found.manifest, Manifest)


@pytest.mark.parametrize("content", [b"", b"[]", b"nonsense", b'{"revision": 7}'])
def test_what_is_no_revision_is_none(store, content):
    store.objects["home/_revision.json"] = content
    assert read_revision(store, "home") is None


@pytest.mark.parametrize("found", [None, "8", "none"])
def test_a_revision_that_its_manifest_does_not_confirm_is_none(store, found):
    write_revision(store, "home", "7", "home/w")
    if found is not None:
        store.objects["home/w/_manifest.json"] = manifest(None if found == "none" else found)
    assert read_revision(store, "home") is None


@pytest.mark.parametrize("data", [b"nonsense", b'{"manifest_format": 2}', b"[" * 100_000])
def test_there_is_nothing_to_copy_from_what_is_no_manifest(store, data):
    write_revision(store, "home", "7", "home/w")
    store.objects["home/w/_manifest.json"] = data
    assert read_revision(store, "home") is None


@given(st.binary() | st.sampled_from([b"[" * 50_000, b'{"revision":"\xff"}', b'{"revision":' + b"9" * 5000]))
def test_whatever_is_in_the_place_of_a_revision_is_none(data):
    assert read_revision(MemoryStore(objects={"lake/_revision.json": data}), "lake") is None
