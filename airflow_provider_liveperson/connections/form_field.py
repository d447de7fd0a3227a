"""A field of a connection form, and a form: what they are, and how a field's value is read."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Place = Literal["host", "login", "password", "extra"]
Kind = Literal["string", "integer", "number", "object", "boolean", "paths"]


@dataclass(frozen=True, kw_only=True)
class FormField:
    """One field of a connection form.

    :param name: its key in what :func:`read_fields` returns and, for an extra field, in the extra JSON.
    :param label: what the form calls it.
    :param place: the column of the connection, or ``extra``.
    :param description: the help text; shown for extra fields only.
    :param placeholder: what the empty field shows; for standard fields only.
    :param kind: the JSON type of its value; ``paths`` of fields are entered as text.
    :param secret: whether it is hidden while typed, and kept out of every error.
    :param required: whether a connection without it is rejected.
    :param choices: the only values allowed.
    :param default: the value of a missing field.
    :param minimum: the smallest number allowed.
    :param above: the number that its value must exceed.
    :param maximum: the largest number allowed.
    :param pattern: the regular expression that the whole text must match.
    :param max_length: the greatest length allowed.
    :param booleans: whether ``true`` and ``false``, as text or as JSON, are read as booleans.
    """

    name: str
    label: str
    place: Place
    description: str = ""
    placeholder: str = ""
    kind: Kind = "string"
    secret: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()
    default: Any = None
    minimum: int | None = None
    above: int | None = None
    maximum: int | None = None
    pattern: str | None = None
    max_length: int | None = None
    booleans: bool = False

    @property
    def where(self) -> str:
        """Its label and its place, such as ``Account ID (extra: account_id)``."""
        return f"{self.label} ({f'extra: {self.name}' if self.place == 'extra' else self.place})"

    def schema(self) -> dict[str, Any]:
        """The JSON schema of its value, as the provider's metadata hold it."""
        kind = "string" if self.kind == "paths" else self.kind
        schema: dict[str, Any] = {"type": kind if self.required else [kind, "null"]}
        rules = {
            "format": "password" if self.secret else None,
            "enum": list(self.choices) or None,
            "minimum": self.minimum,
            "exclusiveMinimum": self.above,
            "maximum": self.maximum,
            "maxLength": self.max_length,
            "pattern": f"^(?:{self.pattern})$" if self.pattern else None,
        }
        return schema | {rule: value for rule, value in rules.items() if value is not None}

    def read(self, raw: object) -> Any:
        """Convert the non-empty value in a connection into the field's value.

        :raises ValueError: saying what the value must be, and what it is unless it is secret.
        """
        if self.booleans and isinstance(raw, (bool, str)) and (word := str(raw).lower()) in ("true", "false"):
            return word == "true"
        value = _READERS[self.kind](raw)
        if value is None:
            raise ValueError(f"{self.where} must be {_NOUNS[self.kind]}{self._but_is(raw)}")
        if isinstance(value, str) and not _can_be_sent(value):
            raise ValueError(f"{self.where} holds half of a character (a lone surrogate); enter it again")
        if self.choices and value not in self.choices:
            raise ValueError(f"{self.where} must be one of {', '.join(self.choices)}{self._but_is(raw)}")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise ValueError(f"{self.where} must match {self.pattern}{self._but_is(raw)}")
        if self.max_length is not None and len(value) > self.max_length:
            raise ValueError(
                f"{self.where} must have at most {self.max_length} characters{self._but_is(raw)}"
            )
        if (
            (self.minimum is not None and value < self.minimum)
            or (self.above is not None and value <= self.above)
            or (self.maximum is not None and value > self.maximum)
        ):
            raise ValueError(f"{self.where} must be {self._range()}{self._but_is(raw)}")
        return value

    def _range(self) -> str:
        lower = f"more than {self.above}" if self.above is not None else f"at least {self.minimum}"
        return f"{lower} and at most {self.maximum}"

    def _but_is(self, raw: object) -> str:
        # Objects and lists are left out too: they may be a whole credential file.
        if self.secret or self.kind == "object" or isinstance(raw, (Mapping, list)):
            return ""
        shown = repr(raw)
        return f", but is {shown if len(shown) <= 60 else shown[:57] + '…'}"


@dataclass(frozen=True, kw_only=True)
class ConnectionForm:
    """The form of one connection type.

    :param conn_type: the connection type.
    :param label: what the list of connection types calls it.
    :param hook_class_name: the dotted path of its hook class.
    :param fields: its fields, in the order of the form.
    :param notice: what every user must read who creates such a connection; it becomes part of the first extra
        field's help text, since forms have no other place for it.
    """

    conn_type: str
    label: str
    hook_class_name: str
    fields: tuple[FormField, ...]
    notice: str = ""

    @property
    def standard_fields(self) -> tuple[FormField, ...]:
        """The fields that are columns of the connection."""
        return tuple(field for field in self.fields if field.place != "extra")

    @property
    def extra_fields(self) -> tuple[FormField, ...]:
        """The fields that are kept in the extra JSON."""
        return tuple(field for field in self.fields if field.place == "extra")

    def help_text(self, field: FormField) -> str:
        """The help text of a field, with the notice if it is the first extra field."""
        if self.notice and field == self.extra_fields[0]:
            return f"{field.description} {self.notice}"
        return field.description

    def field(self, name: str) -> FormField:
        """The field of that name.

        :raises KeyError: if the form has none.
        """
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)


def _can_be_sent(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_string(raw: object) -> str | None:
    # An account ID written as a number in JSON stands for its digits; True stands for nothing.
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)
    return raw if isinstance(raw, str) else None


def _read_number(raw: object) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
        return None
    try:
        number = float(raw)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _read_integer(raw: object) -> int | None:
    number = _read_number(raw)
    return int(number) if number is not None and number.is_integer() else None


def _read_object(raw: object) -> dict[str, str] | None:
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except (ValueError, RecursionError):
            return None
    if not isinstance(raw, Mapping):
        return None
    pairs = {key.strip(): value.strip() for key, value in raw.items() if _is_text(key) and _is_text(value)}
    return pairs if len(pairs) == len(raw) and all(pairs) and all(pairs.values()) else None


def _read_paths(raw: object) -> dict[str, tuple[str, ...]] | None:
    """Paths of fields by dataset: a list, or text with commas, is for all of them."""
    if isinstance(raw, str) and raw[:1] in ("{", "["):
        try:
            raw = json.loads(raw)
        except (ValueError, RecursionError):
            return None
    by_dataset = raw if isinstance(raw, Mapping) else {"*": raw}
    found: dict[str, tuple[str, ...]] = {}
    for dataset, paths in by_dataset.items():
        listed = paths.split(",") if isinstance(paths, str) else paths
        if not isinstance(listed, (list, tuple)) or not all(
            _is_text(path) and path.strip() for path in listed
        ):
            return None
        found[dataset.strip()] = tuple(dict.fromkeys(path.strip() for path in listed))
    return found if all(found.values()) else None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _read_boolean(raw: object) -> bool | None:
    if isinstance(raw, str):
        return {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}.get(
            raw.lower()
        )
    return raw if isinstance(raw, bool) else None


_READERS: dict[Kind, Callable[[object], Any]] = {
    "string": _read_string,
    "integer": _read_integer,
    "number": _read_number,
    "object": _read_object,
    "boolean": _read_boolean,
    "paths": _read_paths,
}
_NOUNS: dict[Kind, str] = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "object": "a JSON object whose keys and values are strings",
    "boolean": "true or false",
    "paths": "paths of fields separated by commas, a JSON list of them, or a JSON object with such a list by dataset",
}
