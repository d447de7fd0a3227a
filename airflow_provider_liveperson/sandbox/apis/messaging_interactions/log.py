"""The account's conversations, and the ways they are found."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from airflow_provider_liveperson.sandbox.apis.messaging_interactions.content import render
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.data import (
    NEVER,
    Conversation,
    Staff,
    conversation_closed_at,
    conversations_of_day,
    staff_of,
)
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.sections import (
    SDE_KEYS,
    Rendered,
    content_of,
    record_of,
    shortened,
)
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.switches import (
    MessagingInteractionsSwitches,
)
from airflow_provider_liveperson.sandbox.encoding import to_json
from airflow_provider_liveperson.sandbox.world import World

Cursor = Literal["end", "full_dialog_end", "start", "updated"]

_RESULTS_KEPT = 128

_by_start = attrgetter("start", "conversation_id")


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversationQuery:
    """What is searched for. Everything has to fit.

    :param ranges: attribute of :class:`Conversation`, smallest and largest value, both inclusive, None for no
        bound. A conversation without the value is not valid.
    :param choices: attribute of :class:`Conversation`, and the values of which it has to have one.
    :param roles: parts that one of ``agents`` has to have: ``ASSIGNED_AGENT`` or ``READER``.
    :param agents: ids of agents; empty for all.
    :param keyword: words, or a phrase in quotation marks, in the messages.
    :param summary: the same in the summary.
    :param message_types: types of which one message has to be.
    :param attributes: name of an engagement attribute and what it has to hold; one of them has to fit.
    :param answers: texts of which one has to be an answer to a survey.
    :param order: ``start`` or ``end``.
    :param descending: whether the latest come first.
    """

    ranges: tuple[tuple[str, float | None, float | None], ...] = ()
    choices: tuple[tuple[str, frozenset[str]], ...] = ()
    roles: frozenset[str] = frozenset({"ASSIGNED_AGENT"})
    agents: frozenset[str] = frozenset()
    keyword: str = ""
    summary: str = ""
    message_types: frozenset[str] = frozenset()
    attributes: tuple[tuple[str, str], ...] = ()
    answers: frozenset[str] = frozenset()
    order: Literal["start", "end"] = "start"
    descending: bool = False


class ConversationLog:
    """All conversations. They are invented, and their records rendered, when they are first requested.

    :param world: the account, its agents, and the days that hold data.
    :param switches: how many conversations, and how long.
    :param now: the sandbox's clock, epoch seconds.
    """

    def __init__(
        self, world: World, switches: MessagingInteractionsSwitches, now: Callable[[], float]
    ) -> None:
        self._world = world
        self._count, self._messages = switches.conversations, switches.messages_per_conversation
        self._now = now
        self._lock = threading.RLock()
        self._invented: tuple[Conversation, ...] | None = None
        self._by_id: dict[str, Conversation] | None = None
        self._sorted: list[Conversation] = []
        self._rendered: tuple[dict[str, _Kept], dict[str, _Kept]] = ({}, {})
        self._results: OrderedDict[ConversationQuery, Sequence[Conversation]] = OrderedDict()
        self._inserted = 0
        self._has_changed = False

    def __len__(self) -> int:
        return len(self._known())

    @property
    def ids(self) -> list[str]:
        """The id of every conversation, in the order of their start."""
        self._known()
        return [conversation.conversation_id for conversation in self._sorted]

    def restore(self) -> None:
        """Undo every change."""
        with self._lock:
            if self._has_changed:
                self._by_id, self._has_changed, self._inserted = None, False, 0

    def find(self, conversation_ids: Iterable[str]) -> list[Conversation]:
        """Return conversations by id, each once, in the order of the ids; unknown ones are left out.

        :param conversation_ids: the ids.
        """
        known = self._known()
        return [known[name] for name in dict.fromkeys(conversation_ids) if name in known]

    def search(self, query: ConversationQuery) -> Sequence[Conversation]:
        """Find conversations.

        :param query: what they have to be, and their order.
        """
        with self._lock:
            self._known()
            found = self._results.pop(query, None)
            if found is None:
                found = self._found(query)
            self._results[query] = found
            if len(self._results) > _RESULTS_KEPT:
                self._results.popitem(last=False)
            return found

    def rendered(self, conversation: Conversation, *, partial: bool = False) -> Rendered:
        """Return a record's sections as bytes.

        :param conversation: the conversation.
        :param partial: whether only a part of its messages is wanted.
        """
        kept = self._rendered[partial].get(conversation.conversation_id)
        if kept is not None and kept.conversation is conversation:
            return kept.record
        if partial:
            record = shortened(self.rendered(conversation))
        else:
            record = render(conversation, self._world.account_id, self._staff)
        self._rendered[partial][conversation.conversation_id] = _Kept(conversation, record)
        return record

    def render_all(self) -> int:
        """Render every record now, so that no request waits for it later.

        :return: bytes of all records.
        """
        return sum(sum(map(len, self.rendered(conversation))) for conversation in self._known().values())

    def truth(self, start: datetime, end: datetime, cursor: Cursor = "end") -> list[dict[str, Any]]:
        """Return the whole records, with every section, that belong to a half-open window.

        :param start: first moment of the window, aware.
        :param end: first moment after the window, aware.
        :param cursor: what has to lie in the window: ``end``, when the conversation closed
            (``conversationEndTimeL``); ``full_dialog_end``, when it ended with its survey
            (``fullDialogEndTimeL``); ``start``. A search for updates has no end, so ``updated`` gives all that
            changed at or after the window's start and itself started before its end.
        :return: the records in the order of the cursor.
        """
        if start.tzinfo is None or end.tzinfo is None:
            raise ValueError("A window's start and end must be aware datetimes")
        if cursor not in _CURSORS:
            raise ValueError(f"cursor must be one of {', '.join(_CURSORS)}, not {cursor!r}")
        moment_of = _CURSORS[cursor]
        first, after = _milliseconds(start), _milliseconds(end)
        matching = [
            conversation
            for conversation in list(self._known().values())
            if first <= moment_of(conversation) != NEVER
            and (conversation.start if cursor == "updated" else moment_of(conversation)) < after
        ]
        matching.sort(key=lambda conversation: (moment_of(conversation), conversation.conversation_id))
        return [record_of(self.rendered(conversation)) for conversation in matching]

    def update_time(self, conversation_id: str) -> datetime:
        """Return when a conversation last changed, which no record says.

        :param conversation_id: its id.
        :raises KeyError: if there is no such conversation.
        """
        moment = self._known()[conversation_id].updated
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=moment)

    def insert(self, count: int, when: datetime | None = None) -> list[str]:
        """Add conversations that closed at the same moment.

        :param count: how many.
        :param when: the moment, aware; default the sandbox's present.
        :return: their ids.
        """
        with self._lock:
            made = []
            for _ in range(count):
                self._inserted += 1
                made.append(
                    conversation_closed_at(
                        self._world.seed, self._inserted, self._moment(when), self._messages, self._staff
                    )
                )
            self._put(*made)
        return [conversation.conversation_id for conversation in made]

    def touch(self, conversation_id: str, when: datetime | None = None) -> None:
        """Edit a conversation's summary.

        :param conversation_id: its id.
        :param when: the moment, aware; default the sandbox's present.
        :raises KeyError: if there is no such conversation.
        """
        with self._lock:
            self._put(self._known()[conversation_id]._replace(touched=self._moment(when)))

    def submit_survey(self, conversation_id: str, when: datetime | None = None, *, csat: int = 5) -> None:
        """Answer a closed conversation's survey, which moves its end but not its close.

        :param conversation_id: its id.
        :param when: the moment, aware; default the sandbox's present.
        :param csat: the answer, 1 to 5.
        :raises KeyError: if there is no such conversation.
        :raises ValueError: if it is open, or would end before it was closed.
        """
        moment = self._moment(when)
        with self._lock:
            before = self._known()[conversation_id]
            if before.is_open:
                raise ValueError(f"The conversation {conversation_id} is open")
            if moment < before.close:
                raise ValueError(f"The conversation {conversation_id} was closed later than {when}")
            self._put(before._replace(survey=moment, survey_answered=True, csat=csat))

    def _moment(self, when: datetime | None) -> int:
        if when is None:
            return int(self._now() * 1000)
        if when.tzinfo is None:
            raise ValueError("when must be an aware datetime")
        return _milliseconds(when)

    def _put(self, *changed: Conversation) -> None:
        known = {**self._known(), **{conversation.conversation_id: conversation for conversation in changed}}
        self._take(known)
        self._has_changed = True

    def _take(self, known: dict[str, Conversation]) -> None:
        self._results.clear()
        self._sorted = sorted(known.values(), key=_by_start)
        self._by_id = known

    @cached_property
    def _staff(self) -> Staff:
        return staff_of(self._world)

    def _known(self) -> dict[str, Conversation]:
        known = self._by_id
        if known is None:
            with self._lock:
                if self._invented is None:
                    self._invented = tuple(self._invent())
                if self._by_id is None:
                    self._take(
                        {conversation.conversation_id: conversation for conversation in self._invented}
                    )
                known = self._by_id
        assert known is not None
        return known

    def _invent(self) -> list[Conversation]:
        made: list[Conversation] = []
        for day, count in self._world.spread(self._count):
            made += conversations_of_day(self._world.seed, day, count, self._messages, self._staff)
        return made

    def _found(self, query: ConversationQuery) -> list[Conversation]:
        candidates = self._sorted
        low, high = 0, len(candidates)
        ranges = []
        for name, minimum, maximum in query.ranges:
            if name == "start":
                if minimum is not None:
                    low = max(low, bisect_left(candidates, minimum, key=attrgetter("start")))
                if maximum is not None:
                    high = min(high, bisect_right(candidates, maximum, key=attrgetter("start")))
            else:
                ranges.append((attrgetter(name), minimum, maximum))
        found = candidates[low:high]
        for value_of, minimum, maximum in ranges:
            found = [item for item in found if _lies_in(value_of(item), minimum, maximum)]
        for name, wanted in query.choices:
            value_of = attrgetter(name)
            found = [item for item in found if _is_one_of(value_of(item), wanted)]
        if query.agents:
            found = [item for item in found if not query.agents.isdisjoint(_with_roles(item, query.roles))]
        if query.keyword or query.summary or query.message_types or query.attributes or query.answers:
            found = [item for item in found if _says(self.rendered(item), query)]
        if query.order == "end":
            # What has no end yet comes after everything that has.
            found.sort(key=lambda item: (item.is_open, item.end, item.conversation_id))
        if query.descending:
            found.reverse()
        return found


class _Kept(NamedTuple):
    conversation: Conversation
    """As it was when it was rendered."""
    record: Rendered


_CURSORS: dict[Cursor, Callable[[Conversation], int]] = {
    "end": attrgetter("close"),
    "full_dialog_end": attrgetter("end"),
    "start": attrgetter("start"),
    "updated": attrgetter("updated"),
}


def _milliseconds(moment: datetime) -> int:
    return (moment - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)


def _lies_in(value: float | None, minimum: float | None, maximum: float | None) -> bool:
    return (
        value is not None and (minimum is None or minimum <= value) and (maximum is None or value <= maximum)
    )


def _is_one_of(value: Any, wanted: frozenset[str]) -> bool:
    if isinstance(value, tuple):
        return any(str(item) in wanted for item in value)
    return str(value) in wanted


def _with_roles(conversation: Conversation, roles: frozenset[str]) -> tuple[str, ...]:
    assigned = conversation.agents if "ASSIGNED_AGENT" in roles else ()
    return (*assigned, *conversation.readers) if "READER" in roles else assigned


def _says(record: Rendered, query: ConversationQuery) -> bool:
    """Return whether a record's content fits."""
    if query.keyword or query.message_types:
        messages = content_of(record, "messageRecords")
        if query.message_types and query.message_types.isdisjoint(item["type"] for item in messages):
            return False
        texts = " \n ".join(
            item["messageData"]["msg"]["text"] for item in messages if "msg" in item["messageData"]
        )
        if not _holds(texts, query.keyword):
            return False
    if query.summary and not _holds((content_of(record, "summary") or {}).get("text", ""), query.summary):
        return False
    if query.answers:
        surveys = content_of(record, "conversationSurveys")
        given = {answer["answer"] for survey in surveys for answer in survey["surveyData"]}
        if query.answers.isdisjoint(given):
            return False
    return not query.attributes or any(_has_attribute(record, *wanted) for wanted in query.attributes)


def _holds(text: str, wanted: str) -> bool:
    """Return whether a text has a quoted phrase, or every word of what is not quoted, in any case."""
    text, wanted = text.casefold(), wanted.strip().casefold()
    if len(wanted) > 1 and wanted[0] == wanted[-1] == '"':
        return wanted[1:-1] in text
    words = set(_words(text))
    return all(word in words for word in _words(wanted))


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in text).split()


def _has_attribute(record: Rendered, name: str, wanted: str) -> bool:
    events = (content_of(record, "sdes") or {}).get("events", [])
    kind = SDE_KEYS.get(name)
    return any(
        event["sdeType"] == kind and wanted.casefold() in to_json(event).decode().casefold()
        for event in events
    )
