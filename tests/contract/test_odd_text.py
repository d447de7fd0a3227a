"""Half a surrogate pair and invalid UTF-8 in every dataset and every format, with and without masking."""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import Any

import pytest
from pyarrow import parquet

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.pull.pull import PullResult, pull, records
from airflow_provider_liveperson.records import columns, raw
from airflow_provider_liveperson.records.masking import Masking
from airflow_provider_liveperson.sandbox.http.odd_text import FIELDS, spoil
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import stamp
from devtools.memory_store import MemoryStore
from devtools.nesting import TOO_DEEP
from tests.contract.facts import FACTS
from tests.contract.facts.facts import PULLED_AT
from tests.contract.test_every_dataset import DAY, Connect, within_reach

# The export is CSV, whose bytes have their own tests.
NAMES = sorted(set(DATASETS) - {"audit_trail_export"})
# Others have ids and numbers only; so has shift_status, whose skill is a number.
WITH_TEXTS = [
    name
    for name in NAMES
    if name != "shift_status"
    and any(path.rpartition(".")[2] in FIELDS for path, _ in columns.paths(DATASETS[name].columns))
]
NESTED = (
    "agent_view",
    "automatic_messages",
    "default_predefined_content",
    "engagement_history",
    "predefined_content",
    "messaging_interactions",
    "data_access_engagement",
    "data_access_survey",
    "data_access_web_session",
)  # whose texts are within other columns
HALF = rb"\ud83d"
PATHS = ["info.latestAgentFullName", "originator", "agentUserName", "agentName", "fullName", "name"]

every_dataset = pytest.mark.parametrize("name", NAMES)
every_dataset_with_texts = pytest.mark.parametrize("name", WITH_TEXTS)
every_oddity = pytest.mark.parametrize("odd", ["half_pairs", "not_utf8"])


def land(
    sandbox: SandboxServer, connect: Connect, store: MemoryStore, name: str, **choices: Any
) -> PullResult:
    dataset, day = DATASETS[name], within_reach(sandbox, name, DAY)
    masking = choices.pop("masking", None)
    encoding = Encoding(
        columns=dataset.columns if masking is None else masking.columns(dataset.columns), **choices
    )
    return pull(
        connect(sandbox),
        dataset,
        dataset.query(day),
        store.destination(encoding=encoding),
        masking=masking,
        now=day.end + max((DAY.end - DAY.start) / 12, dataset.limits.lag),
    )


def parts(store: MemoryStore) -> list[bytes]:
    return [data for key, data in sorted(store.objects.items()) if "/part-" in key]


def sent(sandbox: SandboxServer, name: str, odd: Any) -> list[bytes]:
    """The records as the sandbox writes them."""
    day = within_reach(sandbox, name, DAY)
    rows = sandbox.truth(name, day.start, day.end)
    lines = [spoil(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode(), odd) for row in rows]
    if "_pulled_at" in DATASETS[name].columns:
        lines = [b'%b,"_pulled_at":"%b"}' % (line[:-1], stamp(PULLED_AT).encode()) for line in lines]
    return sorted(lines)


def without_order(line: bytes) -> str:
    return json.dumps(json.loads(line), sort_keys=True)


