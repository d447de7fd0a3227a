"""What kinds of filters datasets take. Each reads a value as LivePerson wants it, or refuses it by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any, Protocol

from airflow_provider_liveperson.arguments import literal
from airflow_provider_liveperson.datasets.model.months import Months
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.window import instant

_DAY_DIGITS = 8  # 20260131 is a day, longer digits are milliseconds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Filter(Protocol):
    """One filter that a dataset takes."""

    @property
    def description(self) -> str:
        """What it does, and what holds without it."""

    @property
    def takes(self) -> str:
        """What its value must be."""

    def read(self, name: str, value: object) -> Any:
        """Bring a value into the form in which it is sent.

        :param name: what the error calls it: an argument's name, or ``filters: `` and the name of a filter.
        :param value: what the caller gave.
        :raises ConfigurationError: naming the filter and what it takes.
        """


def _wrong(name: str, wanted: str, value: object) -> ConfigurationError:
    shown = repr(value)
    return ConfigurationError(
        f"{name} must be {wanted}, not {shown if len(shown) <= 80 else shown[:77] + '…'}",
        field=_argument(name),
    )


def _argument(name: str) -> str:
    """The argument that an error is about, of what it calls the value."""
    return name.partition(": ")[0]


def _is_number(value: object, whole: bool) -> bool:
    return isinstance(value, int if whole else int | float) and not isinstance(value, bool)


@dataclass(frozen=True, kw_only=True)
class Flag:
    """True or false."""

    description: str

    @property
    def takes(self) -> str:
        return "true or false"

    def read(self, name: str, value: object) -> bool:
        text = value.strip().lower() if isinstance(value, str) else value
        if text in ("true", "false"):
            return text == "true"
        if not isinstance(value, bool):
            raise _wrong(name, self.takes, value)
        return value


@dataclass(frozen=True, kw_only=True)
class Text:
    """A text, not empty; with ``choices`` one of them. A whole number is taken as its digits."""

    description: str
    choices: tuple[str, ...] = ()

    @property
    def takes(self) -> str:
        return f"one of {', '.join(self.choices)}" if self.choices else "a string"

    def read(self, name: str, value: object) -> str:
        if _is_number(value, whole=True):
            value = str(value)
        if not isinstance(value, str) or not value.strip():
            raise _wrong(name, "a string", value)
        if self.choices and value not in self.choices:
            raise _wrong(name, self.takes, value)
        return value


@dataclass(frozen=True, kw_only=True)
class Texts:
    """A list of texts, not empty; with ``choices`` some of them. Whole numbers are taken as their digits."""

    description: str
    choices: tuple[str, ...] = ()

    @property
    def takes(self) -> str:
        return f"a list of some of {', '.join(self.choices)}" if self.choices else "a list of strings"

    def read(self, name: str, value: object) -> list[str]:
        value = literal(value)
        if not isinstance(value, list | tuple) or not value:
            raise _wrong(name, "a list of strings, not empty", value)
        texts = [str(item) if _is_number(item, whole=True) else item for item in value]
        if not all(isinstance(text, str) and text for text in texts):
            raise _wrong(name, "a list of strings, none of them empty", value)
        unknown = [text for text in texts if self.choices and text not in self.choices]
        if unknown:
            raise _wrong(name, self.takes, unknown)
        return texts


@dataclass(frozen=True, kw_only=True)
class WholeNumber:
    """A whole number, also as its digits."""

    description: str
    minimum: int
    maximum: int

    @property
    def takes(self) -> str:
        return f"a whole number from {self.minimum} to {self.maximum}"

    def read(self, name: str, value: object) -> int:
        number: Any = literal(value)
        if not _is_number(number, whole=True) or not self.minimum <= number <= self.maximum:
            raise _wrong(name, self.takes, value)
        return int(number)


@dataclass(frozen=True, kw_only=True)
class Range:
    """Numbers ``{"from": …, "to": …}``, both inside; one of them may be missing, unless ``both`` are needed."""

    description: str
    minimum: float = 0
    maximum: float | None = None
    whole: bool = True
    both: bool = False

    @property
    def takes(self) -> str:
        most = "" if self.maximum is None else f" and at most {self.maximum:.15g}"
        kind = "whole numbers" if self.whole else "numbers"
        both = ", both" if self.both else ""
        return f'{{"from": …, "to": …}}{both} with {kind} of at least {self.minimum:g}{most}, "from" not above "to"'

    def read(self, name: str, value: object) -> dict[str, float]:
        wanted = self.takes
        value = literal(value)
        if not isinstance(value, Mapping) or not value or not set(value) <= {"from", "to"}:
            raise _wrong(name, wanted, value)
        bounds: dict[str, Any] = {name: literal(bound) for name, bound in value.items()}
        for bound in bounds.values():
            if (
                not _is_number(bound, self.whole)
                or not self.minimum <= bound < inf
                or (self.maximum is not None and bound > self.maximum)
            ):
                raise _wrong(name, wanted, value)
        if (self.both and len(bounds) < 2) or (len(bounds) == 2 and bounds["from"] > bounds["to"]):
            raise _wrong(name, wanted, value)
        return bounds


@dataclass(frozen=True, kw_only=True)
class InstantRange:
    """Instants ``{"from": …, "to": …}``: aware datetimes, ISO 8601 text with an offset, or epoch milliseconds."""

    description: str
    bounds: tuple[str, ...] = ("from", "to")
    longest: Months | None = None

    @property
    def takes(self) -> str:
        return "{" + ", ".join(f'"{bound}": …' for bound in self.bounds) + "} with instants"

    def read(self, name: str, value: object) -> dict[str, int]:
        wanted = self.takes
        value = literal(value)
        if not isinstance(value, Mapping) or set(value) != set(self.bounds):
            raise _wrong(name, wanted, value)
        read = {bound: self._milliseconds(f"{name}.{bound}", value[bound]) for bound in self.bounds}
        if len(read) == 2:
            if read["from"] > read["to"]:
                raise _wrong(name, f'{wanted}, "from" not after "to"', value)
            start, end = from_milliseconds(read["from"]), from_milliseconds(read["to"])
            if self.longest is not None and self.longest.before(end) > start:
                raise _wrong(name, f"at most {self.longest} long", value)
        return read

    @staticmethod
    def _milliseconds(name: str, value: Any) -> int:
        if isinstance(value, str) and value.strip().isdecimal() and len(value.strip()) > _DAY_DIGITS:
            value = literal(value)
        if not _is_number(value, whole=True):
            try:
                return milliseconds(instant(value, name))
            except ConfigurationError as error:
                raise ConfigurationError(str(error), field=_argument(name)) from None
        try:
            from_milliseconds(value)
        except OverflowError:
            raise ConfigurationError(
                f"{name} is {value}, which is out of range for epoch milliseconds", field=_argument(name)
            ) from None
        return int(value)


@dataclass(frozen=True, kw_only=True)
class Fields:
    """An object with some of the ``names``."""

    description: str
    names: tuple[str, ...]

    @property
    def takes(self) -> str:
        return f"an object with some of {', '.join(self.names)}"

    def read(self, name: str, value: object) -> dict[str, Any]:
        wanted = self.takes
        value = literal(value)
        if not isinstance(value, Mapping) or not value or not set(value) <= set(self.names):
            raise _wrong(name, wanted, value)
        return dict(value)


def milliseconds(moment: datetime) -> int:
    """Epoch milliseconds of an aware instant, rounded down."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def from_milliseconds(value: int) -> datetime:
    """The instant of epoch milliseconds, in UTC."""
    return _EPOCH + timedelta(milliseconds=value)
