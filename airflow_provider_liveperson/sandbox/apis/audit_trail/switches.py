"""What LivePerson's pages leave open about the Audit Trail."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

from airflow_provider_liveperson.sandbox.switches import EVERY_CREDENTIAL, CredentialName, Switches, switch


class AuditTrailSwitches(Switches):
    """Switches of the Audit Trail, and of its export."""

    audit_rows: int = switch(
        2000, "audit records in total, spread evenly over the days", minimum=0, fixed=True
    )
    audit_auth: frozenset[CredentialName] = switch(
        EVERY_CREDENTIAL, "credential kinds that the audit trail accepts"
    )
    page_ceiling: int | None = switch(
        None, "the largest number of rows in an audit page; none for no ceiling", minimum=1, option=True
    )
    page_ceiling_mode: Literal["clamp", "reject"] = switch(
        "clamp", "what a larger `first` gets: silently that number, or an error"
    )
    audit_total_count: Literal["all", "page", "absent"] = switch(
        "all", "`X-Total-Count`: all matching rows, rows of the page, or absent"
    )
    audit_to_date: Literal["inclusive", "exclusive"] = switch(
        "inclusive", "whether the day named by `toDate` is in the answer"
    )
    audit_day_zone: str = switch(
        "requested",
        "zone in which days are cut: the requested one, or an IANA name",
        check=lambda name: _check_zone(name),
    )
    audit_timezone_accepted: frozenset[str] = switch(
        frozenset(), "zones that `timezone` may name; empty for every IANA zone"
    )
    audit_action_type: Literal["accepted", "unknown"] = switch(
        "accepted", "whether the field `actionType` exists"
    )
    audit_error_style: Literal["400", "200"] = switch(
        "400", "a GraphQL error is a 400, or a 200 with `errors`"
    )
    audit_error_silent: bool = switch(False, "whether such a 400 has an empty body")
    audit_ties: Literal["stable", "shuffled"] = switch(
        "stable", "order of rows that share a second: always the same, or another in every answer"
    )
    audit_strict_json: bool = switch(True, "whether raw control characters inside JSON strings are refused")
    audit_insert_rows: int = switch(
        0, "rows that appear before each page after the first; 0 for none", minimum=0
    )
    audit_insert_when: Literal["newest", "late"] = switch(
        "newest", "such rows are dated now, or among rows already read"
    )
    audit_insert_times: int = switch(3, "how often they appear, at most", minimum=0)
    export_order: Literal["descending", "ascending"] = switch("descending", "order of the CSV export")
    export_bom: bool = switch(False, "whether the CSV export starts with a UTF-8 byte order mark")
    export_line_end: Literal["crlf", "lf"] = switch("crlf", "line ends of the CSV export")


def _check_zone(name: str) -> None:
    if name != "requested":
        try:
            find_zone(name)
        except ValueError as error:
            raise ValueError(f"must be requested or a zone: {error}") from None


def find_zone(name: str) -> ZoneInfo:
    """Find an IANA time zone.

    :param name: the zone's name, such as ``Europe/London``.
    :raises ValueError: if there is no such zone.
    """
    try:
        return ZoneInfo(name)
    # Names of folders and names with odd characters fail in other ways than unknown names do.
    except (KeyError, OSError, ValueError):
        raise ValueError(f"{name!r} is not the name of a time zone") from None
