"""What only Agent Metrics does: two methods that moved, and filters in the body beside pages in the query."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import RequestRejectedError
from airflow_provider_liveperson.pull.pull import records
from airflow_provider_liveperson.sandbox.server import SandboxServer
from tests.contract.test_every_dataset import DAY

Connect = Callable[..., LivePersonClient]


def test_agents_who_can_take_over_a_skill(sandbox: SandboxServer, connect: Connect) -> None:
    dataset = DATASETS["agent_metrics_list"]
    agents = sandbox.truth(dataset.name, DAY.start, DAY.end)
    skill = agents[0]["agentSkills"][0]["skillId"]
    able = [agent["agentId"] for agent in agents if skill in {one["skillId"] for one in agent["agentSkills"]}]
    sandbox.configure(agent_metrics_limit_max=4)
    query = dataset.query(DAY, filters={"skillIds": [skill]})
    found = [json.loads(line)["agentId"] for line in records(connect(sandbox), dataset, query)]
    assert sorted(found) == sorted(able)
    assert 0 < len(able) < len(agents)
    asked = [one for one in sandbox.requests if "/agent_view/list" in one.path]
    assert all("skillIds" not in one.url and "offset=" in one.url for one in asked)


@pytest.mark.parametrize("spelled", ["status", "Status"])
@pytest.mark.parametrize("name", ["agent_metrics_status", "agent_metrics_summary"])
def test_agents_of_one_status_however_livepersons_page_spells_it(
    name: str, spelled: str, sandbox: SandboxServer, connect: Connect
) -> None:
    sandbox.configure(agent_metrics_status_name=spelled)
    agents = sandbox.truth("agent_metrics_status", DAY.start, DAY.end)
    away = [agent["agentId"] for agent in agents if agent["currentStatus"] == "AWAY"]
    assert 0 < len(away) < len(agents)
    query = DATASETS[name].query(DAY, filters={"status": ["AWAY"]})
    found = [json.loads(line) for line in records(connect(sandbox), DATASETS[name], query)]
    if name == "agent_metrics_summary":
        (whole,) = found
        assert (whole["numAwayAgents"], whole["numOnlineAgents"]) == (len(away), 0)
    else:
        assert sorted(agent["agentId"] for agent in found) == sorted(away)


def test_agents_whose_metrics_were_updated_of_late(sandbox: SandboxServer, connect: Connect) -> None:
    dataset = DATASETS["agent_metrics_status"]
    agents = sandbox.truth(dataset.name, DAY.start, DAY.end)
    since = sorted(agent["lastUpdatedTimeL"] for agent in agents)[-3]
    query = dataset.query(DAY, filters={"timestamp": {"from": since}})
    found = [json.loads(line) for line in records(connect(sandbox), dataset, query)]
    assert len(found) == 3 < len(agents)
    assert min(agent["lastUpdatedTimeL"] for agent in found) == since


def test_the_summary_of_some_agents(sandbox: SandboxServer, connect: Connect) -> None:
    dataset = DATASETS["agent_metrics_summary"]
    agents = sandbox.truth("agent_metrics_status", DAY.start, DAY.end)
    query = dataset.query(DAY, filters={"agentIds": [agents[0]["agentId"], agents[1]["agentId"]]})
    (found,) = [json.loads(line) for line in records(connect(sandbox), dataset, query)]
    assert found["openAssignedConversations"] == sum(
        agent["openAssignedConversations"] for agent in agents[:2]
    )


@pytest.mark.parametrize("name", ["agent_metrics_status", "agent_metrics_summary"])
def test_ids_of_agents_are_sent_as_numbers_where_texts_are_rejected(
    sandbox: SandboxServer, connect: Connect, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    dataset = DATASETS[name]
    agents = sandbox.truth("agent_metrics_status", DAY.start, DAY.end)
    chosen = [agent["agentId"] for agent in agents[:2]]
    as_text = list(records(connect(sandbox), dataset, dataset.query(DAY, filters={"agentIds": chosen})))
    assert "asking again" not in caplog.text
    sandbox.configure(agent_metrics_id_filter="numbers")
    found = list(records(connect(sandbox), dataset, dataset.query(DAY, filters={"agentIds": chosen})))
    assert [{**json.loads(line), "_pulled_at": ""} for line in found] == [
        {**json.loads(line), "_pulled_at": ""} for line in as_text
    ]
    assert "asking again with agentIds as numbers" in caplog.text


def test_ids_that_are_no_numbers_are_sent_as_they_are(sandbox: SandboxServer, connect: Connect) -> None:
    sandbox.configure(agent_metrics_id_filter="numbers")
    dataset = DATASETS["agent_metrics_status"]
    with pytest.raises(RequestRejectedError, match="agentIds"):
        list(records(connect(sandbox), dataset, dataset.query(DAY, filters={"agentIds": ["me"]})))
