"""Messaging Interactions API: conversations (LivePerson pages ``messaging-interactions-api-*``)."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

from pydantic_core import to_json

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.content import (
    ALWAYS,
    DEFAULT_SECTIONS,
    SDE_KEYS,
    SECTIONS,
)
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.data import MINUTE_MS, Conversation
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.log import (
    ConversationLog,
    ConversationQuery,
)
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.switches import (
    MessagingInteractionsSwitches,
)
from airflow_provider_liveperson.sandbox.http.refusal import Refusal

DEFAULT_LIMIT = 50
MAX_LIMIT = 100
MAX_IDS = 100
MAX_MONTHS = 3

# The links in LivePerson's answers point to machines that only LivePerson can reach.
_INTERNAL = "http://localhost:4080"

_GRID_MS = 600_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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

_FOLDER = "/messaging_history/api/account/{account}/conversations/"


class MessagingInteractionsApi(Api[MessagingInteractionsSwitches]):
    """Messaging conversations, by search, by id and by consumer."""

    name, title, prefix = "messaging_interactions", "Messaging Interactions", "messaging"
    switches_type = MessagingInteractionsSwitches
    services = ("msgHist",)
    datasets = ("messaging_interactions",)
    faults = {
        "partial_result": "a page of conversations that says that it is partial, with `rows` missing",
        "count_drift": "a page of conversations whose count is off by `rows`",
    }
    alias = "conversations"
    data: ConversationLog

    def endpoints(self) -> list[Endpoint]:
        """Give every path that it serves."""
        made = {
            "search": self.search,
            "conversation/search": self.by_id,
            "consumer/search": self.by_consumer,
        }
        return [
            Endpoint(_FOLDER + path, answer, method="POST", reads="conversation history")
            for path, answer in made.items()
        ]

    def search(self, call: Call) -> Answer:
        """``POST /messaging_history/api/account/{account}/conversations/search``: a page, by filters.

        :param call: the request.
        """
        asked = _Asked(self, call)
        query = _Filters(asked).query()
        asked.check_page()
        if call.insertion is not None:
            _insert(query, asked)
        return _page(asked, self.data.search(query))

    def by_id(self, call: Call) -> Answer:
        """``POST …/conversations/conversation/search``: whole conversations, by id.

        :param call: the request.
        """
        asked = _Asked(self, call)
        single, several = asked.body.get("conversationId"), asked.body.get("conversationIds")
        if (single is None) == (several is None):
            raise _bad("Either conversationId or conversationIds is required")
        ids = _texts("conversationIds", [single] if several is None else several)
        if not ids or len(ids) > MAX_IDS:
            raise _bad(f"conversationIds must hold 1 to {MAX_IDS} ids, not {len(ids)}")
        found, switches = self.data.find(ids), self.switches
        if switches.messaging_by_id == "absent":
            found = [one for one in found if one.long_reading >= switches.messaging_partial_share]
        return _answer(asked, found, len(found), {"self": 0}, whole=switches.messaging_by_id == "whole")

    def by_consumer(self, call: Call) -> Answer:
        """``POST …/conversations/consumer/search``: a page of one consumer's conversations.

        :param call: the request.
        """
        asked = _Asked(self, call)
        consumer = asked.body.get("consumer")
        if not isinstance(consumer, str) or not consumer:
            raise _bad("consumer is required")
        if "status" not in asked.body:
            raise _bad("status is required")
        statuses = _statuses(asked.body["status"])
        asked.check_page()
        order, descending = asked.order()
        choices = (("consumer", frozenset({consumer})), ("status", statuses))
        query = ConversationQuery(choices=choices, order=order, descending=descending)
        return _page(asked, self.data.search(query))

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Give the whole conversations that closed in the window."""
        return self.data.truth(start, end)

    def insert(self, dataset: str, count: int, when: datetime | None = None) -> list[Any]:
        """Add conversations that closed at the same moment."""
        return self.data.insert(count, when)

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        """Edit the summary of the first conversation."""
        first = self.data.ids[0]
        self.data.touch(first, when)
        return first

    def reset(self) -> None:
        """Make the first conversations, or undo every change: inventing them takes a while."""
        if self.data is None:
            self.data = ConversationLog(self.world, self.switches, self.sandbox.now)
        self.data.restore()

    def sizes(self) -> dict[str, int]:
        """Give how many conversations there were at first; counting them would invent them."""
        return {"conversations": self.switches.conversations}

    def summary(self) -> str:
        """Say how many conversations there are."""
        return f"{self.switches.conversations} conversations"

    def controls(self) -> Mapping[str, Callable[[Mapping[str, Any]], Any]]:
        """Give the control of single conversations."""
        return {"conversations": self._control}

    def _control(self, payload: Mapping[str, Any]) -> Any:
        """``{"insert": 3}``, ``{"touch": id}`` or ``{"submit_survey": id}``, with a moment ``"when"`` or now."""
        ids: list[str] = []
        when = None
        if "when" in payload:
            when = datetime.fromisoformat(str(payload["when"]))
            if when.tzinfo is None:
                raise ValueError("when must have an offset, such as 2026-01-31T00:00:00Z")
        try:
            if isinstance(payload.get("insert"), int):
                ids = self.data.insert(payload["insert"], when)
            elif isinstance(payload.get("touch"), str):
                self.data.touch(payload["touch"], when)
            elif isinstance(payload.get("submit_survey"), str):
                self.data.submit_survey(payload["submit_survey"], when)
            else:
                raise ValueError("The body must have insert, a number, or touch or submit_survey, an id")
        except KeyError as error:
            raise KeyError(f"There is no conversation {error}") from None
        return {"ids": ids, "conversations": len(self.data)}


