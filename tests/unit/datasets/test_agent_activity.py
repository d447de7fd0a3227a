"""Agents' status changes: what is asked, and what is made of the answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.datasets.agent_activity import (
    AGENT_STATUS_CHANGES,
    INTERVAL_METRICS,
    METRICS,
)
from airflow_provider_liveperson.datasets.readers.reader import Pager, PagesMovedError
from airflow_provider_liveperson.exceptions import ConfigurationError, InvalidResponseError
from airflow_provider_liveperson.pull.pull import records
from airflow_provider_liveperson.window import Window

DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))


def reader(window: Window = DAY, **filters) -> Pager:
    query = AGENT_STATUS_CHANGES.query(window, filters=filters)
    (slice_,) = AGENT_STATUS_CHANGES.plan(query)
    return AGENT_STATUS_CHANGES.open(query, slice_)


def change(time: str, **more) -> dict:
    return {"agentId": 1, "time": time, "statusType": 1, **more}


def answer(changes: list[dict], links: list[str] | None = None) -> Answer:
    body: dict = {"stateChanges": changes}
    if links is not None:
        body["_metadata"] = {"references": [{"rel": rel, "href": "http://internal/"} for rel in links]}
    return Answer(status=200, headers={}, body=json.dumps(body).encode())


def test_what_is_asked():
    request = reader(agentId="17").next_request()
    assert (request.method, request.service) == ("GET", "agentActivityDomain")
    assert request.path == "/api/v2/account/{account_id}/status-changes"
    assert request.params == {
        "from": "2026-01-30T00:00Z",
        "to": "2026-01-31T00:00Z",
        "offset": "0",
        "limit": "5000",
        "source": "{source}",
        "agentId": "17",
    }


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.timedeltas(timedelta(microseconds=1), timedelta(days=7)),
)
@example(DAY.start, timedelta(days=1))
@example(DAY.start + timedelta(seconds=59, microseconds=999_999), timedelta(microseconds=1))
def test_ranges_in_whole_minutes_hold_the_window_even_where_the_last_is_outside(start, length):
    asked = reader(Window(start, start + length)).next_request().params
    assert datetime.fromisoformat(asked["from"]) <= start
    assert start + length <= datetime.fromisoformat(asked["to"])
    assert datetime.fromisoformat(asked["to"]) - datetime.fromisoformat(asked["from"]) <= length + timedelta(
        minutes=2
    )


@pytest.mark.parametrize("names", [("agentId", "empId"), ("agentId", "groupId"), ("empId", "groupId")])
def test_filters_that_exclude_each_other_are_refused(names):
    with pytest.raises(ConfigurationError, match=f"{names[0]} and {names[1]} exclude each other") as caught:
        AGENT_STATUS_CHANGES.query(DAY, filters=dict.fromkeys(names, "1"))
    assert caught.value.field == "filters"
    AGENT_STATUS_CHANGES.query(DAY, filters={names[0]: "1", names[1]: None})


@pytest.mark.parametrize(
    ("time", "belongs"),
    [
        ("2026-01-30T00:00:00.000Z", True),
        ("2026-01-30T23:59:59.999Z", True),
        ("2026-01-29T23:59:59.999Z", False),
        ("2026-01-31T00:00:00.000Z", False),
        ("2026-01-31T00:59:59.999+01:00", True),
    ],
)
def test_what_belongs_to_the_window(time, belongs):
    made = reader()
    made.next_request()
    sent = change(time)
    found = [json.loads(bytes(raw)) for raw in made.accept(made.parse(answer([sent])))]
    assert found == ([sent] if belongs else [])
    assert (made.reported, made.received) == (None, 1)


@pytest.mark.parametrize(
    "time",
    ["2026-01-30T10:00:00.000", None, "", "undefined", "NA", -1, "soon", [], {}, "2026-01-30", 10**20],
    ids=repr,
)
def test_a_change_without_a_readable_time_is_counted_and_left_out(time):
    made = reader()
    made.next_request()
    dated = change("2026-01-30T10:00:00.000Z")
    found = [json.loads(bytes(raw)) for raw in made.accept(made.parse(answer([dated, change(time)])))]
    assert found == [dated]
    assert (made.received, made.undated) == (2, 1)


def test_a_change_that_does_not_name_its_time_is_counted_and_left_out():
    made = reader()
    made.next_request()
    assert list(made.accept(made.parse(answer([{"agentId": 1}])))) == []
    assert (made.received, made.undated) == (1, 1)


@pytest.mark.parametrize(
    "time", [1769767200000, "1769767200000", 1769767200000.0, "2026-01-30 10:00:00.000+0000"]
)
def test_a_time_in_another_spelling_is_read(time):
    made = reader()
    made.next_request()
    assert len(list(made.accept(made.parse(answer([change(time)]))))) == 1
    assert made.undated == 0


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        "undefined",
        "",
        {"references": None},
        {"references": "NA"},
        {"references": [{"rel": None}]},
        [],
        5,
    ],
    ids=repr,
)
def test_metadata_without_a_value_says_nothing_of_a_next_page(metadata):
    body = {"stateChanges": [change("2026-01-30T10:00:00.000Z")], "_metadata": metadata}
    made = reader()
    made.next_request()
    assert (
        len(list(made.accept(made.parse(Answer(status=200, headers={}, body=json.dumps(body).encode())))))
        == 1
    )


def test_a_next_link_beside_odd_ones_is_seen():
    made = reader()
    links = [{"rel": None}, 5, {"rel": "next", "href": "http://internal/x?limit=2&offset=17"}]
    body = {"stateChanges": [], "_metadata": {"references": links}}
    parsed = made.parse(Answer(status=200, headers={}, body=json.dumps(body).encode()))
    assert (parsed.has_next, parsed.next_offset) == (True, 17)


def test_no_list_is_no_changes():
    made = reader()
    made.next_request()
    assert list(made.accept(made.parse(Answer(status=200, headers={}, body=b'{"stateChanges":null}')))) == []


def test_equal_changes_are_one_where_they_have_their_key_and_two_where_not():
    whole = {"statusSubType": 2, "sequenceNumber": -1}
    for more, expected in (
        (whole, 1),
        ({}, 2),
        ({**whole, "sequenceNumber": None}, 2),
        ({**whole, "agentId": ""}, 2),
    ):
        made = reader()
        made.next_request()
        sent = change("2026-01-30T10:00:00.000Z", **more)
        assert len(list(made.accept(made.parse(answer([sent, sent]))))) == expected
        assert (made.received, made.repeated) == (expected, 2 - expected)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"<html>", b'{"stateChanges":[5]}', b'{"stateChanges":{}}'],
)
def test_an_answer_of_another_shape_is_unreadable(body):
    with pytest.raises(InvalidResponseError):
        reader().parse(Answer(status=200, headers={}, body=body))


def test_a_next_link_leads_on_even_behind_a_short_page():
    made = reader()
    made.next_request()
    changes = [change("2026-01-30T10:00:00.000Z"), change("2026-01-30T09:00:00.000Z")]
    list(made.accept(made.parse(answer(changes, links=["self", "next"]))))
    assert made.next_request().params["offset"] == "1"  # the last one's, with which it has to begin


def test_no_next_link_behind_a_short_page_is_the_end():
    made = reader()
    made.next_request()
    list(made.accept(made.parse(answer([change("2026-01-30T10:00:00.000Z")], links=["self", "prev"]))))
    assert made.next_request() is None


def test_a_page_that_does_not_begin_with_the_last_change_of_the_one_before_has_it_read_again():
    first, second, third = (change(f"2026-01-30T{hour}:00:00.000Z") for hour in (10, 11, 12))
    made = reader()
    made.next_request()
    list(made.accept(made.parse(answer([first, second], ["next"]))))
    made.next_request()
    with pytest.raises(PagesMovedError, match="before offset 1"):
        made.accept(made.parse(answer([third], [])))


# -- against a server ------------------------------------------------------------------------------


def test_filters_reach_the_server(sandbox, connect):
    truth = sandbox.activity.truth(DAY.start, DAY.end)
    group = str(truth[0]["agentGroupId"])
    query = AGENT_STATUS_CHANGES.query(DAY, filters={"groupId": group})
    found = [json.loads(raw) for raw in records(connect(), AGENT_STATUS_CHANGES, query)]
    expected = [row for row in truth if str(row["agentGroupId"]) == group]
    assert 0 < len(expected) < len(truth)
    assert sorted(map(str, found)) == sorted(map(str, expected))


def intervals_of(window: Window, **filters):
    query = INTERVAL_METRICS.query(window, filters=filters)
    (slice_,) = INTERVAL_METRICS.plan(query)
    return query, slice_


def test_what_is_asked_of_interval_metrics():
    query, slice_ = intervals_of(DAY, agentId="17")
    request = INTERVAL_METRICS.open(query, slice_).next_request()
    assert (request.method, request.path) == ("GET", "/api/account/{account_id}/interval-metrics")
    assert request.params == {
        "v": "1",
        "fromL": "1769731200000",
        "toL": "1769817600000",
        "metrics": ",".join(METRICS),
        "grouping": "skill,agent",
        "intervalDuration": "15",
        "pageSize": "500",
        "agentId": "17",
        "source": "{source}",
    }
    assert INTERVAL_METRICS.reader.probe(INTERVAL_METRICS, query, slice_).params["pageSize"] == "1"


@pytest.mark.parametrize(("minutes", "start", "end"), [("15", 15, 45), ("30", 0, 60), ("60", 0, 60)])
def test_intervals_are_asked_for_whole(minutes, start, end):
    window = Window(DAY.start + timedelta(minutes=16), DAY.start + timedelta(minutes=44))
    query, slice_ = intervals_of(window, intervalDuration=minutes)
    params = INTERVAL_METRICS.open(query, slice_).next_request().params
    asked = [datetime.fromtimestamp(int(params[name]) / 1000, UTC) for name in ("fromL", "toL")]
    assert asked == [DAY.start + timedelta(minutes=start), DAY.start + timedelta(minutes=end)]


@pytest.mark.parametrize(
    "timeframe",
    [
        {"from": "2026-01-30T01:00:00Z"},
        {"fromL": 1769734800000},
        {"startTimeL": "1769734800000"},
        {"startTime": "2026-01-30T01:00:00.000+00:00"},
        {"from": "undefined", "fromL": 1769734800000},
        {"start": "2026-01-30T02:00:00+01:00"},
    ],
)
def test_an_interval_is_placed_by_its_start_in_any_spelling(timeframe):
    for window, expected in ((DAY, 1), (Window(DAY.end, DAY.end + timedelta(hours=1)), 0)):
        query, slice_ = intervals_of(window)
        reader = INTERVAL_METRICS.open(query, slice_)
        reader.next_request()
        body = json.dumps({"intervals": [{"timeframe": timeframe, "status": "Done"}]}).encode()
        lines = reader.accept(reader.parse(Answer(status=200, headers={}, body=body)))
        assert (len(lines), reader.undated) == (expected, 0)
        starts = [json.loads(bytes(line))["_interval_start"] for line in lines]
        assert starts == ["2026-01-30T01:00:00Z"] * expected


def test_an_interval_keeps_its_bytes_and_has_its_start_behind_them():
    query, slice_ = intervals_of(DAY)
    reader = INTERVAL_METRICS.open(query, slice_)
    reader.next_request()
    row = b'{"timeframe": {"fromL":1.7697348E12 }, "skillId" : 1,"status":"Done"'
    body = b'{"intervals":[%b}]}' % row
    (line,) = reader.accept(reader.parse(Answer(status=200, headers={}, body=body)))
    assert bytes(line) == row + b',"_interval_start":"2026-01-30T01:00:00Z"}'


def test_an_interval_without_a_readable_start_is_counted_and_left_out():
    query, slice_ = intervals_of(DAY)
    reader = INTERVAL_METRICS.open(query, slice_)
    reader.next_request()
    rows = [{"timeframe": {"from": "soon"}, "skillId": 1, "agentId": agent} for agent in (1, 2)]
    body = json.dumps({"intervals": rows}).encode()
    assert list(reader.accept(reader.parse(Answer(status=200, headers={}, body=body)))) == []
    assert (reader.received, reader.undated) == (2, 2)
