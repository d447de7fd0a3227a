"""The proof of a window."""

from __future__ import annotations

import contextlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.landing.manifest import FORMAT, Counts, Manifest
from airflow_provider_liveperson.landing.parts import Part
from devtools.nesting import TOO_DEEP

MANIFEST = Manifest(
    dataset="audit_trail",
    account_id="70000001",
    window_start="2026-01-01T00:00:00Z",
    window_end="2026-01-02T00:00:00Z",
    cursor="changeDate",
    filters={"lpa": False, "users": ["ü"]},
    complete=True,
    request={"service": "accountConfigReadOnly"},
    file_format="jsonl",
    compression="gzip",
    counts=Counts(reported=9, received=9, outside_window=2, kept=7, repeated=1),
    parts=[Part("part-00000-abc.jsonl.gz", 4, 100, "aa"), Part("part-00001-def.jsonl.gz", 3, 50, "bb")],
    versions={"python": "3.11.0"},
)

ODD = [
    b'{"manifest_format":' + b"[" * TOO_DEEP + b"]" * TOO_DEEP + b"}",
    MANIFEST.encode()[:-3] + b',"x":' + b"[" * TOO_DEEP + b"]" * TOO_DEEP + b"}",
    b'{"manifest_format":' + b"9" * 5000 + b"}",
    b'{"manifest_format": NaN}',
]


def test_it_is_json_that_people_can_read():
    text = MANIFEST.encode()
    assert text.endswith(b"}\n")
    assert text.count(b"\n") > 20
    read = json.loads(text)
    assert list(read)[:5] == ["manifest_format", "dataset", "account_id", "window_start", "window_end"]
    assert read["filters"] == {"lpa": False, "users": ["ü"]}
    counts = {"reported": 9, "received": 9, "outside_window": 2, "kept": 7, "repeated": 1}
    assert read["counts"] == {**counts, "undated": 0, "still_partial": 0, "repaired": 0, "erased": 0}
    assert read["parts"][1] == {"name": "part-00001-def.jsonl.gz", "records": 3, "bytes": 50, "sha256": "bb"}
    assert MANIFEST.size == 150


def test_it_is_read_as_it_was_written():
    assert Manifest.decode(MANIFEST.encode(), "s3://x") == MANIFEST


@pytest.mark.parametrize(
    "change",
    [
        {"versions": {"python": "3.14.0"}},
        {"counts": Counts(reported=None, received=20, outside_window=13, kept=7, repeated=0)},
    ],
)
def test_how_the_data_were_come_by_does_not_matter(change):
    assert msgspec.structs.replace(MANIFEST, **change).lands_the_same(MANIFEST)


@pytest.mark.parametrize(
    "change",
    [
        {"filters": {}},
        {"parts": MANIFEST.parts[:1]},
        {"parts": MANIFEST.parts[::-1]},
        {"compression": "none"},
        {"window_end": "2026-01-03T00:00:00Z"},
        {"request": {}},
        {"entries": []},
        {"counts": Counts(reported=9, received=9, outside_window=3, kept=6, repeated=1)},
    ],
)
def test_what_was_landed_matters(change):
    assert not msgspec.structs.replace(MANIFEST, **change).lands_the_same(MANIFEST)


@pytest.mark.parametrize("change", [{"still_partial": ["7"]}, {"revision": "2"}, {"complete": False}])
def test_what_is_known_of_the_records_matters_too(change):
    assert not msgspec.structs.replace(MANIFEST, **change).lands_the_same(MANIFEST)


def test_parts_of_other_names_can_hold_the_same_bytes():
    renamed = [msgspec.structs.replace(part, name=f"part-1{part.name[6:]}") for part in MANIFEST.parts]
    other = msgspec.structs.replace(MANIFEST, parts=renamed)
    assert not other.lands_the_same(MANIFEST)
    assert other.lands_the_same(MANIFEST, by_bytes=True)
    turned = msgspec.structs.replace(MANIFEST, parts=renamed[::-1])
    assert not turned.lands_the_same(MANIFEST, by_bytes=True)


def test_a_manifest_is_its_head_and_what_came_of_it():
    rest = {
        name: getattr(MANIFEST, name)
        for name in (
            "complete",
            "revision",
            "counts",
            "slices",
            "undeclared",
            "still_partial",
            "erasures",
            "parts",
            "entries",
            "versions",
        )
    }
    assert Manifest.of(MANIFEST.head, **rest) == MANIFEST
    fields = set(MANIFEST.__struct_fields__) - set(rest) - {"manifest_format"}
    said = {*vars(MANIFEST.head), *vars(MANIFEST.head.selection)} - {"selection"}
    assert said == fields


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b"null",
        b"{}",
        b'{"manifest_format": "x"}',
        b"\xff",
        MANIFEST.encode()[:200],
        *ODD,
    ],
)
def test_something_else_under_its_name_is_not_overwritten(data):
    with pytest.raises(StorageError, match=r"s3://b/k.*not a manifest"):
        Manifest.decode(data, "s3://b/k")


def test_one_of_a_later_version_is_not_overwritten_either():
    later = json.dumps({"manifest_format": FORMAT + 1, "new": True}).encode()
    with pytest.raises(StorageError, match="s3://b/k was written by a later version"):
        Manifest.decode(later, "s3://b/k")


def test_one_from_before_repairs_were_counted_is_read():
    data = json.loads(MANIFEST.encode())
    del data["counts"]["repaired"]
    assert Manifest.decode(json.dumps(data).encode(), "s3://x") == MANIFEST


@given(st.binary() | st.binary(max_size=20).map(lambda it: MANIFEST.encode().replace(b"audit_trail", it)))
def test_whatever_is_there_is_read_or_refused(data):
    with contextlib.suppress(StorageError):
        Manifest.decode(data, "s3://b/k")
