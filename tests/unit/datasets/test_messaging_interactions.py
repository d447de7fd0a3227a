"""Conversations: what is asked for each cursor, and which of the answers belong to the window."""

from __future__ import annotations

import calendar
import json
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.messaging_interactions.dataset import (
    CURSORS,
    MESSAGING_INTERACTIONS,
)
from airflow_provider_liveperson.datasets.messaging_interactions.lookups import (
    conversations_by_consumer,
    conversations_by_ids,
)
from airflow_provider_liveperson.datasets.messaging_interactions.reader import ConversationPager
from airflow_provider_liveperson.datasets.messaging_interactions.requests import CONTENT
from airflow_provider_liveperson.datasets.readers.reader import ContradictionError, PagesMovedError
from airflow_provider_liveperson.exceptions import (
    ConfigurationError,
    IncompletePullError,
    InvalidResponseError,
    PermissionDeniedError,
    RequestRejectedError,
)
from airflow_provider_liveperson.pull.pull import records
from airflow_provider_liveperson.window import Window

MAX_LIFE = timedelta(days=397)  # 13 months
DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
HOUR = Window(DAY.start + timedelta(hours=9), DAY.start + timedelta(hours=10))
WEEK = Window(datetime(2026, 1, 25, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
MINUTE, MILLISECOND = 60_000, timedelta(milliseconds=1)
every_cursor = pytest.mark.parametrize("cursor", sorted(cursor.name for cursor in CURSORS))
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
lengths = st.timedeltas(timedelta(milliseconds=1), timedelta(days=400))
thousandths = st.integers(0, 999)


def ms(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def reader(window: Window = DAY, cursor: str = "start", at: int = -1, **filters) -> ConversationPager:
    """The reader of one of a window's slices, the last one unless told otherwise."""
    query = MESSAGING_INTERACTIONS.query(window, filters=filters, cursor=cursor)
    return ConversationPager(MESSAGING_INTERACTIONS, query, MESSAGING_INTERACTIONS.plan(query)[at])


# -- slices ----------------------------------------------------------------------------------------


def rounded(bounds: dict[str, int]) -> tuple[int, int]:
    """A range as LivePerson takes it: both ends inside, rounded outward to ten minutes."""
    grid = 10 * MINUTE
    return bounds["from"] // grid * grid, -(-bounds["to"] // grid) * grid


def three_months_after(at: int) -> int:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)
    year, month = divmod(moment.year * 12 + moment.month - 1 + 3, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return ms(moment.replace(year=year, month=month + 1, day=day))


@every_cursor
@settings(max_examples=25)
@given(moments, lengths)
@example(datetime(2026, 1, 30, tzinfo=UTC), timedelta(days=1))
@example(datetime(2026, 2, 28, 23, 55, tzinfo=UTC), timedelta(days=90))
def test_every_range_that_is_asked_for_is_one_that_liveperson_takes(cursor, start, length):
    query = MESSAGING_INTERACTIONS.query(Window(start, start + length), cursor=cursor)
    for slice_ in MESSAGING_INTERACTIONS.plan(query):
        asked = ConversationPager(MESSAGING_INTERACTIONS, query, slice_).next_request().json
        for name in {"start", "end", "fullDialogEndTime"} & asked.keys():
            assert asked[name]["from"] <= asked[name]["to"]
            first, last = rounded(asked[name])
            assert last <= three_months_after(first)


@every_cursor
@settings(max_examples=25)
@given(moments, lengths)
@example(datetime(2026, 1, 30, tzinfo=UTC), timedelta(days=1))
@example(datetime(2026, 1, 30, tzinfo=UTC), timedelta(days=200))
def test_no_conversation_can_be_in_two_slices_because_what_never_changes_is_apart(cursor, start, length):
    plan = MESSAGING_INTERACTIONS.plan(
        MESSAGING_INTERACTIONS.query(Window(start, start + length), cursor=cursor)
    )
    for one, other in combinations([slice_.bounds for slice_ in plan], 2):
        assert any(one[name].end <= other[name].start or other[name].end <= one[name].start for name in one)


@every_cursor
@settings(max_examples=25)
@given(moments, lengths, thousandths, thousandths)
@example(datetime(2026, 1, 30, tzinfo=UTC), timedelta(days=1), 0, 0)
@example(datetime(2026, 1, 30, tzinfo=UTC), timedelta(days=1), 0, 1000)
@example(datetime(2026, 1, 30, tzinfo=UTC), timedelta(days=90), 999, 0)
def test_every_conversation_of_the_last_13_months_is_looked_for(cursor, start, length, where, how_long):
    """One that ends somewhere in the window, or starts in it, and lived for up to 13 months."""
    window = Window(start, start + length)
    at = window.start + length * where // 1000
    began = at if cursor == "start" else at - MAX_LIFE * how_long // 1000
    plan = MESSAGING_INTERACTIONS.plan(MESSAGING_INTERACTIONS.query(window, cursor=cursor))
    found = [
        slice_
        for slice_ in plan
        if slice_.bounds["start"].start <= began < slice_.bounds["start"].end
        and all(bound.start <= at < bound.end for name, bound in slice_.bounds.items() if name == cursor)
    ]
    assert found


def test_a_filter_on_the_start_narrows_what_is_looked_for():
    given_ = {"start": {"from": "2025-12-01T00:00:00Z", "to": "2025-12-31T23:59:59.999Z"}}
    query = MESSAGING_INTERACTIONS.query(DAY, filters=given_, cursor="end")
    (slice_,) = MESSAGING_INTERACTIONS.plan(query)
    assert slice_.bounds["start"] == Window(
        datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    )
    later = {"start": {"from": "2026-02-01T00:00:00Z", "to": "2026-02-02T00:00:00Z"}}
    assert MESSAGING_INTERACTIONS.plan(MESSAGING_INTERACTIONS.query(DAY, filters=later, cursor="end")) == []


@pytest.mark.parametrize(
    ("cursor", "own"),
    [
        ("start", "start"),
        ("end", "end"),
        ("full_dialog_end", "fullDialogEndTime"),
        ("updated", "latestUpdateTime"),
    ],
)
def test_a_filter_that_is_the_cursors_own_is_refused(cursor, own):
    value = {"from": 0} if own == "latestUpdateTime" else {"from": 0, "to": 1}
    with pytest.raises(
        ConfigurationError, match=f"{own} is what the cursor '{cursor}' searches by"
    ) as caught:
        MESSAGING_INTERACTIONS.query(DAY, filters={own: value}, cursor=cursor)
    assert caught.value.field == "filters"
    for other in (cursor.name for cursor in CURSORS):
        if other != cursor:
            MESSAGING_INTERACTIONS.query(DAY, filters={own: value}, cursor=other)


def test_the_manifest_tells_the_whole_range_that_is_asked_for():
    query = MESSAGING_INTERACTIONS.query(DAY, filters={"skillIds": ["7"]}, cursor="end")
    told = MESSAGING_INTERACTIONS.describe(query)
    assert told["start"] == {"from": ms(DAY.start - MAX_LIFE), "to": ms(DAY.end) - 1}
    assert told["end"] == {"from": ms(DAY.start), "to": ms(DAY.end + timedelta(hours=49)) - 1}
    assert told["skillIds"] == ["7"]
    json.dumps(told)


def test_the_manifest_tells_all_of_a_long_window():
    long = Window(datetime(2025, 9, 1, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
    query = MESSAGING_INTERACTIONS.query(long, cursor="full_dialog_end")
    told = MESSAGING_INTERACTIONS.describe(query)
    assert told["fullDialogEndTime"] == {"from": ms(long.start), "to": ms(long.end) - 1}


# -- requests --------------------------------------------------------------------------------------


def test_how_a_page_is_asked_for():
    request = reader().next_request()
    assert (request.method, request.service) == ("POST", "msgHist")
    assert request.path == "/messaging_history/api/account/{account_id}/conversations/search"
    assert request.params == {
        "offset": "0",
        "limit": "100",
        "sort": "start:asc",
        "v": "2",
        "source": "{source}",
    }


@pytest.mark.parametrize(
    ("cursor", "asked"),
    [
        ("start", {"status": ["OPEN", "CLOSE"]}),
        (
            "end",
            {"status": ["CLOSE"], "end": {"from": ms(DAY.start), "to": ms(DAY.end) - 1}},
        ),
        (
            "full_dialog_end",
            {"status": ["CLOSE"], "fullDialogEndTime": {"from": ms(DAY.start), "to": ms(DAY.end) - 1}},
        ),
        ("updated", {"status": ["OPEN", "CLOSE"], "latestUpdateTime": {"from": ms(DAY.start)}}),
    ],
)
def test_what_is_asked_for_each_cursor(cursor, asked):
    start = {"from": ms(DAY.start), "to": ms(DAY.end) - 1}
    assert reader(cursor=cursor).next_request().json == {
        "start": start,
        "contentToRetrieve": list(CONTENT),
        **asked,
    }


def test_filters_go_along_and_win():
    body = (
        reader(cursor="end", status=["OPEN"], skillIds=[5], contentToRetrieve=["summary"]).next_request().json
    )
    assert (body["status"], body["skillIds"], body["contentToRetrieve"]) == (["OPEN"], ["5"], ["summary"])


# -- which conversations belong --------------------------------------------------------------------


def conversation(name: str = "a", **info) -> dict:
    return {"info": {"conversationId": name, "startTimeL": ms(DAY.start), **info}}


def answer(found: Iterable[object], count: int | None = None, **metadata) -> Answer:
    listed = list(found)
    total = len(listed) if count is None else count
    body = {"_metadata": {"count": total, **metadata}, "conversationHistoryRecords": listed}
    return Answer(status=200, headers={}, body=json.dumps(body).encode())


def accepted(made: ConversationPager, given_: Answer) -> list[dict]:
    assert made.next_request() is not None
    return taken(made, given_)


def taken(made: ConversationPager, given_: Answer) -> list[dict]:
    return [json.loads(bytes(raw)) for raw in made.accept(made.parse(given_))]


FIRST, LAST, BEFORE, AFTER = ms(DAY.start), ms(DAY.end) - 1, ms(DAY.start) - 1, ms(DAY.end)


@pytest.mark.parametrize(
    ("cursor", "info", "in_slice"),
    [
        ("start", {"startTimeL": FIRST}, True),
        ("start", {"startTimeL": LAST}, True),
        ("start", {"startTimeL": BEFORE}, False),
        ("start", {"startTimeL": AFTER}, False),
        ("start", {"startTimeL": FIRST, "endTimeL": -1, "endTime": "undefined"}, True),
        ("end", {"conversationEndTimeL": FIRST}, True),
        ("end", {"conversationEndTimeL": LAST}, True),
        ("end", {"conversationEndTimeL": AFTER}, False),
        # A survey has rewritten endTime: what counts is when the conversation itself ended.
        ("end", {"conversationEndTimeL": LAST, "endTimeL": AFTER + 5 * MINUTE}, True),
        ("end", {"conversationEndTimeL": BEFORE, "endTimeL": FIRST}, False),
        # Older records do not tell.
        ("end", {"endTimeL": LAST}, True),
        ("end", {"endTimeL": AFTER}, False),
        ("end", {"endTimeL": LAST, "conversationEndTimeL": None}, True),
        ("end", {"endTimeL": LAST, "conversationEndTimeL": -1}, True),
        ("end", {"endTimeL": -1, "endTime": "undefined"}, False),
        ("end", {}, False),
        ("full_dialog_end", {"fullDialogEndTimeL": LAST, "endTimeL": AFTER}, True),
        ("full_dialog_end", {"fullDialogEndTimeL": AFTER, "endTimeL": LAST}, False),
        ("full_dialog_end", {"fullDialogEndTimeL": -1, "endTimeL": LAST}, True),
        ("full_dialog_end", {"endTimeL": LAST}, True),
        # Its survey is still open: it will end later.
        (
            "full_dialog_end",
            {"fullDialogStatus": "OPEN", "fullDialogEndTimeL": LAST, "endTimeL": LAST},
            False,
        ),
        ("full_dialog_end", {"fullDialogStatus": "OPEN", "endTimeL": LAST}, False),
        ("full_dialog_end", {"fullDialogStatus": "CLOSE", "fullDialogEndTimeL": LAST}, True),
        ("updated", {"endTimeL": -1}, True),
        ("updated", {"endTimeL": AFTER + 10**9}, True),
        ("updated", {"startTimeL": AFTER}, False),
    ],
)
def test_what_belongs_to_the_window(cursor, info, in_slice):
    made = reader(cursor=cursor)
    sent = conversation(**info)
    assert accepted(made, answer([sent])) == ([sent] if in_slice else [])
    assert (made.reported, made.received) == (1, 1)


NOTHING = [None, "undefined", "NA", "null", "", -1, "-1", -1.0]
every_nothing = pytest.mark.parametrize("nothing", NOTHING, ids=repr)


@every_nothing
@pytest.mark.parametrize(
    "field", ["endTimeL", "conversationEndTimeL", "fullDialogEndTimeL", "isPartial", "status"]
)
@every_cursor
def test_a_field_without_a_value_does_not_matter_to_who_does_not_need_it(cursor, field, nothing):
    info = {"endTimeL": LAST, "conversationEndTimeL": LAST, "fullDialogEndTimeL": LAST, "isPartial": False}
    made = reader(cursor=cursor)
    if field == "isPartial" and nothing in ("NA", "undefined"):
        nothing = str(nothing)
    sent = conversation(**{**info, field: nothing})
    assert accepted(made, answer([sent])) == [sent]
    assert made.undated == 0


@every_nothing
@pytest.mark.parametrize(
    ("cursor", "names"),
    [
        ("start", ("startTimeL",)),
        ("end", ("endTimeL", "conversationEndTimeL")),
        ("full_dialog_end", ("endTimeL", "fullDialogEndTimeL")),
        ("updated", ("startTimeL",)),
    ],
)
def test_a_conversation_without_the_cursors_own_field_is_counted_and_left_out(cursor, names, nothing):
    made = reader(cursor=cursor)
    sent = conversation("b", **{"status": "CLOSE", **dict.fromkeys(names, nothing)})
    other = conversation(endTimeL=LAST)
    assert accepted(made, answer([sent, other])) == [other]
    assert (made.received, made.undated) == (2, 1)


@pytest.mark.parametrize("cursor", ["end", "full_dialog_end"])
def test_an_open_conversation_has_no_end_yet(cursor):
    made = reader(cursor=cursor)
    assert accepted(made, answer([conversation(status="OPEN", endTimeL=-1, endTime="undefined")])) == []
    assert (made.received, made.undated) == (1, 0)


def test_what_lies_outside_by_another_field_needs_no_end():
    made = reader(cursor="end")
    assert accepted(made, answer([conversation(startTimeL=AFTER, status="CLOSE")])) == []
    assert made.undated == 0


@every_nothing
@pytest.mark.parametrize(
    ("cursor", "name"),
    [
        ("start", "startTime"),
        ("end", "conversationEndTime"),
        ("end", "endTime"),
        ("full_dialog_end", "fullDialogEndTime"),
    ],
)
def test_where_the_number_is_missing_the_text_tells(cursor, name, nothing):
    inside, outside = "2026-01-30 10:00:00.000+0000", "2026-02-01 10:00:00.000+0000"
    for text, in_slice in ((inside, True), (outside, False)):
        made = reader(cursor=cursor)
        sent = conversation(**{"status": "CLOSE", f"{name}L": nothing, name: text})
        assert accepted(made, answer([sent])) == ([sent] if in_slice else [])
        assert made.undated == 0


@pytest.mark.parametrize("spell", [str, float, lambda ms_: f"{ms_}.0", lambda ms_: f"{ms_:e}"], ids=range(4))
def test_numbers_in_every_spelling(spell):
    made = reader(cursor="end")
    at = ms(DAY.start + timedelta(hours=1))
    sent = conversation(startTimeL=spell(at), endTimeL=spell(at), conversationEndTimeL=spell(at))
    assert accepted(made, answer([sent])) == [sent]


@pytest.mark.parametrize(
    ("value", "is_partial"), [("true", True), ("false", False), (1, True), (0, False), ("huh", True)]
)
def test_flags_in_every_spelling(value, is_partial):
    made = reader()
    sent = conversation(isPartial=value)
    assert accepted(made, answer([sent])) == ([] if is_partial else [sent])
    assert (made.next_request() is not None) is is_partial


@pytest.mark.parametrize("name", [17, 17.0, "17"])
def test_an_id_that_is_a_number(name):
    made = reader()
    accepted(made, answer([conversation(name, isPartial=True)]))
    assert ask(made).json["conversationIds"] == ["17"]
    assert len(made.accept(made.parse(answer([conversation(name)])))) == 1
    made.finish()


@pytest.mark.parametrize("value", [10**18, 10**400, "9" * 30, 1e300])
def test_a_time_beyond_all_times_is_none(value):
    made = reader(cursor="end")
    assert accepted(made, answer([conversation(status="CLOSE", endTimeL=value)])) == []
    assert made.undated == 1


def test_a_count_with_separators():
    made = reader()
    page = [conversation(str(number)) for number in range(100)]
    assert len(accepted(made, answer(page, "1,200"))) == 100
    assert made.reported == 1200


@pytest.mark.parametrize("count", [1, 1.0, "1", "1.0", " 1 "])
@pytest.mark.parametrize(
    "shards", [None, "NA", {}, {"partialResult": None}, {"partialResult": "false"}, {"partialResult": 0}]
)
def test_counts_and_shards_in_every_spelling(count, shards):
    made = reader()
    assert len(accepted(made, answer([conversation()], count, shardsStatusResult=shards))) == 1
    assert made.reported == 1


@pytest.mark.parametrize("partial", [True, "true", 1, "1"])
def test_a_part_of_the_search_engine_in_every_spelling(partial):
    with pytest.raises(InvalidResponseError, match="only part"):
        reader().parse(answer([conversation()], shardsStatusResult={"partialResult": partial}))


@pytest.mark.parametrize("count", [None, "", "undefined", -1, "-1"])
def test_no_count_in_every_spelling_is_unreadable(count):
    made = reader()
    made.next_request()
    body = {"_metadata": {"count": count}, "conversationHistoryRecords": []}
    with pytest.raises(InvalidResponseError, match="how many"):
        made.accept(made.parse(Answer(status=200, headers={}, body=json.dumps(body).encode())))


@pytest.mark.parametrize("nothing", [None, "undefined", "NA", "", -1])
def test_no_list_is_no_conversations(nothing):
    body = {"_metadata": {"count": 0}, "conversationHistoryRecords": nothing}
    assert accepted(reader(), Answer(status=200, headers={}, body=json.dumps(body).encode())) == []


def test_what_came_in_part_may_come_with_its_times_when_it_is_asked_for():
    made = reader(cursor="end")
    in_part = conversation("a", status="CLOSE", isPartial=True)
    assert accepted(made, answer([in_part, conversation("b", status="CLOSE", isPartial=True)])) == []
    assert accepted(made, answer([])) == []  # nothing under a later end
    assert ask(made).json["conversationIds"] == ["a", "b"]
    whole = conversation("a", status="CLOSE", endTimeL=LAST)
    found = made.accept(made.parse(answer([whole, conversation("b", status="CLOSE")])))
    assert [json.loads(bytes(raw)) for raw in found] == [whole]
    assert (made.received, made.undated, list(made.still_partial)) == (2, 1, [])


def test_a_conversation_is_in_one_slice_only_although_ranges_are_rounded():
    """Its start decides, since LivePerson gives it for both ranges."""
    long = Window(datetime(2025, 10, 1, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
    query = MESSAGING_INTERACTIONS.query(long, cursor="start")
    plan = MESSAGING_INTERACTIONS.plan(query)
    sent = conversation(startTimeL=ms(plan[0].bounds["start"].end))
    found = [
        accepted(ConversationPager(MESSAGING_INTERACTIONS, query, slice_), answer([sent])) for slice_ in plan
    ]
    assert found == [[], [sent]]


@pytest.mark.parametrize("cursor", ["end", "full_dialog_end"])
def test_a_conversation_that_ended_where_a_long_window_is_cut_is_in_one_slice_only(cursor):
    long = Window(datetime(2025, 9, 1, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
    query = MESSAGING_INTERACTIONS.query(long, cursor=cursor)
    plan = MESSAGING_INTERACTIONS.plan(query)
    found = []
    for cut in {slice_.bounds[cursor].start for slice_ in plan if cursor in slice_.bounds} - {long.start}:
        sent = conversation(str(cut), startTimeL=ms(cut - timedelta(hours=1)), endTimeL=ms(cut))
        for slice_ in plan:
            made = ConversationPager(MESSAGING_INTERACTIONS, query, slice_)
            asked = made.next_request().json
            ranges = {
                "start": sent["info"]["startTimeL"],
                "end": ms(cut),
                "fullDialogEndTime": ms(cut),
            }
            if all(
                rounded(asked[name])[0] <= at <= rounded(asked[name])[1]
                for name, at in ranges.items()
                if name in asked
            ):
                found += map(bytes, made.accept(made.parse(answer([sent]))))
    assert len(found) == len(set(found))


def test_a_record_stays_as_it_was_sent():
    raw = b'{"info": {"conversationId":"a",\t"startTimeL":%d,"mcs":50.0},"x":["\\u00fc \xc3\xbc"]}' % FIRST
    body = b'{"_metadata":{"count":1},"conversationHistoryRecords":[' + raw + b"]}"
    made = reader()
    made.next_request()
    assert list(made.accept(made.parse(Answer(status=200, headers={}, body=body)))) == [raw]


def test_nothing_found_is_no_error_however_it_is_said():
    for nothing in (answer([]), Answer(status=204, headers={})):
        made = reader()
        assert accepted(made, nothing) == []
        assert (made.reported, made.received) == (0, 0)
        assert made.next_request() is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<html>",
        b'{"_metadata":{"count":1},"conversationHistoryRecords":[{"info":{}}]}',
        b'{"_metadata":{"count":1},"conversationHistoryRecords":[{}]}',
        b'{"_metadata":{"count":1},"conversationHistoryRecords":[5]}',
        b'{"_metadata":{"count":"many"},"conversationHistoryRecords":[]}',
        b'{"_metadata":{"count":1' + b"0" * 400 + b'},"conversationHistoryRecords":[]}',
        b'{"_metadata":{"count":1},"conversationHistoryRecords":"many"}',
        b'{"_metadata":{"count":1},"conversationHistoryRecords":{}}',
        b'{"_metadata":{"count":1},"conversationHistoryRecords":[{"info":{"conversationId":null}}]}',
        b'{"_metadata":{"count":1,"shardsStatusResult":{"partialResult":"maybe"}}}',
    ],
)
def test_an_answer_of_another_shape_is_unreadable(body):
    with pytest.raises(InvalidResponseError):
        reader().parse(Answer(status=200, headers={}, body=body))


@pytest.mark.parametrize(
    "metadata", [{"count": 3}, {"count": 3, "shardsStatusResult": {"partialResult": False}}]
)
def test_a_page_of_the_whole_search_engine_is_taken(metadata):
    made = reader()
    made.next_request()
    body = {"_metadata": metadata, "conversationHistoryRecords": []}
    assert made.parse(Answer(status=200, headers={}, body=json.dumps(body).encode())).total == 3


def test_a_page_of_a_part_of_the_search_engine_is_asked_for_again():
    """An InvalidResponseError while an answer is parsed has the request repeated."""
    with pytest.raises(InvalidResponseError, match="partialResult"):
        reader().parse(
            answer([conversation()], shardsStatusResult={"partialResult": True, "failureShards": 1})
        )


# -- conversations whose ends move ------------------------------------------------------------------


def test_what_a_survey_has_moved_is_looked_for_by_heads_within_a_day():
    made = reader(cursor="end")
    first = made.next_request().json
    assert made.next_request() is None  # not before what has not moved has come
    made.accept(made.parse(answer([])))
    assert ask(made).json == {
        **first,
        "end": {"from": ms(DAY.end), "to": ms(DAY.end + timedelta(hours=49)) - 1},
        "contentToRetrieve": ["coBrowseSessions"],
    }


def test_later_ends_wait_for_all_pages_where_there_are_several():
    made = reader(cursor="end")
    ask(made)
    made.accept(made.parse(answer([conversation(f"{number:03d}") for number in range(100)], count=101)))
    assert ask(made).params["offset"] == "99"
    assert made.requests_follow
    assert made.next_request() is None


def test_100_heads_are_asked_for_by_their_ids_while_other_heads_are_still_to_come():
    heads = [conversation(f"{number:03d}", conversationEndTimeL=LAST) for number in range(250)]
    made = reader(cursor="end")
    accepted(made, answer([]))
    assert accepted(made, answer(heads[:100], count=250)) == []
    # Heads first, as nothing else says what is still to be asked for.
    assert [ask(made).json["contentToRetrieve"] for _ in range(2)] == [["coBrowseSessions"]] * 2
    assert ask(made).json["conversationIds"] == ids(heads[:100])
    assert made.next_request() is None
    assert taken(made, answer(heads[99:199], count=250)) == []
    assert made.next_request() is None  # 99 more
    assert taken(made, answer(heads[198:], count=250)) == []
    assert [ask(made).json["conversationIds"] for _ in range(2)] == [ids(heads[100:200]), ids(heads[200:])]
    for part_of in (heads[:100], heads[100:200], heads[200:]):
        assert taken(made, answer(part_of)) == part_of
    made.finish()
    assert (made.received, made.reported) == (250, 250)


@pytest.mark.parametrize("refused", ["heads", "ids"])
def test_a_refusal_while_heads_and_ids_are_under_way_is_taken_for_what_was_refused(refused):
    heads = [conversation(f"{number:03d}", conversationEndTimeL=LAST) for number in range(150)]
    made = reader(cursor="end")
    accepted(made, answer([]))
    accepted(made, answer(heads[:100], count=150))
    while made.next_request() is not None:
        pass
    if refused == "ids":
        taken(made, answer(heads[99:], count=150))
    with pytest.raises(RequestRejectedError if refused == "heads" else PagesMovedError):
        made.refused(RequestRejectedError("no", status=400))


@pytest.mark.parametrize("finds_heads", [True, False])
def test_the_order_of_what_is_found_by_ends_does_not_depend_on_when_it_is_asked_for(finds_heads):
    """Also where ids are of no use for heads, so that the search by ends is for whole conversations."""
    names = [f"{number:03d}" for number in range(310)]
    in_part = [{"info": {**part(name)["info"], "conversationEndTimeL": LAST}} for name in names[:150]]
    by_end = [conversation(name, conversationEndTimeL=LAST) for name in names[150:]]

    def respond(request: ApiRequest) -> Answer:
        if "conversationIds" in request.json:
            return answer(
                conversation(name, conversationEndTimeL=LAST) for name in request.json["conversationIds"]
            )
        found = by_end if request.json["end"]["from"] == ms(DAY.end) else in_part
        offset, limit = int(request.params["offset"]), int(request.params["limit"])
        return answer(found[offset : offset + limit], count=len(found))

    def landed(ahead: int) -> list[str]:
        before, made = reader(cursor="end"), reader(cursor="end")
        accepted(before, answer([]))
        accepted(before, answer(by_end[:2]))
        accepted(before, answer(by_end[: 2 if finds_heads else 1]))  # the other one is not known by its id
        made.learn(before)
        asked: deque[ApiRequest] = deque()
        found: list[dict] = []
        while True:
            while len(asked) < ahead and (request := made.next_request()) is not None:
                asked.append(request)
            if not asked:
                made.finish()
                return [one["info"]["conversationId"] for one in found]
            found += taken(made, respond(asked.popleft()))

    assert sorted(landed(1)) == names
    assert landed(1) == landed(2) == landed(9)


def test_in_a_short_window_what_started_earlier_is_looked_for_by_heads_alone():
    """Many of those that ended in an hour closed before it, and only their surveys ended in it."""
    earlier = reader(HOUR, cursor="end", at=-2)
    asked = earlier.next_request().json
    assert asked["start"]["to"] < ms(HOUR.start)
    assert asked["end"] == {"from": ms(HOUR.start), "to": ms(HOUR.end + timedelta(hours=49)) - 1}
    assert asked["contentToRetrieve"] == ["coBrowseSessions"]
    heads = [
        conversation(name, startTimeL=ms(HOUR.start) - 1, endTimeL=ms(end), conversationEndTimeL=ms(closed))
        for name, closed, end in (
            ("a", HOUR.start, HOUR.start),
            ("b", HOUR.end - MILLISECOND, HOUR.end + timedelta(hours=48)),
            ("c", HOUR.start - MILLISECOND, HOUR.start),
            ("d", HOUR.end, HOUR.end),
        )
    ]
    assert taken(earlier, answer(heads)) == []
    assert ask(earlier).json == {"conversationIds": ["a", "b"], "contentToRetrieve": list(CONTENT)}
    assert taken(earlier, answer(heads[:2])) == heads[:2]
    assert earlier.next_request() is None
    earlier.finish()
    assert (earlier.received, earlier.reported) == (4, 4)


def test_in_a_short_window_what_started_in_it_is_read_whole():
    within = reader(HOUR, cursor="end")
    asked = within.next_request().json
    assert asked["start"]["from"] == asked["end"]["from"] == ms(HOUR.start)
    assert asked["end"]["to"] == ms(HOUR.end) - 1
    assert asked["contentToRetrieve"] == list(CONTENT)


def test_conversations_may_end_while_the_day_after_a_window_is_looked_at():
    """A window is pulled minutes after its end, and the day after it has only begun."""
    made = reader(cursor="end")
    accepted(made, answer([]))
    heads = {name: conversation(name, conversationEndTimeL=LAST) for name in "abc"}
    new = conversation("d", conversationEndTimeL=AFTER)
    assert accepted(made, answer([heads["a"], heads["b"]], count=3)) == []
    assert accepted(made, answer([heads["b"], heads["c"]], count=4)) == []
    assert accepted(made, answer([heads["c"], new], count=4)) == []
    assert accepted(made, answer([new], count=4)) == []
    assert ask(made).json["conversationIds"] == ["a", "b", "c"]


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(
            st.integers(-90, 24 * 60 + 90),  # when it closed, in minutes of the window's day
            st.integers(0, 48 * 60),  # how much later its survey is over
            st.integers(0, 30),  # before which request that is
        ),
        max_size=40,
    ),
    st.integers(2, 9),
    st.sampled_from(
        [DAY, Window(DAY.start, DAY.end - MILLISECOND), Window(DAY.start, DAY.start + timedelta(hours=1))]
    ),
)
def test_a_conversation_whose_end_moves_while_it_is_looked_for_is_found_once(made_of, page_size, window):
    closed = {f"{number:02d}": ms(DAY.start) + at * MINUTE for number, (at, _, _) in enumerate(made_of)}
    ends, sent = dict(closed), 0

    def respond(request: ApiRequest) -> Answer:
        if "conversationIds" in request.json:
            found = [name for name in request.json["conversationIds"] if name in closed]
            return answer(whole(name) for name in found)
        first, last = rounded(request.json["end"])
        found = sorted(name for name, end in ends.items() if first <= end <= last)
        offset, limit = int(request.params["offset"]), min(int(request.params["limit"]), page_size)
        page = found[offset : offset + limit]
        return answer([whole(name) for name in page], count=len(found))

    def whole(name: str) -> dict:
        return conversation(
            name, startTimeL=ms(DAY.start) - 1, endTimeL=ends[name], conversationEndTimeL=closed[name]
        )

    query = MESSAGING_INTERACTIONS.query(window, cursor="end")
    slice_ = next(one for one in MESSAGING_INTERACTIONS.plan(query) if one.bounds["start"].end == DAY.start)
    for _ in range(200):  # readings: each move disturbs at most one
        made, landed = ConversationPager(MESSAGING_INTERACTIONS, query, slice_), []
        try:
            while (request := made.next_request()) is not None:
                for number, (at, later, before) in enumerate(made_of):
                    if before <= sent:
                        ends[f"{number:02d}"] = ms(DAY.start) + (at + later) * MINUTE
                sent += 1
                landed += [json.loads(bytes(raw)) for raw in made.accept(made.parse(respond(request)))]
            made.finish()
        except PagesMovedError:
            continue
        break
    names = sorted(found["info"]["conversationId"] for found in landed)
    assert names == [name for name, at in sorted(closed.items()) if ms(DAY.start) <= at < ms(window.end)]
    assert made.received == made.reported


# -- conversations that come in part ---------------------------------------------------------------


def part(name: str) -> dict:
    return conversation(name, isPartial=True)


def ask(made: ConversationPager) -> ApiRequest:
    request = made.next_request()
    assert request is not None
    return request


def test_conversations_that_come_in_part_are_asked_for_by_their_ids():
    made = reader(contentToRetrieve=["summary"])
    assert accepted(made, answer([conversation("a"), part("b"), conversation("c")])) == [
        conversation("a"),
        conversation("c"),
    ]
    request = ask(made)
    assert request.path.endswith("/conversations/conversation/search")
    assert request.json == {"conversationIds": ["b"], "contentToRetrieve": ["summary"]}
    whole = {**conversation("b"), "messageRecords": [1, 2]}
    assert [json.loads(bytes(raw)) for raw in made.accept(made.parse(answer([whole])))] == [whole]
    assert made.next_request() is None
    assert (made.reported, made.received) == (3, 3)


def test_parts_of_a_first_page_of_several_are_asked_for_at_the_end():
    made = reader()
    ask(made)
    made.accept(made.parse(answer([part(f"{number:03d}") for number in range(100)], count=101)))
    assert ask(made).params["offset"] == "99"
    assert made.next_request() is None
    made.accept(made.parse(answer([part("099"), part("100")], count=101)))
    assert [len(ask(made).json["conversationIds"]) for _ in range(2)] == [100, 1]


def test_parts_that_do_not_belong_are_not_asked_for():
    made = reader()
    late = part("a")
    late["info"]["startTimeL"] = AFTER
    assert accepted(made, answer([late])) == []
    assert made.next_request() is None


def test_parts_are_asked_for_100_at_a_time_at_the_end_in_their_order():
    names = [f"{number:03d}" for number in range(230)]
    made = reader()
    for first in range(0, 230, 99):
        assert (
            accepted(made, answer([part(name) for name in names[first : first + 100]], count=len(names)))
            == []
        )
    requests = []
    while (request := made.next_request()) is not None:  # they may leave at once
        requests.append(request)
    batches = [request.json["conversationIds"] for request in requests]
    assert [len(batch) for batch in batches] == [100, 100, 30]
    found = [
        json.loads(bytes(raw))["info"]["conversationId"]
        for batch in batches
        for raw in made.accept(made.parse(answer(conversation(name) for name in reversed(batch))))
    ]
    assert found == names


def without(missing: list[str], parts: list[str], readings: int) -> ConversationPager:
    """The last of several readings in which some of the conversations that come in part are not found by their ids."""
    before: ConversationPager | None = None
    for _ in range(readings):
        made = reader()
        if before is not None:
            made.learn(before)
        accepted(made, answer([part(name) for name in parts]))
        while (request := made.next_request()) is not None:
            names = request.json["conversationIds"]
            made.accept(made.parse(answer([conversation(name) for name in names if name not in missing])))
        before = made
    return made


@pytest.mark.parametrize("parts", [["a"], ["a", "b"], ["b", "a", "c"]])
def test_a_part_that_is_not_found_by_its_id_is_taken_once_two_readings_agree(parts):
    for readings in (1, 2):
        with pytest.raises(ContradictionError, match=f"1 of {len(parts)} conversations that came in part"):
            without(["a"], parts, readings).finish()
    made = without(["a"], parts, 3)
    made.finish()
    assert (made.still_partial, made.received) == ([b"a"], len(parts))


@pytest.mark.parametrize("readings", [1, 3, 5])
def test_where_none_of_several_is_found_by_their_ids_it_is_their_search_that_fails(readings):
    with pytest.raises(ContradictionError, match="2 of 2 conversations"):
        without(["a", "b"], ["a", "b"], readings).finish()


@pytest.mark.parametrize("nothing", [answer([]), Answer(status=204, headers={})])
def test_an_answer_without_conversations_is_one_in_which_none_was_found(nothing):
    made = reader()
    accepted(made, answer([part("a"), part("b")]))
    ask(made)
    assert list(made.accept(made.parse(nothing))) == []
    with pytest.raises(ContradictionError, match="2 of 2 conversations"):
        made.finish()


def test_what_is_in_part_even_when_asked_for_is_taken_and_named():
    made = reader()
    accepted(made, answer([part("a"), part("b"), conversation("c")]))
    ask(made)
    found = made.accept(made.parse(answer([part("a"), conversation("b")])))
    assert [json.loads(bytes(raw)) for raw in found] == [part("a"), conversation("b")]
    made.finish()
    assert (made.still_partial, made.received) == ([b"a"], 3)


def test_a_part_that_no_longer_belongs_once_it_is_whole_is_left_out():
    made = reader(cursor="full_dialog_end")
    accepted(made, answer([{"info": {**part("a")["info"], "endTimeL": LAST}}]))
    ask(made)
    moved = conversation("a", endTimeL=LAST, fullDialogStatus="OPEN")
    assert list(made.accept(made.parse(answer([moved])))) == []


# -- against a server ------------------------------------------------------------------------------


@pytest.fixture
def read(connect) -> Callable[..., list[dict]]:
    def read(window: Window = WEEK, cursor: str = "end", filters=None, **settings) -> list[dict]:
        query = MESSAGING_INTERACTIONS.query(window, filters=filters, cursor=cursor)
        client = connect(**settings)
        return [json.loads(raw) for raw in records(client, MESSAGING_INTERACTIONS, query)]

    return read


def ids(found: Iterable[dict]) -> list[str]:
    return sorted(one["info"]["conversationId"] for one in found)


@pytest.mark.parametrize(
    ("cursor", "switches"),
    [
        ("start", {}),
        ("end", {"messaging_partial_share": 0.5}),
        ("end", {"messaging_end_filter": "conversation_end_time"}),
        ("full_dialog_end", {"messaging_empty": "204"}),
        ("updated", {}),
    ],
    ids=str,
)
def test_the_whole_truth(sandbox, read, cursor, switches):
    sandbox.configure(**switches)
    truth = sandbox.conversations.truth(WEEK.start, WEEK.end, cursor)
    assert truth
    found = read(cursor=cursor)
    assert ids(found) == ids(truth)
    assert not any(one["info"].get("isPartial") for one in found)


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("error", ["500", "400"])
def test_more_than_can_be_paged_is_split_until_it_fits(sandbox, read, waits, error, concurrency):
    sandbox.configure(messaging_deep_limit=100, messaging_deep_error=error, messaging_partial_share=0)
    truth = sandbox.conversations.truth(WEEK.start, WEEK.end, "start")
    assert len(truth) > 200
    found = read(cursor="start", deep_paging_limit=100, max_concurrency=concurrency)
    assert [one["info"]["startTimeL"] for one in found] == sorted(one["info"]["startTimeL"] for one in truth)
    assert ids(found) == ids(truth)
    assert waits == []


def test_a_count_that_ends_at_what_can_be_paged_is_not_taken_for_the_truth(sandbox, read):
    """A search engine may stop counting there."""
    sandbox.configure(messaging_deep_limit=100, messaging_count="capped")
    truth = sandbox.conversations.truth(WEEK.start, WEEK.end, "start")
    try:
        found = read(cursor="start", deep_paging_limit=100)
    except IncompletePullError:
        return
    assert ids(found) == ids(truth)


def test_ten_minutes_with_more_than_can_be_paged_are_an_error_with_ways_out(sandbox, read):
    sandbox.conversations.insert(120, WEEK.start + timedelta(days=1))
    with pytest.raises(IncompletePullError, match="deep_paging_limit") as caught:
        read(cursor="start", deep_paging_limit=100)
    assert caught.value.field == "deep_paging_limit"
    assert "the shortest range" in str(caught.value)


def test_an_answer_of_a_part_of_the_search_engine_is_repeated(sandbox, read, waits):
    sandbox.faults.add(kind="partial_result", match="/conversations/search", rows=5, times=2)
    assert ids(read(cursor="start")) == ids(sandbox.conversations.truth(WEEK.start, WEEK.end, "start"))
    assert waits


def test_ids_that_are_not_known_are_left_out(sandbox, connect):
    known = sandbox.conversations.ids[:3]
    found = [json.loads(raw) for raw in conversations_by_ids(connect(), [*known, "none", known[0]])]
    assert ids(found) == sorted(known)


def test_ids_are_asked_for_100_at_a_time_each_once(sandbox, connect):
    known = [one["info"]["conversationId"] for one in sandbox.conversations.truth(WEEK.start, WEEK.end)]
    assert len(known) > 100
    found = list(conversations_by_ids(connect(), iter(known * 2)))
    assert len(found) == len(known)
    sent = [json.loads(it.body)["conversationIds"] for it in sandbox.requests if "/conversation/" in it.path]
    assert max(map(len, sent)) == 100
    assert len(sent) == -(-len(known) // 100)


def test_no_ids_nothing_asked(sandbox, connect):
    assert list(conversations_by_ids(connect(), [])) == []
    assert sandbox.requests == []


def test_a_consumers_conversations(sandbox, connect):
    truth = sandbox.conversations.truth(WEEK.start, WEEK.end, "start")
    consumer = truth[0]["consumerParticipants"][0]["participantId"]
    found = [json.loads(raw) for raw in conversations_by_consumer(connect(), consumer)]
    assert truth[0]["info"]["conversationId"] in ids(found)
    assert {one["consumerParticipants"][0]["participantId"] for one in found} == {consumer}
    assert list(conversations_by_consumer(connect(), "nobody")) == []


@pytest.fixture
def in_part(sandbox, monkeypatch) -> str:
    """A conversation that comes in part however it is asked for."""
    (first, *_) = sandbox.conversations.truth(WEEK.start, WEEK.end, "start")
    sandbox.configure(messaging_partial_share=1.0, messaging_by_id="partial")
    return first["info"]["conversationId"]


def test_what_comes_in_part_even_by_id_is_told(connect, in_part, caplog):
    (found,) = conversations_by_ids(connect(), [in_part])
    assert json.loads(found)["info"]["isPartial"] is True
    assert "1 conversation(s) came in part (isPartial), even when asked for by id" in caplog.text
    assert in_part not in caplog.text


@pytest.mark.parametrize("by_id", ["whole", "partial", "absent"])
def test_a_consumers_conversations_are_asked_for_by_id_where_they_come_in_part(
    sandbox, connect, caplog, by_id
):
    truth = sandbox.conversations.truth(WEEK.start, WEEK.end, "start")
    consumer = truth[0]["consumerParticipants"][0]["participantId"]
    sandbox.configure(messaging_partial_share=1.0, messaging_by_id=by_id)
    found = [json.loads(raw) for raw in conversations_by_consumer(connect(), consumer)]
    assert truth[0]["info"]["conversationId"] in ids(found)
    assert any(one["info"].get("isPartial") for one in found) is (by_id != "whole")
    assert ("came in part" in caplog.text) is (by_id != "whole")


@pytest.mark.parametrize(
    "switches", [{"messaging_count": "half"}, {"messaging_count": "page"}, {"offset_ignored": True}], ids=str
)
def test_a_consumers_conversations_are_all_there_or_there_is_an_error(
    sandbox, connect, monkeypatch, switches
):
    monkeypatch.setattr(
        "airflow_provider_liveperson.datasets.messaging_interactions.lookups.MAX_PAGE_SIZE", 1
    )
    truth = sandbox.conversations.truth(WEEK.start, WEEK.end, "start")
    consumers = [one["consumerParticipants"][0]["participantId"] for one in truth]
    busy = next(one for one in consumers if consumers.count(one) > 1)
    sandbox.configure(**switches)
    with pytest.raises(IncompletePullError, match="conversations of a consumer"):
        list(conversations_by_consumer(connect(), busy))


def test_a_refusal_while_slices_are_read_ahead_is_told(sandbox, read):
    sandbox.faults.add(kind="status", status=403, match="/conversations/search", skip=2, times=99)
    with pytest.raises(PermissionDeniedError, match="POST msgHist"):
        read()
