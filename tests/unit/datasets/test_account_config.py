"""Users, skills and agent groups: whole collections with a revision."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.datasets.account_config import AGENT_GROUPS, SKILLS, USERS
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.readers.reader import Pager
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.pull.pull import records
from airflow_provider_liveperson.window import Window

DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
every_collection = pytest.mark.parametrize(
    "dataset", [USERS, SKILLS, AGENT_GROUPS], ids=lambda dataset: dataset.name
)


def reader(dataset: Dataset = SKILLS, revision: str | None = None) -> Pager:
    query = replace(dataset.query(DAY), known_revision=revision)
    (slice_,) = dataset.plan(query)
    return dataset.open(query, slice_)


def test_what_is_asked():
    request = reader(AGENT_GROUPS).next_request()
    assert (request.method, request.service) == ("GET", "accountConfigReadOnly")
    assert request.path == "/api/account/{account_id}/configuration/le-users/agentGroups"
    assert request.params == {
        "v": "4.0",
        "include_deleted": "true",
        "select": "id,name,deleted,isEnabled,parentGroupId,description,dateUpdated",
    }


@every_collection
def test_if_match_is_always_there_and_asks_for_anything_where_nothing_is_held(dataset):
    assert reader(dataset).next_request().headers == {"If-Match": "-1"}
    assert reader(dataset, "171").next_request().headers == {"If-Match": "171"}


@pytest.mark.parametrize(
    ("headers", "revision"),
    [
        ({"ac-revision": "171"}, "171"),
        ({"ETag": "171"}, "171"),
        ({"ETag": '"171"'}, "171"),
        ({"ETag": 'W/"171"'}, "171"),
        ({"ETag": ' "171" '}, "171"),
        ({"ac-revision": "171", "ETag": '"5"'}, "171"),
        ({}, None),
        ({"ac-revision": "", "ETag": ""}, None),
    ],
    ids=str,
)
def test_where_the_revision_is(headers, revision):
    made = reader()
    made.next_request()
    parsed = made.parse(Answer(status=200, headers=headers, body=b'[{"id": 1},\n {"id": 2}]'))
    assert list(made.accept(parsed)) == [b'{"id": 1}', b'{"id": 2}']
    assert (made.revision, made.received, made.is_unchanged) == (revision, 2, False)


def test_a_record_over_several_lines_becomes_one():
    made = reader()
    made.next_request()
    (line,) = made.accept(made.parse(Answer(status=200, headers={}, body=b'[{\n "id": 1.50,\r\n"a":"\\n"}]')))
    assert line == b'{"id":1.50,"a":"\\n"}'


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"[1", b"<html>"])
def test_an_answer_of_another_shape_is_unreadable(body):
    with pytest.raises(InvalidResponseError):
        reader().parse(Answer(status=200, headers={}, body=body))


@every_collection
def test_all_fields_of_all_entities_also_of_deleted_ones(sandbox, connect, dataset):
    sandbox.config.delete(dataset.name)
    found = [json.loads(raw) for raw in records(connect(), dataset, dataset.query(DAY))]
    assert found == sandbox.config.truth(dataset.name)
    assert any(one["deleted"] for one in found)
    assert set().union(*found) <= set(dataset.columns)


@pytest.mark.parametrize("meaning", ["304", "version", "http"])
@pytest.mark.parametrize("held", ["present", "old"])
def test_whatever_if_match_means_the_state_is_the_present_one(sandbox, connect, meaning, held):
    old = sandbox.config.revision("skills")
    sandbox.config.change("skills")
    sandbox.configure(config_if_match=meaning)
    present = str(sandbox.config.revision("skills"))
    query = replace(SKILLS.query(DAY), known_revision=present if held == "present" else str(old))
    found = [json.loads(raw) for raw in records(connect(), SKILLS, query)]
    if held == "present" and meaning == "304":
        assert found == []
    else:
        assert found == sandbox.config.truth("skills")
