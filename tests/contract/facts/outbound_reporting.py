"""Outbound Reporting."""

from __future__ import annotations

from tests.contract.facts.facts import NOON, Facts, Switches

READINGS: dict[str, Switches] = {
    "the end exclusive": {"outbound_end": "exclusive"},
    "newest first": {"outbound_order": "newest"},
    "clamped": {"outbound_limit_max": 3, "outbound_over_limit": "clamp"},
    "clamped, newest first": {
        "outbound_limit_max": 3,
        "outbound_over_limit": "clamp",
        "outbound_order": "newest",
    },
    "fields without a value missing": {"outbound_no_value": "absent"},
    "whole seconds": {"outbound_seconds": "whole"},
}
ANALYTICS: dict[str, Switches] = {
    "the end exclusive": {"outbound_end": "exclusive"},
    "in another order": {"outbound_order": "newest"},
}
FACTS = {
    "outbound_transactions": Facts(
        url="/transactions/",
        change=lambda sandbox: sandbox.change("outbound_transactions", NOON),
        small_pages={"outbound_limit_max": 20, "outbound_over_limit": "clamp"},
        many_requests={"outbound_limit_max": 3, "outbound_over_limit": "clamp"},
        readings=READINGS,
        never_rests=lambda sandbox: sandbox.faults.add(
            kind="count_drift", rows=1, match="/transactions/", times=1000
        ),
    ),
    "outbound_analytics": Facts(
        url="/analytics/",
        change=lambda sandbox: sandbox.change("outbound_analytics", NOON),
        readings=ANALYTICS,
    ),
}
SIZES = {"outbound_messages": 600, "outbound_per_second": None}  # these tests do not wait
