"""Automatic messages, which are sent when something happens in a conversation.

LivePerson pages: `automatic-messages-api-*`, and `unified-automatic-messages-api-*` for newer accounts.
"""

from __future__ import annotations

from airflow_provider_liveperson.datasets.account_config.collection import collection
from airflow_provider_liveperson.datasets.model.filters import Text, Texts
from airflow_provider_liveperson.records.columns import BOOLEAN, JSON, TEXT, Array, Struct

AUTOMATIC_MESSAGES = collection(
    name="automatic_messages",
    title="Automatic messages, as older accounts have them",
    page="automatic-messages-api-methods-get-automatic-messages.html",
    path="engagement-window/auto-messages",
    version="2.0",
    columns={
        "id": TEXT,
        "deleted": BOOLEAN,
        "enabled": BOOLEAN,
        "messageEventId": TEXT,
        "templateId": TEXT,
        "data": Array(Struct({"msg": TEXT, "lang": TEXT, "isDefault": BOOLEAN})),
        "attributes": Array(Struct({"name": TEXT, "value": TEXT})),
    },
    content="data",
    permission="Automatic Messages, Read",
)
UNIFIED_AUTOMATIC_MESSAGES = collection(
    name="unified_automatic_messages",
    title="Automatic messages by event, of the account",
    page="unified-automatic-messages-api-methods-get-unified-automatic-messages.html",
    path="engagement-window/unified-auto-messages",
    version="2.0",
    columns={
        "messageEventId": TEXT,
        "deleted": BOOLEAN,
        "enabled": BOOLEAN,
        "data": Array(Struct({"lang": TEXT, "msg": TEXT})),
        "attributes": JSON,  # objects with one member each, of any name
        "contexts": Struct({"SKILL": Array(TEXT), "ACCOUNT": Array(TEXT)}),
    },
    content="data",
    arguments={"context_type": "ACCOUNT"},
    # There is no id: one event may have a message for the account and others for some skills.
    primary_key=("messageEventId", "contexts"),
    permission="Unified Automatic Messages, Read",
    filters={
        "context_type": Text(
            description="Messages of the account, or of skills. Default: ACCOUNT.",
            choices=("ACCOUNT", "SKILL"),
        ),
        "context_id": Texts(description="With context_type SKILL, only messages of these skills."),
        "lang": Text(description="Only texts in this language, such as en-US. Default: all languages."),
    },
)
