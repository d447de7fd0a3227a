"""Numbers that can be had for hours or days only, and that come before they are final."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import WindowOutOfRangeError
from airflow_provider_liveperson.pull.pull import PullResult, pull
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import Window
from devtools.memory_store import MemoryStore

Connect = Callable[..., LivePersonClient]

# The sandbox's data end with this day, and so does its present.
PRESENT = datetime(2026, 2, 1, tzinfo=UTC)
EVENING = Window(PRESENT - timedelta(hours=6), PRESENT)


def land(client: LivePersonClient, name: str, window: Window, store: MemoryStore) -> PullResult:
    dataset = DATASETS[name]
    now = window.end + dataset.limits.lag
    return pull(client, dataset, dataset.query(window), store.destination(), now=now)


def test_intervals_in_progress_land_and_the_window_is_not_complete_until_they_are_final(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.configure(interval_metrics_settle_minutes=120)
    client = connect(sandbox)
    with caplog.at_level(logging.WARNING):
        land(client, "interval_metrics", EVENING, store)
    waiting = sum(row["status"] == "In Progress" for row in store.records())
    (manifest,) = store.manifests()
    assert 0 < waiting < len(store.records())
    assert manifest["complete"] is False
    assert len(manifest["still_partial"]) == manifest["counts"]["still_partial"] == waiting
    assert f"{waiting} record(s) were still in progress at LivePerson" in caplog.text

    sandbox.configure(data_clock_offset_seconds=7200)
    land(client, "interval_metrics", EVENING, store)
    (manifest,) = store.manifests()
    assert manifest["complete"] is True
    assert {row["status"] for row in store.records()} == {"Done"}
    assert len(store.records()) == manifest["counts"]["kept"]


@pytest.mark.parametrize("kind", ["api_key", "app_jwt_v2"])
def test_part_of_a_window_that_is_going_out_of_reach_lands_on_request(
    kind: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    dataset, window = DATASETS["messaging_queue_health"], Window(PRESENT - timedelta(hours=23), PRESENT)
    now = PRESENT + timedelta(hours=2)
    client = connect(sandbox, kind)
    with pytest.raises(WindowOutOfRangeError, match="keeps messaging_queue_health for 1 day"):
        pull(client, dataset, dataset.query(window), store.destination(), now=now)
    pull(client, dataset, dataset.query(window), store.destination(), now=now, allow_out_of_range=True)
    assert [manifest["complete"] for manifest in store.manifests()] == [False]
    is_true = store.records() == sandbox.truth(dataset.name, window.start, window.end)
    assert is_true  # of thousands of rows, a comparison in words takes minutes


@pytest.mark.parametrize("name", ["interval_metrics", "messaging_queue_health"])
def test_a_window_of_which_nothing_is_left_is_refused_in_any_case(
    name: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    dataset = DATASETS[name]
    with pytest.raises(WindowOutOfRangeError):
        pull(
            connect(sandbox),
            dataset,
            dataset.query(EVENING),
            store.destination(),
            now=PRESENT + timedelta(days=7),
            allow_out_of_range=True,
        )
    assert store.objects == {}
    assert not any("/interval-metrics" in one.path or "/msg" in one.path for one in sandbox.requests)


def test_versions_go_with_credentials(sandbox: SandboxServer, connect: Connect) -> None:
    for kind, version in (("api_key", "v=1"), ("app_jwt_v2", "v=2")):
        land(connect(sandbox, kind), "messaging_queue_health", EVENING, MemoryStore())
        asked = [one.url for one in sandbox.requests if "/msgqueuehealth" in one.path]
        assert version in asked[-1]
