"""How the values of a record fit the columns that are declared for them.

Everything is read as raw JSON, level by level, so that a value without a column is kept exactly as it was sent.
"""

from __future__ import annotations

import re

import msgspec
from msgspec import Raw

from airflow_provider_liveperson.records.columns import Array, Column, Scalar, Struct
from airflow_provider_liveperson.records.raw import Buffer

as_fields = msgspec.json.Decoder(dict[str, Raw] | None).decode
as_text = msgspec.json.Decoder(str).decode
as_text_or_integer = msgspec.json.Decoder(str | int | None).decode
as_number = msgspec.json.Decoder(int | float).decode
encode = msgspec.json.encode

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)").fullmatch
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?").fullmatch
is_instant = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}(?::[0-9]{2}){0,2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)"
).fullmatch
_FIRST = {Struct: "{", Array: "["}


_SPELLINGS = {
    Scalar.INTEGER: _INTEGER,
    Scalar.NUMBER: _NUMBER,
    Scalar.TIMESTAMP: re.compile(r"0|[1-9][0-9]{0,14}").fullmatch,
}


class MisfitError(ValueError):
    """A value does not fit the column that is declared for it."""


def json_text(value: Buffer) -> str:
    """The JSON of a value as it was sent.

    :param value: its bytes.
    """
    return str(value, "utf-8", "replace")


def cell(column: Column, value: Buffer) -> str | None:
    """A value as the text of one cell; null as None.

    :param column: the column that is declared for it.
    :param value: its JSON.
    :raises MisfitError: when it does not fit the column.
    """
    text = json_text(value)
    if text == "null":
        return None
    if column is Scalar.JSON:
        return text
    if not isinstance(column, Scalar):
        if text[0] != _FIRST[type(column)]:
            raise MisfitError
        return text
    if column is Scalar.BOOLEAN:
        fits = text in ("true", "false")
    elif text[0] in "{[":
        fits = False
    else:
        if text[0] == '"':
            text = as_text(text)
            if column is Scalar.TIMESTAMP and is_instant(text):
                return text
        fits = column is Scalar.TEXT or bool(_SPELLINGS[column](text))
    if not fits:
        raise MisfitError
    return text
