"""What the fields of a dataset's records are, for the file formats that have columns.

A dataset declares its columns once, and every part of every day then has the same ones, whatever its records
hold::

    COLUMNS = {
        "id": TEXT,
        "duration": INTEGER,
        "info": Struct({"status": TEXT, "features": Array(TEXT)}),
        "payload": JSON,
    }
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

OTHER = "_other"
"""The column for what has no column of its own."""


class Scalar(Enum):
    """A value without fields.

    * ``TEXT``: a string; a number or boolean is taken as it is written, because LivePerson sends the same id now
      as a number, now as a string.
    * ``INTEGER``: a whole number of 64 bits, also one that came as a string of digits.
    * ``NUMBER``: a number of double precision, also one that came as a string.
    * ``BOOLEAN``: true or false.
    * ``JSON``: anything, kept as its JSON text.
    """

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    JSON = "json"


TEXT = Scalar.TEXT
INTEGER = Scalar.INTEGER
NUMBER = Scalar.NUMBER
BOOLEAN = Scalar.BOOLEAN
JSON = Scalar.JSON


@dataclass(frozen=True)
class Struct:
    """An object with named fields.

    :param fields: field name to column, in the order in which files have them.
    :raises ValueError: for names that the readers of such files cannot tell apart, and for no fields at all.
    """

    fields: Mapping[str, Column]

    def __post_init__(self) -> None:
        if not self.fields:
            raise ValueError("a record needs at least one field; a value without known fields is JSON")
        seen = {OTHER}
        for name in self.fields:
            # DuckDB, Athena and Hive do not tell upper from lower case.
            if not name or name.lower() in seen:
                raise ValueError(
                    f"a record cannot have a field {name!r}: it is empty, reserved, or there twice"
                )
            seen.add(name.lower())


@dataclass(frozen=True)
class Array:
    """A list of values of one kind.

    :param items: what each of them is.
    """

    items: Column


Column = Scalar | Struct | Array


def paths(columns: Mapping[str, Column], above: str = "") -> Iterator[tuple[str, Column]]:
    """Every field at any depth, in order, by its dotted path as ``drop_fields`` takes it.

    :param columns: declared columns.
    :param above: what goes before each path.
    """
    for name, column in columns.items():
        yield f"{above}{name}", column
        inner = column
        while isinstance(inner, Array):
            inner = inner.items
        if isinstance(inner, Struct):
            yield from paths(inner.fields, f"{above}{name}.")


def type_name(column: Column) -> str:
    """A column's type in a word: ``text``, ``object``, ``text[]`` for a list of texts."""
    if isinstance(column, Array):
        return f"{type_name(column.items)}[]"
    return "object" if isinstance(column, Struct) else column.value
