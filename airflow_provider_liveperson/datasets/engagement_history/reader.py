"""How chats are read: a search in a range of start times, and again by id what came only in part."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from airflow_provider_liveperson.client.messages import SOURCE, Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import milliseconds
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.offset_pages import OffsetPager, OffsetPages
from airflow_provider_liveperson.datasets.readers.pages import NO_CONTENT, Page, Unkeyed
from airflow_provider_liveperson.datasets.readers.paths import PathDecoder
from airflow_provider_liveperson.datasets.readers.reader import PagesMovedError
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.line import Line, owned
from airflow_provider_liveperson.records.values import epoch_ms, flag, is_no_value

TEXT_AREAS = (
    "chatLine",
    "surveyAnswer",
    "surveyQuestion",
    "visitorInfo",
    *(
        f"ea.{name}"
        for name in (
            "purchase",
            "viewedProduct",
            "cartStatus",
            "serviceActivity",
            "visitorError",
            "lead",
            "customerInfo",
            "marketingCampaignInfo",
            "personalInfo",
        )
    ),
)
SEARCH_AREAS = (*TEXT_AREAS, "mcs")

MAX_ENRICHMENT = timedelta(days=1)
"""How long after its end a chat may still be enriched; LivePerson names two hours, and old chats never are."""

_STATE = PathDecoder(("info.isPartial", "info.chatDataEnriched", "info.endTimeL"))


def now() -> datetime:
    """The present by this machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Engagements(OffsetPages):
    """Searches for chats. Filters are in the body, and the page's place is in the query.

    :param sort: in which order; by more than the start, so that chats of one moment stay where they are.
    """

    sort: str = "start:asc,engagementId:asc"

    def request(self, dataset: Dataset, query: Query, slice_: Slice, place: Mapping[str, Any]) -> ApiRequest:
        return self._search(dataset, place, self.body_of(query, slice_))

    def body_of(self, query: Query, slice_: Slice) -> dict[str, Any]:
        """The search, without the page's place.

        :param query: the window, the filters and the cursor.
        :param slice_: the slice.
        """
        window = slice_.bounds[query.cursor]
        # Both ends are rounded outward to ten minutes; whether the last one is inside is not documented.
        body = {"start": {"from": window.start_ms, "to": window.end_ms - 1}, **query.filters}
        # LivePerson's table requires it.
        areas = [*(TEXT_AREAS if "keyword" in body else ()), *(("mcs",) if "mcs" in body else ())]
        if areas:
            body.setdefault("keyword_search_area", {"types": areas})
        return body

    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> EngagementPager:
        def by_id(key: str) -> ApiRequest:
            # LivePerson's page says both that the range still counts and that it does not.
            body = {"start": self.body_of(query, slice_)["start"], "engagementId": key}
            return self._search(dataset, {self.offset: 0, self.limit: 1}, body)

        return EngagementPager(
            page_request=lambda offset, limit: self.request(
                dataset, query, slice_, {self.offset: offset, self.limit: limit}
            ),
            parse_page=self.parser(dataset, query, slice_),
            by_id=by_id,
            page_size=self.page_size,
        )

    def _search(self, dataset: Dataset, place: Mapping[str, Any], body: Mapping[str, Any]) -> ApiRequest:
        params = {name: str(value) for name, value in place.items()}
        return dataset.make_request(params={**params, "sort": self.sort, "source": SOURCE}, json=dict(body))

    def describe(self, dataset: Dataset, query: Query) -> dict[str, Any]:
        return {**dataset.request.params, "sort": self.sort, **query.filters}

    def check(self, query: Query) -> None:
        """Refuse what LivePerson does not support.

        :raises ConfigurationError: naming the filter.
        """
        if query.filters.get("interactive") is False:
            raise ConfigurationError(
                "filters: interactive can only be true, which LivePerson supports alone; leave it out for all chats",
                field="filters",
            )


class EngagementPager(OffsetPager):
    """Reads one slice of chats; those that come in part are asked for again, one by one, at its end.

    A chat that does not come whole even then, or has no id to ask for it by, lands as the search gave it, and the
    window is not complete. The same holds for a chat whose data LivePerson has not completed, if it ended not long ago.

    :param page_request: makes the request for a page.
    :param parse_page: makes a page of an answer.
    :param by_id: makes the request for a chat.
    :param page_size: the largest page.
    """

    partial_reason: ClassVar[str] = (
        "came only in part, even when asked for by id, or before LivePerson had all of their data"
    )

    def __init__(
        self,
        *,
        page_request: Callable[[int, int], ApiRequest],
        parse_page: Callable[[Answer], Page],
        by_id: Callable[[str], ApiRequest],
        page_size: int,
    ) -> None:
        super().__init__(page_request=page_request, parse_page=parse_page, page_size=page_size)
        self._by_id = by_id
        self._in_part: dict[bytes, bytes] = {}  # the chats that came in part, by their keys
        self._to_ask: deque[bytes] | None = None  # their keys, once all are known
        self._waiting: deque[bytes] = deque()  # for their answers
        self._not_final: set[bytes] = set()  # whose data LivePerson has not completed
        self._open: dict[bytes, None] = {}  # those that landed in either state

    def next_request(self) -> ApiRequest | None:
        if self._to_ask is None:
            if not self.pages_are_in:
                return super().next_request()
            self._to_ask = deque(self._in_part)
        if not self._to_ask:
            return None
        self._waiting.append(self._to_ask.popleft())
        return self._by_id(raw.text_of(self._waiting[-1]))

    def parse(self, answer: Answer) -> Page:
        page = super().parse(answer)
        if page is NO_CONTENT:
            return page
        records, young = [], milliseconds(now() - MAX_ENRICHMENT)
        for record in page.records:
            partial, enriched, ended = _STATE.read(record.line)
            is_raw = not is_no_value(enriched) and flag(enriched) is False
            is_young = (epoch_ms(ended) or 0) > young
            (self._not_final.add if is_raw and is_young else self._not_final.discard)(record.key)
            records.append(record._replace(is_complete=flag(partial) is False))
        return page._replace(records=records)

    def accept(self, parsed: Page) -> Sequence[Line]:
        if not self._asked:
            return self._accept_by_id(parsed)
        taken = super().accept(parsed)
        for record in parsed.records:
            if record.in_slice and record.is_complete and record.key in self._not_final:
                self._leave_open(record.key)
        return taken

    def finish(self) -> None:
        super().finish()
        if self._waiting or (self._in_part if self._to_ask is None else self._to_ask):
            raise PagesMovedError("the reading ended before all chats were whole")

    def _take_partial(self, line: Line, key: bytes, taken: list[Line]) -> None:
        if isinstance(key, Unkeyed):  # nobody can be asked for it
            taken.append(line)
            self._leave_open(key)
        else:
            self._in_part[key] = owned(line)

    def _accept_by_id(self, parsed: Page) -> Sequence[Line]:
        key = self._waiting.popleft()
        found = next((one for one in parsed.records if one.key == key and one.in_slice), None)
        if found is None or not found.is_complete or key in self._not_final:
            self._leave_open(key)
        return [self._in_part[key] if found is None else found.line]

    def _leave_open(self, key: bytes) -> None:
        self._open[key] = None
        self.still_partial = list(self._open)
