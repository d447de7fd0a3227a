"""The language in which datasets declare their columns."""

from __future__ import annotations

import json
from io import BytesIO

import pytest

from airflow_provider_liveperson.datasets.messaging_interactions.columns import CONVERSATION
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.records.columns import (
    INTEGER,
    JSON,
    TEXT,
    TIMESTAMP,
    Array,
    Column,
    Personal,
    Struct,
    paths,
    personal_paths,
)


@pytest.mark.parametrize(
    "fields", [{}, {"": TEXT}, {"_other": TEXT}, {"LocationId": TEXT, "locationId": TEXT}]
)
def test_names_that_readers_cannot_tell_apart_are_refused(fields):
    with pytest.raises(ValueError, match="a record"):
        Struct(fields)


DECLARED = dict(paths(CONVERSATION))


def test_every_section_of_a_conversation_has_a_column():
    assert " ".join(CONVERSATION) == (
        "info campaign monitoring messageRecords agentParticipants agentParticipantsLeave agentParticipantsActive"
        " consumerParticipants transfers interactions dialogs messageScores messageStatuses conversationSurveys"
        " coBrowseSessions sdes unAuthSdes summary responseTime intents uniqueIntents skillChanges"
        " latestAgentSurvey previouslySubmittedAgentSurveys"
    )


def test_ids_are_text_and_times_are_instants_and_integers():
    scalars = {path: column for path, column in DECLARED.items() if not isinstance(column, Struct | Array)}
    assert {column for path, column in scalars.items() if path.endswith(("Id", "Ids"))} == {TEXT}
    assert {column for path, column in scalars.items() if path.endswith("TimeL")} == {INTEGER}
    assert {column for path, column in scalars.items() if f"{path}L" in scalars} == {TIMESTAMP}
    assert all(f"{path}L" in DECLARED for path in scalars if path.endswith("startTime"))


def test_what_varies_by_type_is_json():
    varying = {path for path, column in DECLARED.items() if column is JSON}
    assert varying >= {"messageRecords.messageData", "messageRecords.contextData", "skillChanges"}
    assert DECLARED["sdes"] == Struct({"events": Array(JSON)})


def test_a_documented_conversation_fits_whole(tmp_path):
    from airflow_provider_liveperson.landing.arrow_columns import ArrowColumns

    info = {
        "conversationId": "c",
        "startTime": "2025-01-07 09:12:30.120+0000",
        "startTimeL": 1736241150120,
        "endTime": "undefined",
        "endTimeL": -1,
        "duration": 812345,
        "latestAgentId": "70010101",
        "latestSkillId": -1,
        "mcs": 50,
        "alertedMCS": 0,
        "isPartial": False,
        "device": "undefined",
    }
    transfer = {"timeL": 1, "reason": "Skill", "sourceSkillId": 12, "assignedAgentId": "7"}
    survey = {"lastUpdateTime": 1, "submittedAnswers": [{"questionId": 1, "answers": [{"answer": "a"}]}]}
    record = {
        "info": info,
        "campaign": {"campaignId": "1", "lobId": 2},
        "transfers": [transfer],
        "coBrowseSessions": {"coBrowseSessionsList": [{"startTimeL": 1, "capabilities": ["view"]}]},
        "responseTime": {"latestEffectiveResponseDueTime": -1, "configuredResponseTime": 60},
        "intents": [
            {"selectedClassification": {"confidenceScore": 0.7, "versions": [{"modelVersion": "1"}]}}
        ],
        "latestAgentSurvey": survey,
    }
    _, rest = ArrowColumns(CONVERSATION).careful_arrays([json.dumps(record).encode()])
    # What says that there is no instant is no instant.
    assert rest == {0: b'{"info":{"endTime":"undefined"}}'}


def test_personal_fields_are_listed_by_the_paths_that_masks_take():
    columns: dict[str, Column] = {
        "id": TEXT,
        "email": Personal(TEXT),
        "agents": Array(Struct({"id": TEXT, "name": Personal(TEXT), "notes": Array(Personal(TEXT))})),
        "all": Personal(Struct({"inner": Personal(TEXT)})),
    }
    assert personal_paths(columns) == ("email", "agents.name", "agents.notes", "all")
    assert personal_paths({}) == ()


def test_the_mark_is_in_no_format():
    marked: dict[str, Column] = {"a": Personal(TEXT), "b": Personal(Array(Struct({"c": Personal(INTEGER)})))}
    plain: dict[str, Column] = {"a": TEXT, "b": Array(Struct({"c": INTEGER}))}
    lines = [b'{"a":"x","b":[{"c":1}]}', b'{"a":7,"b":[{"c":"odd","d":2}]}']
    for file_format in ("csv", "parquet"):
        files = []
        for columns in (marked, plain):
            encoder = Encoding(file_format, "none", columns, csv_formulas="keep").encoder(file := BytesIO())
            encoder.write(lines)
            encoder.close()
            files.append(file.getvalue())
        assert files[0] == files[1]
