"""Templated arguments, with native objects and without."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from airflow_provider_liveperson.arguments import (
    literal,
    read_flag,
    read_list,
    read_mapping,
    read_moment,
    read_optional_text,
    read_text,
)
from airflow_provider_liveperson.exceptions import ConfigurationError

NOW = datetime(2026, 1, 31, tzinfo=UTC)
NOTHING = [None, "", " ", "None", "null"]


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), ("", ""), (20260131, "20260131"), (-1, "-1"), (True, "True"), ("None", "None")],
)
def test_texts(value, text):
    assert read_text(value, "prefix") == text


@pytest.mark.parametrize("value", [None, 1.5, NOW, date(2026, 1, 31), ["a"], {"a": 1}, b"a", object()])
def test_the_error_for_another_type_than_a_string_names_the_argument(value):
    with pytest.raises(ConfigurationError, match="prefix must be a string, not") as raised:
        read_text(value, "prefix")
    assert raised.value.field == "prefix"


@pytest.mark.parametrize("value", NOTHING)
def test_a_missing_value_in_every_notation(value):
    assert read_optional_text(value, "it") is None
    assert read_mapping(value, "it") is None
    assert read_moment(value, "it") is None
    assert read_list(value, "it") == ()


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        *((value, True) for value in (True, "True", "true", " TRUE ", 1, "1")),
        *((value, False) for value in (False, "False", "false", "FALSE\n", 0, "0", *NOTHING)),
    ],
)
def test_flags(value, flag):
    assert read_flag(value, "it") is flag


@pytest.mark.parametrize("value", ["no", "yes", "falsch", 2, -1, 1.0, [], {"a": 1}, NOW])
def test_the_error_for_an_invalid_flag_names_the_argument(value):
    with pytest.raises(ConfigurationError, match="deferrable must be true or false, not") as raised:
        read_flag(value, "deferrable")
    assert raised.value.field == "deferrable"


@pytest.mark.parametrize(
    ("value", "items"),
    [
        (["a", "b"], ["a", "b"]),
        (("a",), ("a",)),
        ({"b", "a"}, ["a", "b"]),
        ('["a", "b.c"]', ["a", "b.c"]),
        ("['a', 'b.c']", ["a", "b.c"]),
        ("('a',)", ("a",)),
        ("[]", []),
    ],
)
def test_lists(value, items):
    assert read_list(value, "drop_fields") == items


@pytest.mark.parametrize("value", ["a", "a,b", "5", 5, {"a": 1}, "{'a': 1}", True, NOW, "[" * 100_000])
def test_the_error_for_another_type_than_a_list_names_the_argument(value):
    with pytest.raises(ConfigurationError, match="drop_fields must be a list") as raised:
        read_list(value, "drop_fields")
    assert raised.value.field == "drop_fields"
    assert len(str(raised.value)) < 200


@pytest.mark.parametrize("value", [{"lpa": False}, '{"lpa": false}', "{'lpa': False}"])
def test_mappings(value):
    assert read_mapping(value, "filters") == {"lpa": False}


@pytest.mark.parametrize("value", ["lpa", ["lpa"], "[1]", 5, True])
def test_the_error_for_another_type_than_a_dict_names_the_argument(value):
    with pytest.raises(ConfigurationError, match="filters must be a dict") as raised:
        read_mapping(value, "filters")
    assert raised.value.field == "filters"


def test_moments_are_left_to_the_window():
    assert read_moment(NOW, "start") is NOW
    assert read_moment("2026-01-31T00:00:00Z", "start") == "2026-01-31T00:00:00Z"
    assert read_moment(20260131, "start") == "20260131"


@pytest.mark.parametrize("value", ["text", 5, None, "9" * 10_000, "__import__('os')", "1 +"])
def test_text_that_is_not_a_literal_stays_unparsed(value):
    assert literal(value) == value


NUMBERS = ["+15550005282", "+15550005282, +15550222272", "1_2,3", "0x10,0x20", "007,008", "1, 2"]


@pytest.mark.parametrize(
    "value", [*NUMBERS, *(f"[{value}]" for value in NUMBERS[:-1]), "{'a': +5}", "('a', 0x10)"]
)
def test_a_number_that_is_written_in_another_way_is_not_read_as_one(value):
    """It may be a telephone number, or any other id."""
    assert literal(value) == value


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("[1, -2, 1.5]", [1, -2, 1.5]),
        ("{'a': 1, 'b': -2.5, 'c': 1e-3}", {"a": 1, "b": -2.5, "c": 1e-3}),
        ("('+1', '0x10')", ("+1", "0x10")),
        ("{'+1'}", {"+1"}),
        ("'+1', '2'", ("+1", "2")),
        (" 5\n", 5),
        ('"+1"', "+1"),
        ("[\n 'a',\n 1]", ["a", 1]),
    ],
)
def test_literals(value, read):
    assert literal(value) == read
