"""Users, skills and agent groups: whole collections with a revision."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.datasets.account_config import (
    AGENT_GROUPS,
    PROFILES,
    SKILLS,
    UNIFIED_AUTOMATIC_MESSAGES,
    USERS,
)
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.readers.reader import Pager
from airflow_provider_liveperson.exceptions import InvalidResponseError, RequestRejectedError
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
    asked = reader(AGENT_GROUPS)
    request = asked.next_request()
    assert (request.method, request.service) == ("GET", "accountConfigReadOnly")
    assert request.path == "/api/account/{account_id}/configuration/le-users/agentGroups"
    common = {"v": "4.0", "include_deleted": "true"}
    assert request.params == {**common, "select": "$all"}
    # A 400 is no reason to give up before the other ways to ask for all fields were tried.
    others = []
    refusal = RequestRejectedError("no", status=400)
    for _ in range(3):
        asked.refused(refusal)
        others.append(asked.next_request().params)
    names = "id,name,deleted,isEnabled,parentGroupId,description,dateUpdated"
    assert others == [{**common, "select": names}, {**common, "field_set": "all"}, common]
    with pytest.raises(RequestRejectedError):
        asked.refused(refusal)


def test_fields_that_are_not_wanted_are_not_asked_for():
    """What else LivePerson may keep of a user is nobody's business."""
    assert reader(USERS).next_request().params["select"] == ",".join(USERS.columns)


def take(made: Pager, *bodies: bytes) -> list[bytes]:
    """Answer one request after the other."""
    lines = []
    for number, body in enumerate(bodies, 1):
        assert made.next_request() is not None
        lines += made.accept(made.parse(Answer(status=200, headers={"ac-revision": str(number)}, body=body)))
    assert made.next_request() is None
    return lines


FEW, MORE = b'[{"id":1}]', b'[{"id":1,"name":"A"}]'


@pytest.mark.parametrize(
    ("bodies", "line", "revision"),
    [
        ([b"[{},{}]", b'[{"id":1,"dateUpdated":"x"}]'], b'{"id":1,"dateUpdated":"x"}', "2"),
        ([FEW, FEW, b'[{"id":1,"dateUpdated":""}]'], b'{"id":1,"dateUpdated":""}', "3"),
        ([FEW, MORE, FEW, FEW], b'{"id":1,"name":"A"}', "2"),  # there may be no content
    ],
)
def test_records_without_content_are_asked_for_in_another_way(bodies, line, revision, caplog):
    made = reader()
    assert take(made, *bodies) == [line]
    assert made.revision == revision
    assert ("no record has dateUpdated" in caplog.text) is (b"dateUpdated" not in line)


def test_what_came_without_content_is_read_again_where_the_last_way_is_refused():
    made = reader()
    for body in (FEW, MORE, FEW):
        made.next_request()
        assert list(made.accept(made.parse(Answer(status=200, headers={}, body=body)))) == []
    made.next_request()
    made.refused(RequestRejectedError("no", status=400))
    assert (
        made.next_request().params["select"].startswith("id,name,deleted")
    )  # as the longest answer was asked for
    assert list(made.accept(made.parse(Answer(status=200, headers={}, body=MORE)))) == [MORE[1:-1]]
    with pytest.raises(RequestRejectedError):
        made.refused(RequestRejectedError("no", status=400))


def test_nothing_is_the_whole_of_an_empty_collection():
    assert take(reader(), b"[]") == []


@pytest.mark.parametrize("known", [None, "Thu, 01 Jan 2026 00:02:51 GMT"])
def test_profiles_have_a_header_of_their_own(known):
    made = reader(PROFILES, known)
    request = made.next_request()
    assert request.headers == ({} if known is None else {"X-LP-Last-Modified": known})
    assert (
        PROFILES.reader.probe(PROFILES, PROFILES.query(DAY), PROFILES.plan(PROFILES.query(DAY))[0]).headers
        == {}
    )
    headers = {"X-LP-Last-Modified": "Fri, 02 Jan 2026 00:00:00 GMT", "ac-revision": "7"}
    body = b'[{"id":1,"permissions":[]}]'
    assert len(list(made.accept(made.parse(Answer(status=200, headers=headers, body=body))))) == 1
    assert made.revision == headers["X-LP-Last-Modified"]


def test_messages_without_an_id_are_told_apart_by_their_contexts():
    one = b'{"messageEventId":"A","data":[],"contexts":{"SKILL":[1],"ACCOUNT":[2]}}'
    same = b'{"messageEventId":"A","data":[{}],"contexts":{"ACCOUNT":[2],"SKILL":[1]}}'
    other = b'{"messageEventId":"A","data":[],"contexts":{"ACCOUNT":[2]}}'
    bare = b'{"messageEventId":"A","data":[]}'
    body = b"[%b]" % b",".join((one, other, bare, same, bare))
    made = reader(UNIFIED_AUTOMATIC_MESSAGES)
    assert take(made, body) == [same, other, bare]
    assert (made.received, made.repeated) == (3, 2)


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
    parsed = made.parse(
        Answer(status=200, headers=headers, body=b'[{"id": 1, "dateUpdated": ""},\n {"id": 2}]')
    )
    assert list(made.accept(parsed)) == [b'{"id": 1, "dateUpdated": ""}', b'{"id": 2}']
    assert (made.revision, made.received, made.is_unchanged) == (revision, 2, False)


def test_a_record_over_several_lines_becomes_one():
    made = reader()
    made.next_request()
    body = b'[{\n "id": 1.50,\r\n"dateUpdated":"\\n"}]'
    (line,) = made.accept(made.parse(Answer(status=200, headers={}, body=body)))
    assert line == b'{"id":1.50,"dateUpdated":"\\n"}'


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
