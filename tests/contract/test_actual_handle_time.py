"""What holds for Actual Handle Time only: filters in either spelling, and files whose paths are LivePerson's."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.pull.pull import records
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import Window

DAY = Window(datetime(2026, 1, 28, tzinfo=UTC), datetime(2026, 1, 29, tzinfo=UTC))


@pytest.mark.parametrize("names", ["capitals", "camel"])
def test_a_filter_counts_however_livepersons_page_means_its_name(
    names: str, sandbox: SandboxServer, connect: Callable[..., LivePersonClient]
) -> None:
    sandbox.configure(handle_time_filters=names)
    dataset, truth = DATASETS["actual_handle_time"], sandbox.truth("actual_handle_time", DAY.start, DAY.end)
    agent = truth[0]["agentId"]
    query = dataset.query(DAY, filters={"AgentId": agent})
    found = [json.loads(line)["segmentId"] for line in records(connect(sandbox), dataset, query)]
    assert sorted(found) == sorted(row["segmentId"] for row in truth if row["agentId"] == agent)
    assert 0 < len(found) < len(truth)


@pytest.mark.parametrize(
    "path",
    [
        "",
        None,
        "/year=2026/month=1/day=32/hour=1/accountId=x/a.json.gz",
        "/etc/passwd",
        "https://x.test/a.json.gz",
    ],
)
def test_what_is_not_the_path_of_a_file_is_not_asked_for(path: object) -> None:
    dataset = DATASETS["actual_handle_time_breakdown"]
    query = dataset.query(DAY)
    pager = dataset.open(query, dataset.plan(query)[0])
    assert pager.next_request() is not None
    with pytest.raises(InvalidResponseError, match="the list of files holds"):
        pager.parse(Answer(status=200, headers={}, body=json.dumps({"files": [path]}).encode()))
