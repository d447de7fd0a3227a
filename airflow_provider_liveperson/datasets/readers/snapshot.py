"""How things are at the moment of the pull, which nobody can read again later: pages, a list, or one answer of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_liveperson.client.messages import SOURCE, Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.answer import AnswerReader, Row, as_text, read_object
from airflow_provider_liveperson.datasets.readers.intervals import END, START, on_grid
from airflow_provider_liveperson.datasets.readers.offset_pages import OffsetPages
from airflow_provider_liveperson.datasets.readers.pages import Page
from airflow_provider_liveperson.datasets.readers.whole_list import WholeList
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.records.raw import RepairedLine
from airflow_provider_liveperson.window import stamp

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset

PULLED_AT = "_pulled_at"
"""The column that says when a record was pulled, ISO 8601 in UTC."""


def now() -> datetime:
    """The present by this machine's clock, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def pulled_at_now(read: Callable[[Answer], Page]) -> Callable[[Answer], Page]:
    """What parses pages and adds the instant of the pull, which is this one, to each record.

    :param read: parses them.
    """
    pulled_at = stamp(now())

    def parse_page(answer: Answer) -> Page:
        page = read(answer)
        records = [
            record._replace(line=with_column(record.line, PULLED_AT, pulled_at)) for record in page.records
        ]
        return page._replace(records=records)

    return parse_page


@dataclass(frozen=True, kw_only=True)
class Snapshot(OffsetPages):
    """Reads pages of how things are now. Each record gets the column :data:`PULLED_AT`, the same for all of a pull."""

    shape: ClassVar[str] = "pages of the present state"

    def parser(self, dataset: Dataset, query: Query, slice_: Slice) -> Callable[[Answer], Page]:
        return pulled_at_now(super().parser(dataset, query, slice_))


@dataclass(frozen=True, kw_only=True)
class SnapshotList(WholeList):
    """Reads one answer with how things are now, likewise."""

    shape: ClassVar[str] = "one answer with the present state"

    def parser(self, dataset: Dataset, query: Query, slice_: Slice) -> Callable[[Answer], Page]:
        return pulled_at_now(super().parser(dataset, query, slice_))


@dataclass(frozen=True, kw_only=True)
class AnswerSnapshot(AnswerReader):
    """Reads one answer about the present. Each row has the column :data:`PULLED_AT`.

    :param timeframe: the argument that says how many minutes back from now the numbers reach, where they cover a time;
        rows then have that time, on the clock grid.
    :param grid: the clock grid to which LivePerson widens that time.
    :param has_source: whether the caller's label is sent.
    :param in_body: whether arguments go into a JSON body.
    """

    shape: ClassVar[str] = "one answer about the present, made into rows"

    timeframe: str = ""
    grid: timedelta = timedelta(minutes=5)
    has_source: bool = True
    in_body: bool = False

    def request(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        source, asked = {"source": SOURCE} if self.has_source else {}, self._asked(query)
        if self.in_body:
            return dataset.make_request(params=source, json=asked)
        return dataset.make_request(
            params={**{name: as_text(value) for name, value in asked.items()}, **source}
        )

    def rows(self, answer: Answer, query: Query, slice_: Slice) -> Sequence[Row]:
        page, top = read_object(answer)
        if not any(section.is_in(top) for section in self.sections):
            names = sorted(
                {section.paths[0].partition(".")[0] or section.unfold for section in self.sections}
            )
            raise InvalidResponseError(f"the answer has no {' and no '.join(names)}", status=answer.status)
        return list(self.sectioned(page, top, self._columns(query)))

    def filters(self, query: Query) -> dict[str, Any]:
        """The filters that are sent.

        :param query: the window, the filters and the cursor.
        """
        return dict(query.filters)

    def _asked(self, query: Query) -> dict[str, Any]:
        return {**self.arguments, **self.filters(query)}

    def _columns(self, query: Query) -> dict[str, str]:
        pulled_at = now()
        columns = {PULLED_AT: stamp(pulled_at)}
        if self.timeframe:
            back = timedelta(minutes=int(self._asked(query)[self.timeframe]))
            columns[START] = stamp(on_grid(pulled_at - back, self.grid))
            columns[END] = stamp(on_grid(pulled_at, self.grid, up=True))
        return columns


def with_column(line: Line, name: str, value: str) -> bytes:
    """A record with one more field, behind those that LivePerson sent.

    :param line: the record, a JSON object.
    :param name: the field's name; plain ASCII.
    :param value: its value; plain ASCII.
    """
    record = bytes(line)
    body = record[:-1]
    comma = b"" if body.strip() == b"{" else b","
    longer = b'%b%b"%b":"%b"}' % (body, comma, name.encode(), value.encode())
    return RepairedLine(longer) if isinstance(line, RepairedLine) else longer
