"""Outbound Configuration."""

from __future__ import annotations

from tests.contract.facts.facts import Facts

SMALL = {"handoff_limit_max": 4, "handoff_over_limit": "clamp"}
FACTS = {
    "outbound_handoffs": Facts(
        url="/handoffs/list",
        change=lambda sandbox: sandbox.change("outbound_handoffs"),
        small_pages=SMALL,
        many_requests=SMALL,
        nothing=[],
        readings={
            "newest first": {"handoff_order": "newest"},
            "pages of one, which are objects": {
                "handoff_limit_max": 1,
                "handoff_over_limit": "clamp",
                "handoff_single": "object",
            },
        },
    ),
}
SIZES = {"handoff_count": 40}
