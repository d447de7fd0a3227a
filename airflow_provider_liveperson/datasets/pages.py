"""Readers for what comes page by page, by offset and limit: with a count, or without one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import msgspec

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.client.paging import PagesMovedError
from airflow_provider_liveperson.datasets.dataset import Dataset, Query, Slice, first_request
from airflow_provider_liveperson.exceptions import InvalidResponseError, RequestRejectedError
from airflow_provider_liveperson.lines import Line


class Record(NamedTuple):
    """One record, cut out of its page.

    :param line: its bytes, without line breaks, or a view of the page's.
    :param key: what tells it from others.
    :param belongs: whether it lies within the slice.
    :param is_whole: False for one that has to be asked for again by its key.
    """

    line: Line
    key: bytes
    belongs: bool
    is_whole: bool = True


class Contents(NamedTuple):
    """What a page holds.

    :param records: in the server's order.
    :param total: how many the server says there are on all pages, where it says so.
    :param has_next: whether it names a next page, where it does so.
    """

    records: Sequence[Record]
    total: int | None = None
    has_next: bool | None = None


class _Page(NamedTuple):
    offset: int
    limit: int


class PageReader:
    """What readers of pages have in common: one request after the other, each record counted once.

    :param ask: makes the request for a page, of an offset and a limit.
    :param cut: makes :class:`Contents` of an answer.
    :param limit: the largest page.
    """

    def __init__(
        self, *, ask: Callable[[int, int], ApiRequest], cut: Callable[[Answer], Contents], limit: int
    ) -> None:
        self._ask = ask
        self._cut = cut
        self._limit = limit
        self._asked: deque[_Page] = deque()
        self.reported: int | None = None
        self.received = 0
        self.repeated = 0
        self.revision: str | None = None
        self.is_unchanged = False

    def parse(self, answer: Answer) -> Contents:
        if answer.status == 204 or not answer.body.strip():
            if answer.status == 204:
                return Contents([], total=0, has_next=False)
            raise InvalidResponseError("the answer is empty", status=answer.status)
        try:
            return self._cut(answer)
        except msgspec.DecodeError as error:
            raise InvalidResponseError(
                f"the answer is not what LivePerson documents ({error})", status=answer.status
            ) from error

    def expect(self, parsed: Contents) -> None:
        """Nothing can be told ahead."""

    def refused(self, error: RequestRejectedError) -> None:
        raise error

    def _request(self, offset: int) -> ApiRequest:
        self._asked.append(_Page(offset, self._limit))
        return self._ask(offset, self._limit)


class CountedPages(PageReader):
    """Reads pages that say how many records there are.

    The first page tells the count; the others may then leave at once. The records received have to be as many
    as were reported, and every page has to report the same, or the pages have moved.

    :param ask: makes the request for a page.
    :param cut: makes :class:`Contents` of an answer.
    :param limit: the largest page.
    :param may_grow: whether records may join what is asked for while it is read, behind those that were there
        in order: then at least the first count has to come, and the rest is taken along.
    """

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
        self._keys: set[bytes] = set()
        self._partial: list[bytes] = []  # the keys of those that came in part

    def next_request(self) -> ApiRequest | None:
        end = self._expected if self._end is None else self._end
        if (end is None and self._asked) or (end is not None and self._next >= end):
            return None
        request = self._request(self._next)
        self._next += self._limit
        return request

    def expect(self, parsed: Contents) -> None:
        if parsed.total is not None and len(parsed.records) >= min(parsed.total, self._limit):
            self.reported = self._expected = parsed.total

    def accept(self, parsed: Contents) -> Sequence[Line]:
        page, count = self._asked.popleft(), parsed.total
        if count is None:
            raise InvalidResponseError("the answer does not say how many records there are")
        if self._end is None:
            self.reported = self._end = count
            if 0 < len(parsed.records) < min(count, page.limit):  # the server gives less at once
                self._limit = self._next = len(parsed.records)
        elif count < self._end or (count > self._end and not self._may_grow):
            raise PagesMovedError(f"{self.reported} records were reported, then {count}")
        self._end = max(self._end, count)
        taken: list[Line] = []
        for line, key, belongs, is_whole in parsed.records:
            if key in self._keys:
                self.repeated += 1
                continue
            self._keys.add(key)
            self.received += 1
            if belongs and is_whole:
                taken.append(line)
            elif belongs:
                self._partial.append(key)
        if self.pages_are_in:
            CountedPages.finish(self)
        # A few views would hold a whole page for long.
        return taken if 2 * len(taken) >= len(parsed.records) else [bytes(line) for line in taken]

    @property
    def pages_are_in(self) -> bool:
        """Whether every page has been accepted."""
        return self._end is not None and not self._asked and self._next >= self._end

    def finish(self) -> None:
        if not self.pages_are_in or self.reported is None:
            raise PagesMovedError("the reading ended before its last page")
        if self.received < self.reported or (self.received > self.reported and not self._may_grow):
            raise PagesMovedError(f"{self.reported} records were reported and {self.received} received")


class LinkedPages(PageReader):
    """Reads pages that name the next one, but no count.

    The reading ends with an empty page, or with a short one that says there is no next. A short page that says
    nothing may be all that the server gives at once. Should records join in front while it is read, the next
    page begins with records of the last one, which are dropped.

    :param ask: makes the request for a page.
    :param cut: makes :class:`Contents` of an answer.
    :param limit: the largest page.
    """

    def __init__(
        self, *, ask: Callable[[int, int], ApiRequest], cut: Callable[[Answer], Contents], limit: int
    ) -> None:
        super().__init__(ask=ask, cut=cut, limit=limit)
        self._next: int | None = 0
        self._last: set[bytes] = set()
        self._stands_still = False

    def next_request(self) -> ApiRequest | None:
        if self._next is None or self._asked:
            return None
        return self._request(self._next)

    def finish(self) -> None:
        if self._next is not None:
            raise PagesMovedError("the reading ended before its last page")

    def accept(self, parsed: Contents) -> Iterable[Line]:
        page, held = self._asked.popleft(), len(parsed.records)
        is_last = not held or (parsed.has_next is False and held < page.limit)
        self._next = None if is_last else page.offset + held
        keys = {record.key for record in parsed.records}
        stood_still, self._stands_still = self._stands_still, bool(keys) and keys <= self._last
        if stood_still and self._stands_still:
            raise PagesMovedError("the same page came three times")
        seen, self._last = set(self._last), keys
        for record in parsed.records:
            if record.key in seen:
                self.repeated += 1
                continue
            seen.add(record.key)
            self.received += 1
            if record.belongs:
                yield record.line


class WholeCollection:
    """Reads a collection that comes in one answer, unless it is still at the revision that is held.

    :param ask: makes the request, of the revision held.
    :param cut: makes the records of an answer.
    :param held: the revision that is held, if any.
    """

    reported: int | None = None

    def __init__(
        self,
        *,
        ask: Callable[[str | None], ApiRequest],
        cut: Callable[[Answer], Sequence[bytes]],
        held: str | None,
    ) -> None:
        self._ask = ask
        self._cut = cut
        self._held = held
        self._asked = False
        self.received = 0
        self.repeated = 0
        self.revision: str | None = None
        self.is_unchanged = False

    def next_request(self) -> ApiRequest | None:
        if self._asked:
            return None
        self._asked = True
        return self._ask(self._held)

    def parse(self, answer: Answer) -> tuple[Sequence[bytes] | None, str | None]:
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

    def expect(self, parsed: tuple[Sequence[bytes] | None, str | None]) -> None:
        """There is only one answer."""

    def finish(self) -> None:
        """The one answer is everything."""

    def accept(self, parsed: tuple[Sequence[bytes] | None, str | None]) -> Iterable[bytes]:
        records, self.revision = parsed
        if records is None:
            self.is_unchanged = True
            return []
        self.received = len(records)
        return records

    def refused(self, error: RequestRejectedError) -> None:
        if self._held is None or error.status != 412:
            raise error
        self._held, self._asked = None, False  # this server takes If-Match as HTTP does


def one_record(dataset: Dataset, query: Query, piece: Slice) -> ApiRequest:
    """The first request of a reader whose pages have a ``limit``, for one record only."""
    request = first_request(dataset, query, piece)
    return replace(request, params={**request.params, "limit": "1"})
