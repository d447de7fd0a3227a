"""Messaging Operations: numbers that can be had for a day only, by version and credential."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import WindowOutOfRangeError
from airflow_provider_liveperson.pull.pull import pull
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import Window
from devtools.memory_store import MemoryStore
from tests.contract.landing import Connect

# The sandbox's data end with this day, and so does its present.
PRESENT = datetime(2026, 2, 1, tzinfo=UTC)
EVENING = Window(PRESENT - timedelta(hours=6), PRESENT)


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


def test_versions_go_with_credentials(sandbox: SandboxServer, connect: Connect) -> None:
    for kind, version in (("api_key", "v=1"), ("app_jwt_v2", "v=2")):
        dataset, now = DATASETS["messaging_queue_health"], EVENING.end + timedelta(minutes=5)
        pull(connect(sandbox, kind), dataset, dataset.query(EVENING), MemoryStore().destination(), now=now)
        asked = [one.url for one in sandbox.requests if "/msgqueuehealth" in one.path]
        assert version in asked[-1]
