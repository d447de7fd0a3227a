"""Switches: what can be chosen about a part of the sandbox, declared by that part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

T = TypeVar("T")

CredentialName = Literal["oauth1", "app_jwt_v1", "app_jwt_v2", "web_app", "bearer"]
"""The value of a :class:`~airflow_provider_liveperson.credential_kind.CredentialKind`: what authorizes a request."""

EVERY_CREDENTIAL: frozenset[CredentialName] = frozenset(get_args(CredentialName))


def switch(
    default: T,
    description: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    fixed: bool = False,
    option: bool = False,
    secret: bool = False,
) -> T:
    """Declare a switch.

    :param default: its value where none is given.
    :param description: what it means, in one sentence without a period, for ``--help`` and the documentation.
    :param minimum: the smallest number that it takes.
    :param maximum: the largest number that it takes.
    :param fixed: whether it shapes the data, so that it cannot change while a sandbox runs.
    :param option: whether it is an option of the command line by itself; every fixed one is.
    :param secret: whether no control answer, log or repr shows it.
    """
    marks = {"fixed": fixed, "option": fixed or option, "secret": secret}
    declared = Field(
        default,
        description=description,
        ge=minimum,
        le=maximum,
        repr=not secret,
        json_schema_extra=dict(marks),
    )
    return declared


class Switches(BaseModel):
    """Switches that belong together. Values may be given as text; they are brought to the declared type.

    Names are global: those of an API begin with a prefix of its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True, defer_build=True)

    @field_validator("*", mode="before")
    @classmethod
    def _from_text(cls, value: Any, info: ValidationInfo) -> Any:
        """Read what the command line and JSON cannot express: choices, lists and nothing, given as text."""
        kinds = _kinds(cls, info.field_name or "")
        if isinstance(value, str):
            if type(None) in kinds and value.lower() in ("", "none", "null"):
                return None
            if any(get_origin(kind) is frozenset for kind in kinds):
                value = value.split(",")
        if isinstance(value, (list, tuple, set, frozenset)):
            return [
                item.strip() if isinstance(item, str) else item
                for item in value
                if not (isinstance(item, str) and not item.strip())
            ]
        choices = [choice for kind in kinds if get_origin(kind) is Literal for choice in get_args(kind)]
        for choice in choices:
            if str(value) == str(choice):
                return choice
        if isinstance(value, (bool, datetime)) and bool not in kinds and str not in kinds:
            # A library takes True for 1, and a moment for a day.
            return str(value)
        return value


@cache
def _kinds(switches: type[Switches], name: str) -> tuple[Any, ...]:
    """Return the alternatives of a switch's type."""
    annotation = switches.model_fields[name].annotation
    return (
        get_args(annotation)
        if get_origin(annotation) not in (None, Literal, frozenset, Mapping)
        else (annotation,)
    )


def marked(switches: type[Switches], mark: str) -> frozenset[str]:
    """Return the names of the switches that were declared with a mark.

    :param switches: where they are declared.
    :param mark: ``fixed``, ``option`` or ``secret``.
    """
    names = set()
    for name, field in switches.model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get(mark):
            names.add(name)
    return frozenset(names)


def first_sentence(error: ValidationError, given: Mapping[str, Any], known: type[Switches]) -> str:
    """Say in a sentence what is wrong with the first value that does not fit.

    :param error: what pydantic found.
    :param given: the values as they were given.
    :param known: where the switches are declared.
    """
    found = error.errors(include_url=False)
    name = str(found[0]["loc"][0]) if found[0]["loc"] else ""
    if found[0]["type"] == "extra_forbidden":
        return f"The sandbox has no setting named {name!r}"
    about = [one for one in found if one["loc"][:1] == found[0]["loc"][:1]]
    if about[0]["type"] == "value_error":
        return f"{name} {about[0]['ctx']['error']}" if name else str(about[0]["ctx"]["error"])
    limits = [one for one in about if one["type"] in _LIMITS]
    wanted = [_wanted(one, _kinds(known, name)) for one in limits or about]
    if type(None) in _kinds(known, name) and not limits:
        wanted.append("none")
    inside = about[0]["type"] == "literal_error" and isinstance(about[0]["loc"][-1], int)
    value = about[0]["input"] if inside else given.get(name, about[0]["input"])
    return f"{name} must be {' or '.join(dict.fromkeys(wanted))}, not {value!r}"


_LIMITS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "greater_than_equal": lambda about: f"at least {about['ge']:g}",
    "less_than_equal": lambda about: f"at most {about['le']:g}",
}

_WANTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "date": "a date as YYYY-MM-DD",
    "datetime": "a date as YYYY-MM-DD",
    "string": "text",
    "finite": "a number",
    "frozen": "a list of names",
    "mapping": "a map of names to values",
    "dict": "a map of names to values",
}
"""Beginnings of pydantic's error types to what would have fitted."""


def _wanted(error: Any, kinds: tuple[Any, ...]) -> str:
    if error["type"] in _LIMITS:
        return _LIMITS[error["type"]](error["ctx"])
    if error["type"] == "literal_error":
        choices = [choice for kind in kinds for choice in _choices(kind)]
        return f"one of {', '.join(str(choice) for choice in choices)}"
    return _WANTED.get(error["type"].partition("_")[0], str(error["msg"]))


def _choices(kind: Any) -> tuple[Any, ...]:
    if get_origin(kind) is Literal:
        return get_args(kind)
    return tuple(choice for inner in get_args(kind) for choice in _choices(inner))
