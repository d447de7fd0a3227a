"""Switches: what can be chosen about a part of the sandbox, declared by that part.

Declarations cost no import but the standard library's, because every ``airflow`` command reads them; pydantic, which
brings values to their types, is imported when the first settings are made.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Literal,
    Self,
    TypeVar,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")

CredentialName = Literal["oauth1", "app_jwt_v1", "app_jwt_v2", "web_app", "bearer"]
"""The value of a :class:`~airflow_provider_liveperson.credential_kind.CredentialKind`: what authorizes a request."""

EVERY_CREDENTIAL: frozenset[CredentialName] = frozenset(get_args(CredentialName))


@dataclasses.dataclass(frozen=True, kw_only=True)
class About:
    """What was declared about a switch.

    :param description: what it means.
    :param minimum: the smallest number that it takes.
    :param maximum: the largest number that it takes.
    :param fixed: whether it shapes the data, so that it cannot change while a sandbox runs.
    :param option: whether it is an option of the command line by itself.
    :param secret: whether no control answer, log or repr shows it.
    :param check: raises ValueError for a value that is not valid, with what would have been.
    """

    description: str
    minimum: float | None
    maximum: float | None
    fixed: bool
    option: bool
    secret: bool
    check: Callable[[Any], object] | None


@dataclasses.dataclass(frozen=True)
class _EachTime:
    make: Callable[[], Any]


def each_time(make: Callable[[], T]) -> T:
    """Declare a default that is made anew for all settings, such as today.

    :param make: makes it.
    """
    made: Any = _EachTime(make)
    default: T = made
    return default


def switch(
    default: T,
    description: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    fixed: bool = False,
    option: bool = False,
    secret: bool = False,
    check: Callable[[T], object] | None = None,
) -> T:
    """Declare a switch.

    :param default: its value where none is given; see :func:`each_time` for one that is made anew.
    :param description: what it means, in one sentence without a period, for ``--help`` and the documentation.
    :param minimum: the smallest number that it takes.
    :param maximum: the largest number that it takes.
    :param fixed: whether it shapes the data, so that it cannot change while a sandbox runs.
    :param option: whether it is an option of the command line by itself; every fixed one is.
    :param secret: whether no control answer, log or repr shows it.
    :param check: raises ValueError for a value of the right type that is not valid; the sentence follows the name:
        ``must match …``.
    """
    about = About(
        description=description,
        minimum=minimum,
        maximum=maximum,
        fixed=fixed,
        option=fixed or option,
        secret=secret,
        check=check,
    )
    # A default that is mutable, such as an empty map, is not copied: settings are never edited.
    factory: Callable[[], Any] = default.make if isinstance(default, _EachTime) else lambda: default
    declared: Any = dataclasses.field(
        default_factory=factory,
        repr=not secret,
        metadata={"about": about, "made": isinstance(default, _EachTime)},
    )
    made: T = declared
    return made


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Switches:
    """Switches that belong together. Values may be given as text; they are brought to the declared type.

    A subclass is a frozen dataclass whose fields are made by :func:`switch`. Names are global: those of an API begin
    with a prefix of its own.

    :raises ValueError: for a value that is not valid; the message names the switch.
    """

    _declared: ClassVar[Mapping[str, About]] = MappingProxyType({})

    def __init_subclass__(cls) -> None:
        dataclasses.dataclass(frozen=True, kw_only=True)(cls)
        for item in _fields(cls):
            if "about" not in item.metadata:
                raise TypeError(f"{cls.__name__}.{item.name} must be declared with switch()")
        cls._declared = MappingProxyType({item.name: item.metadata["about"] for item in _fields(cls)})

    def __post_init__(self) -> None:
        for name, about in declarations(type(self)).items():
            value = _valid(type(self), name, about, getattr(self, name))
            object.__setattr__(self, name, value)

    def with_values(self, **given: Any) -> Self:
        """Return a copy in which some switches have other values, and check only those.

        :param given: names of switches and their new values.
        :raises ValueError: for a value that is not valid; the message names the switch.
        """
        about = declarations(type(self))
        made = copy.copy(self)
        for name, value in given.items():
            object.__setattr__(made, name, _valid(type(self), name, about[name], value))
        return made


def declarations(switches: type[Switches]) -> Mapping[str, About]:
    """Return what was declared about each switch, by name, in the order of the declarations.

    :param switches: where they are declared.
    """
    return switches._declared


def defaults(switches: type[Switches]) -> dict[str, Any]:
    """Return the default of each switch, by name; those that are made anew, such as today, are left out.

    :param switches: where they are declared.
    """
    return {
        item.name: item.default_factory()
        for item in _fields(switches)
        if not item.metadata["made"] and item.default_factory is not dataclasses.MISSING
    }


_TYPES: dict[Any, Mapping[str, Any]] = {}
_ADAPTERS: dict[tuple[Any, str], TypeAdapter[Any]] = {}


def types(switches: type[Switches]) -> Mapping[str, Any]:
    """Return the type of each switch, by name.

    :param switches: where they are declared.
    """
    found = _TYPES.get(switches)
    if found is None:
        found = _TYPES[switches] = get_type_hints(switches)
    return found


def marked(switches: type[Switches], mark: Literal["fixed", "option", "secret"]) -> frozenset[str]:
    """Return the names of the switches that were declared with a mark.

    :param switches: where they are declared.
    :param mark: which.
    """
    return frozenset(name for name, about in declarations(switches).items() if getattr(about, mark))


def _fields(switches: Any) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(switches)


def _valid(switches: type[Switches], name: str, about: About, given: Any) -> Any:
    """Bring a value to its declared type, and check it."""
    from pydantic import ValidationError

    kinds = _kinds(switches, name)
    try:
        value = _adapter(switches, name).validate_python(_from_text(kinds, given))
    except ValidationError as error:
        raise ValueError(f"{name} must be {_wanted(error, kinds)}, not {_wrong(error, given)!r}") from None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if about.minimum is not None and value < about.minimum:
            raise ValueError(f"{name} must be at least {about.minimum:g}, not {given!r}")
        if about.maximum is not None and value > about.maximum:
            raise ValueError(f"{name} must be at most {about.maximum:g}, not {given!r}")
    if about.check is not None:
        try:
            about.check(value)
        except ValueError as error:
            raise ValueError(f"{name} {error}") from None
    return value


def _adapter(switches: type[Switches], name: str) -> TypeAdapter[Any]:
    from pydantic import ConfigDict, TypeAdapter

    found = _ADAPTERS.get((switches, name))
    if found is None:
        found = TypeAdapter(types(switches)[name], config=ConfigDict(coerce_numbers_to_str=True))
        _ADAPTERS[switches, name] = found
    return found


def _kinds(switches: type[Switches], name: str) -> tuple[Any, ...]:
    """Return the alternatives of a switch's type."""
    annotation = types(switches)[name]
    single = get_origin(annotation) in (None, Literal, frozenset, Mapping)
    return (annotation,) if single else get_args(annotation)


