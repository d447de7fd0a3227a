"""Slices that are small share a part, and nothing else changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.datasets.catalog import dataset_named
from airflow_provider_liveperson.exceptions import PermissionDeniedError
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.parts import SHARE_BELOW
from airflow_provider_liveperson.pull.pull import pull
from airflow_provider_liveperson.window import Window

DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
MESSAGING = dataset_named("messaging_interactions")

pytestmark = pytest.mark.usefixtures("within_a_year")


@pytest.fixture
def land(sandbox, connect):
    """Lands a day of conversations by their start, in slices of less than a hundred."""
    for hour in range(24):
        sandbox.conversations.insert(15, DAY.start + timedelta(hours=hour, minutes=30))

    def land(store, **choices):
        client = connect(deep_paging_limit=100, max_concurrency=1)
        return pull(client, MESSAGING, MESSAGING.query(DAY, cursor="start"), store.destination(**choices))

    return land


@pytest.fixture
def whole(sandbox, land, store) -> dict:
    """The manifest of a day in a part of its own for each slice that holds anything."""
    alone = type(store)()
    land(alone, share_below=1)
    (manifest,) = alone.manifests()
    assert len(manifest["slices"]) >= 4
    assert len(manifest["parts"]) == sum(bool(one["kept"]) for one in manifest["slices"])
    return {**manifest, "records": alone.records()}


@pytest.mark.parametrize("file_format", ["jsonl", "csv", "parquet"])
def test_small_slices_are_one_file(land, store, whole, file_format):
    choices = {"encoding": Encoding(file_format, "gzip", MESSAGING.columns), "share_below": 1 << 26}
    pulled = land(store, **choices)
    (manifest,) = store.manifests()
    assert len(pulled.objects) == 1
    assert manifest["slices"] == whole["slices"]
    assert manifest["counts"] == whole["counts"]
    assert [part["records"] for part in manifest["parts"]] == [whole["counts"]["kept"]]
    if file_format == "jsonl":
        assert store.records() == whole["records"]
    before, store.changes = dict(store.objects), []
    assert land(store, **choices) == pulled
    assert store.changes == []
    assert store.objects == before


@pytest.mark.parametrize("share_below", [1, 20_000, 60_000, 100_000, SHARE_BELOW])
def test_a_part_ends_with_the_slice_with_which_it_is_large_enough(land, store, whole, share_below):
    land(store, share_below=share_below, encoding=Encoding(compression="none"))
    (manifest,) = store.manifests()
    parts = manifest["parts"]
    assert all(part["bytes"] >= share_below for part in parts[:-1])
    ends, total = {0}, 0
    for one in manifest["slices"]:
        total += one["kept"]
        ends.add(total)
    total = 0
    for part in parts:
        total += part["records"]
        assert total in ends
    rows = [
        json.loads(line)
        for part in parts
        for key, data in store.objects.items()
        if key.endswith(part["name"])
        for line in data.splitlines()
    ]
    assert rows == whole["records"]


@pytest.mark.parametrize("share_below", [20_000, 60_000, SHARE_BELOW])
@pytest.mark.parametrize("after", range(1, 8))
def test_a_retry_lands_the_same_bytes(sandbox, land, store, share_below, after):
    undisturbed = type(store)()
    land(undisturbed, share_below=share_below)
    sandbox.faults.add(kind="status", status=403, match="/conversations/search", skip=after, times=1)
    with pytest.raises(PermissionDeniedError):
        land(store, share_below=share_below)
    for data in (data for key, data in store.objects.items() if key.endswith("_checkpoint.json")):
        checkpoint = json.loads(data)
        assert checkpoint["finished"][-1]["parts"]  # whole parts, with all their slices
        kept = sum(one["counts"]["kept"] for one in checkpoint["finished"])
        assert kept == sum(part["records"] for one in checkpoint["finished"] for part in one["parts"])
    land(store, share_below=share_below)
    assert store.objects == undisturbed.objects


@pytest.mark.parametrize("share_below", [1, 20_000, SHARE_BELOW])
def test_a_slice_that_is_read_again_leaves_nothing_of_its_first_reading(
    sandbox, land, store, share_below, monkeypatch
):
    """Its pages move after rows of it wait, or are in a part, beside those of the slices before it."""
    from airflow_provider_liveperson.datasets.readers.reader import PagesMovedError
    from airflow_provider_liveperson.pull.slice_reader import SliceReader

    batches, moved = SliceReader.batches, []

    def move_once(lane):
        for batch in batches(lane):
            yield batch
            if str(lane.slice_) not in moved:
                moved.append(str(lane.slice_))
                raise PagesMovedError("a row came between")

    monkeypatch.setattr(SliceReader, "batches", move_once)
    land(store, share_below=share_below)
    monkeypatch.undo()
    assert len(moved) >= 4
    truth = sandbox.conversations.truth(DAY.start, DAY.end, "start")
    landed = store.records()
    ids = [row["info"]["conversationId"] for row in landed]
    assert sorted(ids) == sorted(one["info"]["conversationId"] for one in truth)
    undisturbed = type(store)()
    land(undisturbed, share_below=share_below)
    assert undisturbed.records() == landed


def test_masked_slices_share_a_part_too(connect, store):
    from airflow_provider_liveperson.records.masking import Masking

    client = connect(deep_paging_limit=100)
    query = MESSAGING.query(DAY, cursor="start")
    pull(client, MESSAGING, query, store.destination(), masking=Masking(drop_fields=["messageRecords"]))
    assert len([key for key in store.objects if "/part-" in key]) == 1
    assert not any("messageRecords" in row for row in store.records())
