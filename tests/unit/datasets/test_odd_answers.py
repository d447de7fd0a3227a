"""Whatever bytes come, every reader reads them or says so with an error of the package."""

from __future__ import annotations

import contextlib
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.datasets.readers.collection import Collection
from airflow_provider_liveperson.exceptions import ConfigurationError, InvalidResponseError, LivePersonError
from airflow_provider_liveperson.window import Window
from devtools.nesting import TOO_DEEP

DAY = Window(datetime(2026, 1, 28, tzinfo=UTC), datetime(2026, 1, 29, tzinfo=UTC))
DEEP = b"[" * TOO_DEEP + b"1" + b"]" * TOO_DEEP
AGENTS = b'{"_metadata":{"count":2},"agentStatusRecords":[{"agentId":"1","a":"%b"},{"agentId":2,"b":"%b"}]}'
QUEUES = (
    b'{"metricsByIntervals":[{"timestamp":1769568300000,"metricsTotal":{"a":"%b"},'
    b'"skillsMetrics":{"7":{"a":"%b"}}}]}'
)
FILE = (
    b'{"recordCollection":{"array":[{"body":{"x.SurveyData":{"header":{"x.VisitorHeader":{"visitId":{"string":"v"}}},'
    b'"surveys":{"array":[{"id":{"long":1},"a":"%b"},{"b":"%b"}]}}}}]}}'
)
PAGES = {
    "actual_handle_time": b'{"segments":[{"endTime":"2026-01-28T02:46:00.815Z","segmentId":"1","a":"%b"},'
    b'{"endTime":"%b"}]}',
    "actual_handle_time_breakdown": b'{"segmentId":"1","a":"%b"}\n{"segmentId":"%b"}\n',
    "agent_metrics_status": AGENTS,
    "agent_metrics_list": AGENTS,
    "agent_metrics_summary": b'{"accountID":"%b","summaryResults":{"a":"%b"}}',
    "agent_view": b'{"metadata":{"count":2},"agentViewRecords":[{"agentId":"1","a":"%b"},{"agentId":2,"b":"%b"}]}',
    "key_messaging_metrics": b'{"metadata":{"count":2},"groupBy":{"groups":[{"key":"1","metrics":{"a":"%b"}},'
    b'{"key":"2","b":"%b"}]}}',
    "key_messaging_metrics_history": b'{"historicalMetricsIntervals":[{"timestamp":1769633100000,"values":{"a":"%b"}},'
    b'{"timestamp":1769633400000,"values":{"a":"%b"}}]}',
    "agent_groups": b'[{"id":1,"name":"%b"},{"id":"%b"}]',
    "agent_status_changes": b'{"stateChanges":[{"time":"2026-01-28T02:46:00.815Z","a":"%b"},{"time":"%b"}]}',
    "audit_trail": b'{"data":{"auditData":[{"changeDate":"2026-01-28 00:27:50.0","a":"%b"},{"changeDate":"%b"}]}}',
    "audit_trail_export": b'Total Items\n1\n\nResults\nName,Date and time\n"%b","%b"\n',
    "chat_agent_activity": b'{"metricsByIntervals":[{"timestamp":1769568300000,"metricsData":{"agentsMetrics":'
    b'{"metricsPerAgent":{"7":[{"id":2,"a":"%b","value":{"b":"%b"}}]}}}}]}',
    "chat_engagement_activity": b'{"metricsByIntervals":[{"timestamp":1769568300000,"metricsData":'
    b'{"skillsMetricsPerAgent":{"metricsTotals":{"a":"%b"},"metricsPerSkill":{"7":{"metricsTotals":{"a":"%b"}}}}}}]}',
    "chat_queue_health": b'{"metricsByIntervals":[{"timestamp":1769568300000,"metricsData":'
    b'{"metricsTotals":{"a":"%b"},"skillsMetrics":{"7":{"a":"%b"}}}}]}',
    "chat_queue_state": b'{"totals":{"a":"%b"},"skills":{"7":{"a":"%b"}}}',
    "chat_sla": b'{"slaDataRange":{"0":{"a":"%b"},"15":{"a":"%b"}}}',
    **{name: FILE for name in DATASETS if name.startswith("data_access_")},
    "data_usage_audit": b'{"recordslist":[{"time":"1769594400000","apiConsumerid":"1","a":"%b"},{"time":"%b"}]}',
    "net_handle_time": b'{"_metadata":{"count":1},"skillInfo":[{"skillId":7,"metricsByIntervals":['
    b'{"epochTimestamp":1769568300000,"a":"%b"},{"epochTimestamp":1769569200000,"b":"%b"}]}]}',
    "outbound_transactions": b'{"page":{"count":2},"transactions":[{"attemptedTime":"2026-01-28T02:46:00.815Z",'
    b'"transactionId":"1","a":"%b"},{"attemptedTime":"%b"}]}',
    "outbound_analytics": b'{"analytics":[{"transactionday":"01-28-2026","channel":"sms","a":"%b"},'
    b'{"transactionday":"%b"}]}',
    "personal_data_deletion_requests": b'[{"request_time":"2026-01-28T02:46:00.815Z","request_id":"1","a":"%b"},'
    b'{"request_time":"%b"}]',
    "shift_status": b'[{"skill":1,"a":"%b"},{"skill":2,"b":"%b"}]',
    "interval_metrics": b'{"intervals":[{"timeframe":{"from":"2026-01-28T02:45:00.000Z"},"a":"%b"},'
    b'{"timeframe":{"from":"%b"}}]}',
    "engagement_history": b'{"_metadata":{"count":1},"interactionHistoryRecords":[{"info":{"engagementId":"7",'
    b'"startTimeL":1769566265233,"name":"%b"},"text":"%b"}]}',
    "messaging_interactions": b'{"_metadata":{"count":1},"conversationHistoryRecords":[{"info":{"conversationId":"7",'
    b'"startTimeL":1769566265233,"endTimeL":1769566265233,"name":"%b"},"text":"%b"}]}',
    "messaging_queue_health": QUEUES,
    "messaging_skill_segments": QUEUES,
    "messaging_agent_segments": b'{"metricsByIntervals":[{"timestamp":1769568300000,"metricsData":'
    b'{"metricsTotal":{"a":"%b"},"agentsMetrics":{"metricsPerAgent":{"7":{"a":"%b"}}}}}]}',
    "messaging_conversation_metrics": b'{"metricsByIntervals":[{"timestamp":1769568300000,"metricsData":'
    b'{"skillsMetricsPerAgent":{"metricsTotals":{"a":"%b"},"metricsPerSkill":{"7":{"metricsTotals":{"a":"%b"}}}}}}]}',
    "messaging_csat_distribution": b'{"skillsMetricsPerAgent":{"metricsTotals":{"a":"%b"}},'
    b'"agentsMetrics":{"metricsPerAgent":{"7":{"a":"%b"}}}}',
    "messaging_queue_health_current": b'{"metricsTotal":{"a":"%b"},"skillsMetrics":{"7":{"a":"%b"}}}',
    "messaging_queue_health_by_group": b'{"skillGroupMetrics":{"7":{"8":{"a":"%b"},"9":{"a":"%b"}}}}',
    "estimated_wait_time": b'{"estimatedWaitTimeResponse":[{"skillId":1,"a":"%b"},{"skillId":2,"b":"%b"}]}',
}
# What comes before the answer with records.
LIST = (
    b'{"dataAccessFiles":{"file":{"@scopeStartDate":"2026-01-28T01:00:00Z","@href":'
    b'"https://va-a.da.liveperson.net/data_access_le/account/1/le/survey/x.gz"}}}'
)
LISTS = {
    "actual_handle_time_breakdown": b'{"files":["/year=2026/month=1/day=28/hour=1/accountId=1/s.json.gz"]}',
    **{name: LIST for name in DATASETS if name.startswith("data_access_")},
}
every_dataset = pytest.mark.parametrize("name", sorted(DATASETS))


