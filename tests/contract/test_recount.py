"""What has landed is counted again: it is the same, or LivePerson has changed meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.exceptions import ConfigurationError, RateLimitedError
from airflow_provider_liveperson.pull.pull import pull
from airflow_provider_liveperson.recount import NOT_SAID, Recount, dataset_to_count, recount
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import DAY, Window
from devtools.memory_store import MemoryStore
from tests.contract.facts import FACTS

Connect = Callable[..., LivePersonClient]

START, END = datetime(2026, 1, 28, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC)
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
SPAN = Window(START, END)
NOON = datetime(2026, 1, 29, 12, tzinfo=UTC)
CHANGED = Window(datetime(2026, 1, 29, tzinfo=UTC), datetime(2026, 1, 30, tzinfo=UTC))
COUNTED = [name for name, dataset in DATASETS.items() if not dataset.uncounted]
BY_INSERT = ["messaging_interactions", "engagement_history", "outbound_transactions", "actual_handle_time"]
CURSORS = [
    ("messaging_interactions", "end"),
    ("messaging_interactions", "full_dialog_end"),
    ("messaging_interactions", "start"),
    *((name, "") for name in BY_INSERT[1:]),
]


def test_what_can_be_counted() -> None:
    assert sorted(COUNTED) == sorted([*BY_INSERT, "key_messaging_metrics", "agent_view"])


@pytest.mark.parametrize("name", sorted(set(DATASETS) - set(COUNTED)))
def test_the_rest_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be counted again: \w.*windows\(refresh") as raised:
        dataset_to_count(name)
    assert raised.value.field == "dataset"


def days(dataset: Dataset, span: Window) -> list[Window]:
    return [window for day in span.days() for window in day.cut(dataset.limits.max_range or DAY)]


def land(client: LivePersonClient, name: str, store: MemoryStore, span: Window = SPAN, **asked: Any) -> None:
    dataset = DATASETS[name]
    for day in days(dataset, span):
        pull(client, dataset, dataset.query(day, **asked), store.destination(), now=NOW)


def counted(client: LivePersonClient, name: str, store: MemoryStore, **choices: Any) -> Recount:
    choices = {"start": START, "end": END, "now": NOW, **choices}
    return recount(client, store, "lake", DATASETS[name], **choices)


@pytest.mark.parametrize("name", COUNTED)
def test_nothing_differs_after_landing_and_a_slice_costs_a_request(
    name: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    sandbox.configure(**FACTS[name].many_requests)
    client = connect(sandbox)
    asked = {"cursor": "start"} if name == "messaging_interactions" else {}
    land(client, name, store, **asked)
    before = len(sandbox.requests)
    found = counted(client, name, store)
    assert [one.window for one in found.windows] == list(SPAN.days())
    assert all(one.landed == one.counted and not one.why_not for one in found.windows)
    assert found.differing == []
    assert sum(one.landed for one in found.windows) > 0
    slices = [
        slice_
        for manifest in store.manifests()
        for slice_ in manifest["slices"]
        if slice_["reported"] is not None
    ]
    assert len(sandbox.requests) - before == len(slices)


@pytest.mark.parametrize(("name", "cursor"), CURSORS)
def test_exactly_the_day_to_which_records_were_added_differs(
    name: str, cursor: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    land(client, name, store, cursor=cursor or None)
    assert counted(client, name, store).differing == []
    sandbox.insert(name, 3, NOON)
    (one,) = counted(client, name, store).differing
    assert one.window == CHANGED
    assert one.has_more
    assert one.counted == one.landed + 3
    # And once that has landed, nothing does.
    land(client, name, store, span=CHANGED, cursor=cursor or None)
    assert counted(client, name, store).differing == []


@pytest.mark.parametrize("name", ["key_messaging_metrics", "agent_view"])
@pytest.mark.parametrize("rows", [1, -1], ids=["more", "fewer"])
def test_another_count_of_one_slice_is_enough(
    name: str, rows: int, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    land(client, name, store)
    sandbox.faults.add(kind="count_drift", rows=rows, match=FACTS[name].url, skip=1)
    (one,) = counted(client, name, store).differing
    assert one.counted == one.landed + rows
    assert one.has_more == (rows > 0)


def test_fewer_than_have_landed_differ_too_and_a_day_may_lose_as_many_as_it_gains(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox, max_concurrency=1)
    land(client, "outbound_transactions", store)
    match = FACTS["outbound_transactions"].url
    sandbox.faults.add(kind="count_drift", rows=1, match=match)
    sandbox.faults.add(kind="count_drift", rows=-1, match=match)
    one, *others = counted(client, "outbound_transactions", store).windows
    assert (one.counted, one.differs, one.has_more) == (one.landed, True, False)
    assert not any(other.differs for other in others)


def test_a_record_that_has_changed_changes_no_count(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    land(client, "outbound_transactions", store)
    before = sandbox.truth("outbound_transactions", START, END)
    sandbox.change("outbound_transactions", NOON)
    assert sandbox.truth("outbound_transactions", START, END) != before
    assert counted(client, "outbound_transactions", store).differing == []


@pytest.mark.parametrize("cursor", ["end", "full_dialog_end", "start"])
def test_slices_that_were_split_are_counted_as_they_landed(
    cursor: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox, deep_paging_limit=100)
    for hour in range(1, 23):
        sandbox.insert("messaging_interactions", 8, CHANGED.start + timedelta(hours=hour))
    land(client, "messaging_interactions", store, cursor=cursor)
    split = [len(manifest["slices"]) for manifest in store.manifests()]
    dataset = DATASETS["messaging_interactions"]
    planned = [len(dataset.plan(dataset.query(day, cursor=cursor))) for day in SPAN.days()]
    assert sum(split) > sum(planned)
    # A connection that pages deeper now finds the same.
    for other in (client, connect(sandbox)):
        assert counted(other, "messaging_interactions", store).differing == []
    sandbox.insert("messaging_interactions", 1, NOON)
    assert [one.window for one in counted(client, "messaging_interactions", store).differing] == [CHANGED]


def test_what_the_manifests_filters_leave_out_is_not_counted(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    land(client, "outbound_transactions", store, filters={"product": ["c2m"], "channels": ["sms"]})
    found = counted(client, "outbound_transactions", store)
    assert found.differing == []
    every = len(sandbox.truth("outbound_transactions", START, END))
    assert 0 < sum(one.landed for one in found.windows) < every


def test_what_liveperson_does_not_keep_any_more_is_not_said_to_differ(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    land(client, "agent_view", store)
    sandbox.faults.add(kind="count_drift", rows=1, match=FACTS["agent_view"].url, times=99)
    late = START + timedelta(days=14, hours=1)
    found = counted(client, "agent_view", store, now=late)
    assert [one.differs for one in found.windows] == [False, True, True]
    assert found.to_dict()["not_counted"] == {"LivePerson does not keep all of its records any more": 1}
    with pytest.raises(ConfigurationError, match=r"none of the 3 windows .* does not keep all"):
        counted(client, "agent_view", store, now=late + timedelta(days=5))


def test_windows_that_are_missing_or_partial_are_left_to_gaps(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    land(client, "engagement_history", store, span=Window(START, CHANGED.start))
    dataset = DATASETS["engagement_history"]
    pull(
        client,
        dataset,
        dataset.query(CHANGED),
        store.destination(),
        allow_out_of_range=True,
        now=CHANGED.end - timedelta(hours=1),
    )
    sandbox.insert("engagement_history", 3, NOON)
    found = counted(client, "engagement_history", store)
    assert [one.window.start for one in found.windows] == [START]
    assert found.gaps == 2
    assert found.to_dict()["same"] == 1


def test_only_the_connections_account_is_counted(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    land(client, "engagement_history", store, span=CHANGED)
    mine = dict(store.objects)
    store.objects = {key.replace("70000001", "70000002"): data for key, data in mine.items()}
    with pytest.raises(ConfigurationError, match=r"of account 70000001, .* there is 70000002") as raised:
        counted(client, "engagement_history", store)
    assert raised.value.field == "liveperson_conn_id"
    store.objects |= mine
    assert len(counted(client, "engagement_history", store).windows) == 1
    with pytest.raises(ConfigurationError, match="check the address") as raised:
        counted(client, "engagement_history", MemoryStore())
    assert raised.value.field == "uri"


@pytest.mark.parametrize(
    ("name", "window", "cursor", "reason"),
    [
        ("engagement_history", Window(NOON, NOON + timedelta(minutes=5)), "start", "rounds .* 10 minutes"),
        ("messaging_interactions", CHANGED, "updated", "by the cursor updated, .* changed since"),
    ],
    ids=["beside the grid", "open ended"],
)
def test_windows_whose_counts_hold_other_records_are_not_counted(
    name: str,
    window: Window,
    cursor: str,
    reason: str,
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
) -> None:
    client, dataset = connect(sandbox), DATASETS[name]
    pull(client, dataset, dataset.query(window, cursor=cursor), store.destination(), now=NOW)
    before = len(sandbox.requests)
    with pytest.raises(ConfigurationError, match=f"none of the 1 windows .*{reason}"):
        counted(client, name, store)
    assert len(sandbox.requests) == before


def test_an_older_version_that_says_no_count_is_not_taken_for_the_same(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    land(client, "actual_handle_time", store)
    sandbox.configure(**FACTS["actual_handle_time"].readings["no pagination"])
    with pytest.raises(ConfigurationError, match=NOT_SAID):
        counted(client, "actual_handle_time", store)
    land(client, "actual_handle_time", store := MemoryStore())
    with pytest.raises(ConfigurationError, match=NOT_SAID):
        counted(client, "actual_handle_time", store)


@pytest.mark.parametrize(
    ("name", "reading"),
    [
        ("engagement_history", "a 204 where nothing is found"),
        ("messaging_interactions", "no content"),
        ("key_messaging_metrics", "older metrics only"),
        ("agent_view", "older metrics only"),
    ],
    ids=["chats", "conversations", "metrics", "agents"],
)
def test_answers_may_be_spelled_in_every_way(
    name: str, reading: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    sandbox.configure(**FACTS[name].readings[reading])
    client = connect(sandbox)
    # By the cursor start, older slices are empty.
    asked = {"cursor": "full_dialog_end"} if name == "messaging_interactions" else {}
    land(client, name, store, **asked)
    found = counted(client, name, store)
    assert len(found.windows) == 3
    assert found.differing == []
    assert not found.uncounted


def test_refusals_for_too_many_requests_are_waited_out_and_end_in_an_error(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    land(client, "engagement_history", store)
    url = FACTS["engagement_history"].url
    sandbox.faults.add(kind="status", status=429, times=3, match=url)
    assert counted(client, "engagement_history", store).differing == []
    sandbox.faults.add(kind="status", status=429, times=1000, match=url)
    with pytest.raises(RateLimitedError):
        counted(client, "engagement_history", store)


def test_without_a_range_the_last_days_that_are_complete_are_counted(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    client = connect(sandbox)
    land(client, "engagement_history", store)
    found = recount(
        client, store, "lake", DATASETS["engagement_history"], days=2, now=END + timedelta(hours=1)
    )
    # Chats are complete two hours after a day's end.
    assert found.range == Window(START, END - DAY)
    found = recount(
        client,
        store,
        "lake",
        DATASETS["engagement_history"],
        days=1,
        before=CHANGED.end + timedelta(hours=6),
        now=NOW,
    )
    assert found.range == CHANGED


def test_what_was_taken_out_of_the_store_on_purpose_is_no_difference(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    """Erasing persons leaves what came as it was, and lowers what is kept."""
    client = connect(sandbox)
    land(client, "messaging_interactions", store, span=CHANGED)
    (key,) = (key for key in store.objects if key.endswith("/_manifest.json"))
    manifest = json.loads(store.objects[key])
    manifest["counts"]["kept"] -= 1
    store.objects[key] = json.dumps(manifest).encode()
    (one,) = counted(client, "messaging_interactions", store).windows
    assert (one.landed, one.differs) == (manifest["counts"]["kept"] + 1, False)
