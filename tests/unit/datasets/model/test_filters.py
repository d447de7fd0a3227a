"""Filters: each value as LivePerson wants it, or refused by its name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.datasets.model.filters import (
    Fields,
    Flag,
    InstantRange,
    Range,
    Text,
    Texts,
    WholeNumber,
    from_milliseconds,
    milliseconds,
)
from airflow_provider_liveperson.datasets.model.months import Months
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.window import Window

FLAG = Flag(description="-")
TEXT = Text(description="-")
CHOICE = Text(description="-", choices=("IN_QUEUE", "ACTIVE"))
TEXTS = Texts(description="-")
CHOICES = Texts(description="-", choices=("OPEN", "CLOSE", "1", "-1"))
SCORE = Range(description="-", maximum=100)
BOTH = Range(description="-", both=True)
MINUTES = WholeNumber(description="-", minimum=5, maximum=1440)
STARS = Range(description="-", minimum=1, maximum=5, whole=False)
TIMES = InstantRange(description="-")
SINCE = InstantRange(description="-", bounds=("from",))
MONTHS = InstantRange(description="-", longest=Months(3))
FIELDS = Fields(description="-", names=("type", "format"))
NEW_YEAR_MS = 1_767_225_600_000


@pytest.mark.parametrize(
    ("kind", "value", "sent"),
    [
        (FLAG, True, True),
        (FLAG, False, False),
        # As templates leave them.
        (FLAG, "True", True),
        (FLAG, "false", False),
        (TEXT, 20260131, "20260131"),
        (TEXT, -1, "-1"),
        (TEXTS, "['a', 'b']", ["a", "b"]),
        (TEXTS, '["a", 5]', ["a", "5"]),
        (TEXTS, "['+15550005282', '+15550222272']", ["+15550005282", "+15550222272"]),
        (SCORE, '{"from": 5}', {"from": 5}),
        (SCORE, {"from": "5", "to": 7}, {"from": 5, "to": 7}),
        (STARS, {"from": "1.5"}, {"from": 1.5}),
        (SINCE, {"from": "1767225600000"}, {"from": 1767225600000}),
        (SINCE, "{'from': 5}", {"from": 5}),
        (FIELDS, '{"type": "nps"}', {"type": "nps"}),
        (TEXT, "refund", "refund"),
        (TEXT, '"two words" ', '"two words" '),
        (CHOICE, "ACTIVE", "ACTIVE"),
        (TEXTS, ["a", "b c"], ["a", "b c"]),
        (TEXTS, ("a",), ["a"]),
        (TEXTS, [12, "34", -1], ["12", "34", "-1"]),
        (CHOICES, ["CLOSE"], ["CLOSE"]),
        (CHOICES, [-1, 1], ["-1", "1"]),
        (SCORE, {"from": 0, "to": 100}, {"from": 0, "to": 100}),
        (SCORE, {"from": 5}, {"from": 5}),
        (SCORE, {"to": 5}, {"to": 5}),
        (SCORE, {"from": 5, "to": 5}, {"from": 5, "to": 5}),
        (BOTH, {"from": 0, "to": 5}, {"from": 0, "to": 5}),
        (MINUTES, 5, 5),
        (MINUTES, " 1440", 1440),
        (STARS, {"from": 1.5, "to": 5}, {"from": 1.5, "to": 5}),
        (STARS, MappingProxyType({"from": 1}), {"from": 1}),
        (TIMES, {"from": 0, "to": 5}, {"from": 0, "to": 5}),
        (
            TIMES,
            {"from": "2026-01-01T01:00:00+01:00", "to": datetime(2026, 1, 1, microsecond=1999, tzinfo=UTC)},
            {"from": NEW_YEAR_MS, "to": NEW_YEAR_MS + 1},
        ),
        (TIMES, {"from": 5, "to": 5}, {"from": 5, "to": 5}),
        (SINCE, {"from": "2026-01-01T00:00:00Z"}, {"from": NEW_YEAR_MS}),
        (
            MONTHS,
            {"from": "2026-01-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"},
            {"from": NEW_YEAR_MS, "to": NEW_YEAR_MS + 90 * 86_400_000},
        ),
        (FIELDS, {"type": "nps"}, {"type": "nps"}),
    ],
)
def test_a_good_value_is_brought_into_its_form(kind, value, sent):
    read = kind.read("it", value)
    assert read == sent
    assert type(read) is type(sent)


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        (FLAG, "yes", "it must be true or false, not 'yes'"),
        (FLAG, 1, "it must be true or false"),
        (FLAG, None, "it must be true or false"),
        (TEXT, "", "it must be a string, not ''"),
        (TEXT, "  ", "it must be a string"),
        (TEXT, 5.5, "it must be a string, not 5.5"),
        (TEXT, ["a"], "it must be a string"),
        (CHOICE, "active", "it must be one of IN_QUEUE, ACTIVE, not 'active'"),
        (TEXTS, "a,b", "it must be a list of strings, not empty, not 'a,b'"),
        (TEXTS, "+15550005282, +15550222272", "it must be a list of strings, not empty, not '+15550005282, "),
        (TEXTS, "[+15550005282]", "it must be a list of strings, not empty, not '[+15550005282]'"),
        (TEXTS, [], "not empty"),
        (TEXTS, {"a"}, "a list of strings"),
        (TEXTS, [""], "none of them empty"),
        (TEXTS, ["a", None], "none of them empty"),
        (TEXTS, [True], "none of them empty"),
        (TEXTS, [1.5], "none of them empty"),
        (CHOICES, ["OPEN", "SHUT"], "it must be a list of some of OPEN, CLOSE, 1, -1, not ['SHUT']"),
        (SCORE, {}, "whole numbers of at least 0 and at most 100"),
        (SCORE, 5, "whole numbers"),
        (SCORE, {"from": -1}, "at least 0"),
        (SCORE, {"to": 101}, "at most 100"),
        (SCORE, {"from": 1.5}, "whole numbers"),
        (SCORE, {"from": "1.5"}, "whole numbers"),
        (SCORE, {"from": "one"}, "whole numbers"),
        (SCORE, {"from": True}, "whole numbers"),
        (SCORE, {"from": None, "to": 5}, "whole numbers"),
        (SCORE, {"from": 6, "to": 5}, '"from" not above "to"'),
        (SCORE, {"form": 6}, "whole numbers"),
        (BOTH, {"from": 5}, '{"from": …, "to": …}, both'),
        (MINUTES, 4, "it must be a whole number from 5 to 1440, not 4"),
        (MINUTES, "1441", "a whole number from 5 to 1440"),
        (MINUTES, True, "a whole number"),
        (MINUTES, "0x10", "a whole number"),
        (MINUTES, 5.5, "a whole number"),
        (MINUTES, "soon", "a whole number"),
        (STARS, {"from": 0.5}, "numbers of at least 1 and at most 5"),
        (STARS, {"from": float("nan")}, "numbers of at least 1"),
        (STARS, {"from": float("inf")}, "numbers of at least 1"),
        (Range(description="-", whole=False), {"from": float("nan")}, "numbers of at least 0"),
        (TIMES, {"from": 5}, '"from": …, "to": …'),
        (TIMES, {"from": 6, "to": 5}, '"from" not after "to"'),
        (TIMES, {"from": "2026-01-01T00:00:00", "to": 5}, "it.from (2026-01-01T00:00:00) has no time zone"),
        (TIMES, {"from": 5, "to": "soon"}, "it.to is 'soon'"),
        (TIMES, {"from": True, "to": 5}, "it.from"),
        (TIMES, ["2026-01-01T00:00:00Z"], '{"from": …, "to": …}'),
        (SINCE, {"from": 5, "to": 6}, '{"from": …}'),
        (MONTHS, {"from": 0, "to": 90 * 86_400_000 + 1}, "at most 3 months long"),
        (FIELDS, {}, "an object with some of type, format"),
        (FIELDS, {"kind": "nps"}, "an object with some of type, format"),
        (FIELDS, "nps", "an object with some of type, format"),
    ],
)
def test_a_bad_value_is_refused_by_name(kind, value, says):
    with pytest.raises(ConfigurationError) as caught:
        kind.read("filters: it", value)
    assert str(caught.value).startswith("filters: it")
    assert says in str(caught.value)
    assert caught.value.field == "filters"


def test_where_it_is_an_argument_the_error_names_that():
    with pytest.raises(ConfigurationError, match=r"^fresh must be ") as caught:
        FLAG.read("fresh", "perhaps")
    assert caught.value.field == "fresh"


def test_a_long_value_is_cut_short():
    with pytest.raises(ConfigurationError) as caught:
        FLAG.read("it", "x" * 1000)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    "value", [{"from": 10**30, "to": 10**31}, {"from": 10**15, "to": 10**15}, {"from": -(10**15), "to": 5}]
)
@pytest.mark.parametrize("kind", [TIMES, MONTHS], ids=["any length", "bounded"])
def test_milliseconds_that_no_clock_shows_are_refused_by_name(kind, value):
    with pytest.raises(ConfigurationError, match="it"):
        kind.read("it", value)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_milliseconds_and_back_lose_less_than_one(moment):
    back = from_milliseconds(milliseconds(moment))
    assert timedelta(0) <= moment - back < timedelta(milliseconds=1)


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_none_of_a_datasets_filters_takes_what_fits_nothing(name):
    day = Window(datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    for filter_name in DATASETS[name].filters:
        with pytest.raises(ConfigurationError, match=f"filters: {filter_name}"):
            DATASETS[name].query(day, filters={filter_name: object()})
