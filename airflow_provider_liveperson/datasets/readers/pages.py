"""Pages: what an answer with records holds, and how it is parsed, by the paths that a dataset declares."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.readers.reader import Pager
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.records.line import Line, owned

T = TypeVar("T")


class Unkeyed(bytes):
    """All of a record in place of its key, where it lacks a field of it. It tells the record from others, and is never
    shown or sent: it holds whatever the record does."""

    __slots__ = ()


def shown_keys(keys: Sequence[bytes]) -> list[str]:
    """Keys as text, for a manifest; without those that are no keys.

    :param keys: the keys of records.
    """
    return [key.decode().replace("\0", ", ") for key in keys if not isinstance(key, Unkeyed)]


class Record(NamedTuple):
    """One record of a page.

    :param line: its bytes, without line breaks, or a view of the page's.
    :param key: what tells it from others: its key, or :class:`Unkeyed`.
    :param in_slice: whether it lies within the slice.
    :param is_complete: False for one that came in part, or before it was final.
    """

    line: Line
    key: bytes
    in_slice: bool
    is_complete: bool = True


class Page(NamedTuple):
    """What a page holds.

    :param records: in the server's order.
    :param total: how many records the server reports on all pages, where it does.
    :param has_next: whether it names a next page, where it does so.
    :param next_offset: the offset of the next page, where it names one.
    :param next_key: the key of the next page, where pages have opaque keys.
    :param undated: the keys of those that cannot be placed in time.
    """

    records: Sequence[Record]
    total: int | None = None
    has_next: bool | None = None
    next_offset: int | None = None
    next_key: str | None = None
    undated: frozenset[bytes] = frozenset()


NO_CONTENT = Page([], has_next=False)
"""What a 204 says."""


class PageRange(NamedTuple):
    """Which page was asked for."""

    offset: int
    limit: int


class PagePager(Pager):
    """What pagers by offset have in common.

    :param page_request: makes the request for a page, of an offset and a limit.
    :param parse_page: makes a :class:`Page` of an answer.
    :param page_size: the largest page.
    """

    may_be_no_content = False
    """Whether LivePerson documents a 204 for what holds no records."""

    def __init__(
        self,
        *,
        page_request: Callable[[int, int], ApiRequest],
        parse_page: Callable[[Answer], Page],
        page_size: int,
    ) -> None:
        self._page_request = page_request
        self._parse_page = parse_page
        self._limit = page_size
        self._asked: deque[PageRange] = deque()
        self._without_date: set[bytes] = set()

    def parse(self, answer: Answer) -> Page:
        if answer.status == 204 and self.may_be_no_content:
            return NO_CONTENT
        return parse_body(answer, self._parse_page)

    def _count_undated(self, parsed: Page) -> None:
        if parsed.undated:
            self._without_date |= parsed.undated
            self.undated = len(self._without_date)

    def _request(self, offset: int) -> ApiRequest:
        self._asked.append(PageRange(offset, self._limit))
        return self._page_request(offset, self._limit)


def parse_body(answer: Answer, parse: Callable[[Answer], T]) -> T:
    """Parse an answer that has to have a body.

    :param answer: the answer.
    :param parse: reads it.
    :raises InvalidResponseError: for an empty one, and for what LivePerson does not document.
    """
    if not answer.body.strip():
        raise InvalidResponseError("the answer is empty", status=answer.status)
    try:
        return parse(answer)
    except msgspec.DecodeError as error:
        raise InvalidResponseError(
            f"the answer is not what LivePerson documents ({error})", status=answer.status
        ) from error


def hand_on(taken: list[Line], of: int) -> Sequence[Line]:
    """Decide who owns the memory of a page: most of its records keep it as views, a few are copied out of it.

    :param taken: the records that are handed on.
    :param of: how many the page holds.
    """
    return taken if 2 * len(taken) >= of else list(map(owned, taken))
