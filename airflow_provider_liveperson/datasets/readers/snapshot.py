"""How things are at the moment of the pull: pages without a revision, which nobody can read again later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.offset_pages import OffsetPager, OffsetPages
from airflow_provider_liveperson.datasets.readers.pages import Page
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


@dataclass(frozen=True, kw_only=True)
class Snapshot(OffsetPages):
    """Reads pages of how things are now. Each record gets the column :data:`PULLED_AT`, the same for all of a pull."""

    shape: ClassVar[str] = "pages of the present state"

    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> OffsetPager:
        read, pulled_at = self.parser(dataset, query, slice_), stamp(now())

        def parse_page(answer: Answer) -> Page:
            page = read(answer)
            records = [
                record._replace(line=with_column(record.line, PULLED_AT, pulled_at))
                for record in page.records
            ]
            return page._replace(records=records)

        return self.pager(dataset, query, slice_, parse_page)


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
