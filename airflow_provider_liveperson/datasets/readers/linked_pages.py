"""Pages by offset which may have no count, and may not name the next page."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.paged import PagedReader, read_count
from airflow_provider_liveperson.datasets.readers.pages import Page, PagePager, PageRange, Record, hand_on
from airflow_provider_liveperson.datasets.readers.paths import PathDecoder
from airflow_provider_liveperson.datasets.readers.reader import (
    ContradictionError,
    PagesMovedError,
    StandstillGuard,
)
from airflow_provider_liveperson.records.line import Line

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset

EMPTY_READINGS = 3
MAX_PASSED_OVER = 6
_OFFSET = re.compile(r"[?&]offset=(\d{1,18})(?:[&#]|$)", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class LinkedPages(PagedReader):
    """Reads pages by offset and limit that have no count, or not always.

    Records that are equal to the byte are one where they have all fields of the primary key.

    :param next: the dotted path of the links, ``[{"rel": "next", "href": …}]``; empty where pages have none.
    :param count: the dotted paths at which a count may be; the first that is there counts.
    :param offset: the argument for the offset.
    :param limit: the argument for the page's size.
    """

    shape: ClassVar[str] = "pages without a count"

    next: str = ""
    count: tuple[str, ...] = ()
    offset: str = "offset"
    limit: str = "limit"

    @property
    def others(self) -> tuple[str, ...]:
        return (*self.count, self.next) if self.next else self.count

    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> LinkedPager:
        def parse_page(answer: Answer) -> Page:
            page, values, others = self.content(answer)
            placer = self.placed(dataset, query, slice_)
            records = placer.records(page, values, by_line=True)
            has_next, offset = next_page(others[-1] if self.next else None)
            return Page(
                records,
                total=read_count(others[: len(self.count)], answer.status),
                has_next=has_next,
                next_offset=offset,
                undated=frozenset(placer.undated),
            )

        key = PathDecoder(dataset.primary_key)

        def has_key(line: Line) -> bool:
            return bool(dataset.primary_key) and not any(
                value is None or value == "" for value in key.read(line)
            )

        return LinkedPager(
            page_request=lambda offset, limit: self.request(
                dataset, query, slice_, {self.offset: offset, self.limit: limit}
            ),
            parse_page=parse_page,
            page_size=self.page_size,
            has_key=has_key,
        )

    def probe(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        return self.request(dataset, query, slice_, {self.offset: 0, self.limit: 1})


def next_page(links: Any) -> tuple[bool | None, int | None]:
    """Whether links name a next page, and its offset.

    :param links: the list of links.
    :returns: None where there are no links, or nothing that is a link.
    """
    if not isinstance(links, list):
        return None, None
    following = [link for link in links if isinstance(link, dict) and str(link.get("rel")) == "next"]
    found = _OFFSET.search(str(following[0].get("href"))) if following else None
    return bool(following), int(found[1]) if found else None


class LinkedPager(PagePager):
    """Reads pages that name the next one, but no count.

    Each page is asked for one row early: it has to begin with the last row of the page before, or rows were added or
    taken away, and the slice has to be read again. The reading ends with a page that holds nothing new, or with a
    short one that says there is no next. A short page that says nothing may be all that the server gives at once.

    A page that holds nothing new, but names a next one, is asked for again, then passed over. There is an end to that,
    because a server may name a next page behind the last one for ever; and what was passed over is looked at once
    more at the end. Where pages do report a count, all have to report the same, and as many have to come.

    :param page_request: makes the request for a page.
    :param parse_page: makes a :class:`Page` of an answer.
    :param page_size: the largest page.
    :param has_key: whether a row has all that tells it from others, so that another one just like it is the same.
    """

    def __init__(
        self,
        *,
        page_request: Callable[[int, int], ApiRequest],
        parse_page: Callable[[Answer], Page],
        page_size: int,
        has_key: Callable[[Line], bool] = lambda line: True,
    ) -> None:
        super().__init__(page_request=page_request, parse_page=parse_page, page_size=page_size)
        self._has_key = has_key
        self._next: int | None = 0
        self._anchor: bytes | None = None  # the key of the row with which the next page has to begin
        self._guard = StandstillGuard()
        self._seen: set[int] = set()  # hashes of keys: there may be many
        self._max_rows = 0  # rows that one answer has held
        self._before: bytes | None = None  # the key of the latest row, where one answer holds one
        self._checked_for: list[int | None] | None = None  # what to ask for once that row has been looked at
        self._empty = 0  # answers without anything new, one after the other
        self._passed_over: list[tuple[int, bytes | None]] = []
        self._looks_back = False

    def next_request(self) -> ApiRequest | None:
        if self._next is None or self._asked:
            return None
        return self._request(self._next)

    def finish(self) -> None:
        if self._next is not None:
            raise PagesMovedError("the reading ended before its last page")
        if self.reported is not None and self.received != self.reported:
            raise ContradictionError(f"{self.reported} records were reported and {self.received} received")

    def accept(self, parsed: Page) -> Sequence[Line]:
        page, rows = self._asked.popleft(), parsed.records
        if parsed.total is not None:
            if self.reported not in (None, parsed.total):
                raise ContradictionError(f"{self.reported} records were reported, then {parsed.total}")
            self.reported = parsed.total
        only_looks = self._looks_back or self._checked_for is not None
        if self._anchor is not None and (rows or not parsed.has_next or only_looks):
            self._check_anchor(page, rows)
            rows = rows[1:]
        if self._checked_for is not None:
            self._next, self._anchor = self._checked_for.pop(), None
            self._checked_for = None
            if self._next is None:
                self._end()
            return []
        if not rows:
            if self._max_rows == 1 and not parsed.has_next and not self._looks_back:
                self._check_before(page, then=None)
            else:
                self._pass_over(page, parsed)
            return []
        if self._looks_back:
            raise PagesMovedError(f"there are rows at offset {page.offset}, where there were none before")
        self._guard.check(page.offset, [record.key for record in parsed.records])
        self._max_rows = max(self._max_rows, len(parsed.records))
        # Behind what was passed over, a page may be short at its beginning.
        is_complete = self._empty < EMPTY_READINGS
        end = page.offset + len(parsed.records) if is_complete else self._behind(page, parsed)
        self._empty = 0
        is_last = parsed.has_next is False and len(parsed.records) < page.limit
        if self._max_rows == 1:  # there is no room for another row beside the anchor
            self._check_before(page, then=None if is_last else end)
            self._before = rows[-1].key
        elif is_last:
            self._end()
        else:
            self._next, self._anchor = end - 1, rows[-1].key
        return self._take(rows, parsed)

    def _check_before(self, page: PageRange, *, then: int | None) -> None:
        """Look at the row before a page by itself, where one answer holds one row, and only then go on."""
        if page.offset and self._before is not None:
            self._next, self._anchor, self._checked_for = page.offset - 1, self._before, [then]
        elif then is None:
            self._end()
        else:
            self._next = then

    def _take(self, rows: Sequence[Record], parsed: Page) -> Sequence[Line]:
        taken: list[Line] = []
        for record in rows:
            key = hash(record.key)
            if key in self._seen and self._has_key(record.line):
                self.repeated += 1
                continue
            self._seen.add(key)
            self.received += 1
            if record.in_slice:
                taken.append(record.line)
        self._count_undated(parsed)
        return hand_on(taken, len(rows))

    def _check_anchor(self, page: PageRange, rows: Sequence[Record]) -> None:
        if rows and rows[0].key == self._anchor:
            return
        if rows:
            self._guard.check_first(page.offset, rows[0].key)
        read = (*self._guard.evidence, *(record.key for record in rows))
        raise PagesMovedError(
            f"rows were added or taken away before offset {page.offset}", evidence=hash(read)
        )

    def _pass_over(self, page: PageRange, parsed: Page) -> None:
        if not parsed.has_next or self._looks_back:
            self._end()
            return
        self._empty += 1
        if self._empty < EMPTY_READINGS:
            return  # the same page once more
        if self._empty == EMPTY_READINGS:
            self._passed_over.append((page.offset, self._anchor))
        if self._empty >= EMPTY_READINGS + MAX_PASSED_OVER:
            self._end()
            return
        self._next, self._anchor = self._behind(page, parsed), None

    def _behind(self, page: PageRange, parsed: Page) -> int:
        """The offset behind a page that does not tell by its rows: as it names it, else by what it may hold."""
        named = parsed.next_offset
        return named if named and named > page.offset else page.offset + (self._max_rows or page.limit)

    def _end(self) -> None:
        """End the reading, unless there is something to look at once more."""
        self._looks_back = bool(self._passed_over)
        self._next, self._anchor = self._passed_over.pop() if self._passed_over else (None, None)
