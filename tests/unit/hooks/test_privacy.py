"""What a connection enforces about fields: through the operator, the hook's methods and its test, whatever they ask."""

from __future__ import annotations

import gzip
import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.transfers.liveperson_to_object_storage import (
    LivePersonToObjectStorageOperator,
)
from tests.unit.transfers.failing import fails_at_once

START, END = datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC)
NAME = "originatorLoginName"

pytestmark = pytest.mark.usefixtures("within_a_year", "airflow_connections")


@pytest.fixture
def enforce(airflow_connections, monkeypatch):
    """Adds extras to the connection."""

    def enforce(**extras):
        connection = json.loads(os.environ["AIRFLOW_CONN_LIVEPERSON_DEFAULT"])
        connection["extra"] |= {"hash_secret": "a long secret", **extras}
        monkeypatch.setenv("AIRFLOW_CONN_LIVEPERSON_DEFAULT", json.dumps(connection))

    return enforce


def hook() -> LivePersonHook:
    return LivePersonHook.for_connection("liveperson_default")


def land(folder: Path, **choices):
    """Land a day of changes with the operator: its manifest and rows."""
    given = {"dataset": "audit_trail", "start": START, "end": END, **choices}
    LivePersonToObjectStorageOperator(task_id="pull", path=f"file://{folder}", **given).execute({})
    return read(folder)


def read(folder: Path):
    (path,) = folder.rglob("_manifest.json")
    manifest = Manifest.decode(path.read_bytes(), str(path))
    texts = [gzip.decompress((path.parent / part.name).read_bytes()) for part in manifest.parts]
    return manifest, [json.loads(line) for text in texts for line in text.splitlines()]


@pytest.mark.parametrize(
    "extras",
    [
        {"hash_fields": [NAME], "drop_fields": "objectName"},
        {"hash_fields": f'["{NAME}"]', "drop_fields": {"audit_trail": ["objectName"], "users": "email"}},
        {"hash_fields": {"*": [NAME]}, "drop_fields": '{"audit_trail": "objectName"}'},
    ],
)
def test_what_lands_is_what_the_connection_lets_land(enforce, tmp_path, extras):
    enforce(**extras)
    manifest, rows = land(tmp_path, hash_fields=["objectName"])
    assert manifest.masking is not None
    assert manifest.masking["hash_fields"] == [NAME]
    assert manifest.masking["drop_fields"] == ["objectName"]
    assert rows
    assert not any("objectName" in row for row in rows)
    assert {len(row[NAME]) for row in rows if row.get(NAME)} == {64}


def test_all_ways_to_read_records_heed_it(sandbox, enforce, tmp_path):
    enforce(
        drop_fields={"audit_trail": ["objectName"], "messaging_interactions": ["messageRecords.messageData"]},
        keep_fields={"messaging_interactions": ["info.conversationId", "messageRecords"]},
    )
    (record, *_) = sandbox.conversations.truth(START, END, "start")
    consumer = record["consumerParticipants"][0]["participantId"]
    for found in (
        list(hook().conversations([record["info"]["conversationId"]])),
        list(hook().consumer_conversations(consumer)),
        list(hook().records("messaging_interactions", start=START, end=END)),
    ):
        assert found
        assert all(row.keys() <= {"info", "messageRecords"} for row in found)
        assert all(row["info"].keys() == {"conversationId"} for row in found)
        assert not any("messageData" in message for row in found for message in row["messageRecords"])
    hook().land("audit_trail", start=START, end=END, path=f"file://{tmp_path}")
    assert not any("objectName" in row for row in read(tmp_path)[1])


def test_what_is_undeclared_is_counted_and_told_once(enforce, tmp_path, caplog, monkeypatch):
    from airflow_provider_liveperson.datasets.catalog import DATASETS

    columns = dict(DATASETS["audit_trail"].columns)
    del columns["objectName"]
    from dataclasses import replace

    monkeypatch.setitem(DATASETS, "audit_trail", replace(DATASETS["audit_trail"], columns=columns))
    enforce(unknown_fields="drop")
    with caplog.at_level(logging.WARNING):
        manifest, rows = land(tmp_path)
    assert rows
    assert not any("objectName" in row for row in rows)
    assert manifest.undeclared == {"objectName": len(rows)}
    told = [it.getMessage() for it in caplog.records if "does not declare" in it.getMessage()]
    assert len(told) == 1
    assert "'objectName'" in told[0]
    assert "left out" in told[0]


def test_another_policy_lands_anew_and_the_same_one_changes_nothing(enforce, tmp_path):
    plain, rows = land(tmp_path)
    assert plain.undeclared is None
    enforce(keep_fields={"audit_trail": [NAME]})
    limited, fewer = land(tmp_path)
    assert len(rows) == len(fewer)
    assert all(row.keys() <= {NAME} for row in fewer)
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert land(tmp_path)[0] == limited
    assert files == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("extras", "field", "complaint"),
    [
        ({"hash_fields": ["originatorLoginname"]}, "hash_fields", "no dataset declares"),
        ({"drop_fields": {"audit_trial": ["x"]}}, "drop_fields", "audit_trial"),
        ({"drop_fields": {"audit_trail": ["email"]}}, "drop_fields", "audit_trail does not declare"),
        ({"keep_fields": {"audit_trail": []}}, "keep_fields", "paths of fields separated by commas"),
        ({"unknown_fields": "hide"}, "unknown_fields", "must be one of drop, keep"),
        ({"hash_fields": {"audit_trail": [NAME]}, "hash_secret": None}, "hash_secret", "needs a salt"),
        (
            {"keep_fields": {"audit_trail": [NAME]}, "drop_fields": [NAME]},
            "keep_fields",
            "also dropped by drop_fields",
        ),
        ({"keep_fields": {"*": ["info.conversationId"]}}, "keep_fields", "nothing would land"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_before_any_request(
    sandbox, enforce, tmp_path, extras, field, complaint
):
    enforce(**extras)
    with pytest.raises(ConfigurationError, match=complaint) as caught:
        hook().land("audit_trail", start=START, end=END, path=f"file://{tmp_path}")
    assert caught.value.field == field
    assert field in str(caught.value)
    with fails_at_once(ConfigurationError, match=complaint):
        land(tmp_path)
    assert sandbox.requests == []


def test_the_connections_test_says_what_is_wrong(sandbox, enforce):
    enforce(drop_fields=["nowhere"])
    works, said = hook().test_connection()
    assert not works
    assert "drop_fields" in said
    assert "nowhere" in said
    assert sandbox.requests == []


def test_files_as_they_came_are_refused_where_their_records_are_masked(sandbox, enforce, tmp_path):
    enforce(unknown_fields="drop")
    with fails_at_once(ConfigurationError, match="the connection's unknown_fields apply"):
        land(tmp_path, dataset="data_access_survey", raw=True)
    assert sandbox.requests == []


def test_a_check_says_what_the_connection_enforces(enforce):
    from airflow_provider_liveperson.datasets.catalog import DATASETS
    from airflow_provider_liveperson.diagnostics.checks import run_checks

    enforce(hash_fields={"*": [NAME]}, unknown_fields="drop")
    report = run_checks(hook(), datasets=[DATASETS["audit_trail"]]).connection
    assert report.privacy == f"hash_fields of all datasets: {NAME}; unknown_fields: drop."
