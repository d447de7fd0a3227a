"""The agents of a window: pages as far as LivePerson pages, and parts of the agents where there are more."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import msgspec

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.key_messaging_metrics.metrics import (
    LEVEL,
    MAX_REACH,
    PAGE_SIZE,
    Metrics,
    daily,
    place,
    window_of,
)
from airflow_provider_liveperson.datasets.key_messaging_metrics.question import Question, interval
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.counted import CountedPages
from airflow_provider_liveperson.datasets.readers.fallback import FallbackPager
from airflow_provider_liveperson.datasets.readers.offset_pages import OffsetPager
from airflow_provider_liveperson.datasets.readers.paged import read_count
from airflow_provider_liveperson.datasets.readers.pages import Page, Record, Unkeyed
from airflow_provider_liveperson.datasets.readers.paths import PageDecoder, PathDecoder
from airflow_provider_liveperson.datasets.readers.reader import (
    ContradictionError,
    Pager,
    PagesMovedError,
)
from airflow_provider_liveperson.exceptions import IncompletePullError
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.line import Line, with_members
from airflow_provider_liveperson.records.values import identifier

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset

STATUSES = ("ONLINE", "BACK_SOON", "AWAY", "OFFLINE")
USER_TYPES = ("HUMAN", "BOT", "SYSTEM")
GROUPS, STATUS, USER_TYPE = "agentGroupIds", "effectiveAgentStatus", "userTypes"

_AGENTS = PageDecoder("agentViewRecords", ("metadata.count",))
_AGENT = PathDecoder(("agentId",))
_GROUP = PathDecoder(("agentGroupId",))


class Part(NamedTuple):
    """Some of the agents: those of a group, with a status, of a type; each may be open."""

    group: str | None = None
    status: str | None = None
    user_type: str | None = None

    @property
    def filters(self) -> dict[str, list[str]]:
        """The filters that choose them."""
        named = {GROUPS: self.group, STATUS: self.status, USER_TYPE: self.user_type}
        return {name: [value] for name, value in named.items() if value is not None}

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, (value,) in self.filters.items()) or "all agents"


@dataclass(frozen=True, kw_only=True)
class AgentView(CountedPages):
    """Reads pages of agents with a count; see :class:`AgentPager`.

    :param question: what is asked.
    :param groups: reads which groups there are.
    :param groups_at: where they are asked for.
    :param max_agents: from how many agents on they are read in parts.
    :param page_size: the largest page.
    """

    shape: ClassVar[str] = "pages with a count, by groups where there are too many"

    question: Question
    groups: Metrics
    groups_at: RequestTemplate
    max_agents: int = MAX_REACH
    page_size: int = PAGE_SIZE

    def plan(self, dataset: Dataset, query: Query) -> list[Slice]:
        return daily(dataset, query)

    def describe(self, dataset: Dataset, query: Query) -> dict[str, Any]:
        return self.question.describe(query)

    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> FallbackPager:
        return FallbackPager(
            lambda narrowed: AgentPager(self, dataset, query, slice_, narrowed=narrowed),
            query,
            self.question.narrowed_how(query),
        )

    def probe(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        return self.request(dataset, query, slice_, Part(), 0, 1, narrowed=True)

    def count_requests(self, dataset: Dataset, query: Query, slice_: Slice) -> Sequence[ApiRequest]:
        # With fewer metrics, there may be fewer agents who have any.
        return [
            self.request(dataset, query, slice_, Part(), 0, 1, narrowed=narrowed)
            for narrowed in (False, True)
        ]

    def count_of(self, parsed: Page) -> int | None:
        count = super().count_of(parsed)
        # One of just as many as can be paged may be one that stops there.
        return None if count is not None and count >= self.max_agents else count

    def request(
        self,
        dataset: Dataset,
        query: Query,
        slice_: Slice,
        part: Part,
        offset: int,
        limit: int,
        *,
        narrowed: bool,
    ) -> ApiRequest:
        """The request for a page of a part of the agents."""
        body = self.question.body(query, window_of(query, slice_), narrowed=narrowed, filters=part.filters)
        return dataset.make_request(params=place(offset, limit, self.max_agents), json=body)

    def choices(self, query: Query, name: str) -> list[str]:
        """The values of a filter that a query asks for.

        :param query: the window, the filters and the cursor.
        :param name: the filter.
        """
        every = {STATUS: STATUSES, USER_TYPE: USER_TYPES}[name]
        return list(query.filters.get(name, every))

    def group_pager(self, dataset: Dataset, query: Query, slice_: Slice) -> OffsetPager:
        """What reads the groups that have metrics in the slice's window."""
        only = replace(query, filters={})
        level = Slice(bounds=slice_.bounds, partition={LEVEL.name: "group"})
        return self.groups.groups(replace(dataset, request=self.groups_at), only, level, narrowed=True)


