"""Conversations: each lands once by every cursor, however deep, dense, partial or unstable the results are."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import (
    IncompletePullError,
    InvalidResponseError,
    PermissionDeniedError,
    RequestRejectedError,
    ServiceUnavailableError,
    WindowOutOfRangeError,
)
from airflow_provider_liveperson.pull.pull import PullResult, pull, records
from airflow_provider_liveperson.sandbox.apis.messaging_interactions import request as messaging
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import Window
from devtools.memory_store import MemoryStore

MESSAGING = DATASETS["messaging_interactions"]
DAY = Window(datetime(2026, 1, 29, tzinfo=UTC), datetime(2026, 1, 30, tzinfo=UTC))
SHORT = Window(DAY.start + timedelta(hours=1), DAY.end)
SPAN = Window(datetime(2026, 1, 27, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
ALL = Window(datetime(2026, 1, 20, tzinfo=UTC), datetime(2026, 2, 10, tzinfo=UTC))
EXACT = ("end", "full_dialog_end", "start")  # the cursors by which a conversation belongs to one window only
CURSORS = (*EXACT, "updated")
SEARCH = "/conversations/search"
BY_IDS = "/conversation/search"
DAY_LONG, MINUTE, MILLISECOND = timedelta(days=1), timedelta(minutes=1), timedelta(milliseconds=1)
MIDNIGHT = datetime(2026, 1, 30, tzinfo=UTC)

Row = dict[str, Any]
Connect = Callable[..., LivePersonClient]

every_cursor = pytest.mark.parametrize("cursor", CURSORS)
every_exact_cursor = pytest.mark.parametrize("cursor", EXACT)


def land(
    client: LivePersonClient,
    window: Window,
    store: MemoryStore,
    *,
    cursor: str = "end",
    filters: dict[str, Any] | None = None,
    **choices: Any,
) -> PullResult:
    """Land a window an hour after its end."""
    query = MESSAGING.query(window, cursor=cursor, filters=filters)
    now = window.end + timedelta(hours=1)
    return pull(client, MESSAGING, query, store.destination(**choices), now=now)


def truth(sandbox: SandboxServer, window: Window, cursor: str = "end") -> list[Row]:
    return sandbox.conversations.truth(window.start, window.end, cursor=cursor)  # type: ignore[arg-type]


def lines(rows: list[Row]) -> list[bytes]:
    """Records as text, to compare them in whatever order."""
    return sorted(msgspec.json.encode(row, order="deterministic") for row in rows)


def ids(rows: list[Row]) -> list[str]:
    return sorted(row["info"]["conversationId"] for row in rows)


def searches(sandbox: SandboxServer) -> list[Any]:
    """The body of each search."""
    # One that a failure has interrupted has no body.
    sent = [request.body for request in sandbox.requests if SEARCH in request.path]
    return [json.loads(body) for body in sent if body]


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


# Cursors and windows


@every_cursor
@pytest.mark.parametrize("kind", ["api_key", "app_jwt_v2"])
def test_every_cursor_lands_its_own_truth(
    cursor: str, kind: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    window = Window(DAY.start, ALL.end) if cursor == "updated" else DAY
    pulled = land(connect(sandbox, kind), window, store, cursor=cursor)
    expected = truth(sandbox, window, cursor)
    assert len(expected) > 40
    assert lines(store.records()) == lines(expected)
    assert pulled.records == len(expected)
    assert store.manifests()[0]["cursor"] == cursor


@every_exact_cursor
def test_hourly_windows_neither_lose_nor_repeat(
    cursor: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    for window in DAY.cut(timedelta(hours=1)):
        land(client, window, store, cursor=cursor)
    assert lines(store.records()) == lines(truth(sandbox, DAY, cursor))


@pytest.mark.parametrize("length", [timedelta(hours=7, minutes=3, seconds=1, milliseconds=7), DAY_LONG * 1.5])
def test_windows_of_odd_lengths_neither_lose_nor_repeat(
    length: timedelta, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    for window in SPAN.cut(length):
        land(client, window, store)
    assert lines(store.records()) == lines(truth(sandbox, SPAN))


SECONDS = int((SPAN.end - SPAN.start).total_seconds())


# Odd milliseconds, tens of minutes and the ends of days, where the sandbox places conversations on purpose.
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cursor=st.sampled_from(EXACT),
    cuts=st.lists(
        st.integers(1, SECONDS * 1000 - 1)
        | st.integers(1, SECONDS // 600 - 1).map(lambda tens: tens * 600_000)
        | st.integers(1, SECONDS // 86400 - 1).map(lambda days: days * 86_400_000 - 1),
        max_size=3,
        unique=True,
    ),
    switches=st.fixed_dictionaries(
        {},
        optional={
            "messaging_partial_share": st.sampled_from([0, 0.5, 1]),
            "messaging_end_filter": st.sampled_from(["end_time", "conversation_end_time"]),
            "messaging_full_dialog_filter": st.sampled_from(["accepted", "ignored"]),
            "messaging_empty": st.sampled_from(["200", "204"]),
            "messaging_deep_limit": st.just(100),
        },
    ),
)
def test_any_cutting_lands_each_conversation_once(
    cursor: str, cuts: list[int], switches: dict[str, Any], sandbox: SandboxServer, connect: Connect
) -> None:
    sandbox.reset()
    sandbox.configure(**switches)
    client = connect(sandbox, "app_jwt_v2", deep_paging_limit=switches.get("messaging_deep_limit"))
    edges = [SPAN.start, *(SPAN.start + cut * MILLISECOND for cut in sorted(cuts)), SPAN.end]
    landed = [
        json.loads(raw)
        for start, end in pairwise(edges)
        for raw in records(
            client,
            MESSAGING,
            MESSAGING.query(Window(start, end), cursor=cursor, filters={"contentToRetrieve": ["summary"]}),
        )
    ]
    assert ids(landed) == ids(truth(sandbox, SPAN, cursor))


# One range ends, and the next begins, at a midnight at which a conversation ended.
@pytest.mark.parametrize(
    ("cursor", "switches", "days"),
    [
        ("end", {"messaging_end_filter": "end_time"}, 79),
        ("end", {"messaging_end_filter": "end_time"}, 80),
        ("end", {"messaging_end_filter": "conversation_end_time"}, 79),
        ("end", {"messaging_end_filter": "conversation_end_time"}, 80),
        ("full_dialog_end", {"messaging_full_dialog_filter": "accepted"}, 79),
        ("full_dialog_end", {"messaging_full_dialog_filter": "accepted"}, 80),
        ("full_dialog_end", {"messaging_full_dialog_filter": "ignored"}, 80),
        ("start", {}, 80),
        ("updated", {}, 80),
    ],
)
def test_windows_longer_than_a_range_neither_lose_nor_repeat(
    cursor: str,
    switches: dict[str, Any],
    days: int,
    sandbox: SandboxServer,
    connect: Connect,
) -> None:
    """Read at once, as landings have their days one by one."""
    sandbox.configure(**switches)
    window = Window(ALL.start, datetime(2026, 1, 28, tzinfo=UTC) + timedelta(days=days))
    query = MESSAGING.query(window, cursor=cursor)
    read = [json.loads(raw) for raw in records(connect(sandbox), MESSAGING, query)]
    assert ids(read) == ids(truth(sandbox, window, cursor))


def test_many_days_land_what_they_hold(sandbox: SandboxServer, connect: Connect, store: MemoryStore) -> None:
    window = Window(ALL.start, datetime(2026, 1, 28, tzinfo=UTC) + timedelta(days=80))
    assert len(land(connect(sandbox), window, store).manifests) > 80
    assert ids(store.records()) == ids(truth(sandbox, window))


def test_a_window_that_is_not_over_is_refused_or_said_to_be_incomplete(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client, query, now = connect(sandbox), MESSAGING.query(DAY), DAY.end + 14 * MINUTE
    with pytest.raises(WindowOutOfRangeError):
        pull(client, MESSAGING, query, store.destination(), now=now)
    assert store.objects == {}
    pull(client, MESSAGING, query, store.destination(), now=now, allow_out_of_range=True)
    assert store.manifests()[0]["complete"] is False
    assert lines(store.records()) == lines(truth(sandbox, DAY))


# Surveys, which change when a conversation ended


@pytest.mark.parametrize("submitted", ["before", "between", "after"])
@pytest.mark.parametrize(
    ("late", "switch"),
    [
        (timedelta(0), "end_time"),
        (MINUTE, "end_time"),
        (2 * DAY_LONG + 5 * MINUTE, "end_time"),
        (MINUTE, "conversation_end_time"),
    ],
)
def test_a_survey_that_moves_an_end_into_the_next_window_moves_no_conversation(
    late: timedelta,
    submitted: str,
    switch: str,
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
) -> None:
    sandbox.configure(messaging_end_filter=switch)
    (moved,) = sandbox.conversations.insert(1, MIDNIGHT - 5 * MINUTE)
    client = connect(sandbox)
    for moment in ("before", "between", "after"):
        if moment == submitted:
            sandbox.conversations.submit_survey(moved, MIDNIGHT + late)
        if moment == "before":
            first = land(client, DAY, store)
        elif moment == "between":
            land(client, Window(DAY.end, DAY.end + DAY_LONG), store)
    landed = ids(store.records())
    assert landed.count(moved) == 1
    assert landed == ids(truth(sandbox, Window(DAY.start, DAY.end + DAY_LONG)))
    again = land(client, DAY, store)
    assert again.records == first.records
    assert lines(store.records()) == lines(truth(sandbox, Window(DAY.start, DAY.end + DAY_LONG)))


def test_full_dialog_end_follows_the_survey(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    (moved,) = sandbox.conversations.insert(1, MIDNIGHT - 5 * MINUTE)
    sandbox.conversations.submit_survey(moved, MIDNIGHT + MINUTE)
    client, next_day = connect(sandbox), Window(DAY.end, DAY.end + DAY_LONG)
    land(client, DAY, store, cursor="full_dialog_end")
    assert moved not in ids(store.records())
    land(client, next_day, store, cursor="full_dialog_end")
    assert ids(store.records()).count(moved) == 1


def moved_ends(sandbox: SandboxServer, count: int) -> list[str]:
    """Conversations that closed before midnight, and whose surveys were submitted after it."""
    moved = sandbox.conversations.insert(count, MIDNIGHT - 5 * MINUTE)
    for conversation in moved:
        sandbox.conversations.submit_survey(conversation, MIDNIGHT + 20 * MINUTE)
    return moved


def test_what_started_before_a_short_window_is_downloaded_whole_only_if_it_belongs_to_it(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    land(connect(sandbox), SHORT, store)
    assert lines(store.records()) == lines(truth(sandbox, SHORT))
    whole = [body for body in searches(sandbox) if body["contentToRetrieve"] != ["coBrowseSessions"]]
    assert [body["start"]["from"] for body in whole] == [ms(SHORT.start)] * len(whole)
    by_ids = [json.loads(request.body) for request in sandbox.requests if BY_IDS in request.path]
    asked = [name for body in by_ids for name in body["conversationIds"]]
    started_before = [row for row in store.records() if row["info"]["startTimeL"] < ms(SHORT.start)]
    assert len(started_before) > 5
    assert len(asked) == len(set(asked))
    assert set(ids(started_before)) <= set(asked) <= set(ids(store.records()))
    counts = store.manifests()[0]["counts"]
    assert counts["reported"] == counts["received"] == counts["kept"] + counts["outside_window"]


def test_what_is_not_found_by_its_id_lands_as_it_came_in_short_windows_too(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    sandbox.configure(messaging_partial_share=0.2, messaging_by_id="absent")
    land(connect(sandbox), SHORT, store)
    assert ids(store.records()) == ids(truth(sandbox, SHORT))
    (manifest,) = store.manifests()
    assert manifest["complete"] is False
    in_part = [row for row in store.records() if row["info"]["isPartial"]]
    assert sorted(manifest["still_partial"]) == ids(in_part) != []


def test_of_the_time_after_a_window_only_what_belongs_to_it_is_downloaded_whole(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    moved = moved_ends(sandbox, 120)
    land(connect(sandbox), DAY, store)
    assert lines(store.records()) == lines(truth(sandbox, DAY))
    later = [body for body in searches(sandbox) if body["end"]["from"] >= ms(DAY.end)]
    assert later
    assert [body["contentToRetrieve"] for body in later] == [["coBrowseSessions"]] * len(later)
    by_ids = [json.loads(request.body) for request in sandbox.requests if BY_IDS in request.path]
    asked = [name for body in by_ids for name in body["conversationIds"]]
    assert len(asked) == len(set(asked))
    assert set(moved) <= set(asked) <= set(ids(store.records()))


@pytest.mark.parametrize("hours", [24, 23])
@pytest.mark.parametrize(
    "fault", [{"status": 400}, {"status": 404}, {"status": 204, "body": ""}], ids=["400", "404", "204"]
)
def test_where_conversations_cannot_be_had_by_their_ids_they_are_searched_for(
    fault: dict[str, Any], hours: int, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    window = Window(MIDNIGHT - timedelta(hours=hours), MIDNIGHT)
    moved = moved_ends(sandbox, 3)
    sandbox.configure(messaging_partial_share=0)
    sandbox.faults.add(kind="status", match=BY_IDS, times=1000, **fault)
    land(connect(sandbox), window, store)
    assert set(moved) <= set(ids(store.records()))
    assert lines(store.records()) == lines(truth(sandbox, window))


def test_more_after_a_window_than_can_be_paged_is_searched_in_pieces(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    moved = moved_ends(sandbox, 40)
    for hour in (2, 7):
        for conversation in sandbox.conversations.insert(70, MIDNIGHT - 6 * MINUTE):
            sandbox.conversations.submit_survey(conversation, MIDNIGHT + timedelta(hours=hour))
            moved.append(conversation)
    sandbox.configure(messaging_deep_limit=100)
    land(connect(sandbox, deep_paging_limit=100), Window(MIDNIGHT - timedelta(hours=1), MIDNIGHT), store)
    assert set(moved) <= set(ids(store.records()))
    assert {request.status for request in sandbox.requests if SEARCH in request.path} == {200}


# Paging


@pytest.mark.parametrize(
    ("cursor", "limit", "error"), [*((cursor, 100, "500") for cursor in CURSORS), ("end", 200, "400")]
)
def test_a_range_beyond_the_paging_limit_is_split(
    cursor: str, limit: int, error: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    make_dense(sandbox, limit)
    sandbox.configure(messaging_deep_limit=limit, messaging_deep_error=error)
    window = ALL if cursor == "updated" else DAY
    pulled = land(connect(sandbox, deep_paging_limit=limit), window, store, cursor=cursor)
    expected = truth(sandbox, window, cursor)
    assert lines(store.records()) == lines(expected)
    assert pulled.records == len(expected) > 6 * limit
    (manifest,) = store.manifests()
    assert len(manifest["slices"]) > 6
    assert all(slice_["reported"] <= limit for slice_ in manifest["slices"])
    refused = {request.status for request in sandbox.requests if SEARCH in request.path} - {200}
    assert refused == set()


def make_dense(sandbox: SandboxServer, limit: int) -> None:
    """Give a day many times as many conversations as can be paged through."""
    for hour in range(24):
        sandbox.conversations.insert(limit // 3, DAY.start + timedelta(hours=hour, minutes=30))


@every_cursor
def test_a_count_that_stops_at_the_limit_hides_nothing(
    cursor: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    make_dense(sandbox, 200)
    sandbox.configure(messaging_deep_limit=200, messaging_count="capped")
    land(connect(sandbox, deep_paging_limit=200), DAY, store, cursor=cursor)
    assert ids(store.records()) == ids(truth(sandbox, DAY, cursor))


@every_exact_cursor
def test_a_range_too_dense_to_split_does_not_land(
    cursor: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    sandbox.conversations.insert(130, DAY.start + timedelta(hours=12, minutes=8))
    with pytest.raises(IncompletePullError, match="not fewer than the 100 that LivePerson pages") as raised:
        land(connect(sandbox, deep_paging_limit=100), DAY, store, cursor=cursor)
    assert raised.value.field == "deep_paging_limit"
    assert store.manifests() == []


@pytest.mark.parametrize("ceiling", [7, 40, 99])
@pytest.mark.parametrize("concurrency", [1, 8])
def test_smaller_pages_than_were_asked_for(
    ceiling: int,
    concurrency: int,
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(messaging, "MAX_LIMIT", ceiling)
    land(connect(sandbox, max_concurrency=concurrency), ALL, store)
    for manifest in store.manifests():
        assert manifest["counts"]["received"] == manifest["counts"]["reported"]
    assert lines(store.records()) == lines(truth(sandbox, ALL))


@pytest.mark.parametrize("cursor", ["start", "updated"])
def test_few_and_many_concurrent_requests_land_the_same_bytes(
    cursor: str, sandbox: SandboxServer, connect: Connect
) -> None:
    sandbox.configure(messaging_partial_share=0.5)
    one, many = MemoryStore(), MemoryStore()
    land(connect(sandbox, max_concurrency=1), ALL, one, cursor=cursor, roll_at=200_000)
    land(connect(sandbox, max_concurrency=8), ALL, many, cursor=cursor, roll_at=200_000)
    assert len(one.objects) > 5
    assert one.objects == many.objects


# What a search returns only in part


@pytest.mark.parametrize(
    ("cursor", "share"), [("start", 0), ("end", 1), *((cursor, 0.3) for cursor in CURSORS)]
)
def test_partial_records_are_replaced_by_complete_ones(
    cursor: str, share: float, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    sandbox.configure(messaging_partial_share=share)
    land(connect(sandbox), ALL, store, cursor=cursor)
    assert lines(store.records()) == lines(truth(sandbox, ALL, cursor))
    asked_again = [
        name
        for request in sandbox.requests
        if BY_IDS in request.path
        for name in json.loads(request.body)["conversationIds"]
    ]
    assert len(asked_again) == len(set(asked_again))
    assert bool(asked_again) == bool(share)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "partial_result", "rows": 3, "times": 2},
        {"kind": "status", "status": 500, "body": {"internalCode": "0007"}, "times": 3},
        {"kind": "status", "status": 204, "body": ""},
        {"kind": "cut", "times": 2},
        {"kind": "revoke_tokens"},
    ],
    ids=lambda fault: fault["kind"],
)
def test_faults_while_partial_records_are_replaced_are_survived(
    fault: dict[str, Any], sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    sandbox.configure(messaging_partial_share=0.5)
    sandbox.faults.add(match=BY_IDS, **fault)
    land(connect(sandbox, "app_jwt_v2"), DAY, store)
    assert not len(sandbox.faults)
    assert lines(store.records()) == lines(truth(sandbox, DAY))


def test_partial_records_without_complete_ones_do_not_land(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    sandbox.configure(messaging_partial_share=0.5)
    sandbox.faults.add(kind="status", status=204, body="", match=BY_IDS, times=1000)
    with pytest.raises(IncompletePullError, match="came in part were not found by their ids"):
        land(connect(sandbox), DAY, store)
    assert store.manifests() == []


# Counts and responses that are wrong


@pytest.mark.parametrize(
    ("cursor", "rows", "skip"),
    [
        ("end", -3, 0),
        ("end", 3, 0),
        ("end", -3, 6),
        ("end", 3, 6),
        ("full_dialog_end", 3, 6),
        ("start", -3, 1),
    ],
)
def test_counts_that_drift_between_pages_have_it_read_again(
    cursor: str, rows: int, skip: int, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    window = Window(SPAN.start, ALL.end)
    sandbox.faults.add(kind="count_drift", rows=rows, match=SEARCH, skip=skip)
    land(connect(sandbox), window, store, cursor=cursor)
    assert not len(sandbox.faults)
    assert lines(store.records()) == lines(truth(sandbox, window, cursor))


@pytest.mark.parametrize(("cursor", "rows"), [("end", -1), ("end", 1), ("full_dialog_end", 1), ("start", 1)])
def test_counts_that_keep_changing_end_in_an_error(
    cursor: str, rows: int, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    make_dense(sandbox, 100)
    sandbox.faults.add(kind="count_drift", rows=rows, match="offset=99", times=1000)
    with pytest.raises(
        IncompletePullError, match=r"failed in the same way: [0-9]+ records were reported, then"
    ):
        land(connect(sandbox), DAY, store, cursor=cursor)
    assert store.manifests() == []


@pytest.mark.parametrize("lowers_count", [True, False])
@pytest.mark.parametrize("match", [SEARCH, "offset=99"])
def test_partial_results_are_requested_again(
    match: str, lowers_count: bool, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    make_dense(sandbox, 100)
    sandbox.faults.add(kind="partial_result", rows=5, lowers_count=lowers_count, match=match, times=3)
    land(connect(sandbox), DAY, store)
    assert not len(sandbox.faults)
    assert lines(store.records()) == lines(truth(sandbox, DAY))


def test_results_that_stay_partial_do_not_land(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    sandbox.faults.add(kind="partial_result", match=SEARCH, times=1000)
    with pytest.raises(InvalidResponseError, match="partialResult"):
        land(connect(sandbox), DAY, store)
    assert store.objects == {}


def test_the_search_engines_error_is_retried_and_then_reported(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    body = {"internalCode": "0007", "message": "The search engine failed"}
    sandbox.faults.add(kind="status", status=500, body=body, match=SEARCH, times=3)
    land(connect(sandbox), DAY, store)
    assert lines(store.records()) == lines(truth(sandbox, DAY))
    sandbox.faults.add(kind="status", status=500, body=body, match=SEARCH, times=1000)
    before = dict(store.objects)
    with pytest.raises(ServiceUnavailableError, match="0007"):
        land(connect(sandbox), DAY, store)
    assert store.objects == before


@every_exact_cursor
@pytest.mark.parametrize("kind", ["expire_tokens", "revoke_tokens"])
def test_tokens_may_end_in_the_middle(
    cursor: str, kind: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    for skip in (0, 2):
        sandbox.faults.add(kind=kind, match=SEARCH, skip=skip)
    window = Window(SPAN.start, ALL.end)
    land(connect(sandbox, "app_jwt_v2", max_concurrency=1), window, store, cursor=cursor)
    assert not len(sandbox.faults)
    assert lines(store.records()) == lines(truth(sandbox, window, cursor))


SWITCHES: dict[str, dict[str, Any]] = {
    "any source": {"messaging_source": "lenient"},
    "large limits rejected": {"messaging_limit_over": "reject"},
    "no deep limit": {"messaging_deep_limit": None},
    "deep pages are a 400": {"messaging_deep_error": "400"},
    "204 where nothing is": {"messaging_empty": "204"},
    "latest end first": {"messaging_default_sort": "end:desc"},
    "first start first": {"messaging_default_sort": "start:asc"},
    "open ones where no status is asked for": {"messaging_default_status": ["OPEN"]},
    "closed ones where no status is asked for": {"messaging_default_status": ["CLOSE"]},
    "unknown filters rejected": {"messaging_unknown_filter": "reject"},
    "end filters by the close": {"messaging_end_filter": "conversation_end_time"},
    "fullDialogEndTime ignored": {"messaging_full_dialog_filter": "ignored"},
    "nothing in part": {"messaging_partial_share": 0},
}


MAX_READ_ATTEMPTS = [
    pytest.param(cursor, switches, id=f"{cursor}: {label}")
    for label, switches in SWITCHES.items()
    for cursor in CURSORS
    if cursor == "end" or label in ("204 where nothing is", "fullDialogEndTime ignored", "nothing in part")
]


@pytest.mark.parametrize(("cursor", "switches"), MAX_READ_ATTEMPTS)
def test_every_reading_of_the_docs_gives_the_truth(
    cursor: str, switches: dict[str, Any], sandbox: SandboxServer, connect: Connect
) -> None:
    sandbox.configure(**switches)
    window = Window(datetime(2026, 1, 31, 22, tzinfo=UTC), ALL.end)
    query = MESSAGING.query(window, cursor=cursor)
    landed = [json.loads(raw) for raw in records(connect(sandbox), MESSAGING, query)]
    assert landed
    assert lines(landed) == lines(truth(sandbox, window, cursor))


def test_a_filter_unknown_to_livepersons_search_is_named(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    sandbox.configure(messaging_full_dialog_filter="ignored", messaging_unknown_filter="reject")
    with pytest.raises(RequestRejectedError, match="fullDialogEndTime"):
        land(connect(sandbox), DAY, store, cursor="full_dialog_end")
    assert store.objects == {}


def test_the_source_goes_along_with_every_request(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    sandbox.configure(messaging_partial_share=0.5)
    land(connect(sandbox, source="NightlyLoad"), DAY, store)
    asked = [request.url for request in sandbox.requests if "/messaging_history/" in request.path]
    assert any(BY_IDS in url for url in asked)
    assert all("source=NightlyLoad" in url for url in asked)


# Filters


def _info(name: str, *values: Any) -> Callable[[Row], bool]:
    return lambda row: row["info"][name] in values


FILTERS: dict[str, tuple[dict[str, Any], Callable[[Row], bool]]] = {
    "device": ({"device": ["DESKTOP", "TABLET"]}, _info("device", "DESKTOP", "TABLET")),
    "source": ({"source": ["APP"]}, _info("source", "APP")),
    "score": ({"mcs": {"from": 50}}, lambda row: row["info"]["mcs"] >= 50),
    "alerts": ({"alertedMcsValues": [-1, "1"]}, _info("alertedMCS", -1, 1)),
    "start": (
        {"start": {"from": ms(DAY.start), "to": ms(DAY.start) + 43_199_999}},
        lambda row: ms(DAY.start) <= row["info"]["startTimeL"] < ms(DAY.start) + 43_200_000,
    ),
    "nothing": ({"keyword": "no such word"}, lambda row: False),
}


@pytest.mark.parametrize(("filters", "fits"), FILTERS.values(), ids=FILTERS)
def test_filters_narrow_the_truth(
    filters: dict[str, Any],
    fits: Callable[[Row], bool],
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
) -> None:
    land(connect(sandbox), DAY, store, filters=filters)
    everything = truth(sandbox, DAY)
    expected = [row for row in everything if fits(row)]
    assert len(expected) < len(everything)
    assert bool(expected) == ("keyword" not in filters)
    assert lines(store.records()) == lines(expected)


def test_one_skill_and_open_ones(sandbox: SandboxServer, connect: Connect) -> None:
    client, everything = connect(sandbox), truth(sandbox, SPAN, "start")
    skill = everything[0]["info"]["latestSkillId"]
    for filters, fits in (
        ({"latestSkillIds": [skill]}, _info("latestSkillId", skill)),
        ({"status": ["OPEN"]}, _info("status", "OPEN")),
        ({"status": ["OPEN", "CLOSE"]}, _info("status", "OPEN", "CLOSE")),
    ):
        query = MESSAGING.query(SPAN, cursor="start", filters=filters)
        landed = [json.loads(raw) for raw in records(client, MESSAGING, query)]
        assert landed
        assert lines(landed) == lines([row for row in everything if fits(row)])


def test_a_range_of_starts_without_conversations_sends_no_request(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    pulled = land(connect(sandbox), DAY, store, filters={"start": {"from": 0, "to": 1}})
    assert (pulled.records, pulled.objects, searches(sandbox)) == (0, [], [])
    (manifest,) = store.manifests()
    assert manifest["counts"]["kept"] == 0


@pytest.mark.parametrize("share", [0, 1])
@pytest.mark.parametrize("sections", [["campaign"], ["messageRecords", "transfers", "sdes"]], ids=str)
def test_only_some_sections(
    sections: list[str], share: float, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    sandbox.configure(messaging_partial_share=share)
    land(connect(sandbox), DAY, store, filters={"contentToRetrieve": sections})
    expected = [
        {name: row[name] for name in ("info", *sections) if name in row} for row in truth(sandbox, DAY)
    ]
    assert lines(store.records()) == lines(expected)


# Conversations that are updated while they are read


def _touch_while_reading(
    client: LivePersonClient,
    sandbox: SandboxServer,
    names: list[str],
    when: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> list[str]:
    """Update a conversation after each response, as long as there are any, and record which."""
    call, touched = client.call, []

    def touching(*args: Any, **kwargs: Any) -> Any:
        answer = call(*args, **kwargs)
        if names:
            touched.append(names.pop(0))
            sandbox.conversations.touch(touched[-1], when)
        return answer

    monkeypatch.setattr(client, "call", touching)
    return touched


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("short_of_a_page", [None, 0, 1])
def test_what_was_updated_is_complete_although_more_is_updated_meanwhile(
    short_of_a_page: int | None,
    concurrency: int,
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sandbox.configure(messaging_partial_share=0.2)
    window = Window(DAY.start, ALL.end)
    if short_of_a_page is not None:  # so that the next new conversation starts another page
        land(connect(sandbox), window, store, cursor="updated")
        most = max(slice_["reported"] for slice_ in store.manifests()[0]["slices"])
        sandbox.conversations.insert(-(most + short_of_a_page) % 100, window.start + timedelta(hours=30))
        store = MemoryStore()
    expected = truth(sandbox, window, "updated")
    assert len(expected) > 100
    known = set(ids(expected))
    others = [name for name in sandbox.conversations.ids if name not in known][-12:]
    client = connect(sandbox, max_concurrency=concurrency)
    touched = _touch_while_reading(client, sandbox, list(others), window.end + MINUTE, monkeypatch)
    land(client, window, store, cursor="updated")
    landed = ids(store.records())
    assert len(landed) == len(set(landed))
    assert touched
    assert known <= set(landed) <= known | set(touched)
    untouched = [row for row in store.records() if row["info"]["conversationId"] in known]
    assert lines(untouched) == lines(expected)

    # What came too late for this window is in the next one.
    later = MemoryStore()
    land(connect(sandbox), Window(window.end, window.end + DAY_LONG), later, cursor="updated")
    assert ids(later.records()) == sorted(touched)


def test_updates_are_given_from_the_ten_minutes_on_in_which_a_window_starts(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    window = Window(datetime(2026, 1, 30, 4, 59, 59, tzinfo=UTC), ALL.end)
    (earlier,) = sandbox.conversations.insert(1, datetime(2026, 1, 30, 4, 50, tzinfo=UTC))
    sandbox.conversations.insert(1, datetime(2026, 1, 30, 4, 49, 59, tzinfo=UTC))
    land(connect(sandbox), window, store, cursor="updated")
    assert ids(store.records()) == sorted([earlier, *ids(truth(sandbox, window, "updated"))])


# Failed tries


@pytest.mark.parametrize(
    ("cursor", "answered", "fault"),
    [
        ("end", 8, {"kind": "status", "status": 403}),
        ("full_dialog_end", 8, {"kind": "count_drift", "rows": 1}),
        ("start", 3, {"kind": "status", "status": 500}),
    ],
    ids=["forbidden", "never at rest", "down"],
)
def test_what_a_failed_try_finished_is_not_requested_again(
    cursor: str,
    answered: int,
    fault: dict[str, Any],
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
) -> None:
    make_dense(sandbox, 100)
    sandbox.configure(messaging_deep_limit=100)
    client = connect(sandbox, deep_paging_limit=100, max_concurrency=1)
    undisturbed = MemoryStore()
    land(client, DAY, undisturbed, cursor=cursor, roll_at=100_000, share_below=1)
    sandbox.faults.add(match=SEARCH, skip=answered, times=1000, **fault)
    with pytest.raises((PermissionDeniedError, IncompletePullError, ServiceUnavailableError)):
        land(client, DAY, store, cursor=cursor, roll_at=100_000, share_below=1)
    assert store.manifests() == []
    (checkpoint,) = (json.loads(data) for key, data in store.objects.items() if "_checkpoint" in key)
    assert sum(done["counts"]["kept"] for done in checkpoint["finished"])
    parts = {part["name"] for done in checkpoint["finished"] for part in done["parts"]}
    assert {key.rpartition("/")[2] for key in store.objects} == {*parts, "_checkpoint.json"}

    sandbox.faults.clear()
    before = len(searches(sandbox))
    client = connect(sandbox, deep_paging_limit=100)
    land(client, DAY, store, cursor=cursor, roll_at=100_000, share_below=1)
    again = [body["start"]["from"] for body in searches(sandbox)[before:]]
    left = [ms(datetime.fromisoformat(slice_["bounds"]["start"][0])) for slice_ in checkpoint["remaining"]]
    assert again
    assert min(again) >= min(left)  # slices are read in the order of their starts
    assert store.objects == undisturbed.objects


def test_another_limit_or_format_does_not_resume_a_failed_try(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    sandbox.faults.add(kind="status", status=403, match=SEARCH, skip=6, times=1000)
    with pytest.raises(PermissionDeniedError):
        land(client, ALL, store)
    sandbox.faults.clear()
    before = len(searches(sandbox))
    land(client, ALL, store, roll_at=100_000)
    assert len(searches(sandbox)) - before >= 8
    assert lines(store.records()) == lines(truth(sandbox, ALL))
    assert not [key for key in store.objects if "_checkpoint" in key]
