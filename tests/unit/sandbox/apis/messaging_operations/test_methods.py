"""The methods of Messaging Operations beside queue health."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

# The sandbox's data end with this day, and so does its present.
PRESENT = datetime(2026, 2, 1, tzinfo=UTC)


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def ask(server: Any, method: str, *, body: Any = None, **parameters: Any) -> requests.Response:
    account = server.settings.account_id
    path = f"operations/api/account/{account}/{method}"
    if method == "ewt":
        path = f"lp-messaging-ewt-app/api/account/{account}/ewt"
    given = {name: value for name, value in {"v": "1", **parameters}.items() if value is not None}
    if body is not None:
        return requests.post(f"{server.url}/{path}", json=body, auth=server.oauth(), timeout=10)
    return requests.get(f"{server.url}/{path}", params=given, auth=server.oauth(), timeout=10)


def answer(server: Any, method: str, **parameters: Any) -> dict[str, Any]:
    response = ask(server, method, **parameters)
    assert response.status_code == 200, response.text
    return dict(response.json())


def test_conversations_are_cut_from_the_end_and_begin_with_what_is_left(sandbox: Any) -> None:
    server = sandbox(data_clock_offset_seconds=(-16 * 60 + 7) * 60)  # it is 08:07
    found = answer(server, "msgconversation", timeframe=20, interval=10, agentIds="all")
    assert [one["timestamp"] for one in found["metricsByIntervals"]] == [
        ms(datetime(2026, 1, 31, 8 - (minute > 10), minute, tzinfo=UTC)) for minute in (10, 0, 50)
    ]
    agents = found["agentsMetrics"]["metricsTotals"]["totalResolvedConversations"]
    assert agents == sum(
        one["metricsData"]["agentsMetrics"]["metricsTotals"]["totalResolvedConversations"]
        for one in found["metricsByIntervals"]
    )


def test_what_is_asked_for_decides_which_sections_there_are(sandbox: Any) -> None:
    server = sandbox()
    frame = {"timeframe": "600"}
    assert list(answer(server, "msgcsatdistribution", **frame)) == ["metricsTotals"]
    assert list(answer(server, "msgcsatdistribution", **frame, agentIds="all")) == ["agentsMetrics"]
    both = answer(server, "msgconversation", **frame, agentIds="all", skillIds="all")
    assert list(both) == ["skillsMetricsPerAgent", "agentsMetrics"]
    posted = {**frame, "v": "1", "agentIds": "all", "skillIds": "all"}
    assert ask(server, "msgconversation", body=posted).json() == both
    assert "must be a string" in ask(server, "msgconversation", body={**posted, "timeframe": 600}).text
    one = next(iter(both["agentsMetrics"]["metricsPerAgent"]))
    narrow = answer(server, "msgconversation", **frame, agentIds=one)["agentsMetrics"]
    assert list(narrow["metricsPerAgent"]) == [one]
    assert narrow["metricsTotals"] == both["agentsMetrics"]["metricsPerAgent"][one]


def test_a_label_as_source_leaves_no_segments(sandbox: Any) -> None:
    server = sandbox()
    labeled = answer(server, "msgagentsegments", timeframe=600, source="AIRFLOW")
    assert labeled["agentsMetrics"] == {"metricsPerAgent": {}}
    assert answer(server, "msgagentsegments", timeframe=600, source="all")["agentsMetrics"]["metricsPerAgent"]


def test_current_queues_have_what_is_asked_for(sandbox: Any) -> None:
    server = sandbox()

    def names(**parameters: str) -> set[str]:
        return set(answer(server, "msgqueuehealth/current/", **parameters)["metricsTotal"])

    assert names(metrics="overdue") == names(metrics="all") - names()
    assert names(overdueConversations="true") == names(metrics="all")
    assert names(breakdown="false", metrics="queue") == {
        "unassignedConversations",
        "actionableConversations",
        "notActionableConversations",
    }
    server.configure(operations_logged_in=False)
    assert answer(server, "msgqueuehealth/current/") == {"skillsMetrics": {}, "metricsTotal": {}}


def test_queues_by_group_take_in_the_groups_below(sandbox: Any) -> None:
    server = sandbox()
    own = answer(server, "msgqueuehealthbygroup/current/")["skillGroupMetrics"]
    deep = answer(server, "msgqueuehealthbygroup/current/", includeSubGroups="true")["skillGroupMetrics"]
    name = "actionableConversations"
    more = [deep[skill][group][name] - own[skill][group][name] for skill in own for group in own[skill]]
    assert min(more) == 0 < max(more)
    skill = next(iter(own))
    group = next(iter(own[skill]))
    narrow = answer(
        server, "msgqueuehealthbygroup/current/", skillIds=skill, allocatedAgentGroupIds=group, metrics=name
    )
    assert narrow == {"skillGroupMetrics": {skill: {group: {name: own[skill][group][name]}}}}


def test_waits_of_all_skills_of_some_and_of_unknown_ones(sandbox: Any) -> None:
    server = sandbox(operations_ewt_skills_max=3)
    waits = answer(server, "ewt", v=None)["estimatedWaitTimeResponse"]
    assert len(waits) == 3
    some = f"{waits[1]['skillId']},77"
    assert [(one["skillId"], one["estimatedWaitTime"]) for one in _listed(server, skills=some)] == [
        (waits[1]["skillId"], waits[1]["estimatedWaitTime"]),
        (77, -1),
    ]


def _listed(server: Any, **parameters: Any) -> list[dict[str, Any]]:
    return list(answer(server, "ewt", **parameters)["estimatedWaitTimeResponse"])


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("msgconversation", {}),
        ("msgconversation", {"timeframe": 60, "v": 2}),
        ("msgconversation", {"timeframe": 60, "interval": 7}),
        ("msgcsatdistribution", {"timeframe": 1441}),
        ("msgskillsegments", {"timeframe": 60, "userType": "agent"}),
        ("msgskillsegments", {"v": 2, "fromMillis": ms(PRESENT)}),
        ("msgagentsegments", {"timeframe": 60, "metrics": "totals"}),
        ("msgqueuehealth/current/", {"v": None}),
        ("msgqueuehealth/current/", {"metrics": "waits"}),
        ("msgqueuehealth/current/", {"v": 2, "fromMillis": ms(PRESENT - timedelta(hours=73)), "toMillis": ms(PRESENT)}),
        ("msgqueuehealthbygroup/current/", {"timeframe": 0}),
        ("msgqueuehealthbygroup/current/", {"metrics": "overdue"}),
        ("ewt", {"skills": "all"}),
    ],
)  # fmt: skip
def test_wrong_parameters_are_a_400(sandbox: Any, method: str, parameters: dict[str, Any]) -> None:
    assert ask(sandbox(), method, **parameters).status_code == 400
