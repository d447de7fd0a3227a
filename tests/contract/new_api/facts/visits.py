"""Visits: what the contract has to know."""

from __future__ import annotations

from datetime import timedelta

from airflow_provider_liveperson.window import stamp
from tests.contract.facts.facts import NOON, PULLED_AT, Facts

SMALL = {"visits_limit_max": 4}

FACTS = {
    "visit_log": Facts(
        url="/visits/api/",
        change=lambda sandbox: sandbox.insert("visit_log", 3, NOON),
        small_pages=SMALL,
        many_requests=SMALL,
        readings={"a count of another name": {"visits_count": "total"}},
        never_rests=lambda sandbox: sandbox.faults.add(
            kind="count_drift", rows=1, match="/search", times=1000
        ),
    ),
    "visit_feed": Facts(
        url="/visits/api/",
        change=lambda sandbox: sandbox.insert("visit_feed", 3, NOON),
        small_pages=SMALL,
        many_requests=SMALL,
    ),
    "visit_stream": Facts(
        url="/visits/api/",
        change=lambda sandbox: sandbox.insert("visit_stream", 3, NOON),
        small_pages=SMALL,
        many_requests=SMALL,
    ),
    "visit_rooms": Facts(
        url="/visits/api/",
        change=lambda sandbox: sandbox.change("visit_rooms"),
        nothing=[],
        as_landed=lambda row: {name: row[name] for name in ("id", "name", "deleted", "dateUpdated")},
    ),
    "visit_now": Facts(
        url="/visits/api/",
        change=lambda sandbox: sandbox.change("visit_now"),
        nothing={"count": 0, "visitors": []},
        as_landed=lambda row: {**row, "_pulled_at": stamp(PULLED_AT)},
    ),
    "visit_load": Facts(
        url="/visits/api/",
        change=lambda sandbox: sandbox.change("visit_load"),
        nothing={"total": {}, "channels": {}},
        as_landed=lambda row: {"_pulled_at": stamp(PULLED_AT), **row},
    ),
    "visit_intervals": Facts(
        url="/visits/api/",
        change=lambda sandbox: sandbox.insert("visit_intervals", 3, NOON),
        reach=timedelta(hours=21),
    ),
    "visit_files": Facts(
        url="/visits/api/",
        change=lambda sandbox: sandbox.insert("visit_files", 3, NOON),
    ),
}
SIZES = {"visits": 400}