def _from_text(kinds: tuple[Any, ...], value: Any) -> Any:
    """Read what the command line and JSON cannot express: choices, lists and nothing, given as text."""
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
    for choice in (choice for kind in kinds if get_origin(kind) is Literal for choice in get_args(kind)):
        if str(value) == str(choice):
            return choice
    if isinstance(value, (bool, datetime)) and bool not in kinds and str not in kinds:
        # A library takes True for 1, and a moment for a day.
        return str(value)
    return value


_WANTED = {
    "int": "a whole number",
    "float": "a number",
    "finite": "a number",
    "bool": "true or false",
    "date": "a date as YYYY-MM-DD",
    "datetime": "a date as YYYY-MM-DD",
    "string": "text",
    "frozen": "a list of names",
    "mapping": "a map of names to values",
    "dict": "a map of names to values",
}
"""Beginnings of pydantic's error types to what would have been valid."""


def _wanted(error: Any, kinds: tuple[Any, ...]) -> str:
    """Say what would have been valid."""
    wanted = []
    for one in error.errors(include_url=False):
        if one["type"] == "literal_error":
            choices = [str(choice) for kind in kinds for choice in _choices(kind)]
            wanted.append(f"one of {', '.join(choices)}")
        else:
            wanted.append(_WANTED.get(one["type"].partition("_")[0], str(one["msg"])))
    if type(None) in kinds:
        wanted.append("none")
    return " or ".join(dict.fromkeys(wanted))


def _wrong(error: Any, given: Any) -> Any:
    """Return what is not valid: the value, or the element of a list."""
    first = error.errors(include_url=False)[0]
    inside = first["type"] == "literal_error" and first["loc"] and isinstance(first["loc"][-1], int)
    return first["input"] if inside else given


def _choices(kind: Any) -> tuple[Any, ...]:
    if get_origin(kind) is Literal:
        return get_args(kind)
    return tuple(choice for inner in get_args(kind) for choice in _choices(inner))
