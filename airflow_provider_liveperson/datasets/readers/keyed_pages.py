"""Pages that lead to one another by opaque keys, through pages without a record, too."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from urllib.parse import parse_qs, urlsplit

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.paged import PagedReader
from airflow_provider_liveperson.datasets.readers.pages import Record, hand_on, parse_body
from airflow_provider_liveperson.datasets.readers.paths import PathDecoder
from airflow_provider_liveperson.datasets.readers.reader import ContradictionError, Pager, StandstillGuard
from airflow_provider_liveperson.exceptions import InvalidResponseError, RequestRejectedError
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.records.values import identifier, is_no_value

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset

log = logging.getLogger(__name__)

NOT_FINAL = 202
"""The status of an answer whose numbers are not final yet."""


@dataclass(frozen=True, kw_only=True)
class KeyedPages(PagedReader):
    """Reads pages by keys. The reading ends with a page that names no next one, and with nothing else.

    :param next_key: the dotted path of the next page's key.
    :param next_link: the dotted path of the next page's address, where it may be named that way only.
    :param key_argument: the argument for the key.
    :param size_argument: the argument for the page's size.
    :param status: the dotted path of a record's status, where records may come before they are final.
    :param final: the status of a final record, in lower case.
    :param fallback: arguments that replace others where LivePerson rejects the request with a 400, such as a list of
        metrics without those that older accounts do not know.
    """

    shape: ClassVar[str] = "pages by opaque keys"

    next_key: str
    next_link: str = ""
    key_argument: str = "pageKey"
    size_argument: str = "pageSize"
    status: str = ""
    final: str = "done"
    fallback: Mapping[str, Any] = field(default_factory=dict)

    @property
    def others(self) -> tuple[str, ...]:
        return (self.next_key, self.next_link) if self.next_link else (self.next_key,)

    @cached_property
    def _status_decoder(self) -> PathDecoder:
        return PathDecoder((self.status,))

    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> KeyedPager:
        fallback = self._fallback(query)

        def request(key: str | None, narrowed: bool) -> ApiRequest:
            place = {self.size_argument: self.page_size, **({} if key is None else {self.key_argument: key})}
            return self.request(dataset, query, slice_, {**(fallback if narrowed else {}), **place})

        def parse_page(answer: Answer) -> KeyedPage:
            page, values, (key, *links) = self.content(answer)
            placer = self.placed(dataset, query, slice_)
            records = placer.records(page, values)
            return KeyedPage(
                self._with_state(records, answer.status) if self.status else records,
                next_key=identifier(key) or self._key_of(links, answer.status),
                undated=frozenset(placer.undated),
            )

        return KeyedPager(request=request, parse_page=parse_page, can_narrow=bool(fallback))

    def probe(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        return self.request(dataset, query, slice_, {**self._fallback(query), self.size_argument: 1})

    def _fallback(self, query: Query) -> dict[str, Any]:
        return {name: value for name, value in self.fallback.items() if name not in query.filters}

    def _key_of(self, links: Sequence[Any], status: int) -> str | None:
        """The key in the next page's address, as text or as ``{"rel": "next", "href": …}``; None for no next page."""
        link = links[0] if links else None
        if isinstance(link, dict):
            link = link.get("href")
        if is_no_value(link):
            return None
        try:
            return parse_qs(urlsplit(str(link)).query)[self.key_argument][0]
        except (KeyError, ValueError):
            raise InvalidResponseError(
                f"the answer names a next page without a {self.key_argument}", status=status
            ) from None

    def _with_state(self, records: Sequence[Record], status: int) -> list[Record]:
        """The records, with whether those in the slice are final yet."""
        found = [
            record._replace(
                is_complete=not record.in_slice or self._is_final(self._status_decoder.read(record.line)[0])
            )
            for record in records
        ]
        if status == NOT_FINAL and all(record.is_complete for record in found):  # it does not say which
            return [record._replace(is_complete=not record.in_slice) for record in found]
        return found

    def _is_final(self, status: Any) -> bool:
        return isinstance(status, str) and status.strip().lower() == self.final


class KeyedPage(NamedTuple):
    """What a page holds.

    :param records: in the server's order.
    :param next_key: the next page's key; None for the last page.
    :param undated: the keys of those that cannot be placed in time.
    """

    records: Sequence[Record]
    next_key: str | None = None
    undated: frozenset[bytes] = frozenset()


class KeyedPager(Pager):
    """Reads pages one after the other, as each names the next.

    A page without a record ends nothing. A key that has come before, and a page of records that has, end in an error,
    as they would go on forever.

    :param request: makes the request for a page, of its key (None for the first) and whether to narrow it.
    :param parse_page: makes a :class:`KeyedPage` of an answer.
    :param can_narrow: whether a narrower request differs from the first.
    """

    partial_reason = "were still in progress at LivePerson"

    def __init__(
        self,
        *,
        request: Callable[[str | None, bool], ApiRequest],
        parse_page: Callable[[Answer], KeyedPage],
        can_narrow: bool = False,
    ) -> None:
        self._request = request
        self._parse_page = parse_page
        self._can_narrow = can_narrow
        self._narrowed = False
        self._key: str | None = None
        self._pages = 0
        self._waits = False  # for the answer that names the next page
        self._ended = False
        self._keys: set[str] = set()
        self._seen: set[int] = set()  # hashes of keys: there may be many
        self._without_date: set[bytes] = set()
        self._guard = StandstillGuard("the page key", place="number")
        self.still_partial: list[bytes] = []

    def next_request(self) -> ApiRequest | None:
        if self._waits or self._ended:
            return None
        self._waits = True
        return self._request(self._key, self._narrowed)

    def parse(self, answer: Answer) -> KeyedPage:
        return parse_body(answer, self._parse_page)

    def accept(self, parsed: KeyedPage) -> Sequence[Line]:
        self._waits = False
        self._pages += 1
        if parsed.records:
            self._guard.check(self._pages, [record.key for record in parsed.records])
        self._go_on(parsed.next_key)
        taken: list[Line] = []
        for record in parsed.records:
            key = hash(record.key)
            if key in self._seen:
                self.repeated += 1
                continue
            self._seen.add(key)
            self.received += 1
            if record.in_slice:
                taken.append(record.line)
                if not record.is_complete:
                    self.still_partial.append(record.key)
        if parsed.undated:
            self._without_date |= parsed.undated
            self.undated = len(self._without_date)
        return hand_on(taken, len(parsed.records))

    def refused(self, error: RequestRejectedError) -> None:
        if error.status != 400 or not self._can_narrow or self._narrowed or self._pages:
            raise error
        log.info("LivePerson rejected the request; asking for fewer metrics: %s", error)
        self._narrowed, self._waits = True, False

    def learn(self, before: KeyedPager) -> None:
        self._narrowed = before._narrowed

    def _go_on(self, key: str | None) -> None:
        self._key, self._ended = key, key is None
        if key is None:
            return
        if key in self._keys:
            raise ContradictionError(
                f"page {self._pages} names a next page that was read before: the server ignores the page key"
            )
        self._keys.add(key)
