"""LivePerson's spellings of numbers, flags, instants, ids and of no value."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.records.values import (
    epoch_ms,
    flag,
    identifier,
    is_no_value,
    stated_total,
    whole_number,
)

NOTHING = [None, "", "  ", "undefined", "UNDEFINED", "null", "None", "NA", "N/A", "NaN", -1, -1.0, "-1", "-"]
ODD = [
    [],
    {},
    "soon",
    True,
    math.nan,
    math.inf,
    "9" * 400,
    10**400,
    "1.5",
    1.5,
    "½",
    "0x10",
    "Infinity",
    "-7",
]


@pytest.mark.parametrize("value", NOTHING, ids=repr)
def test_no_value_in_every_spelling(value):
    assert is_no_value(value)
    assert (whole_number(value), epoch_ms(value), flag(value)) == (None, None, False)


@pytest.mark.parametrize("value", [0, "0", "a", False, [], {}, "not undefined", "nanny"], ids=repr)
def test_what_is_a_value(value):
    assert not is_no_value(value)


@pytest.mark.parametrize("value", [3, 3.0, "3", "3.0", " 3 ", "3e0", "+3", "003", "٣"], ids=repr)
def test_a_number_in_every_spelling(value):
    assert whole_number(value) == 3


@pytest.mark.parametrize("value", ["1e3", 1e3, "1E+3", "1000.000"], ids=repr)
def test_a_number_with_an_exponent(value):
    assert whole_number(value) == 1000


@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value)[:20])
def test_what_is_no_number_is_none(value):
    assert whole_number(value) is None
    assert epoch_ms(value) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
        max_leaves=4,
    )
)
def test_nothing_that_may_come_breaks_them(value):
    for read in (is_no_value, whole_number, epoch_ms, flag, identifier):
        read(value)
    if isinstance(value, str):
        stated_total(value)


SEPARATORS = [",", ".", " ", "'", "’", "_", "\u00a0", "\u202f", "\u2009", "٬"]


@given(st.integers(0, 10**12), st.sampled_from(SEPARATORS), st.sampled_from(["", " ", "\u00a0"]))
def test_a_total_with_separators_is_read_exactly(number, separator, around):
    assert stated_total(f"{around}{number:,}{around}".replace(",", separator)) == number


@given(
    st.integers(0, 10**12),
    st.sampled_from(["", ".0", ".00", ",00", ".0000"]),
    st.sampled_from(["", '"', "'"]),
)
def test_a_total_with_decimals_that_are_zero(number, decimals, quote):
    assert stated_total(f"{quote}{number}{decimals}{quote}") == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,20,000", 120_000),
        ("1.234.567,00", 1_234_567),
        ("1,234,567.0", 1_234_567),
        ("1.2e3", 1200),
        ("١٢٠٠", 1200),
        ("１２００", 1200),
    ],
)
def test_totals_of_other_places(text, number):
    assert stated_total(text) == number


@pytest.mark.parametrize(
    "text",
    ["", " ", "unknown", "-5", "1.5", "1,2", "12,34", "1,000.5", "1.200 300", "5 items", "9" * 5000, "½"],
)
def test_a_total_that_cannot_be_read(text):
    assert stated_total(text) is None


@pytest.mark.parametrize(
    "value",
    [
        1769767200000,
        "1769767200000",
        1769767200000.0,
        "1.7697672e12",
        "2026-01-30T10:00:00Z",
        "2026-01-30T10:00:00.000Z",
        "2026-01-30 10:00:00.000+0000",
        "2026-01-30T12:00:00+02:00",
    ],
    ids=repr,
)
def test_an_instant_in_every_spelling(value):
    assert epoch_ms(value) == 1769767200000


@pytest.mark.parametrize(
    "value", ["2026-01-30T10:00:00", "2026-01-30", "9999-99-99T00:00:00Z", 10**17, "now"]
)
def test_what_is_no_instant_is_none(value):
    assert epoch_ms(value) is None


@pytest.mark.parametrize("value", [True, "true", "True", " TRUE ", 1, "1", 1.0, "yes"], ids=repr)
def test_a_flag_that_is_set(value):
    assert flag(value) is True


@pytest.mark.parametrize("value", [False, "false", 0, "0", 0.0, "no"], ids=repr)
def test_a_flag_that_is_not_set(value):
    assert flag(value) is False


@pytest.mark.parametrize("value", ["maybe", 2, [], {}], ids=repr)
def test_what_is_no_flag_is_none(value):
    assert flag(value) is None


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), (7, "7"), (7.0, "7"), (-1, "-1"), ("-1", "-1"), ("007", "007")]
)
def test_an_id_as_text(value, text):
    assert identifier(value) == text


@pytest.mark.parametrize("value", [None, "", "undefined", True, [], 1.5])
def test_what_is_no_id_is_none(value):
    assert identifier(value) is None
