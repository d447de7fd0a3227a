"""Conversations: counts that are wrong, values in every notation, and records that stay partial."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.erasure.erase import EraseRequest
from airflow_provider_liveperson.exceptions import IncompletePullError, StorageError
from airflow_provider_liveperson.pull.pull import pull
from airflow_provider_liveperson.records.masking import Masking
from airflow_provider_liveperson.sandbox.server import SandboxServer
from devtools.memory_store import MemoryStore
from tests.contract.landing import DAY, Connect, land, manifest

SEARCH = "/conversations/search"
BY_IDS = "/conversation/search"


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(str(row["info"]["conversationId"]) for row in rows)


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
    with caplog.at_level(logging.DEBUG):
        land(connect(sandbox), store, "messaging_interactions")
    expected = partial_ids(sandbox, 0.3) if by_id == "partial" else set()
    found = manifest(store)
    assert set(found["still_partial"]) == expected
    assert found["complete"] is (by_id == "whole")
    assert {
        row["info"]["conversationId"] for row in store.records() if row["info"].get("isPartial")
    } == expected
    told = f"{len(expected)} record(s) of messaging_interactions are still partial" in caplog.text
    assert told is bool(expected)
    assert [name for name in expected if name in caplog.text] == []
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


SECRET = "a long random secret"
ID = "info.conversationId"


@pytest.mark.parametrize(
    "masks", [{}, {"hash_fields": [ID]}, {"drop_fields": [ID]}], ids=["plain", "hashed", "dropped"]
)
def test_keys_of_partial_records_land_as_the_records_do_and_never_those_of_erased_persons(
    sandbox: SandboxServer,
    connect: Connect,
    store: MemoryStore,
    caplog: pytest.LogCaptureFixture,
    masks: dict[str, list[str]],
) -> None:
    sandbox.configure(messaging_partial_share=0.5, messaging_by_id="partial")
    caplog.set_level(logging.DEBUG)
    dataset, later = DATASETS["messaging_interactions"], DAY.end + timedelta(days=1)
    masking = Masking(**masks, salt=SECRET) if masks else None

    def land_again() -> dict[str, Any]:
        query, where = dataset.query(DAY), store.destination(share_below=1)
        pull(connect(sandbox), dataset, query, where, masking=masking, secret=SECRET, now=later)
        (found,) = store.manifests()
        in_part = [row["info"] for row in store.records() if row["info"].get("isPartial")]
        assert found["counts"]["still_partial"] == len(in_part) > 5
        expected = [info["conversationId"] for info in in_part if "conversationId" in info]
        assert sorted(found["still_partial"]) == sorted(expected)
        return found

    before = land_again()
    truth = sandbox.conversations.truth(DAY.start, DAY.end, cursor="end")
    consumers = {row["consumerParticipants"][0]["participantId"] for row in truth[::5]}
    erased = EraseRequest.read(participant_ids=consumers, conversation_ids=(), secret=SECRET).erase(
        store, "lake", sandbox.settings.account_id, now=later
    )
    (found,) = store.manifests()
    assert found["counts"]["kept"] == before["counts"]["kept"] - erased.records > 0
    assert found["counts"]["still_partial"] == sum(one["still_partial"] for one in found["slices"])
    after = land_again()
    assert after["counts"]["kept"] == found["counts"]["kept"]
    assert after["counts"]["still_partial"] < before["counts"]["still_partial"]

    texts = [caplog.text, *(data.decode() for key, data in store.objects.items() if key.endswith(".json"))]
    for row in truth:
        name = row["info"]["conversationId"]
        assert name not in texts[0]
        if masks or row["consumerParticipants"][0]["participantId"] in consumers:
            assert not any(name in text for text in texts)
