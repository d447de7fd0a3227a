from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from airflow_provider_liveperson.sandbox.http.faults import FaultQueue

DOCUMENT = "{auditData(first:20){element newValue}}"


def test_status_with_a_message_and_as_often_as_asked(sandbox: Any) -> None:
    server = sandbox()
    server.faults.add(kind="status", match="/metadata/audit", status=503, times=2)
    assert [server.ask(DOCUMENT).status_code for _ in range(3)] == [503, 503, 200]
    assert [recorded.fault for recorded in server.requests] == ["status", "status", None]


@pytest.mark.parametrize(("body", "sent"), [("plain words", "plain words"), ({"a": [1]}, '{"a": [1]}')])
def test_status_with_a_body(sandbox: Any, body: Any, sent: str) -> None:
    server = sandbox()
    server.faults.add(kind="status", status=500, body=body)
    assert server.ask(DOCUMENT).text == sent


@pytest.mark.parametrize("status", [204, 304])
def test_status_without_a_body(sandbox: Any, status: int) -> None:
    server = sandbox()
    server.faults.add(kind="status", status=status)
    answer = server.ask(DOCUMENT)
    assert (answer.status_code, answer.content) == (status, b"")
    assert server.ask(DOCUMENT).status_code == 200


def test_faults_happen_to_what_they_match_and_after_what_they_skip(sandbox: Any) -> None:
    server = sandbox()
    server.faults.add(kind="status", match="/app/token", status=500)
    server.faults.add(kind="status", match="/audit", status=502, skip=1)
    assert [server.ask(DOCUMENT).status_code for _ in range(3)] == [200, 502, 200]
    assert [server.post_token().status_code for _ in range(2)] == [500, 200]


def test_faults_can_match_the_query_string(sandbox: Any) -> None:
    server = sandbox()
    server.faults.add(kind="status", match="limit=3", status=500)
    assert [server.export(limit=n).status_code for n in (2, 3, 3)] == [200, 500, 200]


def test_faults_in_a_row_happen_in_their_order(sandbox: Any) -> None:
    server = sandbox()
    for status in (500, 429, 401):
        server.faults.add(kind="status", status=status)
    assert [server.ask(DOCUMENT).status_code for _ in range(4)] == [500, 429, 401, 200]


def test_retry_after(sandbox: Any) -> None:
    server = sandbox()

    def header(**fault: Any) -> str | None:
        server.faults.add(kind="status", **fault)
        value: str | None = server.ask(DOCUMENT).headers.get("Retry-After")
        return value

    assert header(status=429) is None
    assert header(status=429, retry_after=2) == "2"
    assert header(status=503, retry_after=0.5) == "0.5"
    server.configure(retry_after=7)
    assert header(status=429) == "7"
    assert header(status=503) is None
    server.configure(retry_after="http-date", clock_offset_seconds=200)
    moment = parsedate_to_datetime(header(status=429) or "")
    assert 195 < moment.timestamp() - time.time() < 205


def test_drop_closes_without_an_answer(sandbox: Any) -> None:
    server = sandbox()
    server.faults.add(kind="drop")
    with pytest.raises(requests.exceptions.ConnectionError, match="Remote"):
        server.ask(DOCUMENT)
    assert server.requests[-1].status is None
    assert server.ask(DOCUMENT).status_code == 200


