"""What a dataset accepts to be asked, and how it is cut into what can be asked at once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import Flag, Text, Texts
from airflow_provider_liveperson.datasets.model.slices import Slice
from airflow_provider_liveperson.exceptions import (
    ConfigurationError,
    IncompletePullError,
    WindowOutOfRangeError,
)
from airflow_provider_liveperson.window import Window
from devtools.datasets import declare

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
TEN_MINUTES = timedelta(minutes=10)


FILTERS = {
    "flag": Flag(description="-"),
    "name": Text(description="-"),
    "names": Texts(description="-"),
}


def dataset(
    *, cursors=("changed", "created"), filters=FILTERS, check=lambda query: None, **limits
) -> Dataset:
    return declare(
        lambda *_: pytest.fail("nobody reads"), cursors=cursors, filters=filters, check=check, limits=limits
    )


def window(days_before: float, length: timedelta = DAY) -> Window:
    return Window(NOW - days_before * DAY, NOW - days_before * DAY + length)


@pytest.mark.parametrize(
    "filters", [None, {}, {"flag": False, "name": "x", "names": ["a", "b"]}, {"flag": None, "name": "x"}]
)
def test_good_filters_are_kept_and_those_without_a_value_left_out(filters):
    kept = dataset().query(window(5), filters=filters).filters
    assert kept == {name: it for name, it in (filters or {}).items() if it is not None}


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        ({"falg": True}, "things has no filter 'falg'; it has flag, name, names"),
        ({"flag": "yes"}, "flag must be true or false, not 'yes'"),
        ({"flag": None, "names": "a,b"}, "names must be a list of strings"),
        ("flag=true", "must be a dict"),
        (["flag"], "must be a dict"),
    ],
)
def test_bad_filters_are_refused_by_name(filters, says):
    with pytest.raises(ConfigurationError, match=says) as caught:
        dataset().query(window(5), filters=filters)
    assert caught.value.field == "filters"


def test_cursors():
    assert dataset().query(window(5)).cursor == "changed"
    assert dataset().query(window(5), cursor="created").cursor == "created"
    with pytest.raises(ConfigurationError, match="cursor is 'id'; things has changed, created") as caught:
        dataset().query(window(5), cursor="id")
    assert caught.value.field == "cursor"


def test_a_dataset_without_filters_and_cursors_says_so():
    whole = dataset(cursors=(), filters={})
    assert whole.query(window(5)).cursor == ""
    with pytest.raises(ConfigurationError, match="things has none"):
        whole.query(window(5), cursor="changed")
    with pytest.raises(ConfigurationError, match="it has none"):
        whole.query(window(5), filters={"flag": True})


def test_what_does_not_go_together_is_refused_by_the_dataset_itself():
    def check(query):
        if query.filters and query.cursor == "created":
            raise ConfigurationError("not together")

    declared = dataset(check=check)
    declared.query(window(5), filters={"flag": True})
    with pytest.raises(ConfigurationError, match="not together"):
        declared.query(window(5), filters={"flag": True}, cursor="created")


@pytest.mark.parametrize(
    ("limits", "asked", "says"),
    [
        ({}, window(1, DAY + timedelta(microseconds=1)), "not all of its records can be there yet"),
        ({"lag": DAY}, window(1), "1 day before now"),
        ({"retention": 30 * DAY}, window(30.5), "keeps things for 30 days"),
        ({"has_history": False}, window(0.5), "not all of its records can be there yet"),
        ({"has_history": False}, window(2.1), "returns things only as they are now"),
        ({"has_history": False}, window(1.1, DAY / 24), "returns things only as they are now"),
        ({"has_history": False}, window(15, 7 * DAY), "returns things only as they are now"),
    ],
)
def test_a_window_that_cannot_be_complete_is_refused_with_the_way_round(limits, asked, says):
    with pytest.raises(WindowOutOfRangeError, match="allow_out_of_range=True") as caught:
        dataset(**limits).check_range(asked, NOW)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("limits", "asked"),
    [
        ({}, window(1)),
        ({"lag": DAY}, window(2)),
        ({"retention": 30 * DAY}, window(30)),
        ({}, window(9999)),
        ({"has_history": False}, window(1)),
        ({"has_history": False}, window(2)),
        ({"has_history": False}, window(1, DAY / 24)),
        ({"has_history": False}, window(14, 7 * DAY)),
    ],
)
def test_a_window_up_to_the_bounds_is_let_through(limits, asked):
    dataset(**limits).check_range(asked, NOW)


@pytest.mark.parametrize(("longest", "slices"), [(None, 1), (DAY, 10), (4 * DAY, 3), (100 * DAY, 1)])
def test_slices_by_the_cursor_make_up_the_window(longest, slices):
    declared = dataset(max_range=longest)
    query = declared.query(window(10, 10 * DAY), cursor="created")
    plan = declared.plan(query)
    assert [list(slice_.bounds) for slice_ in plan] == [["created"]] * slices
    cut = [slice_.bounds["created"] for slice_ in plan]
    assert (cut[0].start, cut[-1].end) == (query.window.start, query.window.end)
    assert all(one.end == after.start for one, after in pairwise(cut))


def test_slices_have_a_name_for_people_and_json_of_their_own():
    pieces = [
        Slice(bounds={"start": window(5)}),
        Slice(bounds={"start": window(4)}),
        Slice(bounds={"end": window(5)}),
        Slice(bounds={"start": window(5), "end": window(5)}),
        Slice(bounds={}),
        Slice(partition={"product": "CAMPAIGN"}),
        Slice(bounds={"start": window(5)}, partition={"product": "CAMPAIGN"}),
    ]
    assert len({str(slice_) for slice_ in pieces}) == len(pieces)
    assert [Slice.from_json(json.loads(json.dumps(slice_.to_json()))) for slice_ in pieces] == pieces
    assert str(pieces[3]) == (
        "start 2026-05-27T00:00:00Z to 2026-05-28T00:00:00Z, end 2026-05-27T00:00:00Z to 2026-05-28T00:00:00Z"
    )
    assert str(pieces[4]) == "the whole collection"
    assert str(pieces[6]) == "start 2026-05-27T00:00:00Z to 2026-05-28T00:00:00Z, product CAMPAIGN"


# -- splitting -------------------------------------------------------------------------------------

moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
lengths = st.timedeltas(timedelta(microseconds=1), 100 * DAY)
grids = st.sampled_from([timedelta(minutes=1), TEN_MINUTES, timedelta(hours=1)])


@given(moments, lengths, st.integers(2, 64), grids)
@example(datetime(2026, 1, 1, tzinfo=UTC), TEN_MINUTES, 2, TEN_MINUTES)
@example(datetime(2026, 1, 1, 0, 5, tzinfo=UTC), TEN_MINUTES, 2, TEN_MINUTES)
@example(datetime(2026, 1, 1, tzinfo=UTC), 2 * TEN_MINUTES, 64, TEN_MINUTES)
def test_pieces_make_up_the_slice_and_are_cut_on_the_grid(start, length, wanted, grid):
    other = window(1)
    slice_ = Slice(bounds={"start": Window(start, start + length), "end": other})
    pieces = slice_.split("start", wanted, grid)
    assert {one.bounds["end"] for one in pieces} == {other}
    cut = [one.bounds["start"] for one in pieces]
    assert (cut[0].start, cut[-1].end) == (start, start + length)
    assert all(one.end == after.start for one, after in pairwise(cut))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert not any((one.end - epoch) % grid for one in cut[:-1])
    assert len(pieces) <= wanted + 1
    # It is only left whole where there is no place to cut.
    assert (
        len(pieces) > 1 or (start - epoch) // grid == (start + length - timedelta.resolution - epoch) // grid
    )


@pytest.mark.parametrize(("count", "pieces"), [(10_001, 2), (30_000, 5), (10_000_000, 64)])
def test_a_slice_is_split_into_more_pieces_the_more_it_holds(count, pieces):
    declared = dataset(split_by="changed")
    made = declared.split(Slice(bounds={"changed": window(70, 64 * DAY)}), count, 10_000)
    assert len(made) == pieces


@pytest.mark.parametrize("start", [NOW, NOW + timedelta(minutes=3)])
def test_what_lives_in_the_shortest_range_and_is_still_too_much_is_told_with_ways_out(start):
    slice_ = Slice(bounds={"changed": Window(start, NOW + TEN_MINUTES)})
    with pytest.raises(IncompletePullError, match="deep_paging_limit") as caught:
        dataset(split_by="changed").split(slice_, 10_001, 10_000)
    assert caught.value.field == "deep_paging_limit"
    assert "10001 records, not fewer than the 10000" in str(caught.value)


def test_a_dataset_that_cannot_be_split_says_how_many_there_are():
    with pytest.raises(IncompletePullError, match="10001 records, not fewer than the 10000"):
        dataset().split(Slice(bounds={"changed": window(5)}), 10_001, 10_000)
