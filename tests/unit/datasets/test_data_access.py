"""Data Access files: where they are taken from, and the records that are made of them."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.datasets.readers.reader import Pager
from airflow_provider_liveperson.exceptions import InvalidResponseError, RequestRejectedError
from airflow_provider_liveperson.personal_data import PERSONAL_FIELDS
from airflow_provider_liveperson.records.raw import RepairedLine
from airflow_provider_liveperson.window import Window

SURVEY = DATASETS["data_access_survey"]
DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
PATH = "/data_access_le/account/70000001/le/survey"


def pager() -> Pager:
    query = SURVEY.query(DAY)
    (slice_,) = SURVEY.plan(query)
    made = SURVEY.open(query, slice_)
    assert made.next_request() is not None
    return made


def entry(**changes: Any) -> dict[str, Any]:
    whole = {
        "@name": "Survey.1769734800000.1769738400000.part-00000-0.gz",
        "@scopeStartDate": "2026-01-30T01:00:00+00:00",
        "@scopeEndDate": "2026-01-30T02:00:00+00:00",
        "@href": f"https://va-a.da.liveperson.net{PATH}/a.gz",
    }
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def listed(file: Any) -> list[Any]:
    """The requests that follow a list."""
    made = pager()
    body = json.dumps({"dataAccessFiles": {"@id": "70000001", "file": file}}).encode()
    list(made.accept(made.parse(Answer(status=200, headers={}, body=body))))
    found = []
    while request := made.next_request():
        found.append(request)
    return found


def read(content: bytes) -> list[bytes]:
    made = pager()
    file = io.BytesIO(gzip.compress(content))
    return [bytes(line) for line in made.accept(made.parse(Answer(status=200, headers={}, file=file)))]


def test_the_list_is_requested_for_the_window_and_the_time_in_which_its_last_files_are_made():
    query = SURVEY.query(DAY)
    request = SURVEY.open(query, SURVEY.plan(query)[0]).next_request()
    assert request is not None
    assert (request.method, request.service) == ("GET", "dataAccess")
    assert request.path == "/data_access_le/account/{account_id}/le/survey"
    # Two hours more, for files that are listed by when they were made.
    assert request.params == {"startTime": str(DAY.start_ms), "endTime": str(DAY.end_ms + 7_200_000)}


def test_a_file_is_requested_from_the_host_of_the_list_wherever_its_link_leads():
    for host in ("https://va-a.da.liveperson.net", "https://evil.example.com", "//evil.example.com", ""):
        (request,) = listed([entry(**{"@href": f"{host}{PATH}/a.gz?v=1.0"})])
        assert (request.service, request.path, request.params) == ("dataAccess", f"{PATH}/a.gz", {"v": "1.0"})
        assert request.to_disk


@pytest.mark.parametrize(
    "link",
    [None, "", "x", "/api/account/1/users", f"{PATH}/../../../users", "http://[", 7, "/data_access_le/../x"],
)
def test_a_link_that_leads_elsewhere_is_refused(link):
    with pytest.raises(InvalidResponseError, match="does not lead below /data_access_le/account/"):
        listed([entry(**{"@href": link})])


def test_one_file_as_an_object_several_in_a_list_and_none():
    assert [one.path for one in listed(entry())] == [f"{PATH}/a.gz"]
    several = [entry(), entry(**{"@href": f"https://h{PATH}/b"}), entry()]
    assert [one.path for one in listed(several)] == [f"{PATH}/a.gz", f"{PATH}/b"]
    assert listed([]) == listed(None) == []


@pytest.mark.parametrize(
    ("start", "is_inside"),
    [
        ("2026-01-29T23:59:59.999+00:00", False),
        ("2026-01-30T00:00:00Z", True),
        ("2026-01-29T20:00:00-04:00", True),
        ("2026-01-30T23:00:00+00:00", True),
        ("2026-01-31T00:00:00+00:00", False),
        ("2026-01-30T20:00:00-04:00", False),
    ],
)
def test_a_file_belongs_to_the_window_with_the_start_of_its_scope(start, is_inside):
    assert bool(listed([entry(**{"@scopeStartDate": start})])) is is_inside


@pytest.mark.parametrize("stated", [None, "", "soon", "2026-01-30T01:00:00", 7])
def test_without_a_scope_the_name_says_when_a_file_begins(stated):
    assert len(listed([entry(**{"@scopeStartDate": stated})])) == 1
    late = "Survey.1769817600000.1769821200000.part-00000-0"
    assert listed([entry(**{"@scopeStartDate": stated, "@name": late})]) == []
    with pytest.raises(InvalidResponseError, match="when it begins"):
        listed([entry(**{"@scopeStartDate": stated, "@name": "Survey.gz"})])


@pytest.mark.parametrize(
    "body", [b"[]", b'{"rows":[7]}', b'{"dataAccessFiles":[]}', b'{"dataAccessFiles":{}}', b"7"]
)
def test_another_answer_is_not_an_empty_list(body):
    with pytest.raises(InvalidResponseError, match="not what LivePerson documents"):
        pager().parse(Answer(status=200, headers={}, body=body))


@pytest.mark.parametrize("status", [404, 400])
def test_no_available_files_is_an_empty_window(status):
    made = pager()
    made.refused(RequestRejectedError('… answered 4xx \'{"message":"No Available Files"}\'.', status=status))
    assert made.next_request() is None
    assert made.received == 0


REAL = (
    b'{"dataType":{"com.liveperson.dataaccess.DataTypeEnum":"Survey"},"metaData":{"com.liveperson.dataaccess.MetaData":'
    b'{"accountId":{"string":"1"}}},"recordCollection":{"array":[{"body":{"com.liveperson.dataaccess.SurveyData":{'
    b'"header":{"com.liveperson.dataaccess.VisitorHeader":{"visitId":{"string":"v"},"visitorId":null}},"surveys":'
    b'{"array":[{"com.liveperson.dataaccess.Survey":{"id":{"long":7},"contents":{"array":[{"x.C":{"csatThreshold":'
    b'{"double":-1.0},"answer":{"string":"%b"}}}]}}},{"x.Survey":{}}]}}}}]}}'
)
SAMPLE = (
    b'{"metaData":{"accountId":{"string":"1"}},"recordCollection":[{"body":{"SurveyData":{"header":{"visitId":'
    b'{"string":"v"},"visitorId":null},"surveys":{"array":[{"id":{"long":7},"contents":{"array":[{"csatThreshold":'
    b'{"double":-1.0},"answer":{"string":"%b"}}]}},{}]}}}}]}'
)
ADDED = b'"_header":{"visitId":"v","visitorId":null},"_type":"SurveyData"}'


@pytest.mark.parametrize("content", [REAL, SAMPLE], ids=["real", "sample"])
def test_each_item_of_the_list_is_a_record_with_the_header_and_the_class(content):
    assert read(content % b"a" + b"\n" + content % b"b") == [
        b'{"id":7,"contents":[{"csatThreshold":-1.0,"answer":"a"}],' + ADDED,
        b"{" + ADDED,
        b'{"id":7,"contents":[{"csatThreshold":-1.0,"answer":"b"}],' + ADDED,
        b"{" + ADDED,
    ]


def test_odd_texts_land_as_they_were_sent_or_are_counted_as_repaired():
    (half, *_) = read(REAL % rb"\ud83d")
    assert rb'"answer":"\ud83d"' in half
    made = pager()
    file = io.BytesIO(REAL % b"K\xfcche")
    lines = list(made.accept(made.parse(Answer(status=200, headers={}, file=file))))
    assert [isinstance(line, RepairedLine) for line in lines] == [True, False]
    assert json.loads(lines[0])["contents"][0]["answer"] == "K\ufffdche"


def body_of(body: str) -> list[Any]:
    return [json.loads(line) for line in read(b'{"recordCollection":[{"body":%b}]}' % body.encode())]


def test_the_bodies_of_the_other_kinds_of_file():
    header = {"visitId": "v"}
    geo = '{"x.GeoData":{"header":{"visitId":"v"},"geo":{"x.Geo":{"country":{"string":"NZ"}}}}}'
    assert body_of(geo) == [{"country": "NZ", "_header": header, "_type": "GeoData"}]
    bare = '{"x.GeoData":{"header":{"visitId":"v"},"country":{"string":"NZ"},"city":null}}'
    assert body_of(bare) == [{"country": "NZ", "city": None, "_header": header, "_type": "GeoData"}]
    engagement = (
        '{"x.EngagementData":{"header":null,"engagements":{"array":[{"Conversation":{"mcs":{"int":1}}}]}}}'
    )
    assert body_of(engagement) == [{"mcs": 1, "_header": None, "_type": "EngagementData"}]
    spaced = '{"x.EngagementData": {"header": null, "engagements": [ { "Conversation" : { "mcs": 1 } } ] } }'
    assert body_of(spaced) == [{"mcs": 1, "_header": None, "_type": "EngagementData"}]
    assert body_of('{"header":null,"surveys":[{"id":1}]}') == [{"id": 1, "_header": None, "_type": None}]
    assert body_of('{"x.SurveyData":{"header":null,"surveys":null}}') == []
    assert body_of('{"x.SurveyData":{"header":null,"surveys":{"array":[]}}}') == []


def test_a_visitors_whereabouts_are_as_personal_as_in_conversations():
    whereabouts = {
        path for path in PERSONAL_FIELDS["messaging_interactions"] if path.startswith("monitoring.")
    }
    places = {path.removeprefix("monitoring.") for path in whereabouts} & set(
        DATASETS["data_access_web_session"].columns
    )
    assert {"state", "city"} <= places <= set(PERSONAL_FIELDS["data_access_web_session"])


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b'{"recordCollection":7}',
        b'{"recordCollection":[{}]}',
        b'{"recordCollection":[{"body":null}]}',
        b'{"recordCollection":[{"body":{"x.SurveyData":{"surveys":[null]}}}]}',
        b'{"recordCollection":[7]}',
    ],
)
def test_a_file_of_another_shape_is_refused_and_nothing_left_out(content):
    with pytest.raises(InvalidResponseError, match="not what LivePerson documents"):
        read(content)


@pytest.mark.parametrize("depth", [200, 50_000])
def test_nesting_is_read_or_refused_in_words(depth):
    deep = b'{"a":' * depth + b'{"long":1}' + b"}" * depth
    content = b'{"recordCollection":[{"body":{"x.S":{"surveys":[%b]}}}]}' % deep
    if depth == 200:
        (line,) = read(content)
        assert line.startswith(b'{"a":' * depth + b"1}")
        return
    with pytest.raises(InvalidResponseError, match="nested more deeply than can be read"):
        read(content)


def test_a_name_that_livepersons_table_spells_otherwise_lands_in_its_column():
    """So that whoever drops or hashes the column has it, in either spelling."""
    agents = DATASETS["data_access_agent_activity"]
    query = agents.query(DAY)
    made = agents.open(query, agents.plan(query)[0])
    made.next_request()
    rows = [
        {"agentID": {"long": 7}, name: {"string": "agentUserName"}}
        for name in ("agentUserName", "agentUsername")
    ]
    body = {"header": {"agentSessionId": "s"}, "agentSessionsData": {"array": rows}}
    content = json.dumps({"recordCollection": [{"body": {"AgentActivityData": body}}]}).encode()
    parsed = made.parse(Answer(status=200, headers={}, file=io.BytesIO(content)))
    landed = [json.loads(bytes(line)) for line in made.accept(parsed)]
    assert [row.get("agentUsername") for row in landed] == ["agentUserName"] * 2
    assert set(landed[0]) == set(landed[1])
    assert "agentUsername" in PERSONAL_FIELDS[agents.name]