def page(name: str, one: bytes, other: bytes) -> bytes:
    return PAGES.get(name, PAGES["agent_groups"]) % (one, other)


def read(name: str, body: bytes, content_type: str = "application/json") -> list[bytes]:
    dataset = DATASETS[name]
    query = dataset.query(DAY)
    reader = dataset.open(query, dataset.plan(query)[-1])
    request = reader.next_request()
    assert request is not None
    if name in LISTS:
        assert list(reader.accept(reader.parse(Answer(status=200, headers={}, body=LISTS[name])))) == []
        request = reader.next_request()
        assert request is not None
    held = {"file": io.BytesIO(body)} if request.to_disk else {"body": body}
    parsed = reader.parse(Answer(status=200, headers={"Content-Type": content_type}, **held))
    reader.peek(parsed)
    lines = list(reader.accept(parsed))
    while not lines and isinstance(dataset.reader, Collection) and reader.next_request() is not None:
        lines = list(
            reader.accept(parsed)
        )  # a collection is asked for in other ways where fields are missing
    if name == "audit_trail":  # which hands its last instant on with the next page
        lines = [row.raw for row in parsed.rows]
    return list(map(bytes, lines))


@every_dataset
@settings(max_examples=100)
@given(
    one=st.binary(max_size=12),
    other=st.binary(max_size=12),
    cut=st.integers(0, 9),
    said=st.text(max_size=9),
)
def test_whatever_comes_is_read_or_refused(name, one, other, cut, said):
    whole = page(name, one, other)
    for body in (whole, whole[:-cut], one):
        with contextlib.suppress(LivePersonError):
            assert all(line.decode() for line in read(name, body, f"application/json; charset={said}"))


