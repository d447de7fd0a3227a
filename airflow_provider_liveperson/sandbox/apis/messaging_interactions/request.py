"""What a search of conversations asks for."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_liveperson.sandbox.apis.api import Call
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.log import ConversationQuery
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.sections import (
    ALWAYS,
    DEFAULT_SECTIONS,
    SDE_KEYS,
    SECTIONS,
)
from airflow_provider_liveperson.sandbox.apis.shapes import Bounds, PagedSearch, Parameters
from airflow_provider_liveperson.sandbox.apis.shapes.parameters import message_only
from airflow_provider_liveperson.sandbox.http.refusal import Refusal

if TYPE_CHECKING:
    from airflow_provider_liveperson.sandbox.apis.messaging_interactions.api import MessagingInteractionsApi

DEFAULT_LIMIT = 50
MAX_LIMIT = 100
MAX_IDS = 100
MAX_MONTHS = 3

_GRID_MS = 600_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = re.compile(r"-?\d{1,18}", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,18}(?:\.\d{1,11})?", re.ASCII)

_RANGES = {"mcs": "mcs", "csat": "csat", "nps": "nps", "responseTime": "response_due"}
_CHOICES = {
    "skillIds": "skills",
    "latestSkillIds": "latest_skill",
    "latestAgentIds": "latest_agent",
    "agentGroupIds": "groups",
    "alertedMcsValues": "alerted_mcs",
    "source": "source",
    "device": "device",
    "latestConversationQueueState": "queue_state",
    "fcr": "fcr",
}
"""Filters to attributes of a conversation."""

_ROLES = {"ASSIGNED_AGENT": "ASSIGNED_AGENT", "AGENT": "ASSIGNED_AGENT", "READER": "READER"}
_STATUSES = frozenset({"OPEN", "CLOSE"})


class SearchRequest:
    """One request.

    :param api: the API.
    :param call: the request.
    :raises Refusal: if it is not well-formed.
    """

    def __init__(self, api: MessagingInteractionsApi, call: Call) -> None:
        self.api = api
        self.call = call
        self.switches = api.switches
        self.path = call.path
        self.parameters = call.parameters
        self.bounds = Bounds(0, DEFAULT_LIMIT)
        source = call.source_error(self.switches.messaging_source)
        if source is not None:
            raise bad_request(source)
        if call.parameters.get("v", "1") not in ("1", "2"):
            raise bad_request("v must be 1 or 2")
        self.body = call.document()

    def check_page(self) -> None:
        """Read ``offset`` and ``limit``.

        :raises Refusal: if one of them is not valid, or both together reach too deep.
        """
        switches = self.switches
        parameters = Parameters(self.parameters, message_only)
        self.bounds = PagedSearch(
            default_limit=DEFAULT_LIMIT,
            max_limit=MAX_LIMIT,
            over_limit=switches.messaging_limit_over,
            deep_limit=switches.messaging_deep_limit,
            deep_error=switches.messaging_deep_error,
            offset_ignored=self.api.sandbox.settings.offset_ignored,
        ).bounds(parameters)
        parameters.check()

    def order(self) -> tuple[Literal["start", "end"], bool]:
        """Read ``sort``.

        :return: by what, and whether the latest come first.
        :raises Refusal: if it is not valid.
        """
        by, _, direction = self.parameters.get("sort", self.switches.messaging_default_sort).partition(":")
        if by not in ("start", "end") or direction not in ("", "asc", "desc"):
            raise bad_request("sort must be start or end, with :asc or :desc")
        return ("end" if by == "end" else "start"), direction == "desc"

    def sections(self) -> list[int]:
        """Return the places of the sections that are wanted.

        :raises Refusal: if ``contentToRetrieve`` is not valid.
        """
        given = self.body.get("contentToRetrieve")
        names = set(DEFAULT_SECTIONS) if given is None else set(texts("contentToRetrieve", given))
        if self.switches.messaging_unknown_filter == "reject" and not names <= set(SECTIONS):
            raise bad_request(f"contentToRetrieve does not know {', '.join(sorted(names - set(SECTIONS)))}")
        names.add(ALWAYS)
        if self.parameters.get("v", "1") == "1":
            names.discard("unAuthSdes")
        return [place for place, name in enumerate(SECTIONS) if name in names]


class Filters:
    """Reads the filters of a search.

    :param search: the request.
    """

    def __init__(self, search: SearchRequest) -> None:
        self._search = search
        self._switches = search.switches
        # An empty list or text filters nothing.
        self._left = {
            name: value
            for name, value in search.body.items()
            if name != "contentToRetrieve" and value not in (None, [], "")
        }

    def query(self) -> ConversationQuery:
        """Return what is searched for.

        :raises Refusal: if a filter is not valid.
        """
        ranges = [*self._times(), *self._numbers()]
        choices = [
            (attribute, self._texts(name)) for name, attribute in _CHOICES.items() if name in self._left
        ]
        wanted: frozenset[str] = self._switches.messaging_default_status
        if "status" in self._left:
            wanted = statuses(self._left.pop("status"))
        if wanted != _STATUSES:
            choices.append(("status", wanted))
        if self._left.pop("conversationsWithStepUpOnly", False) is True:
            choices.append(("step_up", frozenset({"True"})))
        order, descending = self._search.order()
        query = ConversationQuery(
            ranges=tuple(ranges),
            choices=tuple(choices),
            roles=self._roles(),
            agents=self._texts("agentIds"),
            keyword=self._text("keyword"),
            summary=self._text("summary"),
            message_types=self._texts("messageContentTypes"),
            attributes=self._attributes(),
            answers=self._texts("answerText"),
            order=order,
            descending=descending,
        )
        if self._left and self._switches.messaging_unknown_filter == "reject":
            raise bad_request(f"Unknown filters: {', '.join(sorted(self._left))}")
        return query

    def _times(self) -> list[tuple[str, float | None, float | None]]:
        switches = self._switches
        if "start" not in self._left:
            raise bad_request("start is required")
        made = [self._time("start", "start")]
        if "end" in self._left:
            made.append(self._time("end", "end" if switches.messaging_end_filter == "end_time" else "close"))
        if "fullDialogEndTime" in self._left and switches.messaging_full_dialog_filter == "accepted":
            made.append(self._time("fullDialogEndTime", "end"))
        updated = self._left.pop("latestUpdateTime", None)
        if updated is not None:
            earliest = _bound("latestUpdateTime", _range("latestUpdateTime", updated), "from")
            if earliest is None:
                raise bad_request("latestUpdateTime.from is required")
            made.append(("updated", earliest // _GRID_MS * _GRID_MS, None))
        return made

    def _time(self, name: str, attribute: str) -> tuple[str, float | None, float | None]:
        given = _range(name, self._left.pop(name))
        start, end = (_bound(name, given, side) for side in ("from", "to"))
        if start is None or end is None:
            raise bad_request(f"{name}.from and {name}.to are required")
        if end == -1:
            end = int(self._search.api.sandbox.now() * 1000)
        if not 0 <= start <= end:
            raise bad_request(f"{name}.from must not be before 1970 or after {name}.to")
        try:
            longest = _months_later(EPOCH + timedelta(milliseconds=start), MAX_MONTHS)
            too_long = EPOCH + timedelta(milliseconds=end) > longest
        except OverflowError:
            raise bad_request(f"{name} is out of range") from None
        if too_long:
            raise bad_request(f"The range of {name} must be at most {MAX_MONTHS} months")
        return attribute, start // _GRID_MS * _GRID_MS, -(-end // _GRID_MS) * _GRID_MS

    def _numbers(self) -> list[tuple[str, float | None, float | None]]:
        made = []
        for name, attribute in _RANGES.items():
            if name in self._left:
                given = _range(name, self._left.pop(name))
                made.append((attribute, _decimal(name, given.get("from")), _decimal(name, given.get("to"))))
        if "duration" in self._left:
            given = _range("duration", self._left.pop("duration"))
            minimum, maximum = (_decimal("duration", given.get(side)) for side in ("from", "to"))
            made.append(
                (
                    "duration",
                    None if minimum is None else minimum * 1000,
                    None if maximum is None else maximum * 1000,
                )
            )
        return made

    def _texts(self, name: str) -> frozenset[str]:
        value = self._left.pop(name, [])
        return frozenset(texts(name, [value] if isinstance(value, str) else value))

    def _text(self, name: str) -> str:
        value = self._left.pop(name, "")
        if not isinstance(value, str):
            raise bad_request(f"{name} must be a string")
        return value

    def _roles(self) -> frozenset[str]:
        given = self._texts("userPermissions") or {"ASSIGNED_AGENT"}
        return frozenset(_ROLES[name] for name in given if name in _ROLES)

    def _attributes(self) -> tuple[tuple[str, str], ...]:
        given = self._left.pop("sdeSearch", {})
        if not isinstance(given, dict):
            raise bad_request("sdeSearch must be an object")
        if not set(given) <= set(SDE_KEYS) and self._switches.messaging_unknown_filter == "reject":
            raise bad_request(f"sdeSearch does not know {', '.join(sorted(set(given) - set(SDE_KEYS)))}")
        return tuple(sorted((name, str(value)) for name, value in given.items() if value not in (None, "")))


def bad_request(message: str) -> Refusal:
    """Make a 400.

    :param message: what is wrong.
    """
    return Refusal(400, {"message": message})


def _range(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise bad_request(f"{name} must be an object with from and to")
    return value


def _bound(name: str, given: Mapping[str, Any], side: str) -> int | None:
    value = given.get(side)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, str)) or not _DIGITS.fullmatch(str(value)):
        raise bad_request(f"{name}.{side} must be epoch milliseconds, not {value!r}")
    return int(value)


def _decimal(name: str, value: Any) -> float | None:
    if value is None or value == "":
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float, str))
        or not _DECIMAL.fullmatch(str(value))
    ):
        raise bad_request(f"{name} must have numbers, not {value!r}")
    return float(value)


def texts(name: str, value: Any) -> list[str]:
    """Read a list; LivePerson's samples hold ids as numbers and as texts.

    :param name: the field, for the refusal's text.
    :param value: what the body has.
    :raises Refusal: if it is not a list of them.
    """
    if not isinstance(value, list) or not all(
        isinstance(item, (str, int)) and not isinstance(item, bool) for item in value
    ):
        raise bad_request(f"{name} must be a list of strings or numbers")
    return [str(item) for item in value]


def statuses(value: Any) -> frozenset[str]:
    """Read the statuses of conversations.

    :param value: what the body has.
    :raises Refusal: if it is not a list of them.
    """
    given = frozenset(texts("status", value))
    if not given or not given <= _STATUSES:
        raise bad_request("status must be a list of OPEN and CLOSE")
    return given


def _months_later(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
