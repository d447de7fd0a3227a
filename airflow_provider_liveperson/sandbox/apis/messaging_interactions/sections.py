"""The sections of a conversation's record, and records as ready bytes.

Every section is rendered by itself, with its name, so that a page is put together from ready bytes.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_liveperson.sandbox.encoding import from_json, to_json

ALWAYS = "info"
DEFAULT_SECTIONS = (
    "campaign",
    "messageRecords",
    "agentParticipants",
    "agentParticipantsLeave",
    "agentParticipantsActive",
    "consumerParticipants",
    "transfers",
    "interactions",
    "messageScores",
    "messageStatuses",
    "conversationSurveys",
    "coBrowseSessions",
    "summary",
    "sdes",
)
"""What comes if nothing is named."""

SECTIONS = (
    ALWAYS,
    *DEFAULT_SECTIONS,
    "unAuthSdes",
    "monitoring",
    "dialogs",
    "responseTime",
    "skillChanges",
    "intents",
    "uniqueIntents",
    "latestAgentSurvey",
    "previouslySubmittedAgentSurveys",
)
"""Every section, in the order in which a record has them."""

SDE_KEYS = {
    "personalInfo": "PERSONAL_INFO",
    "customerInfo": "CUSTOMER_INFO",
    "marketingCampaignInfo": "MARKETING_CAMPAIGN_INFO",
    "purchase": "PURCHASE",
    "cartStatus": "CART_STATUS",
}
"""Engagement attributes that are made: the name of their content to their type."""

SURVEY_ID = "811"

Rendered = tuple[bytes, ...]
"""A record's sections in the order of ``SECTIONS``; a section without content is empty."""

_RECORDS = SECTIONS.index("messageRecords")


def rendered(sections: dict[str, Any]) -> Rendered:
    """Render a record.

    :param sections: its content by section.
    """
    return tuple(
        b"" if sections.get(name) is None else b'"%s":%s' % (name.encode(), to_json(sections[name]))
        for name in SECTIONS
    )


def shortened(record: Rendered) -> Rendered:
    """Return a record as a search gives one that is too long for it: with a part of its messages.

    :param record: the whole record.
    """
    info = record[0].replace(b'"isPartial":false', b'"isPartial":true', 1)
    messages = content_of(record, "messageRecords")
    kept = to_json(messages[: (len(messages) + 1) // 2])
    return (info, *record[1:_RECORDS], b'"messageRecords":' + kept, *record[_RECORDS + 1 :])


_IN_TABLES = {
    "info": {"csatRate": "csat"},
    "campaign": {"locationId": "LocationId"},
    "interactions": {
        "assignedAgentFullName": "agentFullName",
        "assignedAgentLoginName": "agentLoginName",
        "assignedAgentNickname": "agentNickname",
    },
    "coBrowseSessions": {"interactive": "isInteractive"},
}
"""Names of fields that LivePerson's samples have, by section, and those that its tables have for them."""


def as_in_tables(record: Rendered) -> Rendered:
    """Return a record with the names of LivePerson's tables where its samples have others.

    :param record: the record as in the samples.
    """
    sections = list(record)
    for section, names in _IN_TABLES.items():
        place = SECTIONS.index(section)
        for name, other in names.items():
            sections[place] = sections[place].replace(b'"%b":' % name.encode(), b'"%b":' % other.encode())
    return tuple(sections)


def content_of(record: Rendered, section: str) -> Any:
    """Read one section back.

    :param record: a record.
    :param section: the section's name.
    :return: its content, or None if it has none.
    """
    content = record[SECTIONS.index(section)]
    return from_json(content[len(section) + 3 :]) if content else None


def record_of(record: Rendered) -> dict[str, Any]:
    """Read a record back.

    :param record: the record.
    """
    whole: dict[str, Any] = from_json(b"{%s}" % b",".join(filter(None, record)))
    return whole
