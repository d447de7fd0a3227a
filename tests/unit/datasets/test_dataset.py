"""What a dataset accepts to be asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.datasets.dataset import Dataset, Filter
from airflow_provider_liveperson.exceptions import ConfigurationError, WindowOutOfRangeError
from airflow_provider_liveperson.window import Window

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def dataset(**choices) -> Dataset:
    declared = {
        "name": "things",
        "title": "Things",
        "documentation": "things.html",
        "service": "msgHist",
        "method": "GET",
        "path": "/things",
        "cursors": ("changed", "created"),
        "key": "id",
        "credentials": ("API key",),
        "read": lambda *_: pytest.fail("nobody reads"),
        "describe": lambda *_: {},
        "filters": {
            "flag": Filter(kind=bool, description="-"),
            "name": Filter(kind=str, description="-"),
            "names": Filter(kind=list, description="-"),
        },
    }
    return Dataset(**{**declared, **choices})


def window(days_before: float, length: timedelta = DAY) -> Window:
    return Window(NOW - days_before * DAY, NOW - days_before * DAY + length)


@pytest.mark.parametrize(
    "filters", [None, {}, {"flag": False, "name": "x", "names": ["a", "b"]}, {"flag": None, "name": ""}]
)
def test_good_filters_are_kept_and_those_without_a_value_left_out(filters):
    kept = dataset().query(window(5), filters=filters).filters
    assert kept == {name: it for name, it in (filters or {}).items() if it is not None}


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        ({"falg": True}, "no filter 'falg'; it has flag, name, names"),
        ({"flag": "true"}, "flag must be of type bool, not 'true'"),
        ({"flag": 1}, "flag must be of type bool"),
        ({"name": 5}, "name must be of type str"),
        ({"names": "a,b"}, "names must be a list of strings"),
        ({"names": []}, "not empty"),
        ({"names": [""]}, "list of strings"),
        ({"names": ["a", None]}, "list of strings"),
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


@pytest.mark.parametrize(
    ("limits", "asked", "says"),
    [
        ({}, window(1, DAY + timedelta(microseconds=1)), "cannot all be there yet"),
        ({"lag": DAY}, window(1), "1 day, 0:00:00 before now"),
        ({"retention": 30 * DAY}, window(31), "keeps things for 30 days"),
    ],
)
def test_a_window_that_cannot_be_complete_is_refused_with_the_way_round(limits, asked, says):
    with pytest.raises(WindowOutOfRangeError, match="allow_out_of_range=True") as caught:
        dataset(**limits).check_range(asked, NOW)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("limits", "asked"),
    [({}, window(1)), ({"lag": DAY}, window(2)), ({"retention": 30 * DAY}, window(30)), ({}, window(9999))],
)
def test_a_window_up_to_the_bounds_is_let_through(limits, asked):
    dataset(**limits).check_range(asked, NOW)


@pytest.mark.parametrize(("longest", "slices"), [(None, 1), (DAY, 10), (4 * DAY, 3), (100 * DAY, 1)])
def test_slices_keep_what_was_asked(longest, slices):
    declared = dataset(longest_slice=longest)
    query = declared.query(window(10, 10 * DAY), filters={"flag": True}, cursor="created")
    plan = declared.plan(query)
    assert len(plan) == slices
    assert (plan[0].window.start, plan[-1].window.end) == (query.window.start, query.window.end)
    assert all((one.filters, one.cursor) == (query.filters, query.cursor) for one in plan)
