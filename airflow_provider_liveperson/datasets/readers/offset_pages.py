"""Pages by offset, with a count of all records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.counted import CountedPages
from airflow_provider_liveperson.datasets.readers.paged import PagedReader, read_count
from airflow_provider_liveperson.datasets.readers.pages import NO_CONTENT, Page, PagePager, hand_on
from airflow_provider_liveperson.datasets.readers.reader import (
    ContradictionError,
    Pager,
    PagesMovedError,
    StandstillGuard,
)
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.records.values import flag

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset


@dataclass(frozen=True, kw_only=True)
class OffsetPages(CountedPages, PagedReader):
    """Reads pages by offset and limit that say how many records there are.

    :param count: the dotted paths at which the count may be; the first that is there counts.
    :param offset: the argument for the offset.
    :param limit: the argument for the page's size.
    :param partial: the dotted path of the flag that says that only part of LivePerson's search engine answered.
    """

    shape: ClassVar[str] = "pages with a count"

    count: tuple[str, ...]
    offset: str = "offset"
    limit: str = "limit"
    partial: str = ""

    @property
    def others(self) -> tuple[str, ...]:
        return (*self.count, self.partial) if self.partial else self.count

    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> Pager:
        return self.pager(dataset, query, slice_, self.parser(dataset, query, slice_))

    def parser(self, dataset: Dataset, query: Query, slice_: Slice) -> Callable[[Answer], Page]:
        """What parses the pages of a slice."""

        def parse_page(answer: Answer) -> Page:
            page, values, others = self.content(answer)
            if self.partial and flag(others[-1]) is not False:
                raise InvalidResponseError(
                    f"only part of LivePerson's search engine answered ({self.partial})", status=answer.status
                )
            placer = self.placed(dataset, query, slice_)
            records = placer.records(page, values)
            total = read_count(others[: len(self.count)], answer.status)
            return Page(records, total=total, undated=frozenset(placer.undated))

        return parse_page

    def pager(
        self, dataset: Dataset, query: Query, slice_: Slice, parse_page: Callable[[Answer], Page]
    ) -> OffsetPager:
        """The pager of a slice, whose pages are parsed by a function."""
        return OffsetPager(
            page_request=lambda offset, limit: self.request(
                dataset, query, slice_, {self.offset: offset, self.limit: limit}
            ),
            parse_page=parse_page,
            page_size=self.page_size,
        )

    def probe(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        return self.request(dataset, query, slice_, {self.offset: 0, self.limit: 1})


class OffsetPager(PagePager):
    """Reads pages that say how many records there are.

    The first page tells the count; the others may then leave at once. The records received have to be as many
    as were reported, and every page has to report the same, or the pages have moved. Where the last page that the
    count promises is full, one more is asked for: a count may say less than there is.

    Each page is asked for one row early: it has to begin with a row that has come. Else rows were taken away before
    it, and what slid into the page before is missing, even where others were added, so that the count stays.

    :param page_request: makes the request for a page.
    :param parse_page: makes a :class:`Page` of an answer.
    :param page_size: the largest page.
    :param may_grow: whether records may join what is asked for while it is read, behind those that were there
        in order: then at least the first count has to come, and the rest is taken along.
    """

    may_be_no_content = True

    def __init__(
        self,
        *,
        page_request: Callable[[int, int], ApiRequest],
        parse_page: Callable[[Answer], Page],
        page_size: int,
        may_grow: bool = False,
    ) -> None:
        super().__init__(page_request=page_request, parse_page=parse_page, page_size=page_size)
        self._may_grow = may_grow
        self._next = 0
        self._expected: int | None = None  # the count of a first page that is not accepted yet
        self._end: int | None = None  # the latest count
        self._guard = StandstillGuard()
        self._keys: set[bytes] = set()
        self._partial: list[bytes] = []  # the keys of those that came in part

    def next_request(self) -> ApiRequest | None:
        end = self._expected if self._end is None else self._end
        if (end is None and self._asked) or (end is not None and self._next + self._early > end):
            return None
        request = self._request(self._next)
        self._next += self._limit - self._early
        return request

    @property
    def _early(self) -> int:
        """With how many rows of the page before each page begins."""
        return 1 if self._limit > 1 else 0

    def peek(self, parsed: Page) -> None:
        if parsed.total is not None and len(parsed.records) >= min(parsed.total, self._limit):
            self.reported = self._expected = parsed.total

    def accept(self, parsed: Page) -> Sequence[Line]:
        page, size = self._asked.popleft(), len(parsed.records)
        count = (self._end or 0) if parsed is NO_CONTENT else parsed.total
        if count is None or count < 0:
            raise InvalidResponseError("the answer does not say how many records there are")
        if self._end is None:
            self.reported = self._end = count
            if count and not size:
                raise ContradictionError(f"{count} records were reported, and the first page holds none")
            if size:
                self._guard.check(page.offset, [parsed.records[0].key])
            if 0 < size < min(count, page.limit):  # the server gives less at once
                self._limit = size
                self._next = size - self._early
        elif count < self._end or (count > self._end and not self._may_grow):
            raise ContradictionError(f"{self.reported} records were reported, then {count}")
        else:
            if size:
                self._guard.check_first(page.offset, parsed.records[0].key)
            if size < min(page.limit, count - page.offset):
                raise ContradictionError(
                    f"{count} records were reported, and the page at offset {page.offset} holds only {size}"
                )
        self._end = max(self._end, count)
        taken: list[Line] = []
        records = parsed.records
        if page.offset and page.limit > 1 and size:
            if records[0].key not in self._keys:
                raise ContradictionError(f"rows were taken away before offset {page.offset}")
            records = records[1:]
        for line, key, in_slice, is_complete in records:
            if key in self._keys:
                self.repeated += 1
                continue
            self._keys.add(key)
            self.received += 1
            if in_slice and is_complete:
                taken.append(line)
            elif in_slice:
                self._take_partial(line, key, taken)
        self._count_undated(parsed)
        end, names_more = page.offset + size, bool(records and parsed.has_next and self.pages_are_in)
        may_end = not names_more and size < page.limit  # behind a full page, there may be more
        if self.received > count or (
            end > count and not (may_end and len({one.key for one in parsed.records}) <= count - page.offset)
        ):
            raise ContradictionError(f"{count} records were reported, and there are more")
        if names_more and end == self._end:
            self._next = end - self._early  # what it names has to be looked at
        if self.pages_are_in:
            OffsetPager.finish(self)
        return hand_on(taken, len(parsed.records))

    def _take_partial(self, line: Line, key: bytes, taken: list[Line]) -> None:
        """Do with a record that came in part what has to be done."""
        self._partial.append(key)

    @property
    def pages_are_in(self) -> bool:
        """Whether every page has been accepted."""
        return self._end is not None and not self._asked and self._next + self._early > self._end

    def finish(self) -> None:
        if not self.pages_are_in or self.reported is None:
            raise PagesMovedError("the reading ended before its last page")
        if self.received < self.reported:
            raise ContradictionError(f"{self.reported} records were reported and {self.received} received")
