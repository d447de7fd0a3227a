"""The audit trail's CSV export: the same changes, with object IDs, employee IDs and profiles.

LivePerson page: `audit-trail-api-methods-export-audit-trail-to-csv-file.html`. The file holds three blocks
(search criteria, total, results); there is no paging, and its errors are JSON.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, BinaryIO

import msgspec

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.client.paging import PagesMovedError, Row
from airflow_provider_liveperson.columns import TEXT
from airflow_provider_liveperson.datasets.audit_trail import FILTERS, PERMISSION, arguments, epoch_ms
from airflow_provider_liveperson.datasets.dataset import Dataset, Query, Slice
from airflow_provider_liveperson.datasets.pages import one_record
from airflow_provider_liveperson.exceptions import (
    ConfigurationError,
    IncompletePullError,
    InvalidResponseError,
    RequestRejectedError,
)
from airflow_provider_liveperson.window import Window

LIMIT = 1_000_000
LONGEST_VALUE = 1 << 30
TIME_COLUMN = "Date and time"


class AuditTrailExportReader:
    """Reads one slice of the audit trail's export: one request, one file, records as they stand in it.

    :param dataset: the declaration.
    :param query: the window, the filters and the cursor.
    :param piece: the slice.
    """

    revision = None
    is_unchanged = False

    def __init__(self, dataset: Dataset, query: Query, piece: Slice) -> None:
        self._dataset = dataset
        self._window = piece.bounds[query.cursor]
        self._params = _params(self._window, query.filters)
        self._asked = False
        self.reported: int | None = None
        self.received = 0
        self.repeated = 0

    def next_request(self) -> ApiRequest | None:
        if self._asked:
            return None
        self._asked = True
        return ApiRequest(
            method=self._dataset.method,
            service=self._dataset.service,
            path=self._dataset.path,
            params=self._params,
            headers={"Accept": "text/csv, application/json"},
            to_disk=True,
        )

    def parse(self, answer: Answer) -> BinaryIO:
        assert answer.file is not None
        opening = answer.file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
        answer.file.seek(0)
        if opening[:1] in (b"{", b"[", b"<"):
            raise InvalidResponseError(
                "the export answered JSON or HTML instead of CSV", status=answer.status
            )
        return answer.file

    def expect(self, parsed: BinaryIO) -> None:
        """There is only one answer."""

    def finish(self) -> None:
        """The one answer was counted as it was read."""

    def accept(self, parsed: BinaryIO) -> Iterable[bytes]:
        with parsed, io.TextIOWrapper(parsed, "utf-8-sig", newline="") as text:
            csv.field_size_limit(LONGEST_VALUE)
            try:
                start, end = self._window.start_ms, self._window.end_ms
                for row in self._rows(csv.reader(text, strict=True)):
                    if start <= row.at < end:
                        yield row.raw
            except (csv.Error, UnicodeDecodeError) as error:
                raise PagesMovedError(f"the export cannot be read to its end: {error}") from error
        if self.reported is not None and self.received != self.reported:
            raise PagesMovedError(f"the export says {self.reported} items and holds {self.received}")
        if self.received >= LIMIT:
            raise IncompletePullError(
                f"the export of {self._window} holds {LIMIT} items, the most it can; pull a shorter window"
            )

    def refused(self, error: RequestRejectedError) -> None:
        raise error

    def _rows(self, lines: Iterator[list[str]]) -> Iterator[Row]:
        self._find(map(_in_utc, lines), "Total Items")
        total = next(lines, [""])
        self.reported = int(total[0]) if total and total[0].strip().isdecimal() else None
        self._find(lines, "Results")
        names = [field_name(title) for title in next(lines, [])]
        try:
            time_at = names.index(field_name(TIME_COLUMN))
        except ValueError:
            raise InvalidResponseError(f"the export's results have no column {TIME_COLUMN!r}") from None
        tied: list[Row] = []
        for line in lines:
            if not line:
                continue
            if len(line) != len(names):
                raise PagesMovedError(f"a row of the export has {len(line)} columns instead of {len(names)}")
            self.received += 1
            row = Row(epoch_ms(line[time_at]), msgspec.json.encode(dict(zip(names, line, strict=True))))
            if tied and tied[0].at != row.at:
                yield from sorted(tied)
                tied = []
            tied.append(row)
        yield from sorted(tied)

    @staticmethod
    def _find(lines: Iterator[list[str]], title: str) -> None:
        if not any(line and line[0].strip() == title and not any(line[1:]) for line in lines):
            raise PagesMovedError(f"the export ends before its block {title!r}")


def _in_utc(line: list[str]) -> list[str]:
    """Let a line of the search criteria pass, unless it says that the times are in another zone than was asked for."""
    zones = {zone for title in line for zone in re.findall(r"^(?:Start|End)\((.*)\)$", title)}
    if zones - {"UTC", "Etc/UTC", "GMT"}:
        raise InvalidResponseError(
            f"the export's times are in {', '.join(sorted(zones))}, although UTC was asked for: its records cannot be"
            " put into windows"
        )
    return line


def field_name(title: str) -> str:
    """A column title as a field name in the style of the GraphQL fields: ``Object ID`` is ``objectId``."""
    words: list[str] = re.findall(r"[A-Za-z0-9]+", title)
    first, *rest = words or [title]
    return first.lower() + "".join(word.capitalize() for word in rest)


def _params(window: Window, filters: Mapping[str, Any]) -> dict[str, str]:
    def text(value: Any) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, list):
            if any("," in item for item in value):
                raise ConfigurationError(
                    "filters: the export takes lists separated by commas, so no value may hold one; use the dataset"
                    " audit_trail instead",
                    field="filters",
                )
            return ",".join(value)
        return str(value)

    return {name: text(value) for name, value in {**arguments(window, filters), "limit": LIMIT}.items()}


def _describe(dataset: Dataset, query: Query) -> dict[str, Any]:
    return dict(_params(query.window, query.filters))


AUDIT_TRAIL_EXPORT = Dataset(
    name="audit_trail_export",
    title="Audit trail, CSV export",
    documentation="audit-trail-api-methods-export-audit-trail-to-csv-file.html",
    service="accountConfigReadOnly",
    method="GET",
    path="/api/account/{account_id}/configuration/metadata/audit/export",
    shape="one CSV file",
    cursors={"dateAndTime": "Each change once, in the window in which it was made."},
    key="none; equal rows are separate records",
    credentials=("API key", "Login"),
    permission=PERMISSION,
    probe=one_record,
    read=AuditTrailExportReader,
    describe=_describe,
    columns=dict.fromkeys(
        (
            "objectType",
            "objectId",
            "objectName",
            "actionType",
            "element",
            "oldValue",
            "newValue",
            "dateAndTime",
            "originator",
            "originatorEmployeeId",
            "originatorProfiles",
        ),
        TEXT,
    ),
    filters=FILTERS,
    longest_slice=timedelta(days=7),
)
