"""How conversations are read: searches in ranges of start times, and by id what came only in part or as a head."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any, ClassVar

from airflow_provider_liveperson.client.messages import SOURCE, Answer, ApiRequest
from airflow_provider_liveperson.datasets.messaging_interactions.ends import EndSearch
from airflow_provider_liveperson.datasets.messaging_interactions.info import (
    PLACES,
    instants,
    read_info,
    read_loose_info,
    read_search,
)
from airflow_provider_liveperson.datasets.messaging_interactions.requests import (
    HEAD_FULLNESS,
    HEADS,
    MAX_LIFE,
    MAX_PAGE_SIZE,
    MAX_RANGE,
    SEARCHED,
    SURVEY_TIME,
    by_ids,
    end_body,
    ends_to_search,
    search_body,
)
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import from_milliseconds
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.counted import CountedPages
from airflow_provider_liveperson.datasets.readers.offset_pages import OffsetPager
from airflow_provider_liveperson.datasets.readers.pages import Page, Record, hand_on
from airflow_provider_liveperson.datasets.readers.reader import ContradictionError, PagesMovedError
from airflow_provider_liveperson.exceptions import ConfigurationError, RequestRejectedError
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.records.values import LATEST_MS
from airflow_provider_liveperson.window import Window

MAX_MISSED = 2
MILLISECOND = timedelta(milliseconds=1)


class ConversationPager(OffsetPager):
    """Reads one slice of conversations; those that come in part are asked for again by their ids, at its end.

    By the cursor ``end``, what closed in the slice may be found under a later end. So a search by ends comes second,
    because ends move to later, or it is the only one, see :func:`.ends_to_search`. It asks for heads only, and for
    those that belong by their ids. Where ids are of no use, the next reading asks it for whole conversations.

    :param dataset: the declaration.
    :param query: the window, the filters and the cursor.
    :param slice_: the slice.
    """

    accepts_early = True

    def __init__(self, dataset: Dataset, query: Query, slice_: Slice) -> None:
        self._dataset = dataset
        self._body = search_body(query, slice_)
        self._bounds = [
            (PLACES.index(name), bound.start_ms, bound.end_ms) for name, bound in slice_.bounds.items()
        ]
        self._later: deque[bytes] = deque()  # the keys of those to ask for by their ids
        self._asked_later: deque[list[bytes] | None] = (
            deque()
        )  # after the first search: ids, or None for an end
        self._not_found: list[bytes] = []  # of those, the ones that LivePerson does not know by their ids
        self._missed: Counter[bytes] = Counter()  # in how many readings before
        self._ids_work = False
        self._is_searched_whole = True  # and not by ends only
        self._ends: EndSearch | None = None
        self._heads: list[bytes] = []  # the keys of those that came as heads
        self._takes_heads = True
        self._found_by_end = 0
        if query.cursor == "end":
            whole, heads = ends_to_search(slice_)
            self._is_searched_whole = whole is not None
            self._ends = EndSearch(heads, self._end_request, self._parse_conversations)
        super().__init__(
            page_request=self._search_request,
            parse_page=self._parse_conversations,
            page_size=MAX_PAGE_SIZE,
            may_grow=query.cursor == "updated",
        )

    def learn(self, before: ConversationPager) -> None:
        not_found = set(before._not_found)
        # Where none of several is ever found, it is the search by ids that fails, and not theirs.
        asked = len(before._partial) + len(before._heads)
        self._ids_work = before._ids_work or len(not_found) < max(2, asked)
        self._missed = before._missed + Counter(not_found if self._ids_work else ())
        self._takes_heads = before._takes_heads and not not_found.intersection(before._heads)

    def refused(self, error: RequestRejectedError) -> None:
        if self._asked or self._asked_later[0] is None or not self._heads:
            raise error
        self._takes_heads = False
        raise PagesMovedError(f"conversations cannot be had by their ids ({error})") from error

    def next_request(self) -> ApiRequest | None:
        if self._is_searched_whole and not self.pages_are_in:
            return super().next_request()
        if self._ends is not None and (request := self._ends.next_request()) is not None:
            self._asked_later.append(None)
            return request
        if not self._later or (self._are_ends_open and not self._may_ask_early):
            return None
        ids = [self._later.popleft() for _ in range(min(MAX_PAGE_SIZE, len(self._later)))]
        self._asked_later.append(ids)
        return by_ids([raw.text_of(key) for key in ids], self._body["contentToRetrieve"])

    @property
    def requests_follow(self) -> bool:
        return self._are_ends_open

    def accept(self, parsed: Page) -> Sequence[Line]:
        if self._asked:
            return super().accept(parsed)
        wanted = self._asked_later.popleft()
        return self._accept_by_end(parsed) if wanted is None else self._accept_by_ids(parsed, wanted)

    def finish(self) -> None:
        if self._is_searched_whole:
            super().finish()
        if self._asked_later or self._later or self._are_ends_open:
            raise PagesMovedError("the reading ended before all conversations were whole")
        if self._not_found:
            raise ContradictionError(
                f"{len(self._not_found)} of {len(self._partial) + len(self._heads)} conversations that came in part"
                " were not found by their ids"
            )
        if self._ends is not None:
            self.received += self._found_by_end
            # Each once, though both searches may count it.
            self.reported = (self.reported or 0) + self._found_by_end
            self.repeated += self._ends.repeated

    @property
    def _are_ends_open(self) -> bool:
        """Whether something is still to be found, or accepted, by its end."""
        return self._ends is not None and not self._ends.is_done

    @property
    def _may_ask_early(self) -> bool:
        """Whether conversations are asked for by their ids while others are still to be found by their ends.

        Not where those come whole: in what order they land would depend on which answers were first.
        """
        return self._takes_heads and len(self._later) >= MAX_PAGE_SIZE

    def _is_given_up(self, key: bytes) -> bool:
        """Whether a conversation that comes in part has to be taken so: nobody knows it by its id."""
        return self._missed[key] >= MAX_MISSED

    def _take_partial(self, line: Line, key: bytes, taken: list[Line]) -> None:
        if self._is_given_up(key):
            taken.append(line)
            self.still_partial = [*self.still_partial, key]
        else:
            super()._take_partial(line, key, taken)
            self._later.append(key)

    def _count_undated(self, parsed: Page) -> None:
        if parsed.undated:  # what came in part may come with its times when it is asked for
            later = {record.key for record in parsed.records if record.in_slice and not record.is_complete}
            super()._count_undated(parsed._replace(undated=parsed.undated - later))

    def _accept_by_end(self, parsed: Page) -> Sequence[Line]:
        assert self._ends is not None
        taken: list[Line] = []
        for line, key, in_slice, is_complete in self._ends.accept(parsed, self.paging_limit):
            if key in self._keys:
                self.repeated += 1
                continue
            self._keys.add(key)
            self._found_by_end += 1
            if in_slice and self._takes_heads:
                self._heads.append(key)
                self._later.append(key)
            elif in_slice and is_complete:
                taken.append(line)
            elif in_slice:
                self._take_partial(line, key, taken)
        self._count_undated(parsed)
        return hand_on(taken, len(parsed.records))

    def _accept_by_ids(self, parsed: Page, wanted: list[bytes]) -> Sequence[Line]:
        found = {record.key: record for record in parsed.records}
        self._not_found += [key for key in wanted if key not in found]
        super()._count_undated(parsed._replace(undated=parsed.undated.intersection(wanted)))
        taken = [
            found[key] for key in wanted if key in found and found[key].in_slice and key not in parsed.undated
        ]
        in_part = [record.key for record in taken if not record.is_complete]
        self.still_partial = [*self.still_partial, *in_part]
        return [record.line for record in taken]

    def _search_request(self, offset: int, limit: int) -> ApiRequest:
        return search_request(self._dataset, self._body, offset, limit)

    def _end_request(self, ended: Window, offset: int, limit: int) -> ApiRequest:
        if not self._takes_heads:
            body = end_body(self._body, ended, self._body["contentToRetrieve"])
            return search_request(self._dataset, body, offset, limit)
        heads = search_request(self._dataset, end_body(self._body, ended, HEADS), offset, limit)
        return replace(heads, fullness=HEAD_FULLNESS)

    def _parse_conversations(self, answer: Answer) -> Page:
        found = read_search(answer)
        line, key_of = found.page.line, found.page.key
        records, undated = [], set()
        for value in found.records:
            info = read_info(value)
            in_slice = self._is_inside(instants(info))
            if in_slice is None:  # the numbers do not tell; the texts may
                in_slice = self._is_inside(instants(read_loose_info(value)))
            key = key_of(info.conversationId)
            if in_slice is None:
                undated.add(key)
                in_slice = bool(info.isPartial) and not self._is_given_up(key)
            records.append(Record(line(value), key, in_slice, not info.isPartial))
        return Page(records, total=found.total, has_next=found.has_next, undated=frozenset(undated))

    def _is_inside(self, instants: tuple[int | None, int | None, int | None]) -> bool | None:
        """Whether a conversation lies within every bound of the slice; None where what is known does not tell."""
        inside: bool | None = True
        for place, start, end in self._bounds:
            at = instants[place]
            if at is not None and start <= at < end:
                continue
            if at is not None and at < LATEST_MS:
                return False
            inside = None
        return inside


def search_request(dataset: Dataset, body: Mapping[str, Any], offset: int, limit: int) -> ApiRequest:
    """The request for a page of a search.

    :param dataset: the declaration.
    :param body: the search.
    :param offset: how many conversations come before the page.
    :param limit: how many it holds at most.
    """
    return dataset.make_request(
        params={
            "offset": str(offset),
            "limit": str(limit),
            "sort": "start:asc",
            "v": "2",
            "source": SOURCE,
        },
        json=body,
    )


class Conversations(CountedPages):
    """Searches for conversations in ranges of start times."""

    shape: ClassVar[str] = "pages with a count"

    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> ConversationPager:
        return ConversationPager(dataset, query, slice_)

    def plan(self, dataset: Dataset, query: Query) -> list[Slice]:
        """Cut a query into ranges of start times, each with the range of its cursor, in the order of start times.

        For a cursor other than ``start``, the ranges reach back as far as a conversation may have started.
        """
        window = query.window
        if query.cursor == "start":
            return [Slice(bounds={"start": part}) for part in window.cut(MAX_RANGE)]
        given = query.filters.get("start")
        first, last = window.start - MAX_LIFE, window.end
        if given is not None:
            first = max(first, from_milliseconds(given["from"]))
            last = min(last, from_milliseconds(given["to"]) + MILLISECOND)
            if first >= last:
                return []
        # Most of what ended in the window also started in it: a cut there saves splitting the range before.
        cuts = [first, *([window.start] if first < window.start < last else []), last]
        starts = [part for a, b in pairwise(cuts) for part in Window(a, b).cut(MAX_RANGE)]
        if query.cursor == "updated":
            return [Slice(bounds={"start": start}) for start in starts]
        return [
            Slice(bounds={"start": start, query.cursor: end})
            for end in window.cut(MAX_RANGE)
            for start in starts
            if start.start < end.end and end.start - MAX_LIFE < start.end
        ]

    def probe(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        body = {**search_body(query, slice_), "contentToRetrieve": ["campaign"]}
        return search_request(dataset, body, 0, 1)

    def heads(self, query: Query) -> Query | None:
        if query.cursor != "end":
            return None
        # LivePerson counts by an end that surveys move, also long after a window has landed.
        return replace(query, filters={**query.filters, "contentToRetrieve": list(HEADS)})

    def describe(self, dataset: Dataset, query: Query) -> dict[str, Any]:
        asked: dict[str, Any] = {"v": "2", "sort": "start:asc", **query.filters}
        bodies = [search_body(query, slice_) for slice_ in self.plan(dataset, query)]
        if not bodies:
            return asked
        whole = {
            name: {
                "from": min(body[name]["from"] for body in bodies),
                "to": max(body[name]["to"] for body in bodies),
            }
            for name in ("start", SEARCHED.get(query.cursor, "start"))
        }
        if query.cursor == "end":
            whole["end"]["to"] += SURVEY_TIME // MILLISECOND
        return {**asked, **bodies[-1], **whole}

    def check(self, query: Query) -> None:
        """Refuse a filter that is the cursor's own business.

        :raises ConfigurationError: naming it.
        """
        own = {**SEARCHED, "updated": "latestUpdateTime"}[query.cursor]
        if own in query.filters:
            raise ConfigurationError(
                f"filters: {own} is what the cursor {query.cursor!r} searches by; give the window as start and end of"
                " the operator instead",
                field="filters",
            )
