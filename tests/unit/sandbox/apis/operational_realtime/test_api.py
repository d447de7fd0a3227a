from __future__ import annotations

from typing import Any

import pytest
import requests


def ask(server: Any, path: str, **parameters: Any) -> requests.Response:
    url = f"{server.url}/operations/api/account/{server.settings.account_id}/{path}"
    given = {name: value for name, value in {"v": "1", **parameters}.items() if value is not None}
    return requests.get(url, params=given, auth=server.oauth(), timeout=10)


@pytest.mark.parametrize(
    ("path", "parameters", "says"),
    [
        ("queuehealth", {"timeframe": 60, "v": None}, "v: the parameter is required"),
        ("queuehealth", {}, "timeframe: the parameter is required"),
        ("queuehealth", {"timeframe": 1441}, "timeframe: must be less than or equal to 1440"),
        ("engactivity", {"timeframe": 60, "interval": 7}, "interval: must divide the time frame"),
        ("engactivity", {"timeframe": 60, "interval": 1}, "interval: must be a whole number of at least 5"),
        ("agentactivity", {"timeframe": 60}, "agentIds: the parameter is required"),
        ("queuestate", {"v": 3}, "v: must be one of 1, 2"),
        ("sla", {"timeframe": 60, "histogram": "0,7"}, "histogram: must be multiples of 5"),
    ],
)
def test_what_is_wrong_is_a_400(sandbox: Any, path: str, parameters: dict[str, Any], says: str) -> None:
    response = ask(sandbox(), path, **parameters)
    assert response.status_code == 400
    assert says in response.text


def test_a_frame_without_intervals_has_the_shape_of_what_was_asked(sandbox: Any) -> None:
    server = sandbox()

    def shape(**parameters: str) -> dict[str, Any]:
        return dict(ask(server, "engactivity", timeframe=60, **parameters).json())

    assert list(shape()) == ["metricsTotals"]
    assert list(shape(agentIds="all")) == ["agentsMetrics"]
    both = shape(skillIds="all", agentIds="all")
    assert list(both) == ["skillsMetricsPerAgent", "agentsMetrics"]
    assert shape(skillIds="all")["skillsMetricsPerAgent"] == both["skillsMetricsPerAgent"]
    assert both["agentsMetrics"] == shape(agentIds="all")["agentsMetrics"]
    assert both["agentsMetrics"]["metricsTotals"] == shape()["metricsTotals"]
    names = {
        name
        for one in ask(server, "queuehealth", timeframe=60).json()["skillsMetrics"].values()
        for name in one
        if name.startswith("currentQueue")
    }
    assert names == {"currentQueueState"}


def test_what_an_unmodified_singer_tap_asks_for_is_answered_as_it_reads_it(sandbox: Any) -> None:
    server = sandbox(chat_version="optional", chat_envelope="meta_body")
    frame = {"timeframe": 1440, "interval": 5}
    queues = ask(server, "queuehealth", **frame, skillIds="all", v=None).json()
    agents = ask(server, "agentactivity", **frame, agentIds="all", v=2).json()
    assert queues["meta"]["responseCode"] == 200
    for answer in (queues["body"], agents["body"]):
        intervals = answer["metricsByIntervals"]
        assert len({one["timestamp"] for one in intervals}) == len(intervals) == 289
    assert all(
        one["metricsData"]["skillsMetrics"] is not None for one in queues["body"]["metricsByIntervals"]
    )


def test_a_post_has_its_parameters_as_text_in_its_body(sandbox: Any) -> None:
    server = sandbox()
    url = f"{server.url}/operations/api/account/{server.settings.account_id}/agentactivity"
    body = {"v": "1", "timeframe": "120", "interval": "60", "agentIds": "all"}
    posted = requests.post(url, json=body, auth=server.oauth(), timeout=10)
    assert posted.json() == ask(server, "agentactivity", **body).json()
    assert len(posted.json()["metricsByIntervals"]) == 3
    numbers = requests.post(url, json={**body, "timeframe": 120}, auth=server.oauth(), timeout=10)
    assert numbers.status_code == 400
