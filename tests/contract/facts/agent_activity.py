"""Agent Activity."""

from __future__ import annotations

from datetime import timedelta

from airflow_provider_liveperson.datasets.agent_activity import DOCUMENTED_METRICS
from tests.contract.facts.facts import NOON, Facts, Row, Switches

READINGS: dict[str, Switches] = {
    "to exclusive": {"activity_to": "exclusive"},
    "oldest first": {"activity_order": "oldest"},
    "oldest first, clamped": {
        "activity_order": "oldest",
        "activity_limit_max": 5,
        "activity_over_limit": "clamp",
    },
    "next on a full page": {"activity_links": "next_on_full_page"},
    "next on a full page, clamped": {
        "activity_links": "next_on_full_page",
        "activity_limit_max": 7,
        "activity_over_limit": "clamp",
    },
    "clamped": {"activity_limit_max": 7, "activity_over_limit": "clamp"},
    "clamped to one": {"activity_limit_max": 1, "activity_over_limit": "clamp"},
    "no links": {"activity_links": "absent"},
    "no links, clamped": {
        "activity_links": "absent",
        "activity_limit_max": 7,
        "activity_over_limit": "clamp",
    },
    "ids as text": {"activity_ids": "strings"},
    "reasons as in the table": {"activity_no_reason": "table"},
    "a week at most": {"activity_longest_days": 8},
}
INTERVAL_READINGS: dict[str, Switches] = {
    "the documented metrics only": {"interval_metrics_known": "documented"},
    "no empty pages": {"interval_metrics_empty_pages": False},
    "pages named by keys": {
        "interval_metrics_next": "key",
        "interval_metrics_size_max": 2,
        "interval_metrics_over_size": "clamp",
    },
    "pages named by links": {
        "interval_metrics_next": "link",
        "interval_metrics_size_max": 2,
        "interval_metrics_over_size": "clamp",
    },
    "pages named by links that are objects": {
        "interval_metrics_next": "link_object",
        "interval_metrics_size_max": 2,
        "interval_metrics_over_size": "clamp",
    },
    "timeframes as start and end": {"interval_metrics_timeframe": "start_time"},
    "timeframes in milliseconds": {"interval_metrics_timeframe": "milliseconds"},
}


def _fewer_metrics(switches: Switches, row: Row) -> Row:
    if switches.get("interval_metrics_known") != "documented":
        return row
    return {**row, "metrics": {name: row["metrics"][name] for name in DOCUMENTED_METRICS}}


FACTS = {
    "agent_status_changes": Facts(
        url="/status-changes",
        change=lambda sandbox: sandbox.insert("agent_status_changes", 3, NOON),
        small_pages={"activity_limit_max": 40, "activity_over_limit": "clamp"},
        many_requests={"activity_limit_max": 7, "activity_over_limit": "clamp"},
        readings=READINGS,
        reach=timedelta(days=180),
    ),
    "interval_metrics": Facts(
        url="/interval-metrics",
        change=lambda sandbox: sandbox.change("interval_metrics", NOON),
        small_pages={"interval_metrics_size_max": 40, "interval_metrics_over_size": "clamp"},
        many_requests={"interval_metrics_size_max": 3, "interval_metrics_over_size": "clamp"},
        readings=INTERVAL_READINGS,
        as_read=_fewer_metrics,
        reach=timedelta(days=6),
    ),
}
SIZES = {"status_changes": 600, "interval_metrics": 600}
