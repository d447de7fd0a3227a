"""All records of a slice in one answer, as a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.paged import PagedReader
from airflow_provider_liveperson.datasets.readers.pages import Page, hand_on, parse_body
from airflow_provider_liveperson.datasets.readers.reader import Pager
from airflow_provider_liveperson.records.line import Line

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset


@dataclass(frozen=True, kw_only=True)
class WholeList(PagedReader):
    """Reads one answer with a list of records, without pages and without a count.

    Records are handed on in the order of their primary keys, not in the server's, so that the same records are the same
    bytes.
    """

    shape: ClassVar[str] = "one answer with a list"

    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> WholeListPager:
        return WholeListPager(
            request=lambda: self.request(dataset, query, slice_, {}),
            parse_list=self.parser(dataset, query, slice_),
            keeps_repeats=self.keeps_repeats(query),
        )

    def parser(self, dataset: Dataset, query: Query, slice_: Slice) -> Callable[[Answer], Page]:
        """What parses the answer of a slice."""

        def parse_list(answer: Answer) -> Page:
            page, values, _ = self.content(answer)
            placer = self.placed(dataset, query, slice_)
            return Page(placer.records(page, values), undated=frozenset(placer.undated))

        return parse_list

    def keeps_repeats(self, query: Query) -> bool:
        """Whether records that are equal to the byte are separate records.

        :param query: the window, the filters and the cursor.
        """
        return False

    def probe(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        return self.request(dataset, query, slice_, {})


class WholeListPager(Pager):
    """Reads one answer.

    :param request: makes the request.
    :param parse_list: makes a :class:`Page` of the answer.
    :param keeps_repeats: whether records that are equal to the byte are separate records.
    """

    def __init__(
        self,
        *,
        request: Callable[[], ApiRequest],
        parse_list: Callable[[Answer], Page],
        keeps_repeats: bool = False,
    ) -> None:
        self._request = request
        self._parse_list = parse_list
        self._keeps_repeats = keeps_repeats
        self._asked = False

    def next_request(self) -> ApiRequest | None:
        if self._asked:
            return None
        self._asked = True
        return self._request()

    def parse(self, answer: Answer) -> Page:
        return parse_body(answer, self._parse_list)

    def accept(self, parsed: Page) -> Sequence[Line]:
        ordered = sorted(((one.key, bytes(one.line), one) for one in parsed.records), key=lambda it: it[:2])
        taken: list[Line] = []
        before: bytes | None = None
        for _, line, record in ordered:
            if line == before and not self._keeps_repeats:
                self.repeated += 1
                continue
            before = line
            self.received += 1
            if record.in_slice:
                taken.append(record.line)
        self.undated = len(parsed.undated)
        return hand_on(taken, len(parsed.records))
