"""Data Usage Audit."""

from __future__ import annotations

from tests.contract.facts.facts import NOON, Facts, Switches

READINGS: dict[str, Switches] = {
    "single reads are chosen": {"usage_range": "reads"},
    "single reads are chosen, to inclusive": {"usage_range": "reads", "usage_to": "inclusive"},
    "to inclusive": {"usage_to": "inclusive"},
    "newest first": {"usage_order": "newest"},
    "clamped": {"usage_limit_max": 2, "usage_over_limit": "clamp"},
    "clamped to one, newest first": {
        "usage_limit_max": 1,
        "usage_over_limit": "clamp",
        "usage_order": "newest",
    },
    "with a total": {"usage_total": "stated"},
    "unknown parameters rejected": {"usage_unknown_parameters": "reject"},
}
FACTS = {
    "data_usage_audit": Facts(
        url="/lp-auditlogapi/",
        change=lambda sandbox: sandbox.change("data_usage_audit", NOON),
        small_pages={},  # 10 to a page, whatever the switches
        many_requests={"usage_limit_max": 2, "usage_over_limit": "clamp"},
        readings=READINGS,
    ),
}
SIZES = {"usage_records": 600}