class AgentPager(Pager):
    """Reads all agents, page after page. Where there are as many as can be paged, it asks which groups there are, and
    reads the agents of each; in the same way those of a group by their status, and those with a status by their type.

    All parts together have to have as many agents as were reported at first, so that no group was missed.

    :param reader: the declaration of what is asked.
    :param dataset: the dataset.
    :param query: the window, the filters and the cursor.
    :param slice_: the slice.
    :param narrowed: whether metrics that older accounts do not know are left out.
    """

    def __init__(
        self, reader: AgentView, dataset: Dataset, query: Query, slice_: Slice, *, narrowed: bool
    ) -> None:
        self._reader = reader
        self._dataset = dataset
        self._query = query
        self._slice = slice_
        self._narrowed = narrowed
        self._members = msgspec.json.encode(interval(window_of(query, slice_)))[1:-1]
        self._parts: deque[Part] = deque()
        self._part = Part()
        self._pager = self._open(self._part)
        self._is_first_page = True
        self._looks_for_groups = False
        self._groups: set[str] = set()
        self._owners: dict[bytes, Part] = {}  # of each agent, in which part it came

    # -- what is asked ---------------------------------------------------------------------------------

    def next_request(self) -> ApiRequest | None:
        while (request := self._pager.next_request()) is None:
            if not self._pager.pages_are_in:
                return None
            if self._looks_for_groups:
                self._looks_for_groups = False
                self._divide_by_group()
            if not self._parts:
                return None
            self._part = self._parts.popleft()
            self._pager, self._is_first_page = self._open(self._part), True
        return request

    def _open(self, part: Part) -> OffsetPager:
        return OffsetPager(
            page_request=lambda offset, limit: self._reader.request(
                self._dataset, self._query, self._slice, part, offset, limit, narrowed=self._narrowed
            ),
            parse_page=self._parse_page,
            page_size=self._reader.page_size,
        )

    def _divide(self, page: Page) -> None:
        """Read a part that has too many agents in smaller ones."""
        part, reader, query = self._part, self._reader, self._query
        if part.group is None:
            groups = query.filters.get(GROUPS)
            if groups is None:
                found = (identifier(_GROUP.read(record.line)[0]) for record in page.records)
                self._groups = {group for group in found if group is not None}
                self._pager = reader.group_pager(self._dataset, query, self._slice)
                self._looks_for_groups = True
                return
            self._groups = set(groups)
            self._divide_by_group()
        elif part.status is None:
            self._put(part._replace(status=status) for status in reader.choices(query, STATUS))
        elif part.user_type is None:
            self._put(part._replace(user_type=kind) for kind in reader.choices(query, USER_TYPE))
        else:
            raise IncompletePullError(
                f"{self._dataset.name}, {self._slice}, {part}: {page.total} agents, not fewer than the"
                f" {reader.max_agents} that LivePerson pages. Narrow them with the filter agentSkillIds, into"
                " separate prefixes",
                field="filters",
            )
        self._part = self._parts.popleft()
        self._pager, self._is_first_page = self._open(self._part), True

    def _divide_by_group(self) -> None:
        self._put(Part(group=group) for group in sorted(self._groups))

    def _put(self, parts: Iterable[Part]) -> None:
        self._parts.extendleft(reversed(list(parts)))

    # -- what comes ------------------------------------------------------------------------------------

    def parse(self, answer: Answer) -> Any:
        return self._pager.parse(answer)

    def _parse_page(self, answer: Answer) -> Page:
        page, values, (count,) = _AGENTS.read(answer)
        records = []
        for value in values:
            agent = identifier(_AGENT.read(value)[0])
            line = with_members(page.line(value), self._members)
            records.append(Record(line, Unkeyed(line) if agent is None else page.key(agent), in_slice=True))
        return Page(records, total=read_count([count], answer.status))

    def peek(self, parsed: Page) -> None:
        if self._looks_for_groups:
            self._pager.peek(parsed)
        elif not self._is_too_large(parsed):
            self._pager.peek(parsed)
            if self._part == Part():
                self.reported = self._pager.reported

    def accept(self, parsed: Page) -> Iterable[Line]:
        if self._looks_for_groups:
            self._groups |= {raw.text_of(one.key) for one in parsed.records if one.key is not one.line}
            list(self._pager.accept(parsed))
            return ()
        if self._part == Part() and self.reported is None:
            self.reported = parsed.total
        if self._is_too_large(parsed):
            self._divide(parsed)
            return ()
        self._is_first_page = False
        before = self._pager.repeated
        taken = self._pager.accept(parsed._replace(records=[self._owned(one) for one in parsed.records]))
        self.repeated += self._pager.repeated - before
        self.received = len(self._owners)
        return taken

    def _owned(self, record: Record) -> Record:
        """A record, outside of the slice where it came in another part already."""
        if self._owners.setdefault(record.key, self._part) == self._part:
            return record
        self.repeated += 1
        return record._replace(in_slice=False)

    def _is_too_large(self, page: Page) -> bool:
        return self._is_first_page and page.total is not None and page.total >= self._reader.max_agents

    def finish(self) -> None:
        if self._parts or self._looks_for_groups:
            raise PagesMovedError("the reading ended before its last page")
        self._pager.finish()
        if self.received < (self.reported or 0):
            raise ContradictionError(
                f"{self.reported} agents were reported, and the groups {', '.join(sorted(self._groups))} have"
                f" {self.received}; name all groups in the filter agentGroupIds"
            )
        self.reported = self.received
