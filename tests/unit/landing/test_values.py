"""Whether a value fits its column, and the text of its cell."""

from __future__ import annotations

import pytest

from airflow_provider_liveperson.landing.values import MisfitError, cell
from airflow_provider_liveperson.records.columns import (
    BOOLEAN,
    INTEGER,
    JSON,
    NUMBER,
    TEXT,
    Array,
    Column,
    Struct,
)

OBJECT = Struct({"a": TEXT})
LIST = Array(TEXT)


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        (TEXT, b'"a\\u00fc\\n"', "aü\n"),
        (TEXT, b'""', ""),
        (TEXT, b"7", "7"),
        (TEXT, b"true", "true"),
        (INTEGER, b"7", "7"),
        (INTEGER, b"-0", "-0"),
        (INTEGER, b'"7"', "7"),
        (INTEGER, b"123456789012345678901234567890", "123456789012345678901234567890"),
        (NUMBER, b"1.50", "1.50"),
        (NUMBER, b"1e400", "1e400"),
        (NUMBER, b'"1.5"', "1.5"),
        (BOOLEAN, b"true", "true"),
        (BOOLEAN, b"false", "false"),
        (JSON, b'{"a": 1}', '{"a": 1}'),
        (JSON, b'"text"', '"text"'),
        (OBJECT, b'{"a":"b"}', '{"a":"b"}'),
        (OBJECT, b"{}", "{}"),
        (LIST, b'["a", 1]', '["a", 1]'),
    ],
)
def test_what_fits_is_a_cell_as_it_was_sent(column: Column, value: bytes, text: str):
    assert cell(column, value) == text


@pytest.mark.parametrize("column", [TEXT, INTEGER, NUMBER, BOOLEAN, JSON, OBJECT, LIST])
def test_null_is_no_text(column: Column):
    assert cell(column, b"null") is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (TEXT, b"{}"),
        (TEXT, b"[]"),
        (INTEGER, b"1.5"),
        (INTEGER, b"1e3"),
        (INTEGER, b'"07"'),
        (INTEGER, b'"seven"'),
        (INTEGER, b'""'),
        (INTEGER, b"true"),
        (NUMBER, b'"1."'),
        (NUMBER, b'" 1"'),
        (NUMBER, b'"NaN"'),
        (NUMBER, b"[]"),
        (BOOLEAN, b"1"),
        (BOOLEAN, b'"true"'),
        (OBJECT, b"[]"),
        (OBJECT, b'"{}"'),
        (LIST, b"{}"),
        (LIST, b"7"),
    ],
)
def test_what_does_not_fit_is_said_to(column: Column, value: bytes):
    with pytest.raises(MisfitError):
        cell(column, value)


def test_bytes_that_are_not_utf8_do_not_stop_a_cell():
    assert cell(JSON, b'"\xff"') == '"\ufffd"'
