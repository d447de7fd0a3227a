"""Readers for what comes page by page, by offset and limit: with a count, or without one."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import msgspec

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.dataset import (
    BaseReader,
    Dataset,
    Query,
    Slice,
    first_request,
)
from airflow_provider_liveperson.datasets.readers.time_ordered import ContradictionError, PagesMovedError
from airflow_provider_liveperson.exceptions import InvalidResponseError, RequestRejectedError
from airflow_provider_liveperson.records.line import Line, owned

log = logging.getLogger(__name__)

EMPTY_READINGS = 3
MAX_PASSED_OVER = 6


class Record(NamedTuple):
    """One record, cut out of its page.

    :param line: its bytes, without line breaks, or a view of the page's.
    :param key: what tells it from others.
    :param belongs: whether it lies within the slice.
    :param is_complete: False for one that has to be asked for again by its key.
    """

    line: Line
    key: bytes
    belongs: bool
    is_complete: bool = True


class Contents(NamedTuple):
    """What a page holds.

    :param records: in the server's order.
    :param total: how many the server says there are on all pages, where it says so.
    :param has_next: whether it names a next page, where it does so.
    :param next_offset: the offset of the next page, where it names one.
    :param undated: the keys of those that cannot be placed in time.
    """

    records: Sequence[Record]
    total: int | None = None
    has_next: bool | None = None
    next_offset: int | None = None
    undated: frozenset[bytes] = frozenset()


NO_CONTENT = Contents([], has_next=False)
"""What a 204 says."""


class _Page(NamedTuple):
    offset: int
    limit: int


class PageReader(BaseReader):
    """What readers of pages have in common: one request after the other, each record counted once.

    :param ask: makes the request for a page, of an offset and a limit.
    :param cut: makes :class:`Contents` of an answer.
    :param limit: the largest page.
    """

    may_be_no_content = False
    """Whether LivePerson documents a 204 for what holds no records."""

    def __init__(
        self, *, ask: Callable[[int, int], ApiRequest], cut: Callable[[Answer], Contents], limit: int
    ) -> None:
        self._ask = ask
        self._cut = cut
        self._limit = limit
        self._asked: deque[_Page] = deque()
        self._without_date: set[bytes] = set()

    def parse(self, answer: Answer) -> Contents:
        if answer.status == 204 and self.may_be_no_content:
            return NO_CONTENT
        if not answer.body.strip():
            raise InvalidResponseError("the answer is empty", status=answer.status)
        try:
            return self._cut(answer)
        except msgspec.DecodeError as error:
            raise InvalidResponseError(
                f"the answer is not what LivePerson documents ({error})", status=answer.status
            ) from error

    def _count_undated(self, parsed: Contents) -> None:
        if parsed.undated:
            self._without_date |= parsed.undated
            self.undated = len(self._without_date)

    def _request(self, offset: int) -> ApiRequest:
        self._asked.append(_Page(offset, self._limit))
        return self._ask(offset, self._limit)


class CountedPages(PageReader):
    """Reads pages that say how many records there are.

    The first page tells the count; the others may then leave at once. The records received have to be as many
    as were reported, and every page has to report the same, or the pages have moved. Where the last page that the
    count promises is full, one more is asked for: a count may say less than there is.

    Each page is asked for one row early: it has to begin with a row that has come. Else rows were taken away before
    it, and what slid into the page before is missing, even where others were added, so that the count stays.

    :param ask: makes the request for a page.
    :param cut: makes :class:`Contents` of an answer.
    :param limit: the largest page.
    :param may_grow: whether records may join what is asked for while it is read, behind those that were there
        in order: then at least the first count has to come, and the rest is taken along.
    """

    may_be_no_content = True

    def __init__(
        self,
        *,
        ask: Callable[[int, int], ApiRequest],
        cut: Callable[[Answer], Contents],
        limit: int,
        may_grow: bool = False,
    ) -> None:
        super().__init__(ask=ask, cut=cut, limit=limit)
        self._may_grow = may_grow
        self._next = 0
        self._expected: int | None = None  # the count of a first page that is not accepted yet
        self._end: int | None = None  # the latest count
        self._first: bytes | None = None  # the key of the first record
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

    def peek(self, parsed: Contents) -> None:
        if parsed.total is not None and len(parsed.records) >= min(parsed.total, self._limit):
            self.reported = self._expected = parsed.total

    def accept(self, parsed: Contents) -> Sequence[Line]:
        page, held = self._asked.popleft(), len(parsed.records)
        count = (self._end or 0) if parsed is NO_CONTENT else parsed.total
        if count is None or count < 0:
            raise InvalidResponseError("the answer does not say how many records there are")
        if self._end is None:
            self.reported = self._end = count
            if count and not held:
                raise ContradictionError(f"{count} records were reported, and the first page holds none")
            self._first = parsed.records[0].key if held else None
            if 0 < held < min(count, page.limit):  # the server gives less at once
                self._limit = held
                self._next = held - self._early
        elif count < self._end or (count > self._end and not self._may_grow):
            raise ContradictionError(f"{self.reported} records were reported, then {count}")
        elif held and parsed.records[0].key == self._first:
            raise ContradictionError(
                f"the page at offset {page.offset} begins like the first one: the server ignores the offset"
            )
        elif held < min(page.limit, count - page.offset):
            raise ContradictionError(
                f"{count} records were reported, and the page at offset {page.offset} holds only {held}"
            )
        self._end = max(self._end, count)
        taken: list[Line] = []
        records = parsed.records
        if page.offset and page.limit > 1 and held:
            if records[0].key not in self._keys:
                raise ContradictionError(f"rows were taken away before offset {page.offset}")
            records = records[1:]
        for line, key, belongs, is_complete in records:
            if key in self._keys:
                self.repeated += 1
                continue
            self._keys.add(key)
            self.received += 1
            if belongs and is_complete:
                taken.append(line)
            elif belongs:
                self._take_partial(line, key, taken)
        self._count_undated(parsed)
        end, names_more = page.offset + held, bool(records and parsed.has_next and self.pages_are_in)
        if self.received > count or (
            end > count and (names_more or len({one.key for one in parsed.records}) > count - page.offset)
        ):
            raise ContradictionError(f"{count} records were reported, and there are more")
        if names_more and end == self._end:
            self._next = end - self._early  # what it names has to be looked at
        if self.pages_are_in:
            CountedPages.finish(self)
        # A few views would hold a whole page for long.
        return taken if 2 * len(taken) >= len(parsed.records) else list(map(owned, taken))

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


class LinkedPages(PageReader):
    """Reads pages that name the next one, but no count.

    Each page is asked for one row early: it has to begin with the last row of the page before, or rows were added or
    taken away, and the slice has to be read again. The reading ends with a page that holds nothing new, or with a
    short one that says there is no next. A short page that says nothing may be all that the server gives at once.

    A page that holds nothing new, but names a next one, is asked for again, then passed over. There is an end to that,
    because a server may name a next page behind the last one for ever; and what was passed over is looked at once
    more at the end.

    :param ask: makes the request for a page.
    :param cut: makes :class:`Contents` of an answer.
    :param limit: the largest page.
    :param has_key: whether a row has all that tells it from others, so that another one just like it is the same.
    """

    def __init__(
        self,
        *,
        ask: Callable[[int, int], ApiRequest],
        cut: Callable[[Answer], Contents],
        limit: int,
        has_key: Callable[[Line], bool] = lambda line: True,
    ) -> None:
        super().__init__(ask=ask, cut=cut, limit=limit)
        self._has_key = has_key
        self._next: int | None = 0
        self._anchor: bytes | None = None  # the key of the row with which the next page has to begin
        self._first: bytes | None = None  # the key of the first row
        self._seen: set[int] = set()  # hashes of keys: there may be many
        self._pages: dict[int, int] = {}  # hashes of pages, in order, and their offsets
        self._most = 0  # rows that one answer has held
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

    def accept(self, parsed: Contents) -> Sequence[Line]:
        page, rows = self._asked.popleft(), parsed.records
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
            if self._most == 1 and not parsed.has_next and not self._looks_back:
                self._check_before(page, then=None)
            else:
                self._pass_over(page, parsed)
            return []
        if self._looks_back:
            raise PagesMovedError(f"there are rows at offset {page.offset}, where there were none before")
        self._check_progress(page, parsed.records)
        self._most = max(self._most, len(parsed.records))
        # Behind what was passed over, a page may be short at its beginning.
        is_complete = self._empty < EMPTY_READINGS
        end = page.offset + len(parsed.records) if is_complete else self._behind(page, parsed)
        self._empty = 0
        is_last = parsed.has_next is False and len(parsed.records) < page.limit
        if self._most == 1:  # there is no room for another row beside the anchor
            self._check_before(page, then=None if is_last else end)
            self._before = rows[-1].key
        elif is_last:
            self._end()
        else:
            self._next, self._anchor = end - 1, rows[-1].key
        return self._take(rows, parsed)

    def _check_before(self, page: _Page, *, then: int | None) -> None:
        """Look at the row before a page by itself, where one answer holds one row, and only then go on."""
        if page.offset and self._before is not None:
            self._next, self._anchor, self._checked_for = page.offset - 1, self._before, [then]
        elif then is None:
            self._end()
        else:
            self._next = then

    def _take(self, rows: Sequence[Record], parsed: Contents) -> list[Line]:
        taken: list[Line] = []
        for record in rows:
            key = hash(record.key)
            if key in self._seen and self._has_key(record.line):
                self.repeated += 1
                continue
            self._seen.add(key)
            self.received += 1
            if record.belongs:
                taken.append(record.line)
        self._count_undated(parsed)
        return taken

    def _check_anchor(self, page: _Page, rows: Sequence[Record]) -> None:
        if rows and rows[0].key == self._anchor:
            return
        if rows and rows[0].key == self._first:
            raise ContradictionError(
                f"the page at offset {page.offset} begins like the first one: the server ignores the offset"
            )
        read = (*self._pages, *(record.key for record in rows))
        raise PagesMovedError(
            f"rows were added or taken away before offset {page.offset}", evidence=hash(read)
        )

    def _check_progress(self, page: _Page, rows: Sequence[Record]) -> None:
        if self._first is None:
            self._first = rows[0].key
        contents = hash(tuple(record.key for record in rows))
        if contents in self._pages:
            raise ContradictionError(
                f"the page at offset {page.offset} came before, at offset {self._pages[contents]}: the server ignores"
                " the offset"
            )
        self._pages[contents] = page.offset

    def _pass_over(self, page: _Page, parsed: Contents) -> None:
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

    def _behind(self, page: _Page, parsed: Contents) -> int:
        """The offset behind a page that does not tell by its rows: as it names it, else by what it may hold."""
        named = parsed.next_offset
        return named if named and named > page.offset else page.offset + (self._most or page.limit)

    def _end(self) -> None:
        """End the reading, unless there is something to look at once more."""
        self._looks_back = bool(self._passed_over)
        self._next, self._anchor = self._passed_over.pop() if self._passed_over else (None, None)


_Collection = tuple[Sequence[tuple[str | None, bytes]] | None, str | None]


class WholeCollection(BaseReader):
    """Reads a collection that comes in one answer, unless it is still at the revision that is held.

    Of records with the same key, the last one stands in the place of the first, as if each replaced the one before.

    :param ask: makes the request, of the revision held.
    :param cut: makes the records of an answer, each with its key, or None where it has none.
    :param held: the revision that is held, if any.
    """

    def __init__(
        self,
        *,
        ask: Callable[[str | None], ApiRequest],
        cut: Callable[[Answer], Sequence[tuple[str | None, bytes]]],
        held: str | None,
    ) -> None:
        self._ask = ask
        self._cut = cut
        self._held = held
        self._asked = False

    def next_request(self) -> ApiRequest | None:
        if self._asked:
            return None
        self._asked = True
        return self._ask(self._held)

    def parse(self, answer: Answer) -> _Collection:
        revision = answer.headers.get("ac-revision") or answer.headers.get("ETag")
        if answer.status == 304:
            if self._held is None:
                raise InvalidResponseError("the answer is 304 although no revision was named", status=304)
            return None, self._held
        try:
            return self._cut(answer), revision.strip().removeprefix("W/").strip('"') if revision else None
        except msgspec.DecodeError as error:
            raise InvalidResponseError(
                f"the answer is not what LivePerson documents ({error})", status=answer.status
            ) from error

    def accept(self, parsed: _Collection) -> Iterable[bytes]:
        records, self.revision = parsed
        if records is None:
            self.is_unchanged = True
            return []
        found: dict[str | int, bytes] = {}
        replaced = 0
        for number, (key, line) in enumerate(records):
            place = number if key is None else key
            replaced += found.get(place, line) != line
            found[place] = line
        self.received, self.repeated = len(found), len(records) - len(found)
        if replaced:
            log.warning(
                "%d record(s) came more than once, and not alike; the last one of each is kept", replaced
            )
        return found.values()

    def refused(self, error: RequestRejectedError) -> None:
        if self._held is None or error.status != 412:
            raise error
        self._held, self._asked = None, False  # this server takes If-Match as HTTP does


def one_record(dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
    """The first request of a reader whose pages have a ``limit``, for one record only."""
    request = first_request(dataset, query, slice_)
    return replace(request, params={**request.params, "limit": "1"})
