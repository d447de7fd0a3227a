"""Working hours, which LivePerson also calls workdays, and special occasions.

LivePerson pages: `workdays-api-*`, `special-occasions-api-*`. Times are local: `dateTime` is a date, or a date and time
without an offset, in the IANA zone `timeZone`; `recurrence` holds rules as in RFC 5545.
"""

from __future__ import annotations

from airflow_provider_liveperson.datasets.account_config.collection import collection
from airflow_provider_liveperson.records.columns import BOOLEAN, TEXT, Array, Column, Struct

_MOMENT = Struct({"dateTime": TEXT, "timeZone": TEXT})
_EVENT: dict[str, Column] = {"start": _MOMENT, "end": _MOMENT, "recurrence": Array(TEXT)}
_SCHEDULE: dict[str, Column] = {
    "id": TEXT,
    "name": TEXT,
    "deleted": BOOLEAN,
    "isDefault": BOOLEAN,
    "description": TEXT,
    "events": Array(Struct(_EVENT)),
}

WORKING_HOURS = collection(
    name="working_hours",
    title="Working hours, week by week",
    page="workdays-api-methods-retrieve-workdays-objects-by-list.html",
    path="ac-common/workinghours",
    version="1.0",
    columns=_SCHEDULE,
    content="events",
    permission="Workdays, Read",
)
SPECIAL_OCCASIONS = collection(
    name="special_occasions",
    title="Special occasions: holidays, and days with other hours",
    page="special-occasions-api-methods-retrieve-special-occasions-by-list.html",
    path="ac-common/specialoccasion",
    version="1.0",
    columns={
        **_SCHEDULE,
        "events": Array(Struct({**_EVENT, "meta": Struct({"working": BOOLEAN, "name": TEXT})})),
    },
    content="events",
)
