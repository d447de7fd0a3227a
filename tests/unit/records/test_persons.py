"""Whose a record is: the fields that say so in each dataset, in every spelling, masked or not."""

from __future__ import annotations

import json

import pytest

from airflow_provider_liveperson.datasets.catalog import DATASETS, dataset_named
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.records.columns import TEXT
from airflow_provider_liveperson.records.masking import Masking
from airflow_provider_liveperson.records.persons import (
    Hashes,
    IdPath,
    Kind,
    PersonFinder,
    id_paths,
    landed_id_paths,
)
from airflow_provider_liveperson.records.salt import Salt

SALT = Salt("a secret")
MESSAGING = dataset_named("messaging_interactions")

# What the page on erasing tells users; a new dataset with such ids belongs there, too.
FIELDS = {
    "messaging_interactions": {
        "info.conversationId": Kind.CONVERSATION,
        "messageRecords.participantId": Kind.PARTICIPANT,
        "consumerParticipants.participantId": Kind.PARTICIPANT,
        "messageStatuses.participantId": Kind.PARTICIPANT,
    },
    "engagement_history": {
        "info.engagementId": Kind.CONVERSATION,
        "info.visitorId": Kind.PARTICIPANT,
    },
    "interval_metrics": {"conversationId": Kind.CONVERSATION},
    "actual_handle_time": {"conversationId": Kind.CONVERSATION},
    "data_access_web_session": {"_header.visitorId": Kind.PARTICIPANT},
    "data_access_engagement": {
        "conversationId": Kind.CONVERSATION,
        "consumerId": Kind.PARTICIPANT,
        "_header.visitorId": Kind.PARTICIPANT,
    },
    "data_access_survey": {
        "conversationId": Kind.CONVERSATION,
        "_header.visitorId": Kind.PARTICIPANT,
    },
    "outbound_transactions": {"conversationId": Kind.CONVERSATION, "consumerId": Kind.PARTICIPANT},
}


def hashed(*ids: str) -> frozenset[str]:
    return frozenset(SALT.hash_of(one.encode()) for one in ids)


def finds(record: object, *, conversations=(), participants=(), masking=None, dataset=MESSAGING) -> bool:
    found = landed_id_paths(id_paths(dataset.columns), masking and masking.describe())
    hashes = Hashes(conversations=hashed(*conversations), participants=hashed(*participants))
    line = record if isinstance(record, bytes) else json.dumps(record).encode()
    return PersonFinder(found, hashes, SALT).finds(line if masking is None else masking.apply(line))


def test_the_fields_of_each_dataset():
    found = {name: {one.path: one.kind for one in id_paths(it.columns)} for name, it in DATASETS.items()}
    assert {name: fields for name, fields in found.items() if fields} == FIELDS


@pytest.mark.parametrize(
    "record",
    [
        {"info": {"conversationId": "c"}},
        {"info": {"CONVERSATIONID": "c"}},
        {"Info": {"conversationid": "c"}},
        {"info": [{"conversationId": "x"}, {"conversationId": "c"}]},
        {"info": {"conversationId": ["c"]}},
        {"x": "\ud83d", "info": {"conversationId": "c"}},
        b'{"x": "\xff", "info": {"conversationId": "c"}}',
        b'{"info": {"conversationId": "\\u0063"}}',
        {"consumerParticipants": [{"participantId": "x"}, {"participantId": "p"}]},
        {"messageRecords": [{"sentBy": "Consumer", "participantId": "p"}]},
        {"messageRecords": [{"participantId": "p"}]},
        {"messageStatuses": [{"participantId": "p", "participantType": "Consumer"}]},
    ],
)
def test_records_that_are_found(record):
    assert finds(record, conversations=["c"], participants=["p"])


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"conversationId": "c"},
        {"info": {"conversationId": "p"}},
        {"info": {"conversationId": None}},
        {"info": {"conversationId": {"conversationId": "c"}}},
        {"info": "c"},
        {"info": {"other": "c"}},
        {"messageRecords": [{"sentBy": "Agent", "participantId": "p"}]},
        {"messageRecords": [{"participantId": "p", "sentBy": "agent"}]},
        {"messageStatuses": [{"participantId": "p", "participantType": "Agent"}]},
        {"agentParticipants": [{"agentId": "p"}]},
    ],
)
def test_records_that_are_not(record):
    assert not finds(record, conversations=["c"], participants=["p"])


def test_ids_that_are_numbers():
    handled = dataset_named("actual_handle_time")
    assert finds({"conversationId": 7}, conversations=["7"], dataset=handled)
    assert not finds({"conversationId": True}, conversations=["true"], dataset=handled)


@pytest.mark.parametrize(
    ("masking", "is_found"),
    [
        ({"hash_fields": ["info.conversationId"]}, True),
        ({"hash_fields": ["info.latestAgentId"]}, True),
        ({"keep_fields": ["info"]}, True),
        ({"keep_fields": ["info.conversationId"], "hash_fields": ["info.conversationId"]}, True),
        ({"keep_fields": ["info.latestAgentId"]}, False),
        ({"hash_fields": ["info"]}, False),
        ({"drop_fields": ["info"]}, False),
    ],
)
def test_masked_records(masking, is_found):
    applied = Masking(**masking, salt="a secret", declared=MESSAGING.columns)
    record = {"info": {"conversationId": "c", "latestAgentId": "a"}}
    assert finds(record, conversations=["c"], masking=applied) is is_found


def test_which_conversations_were_found():
    found = PersonFinder(id_paths(MESSAGING.columns), Hashes(participants=hashed("p")), SALT)
    for number in range(3):
        who = "p" if number else "x"
        record = {"info": {"conversationId": f"c{number}"}, "consumerParticipants": [{"participantId": who}]}
        found.finds(json.dumps(record).encode())
    assert found.conversations == hashed("c1", "c2")


@pytest.mark.parametrize("line", [b"", b"5", b"[]", b"{", b'{"info": {]}'])
def test_what_cannot_be_read_is_no_record(line):
    with pytest.raises(InvalidResponseError):
        finds(line, conversations=["c"])


def test_no_repr_says_who():
    hashes = Hashes(conversations=hashed("c"), participants=hashed("p"))
    assert not any(one in repr(hashes) for one in hashed("c", "p"))


@pytest.mark.parametrize("casing", [str.lower, str.upper])
def test_ids_are_masked_in_any_casing(casing):
    declared = id_paths({"conversationId": TEXT})
    path = casing("conversationId")
    assert landed_id_paths(declared, {"drop_fields": [path]}) == []
    assert landed_id_paths(declared, {"hash_fields": [path]}) == [
        IdPath("conversationId", Kind.CONVERSATION, True)
    ]
    assert landed_id_paths(declared, {"keep_fields": [path]}) == []
