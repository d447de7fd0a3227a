"""Agent Activity."""

from __future__ import annotations

from tests.contract.facts.facts import NOON, Facts

FACTS = {
    "agent_status_changes": Facts(
        url="/status-changes",
        change=lambda sandbox: sandbox.insert("agent_status_changes", 3, NOON),
        kinds=("api_key", "app_jwt_v2"),  # LivePerson's page names no others
        small_pages={"activity_limit_max": 40, "activity_over_limit": "clamp"},
    ),
}
