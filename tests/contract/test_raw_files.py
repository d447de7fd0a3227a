"""Files that land as they came: the bytes that LivePerson sent, each file a part, exactly once, with the proof."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.land import LandRequest
from airflow_provider_liveperson.landing.destination import Destination
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.pull.pull import PullResult, pull
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import Window
from devtools.memory_store import MemoryStore
from tests.contract.facts import FACTS

NIGHT = Window(datetime(2026, 1, 28, 22, 30, tzinfo=UTC), datetime(2026, 1, 29, 1, 15, tzinfo=UTC))
CHOICES: dict[str, Any] = {
    "filters": None,
    "cursor": None,
    "file_format": "jsonl",
    "compression": "gzip",
    "csv_formulas": "keep",
    "hash_fields": (),
    "drop_fields": (),
    "allow_undeclared_fields": False,
    "allow_out_of_range": False,
    "overlap": "refuse",
    "raw": True,
}
FILES = ("data_access_web_session", "actual_handle_time_breakdown")


def request(dataset: str, **choices: Any) -> LandRequest:
    return LandRequest.read(dataset, NIGHT, **{**CHOICES, **choices})


def land(client: LivePersonClient, dataset: str, store: MemoryStore) -> PullResult:
    asked = request(dataset)
    encoding = Encoding(asked.file_format, asked.compression)
    destination = Destination(store=store, prefix="raw", encoding=encoding)
    return pull(client, asked.dataset, asked.query, destination, now=NIGHT.end + timedelta(days=1))


def rows(data: bytes) -> list[Any]:
    text = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("kind", ["gzip", "plain"])
@pytest.mark.parametrize("name", FILES)
def test_every_file_lands_as_it_came_and_only_once(
    name: str, kind: str, sandbox: SandboxServer, connect: Callable[..., LivePersonClient], store: MemoryStore
) -> None:
    sandbox.insert(name, 2, NIGHT.end - timedelta(hours=1))  # a second file of an hour
    if kind == "plain":
        sandbox.configure(**FACTS[name].readings["files without compression"])
    client = connect(sandbox)
    pulled = land(client, name, store)
    parts = [part for manifest in store.manifests() for part in manifest["parts"]]
    landed = [store.objects[uri.removeprefix("memory://")] for uri in pulled.objects]
    assert len(landed) == len(parts) == pulled.records >= 3
    for part, data in zip(parts, landed, strict=True):
        digest = hashlib.sha256(data).hexdigest()
        assert (part["records"], part["bytes"], part["sha256"]) == (1, len(data), digest)
        assert part["name"].endswith(f"-{digest[:12]}.json{'.gz' if kind == 'gzip' else ''}")
        assert data.startswith(b"\x1f\x8b" if kind == "gzip" else b"{")
        assert rows(data)
    for manifest in store.manifests():
        counts = manifest["counts"]
        assert (manifest["file_format"], manifest["compression"], manifest["complete"]) == (
            "raw",
            "none",
            True,
        )
        assert counts["reported"] == counts["received"] == counts["kept"] == len(manifest["parts"])
    if name == "actual_handle_time_breakdown":
        lines = [row for data in landed for row in rows(data)]
        assert lines == sandbox.truth(name, NIGHT.start, NIGHT.end)

    before, store.changes = dict(store.objects), []
    assert land(client, name, store) == pulled
    assert (store.objects, store.changes) == (before, [])


def test_a_file_that_was_cut_lands_whole_or_not_at_all(
    sandbox: SandboxServer, connect: Callable[..., LivePersonClient], store: MemoryStore
) -> None:
    undisturbed = MemoryStore()
    land(connect(sandbox), "data_access_engagement", undisturbed)
    sandbox.faults.add(kind="cut", match="/le/engagement/", times=2)
    land(connect(sandbox), "data_access_engagement", store)
    assert store.objects == undisturbed.objects


@pytest.mark.parametrize(
    ("field", "choices"),
    [
        ("hash_fields", {"hash_fields": ["text"]}),
        ("drop_fields", {"drop_fields": ["contents.answer"]}),
        ("file_format", {"file_format": "parquet"}),
        ("compression", {"compression": "none"}),
        ("csv_formulas", {"csv_formulas": "quote"}),
        ("file_format", {"file_format": "raw", "raw": False}),
        ("raw", {"dataset": "users"}),
    ],
)
def test_what_does_not_go_with_files_is_refused_by_name(field: str, choices: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="raw") as caught:
        request(**{"dataset": "data_access_survey", **choices})
    assert caught.value.field == field
