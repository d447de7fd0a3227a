"""Arguments as templates leave them: one tolerant reading, in which a wrong type is named by its argument.

A Jinja template makes text of everything; with ``render_template_as_native_obj=True`` it makes Python values of
everything, so that ``{{ ds_nodash }}`` is a whole number. Both are read alike here.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_liveperson.exceptions import ConfigurationError

_NOTHING = ("", "None", "null")
_MAX_SHOWN = 80
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def _wrong(name: str, wanted: str, value: object) -> ConfigurationError:
    shown = repr(value)
    shown = shown if len(shown) <= _MAX_SHOWN else shown[: _MAX_SHOWN - 1] + "…"
    return ConfigurationError(f"{name} must be {wanted}, not {shown}", field=name)


def is_nothing(value: object) -> bool:
    """Whether an argument was not given, also as the text that a template makes of that."""
    return value is None or (isinstance(value, str) and value.strip() in _NOTHING)


def literal(value: object) -> object:
    """The value that a text spells in JSON or as Python shows it; anything else as it is."""
    if not isinstance(value, str):
        return value
    for read in (json.loads, ast.literal_eval):
        try:
            found: object = read(value.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return found
    return value


def read_text(value: object, name: str) -> str:
    """A text; a whole number is its digits.

    :param value: what was given.
    :param name: the argument's name, for the error.
    :raises ConfigurationError: for anything else.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    raise _wrong(name, "a text", value)


def read_optional_text(value: object, name: str) -> str | None:
    """A text, or None; see :func:`read_text`."""
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


def read_list(value: object, name: str) -> Sequence[Any]:
    """A list, also as the text of one; none is an empty list.

    :param value: what was given.
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


def read_mapping(value: object, name: str) -> Mapping[str, Any] | None:
    """A dict, also as the text of one, or None.

    :param value: what was given.
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
    """What :func:`~airflow_provider_liveperson.window.instant` reads, or None.

    :param value: what was given.
    :param name: the argument's name, for the error.
    """
    if is_nothing(value):
        return None
    return read_text(value, name) if isinstance(value, int) else value
