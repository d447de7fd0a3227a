"""The audit trail."""

from __future__ import annotations

from datetime import date

from airflow_provider_liveperson.sandbox.apis.audit_trail.data import records_of_day
from airflow_provider_liveperson.sandbox.server import SandboxServer
from tests.contract.facts.facts import Facts

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


def _change(sandbox: SandboxServer) -> None:
    sandbox.api("audit_trail").data.insert(records_of_day(99, date(2026, 1, 28), 3))


FACTS = {
    "audit_trail": Facts(
        url="/metadata/audit",
        change=_change,
        small_pages={"page_ceiling": 100},
        never_rests=lambda sandbox: sandbox.configure(
            audit_insert_rows=2, audit_insert_when="late", audit_insert_times=10_000, page_ceiling=40
        ),
    ),
    "audit_trail_export": Facts(
        url="/metadata/audit/export",
        change=_change,
        never_rests=lambda sandbox: sandbox.faults.add(
            kind="status", status=200, body="Total Items\n5\n", match="/metadata/audit", times=1000
        ),
        as_landed=lambda row: {EXPORT_NAMES[title]: value for title, value in row.items()},
    ),
}
