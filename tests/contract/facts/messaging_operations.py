"""Messaging Operations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import stamp
from tests.contract.facts.facts import NOON, PULLED_AT, Facts, Row, Switches

# There is a `v=2`, and LivePerson's pages do not say who may use it.
VERSION_2 = ("app_jwt_v2",)
EVENING = NOON + timedelta(hours=9)
# As much as the night that the tests use needs.
HOURS = timedelta(hours=3)

SINGER_TAP: Switches = {"operations_versions": "any", "operations_timeframe": "any"}
READINGS: dict[str, Switches] = {
    "totals as in the tables": {"operations_totals": "metricsTotals"},
    "every interval wrapped": {"operations_wrapper": "all"},
    "no interval wrapped": {"operations_wrapper": "none"},
    "in meta and body": {"operations_envelope": "meta_body"},
    "intervals on the grid": {"operations_rounded": True},
    "timestamps as text": {"operations_timestamp": "text"},
    "oldest first": {"operations_order": "oldest"},
    "one interval more": {"operations_one_more": True},
    "versions with any credential": {"operations_versions": "any"},
}
SEGMENTS: dict[str, Switches] = {
    "in the form of queue health": {"operations_wrapper": "some", "operations_order": "newest"},
    "names as in the tables": {"operations_totals": "metricsTotals", "operations_envelope": "meta_body"},
    "on the grid, the other way round": {"operations_rounded": True, "operations_order": "oldest"},
    "timestamps as text": {"operations_timestamp": "text", "operations_one_more": True},
}
BY_SKILL_AND_AGENT: dict[str, Switches] = {
    "names as in the tables": {"operations_skills_section": "skillsMetrics"},
    "totals as elsewhere": {"operations_totals": "metricsTotal", "operations_envelope": "meta_body"},
    "no agents beside the skills": {"operations_agents_section": False},
}


def changes(name: str) -> Callable[[SandboxServer], object]:
    return lambda sandbox: sandbox.change(name, EVENING)


def changes_now(name: str) -> Callable[[SandboxServer], object]:
    return lambda sandbox: sandbox.change(name)


def pulled(row: Row) -> Row:
    return {**row, "_pulled_at": stamp(PULLED_AT)}


def last_day(row: Row) -> Row:
    start, end = stamp(PULLED_AT - timedelta(hours=24)), stamp(PULLED_AT)
    return {**pulled(row), "_interval_start": start, "_interval_end": end}


FACTS = {
    "messaging_conversation_metrics": Facts(
        url="/msgconversation",
        change=changes("messaging_conversation_metrics"),
        readings={
            **BY_SKILL_AND_AGENT,
            "no interval wrapped, oldest first": {
                "operations_wrapper": "none",
                "operations_order": "oldest",
                "operations_timestamp": "text",
            },
        },
        reach=HOURS,
    ),
    "messaging_csat_distribution": Facts(
        url="/msgcsatdistribution",
        change=changes_now("messaging_csat_distribution"),
        readings={**BY_SKILL_AND_AGENT, "a percentage": {"operations_csat_score": "percent"}},
        nothing={"skillsMetricsPerAgent": {"metricsPerSkill": {}}, "agentsMetrics": {}},
        as_landed=last_day,
    ),
    "messaging_queue_health": Facts(
        url="/msgqueuehealth",
        change=lambda sandbox: sandbox.change("messaging_queue_health", NOON),
        further_kinds=VERSION_2,
        readings=READINGS,
        reach=timedelta(hours=21),
    ),
    "messaging_queue_health_current": Facts(
        url="/msgqueuehealth/current/",
        change=changes_now("messaging_queue_health_current"),
        readings={
            "names as in the tables": {
                "operations_totals": "metricsTotals",
                "operations_envelope": "meta_body",
            },
            "versions with any credential": {"operations_versions": "any"},
        },
        nothing={"skillsMetrics": {}, "metricsTotal": {}},
        as_landed=pulled,
    ),
    "messaging_queue_health_by_group": Facts(
        url="/msgqueuehealthbygroup/current/",
        change=changes_now("messaging_queue_health_by_group"),
        readings={"in meta and body": {"operations_envelope": "meta_body"}},
        nothing={"skillGroupMetrics": {}},
        as_landed=pulled,
    ),
    "messaging_skill_segments": Facts(
        url="/msgskillsegments",
        change=changes("messaging_skill_segments"),
        further_kinds=VERSION_2,
        readings=SEGMENTS,
        reach=HOURS,
    ),
    "messaging_agent_segments": Facts(
        url="/msgagentsegments",
        change=changes("messaging_agent_segments"),
        readings=SEGMENTS,
        reach=HOURS,
    ),
    "estimated_wait_time": Facts(
        url="/ewt",
        change=changes_now("estimated_wait_time"),
        readings={
            "names as in the sample": {"operations_ewt_names": "sample"},
            "names as on older pages": {"operations_ewt_names": "older"},
        },
        nothing={"estimatedWaitTimeResponse": []},
        as_landed=pulled,
    ),
}
SIZES: dict[str, int] = {}
