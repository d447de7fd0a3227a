"""Chats that LivePerson gives in part, or before it has all of their data; and the filters."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.engagement_history import reader
from airflow_provider_liveperson.datasets.engagement_history.dataset import ENGAGEMENT_HISTORY
from airflow_provider_liveperson.exceptions import WindowOutOfRangeError
from airflow_provider_liveperson.pull.pull import PullResult, pull, records
from airflow_provider_liveperson.records.masking import Masking
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import Window
from devtools.memory_store import MemoryStore

Connect = Callable[..., LivePersonClient]
Row = dict[str, Any]

# The sandbox's data end with this day, and so does its present.
PRESENT = datetime(2026, 2, 1, tzinfo=UTC)
DAY = Window(PRESENT - timedelta(days=2), PRESENT - timedelta(days=1))


def land(client: LivePersonClient, window: Window, store: MemoryStore, **choices: Any) -> PullResult:
    dataset = ENGAGEMENT_HISTORY
    now = choices.pop("now", window.end + dataset.limits.lag)
    return pull(client, dataset, dataset.query(window), store.destination(), now=now, **choices)


def by_id(rows: list[Row]) -> dict[str, Row]:
    return {row["info"]["engagementId"]: row for row in rows}


@pytest.mark.parametrize("answer", ["partial", "absent"])
def test_a_chat_that_nobody_has_whole_lands_as_it_came_and_the_window_says_so(
    answer: str,
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sandbox.configure(engagement_by_id=answer, engagement_partial_share=0.3)
    with caplog.at_level(logging.WARNING):
        land(connect(sandbox), DAY, store)
    landed = by_id(store.records())
    whole = by_id(sandbox.truth("engagement_history", DAY.start, DAY.end))
    in_part = sorted(key for key, row in landed.items() if row["info"]["isPartial"])
    assert landed.keys() == whole.keys()
    assert 1 < len(in_part) < len(landed)
    assert all(landed[key] == whole[key] for key in landed.keys() - set(in_part))
    (manifest,) = store.manifests()
    assert manifest["complete"] is False
    assert sorted(manifest["still_partial"]) == in_part
    assert f"{len(in_part)} record(s) came only in part" in caplog.text


NAMES = ["info.agentFullName", "info.agentLoginName", "info.agentNickName", "info.visitorName"]


@pytest.mark.parametrize("masking", [None, Masking(drop_fields=NAMES)], ids=["plain", "dropped"])
def test_a_chat_in_part_without_an_id_is_counted_and_not_named(
    masking: Masking | None, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    sandbox.configure(engagement_by_id="partial", engagement_partial_share=0.3)
    client = connect(sandbox)
    land(client, DAY, store, masking=masking)
    (before,) = store.manifests()
    lost, *others = before["still_partial"]
    sandbox.faults.add(
        kind="replace", match="/interactions/search", find=f'"engagementId":"{lost}",', put="", times=999
    )
    asked = len(sandbox.requests)
    land(client, DAY, store, masking=masking)
    (manifest,) = store.manifests()
    assert manifest["counts"]["kept"] == before["counts"]["kept"] == len(store.records())
    assert manifest["counts"]["still_partial"] == before["counts"]["still_partial"]
    assert sorted(manifest["still_partial"]) == sorted(others) != []
    assert not any("agentLoginName" in str(request.body) for request in sandbox.requests[asked:])


def test_a_window_is_complete_only_when_livepersons_data_are(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "now", lambda: PRESENT)
    evening = Window(PRESENT - timedelta(hours=3), PRESENT)
    client = connect(sandbox)
    with pytest.raises(WindowOutOfRangeError, match="2 hours before now"):
        land(client, evening, store, now=PRESENT + timedelta(minutes=119))
    land(client, evening, store, now=PRESENT, allow_out_of_range=True)
    (manifest,) = store.manifests()
    waiting = [row for row in store.records() if not row["info"]["chatDataEnriched"]]
    assert 0 < len(waiting) < len(store.records())
    assert not any("campaign" in row or "sdes" in row for row in waiting)
    assert manifest["complete"] is False
    assert sorted(manifest["still_partial"]) == sorted(by_id(waiting))

    # What LivePerson has not completed within a day stays as it is.
    monkeypatch.setattr(reader, "now", lambda: PRESENT + timedelta(days=1))
    land(client, evening, store, now=PRESENT + timedelta(days=1))
    (manifest,) = store.manifests()
    assert manifest["complete"] is True
    monkeypatch.setattr(reader, "now", lambda: PRESENT)
    land(client, evening, store, now=PRESENT, allow_out_of_range=True)

    sandbox.configure(data_clock_offset_seconds=7200)
    land(client, evening, store)
    (manifest,) = store.manifests()
    assert manifest["complete"] is True
    assert all(row["info"]["chatDataEnriched"] and "campaign" in row for row in store.records())


FILTERS: dict[str, tuple[dict[str, Any], Callable[[Row], bool]]] = {
    "interactive": ({"interactive": True}, lambda row: row["info"]["interactive"]),
    "a channel": ({"channel": 2}, lambda row: row["info"]["channel"] == 2),
    "no skill": ({"skillIds": [-1]}, lambda row: row["info"]["skillId"] == -1),
    "scores": (
        {"chatMCS": {"to": 40}, "alertedMcsValues": [0], "mcs": 0},
        lambda row: row["info"]["chatMCS"] <= 40 and row["info"]["alertedMCS"] == 0,
    ),
    "lengths": (
        {"duration": {"from": 60, "to": 600}, "hasCoBrowse": False, "hasInteractiveCoBrowse": False},
        lambda row: 60 <= row["info"]["duration"] <= 600 and "coBrowseSessions" not in row,
    ),
    "a word anywhere": ({"keyword": "newsletter"}, lambda row: "newsletter" in json.dumps(row["sdes"])),
    "a word in answers": (
        {"keyword": "Delivery", "keyword_search_area": {"types": ["surveyAnswer"]}},
        lambda row: "operator" in row["surveys"],
    ),
}


@pytest.mark.parametrize(("filters", "holds"), FILTERS.values(), ids=FILTERS)
def test_filters_leave_what_they_say(
    filters: dict[str, Any], holds: Callable[[Row], bool], sandbox: SandboxServer, connect: Connect
) -> None:
    days = Window(PRESENT - timedelta(days=6), PRESENT - timedelta(days=1))
    query = ENGAGEMENT_HISTORY.query(days, filters=filters)
    found = [json.loads(bytes(line)) for line in records(connect(sandbox), ENGAGEMENT_HISTORY, query)]
    every = sandbox.truth("engagement_history", days.start, days.end)
    expected = [row for row in every if holds(row)]
    assert 0 < len(expected) < len(every)
    assert by_id(found) == by_id(expected)
