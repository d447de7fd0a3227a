"""Messaging Operations: what is requested with which credential, and what is made of each method's answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.messaging_operations import DATASETS
from airflow_provider_liveperson.datasets.readers import snapshot
from airflow_provider_liveperson.exceptions import IncompletePullError
from airflow_provider_liveperson.window import Window

NAMED = {dataset.name: dataset for dataset in DATASETS}
START = datetime(2026, 1, 30, 10, tzinfo=UTC)
HOUR = Window(START, START + timedelta(hours=1))
NOW = datetime(2026, 1, 30, 11, 6, tzinfo=UTC)


@pytest.fixture(autouse=True)
def one_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "now", lambda: NOW)


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def requests_of(name: str, **filters: Any) -> list[ApiRequest]:
    query = NAMED[name].query(HOUR, filters=filters)
    made = [NAMED[name].open(query, slice_).next_request() for slice_ in NAMED[name].plan(query)]
    return [request for request in made if request is not None]


def rows(name: str, body: Any, **filters: Any) -> list[dict[str, Any]]:
    query = NAMED[name].query(HOUR, filters=filters)
    (slice_,) = NAMED[name].plan(query)
    opened = NAMED[name].open(query, slice_)
    opened.next_request()
    parsed = opened.parse(Answer(status=200, headers={}, body=json.dumps(body).encode()))
    return [json.loads(bytes(line)) for line in opened.accept(parsed)]


@pytest.mark.parametrize(
    ("name", "key", "token"),
    [
        ("messaging_conversation_metrics", {"v", "timeframe"}, {"v", "timeframe"}),
        ("messaging_csat_distribution", {"v", "timeframe"}, {"v", "timeframe"}),
        ("messaging_queue_health", {"v", "timeframe"}, {"v", "fromMillis", "toMillis"}),
        ("messaging_queue_health_current", {"v"}, {"v", "fromMillis", "toMillis"}),
        ("messaging_queue_health_by_group", {"v"}, {"v"}),
        ("messaging_skill_segments", {"v", "timeframe"}, {"v", "fromMillis", "toMillis"}),
        ("messaging_agent_segments", {"v", "timeframe"}, {"v", "timeframe"}),
        ("estimated_wait_time", {"v"}, {"v"}),
    ],
)
def test_the_version_and_its_frame_go_with_the_credential(name, key, token):
    (made,) = requests_of(name)
    frames = {"v", "timeframe", "fromMillis", "toMillis"}
    by_key, by_token = (made.params_for(kind) for kind in (CredentialKind.API_KEY, CredentialKind.APP_JWT_V2))
    assert (frames & set(by_key), by_key["v"]) == (key, "1")
    assert (frames & set(by_token), by_token["v"]) == (token, "2" if "fromMillis" in token else "1")


def test_tokens_are_documented_for_the_current_queues_only():
    kinds = {name: dataset.access.kinds for name, dataset in NAMED.items()}
    assert kinds.pop("messaging_queue_health_current") == (CredentialKind.API_KEY, CredentialKind.APP_JWT_V2)
    assert set(kinds.values()) == {(CredentialKind.API_KEY,)}


def test_current_queues_are_asked_for_as_far_back_as_an_api_key_sees():
    (made,) = requests_of("messaging_queue_health_current")
    asked = made.params_for(CredentialKind.APP_JWT_V2)
    assert (asked["fromMillis"], asked["toMillis"]) == (str(ms(NOW - timedelta(hours=24))), str(ms(NOW)))


def test_source_is_where_conversations_began_and_never_the_label():
    (plain,), (chosen,) = (
        requests_of("messaging_agent_segments"),
        requests_of("messaging_agent_segments", source="SMS"),
    )
    assert "source" not in plain.params
    assert chosen.params["source"] == "SMS"
    (other,) = requests_of("messaging_skill_segments")
    assert other.params["source"] == "{source}"


@pytest.mark.parametrize("skills", ["skillsMetricsPerAgent", "skillsMetrics"])
@pytest.mark.parametrize("totals", ["metricsTotals", "metricsTotal"])
def test_conversations_are_named_by_their_ends_and_totals_are_those_of_the_skills(skills, totals):
    numbers = {
        skills: {
            "metricsPerSkill": {"-1": {"metricsPerAgent": {"7": {"n": 1}}, totals: {"n": 2}}},
            totals: {"n": 3},
        },
        "agentsMetrics": {"metricsPerAgent": {"7": {"n": 4}}, totals: {"n": 5}},
    }
    body = {
        "metricsByIntervals": [
            {"timestamp": ms(HOUR.end) + 300_000 * late, "metricsData": numbers} for late in (1, 0)
        ],
        **numbers,
    }
    when = {"_interval_start": "2026-01-30T10:55:00Z", "_interval_end": "2026-01-30T11:00:00Z"}
    assert rows("messaging_conversation_metrics", body) == [
        {**when, "_level": "account", "n": 3},
        {**when, "_level": "skill", "_skill_id": "-1", "n": 2},
        {**when, "_level": "agent", "_agent_id": "7", "n": 4},
        {**when, "_level": "skill_agent", "_skill_id": "-1", "_agent_id": "7", "n": 1},
    ]


def test_more_waits_than_an_answer_holds_are_asked_for_in_several_requests():
    skills = [*range(700), 0, 1]
    made = requests_of("estimated_wait_time", skills=skills)
    asked = [request.params["skills"].split(",") for request in made]
    assert [len(batch) for batch in asked] == [300, 300, 100]
    assert [int(skill) for batch in asked for skill in batch] == list(range(700))
    (plain,) = requests_of("estimated_wait_time")
    assert "skills" not in plain.params


def test_as_many_waits_as_an_answer_holds_are_all_only_where_they_were_named():
    listed = [{"skillId": skill, "ewt": -1, "timestamp": ms(NOW)} for skill in range(300)]
    assert len(rows("estimated_wait_time", {"ewtResponses": listed[1:]})) == 299
    assert len(rows("estimated_wait_time", {"ewtResponses": listed}, skills=list(range(300)))) == 300
    with pytest.raises(IncompletePullError, match="never returns more than 300") as caught:
        rows("estimated_wait_time", {"ewtResponses": listed})
    assert caught.value.field == "filters"
