"""What a landing begins from, and what it must not replace."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.landing.base import Base, read_replaceable
from airflow_provider_liveperson.landing.stores import Stored
from devtools.landing_runs import HEAD, manifest

URI = "memory://lake/window/_manifest.json"
THERE = manifest([])


def test_nothing_is_replaced_where_nothing_is():
    assert read_replaceable(None, URI, HEAD) is None
    assert (Base(stored=None, manifest=None).digest, Base(stored=None, manifest=None).data) == (None, None)


def test_a_base_is_known_by_the_hash_of_its_bytes():
    base = Base(stored=Stored(b"bytes", '"etag"'), manifest=THERE)
    assert base.digest == hashlib.sha256(b"bytes").hexdigest()
    assert base.data == b"bytes"


@pytest.mark.parametrize(
    "change",
    [
        {"file_format": "csv"},
        {"compression": "none"},
        {"csv_formulas": "quote"},
        {"masking": {"drop_fields": ["a"]}},
        {"request": {"path": "/other"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_same_records_may_be_landed_in_another_way(change):
    assert read_replaceable(Stored(THERE.encode()), URI, replace(HEAD, **change)) == THERE


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": "other"},
        {"account_id": "2"},
        {"window_start": "0"},
        {"window_end": "c"},
        {"cursor": "end"},
        {"filters": {"status": ["CLOSE"]}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_other_records_are_not_replaced(change):
    head = replace(HEAD, selection=replace(HEAD.selection, **change))
    with pytest.raises(ConfigurationError, match="under another prefix, or remove what is there") as caught:
        read_replaceable(Stored(THERE.encode()), URI, head)
    assert str(caught.value).startswith(f"{URI} holds {HEAD.selection}; land {head.selection} ")
    assert caught.value.field == "prefix"


@pytest.mark.parametrize("data", [b"", b"not ours", b'{"manifest_format": 2}'])
def test_something_else_is_not_replaced_either(data):
    with pytest.raises(StorageError, match=URI):
        read_replaceable(Stored(data), URI, HEAD)
