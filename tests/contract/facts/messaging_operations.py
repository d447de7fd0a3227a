"""Messaging Operations."""

from __future__ import annotations

from datetime import timedelta

from tests.contract.facts.facts import NOON, Facts, Switches

READINGS: dict[str, Switches] = {
    "totals as in the tables": {"operations_totals": "metricsTotals"},
    "every interval wrapped": {"operations_wrapper": "all"},
    "no interval wrapped": {"operations_wrapper": "none"},
    "in meta and body": {"operations_envelope": "meta_body"},
    "intervals on the grid": {"operations_rounded": True},
    "timestamps as text": {"operations_timestamp": "text"},
    "oldest first": {"operations_order": "oldest"},
    "one interval more": {"operations_one_more": True},
    "versions with any credential": {"operations_versions": "any"},
}
FACTS = {
    "messaging_queue_health": Facts(
        url="/msgqueuehealth",
        change=lambda sandbox: sandbox.change("messaging_queue_health", NOON),
        kinds=("api_key", "app_jwt_v2"),
        readings=READINGS,
        reach=timedelta(hours=21),
    ),
}
SIZES: dict[str, int] = {}
