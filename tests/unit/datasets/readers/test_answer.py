"""One answer made into rows: lists, unfolded fields, and answers about the present."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.datasets.model.slices import Query
from airflow_provider_liveperson.datasets.operational_realtime import (
    CHAT_AGENT_ACTIVITY,
    CHAT_QUEUE_STATE,
    CHAT_SLA,
)
from airflow_provider_liveperson.datasets.readers import snapshot
from airflow_provider_liveperson.datasets.readers.reader import Pager
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.window import Window

DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 30, 1, tzinfo=UTC))


def pager(dataset: Any, **filters: Any) -> Pager:
    query: Query = dataset.query(DAY, filters=filters)
    (slice_,) = dataset.plan(query)
    opened: Pager = dataset.open(query, slice_)
    return opened


def lines(opened: Pager, body: bytes) -> list[bytes]:
    opened.next_request()
    parsed = opened.parse(Answer(status=200, headers={}, body=body))
    return [bytes(line) for line in opened.accept(parsed)]


@pytest.fixture(autouse=True)
def pulled_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "now", lambda: datetime(2026, 1, 30, 1, 2, 3, tzinfo=UTC))


def test_each_object_of_a_list_is_a_row_with_its_fields_unfolded_as_they_came():
    statuses = [
        '{"id": 4, "name": "Away", "value": {"total": 1.50, "chatting":\t0}, "reasons": [{"id": "61001"}]}',
        '{"value": {}, "id": "2"}',
        '{"id": 4, "name": "once more"}',
        '{"id": -1, "value": null}',
    ]
    by_agent = f'{{"7": [{", ".join(statuses)}], "10": [], "3": [{{"value": {{"total": 1e400}}}}]}}'
    agents = f'{{"agentsMetrics": {{"metricsPerAgent": {by_agent}}}}}'
    interval = f'{{"timestamp": "2026-01-30T00:05:00Z", "metricsData": {agents}}}'
    opened = pager(CHAT_AGENT_ACTIVITY)
    found = lines(opened, f'{{"metricsByIntervals": [{interval}]}}'.encode())
    when = b'{"_interval_start":"2026-01-30T00:00:00Z","_interval_end":"2026-01-30T00:05:00Z"'
    assert found == [
        when + b',"_agent_id":"3","total": 1e400}',
        when + b',"_agent_id":"7","id":-1,"value":null}',
        when + b',"_agent_id":"7","id":"2"}',
        when
        + b',"_agent_id":"7","id":4,"name":"Away","total": 1.50, "chatting":\t0,"reasons":[{"id": "61001"}]}',
    ]
    assert (opened.received, opened.repeated) == (4, 1)


def test_an_answer_about_the_present_says_when_and_of_what_time_it_is():
    opened = pager(CHAT_SLA, timeframe="60", histogram=[0, 15])
    request = opened.next_request()
    assert request is not None
    assert request.params == {
        "v": "1",
        "timeframe": "60",
        "skillIds": "all",
        "histogram": "0,15",
        "source": "{source}",
    }
    body = b'{"meta":{"responseCode":200},"body":{"slaDataRange":{"15":{"chats":2},"0":{"chats":1}}}}'
    when = {
        "_pulled_at": "2026-01-30T01:02:03Z",
        "_interval_start": "2026-01-30T00:00:00Z",
        "_interval_end": "2026-01-30T01:05:00Z",
    }
    assert [json.loads(line) for line in lines(pager(CHAT_SLA, timeframe=60), body)] == [
        {**when, "_range": "0", "chats": 1},
        {**when, "_range": "15", "chats": 2},
    ]


@pytest.mark.parametrize("body", [b'{"rows":[7]}', b'{"totals":[1]}', b'{"skills":{"7":5}}', b"[]"])
def test_an_answer_of_another_shape_is_refused(body: bytes):
    with pytest.raises(InvalidResponseError):
        lines(pager(CHAT_QUEUE_STATE), body)


@pytest.mark.parametrize("body", [b'{"totals":{}}', b'{"skills":{},"totals":null}', b'{"skills":{"7":{}}}'])
def test_places_without_numbers_are_no_rows(body: bytes):
    assert lines(pager(CHAT_QUEUE_STATE), body) == []
