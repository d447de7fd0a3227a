"""Operational Realtime."""

from __future__ import annotations

from datetime import timedelta

from airflow_provider_liveperson.window import stamp
from tests.contract.facts.facts import NOON, PULLED_AT, Facts, Row, Switches

SINGER_TAP: Switches = {"chat_version": "optional", "chat_envelope": "meta_body"}
READINGS: dict[str, Switches] = {
    "in meta and body": {"chat_envelope": "meta_body"},
    "numbers beside the timestamp": {"chat_wrapper": "none"},
    "as many intervals as asked for": {"chat_one_more": False},
    "intervals off the grid": {"chat_rounded": False},
    "newest first": {"chat_order": "newest"},
    "oldest first": {"chat_order": "oldest"},
}
ENGAGEMENT_READINGS: dict[str, Switches] = {
    **READINGS,
    "by skill as in the tables": {"chat_by_skill": "skillsMetrics"},
    "no agents' totals": {"chat_agents_beside": False},
}
SNAPSHOT_READINGS: dict[str, Switches] = {"in meta and body": {"chat_envelope": "meta_body"}}
REACH = timedelta(hours=21)


def _with_pulled_at(row: Row) -> Row:
    return {"_pulled_at": stamp(PULLED_AT), **row}


def _with_frame(row: Row) -> Row:
    frame = {"_interval_start": stamp(PULLED_AT - timedelta(days=1)), "_interval_end": stamp(PULLED_AT)}
    return _with_pulled_at({**frame, **row})


FACTS = {
    "chat_queue_health": Facts(
        url="/queuehealth",
        change=lambda sandbox: sandbox.change("chat_queue_health", NOON),
        readings=READINGS,
        reach=REACH,
    ),
    "chat_engagement_activity": Facts(
        url="/engactivity",
        change=lambda sandbox: sandbox.change("chat_engagement_activity", NOON),
        readings=ENGAGEMENT_READINGS,
        reach=REACH,
    ),
    "chat_agent_activity": Facts(
        url="/agentactivity",
        change=lambda sandbox: sandbox.change("chat_agent_activity", NOON),
        readings=READINGS,
        reach=REACH,
    ),
    "chat_queue_state": Facts(
        url="/queuestate",
        change=lambda sandbox: sandbox.change("chat_queue_state"),
        readings=SNAPSHOT_READINGS,
        nothing={"skills": {}, "totals": {}},
        as_landed=_with_pulled_at,
    ),
    "chat_sla": Facts(
        url="/sla",
        change=lambda sandbox: sandbox.change("chat_sla"),
        readings=SNAPSHOT_READINGS,
        nothing={"slaDataRange": {}},
        as_landed=_with_frame,
    ),
}
SIZES: dict[str, int] = {}
