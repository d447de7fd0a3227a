"""Intervals of one answer: rows on the clock grid, whatever the answer calls them, with the numbers as they came."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.messaging_operations import MESSAGING_QUEUE_HEALTH
from airflow_provider_liveperson.datasets.readers import intervals
from airflow_provider_liveperson.datasets.readers.answer import Section, inner, read_object
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.window import Window

START = datetime(2026, 1, 30, 10, tzinfo=UTC)
FIVE = timedelta(minutes=5)
HOUR = Window(START, START + timedelta(hours=1))


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def pager(window: Window = HOUR) -> Any:
    query = MESSAGING_QUEUE_HEALTH.query(window)
    (slice_,) = MESSAGING_QUEUE_HEALTH.plan(query)
    opened = MESSAGING_QUEUE_HEALTH.open(query, slice_)
    opened.next_request()
    return opened


def answer(body: Any) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status=200, headers={}, body=data)


def rows(body: Any, window: Window = HOUR) -> list[dict[str, Any]]:
    opened = pager(window)
    lines = list(opened.accept(opened.parse(answer(body))))
    opened.finish()
    return [json.loads(bytes(line)) for line in lines]


def interval(at: Any, number: int = 1, **more: Any) -> dict[str, Any]:
    return {"timestamp": at, "metricsTotal": {"n": number}, "skillsMetrics": {"7": {"n": number}}, **more}


def starts(found: list[dict[str, Any]]) -> list[str]:
    return [row["_interval_start"] for row in found if row["_level"] == "account"]


class Clock(datetime):
    """A clock that stands still."""

    present = START + timedelta(hours=1, minutes=7)

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return cls.present


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr(intervals, "datetime", Clock)


def request(window: Window) -> ApiRequest:
    query = MESSAGING_QUEUE_HEALTH.query(window)
    (slice_,) = MESSAGING_QUEUE_HEALTH.plan(query)
    made = MESSAGING_QUEUE_HEALTH.open(query, slice_).next_request()
    assert made is not None
    return made


def test_an_app_jwt_asks_for_the_frame_and_an_api_key_counts_back_from_now(clock):
    made = request(HOUR)
    assert made.path == "/operations/api/account/{account_id}/msgqueuehealth"
    common = {"skillIds": "all", "interval": "5", "source": "{source}"}
    assert made.params_for(CredentialKind.APP_JWT_V2) == {
        **common,
        "v": "2",
        "fromMillis": str(ms(HOUR.start)),
        "toMillis": str(ms(HOUR.end)),
    }
    # 67 minutes and another 15, in which the request may be repeated, up to whole intervals.
    assert made.params_for(CredentialKind.API_KEY) == {**common, "v": "1", "timeframe": "85"}


@pytest.mark.parametrize("kind", list(CredentialKind))
def test_a_day_is_never_more_than_a_day(clock, monkeypatch, kind):
    monkeypatch.setattr(Clock, "present", START + timedelta(hours=24, minutes=3))
    asked = request(Window(START, START + timedelta(hours=24))).params_for(kind)
    if kind is CredentialKind.API_KEY:
        assert asked["timeframe"] == "1440"
    else:  # what has gone out of reach, or has not ended yet, would have it rejected
        assert asked["fromMillis"] == str(ms(START + FIVE))
        assert asked["toMillis"] == str(ms(START + timedelta(hours=24)))


def test_an_end_that_has_not_come_is_not_asked_for(clock):
    asked = request(Window(START, START + timedelta(hours=2))).params_for(CredentialKind.LOGIN)
    assert asked["toMillis"] == str(ms(START + timedelta(hours=1, minutes=5)))


@given(
    st.integers(0, 86_399).map(lambda second: START + timedelta(seconds=second)),
    st.timedeltas(timedelta(seconds=1), timedelta(hours=23)),
)
def test_frames_are_whole_intervals_and_hold_the_window(start, length):
    window = Window(start, start + length)
    asked = request(window).params_for(CredentialKind.APP_JWT_V2)
    first, last = int(asked["fromMillis"]), int(asked["toMillis"])
    assert first % 300_000 == last % 300_000 == 0
    assert first <= window.start_ms < window.end_ms <= last
    assert window.start_ms - first < 300_000
    assert last - window.end_ms < 300_000


@given(shift=st.integers(0, 299_999), newest=st.booleans(), wrapped=st.sets(st.integers(0, 12)))
def test_names_that_depend_on_the_moment_of_the_request_are_put_on_the_grid(shift, newest, wrapped):
    made = []
    for number in range(12):
        one = interval(ms(START + number * FIVE) + shift, number)
        if number in wrapped:
            one = {"timestamp": one.pop("timestamp"), "metricsData": one}
        made.append(one)
    found = rows({"metricsByIntervals": made[::-1] if newest else made, "timeframeSummary": {"n": 9}})
    assert [(row["_interval_start"], row["_level"], row["n"]) for row in found] == [
        (f"2026-01-30T10:{5 * number:02d}:00Z", level, number)
        for number in range(12)
        for level in ("account", "skill")
    ]
    assert found[0]["_interval_end"] == "2026-01-30T10:05:00Z"


@given(st.integers(1, 11), st.integers(0, 299_999))
def test_overlapping_pulls_repeat_no_key(cut, shift):
    """However the windows are cut, and whenever they are asked for, each interval comes once."""
    body = {"metricsByIntervals": [interval(ms(START + number * FIVE) + shift) for number in range(-3, 15)]}
    middle = START + cut * FIVE - timedelta(seconds=1)
    found = starts(rows(body, Window(START, middle))) + starts(rows(body, Window(middle, HOUR.end)))
    assert found == [f"2026-01-30T10:{5 * number:02d}:00Z" for number in range(12)]


def test_intervals_may_be_named_by_their_ends():
    body = {"metricsByIntervals": [interval(ms(START + number * FIVE), number) for number in range(1, 13)]}
    found = rows(body)
    assert [row["n"] for row in found if row["_level"] == "account"] == list(range(1, 13))
    assert starts(found)[0] == "2026-01-30T10:00:00Z"
    # With one more on either side it is as declared.
    body["metricsByIntervals"].insert(0, interval(ms(START), 0))
    assert [row["n"] for row in rows(body) if row["_level"] == "account"] == list(range(12))


@pytest.mark.parametrize("at", [ms(START), str(ms(START)), "2026-01-30T10:00", "2026-01-30T12:00:00+02:00"])
def test_timestamps_in_every_notation(at):
    assert starts(rows({"metricsByIntervals": [interval(at)]})) == ["2026-01-30T10:00:00Z"]


@pytest.mark.parametrize("totals", ["metricsTotal", "metricsTotals"])
@pytest.mark.parametrize("envelope", [False, True])
def test_totals_under_two_names_and_an_envelope_or_not(totals, envelope):
    body: Any = {"metricsByIntervals": [{"timestamp": ms(START), totals: {"n": 3}}]}
    if envelope:
        body = {"meta": {"responseCode": 200}, "body": body}
    (row,) = rows(body)
    assert (row["_level"], row["n"]) == ("account", 3)


def test_numbers_are_the_bytes_that_came():
    body = (
        b'{"metricsByIntervals":[{"timestamp":%d,"skillsMetrics":{"-1":{},"12":{ "a" : 1e400,"b":1.0,"b":2},'
        b'"2":{"t":"\\ud83d\n"},"x":{"c":-1}},"metricsTotal":[]}]}' % ms(START)
    ).replace(b"\n", b"")
    opened = pager()
    lines = [bytes(line) for line in opened.accept(opened.parse(answer(body)))]
    when = b'{"_interval_start":"2026-01-30T10:00:00Z","_interval_end":"2026-01-30T10:05:00Z"'
    head = when + b',"_level":"skill","_skill_id":'
    assert lines == [
        head + b'"2","t":"\\ud83d"}',
        head + b'"12","a" : 1e400,"b":1.0,"b":2}',
        head + b'"x","c":-1}',
    ]


def test_an_interval_that_comes_twice_counts_once():
    opened = pager()
    body = {"metricsByIntervals": [interval(ms(START), 1), interval(ms(START) + 1, 2)]}
    lines = list(opened.accept(opened.parse(answer(body))))
    assert [json.loads(bytes(line))["n"] for line in lines] == [1, 1]
    assert (opened.received, opened.repeated) == (2, 2)


def test_what_lies_outside_is_counted_and_left_out():
    opened = pager()
    body = {"metricsByIntervals": [interval(ms(START - FIVE)), interval(ms(START)), interval(ms(HOUR.end))]}
    assert len(list(opened.accept(opened.parse(answer(body))))) == 2
    assert opened.received == 6


@pytest.mark.parametrize(
    "body",
    [
        b"", b"7", b"[]", b"{}", b'{"metricsTotal":{}}', b'{"metricsByIntervals":{}}', b'{"metricsByIntervals":[7]}',
        b'{"metricsByIntervals":[{}]}', b'{"metricsByIntervals":[{"timestamp":"noon"}]}',
        b'{"metricsByIntervals":[{"timestamp":1769767200000,"metricsTotal":7}]}',
        b'{"metricsByIntervals":[{"timestamp":1769767200000,"skillsMetrics":[7]}]}',
        b'{"metricsByIntervals":[{"timestamp":1769767200000,"metricsData":"x"}]}',
    ],
)  # fmt: skip
def test_what_is_not_such_an_answer_is_refused(body):
    with pytest.raises(InvalidResponseError):
        pager().parse(answer(body))


@pytest.mark.parametrize(
    ("section", "found"),
    [
        (
            Section("skill_agent", ("m.perSkill.{skill_id}.perAgent.{agent_id}",)),
            [{"_skill_id": "1", "_agent_id": "5"}, {"_skill_id": "2", "_agent_id": "5"}],
        ),
        (Section("skill", ("m.perSkill.{skill_id}.totals",)), [{"_skill_id": "1"}]),
        (Section("account", ("none", "m.totals")), [{}]),
        (Section("agent", ("agents.{agent_id}",)), []),
    ],
)
def test_sections_at_any_depth(section, found):
    body = {
        "m": {
            "perSkill": {
                "1": {"perAgent": {"5": {"n": 1}}, "totals": {"n": 1}},
                "2": {"perAgent": {"5": {"n": 2}}},
            },
            "totals": {"n": 3},
        },
        "agents": None,
    }
    _, top = read_object(answer(body))
    assert [ids for ids, _ in section.rows(top)] == found
    assert inner(top["agents"]) == {}


@pytest.mark.parametrize("at", [253_402_300_500_000, -62_135_596_800_000, 10**30, "soon", None])
def test_an_interval_of_no_time_that_can_be_is_refused(at):
    with pytest.raises(InvalidResponseError, match="an interval has no readable timestamp"):
        rows({"metricsByIntervals": [interval(at)], "timeframeSummary": {}})
