"""The UTC day is the unit of landing: a longer window lands as days, and nothing lands twice."""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import (
    ConfigurationError,
    PermissionDeniedError,
    StorageError,
    WindowOutOfRangeError,
)
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.pull.checkpoints import CHECKPOINT_LIFE
from airflow_provider_liveperson.pull.pull import PullResult, pull
from airflow_provider_liveperson.records.masking import Masking
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import Window
from devtools.memory_store import MemoryStore
from tests.contract.facts import FACTS

Connect = Callable[..., LivePersonClient]

START = datetime(2026, 1, 26, tzinfo=UTC)
WEEK = Window(START, START + timedelta(days=7))
ONE = timedelta(days=1)
# With these cursors, a record belongs to one window only.
# Those that do not reach back a week are pulled over as much as they reach in test_every_dataset.py.
EXACT = sorted(
    name
    for name, dataset in DATASETS.items()
    if not dataset.is_snapshot and (FACTS[name].reach or timedelta.max) > timedelta(days=60)
)


def hours(start: float, end: float) -> Window:
    return Window(START + timedelta(hours=start), START + timedelta(hours=end))


def land(
    client: LivePersonClient, name: str, window: Window, store: MemoryStore, **choices: Any
) -> PullResult:
    dataset, now = DATASETS[name], choices.pop("now", WEEK.end + timedelta(hours=2))
    query = dataset.query(window, cursor=choices.pop("cursor", None))
    return pull(client, dataset, query, store.destination(), now=now, **choices)


def lines(rows: list[dict[str, Any]]) -> Counter[str]:
    return Counter(json.dumps(row, sort_keys=True) for row in rows)


def truth(sandbox: SandboxServer, name: str, window: Window) -> int:
    return len(sandbox.truth(name, window.start, window.end))


@pytest.mark.parametrize("name", EXACT)
def test_a_week_is_seven_days_byte_for_byte(name: str, sandbox: SandboxServer, connect: Connect) -> None:
    client, week, daily = connect(sandbox), MemoryStore(), MemoryStore()
    pulled = land(client, name, WEEK, week)
    days = [land(client, name, day, daily) for day in WEEK.days()]
    assert week.objects == daily.objects
    assert len(pulled.manifests) == 7
    assert pulled.manifests == [day.manifest for day in days]
    assert pulled.manifest == days[-1].manifest
    assert pulled.objects == [uri for day in days for uri in day.objects]
    assert pulled.records == sum(day.records for day in days) == truth(sandbox, name, WEEK)
    assert pulled.bytes == sum(day.bytes for day in days)
    assert (pulled.window_start, pulled.window_end) == ("2026-01-26T00:00:00Z", "2026-02-02T00:00:00Z")
    # In either order, the second run finds everything in place.
    for store, window in ((week, WEEK), (daily, WEEK), *((week, day) for day in WEEK.days())):
        store.changes.clear()
        land(client, name, window, store)
        assert store.changes == []


def test_every_record_is_in_the_folder_of_its_day(sandbox: SandboxServer, connect: Connect) -> None:
    store = MemoryStore()
    land(connect(sandbox), "audit_trail", hours(60.5, 75), store)
    folders = {
        key.rpartition("/account_id=70000001/")[2].rpartition("/")[0]
        for key in store.objects
        if "/_committed/" not in key
    }
    assert folders == {
        "dt=2026-01-28/20260128T123000Z_20260129T000000Z",
        "dt=2026-01-29/20260129T000000Z_20260129T030000Z",
    }
    for key in [key for key in store.objects if "/part-" in key]:
        part = MemoryStore({key: store.objects[key]})
        assert {record["changeDate"][:10] for record in part.records()} == {key.partition("dt=")[2][:10]}


