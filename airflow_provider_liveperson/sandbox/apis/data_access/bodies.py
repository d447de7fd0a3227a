"""The bodies of a file's records, as they are written with Avro's tags, and as they read without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_liveperson.sandbox.apis.shapes.files import avro

PACKAGE = "com.liveperson.dataaccess."


@dataclass(frozen=True)
class Typed:
    """An object of one of LivePerson's classes.

    :param name: the class, without its package.
    :param fields: its fields; a value may be such an object, or a list.
    :param is_union: whether LivePerson's sample names the class, too, because several may stand there.
    """

    name: str
    fields: Mapping[str, Any]
    is_union: bool = False


@dataclass(frozen=True, kw_only=True)
class Body:
    """The body of a record, with the rows in it.

    :param name: its class, without its package.
    :param header: of the visit, or of the agent's session.
    :param payload: the field that holds the rows.
    :param rows: the rows.
    :param has_no_sample: whether LivePerson shows no sample of it, so that its shape is a matter of a switch.
    """

    name: str
    header: Typed
    payload: str
    rows: Sequence[Typed]
    has_no_sample: bool = False

    def read(self) -> list[dict[str, Any]]:
        """Return the rows as a reader of the files makes them."""
        about = {"_header": plain(self.header), "_type": self.name}
        return [{**plain(row), **about} for row in self.rows]

    def written(self, *, is_real: bool, shape: str) -> dict[str, Any]:
        """Return the body as a file has it.

        :param is_real: whether all objects name their classes, or only those of LivePerson's sample.
        :param shape: ``fields``, ``object`` or ``list``, for a body of which there is no sample.
        """
        inside: dict[str, Any] = {"header": tagged(self.header, is_real)}
        if self.has_no_sample and shape != "list":
            (row,) = self.rows
            fields = _tagged_fields(row, is_real)
            inside |= fields if shape == "fields" else {self.payload: {PACKAGE + row.name: fields}}
        else:
            inside[self.payload] = tagged(list(self.rows), is_real)
        return {"body": {PACKAGE + self.name: inside}}


def plain(value: Any) -> Any:
    """Return a value without the names of classes.

    :param value: an object of a class, a list, or a scalar.
    """
    if isinstance(value, Typed):
        return {name: plain(inner) for name, inner in value.fields.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def tagged(value: Any, is_real: bool) -> Any:
    """Return a value with the names of classes and types, as Avro's JSON has it.

    :param value: an object of a class, a list, or a scalar.
    :param is_real: whether all objects name their classes, or only those of LivePerson's sample.
    """
    if isinstance(value, Typed):
        fields = _tagged_fields(value, is_real)
        return {PACKAGE + value.name: fields} if is_real or value.is_union else fields
    if isinstance(value, list):
        return {"array": [_item(item, is_real) for item in value]}
    return avro(value)


def _item(item: Any, is_real: bool) -> Any:
    """Items of a list are not nullable: they have no tag, if only one class can stand there."""
    if not isinstance(item, Typed):
        return item
    return tagged(item, is_real) if item.is_union else _tagged_fields(item, is_real)


def _tagged_fields(value: Typed, is_real: bool) -> dict[str, Any]:
    return {name: tagged(inner, is_real) for name, inner in value.fields.items()}
