"""Engagement History."""

from __future__ import annotations

from tests.contract.facts.facts import NOON, Facts, Switches

READINGS: dict[str, Switches] = {
    "the end exclusive": {"engagement_end": "exclusive"},
    "source wanted": {"engagement_source": "strict"},
    "no range beside an id": {"engagement_id_range": "ignored", "engagement_partial_share": 0.5},
    "a 204 where nothing is found": {"engagement_empty": "204"},
    "large pages rejected": {"engagement_limit_over": "reject"},
    "no line of business as text": {"engagement_lob": "text"},
    "attributes nested": {"engagement_attributes": "nested"},
    "attributes as in the table": {"engagement_attributes": "table"},
    "times with a T": {"engagement_times": "T"},
}
FACTS = {
    "engagement_history": Facts(
        url="/interaction_history/",
        change=lambda sandbox: sandbox.insert("engagement_history", 3, NOON),
        small_pages={"engagement_limit_max": 20},
        many_requests={"engagement_limit_max": 2},
        readings=READINGS,
        never_rests=lambda sandbox: sandbox.faults.add(
            kind="count_drift", rows=1, match="/interaction_history/", times=1000
        ),
    ),
}
SIZES = {"engagement_chats": 240, "engagement_partial_share": 0.05}