HOUR_CUTS = st.integers(0, 167)
WINDOWS = st.one_of(
    HOUR_CUTS.map(lambda hour: hours(hour, hour + 1)),
    st.integers(0, 6).map(lambda day: hours(24 * day, 24 * day + 24)),
    st.just(WEEK),
    st.tuples(st.integers(0, 6), st.integers(1, 3)).map(
        lambda it: hours(24 * it[0], min(168, 24 * (it[0] + it[1])))
    ),
    st.tuples(HOUR_CUTS, st.integers(1, 60), st.integers(0, 59)).map(
        lambda it: hours(it[0], min(168, it[0] + it[1] + it[2] / 60))
    ),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    windows=st.lists(WINDOWS, min_size=1, max_size=8),
    name=st.sampled_from(["audit_trail", "agent_status_changes"]),
)
def test_whatever_mixture_is_pulled_no_record_lands_twice(
    windows: list[Window], name: str, sandbox: SandboxServer, connect: Connect
) -> None:
    client, store = connect(sandbox), MemoryStore()
    landed: set[Window] = set()
    for window in windows:
        days = set(window.days())
        overlaps = any(day.overlaps(other) and day != other for day in days for other in landed)
        asked = len(sandbox.requests)
        before = dict(store.objects)
        if overlaps:
            with pytest.raises(ConfigurationError, match="overlaps what has landed"):
                land(client, name, window, store)
            assert len(sandbox.requests) == asked
            assert store.objects == before
        else:
            land(client, name, window, store)
            landed |= days
    expected = [row for day in landed for row in sandbox.truth(name, day.start, day.end)]
    assert lines(store.records()) == lines(expected)
    assert all(window.start >= START for window in landed)


@pytest.mark.parametrize("days", [-1, 1], ids=["the day before", "the day after"])
@pytest.mark.parametrize("others", [{"cursor": "start"}, {"filters": {"skillIds": ["440177"]}}], ids=str)
def test_other_records_do_not_land_beside_those_that_are_there(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, days: int, others: dict[str, Any]
) -> None:
    dataset, client = DATASETS["messaging_interactions"], connect(sandbox)
    day = Window(START + timedelta(days=3), START + timedelta(days=4))
    pull(client, dataset, dataset.query(day), store.destination())
    beside = Window(day.start + timedelta(days=days), day.end + timedelta(days=days))
    before, asked = dict(store.objects), len(sandbox.requests)
    with pytest.raises(ConfigurationError, match="under another prefix") as refused:
        pull(client, dataset, dataset.query(beside, **others), store.destination())
    assert (refused.value.field, refused.value.permanent) == ("prefix", True)
    assert (store.objects, len(sandbox.requests)) == (before, asked)
    assert pull(
        client, dataset, dataset.query(beside, **others), store.destination(), overlap="allow"
    ).complete
    pull(client, dataset, dataset.query(day), store.destination(), overlap="allow")


