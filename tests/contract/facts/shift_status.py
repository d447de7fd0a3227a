"""Shift Status."""

from __future__ import annotations

from airflow_provider_liveperson.window import stamp
from tests.contract.facts.facts import PULLED_AT, Facts

FACTS = {
    "shift_status": Facts(
        url="/shift-status",
        change=lambda sandbox: sandbox.change("shift_status"),
        nothing=[],
        as_landed=lambda row: {**row, "_pulled_at": stamp(PULLED_AT)},
        readings={
            "an account with the older service": {"shift_service": "old"},
            "times in milliseconds": {"shift_times": "milliseconds"},
            "in another order": {"shift_order": "reversed"},
        },
    ),
}
SIZES: dict[str, int] = {}