@pytest.mark.parametrize("name", sorted(set(DATASETS) - {"audit_trail_export"}))
@pytest.mark.parametrize(
    "body",
    [
        b"[%b]" % DEEP,
        b'{"_metadata":%b}' % DEEP,
        b'{"data":{"auditData":[{"x":%b}]}}' % DEEP,
        b'[{"id":NaN}]',
    ],
    ids=["list", "metadata", "record", "NaN"],
)
def test_what_no_decoder_reads_is_said_in_words(name, body):
    with pytest.raises(InvalidResponseError, match=r"nested more deeply|malformed|not what"):
        read(name, body)


@pytest.mark.parametrize("name", sorted(set(DATASETS) - {"audit_trail_export"}))
@pytest.mark.parametrize(
    "odd", [b"1e400", b"9" * 400, b"9" * 5000, b'{"a":1,"a":2}', rb'"\\ud83d"', b"-0", b"1e-400"]
)
def test_odd_values_in_fields_that_nobody_needs_stop_nothing(name, odd):
    body = page(name, b'","odd":%b,"z":"' % odd, b"2026-01-28T02:46:00.815Z")
    (line, *_) = read(name, body)
    assert b'"odd":' + odd in line


ODD_KEYS = [b"1e400", b"9" * 400, b"9" * 5000, rb'"\\ud83d"', b'"K\xfc"', b"null", b"[]", b"true", b"-1"]


@pytest.mark.parametrize("odd", ODD_KEYS)
@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("agent_groups", b'"id":1'),
        ("users", b'"id":1'),
        ("agent_status_changes", b'"time":"2026-01-28T02:46:00.815Z"'),
        ("audit_trail", b'"changeDate":"2026-01-28 00:27:50.0"'),
        ("data_usage_audit", b'"time":"1769594400000"'),
        ("data_usage_audit", b'"apiConsumerid":"1"'),
        ("outbound_transactions", b'"attemptedTime":"2026-01-28T02:46:00.815Z"'),
        ("outbound_transactions", b'"transactionId":"1"'),
        ("messaging_interactions", b'"endTimeL":1769566265233'),
        ("messaging_interactions", b'"startTimeL":1769566265233'),
    ],
)
def test_odd_values_of_the_fields_that_place_a_record_stop_nothing(name, before, odd):
    body = page(name, b"", b"2026-01-28T02:46:00.815Z")
    assert before in body
    read(name, body.replace(before, before.partition(b":")[0] + b":" + odd))


@pytest.mark.parametrize("odd", ODD_KEYS)
def test_odd_values_in_a_row_that_comes_twice_stop_nothing(odd):
    row = (
        b'{"time":"2026-01-28T02:46:00.815Z","agentId":%b,"statusType":1,"statusSubType":2,"sequenceNumber":1}'
        % odd
    )
    assert len(read("agent_status_changes", b'{"stateChanges":[%b,%b]}' % (row, row))) in (1, 2)


@pytest.mark.parametrize(
    ("name", "filters"),
    [
        ("audit_trail", {"users": ["sam", "half \ud83d"]}),
        ("agent_status_changes", {"agentId": "\udc00"}),
        ("messaging_interactions", {"keyword": "\ud83d"}),
    ],
)
def test_half_an_emoji_in_a_filter_is_named_before_any_request(name, filters):
    with pytest.raises(ConfigurationError, match="half of a surrogate pair") as caught:
        DATASETS[name].query(DAY, filters=filters)
    assert caught.value.field == "filters"
    str(caught.value).encode()
