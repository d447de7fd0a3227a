"""A server of numbered records, and how they are paged: what the tests of the pull read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from airflow_provider_liveperson.client.exchange import Stop
from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.offset_pages import OffsetPager
from airflow_provider_liveperson.datasets.readers.pages import Page, Record
from airflow_provider_liveperson.window import Window

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
PAGE = 3


def hours(first: float, last: float) -> Slice:
    return Slice(bounds={"at": Window(START + first * HOUR, START + last * HOUR)})


def of(slice_: Slice) -> tuple[float, float]:
    window = slice_.bounds["at"]
    return (window.start - START) / HOUR, (window.end - START) / HOUR


class NumberedRecords:
    """A server with numbered records at hours of a day, and a client of it.

    :param at: the hour of each record.
    :param most: the most requests under way at once.
    """

    def __init__(self, at: Iterable[float], *, most: int = 4, deep_paging_limit: int | None = None) -> None:
        self.account_id = "1"
        self.rows = list(enumerate(sorted(at)))
        self.settings = SimpleNamespace(max_concurrency=most, deep_paging_limit=deep_paging_limit)
        self.requested: list[tuple[float, int]] = []
        self.spans: list[tuple[float, float, int]] = []
        self.before: Callable[[float, int], None] = lambda hour, offset: None
        self.lock = threading.Lock()
        self.stop = Stop()

    def call(
        self,
        request: ApiRequest,
        parse: Callable[[Answer], Any],
        *,
        answer: Answer | None = None,
        **kwargs: Any,
    ) -> Any:
        if answer is not None:
            return parse(answer)
        asked = request.json
        assert isinstance(asked, dict)
        with self.lock:
            self.requested.append((asked["first"], asked["offset"]))
            self.spans.append((asked["first"], asked["last"], asked["offset"]))
        self.before(asked["first"], asked["offset"])
        found = [f"{number}" for number, at in self.rows if asked["first"] <= at < asked["last"]]
        page = found[asked["offset"] : asked["offset"] + asked["limit"]]
        return parse(Answer(status=200, headers={"count": str(len(found))}, body=" ".join(page).encode()))

    def join(self, at: float) -> None:
        """Add a record, before those that are later."""
        self.rows = sorted([*self.rows, (len(self.rows), at)], key=lambda row: row[1])


def cut(answer: Answer) -> Page:
    records = [Record(line=raw, key=raw, in_slice=True) for raw in answer.body.split()]
    return Page(records, total=int(answer.headers["count"]))


class ThingsPager(OffsetPager):
    """Pages of three."""

    def __init__(self, dataset: Dataset, query: Query, slice_: Slice) -> None:
        first, last = of(slice_)

        def ask(offset: int, limit: int) -> ApiRequest:
            asked = {"first": first, "last": last, "offset": offset, "limit": limit}
            return ApiRequest(method="GET", service="things", path="/things", json=asked)

        super().__init__(page_request=ask, parse_page=cut, page_size=PAGE)

    def parse(self, answer: Answer) -> Page:
        return cut(answer)
