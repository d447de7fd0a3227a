"""Lands a day of a dataset, for tests of what single APIs may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.pull.pull import PullResult, pull
from airflow_provider_liveperson.window import Window
from devtools.memory_store import MemoryStore
from devtools.schemas import violations

DAY = Window(datetime(2026, 1, 29, tzinfo=UTC), datetime(2026, 1, 30, tzinfo=UTC))

Connect = Callable[..., LivePersonClient]


def land(client: LivePersonClient, store: MemoryStore, name: str, cursor: str | None = None) -> PullResult:
    """Pull the day, a part for each slice."""
    query = DATASETS[name].query(DAY, cursor=cursor)
    destination = store.destination(share_below=1)
    pulled = pull(client, DATASETS[name], query, destination, now=DAY.end + timedelta(hours=2))
    assert violations("summary", asdict(pulled)) == []
    return pulled


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
