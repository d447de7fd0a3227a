"""Pages of the present state: every record says when it was pulled, and nothing of it is lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.datasets.agent_metrics import AGENT_METRICS_STATUS
from airflow_provider_liveperson.datasets.readers import snapshot
from airflow_provider_liveperson.datasets.readers.reader import Pager
from airflow_provider_liveperson.datasets.readers.snapshot import with_column
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.records.raw import RepairedLine
from airflow_provider_liveperson.window import Window

DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))


def pager() -> Pager:
    query = AGENT_METRICS_STATUS.query(DAY)
    (slice_,) = AGENT_METRICS_STATUS.plan(query)
    return AGENT_METRICS_STATUS.open(query, slice_)


def answer(body: bytes) -> Answer:
    return Answer(status=200, headers={}, body=body)


def page(records: bytes, count: int, shards: Any = None) -> Answer:
    metadata = json.dumps({"count": count, "shardsStatusResult": shards}).encode()
    return answer(b'{"_metadata":%b,"agentStatusRecords":[%b]}' % (metadata, records))


def test_what_is_sent():
    request = pager().next_request()
    assert request is not None
    assert (request.method, request.service, request.json) == ("POST", "msgHist", {})
    assert request.path == "/messaging_history/api/account/{account_id}/agent-view/status"
    assert request.params == {"offset": "0", "limit": "1000", "source": "{source}"}


def test_all_records_of_a_pull_say_the_same_instant(monkeypatch):
    instants = iter([datetime(2026, 1, 31, 0, 5, tzinfo=UTC), datetime(2026, 1, 31, 0, 6, tzinfo=UTC)])
    monkeypatch.setattr(snapshot, "now", lambda: next(instants))
    made, found = pager(), []
    for records in (b'{"agentId":"1", "load": 0.50}', b'{"agentId":2}'):
        made.next_request()
        found += made.accept(made.parse(page(records, 2)))
    assert found == [
        b'{"agentId":"1", "load": 0.50,"_pulled_at":"2026-01-31T00:05:00Z"}',
        b'{"agentId":2,"_pulled_at":"2026-01-31T00:05:00Z"}',
    ]


@pytest.mark.parametrize("flag", [True, "true", 1, "perhaps"], ids=repr)
def test_what_only_part_of_the_search_engine_answered_is_read_again(flag):
    made = pager()
    made.next_request()
    with pytest.raises(InvalidResponseError, match="only part of LivePerson's search engine"):
        made.parse(page(b"", 0, {"partialResult": flag}))
    assert made.parse(page(b"", 0, {"partialResult": "false"})).records == []


def test_a_record_that_was_repaired_stays_one():
    made = pager()
    made.next_request()
    (line,) = made.accept(made.parse(page(b'{"agentId":"1","agentName":"K\xfcche"}', 1)))
    assert isinstance(line, RepairedLine)
    assert json.loads(line)["agentName"] == "K\ufffdche"


@pytest.mark.parametrize(
    ("line", "longer"),
    [(b"{}", b'{"a":"b"}'), (b"{ }", b'{ "a":"b"}'), (b'{"x":{}}', b'{"x":{},"a":"b"}')],
)
def test_a_field_is_added_behind_the_others(line, longer):
    assert with_column(line, "a", "b") == with_column(memoryview(line), "a", "b") == longer
