"""Agent Activity: however pages are linked and ordered, and before numbers are final."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.pull.pull import pull
from airflow_provider_liveperson.records.masking import Masking
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import Window
from devtools.memory_store import MemoryStore
from tests.contract.cuts import SECONDS, SPAN, lines, read_in_windows
from tests.contract.landing import DAY, Connect, land, manifest

ACTIVITY = "/status-changes"
PRESENT = datetime(2026, 2, 1, tzinfo=UTC)
EVENING = Window(PRESENT - timedelta(hours=6), PRESENT)


@pytest.fixture
def small_pages(sandbox: SandboxServer) -> None:
    """Several pages of status changes in a day."""
    sandbox.configure(activity_limit_max=20, activity_over_limit="clamp")


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


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(
        st.integers(1, SECONDS * 1000 - 1)
        | st.integers(1, SECONDS // 60 - 1).map(lambda minutes: minutes * 60_000)
        | st.integers(1, SECONDS // 86400 - 1).map(lambda days: days * 86_400_000 - 1),
        max_size=5,
        unique=True,
    ),
    switches=st.fixed_dictionaries(
        {"activity_over_limit": st.just("clamp")},
        optional={
            "activity_limit_max": st.integers(3, 200),
            "activity_links": st.sampled_from(["documented", "next_on_full_page"]),
            "activity_order": st.sampled_from(["newest", "oldest"]),
            "activity_to": st.sampled_from(["inclusive", "exclusive"]),
        },
    ),
)
def test_any_cutting_lands_exactly_the_status_changes(
    cuts: list[int],
    switches: dict[str, Any],
    sandbox: SandboxServer,
    connect: Connect,
) -> None:
    sandbox.reset()
    sandbox.configure(**switches)
    landed = read_in_windows(connect(sandbox), "agent_status_changes", cuts, unit=timedelta(milliseconds=1))
    assert lines(landed) == lines(sandbox.activity.truth(SPAN.start, SPAN.end))


def land_window(
    client: LivePersonClient, name: str, window: Window, store: MemoryStore, masking: Masking | None = None
) -> object:
    dataset = DATASETS[name]
    now = window.end + dataset.limits.lag
    return pull(client, dataset, dataset.query(window), store.destination(), masking=masking, now=now)


def test_intervals_in_progress_land_and_the_window_is_not_complete_until_they_are_final(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.configure(interval_metrics_settle_minutes=120)
    client = connect(sandbox)
    with caplog.at_level(logging.WARNING):
        land_window(client, "interval_metrics", EVENING, store)
    waiting = sum(row["status"] == "In Progress" for row in store.records())
    (manifest,) = store.manifests()
    assert 0 < waiting < len(store.records())
    assert manifest["complete"] is False
    assert len(manifest["still_partial"]) == manifest["counts"]["still_partial"] == waiting
    assert f"{waiting} record(s) were still in progress at LivePerson" in caplog.text

    sandbox.configure(data_clock_offset_seconds=7200)
    land_window(client, "interval_metrics", EVENING, store)
    (manifest,) = store.manifests()
    assert manifest["complete"] is True
    assert {row["status"] for row in store.records()} == {"Done"}
    assert len(store.records()) == manifest["counts"]["kept"]


NAMES = ["agentName", "agentLogin", "agentGroupName"]


@pytest.mark.parametrize(
    "masks",
    [
        {},
        {"drop_fields": NAMES},
        {"hash_fields": NAMES, "salt": "a long random secret"},
        {"keep_fields": ["_interval_start", "skillId", "agentId", "metrics", "status"]},
        {"drop_fields": [*NAMES, "timeframe"]},
        {"drop_fields": ["agentId"]},
    ],
    ids=["plain", "dropped", "hashed", "kept", "without its timeframe", "without its key"],
)
@pytest.mark.parametrize("timeframe", ["from_to", "start_time", "milliseconds"])
def test_intervals_in_progress_are_named_by_their_keys_and_by_nothing_else(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, timeframe: str, masks: dict[str, Any]
) -> None:
    sandbox.configure(interval_metrics_settle_minutes=120, interval_metrics_timeframe=timeframe)
    masking = Masking(**masks, declared=DATASETS["interval_metrics"].columns) if masks else None
    land_window(connect(sandbox), "interval_metrics", EVENING, store, masking)
    waiting = [row for row in store.records() if row["status"] == "In Progress"]
    (manifest,) = store.manifests()
    assert manifest["counts"]["still_partial"] == len(waiting) > 1
    expected = [
        f"{row['_interval_start']}, {row['skillId']}, {row['agentId']}" for row in waiting if "agentId" in row
    ]
    assert manifest["still_partial"] == expected


@pytest.mark.parametrize("timeframe", ["from_to", "start_time", "milliseconds"])
def test_intervals_in_progress_without_a_key_are_counted_and_not_named(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, timeframe: str
) -> None:
    sandbox.configure(interval_metrics_settle_minutes=120, interval_metrics_timeframe=timeframe)
    sandbox.faults.add(kind="replace", match="/interval-metrics", find=r'"agentId":\d+,', put="", times=999)
    land_window(connect(sandbox), "interval_metrics", EVENING, store, Masking(drop_fields=NAMES))
    waiting = sum(row["status"] == "In Progress" for row in store.records())
    (manifest,) = store.manifests()
    assert manifest["complete"] is False
    assert (manifest["counts"]["still_partial"], manifest["still_partial"]) == (waiting, [])
    assert waiting > 1
