"""The JSON Schemas that the wheel ships."""

from __future__ import annotations

import copy
import json
from importlib.resources import files

import pytest

from airflow_provider_liveperson.landing.manifest import EntryMeta, Manifest
from devtools import schemas

COUNTS = {"reported": 3, "received": 3, "outside_window": 1, "kept": 2, "repeated": 0}
PART = {"name": f"part-00000-{'0f' * 6}.jsonl.gz", "records": 2, "bytes": 90, "sha256": "0f" * 32}
MANIFEST = {
    "manifest_format": 1,
    "dataset": "audit_trail",
    "account_id": "70000001",
    "window_start": "2026-01-29T00:00:00Z",
    "window_end": "2026-01-30T00:00:00Z",
    "cursor": "changeDate",
    "filters": {},
    "complete": True,
    "request": {"method": "POST"},
    "file_format": "jsonl",
    "compression": "gzip",
    "counts": COUNTS,
    "slices": [{**COUNTS, "slice": "all"}],
    "parts": [PART],
    "entries": [{"url": "s3://lake/a", "mandatory": True, "meta": {"content_length": 90}}],
    "versions": {"airflow_provider_liveperson": "0.1.0"},
}


@pytest.mark.parametrize("name", sorted(schemas.CLASSES))
def test_is_what_the_code_says(name):
    shipped = (
        files("airflow_provider_liveperson.schemas").joinpath(f"{name}.json").read_text(encoding="utf-8")
    )
    assert shipped == schemas.text(name), "run: python -m devtools.schemas"


@pytest.mark.parametrize("name", sorted(schemas.CLASSES))
def test_every_field_is_described(name):
    made = schemas.schema(name)
    undescribed = [
        f"{about['title']}.{field}"
        for about in (made, *made.get("$defs", {}).values())
        for field, kind in about["properties"].items()
        if not kind.get("description")
    ]
    assert undescribed == []


def test_a_manifest_that_the_package_reads_and_writes_is_valid():
    written = json.loads(Manifest.decode(json.dumps(MANIFEST).encode(), "a manifest").encode())
    assert schemas.violations("manifest", written) == []


def test_a_field_that_came_later_is_no_violation():
    assert schemas.violations("manifest", {**MANIFEST, "came_later": 1}) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("manifest_format", 2),
        ("window_start", "2026-01-29"),
        ("complete", None),
        ("file_format", "orc"),
        ("counts.kept", "2"),
        ("parts.0.sha256", "0f"),
        ("parts.0.name", "../part"),
        ("entries.0.meta", {}),
    ],
)
def test_a_wrong_value_is_a_violation(path, value):
    document = copy.deepcopy(MANIFEST)
    *folders, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    inner = document
    for step in folders:
        inner = inner[step]
    inner[last] = value
    (violation,) = schemas.violations("manifest", document)
    assert violation


@pytest.mark.parametrize("field", ["manifest_format", "dataset", "complete", "counts", "parts"])
def test_a_missing_field_is_a_violation(field):
    document = {key: value for key, value in MANIFEST.items() if key != field}
    assert schemas.violations("manifest", document) == [f"$: '{field}' is a required property"]


def test_describes_nested_structs():
    about = schemas.schema("manifest")["$defs"][EntryMeta.__name__]["properties"]["content_length"]
    assert about["description"] == "its size in bytes."
