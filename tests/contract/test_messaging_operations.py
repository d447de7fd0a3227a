"""Messaging Operations: numbers that can be had for a day only, by version, credential and filter."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import IncompletePullError, WindowOutOfRangeError
from airflow_provider_liveperson.pull.pull import pull, records
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import Window
from devtools.memory_store import MemoryStore
from tests.contract.landing import Connect

# The sandbox's data end with this day, and so does its present.
PRESENT = datetime(2026, 2, 1, tzinfo=UTC)
EVENING = Window(PRESENT - timedelta(hours=6), PRESENT)


def read(client: LivePersonClient, name: str, **filters: Any) -> list[dict[str, Any]]:
    dataset = DATASETS[name]
    query = dataset.query(EVENING, filters=filters)
    return [json.loads(raw) for raw in records(client, dataset, query)]


def total(rows: list[dict[str, Any]], name: str) -> int:
    return sum(row[name] for row in rows if row["_level"] == "account")


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


def test_segments_by_source_skill_and_kind_of_agent(sandbox: SandboxServer, connect: Connect) -> None:
    client, name, count = connect(sandbox), "messaging_agent_segments", "totalAgentConversationSegments"
    every = read(client, name)
    assert {row["_level"] for row in every} == {"account", "agent"}
    by_source = [total(read(client, name, source=one), count) for one in ("SMS", "WEB")]
    assert all(0 < some < total(every, count) for some in by_source)
    kinds = [total(read(client, name, userType=one), count) for one in ("human", "bot")]
    assert sum(kinds) == total(every, count)
    by_skill = read(client, name, skillIds=["all"])
    assert {row["_level"] for row in by_skill} == {"account", "agent", "skill_agent"}
    of_skills = [row[count] for row in by_skill if row["_level"] == "skill_agent"]
    assert sum(of_skills) == total(every, count)
    few = read(client, name, metrics=["interactiveAgentSegments"])
    assert {key for row in few for key in row if not key.startswith("_")} == {
        count,
        "interactiveAgentSegments",
    }


def test_csat_says_which_time_it_counts(sandbox: SandboxServer, connect: Connect) -> None:
    client = connect(sandbox)
    day = read(client, "messaging_csat_distribution")
    hour = read(client, "messaging_csat_distribution", timeframe=52)
    assert {(row["_interval_start"], row["_interval_end"]) for row in hour} == {
        ("2026-02-01T01:05:00Z", "2026-02-01T02:00:00Z")
    }
    assert 0 < total(hour, "total_answers") < total(day, "total_answers")


def test_an_answer_that_may_have_left_out_skills_lands_nothing(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    listed = [{"skillId": skill, "estimatedWaitTime": 1, "timestamp": 0} for skill in range(300)]
    body = {"estimatedWaitTimeResponse": listed}
    sandbox.faults.add(kind="status", status=200, body=body, match="/ewt", times=1000)
    dataset = DATASETS["estimated_wait_time"]
    with pytest.raises(IncompletePullError, match="name all skills"):
        pull(connect(sandbox), dataset, dataset.query(EVENING), store.destination(), now=EVENING.end)
    assert store.objects == {}
    assert sum("/ewt" in one.url for one in sandbox.requests) == 1
