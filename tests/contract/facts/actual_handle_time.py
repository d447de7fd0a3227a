"""Actual Handle Time."""

from __future__ import annotations

from datetime import timedelta

from tests.contract.facts.facts import NOON, Facts, Switches

SMALL: Switches = {"handle_time_limit_max": 7, "handle_time_over_limit": "clamp"}
READINGS: dict[str, Switches] = {
    "no pagination": {"handle_time_pagination": "absent"},
    "no pagination, clamped": {**SMALL, "handle_time_pagination": "absent"},
    "clamped": SMALL,
    "to exclusive": {"handle_time_to": "exclusive"},
    "seconds in an older version": {"handle_time_epochs": "seconds"},
}
BREAKDOWN_READINGS: dict[str, Switches] = {
    "range as text": {"handle_time_list_range": "text"},
    "hours without files, 200": {"handle_time_list_gaps": "200"},
    "no files, an empty list": {"handle_time_no_files": "empty"},
    "files without compression": {"handle_time_files": "plain"},
}
FACTS = {
    "actual_handle_time": Facts(
        url="/agent-segments",
        change=lambda sandbox: sandbox.insert("actual_handle_time", 3, NOON),
        small_pages={"handle_time_limit_max": 20, "handle_time_over_limit": "clamp"},
        many_requests=SMALL,
        readings=READINGS,
        never_rests=lambda sandbox: sandbox.faults.add(
            kind="count_drift", rows=1, match="/agent-segments", times=1000
        ),
        reach=timedelta(days=27),
    ),
    "actual_handle_time_breakdown": Facts(
        url="/agent-segments",
        change=lambda sandbox: sandbox.insert("actual_handle_time_breakdown", 3, NOON),
        small_pages={},  # many small files, whatever the switches
        readings=BREAKDOWN_READINGS,
        reach=timedelta(days=27),
    ),
}
SIZES = {"handle_time_segments": 240}