class _Asked:
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
        self.offset = 0
        self.limit = DEFAULT_LIMIT
        source = call.source_error(self.switches.messaging_source)
        if source is not None:
            raise _bad(source)
        if call.parameters.get("v", "1") not in ("1", "2"):
            raise _bad("v must be 1 or 2")
        self.body = call.document()

    def check_page(self) -> None:
        """Read ``offset`` and ``limit``.

        :raises Refusal: if one of them does not fit, or both together reach too deep.
        """
        switches = self.switches
        self.offset = 0 if self.api.sandbox.settings.offset_ignored else self._number("offset", 0, 0)
        self.limit = self._number("limit", DEFAULT_LIMIT, 1)
        if self.limit > MAX_LIMIT:
            if switches.messaging_limit_over == "reject":
                raise _bad(f"limit must be at most {MAX_LIMIT}")
            self.limit = MAX_LIMIT
        deepest = switches.messaging_deep_limit
        if deepest is not None and self.offset + self.limit > deepest:
            if switches.messaging_deep_error == "400":
                raise _bad(f"offset and limit must together be at most {deepest}")
            raise Refusal(500, {"internalCode": "0007", "message": "The search engine failed"})

    def order(self) -> tuple[Literal["start", "end"], bool]:
        """Read ``sort``.

        :return: by what, and whether the latest come first.
        :raises Refusal: if it does not fit.
        """
        by, _, direction = self.parameters.get("sort", self.switches.messaging_default_sort).partition(":")
        if by not in ("start", "end") or direction not in ("", "asc", "desc"):
            raise _bad("sort must be start or end, with :asc or :desc")
        return ("end" if by == "end" else "start"), direction == "desc"

    def sections(self) -> list[int]:
        """Give the places of the sections that are wanted.

        :raises Refusal: if ``contentToRetrieve`` does not fit.
        """
        given = self.body.get("contentToRetrieve")
        names = set(DEFAULT_SECTIONS) if given is None else set(_texts("contentToRetrieve", given))
        if self.switches.messaging_unknown_filter == "reject" and not names <= set(SECTIONS):
            raise _bad(f"contentToRetrieve does not know {', '.join(sorted(names - set(SECTIONS)))}")
        names.add(ALWAYS)
        if self.parameters.get("v", "1") == "1":
            names.discard("unAuthSdes")
        return [place for place, name in enumerate(SECTIONS) if name in names]

    def link(self, offset: int) -> str:
        """Give the address of another page.

        :param offset: its first record.
        """
        rest = {name: value for name, value in self.parameters.items() if name not in ("limit", "offset")}
        query = urlencode({"limit": self.limit, "offset": offset, **rest})
        return f"{_INTERNAL}{self.path}?{query}"

    def _number(self, name: str, default: int, least: int) -> int:
        text = self.parameters.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) <= 9) or int(text) < least:
            raise _bad(f"{name} must be a whole number of at least {least}")
        return int(text)


