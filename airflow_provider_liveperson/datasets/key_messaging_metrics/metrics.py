"""Metrics of the account, and of each skill and group: rows of pages, and of what stands beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from airflow_provider_liveperson.client.messages import SOURCE, Answer, ApiRequest
from airflow_provider_liveperson.datasets.key_messaging_metrics.question import Question, interval
from airflow_provider_liveperson.datasets.model.slices import Partition, Query, Slice
from airflow_provider_liveperson.datasets.readers.answer import (
    AnswerPager,
    Object,
    Row,
    Section,
    inner,
    read_object,
)
from airflow_provider_liveperson.datasets.readers.counted import CountedPages
from airflow_provider_liveperson.datasets.readers.fallback import FallbackPager
from airflow_provider_liveperson.datasets.readers.offset_pages import OffsetPager
from airflow_provider_liveperson.datasets.readers.paged import read_count
from airflow_provider_liveperson.datasets.readers.pages import Page, Record, Unkeyed
from airflow_provider_liveperson.datasets.readers.paths import PageDecoder
from airflow_provider_liveperson.datasets.readers.reader import Pager
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.line import with_members
from airflow_provider_liveperson.records.values import identifier
from airflow_provider_liveperson.window import Window

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset

PAGE_SIZE = 50
MAX_REACH = 1000
"""The most that offset and limit may be together."""

ACCOUNT = "account"
GROUP_BY = {"skill": "skillId", "group": "agentGroupId"}
LEVEL = Partition(name="level", values=(ACCOUNT, *GROUP_BY), column="_level")

_GROUPS = PageDecoder("groupBy.groups", ("metadata.count",))
_METRICS = Section("", ("all",), unfold="metrics")


def window_of(query: Query, slice_: Slice) -> Window:
    """The time of a slice."""
    return slice_.bounds[query.cursor]


def daily(dataset: Dataset, query: Query, partitions: Iterable[Mapping[str, str]] = ({},)) -> list[Slice]:
    """Slices that do not go beyond a UTC day, so that a long window has the rows that its days have.

    :param dataset: the declaration.
    :param query: the window, the filters and the cursor.
    :param partitions: the partitions of each.
    """
    return [
        Slice(bounds={query.cursor: window}, partition=partition)
        for day in query.window.days()
        for window in day.cut(dataset.limits.max_range)
        for partition in partitions
    ]


def place(offset: int, limit: int, reach: int = MAX_REACH) -> dict[str, str]:
    """The query parameters that name a page; the last one is cut where LivePerson pages no deeper.

    Pages come in the order of keys. That is the default, which LivePerson does not list among what ``sort`` takes.

    :param offset: how many records come before it.
    :param limit: how many it holds at most.
    :param reach: the most that offset and limit may be together.
    """
    limit = min(limit, reach - offset) if offset < reach else limit
    return {"offset": str(offset), "limit": str(limit), "source": SOURCE}


@dataclass(frozen=True, kw_only=True)
class Metrics(CountedPages):
    """Reads the account's metrics from one answer, and those of skills and groups from pages with a count.

    :param question: what is asked.
    """

    shape: ClassVar[str] = "pages with a count, once for each level"

    question: Question

    def plan(self, dataset: Dataset, query: Query) -> list[Slice]:
        return daily(dataset, query, [{LEVEL.name: level} for level in LEVEL.chosen(query)])

    def describe(self, dataset: Dataset, query: Query) -> dict[str, Any]:
        return self.question.describe(query)

    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> FallbackPager:
        def make(narrowed: bool) -> Pager:
            if slice_.partition[LEVEL.name] != ACCOUNT:
                return self.groups(dataset, query, slice_, narrowed=narrowed)
            return AnswerPager(
                request=lambda: self._request(dataset, query, slice_, 0, 1, narrowed),
                parse_rows=lambda answer: _account(answer, query, slice_),
            )

        return FallbackPager(make, query, self.question.narrowed_how(query))

    def groups(self, dataset: Dataset, query: Query, slice_: Slice, *, narrowed: bool) -> OffsetPager:
        """What reads the groups of a level.

        :param dataset: the declaration.
        :param query: the window, the filters and the cursor.
        :param slice_: the slice.
        :param narrowed: whether metrics that older accounts do not know are left out.
        """
        return OffsetPager(
            page_request=lambda offset, limit: self._request(dataset, query, slice_, offset, limit, narrowed),
            parse_page=lambda answer: _page(answer, query, slice_),
            page_size=PAGE_SIZE,
        )

    def probe(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        return self._request(dataset, query, slice_, 0, 1, narrowed=True)

    def count_requests(self, dataset: Dataset, query: Query, slice_: Slice) -> Sequence[ApiRequest]:
        # With fewer metrics, there may be fewer skills that have any.
        return [self._request(dataset, query, slice_, 0, 1, narrowed) for narrowed in (False, True)]

    def _request(
        self, dataset: Dataset, query: Query, slice_: Slice, offset: int, limit: int, narrowed: bool
    ) -> ApiRequest:
        level = slice_.partition[LEVEL.name]
        sections = (
            {"responseSections": ["all"]}
            if level == ACCOUNT
            else {"groupBy": GROUP_BY[level], "responseSections": ["groupBy"]}
        )
        asked = self.question.body(query, window_of(query, slice_), narrowed=narrowed)
        return dataset.make_request(params=place(offset, limit), json={**asked, **sections})


def _account(answer: Answer, query: Query, slice_: Slice) -> Sequence[Row]:
    page, top = read_object(answer)
    if "all" not in top:
        raise InvalidResponseError("the answer has no all", status=answer.status)
    if not inner(top["all"]):  # without a number it says nothing
        return ()
    return (Row((), _line(page, top["all"], slice_, query)),)


def _page(answer: Answer, query: Query, slice_: Slice) -> Page:
    try:
        page, groups, (count,) = _GROUPS.read(answer)
    except msgspec.ValidationError:
        if not _has_no_groups(answer):
            raise
        return Page([], total=0)
    records = []
    for group in groups:
        fields = inner(group)
        key = _key(fields)
        line = _line(page, group, slice_, query, key)
        records.append(Record(line, Unkeyed(line) if key is None else page.key(key), in_slice=True))
    return Page(records, total=read_count([count], answer.status))


def _has_no_groups(answer: Answer) -> bool:
    """Whether an answer that lacks the list of groups says that there are none."""
    _, top = read_object(answer)
    count = inner(top["metadata"]).get("count") if "metadata" in top else None
    return "groupBy" not in top and count is not None and read_count([raw.values(count)], answer.status) == 0


def _key(fields: Object) -> str | None:
    return identifier(raw.values(fields["key"])) if "key" in fields else None


def _line(
    page: raw.Page[Any], found: msgspec.Raw, slice_: Slice, query: Query, key: str | None = None
) -> bytes:
    level = slice_.partition[LEVEL.name]
    columns = {
        **interval(window_of(query, slice_)),
        LEVEL.column: level,
        **({} if key is None else {f"_{level}_id": key}),
    }
    line, members = msgspec.json.encode(columns), _METRICS.members(bytes(found).strip())
    return page.copy(msgspec.Raw(with_members(line, members) if members else line))
