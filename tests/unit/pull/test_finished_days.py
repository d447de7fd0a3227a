"""Days of a longer window that an earlier try has landed are not read again, if all of them is still there."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.landing.parts import Part
from airflow_provider_liveperson.pull.finished_days import NAME, FinishedDays
from devtools.landing_runs import manifest
from devtools.memory_store import MemoryStore

FIRST, SECOND = "lake/dt=1", "lake/dt=2"


def land(store: MemoryStore, folder: str, data: bytes = b"1"):
    """A day with one part, as a pull would leave it."""
    key = f"{folder}/part-00000-a"
    store.write(key, data)
    sha256 = hashlib.sha256(data).hexdigest()
    made = manifest([Part("part-00000-a", 1, len(data), sha256, store.fetch(key).etag)])
    store.write(f"{folder}/_manifest.json", made.encode())
    return made


def days(store: MemoryStore, *, not_before: float = 0.0) -> FinishedDays:
    return FinishedDays(store.destination(), FIRST, not_before=not_before)


@pytest.fixture
def remembered(store):
    """A store in which a try has landed two days."""
    finished = days(store)
    for folder in (FIRST, SECOND):
        land(store, folder)
        finished.remember(folder, f"of {folder}", now=1000.0)
    return store


def test_nothing_is_remembered_of_what_never_began(store):
    assert days(store).recall(FIRST, "mine") is None
    assert store.changes == []


def test_what_is_remembered_is_recalled(remembered):
    finished = days(remembered, not_before=1000.0)
    for folder in (FIRST, SECOND):
        found = finished.recall(folder, f"of {folder}")
        assert found is not None
        assert found.encode() == remembered.objects[f"{folder}/_manifest.json"]
    assert finished.recall("lake/dt=3", "of lake/dt=3") is None


def test_it_is_kept_beside_the_first_day(remembered):
    assert f"{FIRST}/{NAME}" in remembered.objects
    assert f"{SECOND}/{NAME}" not in remembered.objects


def test_another_request_begins_at_the_start(remembered):
    assert days(remembered).recall(FIRST, "another") is None


def test_what_is_too_old_is_read_again(remembered):
    assert days(remembered, not_before=1000.5).recall(FIRST, f"of {FIRST}") is None


@pytest.mark.parametrize("loss", ["part", "part changed", "manifest", "manifest changed"])
def test_a_day_that_is_not_as_it_was_is_read_again(remembered, loss):
    if loss == "part":
        del remembered.objects[f"{SECOND}/part-00000-a"]
    elif loss == "part changed":
        remembered.objects[f"{SECOND}/part-00000-a"] = b"2"
    elif loss == "manifest":
        del remembered.objects[f"{SECOND}/_manifest.json"]
    else:
        remembered.objects[f"{SECOND}/_manifest.json"] = manifest([]).encode()
    assert days(remembered).recall(SECOND, f"of {SECOND}") is None
    assert days(remembered).recall(FIRST, f"of {FIRST}") is not None


def test_a_day_without_a_manifest_is_not_remembered(store):
    days(store).remember(FIRST, "mine", now=1.0)
    assert store.changes == []


def test_a_day_that_lands_again_is_remembered_unparsed_now(remembered):
    finished = days(remembered)
    land(remembered, FIRST, b"22")
    assert finished.recall(FIRST, f"of {FIRST}") is None
    finished.remember(FIRST, "of a new one", now=2000.0)
    assert days(remembered).recall(FIRST, "of a new one") is not None


def test_it_goes_once_the_window_has_landed(remembered):
    days(remembered).forget()
    assert f"{FIRST}/{NAME}" not in remembered.objects


def test_where_nothing_was_remembered_nothing_goes(store):
    days(store).forget()
    assert store.changes == []


def test_that_it_stays_does_not_fail_what_has_landed(remembered, caplog):
    remembered.refuse = lambda verb, key: verb == "delete"
    days(remembered).forget()
    assert f"memory://{FIRST}/{NAME} may stay" in caplog.text


@given(
    st.binary()
    | st.sampled_from(
        [b"[" * 50_000, b'[{"folder":"\xff"}]', b'[{"folder":"\\ud83d"}]', b'[{"finished_at":1e400}]']
    )
)
def test_whatever_is_in_its_place_only_means_to_read_the_days_again(data):
    store = MemoryStore(objects={f"{FIRST}/{NAME}": data})
    assert days(store).recall(FIRST, "mine") is None
