"""Agent surveys: what agents are asked at the end of a conversation. The answers are in the conversations.

LivePerson pages: `agent-survey-for-messaging-configuration-api-*`. They name no version, and the sample of the list is
that of another API.
"""

from __future__ import annotations

from airflow_provider_liveperson.datasets.account_config.collection import collection, every_field
from airflow_provider_liveperson.records.columns import BOOLEAN, INTEGER, JSON, TEXT, Array, Column, Struct

_VERSION = {"v": "1.0"}
_SURVEY: dict[str, Column] = {
    "id": TEXT,
    "name": TEXT,
    "description": TEXT,
    "deleted": BOOLEAN,
    "enabled": BOOLEAN,
    "isDefault": BOOLEAN,
    "root": TEXT,
    "defaultTimeoutInMinutes": INTEGER,
    "questions": Array(
        Struct(
            {
                "id": TEXT,
                "orderId": INTEGER,
                "text": TEXT,
                "next": TEXT,
                "nextInOrder": BOOLEAN,
                "required": BOOLEAN,
                "category": TEXT,
                "questionDefinition": TEXT,
                "maxCharacters": INTEGER,
                "engagementAttribute": JSON,
                "replies": Array(Struct({"id": TEXT, "text": TEXT, "next": TEXT, "nextInOrder": BOOLEAN})),
            }
        )
    ),
}

AGENT_SURVEYS = collection(
    name="agent_surveys",
    title="Agent surveys: their questions and possible replies",
    page="agent-survey-for-messaging-configuration-api-methods-get-all-agent-survey-objects.html",
    path="ac-common/agent_surveys",
    version=None,
    columns=_SURVEY,
    content="questions",
    # Other collections of this kind take version 1.0.
    ways=tuple({**version, **fields} for fields in every_field(_SURVEY) for version in (_VERSION, {})),
)
