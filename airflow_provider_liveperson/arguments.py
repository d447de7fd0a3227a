"""Tolerant parsing of templated arguments; the error for a wrong type names the argument.

A Jinja template turns everything into text; with ``render_template_as_native_obj=True`` it turns everything into
Python values, so that ``{{ ds_nodash }}`` becomes a whole number. These functions accept both.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_liveperson.exceptions import ConfigurationError

_NOTHING = ("", "None", "null")
_MAX_SHOWN = 80
_BEGINS = ("[", "(", "{", "'", '"')
_NUMBER = re.compile(r"[0-9.]+(e[-+]?[0-9]+)?", re.IGNORECASE)
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def _wrong(name: str, wanted: str, value: object) -> ConfigurationError:
    shown = repr(value)
    shown = shown if len(shown) <= _MAX_SHOWN else shown[: _MAX_SHOWN - 1] + "…"
    return ConfigurationError(f"{name} must be {wanted}, not {shown}", field=name)


def is_nothing(value: object) -> bool:
    """Whether an argument was not given: None, or the text that a template makes of None."""
    return value is None or (isinstance(value, str) and value.strip() in _NOTHING)


def literal(value: object) -> object:
    """Return the value that a text represents in JSON or as a Python literal; anything else unchanged.

    A Python literal begins with a bracket or a quote here, and has numbers in digits: ``+49, 0x10`` may be ids.
    """
    if not isinstance(value, str):
        return value
    for read in (json.loads, _python):
        try:
            found: object = read(value.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return found
    return value


def begins_like_literal(text: str) -> bool:
    """Whether a text begins with a bracket or a quote, as lists, objects and quoted texts do."""
    return text.lstrip().startswith(_BEGINS)


def _python(text: str) -> object:
    if not begins_like_literal(text):
        raise ValueError("it begins like no literal")
    found: object = ast.literal_eval(text)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        is_number = token.type == tokenize.NUMBER
        if token.string == "+" or (is_number and not _NUMBER.fullmatch(token.string)):
            raise ValueError("a number is written in another way")
    return found


def read_text(value: object, name: str) -> str:
    """Read a string; a whole number becomes its digits.

    :param value: the argument as given.
    :param name: the argument's name, for the error.
    :raises ConfigurationError: for anything else.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    raise _wrong(name, "a string", value)


def read_optional_text(value: object, name: str) -> str | None:
    """Read a string, or None; see :func:`read_text`."""
    return None if is_nothing(value) else read_text(value, name)


def read_flag(value: object, name: str) -> bool:
    """A truth value, also as the text of one: ``"False"`` is false.

    :param value: what was given; nothing is false.
    :param name: the argument's name, for the error.
    :raises ConfigurationError: for anything else.
    """
    if is_nothing(value):
        return False
    found = _FLAGS.get(str(value).strip().lower()) if isinstance(value, str | int) else None
    if found is None:
        raise _wrong(name, "true or false", value)
    return found


def read_count(value: object, name: str) -> int:
    """A whole number of at least 0, also as the text of one; nothing is 0.

    :param value: the argument as given.
    :param name: the argument's name, for the error.
    :raises ConfigurationError: for anything else.
    """
    if is_nothing(value):
        return 0
    found = literal(value)
    if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
        return found
    raise _wrong(name, "a whole number of at least 0", value)


def read_list(value: object, name: str) -> Sequence[Any]:
    """Read a list, or its textual form; a missing one is an empty list.

    :param value: the argument as given.
    :param name: the argument's name, for the error.
    :raises ConfigurationError: for anything else.
    """
    if is_nothing(value):
        return ()
    found = literal(value)
    if isinstance(found, list | tuple):
        return found
    if isinstance(found, set | frozenset):
        return sorted(found, key=str)
    raise _wrong(name, "a list", value)


def read_masked(value: object, name: str) -> Sequence[Any]:
    """Read a list of fields that decide what is masked, or its textual form.

    What a template makes of a missing value is refused: everything would land unmasked, and nobody would notice.

    :param value: the argument as given.
    :param name: the argument's name, for the error.
    :raises ConfigurationError: for nothing, and for anything else but a list.
    """
    if is_nothing(value):
        raise ConfigurationError(
            f"{name} is {value!r}, by which nothing would be masked. If a template has rendered to that, look at what"
            f" it takes; if nothing is to be masked by it, leave {name} out",
            field=name,
        )
    return read_list(value, name)


def read_limits(keep_fields: object, unknown_fields: object) -> dict[str, Any]:
    """Read ``keep_fields`` and ``unknown_fields``, which are None unless they are given.

    :param keep_fields: the argument as given.
    :param unknown_fields: likewise.
    :raises ConfigurationError: for what is no list, or no string; and for what a template makes of a missing value.
    """
    if unknown_fields is not None and is_nothing(unknown_fields):
        raise _wrong("unknown_fields", "drop or keep", unknown_fields)
    return {
        "keep_fields": None if keep_fields is None else read_masked(keep_fields, "keep_fields"),
        "unknown_fields": read_optional_text(unknown_fields, "unknown_fields"),
    }


def read_mapping(value: object, name: str) -> Mapping[str, Any] | None:
    """Read a dict, or its textual form, or None.

    :param value: the argument as given.
    :param name: the argument's name, for the error.
    :raises ConfigurationError: for anything else.
    """
    if is_nothing(value):
        return None
    found = literal(value)
    if isinstance(found, Mapping):
        return found
    raise _wrong(name, "a dict", value)


def read_moment(value: object, name: str) -> Any:
    """Return what :func:`~airflow_provider_liveperson.window.instant` can parse, or None.

    :param value: the argument as given.
    :param name: the argument's name, for the error.
    """
    if is_nothing(value):
        return None
    return read_text(value, name) if isinstance(value, int) else value
