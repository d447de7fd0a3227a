"""What both methods of the audit trail are asked, and how they write instants."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.filters import Filter, Flag, Texts
from airflow_provider_liveperson.records.values import epoch_ms
from airflow_provider_liveperson.window import Window

SERVICE = "accountConfigReadOnly"
LANGUAGE = "en-US"
ACCESS = Access(
    kinds=(CredentialKind.API_KEY, CredentialKind.LOGIN),
    permission="Administration → AuditTrail (documented for the Data Usage Audit only)",
)

MORE_DAYS = "LivePerson takes whole days, is asked for days around the window as well, and counts those, too"
"""Why its counts cannot be compared: the days after a window go on, once the window has landed."""

_TIME = re.compile(r"(\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2})(?:\.(\d+))?", re.ASCII)

FILTERS: dict[str, Filter] = {
    "users": Texts(description="Only changes by these users. Default: by everybody."),
    "component_types": Texts(
        description="Only changes of these kinds of object, by LivePerson's internal names such as ACUserObject."
        " Default: all kinds.",
    ),
    "lpa": Flag(description="Whether changes by LivePerson's own staff are included. Default: true."),
    "automatic_updates": Flag(description="Whether automatic changes are included. Default: true."),
}


def arguments(window: Window, filters: Mapping[str, Any]) -> dict[str, Any]:
    """What both audit trail methods are asked, in LivePerson's names.

    ``toDate`` goes two days beyond the last day of the window: it may be exclusive, and days may be cut in a
    zone east of UTC. ``fromDate`` goes one day back, for zones west of it.
    """
    first = window.start.date()
    last = (window.end - timedelta(microseconds=1)).date()
    asked: dict[str, Any] = {
        "fromDate": (first - timedelta(days=1)).isoformat(),
        "toDate": (last + timedelta(days=2)).isoformat(),
        "language": LANGUAGE,
        "timezone": "UTC",
        "lpa": filters.get("lpa", True),
        "automaticUpdates": filters.get("automatic_updates", True),
    }
    if "users" in filters:
        asked["users"] = filters["users"]
    if "component_types" in filters:
        asked["componentTypes"] = filters["component_types"]
    return asked


def instant_of(value: object) -> int | None:
    """The instant of a change, whose time has no zone and is UTC because that was asked for.

    :param value: ``2026-01-14 16:02:11.0`` or ``2026-01-14T16:02:11``; with an offset, it is that instant.
    :returns: epoch milliseconds, or None for no value and for what is no time.
    """
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return epoch_ms(value)
    try:
        moment = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    except ValueError:
        return None
    return round(moment.timestamp()) * 1000 + int((found[2] or "0")[:3].ljust(3, "0"))
