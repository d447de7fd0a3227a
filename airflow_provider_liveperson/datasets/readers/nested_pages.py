"""Pages by offset of objects, each of which holds records: what is counted and paged is the objects."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.offset_pages import OffsetPager, OffsetPages
from airflow_provider_liveperson.datasets.readers.paged import read_count
from airflow_provider_liveperson.datasets.readers.pages import Page, Record, Unkeyed
from airflow_provider_liveperson.datasets.readers.paths import PathDecoder
from airflow_provider_liveperson.datasets.readers.reader import Pager
from airflow_provider_liveperson.exceptions import RequestRejectedError
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.records.values import identifier

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset


class NestedRecord(NamedTuple):
    """One record of an object.

    :param key: what tells it from the others in the object.
    :param line: its JSON.
    :param in_slice: whether it lies within the slice.
    """

    key: object
    line: Line
    in_slice: bool


@dataclass(frozen=True, kw_only=True)
class NestedPages(OffsetPages):
    """Reads pages of objects, and makes records of each. A subclass says how.

    That every object has come is proven as for :class:`OffsetPages`. Of records with the same key in an object the
    first one stands.

    :param id: the dotted path of an object's ID.
    """

    shape: ClassVar[str] = "pages with a count, of objects made into rows"
    uncounted: ClassVar[str] = "LivePerson counts the objects whose records they are, not the records"

    id: str

    @abstractmethod
    def rows(self, line: Line, query: Query, slice_: Slice) -> Iterable[NestedRecord]:
        """The records of an object, in order.

        :param line: the object.
        :param query: the window, the filters and the cursor.
        :param slice_: the slice.
        :raises InvalidResponseError: for what LivePerson does not document.
        """

    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> Any:
        def parse_page(answer: Answer) -> Page:
            page, values, others = self.content(answer)
            records = []
            for value in values:
                line = page.line(value)
                name = identifier(self._id_decoder.read(value)[0])
                records.append(Record(line, Unkeyed(line) if name is None else page.key(name), in_slice=True))
            return Page(records, total=read_count(others[: len(self.count)], answer.status))

        return NestedPager(self, query, slice_, self.pager(dataset, query, slice_, parse_page))

    @cached_property
    def _id_decoder(self) -> PathDecoder:
        return PathDecoder((self.id,))


class NestedPager(Pager):
    """Reads pages of objects, and hands on their records.

    :param reader: the declared reader.
    :param query: the window, the filters and the cursor.
    :param slice_: the slice.
    :param objects: reads the objects.
    """

    def __init__(self, reader: NestedPages, query: Query, slice_: Slice, objects: OffsetPager) -> None:
        self._reader = reader
        self._query = query
        self._slice = slice_
        self._objects = objects

    def next_request(self) -> ApiRequest | None:
        return self._objects.next_request()

    def parse(self, answer: Answer) -> Page:
        return self._objects.parse(answer)

    def peek(self, parsed: Page) -> None:
        self._objects.peek(parsed)

    def accept(self, parsed: Page) -> Sequence[Line]:
        taken = []
        for line in self._objects.accept(parsed):
            seen: set[object] = set()
            for record in self._reader.rows(line, self._query, self._slice):
                if record.key in seen:
                    self.repeated += 1
                    continue
                seen.add(record.key)
                self.received += 1
                if record.in_slice:
                    taken.append(record.line)
        return taken

    def finish(self) -> None:
        self._objects.finish()

    def refused(self, error: RequestRejectedError) -> None:
        self._objects.refused(error)
