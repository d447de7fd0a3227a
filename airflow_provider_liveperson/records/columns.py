"""What the fields of a dataset's records are, for the file formats that have columns.

A dataset declares its columns once, and every part of every day then has the same ones, whatever its records
hold::

    COLUMNS = {
        "id": TEXT,
        "duration": INTEGER,
        "info": Struct({"status": TEXT, "features": Array(TEXT)}),
        "payload": JSON,
        "email": Personal(TEXT),
    }
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

T = TypeVar("T")

OTHER = "_other"
"""The column for what has no column of its own."""


class Scalar(Enum):
    """A value without fields.

    * ``TEXT``: a string; a number or boolean is taken as it is written, because LivePerson sends the same id now
      as a number, now as a string.
    * ``INTEGER``: a whole number of 64 bits, also one that came as a string of digits.
    * ``NUMBER``: a number of double precision, also one that came as a string.
    * ``BOOLEAN``: true or false.
    * ``TIMESTAMP``: an instant: ISO 8601 text with its offset from UTC, to the microsecond, or milliseconds since
      1970-01-01T00:00:00Z. Formats with types keep the instant, in UTC; others the text as it was sent.
    * ``JSON``: anything, kept as its JSON text.
    """

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"
    JSON = "json"


TEXT = Scalar.TEXT
INTEGER = Scalar.INTEGER
NUMBER = Scalar.NUMBER
BOOLEAN = Scalar.BOOLEAN
TIMESTAMP = Scalar.TIMESTAMP
JSON = Scalar.JSON


@dataclass(frozen=True)
class Struct:
    """An object with named fields.

    :param fields: field name to column, in the order in which files have them.
    :raises ValueError: for names that readers of such files cannot distinguish, and for no fields at all.
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


@dataclass(frozen=True)
class Personal:
    """A column that holds personal data, with everything below it. The mark changes nothing in any file.

    Marked are names, addresses, phone numbers, login names, pictures, and texts that people write. Not marked are
    ids: records are counted and joined by them.

    :param column: what it is.
    """

    column: Column


Column = Scalar | Struct | Array | Personal


def fold(
    column: Column,
    *,
    scalar: Callable[[Scalar], T],
    array: Callable[[Array, T], T],
    struct: Callable[[Struct, dict[str, T]], T],
    personal: Callable[[T], T] | None = None,
) -> T:
    """Make something of a column from what was made of the columns below it: a schema, a name, a list of paths.

    :param column: the column.
    :param scalar: makes it of a value without fields.
    :param array: makes it of a list, and of what was made of its items.
    :param struct: makes it of an object, and of what was made of its fields, in their order.
    :param personal: makes it of what was made of a column that is marked as personal; default: that itself.
    """

    def walk(column: Column) -> T:
        if isinstance(column, Personal):
            return walk(column.column) if personal is None else personal(walk(column.column))
        if isinstance(column, Struct):
            return struct(column, {name: walk(field) for name, field in column.fields.items()})
        return array(column, walk(column.items)) if isinstance(column, Array) else scalar(column)

    return walk(column)


def unmarked(columns: Mapping[str, Column]) -> dict[str, Column]:
    """The same columns without marks of personal data, at any depth: what formats make files of.

    :param columns: declared columns.
    """
    return {name: _unmarked(column) for name, column in columns.items()}


def _unmarked(column: Column) -> Column:
    def scalar(scalar: Scalar) -> Column:
        return scalar

    return fold(
        column,
        scalar=scalar,
        array=lambda _, items: Array(items),
        struct=lambda _, fields: Struct(fields),
    )


def personal_paths(columns: Mapping[str, Column]) -> tuple[str, ...]:
    """The fields that are marked as personal, in order, by their dotted paths as ``drop_fields`` takes them.

    Of fields within each other only the outer one is there, because a field cannot be masked twice.

    :param columns: declared columns.
    """

    def of_fields(_: Struct, below: dict[str, list[str]]) -> list[str]:
        return [f"{name}.{path}" if path else name for name, found in below.items() for path in found]

    if not columns:
        return ()
    found: list[str] = fold(
        Struct(columns),
        scalar=lambda _: [],
        array=lambda _, items: items,
        struct=of_fields,
        personal=lambda _: [""],
    )
    return tuple(found)


def paths(columns: Mapping[str, Column]) -> list[tuple[str, Column]]:
    """Every field at any depth, in order, by its dotted path as ``drop_fields`` takes it, without marks.

    :param columns: declared columns.
    """
    columns = unmarked(columns)

    def of_fields(struct: Struct, below: dict[str, list[tuple[str, Column]]]) -> list[tuple[str, Column]]:
        found: list[tuple[str, Column]] = []
        for name, field in struct.fields.items():
            found.append((name, field))
            found += [(f"{name}.{path}", column) for path, column in below[name]]
        return found

    if not columns:
        return []
    return fold(Struct(columns), scalar=lambda _: [], array=lambda _, items: items, struct=of_fields)


def type_name(column: Column) -> str:
    """A column's type in a word: ``text``, ``object``, ``text[]`` for a list of texts."""
    return fold(
        column,
        scalar=lambda scalar: scalar.value,
        array=lambda _, items: f"{items}[]",
        struct=lambda _, fields: "object",
    )
