"""Engagement History API: chats that have ended (LivePerson pages ``engagement-history-api-*``)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.engagement_history.content import Record, Writer, shortened
from airflow_provider_liveperson.sandbox.apis.engagement_history.data import MINUTE_MS, Chat, chats_of, invent
from airflow_provider_liveperson.sandbox.apis.engagement_history.request import (
    GRID_MS,
    Search,
    read_search,
    read_sort,
)
from airflow_provider_liveperson.sandbox.apis.engagement_history.switches import EngagementHistorySwitches
from airflow_provider_liveperson.sandbox.apis.shapes import PAGE_FAULTS, Bounds, PagedSearch, Parameters
from airflow_provider_liveperson.sandbox.apis.shapes.pages import drifted, link
from airflow_provider_liveperson.sandbox.apis.shapes.parameters import message_only
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.world import milliseconds

# The links in LivePerson's answers point to machines that only LivePerson can reach.
_INTERNAL = "http://localhost:4080"
_DEEPEST = 10_000
_FOLDER = "/interaction_history/api/account/{account}/"


class EngagementHistoryApi(Api[EngagementHistorySwitches]):
    """Chats that have ended, by search."""

    name, title, prefix = "engagement_history", "Engagement History", "engagement"
    switches_type = EngagementHistorySwitches
    services = ("engHistDomain",)
    datasets = ("engagement_history",)
    faults = PAGE_FAULTS
    _chats: list[Chat] | None

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
        made = {"interactions/search": self.search, "interaction/search": self.by_id}
        return [
            Endpoint(_FOLDER + path, answer, method="POST", reads="engagement history")
            for path, answer in made.items()
        ]

    def search(self, call: Call) -> Answer:
        """``POST /interaction_history/api/account/{account}/interactions/search``: a page of chats.

        :param call: the request.
        """
        switches = self.switches
        parameters = Parameters(call.parameters, message_only)
        source = call.source_error(switches.engagement_source)
        if source is not None:
            parameters.causes.append(source)
        order = read_sort(parameters, call.parameters.get("sort", "start:asc"))
        bounds = PagedSearch(
            max_limit=switches.engagement_limit_max,
            over_limit=switches.engagement_limit_over,
            deep_limit=_DEEPEST,
            deep_error="500",
            offset_ignored=self.sandbox.settings.offset_ignored,
        ).bounds(parameters)
        parameters.check()
        body = call.document()
        search = read_search(body, switches, int(self.present * 1000))
        if call.insertion is not None:
            self._insert_while_read(call, search, bounds)
        found = self._found(search)
        for value, is_descending in reversed(order):
            found.sort(key=value, reverse=is_descending)
        return self._page(call, bounds, found, by_id="engagementId" in body)

    def by_id(self, call: Call) -> Answer:
        """``POST /interaction_history/api/account/{account}/interaction/search``: one chat, as clients ask for it.

        :param call: the request.
        """
        wanted = call.document().get("engagementId")
        if not isinstance(wanted, str | int) or isinstance(wanted, bool):
            raise Refusal(400, {"message": "engagementId: the field is required"})
        found = [chat for chat in self._ended() if self._id(chat) == str(wanted)]
        return self._page(call, Bounds(0, 1), found, by_id=True)

    # -- for tests -------------------------------------------------------------------------------------

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return the whole chats that started in the window, as far as they have ended."""
        first, last = milliseconds(start), milliseconds(end)
        return [self._record(chat) for chat in self._ended() if first <= chat.start < last]

    def insert(self, dataset: str, count: int, when: datetime | None = None) -> list[Any]:
        """Add chats that started at the same moment."""
        moment = milliseconds(when) if when is not None else int(self.present * 1000) - 30 * MINUTE_MS
        return self._insert(count, moment)

    def reset(self) -> None:
        """Forget what was added. Chats are invented when they are first asked for."""
        self._lock = threading.RLock()
        self._inserted = 0
        self._chats = None

    def sizes(self) -> dict[str, int]:
        """Return how many chats there were at first; counting them would invent them."""
        return {"engagement_chats": self.switches.engagement_chats}

    def summary(self) -> str:
        """Say how many chats there are."""
        return f"{self.switches.engagement_chats} chats"

    # -- chats -----------------------------------------------------------------------------------------

    @property
    def chats(self) -> list[Chat]:
        """All chats, in the order in which they started."""
        with self._lock:
            if self._chats is None:
                self._chats = chats_of(self.world, self.switches.engagement_chats)
            return self._chats

    def _ended(self) -> list[Chat]:
        present = self.present * 1000
        return [chat for chat in self.chats if chat.end <= present]

    def _found(self, search: Search) -> list[Chat]:
        found = [
            chat
            for chat in self._ended()
            if search.start <= chat.start < search.end and all(holds(chat) for holds in search.of_chat)
        ]
        if search.of_record:
            found = [
                chat
                for chat in found
                if (record := self._record(chat)) and all(holds(record) for holds in search.of_record)
            ]
        return found

    def _insert(self, count: int, moment: int) -> list[str]:
        with self._lock:
            made = []
            for _ in range(count):
                self._inserted += 1
                number = f"9{self._inserted:06d}"
                made.append(invent(self.world.source(f"engagement/late/{number}"), number, moment))
            self._chats = sorted([*self.chats, *made], key=lambda chat: (chat.start, chat.number))
        return [self._id(chat) for chat in made]

    def _insert_while_read(self, call: Call, search: Search, bounds: Bounds) -> None:
        assert call.insertion is not None
        found = self._found(search)
        if not found:
            return
        late = found[min(bounds.offset // 2, len(found) - 1)].start
        newest = max(search.start, min(search.end - GRID_MS, int(self.present * 1000) - 30 * MINUTE_MS))
        self._insert(call.insertion.rows, late if call.insertion.when == "late" else newest)

    # -- answers ---------------------------------------------------------------------------------------

    def _id(self, chat: Chat) -> str:
        return f"{self.world.account_id}{chat.number}"

    def _record(self, chat: Chat) -> Record:
        switches = self.switches
        writer = Writer(
            self.world,
            lob=switches.engagement_lob,
            nested=switches.engagement_attributes,
            between=" " if switches.engagement_times == "blank" else "T",
        )
        ready = chat.end + switches.engagement_enriched_minutes * MINUTE_MS
        return writer.record(chat, is_enriched=ready <= self.present * 1000)

    def _page(self, call: Call, bounds: Bounds, found: Sequence[Chat], *, by_id: bool) -> Answer:
        switches, share = self.switches, self.switches.engagement_partial_share
        if by_id and switches.engagement_by_id == "absent":
            found = [chat for chat in found if chat.long_reading >= share]
        page, count = list(bounds.cut(found)), len(found)
        shards: dict[str, Any] = {"failureShards": 0, "totalShards": 5, "partialResult": False}
        fault = call.fault
        if fault is not None and fault.kind == "partial_result":
            shards = {"failureShards": 1, "totalShards": 5, "partialResult": True}
            page = page[: max(0, len(page) - fault.rows)]
        count = drifted(count, fault)
        if not count and switches.engagement_empty == "204":
            return Answer(status=204)
        is_whole = by_id and switches.engagement_by_id == "whole"
        records = [
            shortened(record) if not is_whole and chat.long_reading < share else record
            for chat in page
            if (record := self._record(chat))
        ]
        links = {
            rel: {"rel": rel, "href": link(_INTERNAL, call, bounds, offset)}
            for rel, offset in bounds.links(count).items()
        }
        return json_answer(
            {
                "_metadata": {
                    "count": count,
                    **links,
                    "shardsStatusResult": shards,
                },
                "interactionHistoryRecords": records,
            }
        )
