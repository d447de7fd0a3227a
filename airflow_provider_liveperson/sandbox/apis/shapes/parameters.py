"""A request's parameters, read one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from airflow_provider_liveperson.sandbox.http.refusal import Refusal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})", re.ASCII
)
_MAX_INSTANT_MS = 253_402_300_799_999  # the end of the year 9999


def causes_and_message(causes: list[str]) -> Any:
    """Make the body of a 400 as Agent Activity has it: a list of causes, and a sentence.

    :param causes: what is wrong, a sentence each.
    """
    return {"causes": causes, "message": "The request's parameters are not valid"}


def message_only(causes: list[str]) -> Any:
    """Make the body of a 400 that says only the first thing that is wrong.

    :param causes: what is wrong, a sentence each.
    """
    return {"message": causes[0]}


class Parameters:
    """Reads parameters. A wrong one is noted, and its default returned, so that one answer names all that is wrong.

    >>> parameters = Parameters(call.parameters)  # doctest: +SKIP
    >>> limit = parameters.number("limit", 50, minimum=1, maximum=100)  # doctest: +SKIP
    >>> parameters.check()  # doctest: +SKIP

    :param given: the query's parameters, or the JSON object of the body.
    :param error: makes the body of the 400 from what is wrong.
    """

    def __init__(
        self, given: Mapping[str, Any], error: Callable[[list[str]], Any] = causes_and_message
    ) -> None:
        self._given = given
        self._error = error
        self.causes: list[str] = []
        """What is wrong so far, a sentence each."""

    def __contains__(self, name: str) -> bool:
        return self._given.get(name) is not None

    def check(self) -> None:
        """Refuse the request if anything was wrong.

        :raises Refusal: a 400 that says what.
        """
        if self.causes:
            raise Refusal(400, self._error(self.causes))

    def wrong(self, name: str, rule: str) -> None:
        """Note that a parameter is wrong.

        :param name: the parameter.
        :param rule: what it breaks, such as ``must be at most 100``.
        """
        self.causes.append(f"{name}: {rule}")

    def require(self, *names: str) -> None:
        """Note which parameters are missing.

        :param names: the parameters.
        """
        for name in names:
            if name not in self:
                self.wrong(name, "the parameter is required")

    def number(
        self,
        name: str,
        default: int,
        *,
        minimum: int = 0,
        maximum: int | None = None,
        over: Literal["reject", "clamp"] = "reject",
    ) -> int:
        """Read a whole number.

        :param name: the parameter.
        :param default: its value where it is absent.
        :param minimum: the smallest number allowed.
        :param maximum: the largest number allowed; None for any.
        :param over: what a larger one gets: a 400 (``reject``), or silently the largest (``clamp``).
        """
        value = self._given.get(name)
        if value is None:
            return default
        text = str(value)
        is_number = isinstance(value, (str, int)) and not isinstance(value, bool)
        if not is_number or not (text.isascii() and text.isdigit() and len(text) <= 9) or int(text) < minimum:
            self.wrong(name, f"must be a whole number of at least {minimum}")
            return default
        if maximum is not None and int(text) > maximum:
            if over == "reject":
                self.wrong(name, f"must be less than or equal to {maximum}")
            return maximum
        return int(text)

    def milliseconds(self, name: str) -> int | None:
        """Read an instant given as epoch milliseconds.

        :param name: the parameter.
        :return: None where it is absent or wrong.
        """
        value = self._given.get(name)
        if value is None:
            return None
        text = str(value)
        is_number = isinstance(value, (str, int)) and not isinstance(value, bool)
        if not is_number or not (text.isascii() and text.isdigit()) or int(text[:16]) > _MAX_INSTANT_MS:
            self.wrong(name, "must be epoch milliseconds")
            return None
        return int(text)

    def instant(self, name: str) -> int | None:
        """Read an instant given as RFC 3339 text.

        :param name: the parameter.
        :return: epoch milliseconds; None where it is absent or wrong.
        """
        value = self._given.get(name)
        if value is None:
            return None
        # A plus sign that was not percent-encoded arrives as a blank.
        text = str(value).replace(" ", "+")
        try:
            if not _INSTANT.fullmatch(text):
                raise ValueError
            return (datetime.fromisoformat(text).astimezone(UTC) - _EPOCH) // _MILLISECOND
        except (ValueError, OverflowError):
            self.wrong(name, "must be a date and time as in RFC 3339")
            return None

    def choice(self, name: str, choices: Collection[str], default: str) -> str:
        """Read one of several words.

        :param name: the parameter.
        :param choices: the words.
        :param default: the one that is meant where it is absent.
        """
        value = self._given.get(name)
        if value is None:
            return default
        if str(value) not in choices:
            self.wrong(name, f"must be one of {', '.join(choices)}")
            return default
        return str(value)

    def words(self, name: str, choices: Collection[str] | None = None) -> frozenset[str] | None:
        """Read a list: separated by commas in a query, a JSON array in a body. Numbers become text.

        :param name: the parameter.
        :param choices: what may be in it; None for anything.
        :return: None where it is absent or wrong.
        """
        value = self._given.get(name)
        if value is None:
            return None
        items = value.split(",") if isinstance(value, str) else value
        if not isinstance(items, list) or any(
            isinstance(item, bool) or not isinstance(item, (str, int)) for item in items
        ):
            self.wrong(name, "must be a list of words or numbers")
            return None
        words = frozenset(str(item).strip() for item in items)
        if choices is not None and not words <= frozenset(choices):
            self.wrong(name, f"must be of {', '.join(choices)}")
            return None
        return words

    def flag(self, name: str, default: bool) -> bool:
        """Read true or false.

        :param name: the parameter.
        :param default: its value where it is absent.
        """
        value = self._given.get(name)
        if value is None:
            return default
        if str(value).lower() not in ("true", "false"):
            self.wrong(name, "must be true or false")
            return default
        return str(value).lower() == "true"

    def window(
        self,
        start: str,
        end: str,
        *,
        max_range: timedelta,
        read: Literal["milliseconds", "instant"] = "milliseconds",
        default: tuple[int, int] | None = None,
    ) -> tuple[int, int]:
        """Read where a time range begins and ends.

        :param start: the parameter that says where it begins.
        :param end: the parameter that says where it ends.
        :param max_range: how long it may be.
        :param read: how instants are written: epoch ``milliseconds``, or RFC 3339 text (``instant``).
        :param default: what is meant where both are absent; None where they are required.
        :return: epoch milliseconds; 0 and 0 if anything is wrong.
        """
        if start not in self and end not in self and default is not None:
            return default
        before = len(self.causes)
        self.require(start, end)
        read_one = self.milliseconds if read == "milliseconds" else self.instant
        first, last = read_one(start), read_one(end)
        if first is None or last is None or len(self.causes) > before:
            return 0, 0
        if last < first:
            self.wrong(start, f"must not be after {end}")
        elif last - first > max_range // _MILLISECOND:
            self.wrong(f"{start}, {end}", f"the range must be at most {_text(max_range)}")
        return (first, last) if len(self.causes) == before else (0, 0)

    def unknown(self, known: Collection[str], rule: Literal["ignore", "reject"]) -> None:
        """Note parameters that do not exist.

        :param known: those that do.
        :param rule: whether anything can be wrong at all.
        """
        if rule == "reject":
            for name in self._given:
                if name not in known:
                    self.wrong(name, "there is no such parameter")


def _text(duration: timedelta) -> str:
    hours = duration / timedelta(hours=1)
    return f"{hours / 24:g} days" if hours % 24 == 0 and hours > 24 else f"{hours:g} hours"
