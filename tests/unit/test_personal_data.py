"""What lands without personal data mentions none of the sandbox's people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_liveperson.datasets.catalog import DATASETS, dataset_named
from airflow_provider_liveperson.personal_data import CONVERSATION_CONTENT, CONVERSATION_IDS, PERSONAL_FIELDS
from airflow_provider_liveperson.pull.pull import pull
from airflow_provider_liveperson.records.columns import paths
from airflow_provider_liveperson.records.masking import Masking
from airflow_provider_liveperson.window import Window

DAY = Window(datetime(2026, 1, 29, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
MESSAGING = dataset_named("messaging_interactions")
ADDRESS = re.compile(r"@|\+\d[\d ]{6,}|\b\d{1,3}(?:\.\d{1,3}){3}\b|https?://")
VERSIONS = {"browserVersion", "operatingSystemVersion", "appVersion", "integrationVersion", "modelVersion"}

pytestmark = pytest.mark.usefixtures("within_a_year")


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every value with the name of its field."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from leaves(below, key)
    elif isinstance(value, list):
        for below in value:
            yield from leaves(below, name)
    elif value is not None:
        yield name, str(value)


@pytest.fixture(scope="module")
def truth(running_sandbox) -> list[dict[str, Any]]:
    running_sandbox.reset()
    return running_sandbox.conversations.truth(DAY.start, DAY.end, "start")


@pytest.fixture
def landed(connect, store) -> list[dict[str, Any]]:
    masking = Masking(drop_fields=CONVERSATION_CONTENT, hash_fields=CONVERSATION_IDS, salt="a long secret")
    pull(connect(), MESSAGING, MESSAGING.query(DAY, cursor="start"), store.destination(), masking=masking)
    return store.records()


def test_every_path_is_declared_and_named_once():
    Masking(drop_fields=CONVERSATION_CONTENT, hash_fields=CONVERSATION_IDS, salt="s").refuse_undeclared(
        MESSAGING.name, MESSAGING.columns
    )
    both = [*CONVERSATION_CONTENT, *CONVERSATION_IDS]
    assert len(both) == len(set(both))


NAMES = re.compile(
    r"(?i)(login|full|nick|first|last|agent|user|consumer)_?name$|login$|e-?mail|phone|ipaddress|user_?agent$"
    r"|(mobile|ivr|outbound)number$"
)


def test_every_dataset_marks_what_is_called_like_personal_data():
    assert set(PERSONAL_FIELDS) == set(DATASETS)
    for name, dataset in DATASETS.items():
        personal = PERSONAL_FIELDS[name]
        plain = [
            path
            for path, _ in paths(dataset.columns)
            if NAMES.search(path) and not any(f"{path}.".startswith(f"{above}.") for above in personal)
        ]
        assert plain == [], name
        Masking(drop_fields=personal).refuse_undeclared(name, dataset.columns)


def test_what_a_carrier_says_of_a_message_counts_as_personal():
    """Such as "The number +1 555 0100 is not valid"."""
    assert "errorMessage" in PERSONAL_FIELDS["outbound_transactions"]


def test_no_name_address_or_text_is_left(truth, landed):
    assert len(landed) == len(truth) > 50
    kept = list(leaves(landed))
    told = [(name, text) for name, text in kept if name not in VERSIONS and ADDRESS.search(text)]
    assert not told
    secret: set[str] = set()
    for record in truth:
        for consumer in record["consumerParticipants"]:
            secret |= {
                consumer[name] for name in ("consumerName", "email", "phone", "token", "participantId")
            }
        for message in record["messageRecords"]:
            secret |= {text for name, text in leaves(message["messageData"], "messageData") if len(text) > 12}
        for agent in record["agentParticipants"]:
            secret |= {agent[name] for name in ("agentNickname", "agentLoginName", "agentId")}
        secret |= {text for name, text in leaves(record.get("sdes"), "sdes") if "@" in text or "+" in text}
    secret -= {"", "NA"}
    assert len(secret) > 100
    values = {text for _, text in kept}
    assert not values & secret
    everything = json.dumps(landed, ensure_ascii=False)
    assert not [text for text in secret if len(text) > 6 and text in everything]


def test_what_is_left_can_still_be_counted_and_joined(truth, landed):
    def consumers(records: list[dict[str, Any]]) -> int:
        return len({one["participantId"] for record in records for one in record["consumerParticipants"]})

    assert consumers(landed) == consumers(truth)
    assert [record["info"]["conversationId"] for record in landed] == [
        record["info"]["conversationId"] for record in landed if record["info"]["startTimeL"]
    ]
    senders = {one["participantId"] for record in landed for one in record["messageRecords"]}
    assert senders & {one["participantId"] for record in landed for one in record["consumerParticipants"]}