class _Filters:
    """Reads the filters of a search.

    :param asked: the request.
    """

    def __init__(self, asked: _Asked) -> None:
        self._asked = asked
        self._switches = asked.switches
        # An empty list or text filters nothing.
        self._left = {
            name: value
            for name, value in asked.body.items()
            if name != "contentToRetrieve" and value not in (None, [], "")
        }

    def query(self) -> ConversationQuery:
        """Give what is searched for.

        :raises Refusal: if a filter does not fit.
        """
        ranges = [*self._times(), *self._numbers()]
        choices = [
            (attribute, self._texts(name)) for name, attribute in _CHOICES.items() if name in self._left
        ]
        statuses: frozenset[str] = self._switches.messaging_default_status
        if "status" in self._left:
            statuses = _statuses(self._left.pop("status"))
        if statuses != _STATUSES:
            choices.append(("status", statuses))
        if self._left.pop("conversationsWithStepUpOnly", False) is True:
            choices.append(("step_up", frozenset({"True"})))
        order, descending = self._asked.order()
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
            raise _bad(f"Unknown filters: {', '.join(sorted(self._left))}")
        return query

    def _times(self) -> list[tuple[str, float | None, float | None]]:
        switches = self._switches
        if "start" not in self._left:
            raise _bad("start is required")
        made = [self._time("start", "start")]
        if "end" in self._left:
            made.append(self._time("end", "end" if switches.messaging_end_filter == "end_time" else "close"))
        if "fullDialogEndTime" in self._left and switches.messaging_full_dialog_filter == "accepted":
            made.append(self._time("fullDialogEndTime", "end"))
        updated = self._left.pop("latestUpdateTime", None)
        if updated is not None:
            least = _bound("latestUpdateTime", _range("latestUpdateTime", updated), "from")
            if least is None:
                raise _bad("latestUpdateTime.from is required")
            made.append(("updated", least // _GRID_MS * _GRID_MS, None))
        return made

    def _time(self, name: str, attribute: str) -> tuple[str, float | None, float | None]:
        given = _range(name, self._left.pop(name))
        start, end = (_bound(name, given, side) for side in ("from", "to"))
        if start is None or end is None:
            raise _bad(f"{name}.from and {name}.to are required")
        if end == -1:
            end = int(self._asked.api.sandbox.now() * 1000)
        if not 0 <= start <= end:
            raise _bad(f"{name}.from must not be before 1970 or after {name}.to")
        try:
            longest = _months_later(_EPOCH + timedelta(milliseconds=start), MAX_MONTHS)
            too_long = _EPOCH + timedelta(milliseconds=end) > longest
        except OverflowError:
            raise _bad(f"{name} is out of range") from None
        if too_long:
            raise _bad(f"The range of {name} must be at most {MAX_MONTHS} months")
        return attribute, start // _GRID_MS * _GRID_MS, -(-end // _GRID_MS) * _GRID_MS

    def _numbers(self) -> list[tuple[str, float | None, float | None]]:
        made = []
        for name, attribute in _RANGES.items():
            if name in self._left:
                given = _range(name, self._left.pop(name))
                made.append((attribute, _decimal(name, given.get("from")), _decimal(name, given.get("to"))))
        if "duration" in self._left:
            given = _range("duration", self._left.pop("duration"))
            least, most = (_decimal("duration", given.get(side)) for side in ("from", "to"))
            made.append(
                ("duration", None if least is None else least * 1000, None if most is None else most * 1000)
            )
        return made

    def _texts(self, name: str) -> frozenset[str]:
        value = self._left.pop(name, [])
        return frozenset(_texts(name, [value] if isinstance(value, str) else value))

    def _text(self, name: str) -> str:
        value = self._left.pop(name, "")
        if not isinstance(value, str):
            raise _bad(f"{name} must be a text")
        return value

    def _roles(self) -> frozenset[str]:
        given = self._texts("userPermissions") or {"ASSIGNED_AGENT"}
        return frozenset(_ROLES[name] for name in given if name in _ROLES)

    def _attributes(self) -> tuple[tuple[str, str], ...]:
        given = self._left.pop("sdeSearch", {})
        if not isinstance(given, dict):
            raise _bad("sdeSearch must be an object")
        if not set(given) <= set(SDE_KEYS) and self._switches.messaging_unknown_filter == "reject":
            raise _bad(f"sdeSearch does not know {', '.join(sorted(set(given) - set(SDE_KEYS)))}")
        return tuple(sorted((name, str(value)) for name, value in given.items() if value not in (None, "")))


def _insert(query: ConversationQuery, asked: _Asked) -> None:
    """Add conversations in the middle of somebody's reading: closed just now, or among what was read."""
    assert asked.call.insertion is not None
    rows, when = asked.call.insertion
    conversations = asked.api.data
    found = conversations.search(query)
    if not found or when == "newest":
        conversations.insert(rows)
        return
    model = found[min(asked.offset // 2, len(found) - 1)]
    moment = model.start + MINUTE_MS if query.order == "start" or model.is_open else model.close
    conversations.insert(rows, _EPOCH + timedelta(milliseconds=moment))


def _page(asked: _Asked, found: Sequence[Conversation]) -> Answer:
    count = len(found)
    if asked.switches.messaging_count == "capped" and asked.switches.messaging_deep_limit is not None:
        count = min(count, asked.switches.messaging_deep_limit)
    if asked.call.fault is not None and asked.call.fault.kind == "count_drift":
        count = max(0, count + asked.call.fault.rows)
    offset, limit = asked.offset, asked.limit
    if asked.switches.messaging_count == "page":
        count = len(found[offset : offset + limit])
    elif asked.switches.messaging_count == "half":
        count = (count + 1) // 2
    links = {"self": offset}
    if offset + limit < count:
        links["next"] = offset + limit
    if offset:
        links["prev"] = max(0, offset - limit)
    if count:
        links["last"] = (count - 1) // limit * limit
    return _answer(asked, found[offset : offset + limit], count, links, whole=False)


def _answer(
    asked: _Asked, page: Sequence[Conversation], count: int, links: Mapping[str, int], *, whole: bool
) -> Answer:
    """Put a page together.

    :param asked: the request.
    :param page: the page's conversations.
    :param count: how many the answer says there are in all.
    :param links: names of links to the offsets they lead to.
    :param whole: whether every record holds all its messages.
    """
    wanted = asked.sections()
    shards: dict[str, Any] = {"partialResult": False}
    fault = asked.call.fault
    if fault is not None and fault.kind == "partial_result":
        shards = {"partialResult": True, "failureShards": 1, "totalShards": 5}
        missing = page[len(page) // 2 :][: fault.rows]
        page = [conversation for conversation in page if conversation not in missing]
        count -= len(missing) if fault.lowers_count else 0
    if not count and asked.switches.messaging_empty == "204":
        return Answer(status=204)
    metadata: dict[str, Any] = {"count": count}
    metadata |= {rel: {"rel": rel, "href": asked.link(offset)} for rel, offset in links.items()}
    metadata["shardsStatusResult"] = shards
    parts = [b'{"_metadata":', to_json(metadata), b',"conversationHistoryRecords":[']
    conversations, share = asked.api.data, asked.switches.messaging_partial_share
    separator = b"{"
    for conversation in page:
        record = conversations.rendered(conversation, partial=not whole and conversation.long_reading < share)
        for place in wanted:
            if record[place]:
                parts += (separator, record[place])
                separator = b","
        separator = b"},{"
    parts.append(b"}]}" if page else b"]}")
    return Answer(body=b"".join(parts), media_type="application/json")


def _bad(message: str) -> Refusal:
    return Refusal(400, {"message": message})


def _range(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _bad(f"{name} must be an object with from and to")
    return value


def _bound(name: str, given: Mapping[str, Any], side: str) -> int | None:
    value = given.get(side)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, str)) or not _DIGITS.fullmatch(str(value)):
        raise _bad(f"{name}.{side} must be epoch milliseconds, not {value!r}")
    return int(value)


def _decimal(name: str, value: Any) -> float | None:
    if value is None or value == "":
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float, str))
        or not _DECIMAL.fullmatch(str(value))
    ):
        raise _bad(f"{name} must have numbers, not {value!r}")
    return float(value)


def _texts(name: str, value: Any) -> list[str]:
    """Read a list; LivePerson's samples hold ids as numbers and as texts."""
    if not isinstance(value, list) or not all(
        isinstance(item, (str, int)) and not isinstance(item, bool) for item in value
    ):
        raise _bad(f"{name} must be a list of texts or numbers")
    return [str(item) for item in value]


def _statuses(value: Any) -> frozenset[str]:
    statuses = frozenset(_texts("status", value))
    if not statuses or not statuses <= _STATUSES:
        raise _bad("status must be a list of OPEN and CLOSE")
    return statuses


def _months_later(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
