"""Net Handle Time."""

from __future__ import annotations

from datetime import timedelta

from tests.contract.facts.facts import NOON, Facts, Switches

READINGS: dict[str, Switches] = {
    "the interval at the end left out": {"net_handle_time_end": "outside"},
    "no data is 0": {"net_handle_time_no_data": "0"},
    "ids as text, clamped": {
        "net_handle_time_ids": "strings",
        "net_handle_time_limit_max": 5,
        "net_handle_time_over_limit": "clamp",
    },
}
FACTS = {
    "net_handle_time": Facts(
        url="/nht",
        change=lambda sandbox: sandbox.change("net_handle_time", NOON),
        small_pages={"net_handle_time_limit_max": 5, "net_handle_time_over_limit": "clamp"},
        many_requests={"net_handle_time_limit_max": 2, "net_handle_time_over_limit": "clamp"},
        readings=READINGS,
        never_rests=lambda sandbox: sandbox.faults.add(kind="count_drift", rows=1, match="/nht", times=1000),
        reach=timedelta(days=30),
    ),
}
SIZES: dict[str, int] = {}
