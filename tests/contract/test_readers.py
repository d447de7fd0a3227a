"""What servers may do: everything lands, or the manifest or an error says what does not."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import IncompletePullError, InvalidResponseError, StorageError
from airflow_provider_liveperson.pull import slice_reader
from airflow_provider_liveperson.pull.pull import PullResult, pull
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import Window
from devtools.memory_store import MemoryStore

DAY = Window(datetime(2026, 1, 29, tzinfo=UTC), datetime(2026, 1, 30, tzinfo=UTC))
ACTIVITY = "/status-changes"
AUDIT = "/metadata/audit"
EXPORT = "/audit/export"
SEARCH = "/conversations/search"
BY_IDS = "/conversation/search"

Connect = Callable[..., LivePersonClient]


def land(client: LivePersonClient, store: MemoryStore, name: str, cursor: str | None = None) -> PullResult:
    query = DATASETS[name].query(DAY, cursor=cursor)
    destination = store.destination(share_below=1)
    return pull(client, DATASETS[name], query, destination, now=DAY.end + timedelta(hours=2))


def manifest(store: MemoryStore) -> dict[str, Any]:
    """The only manifest, after checking that its numbers add up."""
    (found,) = store.manifests()
    for counts in (found["counts"], *found["slices"]):
        assert counts["received"] == counts["outside_window"] + counts["kept"]
        assert counts["undated"] <= counts["outside_window"]
        assert counts["still_partial"] <= counts["kept"]
    names = ("received", "outside_window", "kept", "repeated", "undated", "still_partial")
    for name in names:
        assert found["counts"][name] == sum(counts[name] for counts in found["slices"])
    assert len(found["still_partial"]) == found["counts"]["still_partial"]
    wanting = found["counts"]["undated"] or found["counts"]["still_partial"]
    assert found["complete"] is not bool(wanting)
    return found


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(str(row["info"]["conversationId"]) for row in rows)


@pytest.fixture
def small_pages(sandbox: SandboxServer) -> None:
    """Several pages of status changes and of the audit trail in a day."""
    sandbox.configure(activity_limit_max=20, activity_over_limit="clamp", page_ceiling=20)


# Without a count


def changes(sandbox: SandboxServer) -> list[str]:
    return sorted(map(str, sandbox.activity.truth(DAY.start, DAY.end)))


@pytest.mark.parametrize("links", ["documented", "next_on_full_page", "always_next", "absent"])
@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.usefixtures("small_pages")
def test_status_changes_are_all_there_however_pages_are_linked(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, links: str, order: str
) -> None:
    sandbox.configure(activity_links=links, activity_order=order)
    land(connect(sandbox), store, "agent_status_changes")
    assert len(changes(sandbox)) > 60
    assert sorted(map(str, store.records())) == changes(sandbox)
    assert manifest(store)["counts"]["repeated"] == 0


@pytest.mark.parametrize("skip", range(5))
@pytest.mark.usefixtures("small_pages")
def test_an_empty_page_of_status_changes_that_names_a_next_one_is_followed(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, skip: int
) -> None:
    sandbox.configure(activity_links="always_next")
    sandbox.faults.add(
        kind="replace",
        match=ACTIVITY,
        find=r'"stateChanges":\[.*\]',
        put='"stateChanges":[]',
        skip=skip,
        times=2,
    )
    land(connect(sandbox), store, "agent_status_changes")
    assert sorted(map(str, store.records())) == changes(sandbox)
    assert manifest(store)["complete"] is True


@pytest.mark.parametrize("when", ["late", "newest"])
@pytest.mark.usefixtures("small_pages")
def test_status_changes_that_join_while_they_are_read_have_the_day_read_again(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, when: str
) -> None:
    sandbox.faults.add(kind="insert_rows", match=ACTIVITY, skip=2, rows=3, when=when)
    land(connect(sandbox), store, "agent_status_changes")
    assert sorted(map(str, store.records())) == changes(sandbox)
    manifest(store)


@pytest.mark.parametrize("status", [204, 200])
def test_no_content_does_not_end_status_changes(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, status: int
) -> None:
    sandbox.faults.add(kind="status", match=ACTIVITY, status=status, body="", times=99)
    with pytest.raises(InvalidResponseError, match="empty"):
        land(connect(sandbox), store, "agent_status_changes")
    assert store.manifests() == []


# The offset


@pytest.mark.parametrize("name", ["agent_status_changes", "audit_trail", "messaging_interactions"])
@pytest.mark.usefixtures("small_pages")
def test_a_server_that_ignores_the_offset_is_named(
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "airflow_provider_liveperson.datasets.messaging_interactions.reader.MAX_PAGE_SIZE", 10
    )
    sandbox.configure(offset_ignored=True)
    with pytest.raises(IncompletePullError, match=r"same way: .*the server ignores the offset"):
        land(connect(sandbox), store, name)
    assert store.manifests() == []
    assert len(sandbox.requests) < 100


# Counts


@pytest.mark.parametrize("cursor", ["start", "end", "full_dialog_end", "updated"])
@pytest.mark.parametrize("count", ["page", "half"])
def test_a_count_that_says_too_little_is_never_a_window(
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
    cursor: str,
    count: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "airflow_provider_liveperson.datasets.messaging_interactions.reader.MAX_PAGE_SIZE", 10
    )
    sandbox.configure(messaging_count=count)
    with pytest.raises(IncompletePullError, match="records were reported"):
        land(connect(sandbox), store, "messaging_interactions", cursor)
    assert store.manifests() == []


@pytest.mark.parametrize("cursor", ["start", "updated"])
def test_a_count_of_none_beside_records_is_never_a_window(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, cursor: str
) -> None:
    sandbox.faults.add(kind="replace", match=SEARCH, find=r'"count":\d+', put='"count":0', times=999)
    with pytest.raises(IncompletePullError, match="same way: 0 records were reported, and there are more"):
        land(connect(sandbox), store, "messaging_interactions", cursor)


# Values


@pytest.mark.parametrize(
    ("find", "put"),
    [
        (r'"count":(\d+)', r'"count":"\1"'),
        (r'"count":(\d+)', r'"count":\1.0'),
        (r'"isPartial":false', '"isPartial":"false"'),
        (r'"isPartial":false', '"isPartial":null'),
        (r'"isPartial":false', '"isPartial":"undefined"'),
        (r'"partialResult":false', '"partialResult":null'),
        (r'"endTimeL":-1', '"endTimeL":null'),
        (r'"endTimeL":-1', '"endTimeL":"-1"'),
        (r'"endTimeL":-1,', ""),
        (r'"(start|end|conversationEnd|fullDialogEnd)TimeL":(\d+)', r'"\1TimeL":"\2"'),
        (
            r'"(start|end|conversationEnd|fullDialogEnd)TimeL":(\d+)',
            r'"\1TimeL":"NA"',
        ),  # the texts are used instead
        (r'"(conversationEnd|fullDialogEnd)Time(L?)":("[^"]*"|-?\d+)', r'"\1Time\2":null'),
    ],
)
@pytest.mark.parametrize("cursor", ["start", "updated"])
def test_values_of_conversations_in_every_notation(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, cursor: str, find: str, put: str
) -> None:
    sandbox.configure(messaging_partial_share=0)
    right = MemoryStore()
    land(connect(sandbox), right, "messaging_interactions", cursor)
    sandbox.faults.add(kind="replace", match=SEARCH, find=find, put=put, times=999)
    land(connect(sandbox), store, "messaging_interactions", cursor)
    assert len(ids(right.records())) > 40
    assert ids(store.records()) == ids(right.records())
    assert manifest(store)["complete"] is True


@pytest.mark.parametrize(
    ("name", "cursor", "match", "find", "put"),
    [
        ("messaging_interactions", "start", SEARCH, r'"startTime(L?)":("[^"]*"|\d+)', r'"startTime\1":null'),
        (
            "messaging_interactions",
            "end",
            SEARCH,
            r'"(end|conversationEnd)Time(L?)":("[^"]*"|\d+)',
            r'"\1Time\2":"NA"',
        ),
        ("agent_status_changes", None, ACTIVITY, r'"time":"[^"]*"', '"time":null'),
        ("audit_trail", None, AUDIT, r'"changeDate":"[^"]*"', '"changeDate":"undefined"'),
        ("audit_trail_export", None, EXPORT, r"2026-01-29T\d\d:\d\d:\d\d", ""),
    ],
)
def test_undated_records_are_counted_and_logged(
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
    caplog: pytest.LogCaptureFixture,
    name: str,
    cursor: str | None,
    match: str,
    find: str,
    put: str,
) -> None:
    sandbox.configure(messaging_partial_share=0)
    sandbox.faults.add(kind="replace", match=match, find=find, put=put, times=999)
    with caplog.at_level(logging.WARNING, logger="airflow_provider_liveperson"):
        land(connect(sandbox), store, name, cursor)
    found = manifest(store)
    assert found["counts"]["undated"] > 0
    assert found["complete"] is False
    assert store.records() == []
    told = [record.getMessage() for record in caplog.records if "places them in time" in record.getMessage()]
    assert len(told) == sum(bool(counts["undated"]) for counts in found["slices"])


# Partial records


def partial_ids(sandbox: SandboxServer, share: float) -> set[str]:
    truth = sandbox.conversations.truth(DAY.start, DAY.end, cursor="end")
    known = {one.conversation_id: one for one in sandbox.conversations.find(ids(truth))}
    return {name for name, one in known.items() if one.long_reading < share}


@pytest.mark.parametrize("by_id", ["whole", "partial"])
def test_records_that_stay_partial_are_named(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, caplog: pytest.LogCaptureFixture, by_id: str
) -> None:
    sandbox.configure(messaging_partial_share=0.3, messaging_by_id=by_id)
    with caplog.at_level(logging.WARNING, logger="airflow_provider_liveperson"):
        land(connect(sandbox), store, "messaging_interactions")
    expected = partial_ids(sandbox, 0.3) if by_id == "partial" else set()
    found = manifest(store)
    assert set(found["still_partial"]) == expected
    assert found["complete"] is (by_id == "whole")
    assert {
        row["info"]["conversationId"] for row in store.records() if row["info"].get("isPartial")
    } == expected
    assert all(name in caplog.text for name in sorted(expected)[:3])
    assert ids(store.records()) == ids(sandbox.conversations.truth(DAY.start, DAY.end, cursor="end"))


def test_a_record_not_found_by_its_id_lands_unparsed(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    sandbox.configure(messaging_partial_share=0.3)
    lost = sorted(partial_ids(sandbox, 0.3))[0]
    sandbox.faults.add(
        kind="replace", match=BY_IDS, find=lost, put="00000000-0000-0000-0000-000000000000", times=999
    )
    land(connect(sandbox), store, "messaging_interactions")
    assert manifest(store)["still_partial"] == [lost]
    assert ids(store.records()) == ids(sandbox.conversations.truth(DAY.start, DAY.end, cursor="end"))


def test_a_resumed_run_remembers_partial_records(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    sandbox.configure(messaging_partial_share=0.3, messaging_by_id="partial")
    whole = MemoryStore()
    land(connect(sandbox), whole, "messaging_interactions")
    refusals: Iterator[bool] = iter([False] * 2 + [True] * 99)

    def refuse(action: str, key: str) -> bool:
        return action == "put" and "part-" in key and next(refusals)

    store.refuse = refuse
    with pytest.raises(StorageError):
        land(connect(sandbox, max_concurrency=1), store, "messaging_interactions")
    store.refuse = lambda action, key: False
    assert any(key.endswith("_checkpoint.json") for key in store.objects)
    sandbox.configure(messaging_by_id="whole")
    land(connect(sandbox), store, "messaging_interactions")
    found = manifest(store)
    assert 0 < len(found["still_partial"]) < len(manifest(whole)["still_partial"])
    assert set(found["still_partial"]) == {
        row["info"]["conversationId"] for row in store.records() if row["info"].get("isPartial")
    }


# Collections


@pytest.mark.parametrize("name", ["users", "skills", "agent_groups"])
def test_entities_that_come_twice_land_once(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, name: str
) -> None:
    right = MemoryStore()
    land(connect(sandbox), right, name)
    sandbox.configure(config_repeated=3)
    land(connect(sandbox), store, name)
    assert store.records() == right.records()
    assert manifest(store)["counts"]["repeated"] == 3


# The export


@pytest.mark.parametrize("put", [r'"\1,0"', r"\1.0", r'" \1 "'])
def test_an_export_with_a_total_in_another_notation_is_checked(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, put: str
) -> None:
    sandbox.faults.add(kind="replace", match=EXPORT, find=r"(?<=Total Items\r\n)(\d+)", put=put)
    land(connect(sandbox), store, "audit_trail_export")
    assert manifest(store)["complete"] is True
    sandbox.faults.add(kind="replace", match=EXPORT, find=r"(?<=Total Items\r\n)(\d+)", put=r"1\1", times=99)
    with pytest.raises(IncompletePullError, match="the last 3 failed in the same way: the export says 1"):
        land(connect(sandbox), MemoryStore(), "audit_trail_export")


@pytest.mark.parametrize("put", ["", '""', "many"])
def test_an_export_whose_total_cannot_be_read_is_refused(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, put: str
) -> None:
    sandbox.faults.add(kind="replace", match=EXPORT, find=r"(?<=Total Items\r\n)(\d+)", put=put, times=99)
    with pytest.raises(
        InvalidResponseError, match=r"accountConfigReadOnly .*export: the export's Total Items is"
    ):
        land(connect(sandbox), store, "audit_trail_export")
    assert store.manifests() == []


def test_an_export_that_is_always_broken_is_given_up(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    sandbox.faults.add(kind="replace", match=EXPORT, find=r"\r\n[^\r]*\r\n$", put="\r\n", times=99)
    with pytest.raises(IncompletePullError, match="same way"):
        land(connect(sandbox), store, "audit_trail_export")
    assert sum(EXPORT in request.path for request in sandbox.requests) == slice_reader.MAX_SAME_FAILURES
