"""The identity of a landing: equal requests, equal fingerprints, and any other value makes another request."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.datasets.catalog import dataset_named
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.manifest import Counts, Manifest
from airflow_provider_liveperson.pull.request import VERSIONS, PullRequest
from airflow_provider_liveperson.records.masking import Masking
from airflow_provider_liveperson.window import Window
from devtools.memory_store import MemoryStore

MIDNIGHT = datetime(2026, 1, 30, tzinfo=UTC)
DAY = Window(MIDNIGHT, MIDNIGHT + timedelta(days=1))

names = st.text("abcü", max_size=3)
# Text and lists of text alone: true and 1 are equal in Python, and filters are of one type each.
values = names | st.lists(names, max_size=2)
mappings = st.dictionaries(names, values, max_size=3)
windows = st.integers(0, 3).map(lambda days: Window(MIDNIGHT - timedelta(days=days), MIDNIGHT + timedelta(1)))
CHOICES: dict[str, st.SearchStrategy[Any]] = {
    "dataset": names,
    "account_id": names,
    "window": windows,
    "cursor": names,
    "filters": mappings,
    "arguments": mappings,
    "masking": st.none() | mappings,
    "file_format": st.sampled_from(["jsonl", "csv", "parquet"]),
    "compression": st.sampled_from(["gzip", "none"]),
    "csv_formulas": st.sampled_from(["keep", "quote"]),
    "roll_at": st.integers(1, 3),
    "share_below": st.integers(1, 3),
    "complete": st.booleans(),
    "erased": st.none() | names,
    "versions": st.dictionaries(names, names, max_size=2),
}
requests = st.builds(PullRequest, **CHOICES)


def manifest(request: PullRequest, **choices: Any) -> Manifest:
    """A manifest of a request, written and read."""
    counts = Counts(reported=0, received=0, outside_window=0, kept=0, repeated=0)
    rest = {"complete": True, "counts": counts, "parts": [], "versions": {}}
    return Manifest.decode(Manifest.of(request.head, **{**rest, **choices}).encode(), "memory://x")


def test_every_field_is_varied_here():
    assert set(CHOICES) == {field.name for field in fields(PullRequest)}


@given(requests, requests)
def test_two_requests_are_equal_just_if_their_fingerprints_are(one, other):
    assert (one == other) == (one.fingerprint == other.fingerprint)


@given(requests, st.data())
def test_any_other_value_makes_another_request(request_, data):
    name = data.draw(st.sampled_from(sorted(CHOICES)))
    value = data.draw(CHOICES[name])
    changed = replace(request_, **{name: value})
    assert (changed == request_) == (value == getattr(request_, name))
    assert (changed.fingerprint == request_.fingerprint) == (value == getattr(request_, name))


@given(requests)
def test_a_fingerprint_does_not_depend_on_the_order_of_names(request_):
    def turned(mapping: Any) -> Any:
        return None if mapping is None else dict(reversed(mapping.items()))

    other = replace(
        request_,
        **{name: turned(getattr(request_, name)) for name in ("filters", "arguments", "masking", "versions")},
    )
    assert other == request_
    assert other.fingerprint == request_.fingerprint


@given(requests, windows, st.booleans())
def test_a_manifest_of_the_same_request_in_any_window_is_known(request_, window, complete):
    other = replace(request_, window=window)
    assert request_.equals_but_for_the_window(manifest(other, complete=complete, versions={"x": "1"}))


@given(requests, st.data())
def test_a_manifest_of_another_request_is_not(request_, data):
    # No snapshot holds ids of persons, so nobody is erased from one.
    decisive = sorted(set(CHOICES) - {"window", "complete", "versions", "roll_at", "share_below", "erased"})
    name = data.draw(st.sampled_from(decisive))
    value = data.draw(CHOICES[name])
    other = replace(request_, **{name: value})
    assert request_.equals_but_for_the_window(manifest(other)) == (value == getattr(request_, name))


@given(requests)
def test_what_a_manifest_says_of_its_request_is_read_as_it_was_written(request_):
    assert manifest(request_).head == request_.head


# -- of a dataset ----------------------------------------------------------------------------------


def made(**choices: Any) -> PullRequest:
    dataset = dataset_named(choices.pop("dataset", "messaging_interactions"))
    query = dataset.query(
        choices.pop("window", DAY), filters=choices.pop("filters", None), cursor=choices.pop("cursor", None)
    )
    account, masking = choices.pop("account_id", "70000001"), choices.pop("masking", None)
    complete = choices.pop("complete", True)
    destination = MemoryStore().destination(**choices)
    return PullRequest.of(dataset, query, account, destination, masking=masking, complete=complete)


OTHERS: dict[str, dict[str, Any]] = {
    "dataset": {"dataset": "audit_trail"},
    "account": {"account_id": "70000002"},
    "window": {"window": Window(DAY.start, DAY.end - timedelta(microseconds=1))},
    "cursor": {"cursor": "start"},
    "filter": {"filters": {"status": ["CLOSE"]}},
    "format": {"encoding": Encoding("csv", columns=dataset_named("messaging_interactions").columns)},
    "compression": {"encoding": Encoding(compression="none")},
    "dropped": {"masking": Masking(drop_fields=["info"])},
    "hashed": {"masking": Masking(hash_fields=["info.conversationId"], salt="one")},
    "hashed with another salt": {"masking": Masking(hash_fields=["info.conversationId"], salt="two")},
    "size of parts": {"roll_at": 1000},
    "size of shared parts": {"share_below": 1000},
    "incomplete": {"complete": False},
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_decisive_makes_another_request(name):
    assert made(**OTHERS[name]) == made(**OTHERS[name])
    others = [made(), *(made(**choices) for other, choices in OTHERS.items() if other != name)]
    assert made(**OTHERS[name]) not in others
    assert made(**OTHERS[name]).fingerprint not in {other.fingerprint for other in others}


def test_where_it_lands_is_not_part_of_the_request():
    """A prefix may be moved, and what it holds is still the same."""
    assert made(prefix="a") == made(prefix="b")


def test_a_salt_is_in_no_word_of_it():
    request = made(masking=Masking(hash_fields=["info.conversationId"], salt="a very secret salt"))
    assert "very secret" not in repr(request)
    assert "very secret" not in repr(msgspec.json.encode(request))


def test_what_made_the_parts_is_part_of_the_request():
    assert set(VERSIONS) == {"airflow_provider_liveperson", "python"}
    assert made().versions == VERSIONS
    assert made() != replace(made(), versions={})


def test_its_values_are_as_json_has_them():
    request = made(filters={"status": ("OPEN", "CLOSE")})
    assert json.loads(json.dumps(request.filters)) == request.filters
    assert json.loads(json.dumps(request.arguments)) == request.arguments
    assert request.arguments["path"].startswith("/")
    assert "70000001" in request.arguments["path"]
    hash(request)
