"""Searching by ends that move: a survey rewrites the end of a conversation."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.messaging_interactions.requests import MAX_PAGE_SIZE
from airflow_provider_liveperson.datasets.readers.offset_pages import OffsetPager
from airflow_provider_liveperson.datasets.readers.pages import Page, Record
from airflow_provider_liveperson.exceptions import IncompletePullError
from airflow_provider_liveperson.window import Window, stamp

GRID = timedelta(minutes=10)


class EndSearch:
    """Searches a range of ends, from its beginning on, in pieces that can be paged.

    An end only ever moves to later: what moves while this is read is found in a piece to come. What joins meanwhile has
    just ended, or was found before: it may be there or not. So the range may still be under way.

    :param window: the range.
    :param page_request: makes the request for a page, of a piece, an offset and a limit.
    :param parse_page: makes a :class:`Page` of an answer.
    """

    def __init__(
        self,
        window: Window,
        page_request: Callable[[Window, int, int], ApiRequest],
        parse_page: Callable[[Answer], Page],
    ) -> None:
        self._page_request = page_request
        self._parse_page = parse_page
        self._pieces = deque([window])
        self._search = self._open()
        self._keys: set[bytes] = set()
        self.repeated = 0

    @property
    def is_done(self) -> bool:
        """Whether all of it has been accepted."""
        return not self._pieces

    def next_request(self) -> ApiRequest | None:
        """What to ask next; None at the end, and while that depends on answers not accepted yet."""
        return None if self.is_done else self._search.next_request()

    def accept(self, page: Page, limit: int | None) -> Sequence[Record]:
        """Take the next page, and hand on the conversations that have not come before.

        :param page: the page.
        :param limit: how many can be paged, or None for no limit.
        :raises PagesMovedError: when the pages do not add up.
        :raises IncompletePullError: when more ended within ten minutes than can be paged.
        """
        if limit is not None and page.total is not None and page.total >= limit and not self._search.received:
            self._halve(limit)
            return ()
        self._search.accept(page)
        if self._search.pages_are_in:
            self.repeated += self._search.repeated
            self._pieces.popleft()
            if self._pieces:
                self._search = self._open()
        new = {record.key: record for record in page.records if record.key not in self._keys}
        self._keys.update(new)
        return list(new.values())

    def _open(self) -> OffsetPager:
        piece = self._pieces[0]
        return OffsetPager(
            page_request=lambda offset, limit: self._page_request(piece, offset, limit),
            parse_page=self._parse_page,
            page_size=MAX_PAGE_SIZE,
            may_grow=True,
        )

    def _halve(self, limit: int) -> None:
        piece = self._pieces.popleft()
        half = (piece.end - piece.start) / 2 // GRID * GRID
        if not half:
            raise IncompletePullError(
                f"not fewer than the {limit} conversations that LivePerson pages ended between {stamp(piece.start)} and"
                f" {stamp(piece.end)}. Nothing was landed; narrow the pull by filters, or raise the connection's"
                " deep_paging_limit if LivePerson pages deeper for this account",
                field="deep_paging_limit",
            )
        middle = piece.start + half
        self._pieces.extendleft([Window(middle, piece.end), Window(piece.start, middle)])
        self._search = self._open()
