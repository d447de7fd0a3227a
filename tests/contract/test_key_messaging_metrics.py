"""What only Key Messaging Metrics does: rows of whole windows, older accounts, and more agents than can be paged."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.datasets.key_messaging_metrics.question import interval, time_of
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.exceptions import IncompletePullError, InvalidResponseError
from airflow_provider_liveperson.pull.pull import pull, records
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import Window
from devtools.memory_store import MemoryStore
from tests.contract.test_every_dataset import lines

Connect = Callable[..., LivePersonClient]

LONG = Window(datetime(2026, 1, 29, 22, 30, tzinfo=UTC), datetime(2026, 1, 31, 1, 15, tzinfo=UTC))
HOUR = Window(datetime(2026, 1, 31, 9, tzinfo=UTC), datetime(2026, 1, 31, 10, tzinfo=UTC))


def read(client: LivePersonClient, dataset: Dataset, window: Window, **filters: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in records(client, dataset, dataset.query(window, filters=filters))]


def few(**limits: int) -> Dataset:
    """Agents, of whom only a few can be paged."""
    dataset = DATASETS["agent_view"]
    return replace(dataset, reader=replace(dataset.reader, **limits))  # type: ignore[type-var]


@pytest.mark.parametrize("name", ["key_messaging_metrics", "agent_view"])
def test_a_long_window_has_the_rows_of_its_days(
    name: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    sandbox.configure(kmm_limit_max=5, kmm_limit_over="clamp")
    dataset, client = DATASETS[name], connect(sandbox)
    pull(client, dataset, dataset.query(LONG), store.destination(), now=datetime(2026, 2, 1, tzinfo=UTC))
    expected = sandbox.truth(name, LONG.start, LONG.end)
    assert lines(store.records()) == lines(expected) == lines(read(client, dataset, LONG))
    assert sorted({(row["_interval_start"], row["_interval_end"]) for row in store.records()}) == [
        ("2026-01-29T22:30:00Z", "2026-01-30T00:00:00Z"),
        ("2026-01-30T00:00:00Z", "2026-01-31T00:00:00Z"),
        ("2026-01-31T00:00:00Z", "2026-01-31T01:15:00Z"),
    ]


def test_parts_of_minutes_are_whole_minutes_as_liveperson_counts() -> None:
    window = Window(HOUR.start.replace(second=30), HOUR.end.replace(second=1))
    assert interval(window) == {
        "_interval_start": "2026-01-31T09:00:00Z", "_interval_end": "2026-01-31T10:01:00Z"
    }  # fmt: skip
    asked = time_of(window)
    assert (asked["to"] - asked["from"] + 1) / 60_000 == 61


@pytest.mark.parametrize("name", ["key_messaging_metrics", "agent_view"])
def test_an_older_account_is_asked_for_less_and_the_log_says_so_once(
    name: str, sandbox: SandboxServer, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.configure(kmm_known="older")
    with caplog.at_level(logging.WARNING):
        found = read(connect(sandbox), DATASETS[name], LONG)
    assert lines(found) == lines(sandbox.truth(name, LONG.start, LONG.end))
    (said,) = [record.getMessage() for record in caplog.records if "asking again" in record.getMessage()]
    assert "total_wait_time_first_response" in said
    assert ("closed_rate (asked for as close_rate)" in said) is (name == "agent_view")


def test_metrics_that_are_named_are_the_only_ones(sandbox: SandboxServer, connect: Connect) -> None:
    dataset = DATASETS["key_messaging_metrics"]
    found = read(
        connect(sandbox),
        dataset,
        HOUR,
        level=["skill"],
        skillIds=["440100"],
        metricsToRetrieveByTime=["csat"],
    )
    (row,) = found
    assert set(row) == {
        "_interval_start", "_interval_end", "_level", "_skill_id", "key", "keyDescription", "csat"
    }  # fmt: skip


def test_types_of_users_are_chosen_for_steps_too(sandbox: SandboxServer, connect: Connect) -> None:
    read(connect(sandbox), DATASETS["key_messaging_metrics_history"], HOUR, userTypes=["HUMAN"])
    (body,) = [json.loads(one.body) for one in sandbox.requests if "/historical" in one.path]
    assert body["filters"]["userTypes"] == ["HUMAN"]


@pytest.mark.parametrize(("with_those_below", "most"), [(False, 6), (True, 10)])
def test_more_agents_than_can_be_paged_come_by_group_and_status(
    with_those_below: bool, most: int, sandbox: SandboxServer, connect: Connect
) -> None:
    sandbox.configure(kmm_subgroups=with_those_below)
    found = read(connect(sandbox), few(max_agents=most, page_size=4), HOUR)
    assert lines(found) == lines(sandbox.truth("agent_view", HOUR.start, HOUR.end))
    asked = [one for one in sandbox.requests if "/agent_view" in one.path]
    places = [dict(parse_qsl(urlsplit(one.url).query)) for one in asked]
    assert max(int(one["offset"]) + int(one["limit"]) for one in places) == most
    assert any(b'"effectiveAgentStatus":["AWAY"]' in one.body.replace(b" ", b"") for one in asked)


def test_a_part_that_is_still_too_large_says_what_to_do(sandbox: SandboxServer, connect: Connect) -> None:
    with pytest.raises(IncompletePullError, match="filter agentSkillIds") as caught:
        read(connect(sandbox), few(max_agents=1), HOUR)
    assert caught.value.field == "filters"


def test_agents_of_groups_that_nobody_names_are_missed(sandbox: SandboxServer, connect: Connect) -> None:
    nothing = {"metadata": {"count": 0}, "groupBy": {"groups": []}}
    sandbox.faults.add(kind="status", status=200, body=nothing, match="/metrics", times=1000)
    with pytest.raises(IncompletePullError, match="name all groups in the filter agentGroupIds"):
        read(connect(sandbox), few(max_agents=8, page_size=1), HOUR)


def test_no_list_of_groups_is_none_only_where_the_count_says_so(
    sandbox: SandboxServer, connect: Connect
) -> None:
    dataset, client = DATASETS["key_messaging_metrics"], connect(sandbox)
    sandbox.faults.add(kind="status", status=200, body={"metadata": {"count": 0}}, match="/metrics")
    assert read(client, dataset, HOUR, level=["skill"]) == []
    sandbox.faults.add(
        kind="status", status=200, body={"metadata": {"count": 3}}, match="/metrics", times=1000
    )
    with pytest.raises(InvalidResponseError):
        read(client, dataset, HOUR, level=["skill"])
