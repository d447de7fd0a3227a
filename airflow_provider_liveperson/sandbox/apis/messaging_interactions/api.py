"""Messaging Interactions API: conversations (LivePerson pages ``messaging-interactions-api-*``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.data import MINUTE_MS, Conversation
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.log import (
    ConversationLog,
    ConversationQuery,
)
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.request import (
    EPOCH,
    MAX_IDS,
    Filters,
    SearchRequest,
    bad_request,
    statuses,
    texts,
)
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.sections import as_in_tables
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.switches import (
    MessagingInteractionsSwitches,
)
from airflow_provider_liveperson.sandbox.apis.shapes import PAGE_FAULTS
from airflow_provider_liveperson.sandbox.apis.shapes.pages import drifted, link
from airflow_provider_liveperson.sandbox.encoding import to_json

# The links in LivePerson's answers point to machines that only LivePerson can reach.
_INTERNAL = "http://localhost:4080"

_FOLDER = "/messaging_history/api/account/{account}/conversations/"


class MessagingInteractionsApi(Api[MessagingInteractionsSwitches]):
    """Messaging conversations, by search, by id and by consumer."""

    name, title, prefix = "messaging_interactions", "Messaging Interactions", "messaging"
    switches_type = MessagingInteractionsSwitches
    services = ("msgHist",)
    datasets = ("messaging_interactions",)
    faults = PAGE_FAULTS
    alias = "conversations"
    data: ConversationLog

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
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
        search = SearchRequest(self, call)
        query = Filters(search).query()
        search.check_page()
        if call.insertion is not None:
            _insert(query, search)
        return _page(search, self.data.search(query))

    def by_id(self, call: Call) -> Answer:
        """``POST …/conversations/conversation/search``: whole conversations, by id.

        :param call: the request.
        """
        search = SearchRequest(self, call)
        single, several = search.body.get("conversationId"), search.body.get("conversationIds")
        if (single is None) == (several is None):
            raise bad_request("Either conversationId or conversationIds is required")
        ids = texts("conversationIds", [single] if several is None else several)
        if not ids or len(ids) > MAX_IDS:
            raise bad_request(f"conversationIds must hold 1 to {MAX_IDS} ids, not {len(ids)}")
        found, switches = self.data.find(ids), self.switches
        if switches.messaging_by_id == "absent":
            found = [one for one in found if one.long_reading >= switches.messaging_partial_share]
        return _answer(search, found, len(found), {"self": 0}, whole=switches.messaging_by_id == "whole")

    def by_consumer(self, call: Call) -> Answer:
        """``POST …/conversations/consumer/search``: a page of one consumer's conversations.

        :param call: the request.
        """
        search = SearchRequest(self, call)
        consumer = search.body.get("consumer")
        if not isinstance(consumer, str) or not consumer:
            raise bad_request("consumer is required")
        if "status" not in search.body:
            raise bad_request("status is required")
        wanted = statuses(search.body["status"])
        search.check_page()
        order, descending = search.order()
        choices = (("consumer", frozenset({consumer})), ("status", wanted))
        query = ConversationQuery(choices=choices, order=order, descending=descending)
        return _page(search, self.data.search(query))

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return the whole conversations that closed in the window."""
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
        """Return how many conversations there were at first; counting them would invent them."""
        return {"conversations": self.switches.conversations}

    def summary(self) -> str:
        """Say how many conversations there are."""
        return f"{self.switches.conversations} conversations"

    def controls(self) -> Mapping[str, Callable[[Mapping[str, Any]], Any]]:
        """Return the control of single conversations."""
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


def _insert(query: ConversationQuery, search: SearchRequest) -> None:
    """Add conversations while they are being read: closed just now, or among what was read."""
    assert search.call.insertion is not None
    rows, when = search.call.insertion
    conversations = search.api.data
    found = conversations.search(query)
    if not found or when == "newest":
        conversations.insert(rows)
        return
    model = found[min(search.bounds.offset // 2, len(found) - 1)]
    moment = model.start + MINUTE_MS if query.order == "start" or model.is_open else model.close
    conversations.insert(rows, EPOCH + timedelta(milliseconds=moment))


def _page(search: SearchRequest, found: Sequence[Conversation]) -> Answer:
    count, bounds = len(found), search.bounds
    page = bounds.cut(found)
    if search.switches.messaging_count == "capped" and search.switches.messaging_deep_limit is not None:
        count = min(count, search.switches.messaging_deep_limit)
    count = drifted(count, search.call.fault)
    if search.switches.messaging_count == "page":
        count = len(page)
    elif search.switches.messaging_count == "half":
        count = (count + 1) // 2
    return _answer(search, page, count, bounds.links(count), whole=False)


def _answer(
    search: SearchRequest, page: Sequence[Conversation], count: int, links: Mapping[str, int], *, whole: bool
) -> Answer:
    """Put a page together.

    :param search: the request.
    :param page: the page's conversations.
    :param count: how many the answer says there are in all.
    :param links: names of links to the offsets they lead to.
    :param whole: whether every record holds all its messages.
    """
    wanted = search.sections()
    shards: dict[str, Any] = {"partialResult": False}
    fault = search.call.fault
    if fault is not None and fault.kind == "partial_result":
        shards = {"partialResult": True, "failureShards": 1, "totalShards": 5}
        missing = page[len(page) // 2 :][: fault.rows]
        page = [conversation for conversation in page if conversation not in missing]
        count -= len(missing) if fault.lowers_count else 0
    if not count and search.switches.messaging_empty == "204":
        return Answer(status=204)
    metadata: dict[str, Any] = {"count": count}
    metadata |= {
        rel: {"rel": rel, "href": link(_INTERNAL, search.call, search.bounds, offset)}
        for rel, offset in links.items()
    }
    metadata["shardsStatusResult"] = shards
    parts = [b'{"_metadata":', to_json(metadata), b',"conversationHistoryRecords":[']
    conversations, share = search.api.data, search.switches.messaging_partial_share
    separator = b"{"
    for conversation in page:
        record = conversations.rendered(conversation, partial=not whole and conversation.long_reading < share)
        if search.switches.messaging_names == "tables":
            record = as_in_tables(record)
        for place in wanted:
            if record[place]:
                parts += (separator, record[place])
                separator = b","
        separator = b"},{"
    parts.append(b"}]}" if page else b"]}")
    return Answer(body=b"".join(parts), media_type="application/json")
