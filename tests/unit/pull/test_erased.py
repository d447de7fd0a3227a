"""What is left of a slice's numbers once persons are left out of it."""

from __future__ import annotations

import pytest

from airflow_provider_liveperson.landing.manifest import SliceCounts
from airflow_provider_liveperson.pull.erased import ErasedFromWindow
from airflow_provider_liveperson.records.persons import Hashes
from airflow_provider_liveperson.records.salt import Salt

SALT = Salt("a long random secret")


@pytest.mark.parametrize(
    ("partial", "erased", "left"),
    [
        (2, 1, 1),
        (3, 1, 2),  # one has no key, and stays
        (3, 3, 1),  # at most as many as have landed
    ],
)
def test_records_in_part_that_have_no_key_still_count(partial, erased, left):
    window = ErasedFromWindow(Hashes(conversations={SALT.hash_of(b"a")}), (), SALT)
    counts = SliceCounts(
        slice="", reported=None, received=4, outside_window=0, kept=4, repeated=0, still_partial=partial
    )
    after, keys = window.without(counts, ["a", "b"], erased)
    assert (after.kept, after.erased, after.still_partial) == (4 - erased, erased, left)
    assert keys == ["b"]