def test_cut_ends_in_the_middle_of_the_announced_body(sandbox: Any) -> None:
    server = sandbox()
    whole = server.ask(DOCUMENT).content
    server.faults.add(kind="cut")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        server.ask(DOCUMENT)
    server.faults.add(kind="cut")
    answer = requests.post(
        server.audit_url, json={"query": DOCUMENT}, auth=server.oauth(), timeout=10, stream=True
    )
    assert int(answer.headers["Content-Length"]) == len(whole)
    assert answer.raw.read(len(whole) // 2) == whole[: len(whole) // 2]
    assert server.ask(DOCUMENT).content == whole


def test_cut_works_on_an_answer_without_a_length(sandbox: Any) -> None:
    server = sandbox(audit_rows=3000)
    server.faults.add(kind="cut", match="/export")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        server.export()
    assert server.export().status_code == 200


def test_cut_json_is_consistent_but_not_json(sandbox: Any) -> None:
    server = sandbox()
    whole = server.ask(DOCUMENT).content
    server.faults.add(kind="cut_json")
    answer = server.ask(DOCUMENT)
    assert answer.content == whole[: len(whole) // 2]
    assert answer.headers["Content-Length"] == str(len(whole) // 2)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_slow_outlasts_an_impatient_client_and_not_the_server(sandbox: Any) -> None:
    server = sandbox()
    server.faults.add(kind="slow", seconds=60)
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(server.audit_url, json={"query": DOCUMENT}, auth=server.oauth(), timeout=0.1)
    server.faults.add(kind="slow", seconds=0.05)
    assert server.ask(DOCUMENT).status_code == 200
    assert server.requests[-1].seconds >= 0.05
    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < 5


def test_latency_is_for_data_only(sandbox: Any) -> None:
    server = sandbox(latency_ms=40)
    assert server.ask(DOCUMENT).status_code == 200
    assert server.requests[-1].seconds >= 0.04
    server.configure(latency_ms=60_000)
    assert server.post_token().status_code == 200
    domain = server.path("service/sentinel/baseURI.json?version=1.0")
    assert requests.get(domain, timeout=10).status_code == 200


def test_not_json_is_a_page(sandbox: Any) -> None:
    server = sandbox()
    server.faults.add(kind="not_json")
    answer = server.ask(DOCUMENT)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_redirect(sandbox: Any) -> None:
    server = sandbox()
    server.faults.add(kind="redirect", location="https://evil.example.com/steal")
    answer = requests.post(server.audit_url, allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://evil.example.com/steal")


def test_replace(sandbox: Any) -> None:
    server = sandbox()
    right = server.rows(first=1, fields="element changeDate")
    server.faults.add(kind="replace", find='"changeDate":"([^"]*)"', put=r'"changeDate":null,"was":"\1"')
    (row,) = server.rows(first=1, fields="element changeDate")
    assert row == {**right[0], "changeDate": None, "was": right[0]["changeDate"]}
    assert server.rows(first=1, fields="element changeDate") == right


@pytest.mark.parametrize("kind", ["expire_tokens", "revoke_tokens"])
def test_tokens_end_at_the_request(sandbox: Any, kind: str) -> None:
    server = sandbox()
    token = server.token()
    server.faults.add(kind=kind, match="/audit", skip=1)
    assert [server.with_token(token).status_code for _ in range(3)] == [200, 401, 401]
    assert server.with_token(server.token()).status_code == 200


@pytest.mark.parametrize("when", ["newest", "late"])
def test_rows_appear_at_the_request(sandbox: Any, when: str) -> None:
    server = sandbox()
    server.faults.add(kind="insert_rows", match="/audit", skip=1, rows=3, when=when)
    first = server.rows(first=20)
    assert len(server.audit) == 200
    second = server.rows(first=20, offset=20)
    assert len(server.audit) == 203
    # What moved over the edge of the page is seen again.
    assert second[:3] == first[-3:]
    newest = server.rows(first=3, fields="objectName")
    assert all("inserted" in row["objectName"] for row in newest) is (when == "newest")


def test_control_requests_meet_no_fault(sandbox: Any) -> None:
    server = sandbox()
    server.faults.add(kind="drop", times=5)
    assert requests.get(server.url + "/_sandbox/health", timeout=10).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"kind": "explode"},
        {"kind": "drop", "color": "red"},
        {"kind": "drop", "times": 0},
        {"kind": "drop", "times": "two"},
        {"kind": "drop", "skip": -1},
        {"kind": "status", "status": 99},
        {"kind": "status", "status": 700},
        {"kind": "status", "retry_after": "later"},
        {"kind": "slow", "seconds": "long"},
        {"kind": "insert_rows", "when": "never"},
        {"kind": "drop", "match": 5},
        {"kind": "replace", "find": "("},
        {"kind": "replace", "put": 5},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    queue = FaultQueue()
    with pytest.raises(ValueError, match=r"must be|takes a kind"):
        queue.add(**wrong)
    assert len(queue) == 0


def test_faults_can_be_cleared(sandbox: Any) -> None:
    server = sandbox()
    server.faults.add(kind="drop", times=9)
    server.faults.clear()
    assert json.loads(server.ask(DOCUMENT).content)["data"]
