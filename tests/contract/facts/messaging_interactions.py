"""Messaging Interactions."""

from __future__ import annotations

from tests.contract.facts.facts import NOON, Facts, Switches

SINGER_TAP: Switches = {"messaging_source": "lenient"}
FACTS = {
    "messaging_interactions": Facts(
        url="/messaging_history/",
        change=lambda sandbox: sandbox.insert("messaging_interactions", 3, NOON),
        readings={
            "no source wanted": SINGER_TAP,
            "no content": {"messaging_empty": "204"},
        },
        small_pages={},  # 100 to a page, whatever the switches
        never_rests=lambda sandbox: sandbox.faults.add(
            kind="count_drift", rows=1, match="/messaging_history/", times=1000
        ),
    ),
}
SIZES = {"conversations": 300, "messages_per_conversation": 2, "messaging_partial_share": 0.05}
