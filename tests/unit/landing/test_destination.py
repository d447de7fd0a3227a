"""Where a pull lands: the folders in which query engines look, and prefixes that cannot be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing.destination import Destination
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.parts import ROLL_AT, SHARE_BELOW
from airflow_provider_liveperson.window import Window, window_of_stamps
from devtools.memory_store import MemoryStore


def at(prefix: str) -> Destination:
    return Destination(store=MemoryStore(), prefix=prefix, encoding=Encoding())


@pytest.mark.parametrize(
    ("prefix", "folder"),
    [("", ""), ("/", ""), ("raw", "raw/"), ("/raw/liveperson/", "raw/liveperson/"), ("a b/ü=1", "a b/ü=1/")],
)
def test_folders_are_below_the_prefix_whatever_slashes_are_around_it(prefix, folder):
    window = Window(datetime(2026, 1, 30, 6, tzinfo=UTC), datetime(2026, 1, 30, 6, 0, 0, 5, tzinfo=UTC))
    assert at(prefix).account_folder("users", "7") == f"{folder}users/account_id=7"
    assert at(prefix).folder("users", "7", window) == (
        f"{folder}users/account_id=7/dt=2026-01-30/20260130T060000Z_20260130T060000000005Z"
    )


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(9998, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),
    st.timedeltas(timedelta(microseconds=1), timedelta(days=400)),
)
def test_a_folder_says_exactly_which_window_it_holds(start, length):
    window = Window(start, start + length)
    folder = at("lake").folder("users", "7", window)
    day, _, stamps = folder.removeprefix("lake/users/account_id=7/dt=").partition("/")
    assert day == start.date().isoformat()
    assert window_of_stamps(stamps) == window


@pytest.mark.parametrize(
    "prefix",
    [
        "..",
        "a/../b",
        ".",
        "a/.",
        "a//b",
        "a\\b",
        "s3://bucket/a",
        "file:///a",
        "half \ud83d",
        " a",
        "a ",
        "a/ b",
        "a /b",
        " ",
        "a\n",
        "a\tb",
        "a\x00b",
        "a\x85b",
        "a\u2028b",
    ],
    ids=ascii,
)
def test_a_prefix_that_is_no_plain_path_is_refused_by_name(prefix):
    with pytest.raises(ConfigurationError, match="prefix") as caught:
        at(prefix)
    assert caught.value.field == "prefix"


@pytest.mark.parametrize("prefix", ["..a/b..", "...", "a.b", "~", "a%2e", "a b", "o'brien", "ü"])
def test_a_prefix_that_only_looks_odd_is_taken(prefix):
    assert at(prefix).prefix == prefix


def test_parts_have_their_sizes_unless_others_are_given():
    assert (at("a").roll_at, at("a").share_below) == (ROLL_AT, SHARE_BELOW)
