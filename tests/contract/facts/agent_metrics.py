"""Agent Metrics."""

from __future__ import annotations

from airflow_provider_liveperson.window import stamp
from tests.contract.facts.facts import PULLED_AT, Facts, Row, Switches

READINGS: dict[str, Switches] = {
    "ids as numbers": {"agent_metrics_ids": "numbers"},
    "large pages rejected": {"agent_metrics_limit_max": 1000, "agent_metrics_limit_over": "reject"},
    "source wanted": {"agent_metrics_source": "strict"},
}


def pages(dataset: str, url: str, further_kinds: tuple[str, ...] = (), **readings: Switches) -> Facts:
    """The facts of a dataset of pages with agents."""
    return Facts(
        url=url,
        further_kinds=further_kinds,
        change=lambda sandbox: sandbox.change(dataset),
        small_pages={"agent_metrics_limit_max": 4},
        many_requests={"agent_metrics_limit_max": 4},
        never_rests=lambda sandbox: sandbox.faults.add(kind="count_drift", rows=1, match=url, times=1000),
        nothing={"_metadata": {"count": 0}, "agentStatusRecords": []},
        as_landed=at_once,
        readings={**READINGS, **readings},
    )


def at_once(row: Row) -> Row:
    return {**row, "_pulled_at": stamp(PULLED_AT)}


FACTS = {
    "agent_metrics_status": pages("agent_metrics_status", "/agent-view/status"),
    "agent_metrics_list": pages(
        "agent_metrics_list",
        "/agent_view/list",
        further_kinds=("login",),
        offline={"agent_metrics_offline": False},
    ),
    "agent_metrics_summary": Facts(
        url="/agent_view/summary",
        further_kinds=("login",),
        change=lambda sandbox: sandbox.change("agent_metrics_summary"),
        nothing={"summaryResults": {}},
        as_landed=at_once,
        readings={
            "loads in percent": {"agent_metrics_loads": "percent"},
            "source wanted": {"agent_metrics_source": "strict"},
        },
    ),
}
SIZES: dict[str, int] = {}
