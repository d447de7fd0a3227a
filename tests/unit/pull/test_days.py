"""Days land in order: each is committed while the next one is read, and none is lost when another one fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_liveperson.exceptions import PermissionDeniedError, StorageError
from airflow_provider_liveperson.landing.stores import ConflictError, Stored
from airflow_provider_liveperson.pull.pull import PullResult, pull
from airflow_provider_liveperson.window import Window
from devtools.datasets import declare
from devtools.memory_store import MemoryStore
from tests.unit.pull.things import START, NumberedRecords, ThingsPager

DAYS = 3
WINDOW = Window(START, START + timedelta(days=DAYS))
FIRST, SECOND, THIRD = (f"dt=2026-01-0{day}" for day in (1, 2, 3))
EVERY_HOUR = range(24 * DAYS)
TIMEOUT = 60


class Store(MemoryStore):
    """Has something happen before manifests are put there."""

    before_commit: Callable[[str], None] = staticmethod(lambda day: None)

    def swap(self, key: str, data: bytes, expected: Stored | None) -> None:
        if key.endswith("_manifest.json"):
            self.before_commit(key.split("/")[-3])
        super().swap(key, data, expected)

    @property
    def landed(self) -> list[str]:
        """The days that have a manifest."""
        return sorted(key.split("/")[-3] for key in self.objects if key.endswith("_manifest.json"))

    @property
    def left_over(self) -> set[str]:
        """What no manifest names."""
        named = {f"{part['name']}" for manifest in self.manifests() for part in manifest["parts"]}
        return {key for key in self.objects if "/part-" in key and key.rpartition("/")[2] not in named}


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def client() -> NumberedRecords:
    return NumberedRecords(EVERY_HOUR, most=2)


def land(client: NumberedRecords, store: Store) -> PullResult:
    dataset = declare(ThingsPager, limits={"max_range": timedelta(days=1)})
    made: Any = client
    return pull(made, dataset, dataset.query(WINDOW), store.destination(share_below=1))


def test_a_day_is_committed_while_the_next_one_is_read(client, store):
    """The commit of the first day waits until the last page of the second one is asked for."""
    is_read = threading.Event()

    def look(hour: float, offset: int) -> None:
        if (hour, offset) == (24, 22):
            is_read.set()

    def wait(day: str) -> None:
        if day == FIRST:
            assert is_read.wait(TIMEOUT), "the second day is not read before the first one is committed"

    client.before, store.before_commit = look, wait
    assert land(client, store).records == 24 * DAYS
    assert store.records() == list(EVERY_HOUR)


def test_days_are_committed_in_order(client, store):
    committed: list[str] = []
    store.before_commit = committed.append
    result = land(client, store)
    assert committed == [FIRST, SECOND, THIRD]
    assert [uri.split("/")[-3] for uri in result.manifests] == committed


def test_a_day_that_cannot_be_read_leaves_those_before_landed(client, store):
    is_refused = threading.Event()

    def refuse(hour: float, offset: int) -> None:
        if hour == 48:
            is_refused.set()
            raise PermissionDeniedError("no")

    def wait(day: str) -> None:
        if day == SECOND:
            assert is_refused.wait(TIMEOUT)

    client.before, store.before_commit = refuse, wait
    with pytest.raises(PermissionDeniedError):
        land(client, store)
    assert store.landed == [FIRST, SECOND]
    client.before = lambda hour, offset: None
    client.requested.clear()
    assert land(client, store).records == 24 * DAYS
    assert {hour for hour, _ in client.requested} == {48}
    assert store.records() == list(EVERY_HOUR)


@pytest.mark.parametrize("failing", [FIRST, SECOND, THIRD])
def test_a_day_that_cannot_be_committed_ends_the_pull(client, store, failing):
    store.refuse = lambda verb, key: verb == "put" and failing in key and key.endswith("_manifest.json")
    with pytest.raises(StorageError, match=f"{failing}.*_manifest"):
        land(client, store)
    assert store.landed == [day for day in (FIRST, SECOND, THIRD) if day < failing]
    assert store.left_over == set()
    store.refuse = lambda verb, key: False
    assert land(client, store).records == 24 * DAYS
    assert store.records() == list(EVERY_HOUR)
    assert store.left_over == set()


def test_a_day_that_neither_can_be_committed_nor_the_next_one_read(client, store):
    """What is raised is what was noticed first; nothing of either day is left."""

    def refuse(hour: float, offset: int) -> None:
        if hour == 24:
            raise PermissionDeniedError("no")

    client.before = refuse
    store.refuse = lambda verb, key: verb == "put" and key.endswith("_manifest.json")
    with pytest.raises(PermissionDeniedError):
        land(client, store)
    assert (store.landed, store.left_over) == ([], set())


@pytest.mark.parametrize("overtaken", [FIRST, SECOND, THIRD])
def test_a_day_that_another_run_has_landed_meanwhile_is_landed_again(client, store, overtaken):
    tries: list[str] = []

    def overtake(day: str) -> None:
        tries.append(day)
        if day == overtaken and tries.count(day) == 1:
            raise ConflictError("another run was faster")

    store.before_commit = overtake
    assert land(client, store).records == 24 * DAYS
    assert sorted(tries) == sorted([FIRST, SECOND, THIRD, overtaken])
    assert store.records() == list(EVERY_HOUR)
    assert store.left_over == set()


def test_a_commit_under_way_comes_to_its_end_when_the_task_is_ended(client, store):
    """Airflow ends a task by an exception in the main thread, wherever that is."""
    is_committing, may_commit = threading.Event(), threading.Event()

    class Ended(BaseException):
        pass

    def wait(day: str) -> None:
        is_committing.set()
        assert may_commit.wait(TIMEOUT)

    def end(hour: float, offset: int) -> None:
        if hour == 24:
            assert is_committing.wait(TIMEOUT)
            may_commit.set()
            raise Ended

    store.before_commit, client.before = wait, end
    with pytest.raises(Ended):
        land(client, store)
    assert (store.landed, store.left_over) == ([FIRST], set())
    assert store.records() == list(range(24))
