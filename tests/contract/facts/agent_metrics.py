"""Agent Metrics."""

from __future__ import annotations

from airflow_provider_liveperson.window import stamp
from tests.contract.facts.facts import PULLED_AT, Facts

FACTS = {
    "agent_metrics_status": Facts(
        url="/agent-view/status",
        change=lambda sandbox: sandbox.change("agent_metrics_status"),
        kinds=("api_key",),  # LivePerson's page names no others; a login's bearer works as well
        small_pages={"agent_metrics_limit_max": 4},
        many_requests={"agent_metrics_limit_max": 4},
        never_rests=lambda sandbox: sandbox.faults.add(
            kind="count_drift", rows=1, match="/agent-view/status", times=1000
        ),
        nothing={"_metadata": {"count": 0}, "agentStatusRecords": []},
        as_landed=lambda row: {**row, "_pulled_at": stamp(PULLED_AT)},
        readings={
            "ids as numbers": {"agent_metrics_ids": "numbers"},
            "large pages rejected": {"agent_metrics_limit_max": 1000, "agent_metrics_limit_over": "reject"},
            "source wanted": {"agent_metrics_source": "strict"},
        },
    ),
}
SIZES: dict[str, int] = {}