@every_dataset_with_texts
def test_half_an_emoji_lands_as_it_was_sent(
    name: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    sandbox.configure(odd_text="half_pairs")
    land(sandbox, connect, store, name)
    landed = [line for data in parts(store) for line in gzip.decompress(data).splitlines()]
    expected = sent(sandbox, name, "half_pairs")
    assert sorted(map(without_order, landed)) == sorted(map(without_order, expected))
    assert any(HALF in line for line in landed)
    assert all(spoil(line.replace(HALF + b'"', b'"'), "half_pairs") == line for line in landed)
    (manifest,) = store.manifests()
    assert manifest["complete"] is True
    assert manifest["counts"]["repaired"] == 0


@every_dataset_with_texts
def test_invalid_utf8_is_replaced_counted_and_logged_once(
    name: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.configure(odd_text="not_utf8")
    land(sandbox, connect, store, name)
    landed = [line.decode() for data in parts(store) for line in gzip.decompress(data).splitlines()]
    expected = sent(sandbox, name, "not_utf8")
    assert sorted(without_order(line.encode()) for line in landed) == sorted(
        without_order(line.decode("utf-8", "replace").encode()) for line in expected
    )
    repaired = sum(not raw.is_utf8(line) for line in expected)
    assert repaired > 0
    (manifest,) = store.manifests()
    assert manifest["complete"] is True
    assert manifest["counts"]["repaired"] == repaired == sum(it["repaired"] for it in manifest["slices"])
    (told,) = [record for record in caplog.records if "not UTF-8" in record.getMessage()]
    assert (told.levelname, f"{repaired} record(s)" in told.getMessage()) == ("WARNING", True)


@every_dataset_with_texts
@every_oddity
@pytest.mark.parametrize("is_masked", [False, True], ids=["plain", "masked"])
def test_csv_and_parquet_hold_u_fffd_where_jsonl_has_what_was_sent(
    name: str, odd: str, is_masked: bool, sandbox: SandboxServer, connect: Connect
) -> None:
    sandbox.configure(odd_text=odd)
    paths = [path for path in PATHS if path.partition(".")[0] in DATASETS[name].columns]
    masking = Masking(hash_fields=paths, drop_fields=["description"], salt="a salt") if is_masked else None
    lines, cells, rows = MemoryStore(), MemoryStore(), MemoryStore()
    pulled = land(sandbox, connect, lines, name, masking=masking)
    land(sandbox, connect, cells, name, masking=masking, file_format="csv", compression="none")
    land(sandbox, connect, rows, name, masking=masking, file_format="parquet")
    jsonl = [line for data in parts(lines) for line in gzip.decompress(data).decode().splitlines()]
    table = [row for data in parts(cells) for row in csv.DictReader(io.StringIO(data.decode(), newline=""))]
    stored = [row for data in parts(rows) for row in parquet.read_table(io.BytesIO(data)).to_pylist()]
    assert len(jsonl) == len(table) == len(stored) == pulled.records
    assert is_masked or "\ufffd" in str(stored)
    seen = 0
    for line, cell, row in zip(jsonl, table, stored, strict=True):
        values = raw.record(line.encode())
        for field in set(FIELDS) & values.keys() & DATASETS[name].columns.keys():
            if isinstance(values[field], str):
                assert cell[field] == row[field] == values[field]
                seen += values[field].endswith("\ufffd")
    assert seen or name in NESTED or is_masked


@every_dataset_with_texts
@every_oddity
def test_dicts_hold_u_fffd(name: str, odd: str, sandbox: SandboxServer, connect: Connect) -> None:
    sandbox.configure(odd_text=odd)
    dataset = DATASETS[name]
    found = [
        raw.record(line)
        for line in records(connect(sandbox), dataset, dataset.query(within_reach(sandbox, name, DAY)))
    ]
    expected = [raw.record(line) for line in sent(sandbox, name, odd)]
    assert sorted(map(repr, map(sorted_items, found))) == sorted(map(repr, map(sorted_items, expected)))
    assert "\ufffd" in str(found)
    assert not any("\ud800" <= sign <= "\udfff" for sign in str(found))


def sorted_items(value: Any) -> Any:
    if isinstance(value, dict):
        return sorted((key, sorted_items(it)) for key, it in value.items())
    return [sorted_items(it) for it in value] if isinstance(value, list) else value


@every_dataset_with_texts
def test_a_hash_of_half_an_emoji_is_that_of_u_fffd(
    name: str, sandbox: SandboxServer, connect: Connect
) -> None:
    """Both hash alike, and nothing of the text is left."""
    hashed = []
    paths = [path for path in PATHS if path.partition(".")[0] in DATASETS[name].columns]
    for odd in ("half_pairs", "not_utf8"):
        store = MemoryStore()
        sandbox.configure(odd_text=odd)
        land(sandbox, connect, store, name, masking=Masking(hash_fields=paths, salt="a salt"))
        rows = [raw.record(line) for data in parts(store) for line in gzip.decompress(data).splitlines()]
        values = []
        for row in rows:
            for path in paths:
                at: Any = row
                for step in path.split("."):
                    at = at.get(step)
                values.append(at)
        hashed.append(values)
    assert hashed[0] == hashed[1]
    assert all(value is None or len(value) == 64 for value in hashed[0])


@every_dataset
def test_a_response_nested_too_deeply_fails_the_pull_with_a_message(
    name: str, sandbox: SandboxServer, connect: Connect, store: MemoryStore
) -> None:
    deep = b'{"a":' + b"[" * TOO_DEEP + b"]" * TOO_DEEP + b"}"
    body = b"[%b]" % deep if isinstance(FACTS[name].nothing, list) else deep
    sandbox.faults.add(kind="status", status=200, match=FACTS[name].url, body=body, times=100)
    with pytest.raises(InvalidResponseError, match="nested more deeply than can be read"):
        land(sandbox, connect, store, name)
    assert not parts(store)
    assert not store.manifests()
