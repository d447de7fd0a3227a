"""Messaging Interactions."""

from __future__ import annotations

from tests.contract.facts.facts import NOON, Facts, Row, Switches

SINGER_TAP: Switches = {"messaging_source": "lenient"}
IN_TABLES = {
    "csatRate": "csat",
    "locationId": "LocationId",
    "assignedAgentFullName": "agentFullName",
    "assignedAgentLoginName": "agentLoginName",
    "assignedAgentNickname": "agentNickname",
    "interactive": "isInteractive",
}


def _renamed(row: Row) -> Row:
    return {IN_TABLES.get(name, name): value for name, value in row.items()}


def _as_read(switches: Switches, row: Row) -> Row:
    """The record with the names of LivePerson's tables."""
    if switches.get("messaging_names") != "tables":
        return row
    read = {
        **row,
        "info": _renamed(row["info"]),
        "campaign": _renamed(row["campaign"]),
        "interactions": [_renamed(one) for one in row["interactions"]],
    }
    if "coBrowseSessions" in row:
        sessions = row["coBrowseSessions"]["coBrowseSessionsList"]
        read["coBrowseSessions"] = {"coBrowseSessionsList": [_renamed(one) for one in sessions]}
    return read


FACTS = {
    "messaging_interactions": Facts(
        url="/messaging_history/",
        change=lambda sandbox: sandbox.insert("messaging_interactions", 3, NOON),
        readings={
            "no source wanted": SINGER_TAP,
            "no content": {"messaging_empty": "204"},
            "names as in the tables": {"messaging_names": "tables"},
        },
        as_read=_as_read,
        small_pages={},  # 100 to a page, whatever the switches
        never_rests=lambda sandbox: sandbox.faults.add(
            kind="count_drift", rows=1, match="/messaging_history/", times=1000
        ),
    ),
}
SIZES = {"conversations": 300, "messages_per_conversation": 2, "messaging_partial_share": 0.05}
