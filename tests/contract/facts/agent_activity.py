"""Agent Activity."""

from __future__ import annotations

from tests.contract.facts.facts import NOON, Facts, Switches

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
FACTS = {
    "agent_status_changes": Facts(
        url="/status-changes",
        change=lambda sandbox: sandbox.insert("agent_status_changes", 3, NOON),
        kinds=("api_key", "app_jwt_v2"),  # LivePerson's page names no others
        small_pages={"activity_limit_max": 40, "activity_over_limit": "clamp"},
        many_requests={"activity_limit_max": 7, "activity_over_limit": "clamp"},
        readings=READINGS,
    ),
}
SIZES = {"status_changes": 600}
