"""What servers may do: everything lands, or the manifest or an error says what does not."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import IncompletePullError, WindowOutOfRangeError
from airflow_provider_liveperson.pull.pull import pull
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import Window
from devtools.memory_store import MemoryStore
from tests.contract.facts import FACTS
from tests.contract.landing import Connect, land, manifest

PRESENT = datetime(2026, 2, 1, tzinfo=UTC)
EVENING = Window(PRESENT - timedelta(hours=6), PRESENT)
# Searches, and the reading by id of those that a search returns in part.
CONVERSATIONS = "/messaging_history/"


@pytest.mark.parametrize("name", ["agent_status_changes", "audit_trail", "messaging_interactions"])
def test_a_server_that_ignores_the_offset_is_named(
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "airflow_provider_liveperson.datasets.messaging_interactions.reader.MAX_PAGE_SIZE", 10
    )
    sandbox.configure(**FACTS[name].many_requests, offset_ignored=True)
    with pytest.raises(IncompletePullError, match=r"same way: .*the server ignores the offset"):
        land(connect(sandbox), store, name)
    assert store.manifests() == []
    assert len(sandbox.requests) < 100


@pytest.mark.parametrize(
    ("name", "cursor", "match", "find", "put"),
    [
        (
            "messaging_interactions",
            "start",
            CONVERSATIONS,
            r'"startTime(L?)":("[^"]*"|\d+)',
            r'"startTime\1":null',
        ),
        (
            "messaging_interactions",
            "end",
            CONVERSATIONS,
            r'"(end|conversationEnd)Time(L?)":("[^"]*"|\d+)',
            r'"\1Time\2":"NA"',
        ),
        ("agent_status_changes", None, "/status-changes", r'"time":"[^"]*"', '"time":null'),
        ("audit_trail", None, "/metadata/audit", r'"changeDate":"[^"]*"', '"changeDate":"undefined"'),
        ("audit_trail_export", None, "/audit/export", r"2026-01-29T\d\d:\d\d:\d\d", ""),
    ],
)
def test_undated_records_are_counted_and_logged(
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
    caplog: pytest.LogCaptureFixture,
    name: str,
    cursor: str | None,
    match: str,
    find: str,
    put: str,
) -> None:
    sandbox.faults.add(kind="replace", match=match, find=find, put=put, times=999)
    with caplog.at_level(logging.WARNING, logger="airflow_provider_liveperson"):
        land(connect(sandbox), store, name, cursor)
    found = manifest(store)
    assert found["counts"]["undated"] > 0
    assert found["complete"] is False
    assert store.records() == []
    told = [record.getMessage() for record in caplog.records if "places them in time" in record.getMessage()]
    assert len(told) == sum(bool(counts["undated"]) for counts in found["slices"])


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


@pytest.mark.parametrize("name", ["outbound_analytics", "personal_data_deletion_requests", "shift_status"])
def test_a_list_in_another_order_lands_the_same_bytes(
    name: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    land(connect(sandbox), store, name)
    before = dict(store.objects)
    assert store.records()
    sandbox.configure(**FACTS[name].readings["in another order"])
    land(connect(sandbox), store, name)
    assert store.objects == before
