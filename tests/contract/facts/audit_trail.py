"""The audit trail."""

from __future__ import annotations

from datetime import date

from airflow_provider_liveperson.sandbox.apis.audit_trail.data import records_of_day
from airflow_provider_liveperson.sandbox.server import SandboxServer
from tests.contract.facts.facts import Facts, Row, Switches

EXPORT_NAMES = {
    "Object type": "objectType",
    "Object ID": "objectId",
    "Object name": "objectName",
    "Action type": "actionType",
    "Element": "element",
    "Old value": "oldValue",
    "New value": "newValue",
    "Date and time": "dateAndTime",
    "Originator": "originator",
    "Originator Employee ID": "originatorEmployeeId",
    "Originator Profiles": "originatorProfiles",
}

READINGS: dict[str, Switches] = {
    "no page count": {"audit_total_count": "absent"},
    "count of the page": {"audit_total_count": "page"},
    "toDate exclusive": {"audit_to_date": "exclusive"},
    "days cut in the east, toDate exclusive": {
        "audit_to_date": "exclusive",
        "audit_day_zone": "Pacific/Kiritimati",
    },
    "days cut in the west": {"audit_day_zone": "US/Hawaii"},
    "days cut in UTC, toDate exclusive": {"audit_to_date": "exclusive", "audit_day_zone": "UTC"},
    "no actionType, 400": {"audit_action_type": "unknown"},
    "no actionType, 200 with errors": {"audit_action_type": "unknown", "audit_error_style": "200"},
    "no actionType, no word why": {"audit_action_type": "unknown", "audit_error_silent": True},
    "pages clamped": {"page_ceiling": 40},
    "pages clamped, no count": {"page_ceiling": 40, "audit_total_count": "absent"},
    "pages clamped, count of the page": {"page_ceiling": 40, "audit_total_count": "page"},
    "large pages rejected": {"page_ceiling": 40, "page_ceiling_mode": "reject"},
    "large pages rejected, no word why": {
        "page_ceiling": 40,
        "page_ceiling_mode": "reject",
        "audit_error_silent": True,
    },
    "large pages rejected in a 200": {
        "page_ceiling": 40,
        "page_ceiling_mode": "reject",
        "audit_error_style": "200",
    },
    "large pages and actionType rejected, no word why": {
        "page_ceiling": 40,
        "page_ceiling_mode": "reject",
        "audit_action_type": "unknown",
        "audit_error_silent": True,
    },
    "ties shuffled": {"audit_ties": "shuffled"},
    "ties shuffled, clamped below a tie's size": {
        "audit_ties": "shuffled",
        "page_ceiling": 8,
        "audit_total_count": "absent",
    },
    "clamped below a tie's size": {"page_ceiling": 5, "audit_total_count": "page"},
    "rows arrive": {"audit_insert_rows": 3, "page_ceiling": 40, "audit_insert_times": 50},
    "rows arrive among those read": {
        "audit_insert_rows": 2,
        "audit_insert_when": "late",
        "page_ceiling": 40,
    },
    "rows arrive among those read, ties shuffled, no count": {
        "audit_insert_rows": 2,
        "audit_insert_when": "late",
        "page_ceiling": 30,
        "audit_ties": "shuffled",
        "audit_total_count": "absent",
    },
}
EXPORT_READINGS: dict[str, Switches] = {
    "ascending, BOM, LF": {"export_order": "ascending", "export_bom": True, "export_line_end": "lf"},
    "days cut in the east, toDate exclusive": READINGS["days cut in the east, toDate exclusive"],
    "days cut in the west": READINGS["days cut in the west"],
    "ties shuffled": READINGS["ties shuffled"],
}


# Whether the audit trail takes it is not documented.
OAUTH_2 = ("app_jwt_v2", "app_jwt_v1")


def _as_read(switches: Switches, row: Row) -> Row:
    if switches.get("audit_action_type") != "unknown":
        return row
    return {key: value for key, value in row.items() if key != "actionType"}


def _change(sandbox: SandboxServer) -> None:
    sandbox.api("audit_trail").data.insert(records_of_day(99, date(2026, 1, 28), 3))


FACTS = {
    "audit_trail": Facts(
        url="/metadata/audit",
        further_kinds=OAUTH_2,
        change=_change,
        small_pages={"page_ceiling": 100},
        many_requests={"page_ceiling": 60},
        at_worst={"audit_ties": "shuffled"},
        readings=READINGS,
        as_read=_as_read,
        never_rests=lambda sandbox: sandbox.configure(
            audit_insert_rows=2, audit_insert_when="late", audit_insert_times=10_000, page_ceiling=40
        ),
    ),
    "audit_trail_export": Facts(
        url="/metadata/audit/export",
        further_kinds=OAUTH_2,
        change=_change,
        at_worst={"audit_ties": "shuffled"},
        readings=EXPORT_READINGS,
        never_rests=lambda sandbox: sandbox.faults.add(
            kind="status", status=200, body="Total Items\n5\n", match="/metadata/audit", times=1000
        ),
        as_landed=lambda row: {EXPORT_NAMES[title]: value for title, value in row.items()},
    ),
}
SIZES = {"audit_rows": 900}
