"""Any value in any field of any answer is read, counted or refused in words: never an exception of another library."""

from __future__ import annotations

import copy
import gzip
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import LivePersonError
from airflow_provider_liveperson.window import Window

DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
AT = DAY.start_ms + 3_600_000

CONVERSATIONS = {
    "_metadata": {
        "count": 1,
        "self": {"rel": "self", "href": "http://x/?offset=0"},
        "next": None,
        "shardsStatusResult": {"partialResult": False},
    },
    "conversationHistoryRecords": [
        {
            "info": {
                "conversationId": "a",
                "status": "CLOSE",
                "fullDialogStatus": "CLOSE",
                "startTime": "2026-01-30 01:00:00.000+0000",
                "startTimeL": AT,
                "endTime": "2026-01-30 01:00:00.000+0000",
                "endTimeL": AT,
                "conversationEndTimeL": AT,
                "fullDialogEndTimeL": AT,
                "isPartial": False,
            },
            "messageRecords": [],
        }
    ],
}
CHANGES = {
    "_metadata": {"references": [{"rel": "self", "href": "http://x/?offset=0"}]},
    "stateChanges": [
        {
            "agentId": 1,
            "time": "2026-01-30T01:00:00.000Z",
            "statusType": 1,
            "statusSubType": 2,
            "sequenceNumber": 3,
        }
    ],
}
INTERVALS = {
    "metadata": {"paging": {"nextPageKey": "k", "refs": {"next": "http://x/?pageKey=k"}}},
    "intervals": [
        {
            "timeframe": {"from": "2026-01-30T01:00:00.000Z", "fromL": AT},
            "skillId": 1,
            "agentId": 2,
            "status": "Done",
        }
    ],
}
QUEUES = {
    "metricsByIntervals": [
        {"timestamp": AT, "metricsTotal": {"a": 1}, "skillsMetrics": {"7": {"a": 1}, "-1": {}}},
        {"timestamp": AT + 300_000, "metricsData": {"metricsTotals": {"a": 1}, "skillsMetrics": {}}},
    ],
    "timeframeSummary": {},
}
AUDIT = {"data": {"auditData": [{"changeDate": "2026-01-30 01:00:00.0", "element": "x"}]}}
USAGE = {
    "recordslist": [
        {
            "accountId": "1",
            "apiConsumerid": "7",
            "apiType": "MSG_SEARCH",
            "time": str(AT),
            "interactions": ["a"],
        }
    ],
    "total": 1,
}
OUTBOUND = {
    "requestMetadata": {"app": "prmsg"},
    "page": {"count": 1, "offset": 0, "limit": 5000},
    "transactions": [
        {"transactionId": "a", "attemptedTime": "2026-01-30T01:00:00.000Z", "messageStatus": "SENT"}
    ],
}
USERS = [{"id": "1", "loginName": "x"}, {"id": "2", "loginName": "y"}]
AGENTS = {
    "_metadata": {"count": 1, "shardsStatusResult": {"partialResult": False}},
    "agentStatusRecords": [{"agentId": "1", "currentStatus": "ONLINE"}],
}
FILES = {
    "dataAccessFiles": {
        "@id": "1",
        "link": {
            "@href": "https://va-a.da.liveperson.net/data_access_le/account/1/le/survey",
            "@rel": "self",
        },
        "file": [
            {
                "@name": "Survey.1769734800000.1769738400000.part-00000-0.gz",
                "@scopeStartDate": "2026-01-30T01:00:00+00:00",
                "@scopeEndDate": "2026-01-30T02:00:00+00:00",
                "@href": "https://va-a.da.liveperson.net/data_access_le/account/1/le/survey/x.gz",
            }
        ],
    }
}
FILE = {
    "dataType": {"x.DataTypeEnum": "Survey"},
    "recordCollection": {
        "array": [
            {
                "body": {
                    "x.SurveyData": {
                        "header": {"x.VisitorHeader": {"visitId": {"string": "v"}}},
                        "surveys": {"array": [{"x.Survey": {"id": {"long": 1}, "contents": {"array": []}}}]},
                    }
                }
            }
        ]
    },
}
GROUPS = {
    "metadata": {"count": 1, "self": {"rel": "self", "href": "http://x/?offset=0"}},
    "groupBy": {"groupByField": "agentGroupId", "groups": [{"key": "1", "metrics": {"csat": 0.5}}]},
}
ANSWERS: list[tuple[str, str | None, Any]] = [
    ("messaging_interactions", "start", CONVERSATIONS),
    ("messaging_interactions", "end", CONVERSATIONS),
    ("messaging_interactions", "full_dialog_end", CONVERSATIONS),
    ("messaging_interactions", "updated", CONVERSATIONS),
    ("agent_status_changes", None, CHANGES),
    ("interval_metrics", None, INTERVALS),
    ("messaging_queue_health", None, QUEUES),
    ("audit_trail", None, AUDIT),
    ("data_usage_audit", None, USAGE),
    ("outbound_transactions", None, OUTBOUND),
    ("users", None, USERS),
    ("key_messaging_metrics", None, GROUPS),
    (
        "agent_view",
        None,
        {"metadata": {"count": 1}, "agentViewRecords": [{"agentId": "1", "agentGroupId": -1}]},
    ),
    ("agent_metrics_status", None, AGENTS),
    (
        "agent_metrics_summary",
        None,
        {"accountID": "1", "summaryResults": {"minLoad": 0.5, "numAwayAgents": 1}},
    ),
    ("data_access_survey", None, FILES),
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values inside."""
    found = [path]
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        found += places(inner, (*path, key))
    return found


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    made = copy.deepcopy(value)
    target = made
    for step in path[:-1]:
        target = target[step]
    if new is MISSING:
        del target[path[-1]]
    else:
        target[path[-1]] = new
    return made


MISSING = object()
odd = (
    st.just(MISSING)
    | st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([-1, 0, 2**63, 2**64, 10**30, 10**400, 253_402_300_799_999, 253_402_300_800_000])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.sampled_from(
        ["", "undefined", "NA", "-1", "true", "9" * 400, "0001-01-01T00:00:00+23:59", "1e999999999"]
    )
    | st.sampled_from(
        ["9999-12-31T23:59:59.999-23:59", "2026-01-30T24:00:00Z", "0000-00-00 00:00:00.0", "１"]
    )
    | st.lists(
        st.none() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=3), max_size=2
    )
    | st.dictionaries(st.sampled_from(["a", "rel", "partialResult"]), st.none() | st.booleans(), max_size=2)
)


def read(name: str, cursor: str | None, answer: Answer) -> tuple[Any, list[bytes]]:
    """What the reader makes of an answer to its first request."""
    dataset = DATASETS[name]
    query = dataset.query(DAY, cursor=cursor)
    reader = dataset.open(query, dataset.plan(query)[-1])
    assert reader.next_request() is not None
    parsed = reader.parse(answer)
    reader.peek(parsed)
    reader.next_request()
    return reader, [bytes(line) for line in reader.accept(parsed)]


@pytest.mark.parametrize(("name", "cursor", "right"), ANSWERS, ids=[f"{one[0]}-{one[1]}" for one in ANSWERS])
@settings(max_examples=150)
@given(data=st.data())
def test_any_value_in_any_field(name, cursor, right, data):
    body = right
    for _ in range(data.draw(st.integers(1, 3))):
        body = changed(body, data.draw(st.sampled_from(places(body))), data.draw(odd))
        if body is MISSING or not isinstance(body, dict | list):
            break
    if body is MISSING:
        return
    answer = Answer(status=200, headers={}, body=json.dumps(body).encode())
    try:
        reader, found = read(name, cursor, answer)
    except LivePersonError:
        return
    assert len(found) + reader.undated <= max(reader.received, len(found))
    for line in found:
        json.loads(line)


@pytest.mark.parametrize(("name", "cursor", "right"), ANSWERS, ids=[f"{one[0]}-{one[1]}" for one in ANSWERS])
@settings(max_examples=60)
@given(cut=st.integers(0, 2000), put=st.binary(max_size=6))
def test_any_bytes_in_any_place(name, cursor, right, cut, put):
    body = json.dumps(right).encode()
    at = cut % len(body)
    answer = Answer(status=200, headers={}, body=body[:at] + put + body[at + 1 :])
    try:
        read(name, cursor, answer)
    except LivePersonError:
        return


EXPORT = (
    b"Search Criteria\r\nAccount ID,Start(UTC)\r\n1,2026-01-29\r\nTotal Items\r\n2\r\nResults\r\n"
    b'Object type,Date and time\r\nUsers,2026-01-30T10:00:00\r\n"Sk,ills",2026-01-30T11:00:00\r\n'
)


@settings(max_examples=400)
@given(
    st.integers(0, 2000),
    st.integers(0, 3),
    st.binary(max_size=6) | st.sampled_from([b'"', b"\r", b"\n", b",", b"\0", b"\xef\xbb\xbf", b"\xff\xfe"]),
    st.sampled_from(
        ["text/csv", "text/csv; charset=utf-16", "text/csv; charset=utf-7", "text/csv; charset=ascii", ""]
    ),
)
@example(0, 0, b"", "text/csv; charset=iso-2022-jp")
def test_any_bytes_in_any_place_of_the_export(cut, length, put, kind):
    at = cut % len(EXPORT)
    data = EXPORT[:at] + put + EXPORT[at + length :]
    try:
        read(
            "audit_trail_export",
            None,
            Answer(status=200, headers={"Content-Type": kind}, file=io.BytesIO(data)),
        )
    except LivePersonError:
        return


@settings(max_examples=400)
@given(data=st.data())
def test_any_value_in_any_field_of_a_file(data):
    content: Any = FILE
    for _ in range(data.draw(st.integers(1, 3))):
        content = changed(content, data.draw(st.sampled_from(places(content))), data.draw(odd))
        if content is MISSING or not isinstance(content, dict | list):
            return
    for body in (json.dumps(content).encode(), gzip.compress(json.dumps(content).encode())):
        pager, _ = read(
            "data_access_survey", None, Answer(status=200, headers={}, body=json.dumps(FILES).encode())
        )
        try:
            parsed = pager.parse(Answer(status=200, headers={}, file=io.BytesIO(body)))
            found = list(pager.accept(parsed))
        except LivePersonError:
            continue
        assert len(found) == pager.received
        for line in found:
            assert {"_header", "_type"} <= json.loads(line).keys()


@settings(max_examples=200)
@given(cut=st.integers(0, 2000), put=st.binary(max_size=6), is_compressed=st.booleans())
def test_any_bytes_in_any_place_of_a_file(cut, put, is_compressed):
    body = json.dumps(FILE).encode()
    body = gzip.compress(body) if is_compressed else body
    at = cut % len(body)
    pager, _ = read(
        "data_access_survey", None, Answer(status=200, headers={}, body=json.dumps(FILES).encode())
    )
    try:
        parsed = pager.parse(
            Answer(status=200, headers={}, file=io.BytesIO(body[:at] + put + body[at + 1 :]))
        )
        for line in pager.accept(parsed):
            json.loads(line)
    except LivePersonError:
        return
