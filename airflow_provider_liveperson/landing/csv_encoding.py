"""CSV: one line for each record, one column for each of its top-level fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from airflow_provider_liveperson.landing.compression import CompressedStream
from airflow_provider_liveperson.landing.values import (
    MisfitError,
    as_fields,
    cell,
    encode,
    json_text,
)
from airflow_provider_liveperson.records.columns import OTHER, Column, Scalar, unmarked
from airflow_provider_liveperson.records.line import Line, written
from airflow_provider_liveperson.records.raw import UNREADABLE, Buffer, plain

# A line that begins with a number sign passes for a comment with readers that guess, DuckDB among them.
_needs_quotes = re.compile(r'[",\r\n]|^$|^[\s#]|\s$').search

FORMULAS = ("keep", "quote")
"""What can be done about text that a spreadsheet would read as a formula."""

# What OWASP's page "CSV Injection" lists, full-width variants included.
_begins_like_a_formula = re.compile("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]").match
_is_a_number = re.compile(r"-[0-9]+(?:\.[0-9]+)?", re.ASCII).fullmatch


def _line(cells: Iterable[str | None]) -> str:
    return ",".join([_quoted(text) for text in cells]) + "\r\n"


def _quoted(text: str | None) -> str:
    if text is None:
        return ""
    return '"' + text.replace('"', '""') + '"' if _needs_quotes(text) else text


def _harmless_cell(column: Column, raw: Buffer) -> str | None:
    """A value as the text of one cell that no spreadsheet reads as a formula."""
    text = cell(column, raw)
    if text is not None and column is Scalar.TEXT and _begins_like_a_formula(text) and not _is_a_number(text):
        return f"'{text}"
    return text


def unquoted(text: str) -> str:
    """The text of a cell without the apostrophe that ``csv_formulas="quote"`` has put before it.

    :param text: the cell's.
    """
    rest = text[1:]
    return rest if text.startswith("'") and _begins_like_a_formula(rest) and not _is_a_number(rest) else text


class Csv:
    """Writes records as CSV (`RFC 4180 <https://www.rfc-editor.org/rfc/rfc4180>`_), UTF-8, with a header line.

    A null and a missing field are empty; an empty text is ``""``. Numbers are as LivePerson
    wrote them, booleans ``true`` and ``false``. Objects and arrays are JSON in one cell. The last column,
    ``_other``, is one JSON object of the fields that are not declared, or do not fit their column; it is empty where
    there are none.

    :param stream: receives the text.
    :param columns: the dataset's declared columns.
    :param formulas: ``keep`` every text as it is, or ``quote`` those that a spreadsheet would read as a formula: an
        apostrophe goes before a text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break, unless it is
        just a negative number. Numbers, booleans and JSON cannot be formulas.
    """

    def __init__(
        self, stream: CompressedStream, columns: Mapping[str, Column], *, formulas: str = "keep"
    ) -> None:
        self._stream = stream
        self._columns = unmarked(columns)
        self._cell = _harmless_cell if formulas == "quote" else cell
        self._places = {name: place for place, name in enumerate(columns)}
        stream.write(_line([*columns, OTHER]).encode())

    def write(self, records: Sequence[Line]) -> None:
        """Append records, each one JSON object without line breaks."""
        self._stream.write("".join([self._row(record) for record in written(records)]).encode())

    def close(self) -> None:
        """Write what is left. The file stays open."""
        self._stream.close()

    def _row(self, record: Line) -> str:
        cells: list[str | None] = [None] * (len(self._columns) + 1)
        try:
            try:
                fields = as_fields(record) or {}
            except UNREADABLE:
                record = plain(record)
                fields = as_fields(record) or {}
        except UNREADABLE:
            cells[-1] = json_text(record)
            return _line(cells)
        other = {}
        for name, raw in fields.items():
            try:
                cells[self._places[name]] = self._cell(self._columns[name], raw)
            except (KeyError, MisfitError):
                other[name] = raw
        if other:
            cells[-1] = encode(other).decode("utf-8", "replace")
        return _line(cells)