def test_overlaps_are_allowed_on_request(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client, day = connect(sandbox), hours(72, 96)
    land(client, "audit_trail", day, store)
    with pytest.raises(ConfigurationError, match="20260129T000000Z_20260130T000000Z"):
        land(client, "audit_trail", hours(72, 73), store)
    land(client, "audit_trail", hours(72, 73), store, overlap="allow")
    assert len(store.records()) == truth(sandbox, "audit_trail", day) + truth(
        sandbox, "audit_trail", hours(72, 73)
    )


def test_an_overtaken_run_is_refused_before_it_commits(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour and its day concurrently: neither sees the other when it starts."""
    client, day, hour = connect(sandbox), hours(72, 96), hours(84, 85)
    folders, asked = store.folders, []

    def overtaken(folder: str) -> list[str]:
        asked.append(folder)
        if len(asked) == 2:
            monkeypatch.setattr(store, "folders", folders)
            land(client, "audit_trail", hour, store)
        return folders(folder)

    monkeypatch.setattr(store, "folders", overtaken)
    with pytest.raises(ConfigurationError, match="overlaps what has landed"):
        land(client, "audit_trail", day, store)
    assert len(store.records()) == truth(sandbox, "audit_trail", hour) > 0
    assert len(store.manifests()) == 1


# -- a longer window that fails midway ---------------------------------------------------------


def failing_at(sandbox: SandboxServer, day: int) -> None:
    """Refuse one request, after about as many as that number of days takes."""
    sandbox.faults.add(kind="status", status=403, match="/metadata/audit", skip=2 * day, times=1)


def test_a_failure_keeps_the_days_before_it_and_a_retry_reads_the_rest(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox, max_concurrency=1)
    failing_at(sandbox, 4)
    with pytest.raises(PermissionDeniedError):
        land(client, "audit_trail", WEEK, store)
    done = len(store.manifests())
    assert 1 <= done < 7
    assert [key for key in store.objects if key.endswith("_finished_days.json")]
    asked = len(sandbox.requests)
    pulled = land(client, "audit_trail", WEEK, store)
    again = [json.loads(one.body)["query"] for one in sandbox.requests[asked:] if one.body]
    first_left = (
        START + done * ONE
    ).date() - ONE  # the audit trail is read by days, starting with the day before
    assert again
    assert min(query.partition('fromDate:"')[2][:10] for query in again) == first_left.isoformat()
    undisturbed = MemoryStore()
    assert land(client, "audit_trail", WEEK, undisturbed) == pulled
    assert store.objects == undisturbed.objects


@pytest.mark.parametrize("skip", range(6, 17, 2))
def test_a_retry_continues_within_the_day_that_failed(
    skip: int, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    dataset = DATASETS["messaging_interactions"]
    query = dataset.query(Window(START, START + 3 * ONE))

    def again(store: MemoryStore) -> PullResult:
        destination = store.destination(share_below=1)  # so that each slice is checkpointed
        return pull(client, dataset, query, destination, now=WEEK.end + timedelta(hours=2))

    client = connect(sandbox, max_concurrency=1)
    undisturbed = MemoryStore()
    whole = again(undisturbed)
    all_requests = len(sandbox.requests)
    sandbox.faults.add(kind="status", status=403, match="/conversations/search", skip=skip, times=1)
    with pytest.raises(PermissionDeniedError):
        again(store)
    asked = len(sandbox.requests)
    assert again(store) == whole
    assert store.objects == undisturbed.objects
    assert len(sandbox.requests) - asked < all_requests


@pytest.mark.parametrize("change", ["a day later", "manifest", "part", "file"])
def test_finished_days_are_read_again_when_in_doubt(
    change: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect(sandbox, max_concurrency=1)
    failing_at(sandbox, 4)
    with pytest.raises(PermissionDeniedError):
        land(client, "audit_trail", WEEK, store)
    (note,) = (key for key in store.objects if key.endswith("_finished_days.json"))
    if change == "a day later":
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + CHECKPOINT_LIFE.total_seconds() + 1)
    elif change == "file":
        store.objects[note] = b"[{]"
    else:
        key = max(key for key in store.objects if change in key)
        if change == "part":
            del store.objects[key]
        else:
            store.objects[key] = store.objects[key].replace(b'"repeated": 0', b'"repeated": 1')
    land(client, "audit_trail", WEEK, store)
    assert lines(store.records()) == lines(sandbox.truth("audit_trail", WEEK.start, WEEK.end))
    assert note not in store.objects


def test_a_store_that_fails_on_a_later_day_leaves_the_days_before(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    store.refuse = lambda verb, key: "dt=2026-01-29" in key
    with pytest.raises(StorageError):
        land(connect(sandbox), "audit_trail", WEEK, store)
    assert [manifest["window_start"][:10] for manifest in store.manifests()] == [
        "2026-01-26",
        "2026-01-27",
        "2026-01-28",
    ]


# -- ranges and collections ------------------------------------------------------------------------


def test_the_whole_window_is_checked_before_any_request(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    with pytest.raises(WindowOutOfRangeError, match="run later"):
        land(client, "audit_trail", WEEK, store, now=WEEK.end - timedelta(hours=3))
    with pytest.raises(WindowOutOfRangeError, match="6 months"):
        land(client, "agent_status_changes", WEEK, store, now=WEEK.start + timedelta(days=185))
    assert sandbox.requests == []
    assert store.objects == {}


def test_each_day_says_whether_it_can_be_complete(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    now = START + timedelta(days=3, hours=5)
    pulled = land(connect(sandbox), "audit_trail", WEEK, store, now=now, allow_out_of_range=True)
    assert [manifest["complete"] for manifest in store.manifests()] == [True, True, True, False]
    assert len(pulled.manifests) == 4  # days that have not started are left out
    assert pulled.window_end == "2026-02-02T00:00:00Z"
    land(connect(sandbox), "audit_trail", WEEK, store)
    assert [manifest["complete"] for manifest in store.manifests()] == [True] * 7


@pytest.mark.parametrize("name", ["messaging_queue_health", "key_messaging_metrics_history", "agent_view"])
def test_what_has_landed_completely_stays_when_liveperson_has_less_of_it(
    name: str,
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    dataset, client = DATASETS[name], connect(sandbox)
    window = Window(datetime(2026, 1, 28, 18, tzinfo=UTC), datetime(2026, 1, 28, 22, tzinfo=UTC))

    def land_at(now: datetime) -> PullResult:
        sandbox.configure(data_clock_offset_seconds=(now - datetime(2026, 2, 1, tzinfo=UTC)).total_seconds())
        query = dataset.query(window)
        return pull(client, dataset, query, store.destination(), now=now, allow_out_of_range=True)

    first = land_at(window.end + timedelta(hours=1))
    assert first.complete
    before, store.changes = dict(store.objects), []
    until = dataset.limits.available_until(window)
    assert until is not None
    again = land_at(until + timedelta(hours=1))
    assert (again, again.changed) == (first, False)
    assert (store.objects, store.changes) == (before, [])
    assert "LivePerson has less of it by now: it stays as it is" in caplog.text


@pytest.mark.parametrize(("left", "is_complete"), [(60.0, True), (0.05, False)])
@pytest.mark.parametrize("name", ["messaging_queue_health", "key_messaging_metrics_history", "agent_view"])
def test_a_window_that_goes_out_of_range_while_it_is_read_is_not_complete(
    name: str, left: float, is_complete: bool, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    dataset, client = DATASETS[name], connect(sandbox)
    window = Window(datetime(2026, 1, 28, 18, tzinfo=UTC), datetime(2026, 1, 28, 22, tzinfo=UTC))
    until = dataset.limits.available_until(window)
    assert until is not None
    offset = (until - timedelta(minutes=5) - datetime(2026, 2, 1, tzinfo=UTC)).total_seconds()
    sandbox.configure(latency_ms=200, data_clock_offset_seconds=offset)
    now = until - timedelta(seconds=left)
    pulled = pull(client, dataset, dataset.query(window), store.destination(), now=now)
    assert pulled.complete is is_complete
    assert [manifest["complete"] for manifest in store.manifests()] == [is_complete]


@pytest.mark.parametrize(
    "others",
    [{"filters": {"skillIds": ["12"]}}, {"file_format": "csv"}, {"drop_fields": ["_skill_id"]}],
    ids=str,
)
def test_what_stays_is_not_handed_out_as_something_else(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, others: dict[str, Any]
) -> None:
    dataset, client = DATASETS["messaging_queue_health"], connect(sandbox)
    window = Window(datetime(2026, 1, 28, 18, tzinfo=UTC), datetime(2026, 1, 28, 22, tzinfo=UTC))

    def land_at(
        now: datetime, *, filters: Any = None, file_format: str = "jsonl", drop_fields: Sequence[str] = ()
    ) -> PullResult:
        sandbox.configure(data_clock_offset_seconds=(now - datetime(2026, 2, 1, tzinfo=UTC)).total_seconds())
        return pull(
            client,
            dataset,
            dataset.query(window, filters=filters),
            store.destination(encoding=Encoding(file_format, columns=dataset.columns)),
            masking=Masking(drop_fields=drop_fields) if drop_fields else None,
            now=now,
            allow_out_of_range=True,
        )

    assert land_at(window.end + timedelta(hours=1)).complete
    until = dataset.limits.available_until(window)
    assert until is not None
    before, store.changes = dict(store.objects), []
    with pytest.raises(ConfigurationError) as refused:
        land_at(until + timedelta(hours=1), **others)
    assert refused.value.field == "prefix"
    assert (store.objects, store.changes) == (before, [])


def test_what_is_left_replaces_what_has_been_incomplete_all_along(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    dataset, client = DATASETS["messaging_queue_health"], connect(sandbox)
    window = Window(datetime(2026, 1, 28, 18, tzinfo=UTC), datetime(2026, 1, 28, 22, tzinfo=UTC))
    landed = []
    for now in (window.start + timedelta(hours=1), window.end + timedelta(hours=21)):
        sandbox.configure(data_clock_offset_seconds=(now - datetime(2026, 2, 1, tzinfo=UTC)).total_seconds())
        query = dataset.query(window)
        landed.append(pull(client, dataset, query, store.destination(), now=now, allow_out_of_range=True))
    assert [pulled.complete for pulled in landed] == [False, False]
    assert landed[1].changed
    assert landed[1].records > landed[0].records


def test_days_of_which_nothing_is_left_are_left_out(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    """So that what has landed of them stays."""
    dataset = DATASETS["key_messaging_metrics_history"]
    days = Window(datetime(2026, 1, 27, tzinfo=UTC), datetime(2026, 1, 30, tzinfo=UTC))
    now = datetime(2026, 1, 29, 12, tzinfo=UTC)
    sandbox.configure(data_clock_offset_seconds=(now - datetime(2026, 2, 1, tzinfo=UTC)).total_seconds())
    pulled = pull(
        connect(sandbox), dataset, dataset.query(days), store.destination(), now=now, allow_out_of_range=True
    )
    assert [window["window_start"][:10] for window in pulled.windows] == ["2026-01-28", "2026-01-29"]
    assert not pulled.complete
    first = min(record["_interval_start"] for record in store.records())
    assert first == "2026-01-28T13:00:00Z"


def test_a_window_of_many_years_lands_the_days_that_have_begun(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    window = Window(START + 5 * ONE, datetime(9997, 12, 31, tzinfo=UTC))
    pulled = land(connect(sandbox), "audit_trail", window, store, allow_out_of_range=True)
    assert len(pulled.manifests) == 3


@pytest.mark.parametrize("name", [name for name, dataset in DATASETS.items() if dataset.is_snapshot])
def test_a_snapshot_lands_once_in_the_last_day(name: str, sandbox: SandboxServer, connect: Connect) -> None:
    client, week, last = connect(sandbox), MemoryStore(), MemoryStore()
    pulled = land(client, name, WEEK, week)
    day = land(client, name, hours(144, 168), last)
    assert week.objects == last.objects
    assert pulled.manifests == [pulled.manifest] == [day.manifest]
    assert (pulled.window_start, pulled.records) == ("2026-01-26T00:00:00Z", day.records)


def test_what_was_updated_lands_once_for_the_whole_window(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    """LivePerson has no upper bound for it: day by day, a conversation would land in each day before its update."""
    client = connect(sandbox)
    pulled = land(client, "messaging_interactions", WEEK, store, cursor="updated")
    assert pulled.manifest.rpartition("/account_id=70000001/")[2] == (
        "dt=2026-01-26/20260126T000000Z_20260202T000000Z/_manifest.json"
    )
    assert len({row["info"]["conversationId"] for row in store.records()}) == len(store.records()) > 0
    with pytest.raises(ConfigurationError, match="overlaps what has landed"):
        land(client, "messaging_interactions", hours(0, 24), store, cursor="updated")


def test_the_log_has_a_line_for_each_day_and_two_for_all(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        land(connect(sandbox), "audit_trail", WEEK, store)
    told = [
        it.getMessage() for it in caplog.records if it.name.startswith("airflow_provider_liveperson.pull.")
    ]
    assert len(told) == 9
    assert told[0].startswith("Pulling audit_trail of account 70000001, 2026-01-26T00:00:00Z to ")
    assert told[0].endswith("day by day: 7 UTC days")
    assert "in 7 manifests" in told[-1]
