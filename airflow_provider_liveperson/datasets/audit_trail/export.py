"""The audit trail's CSV export: the same changes, with object IDs, employee IDs and profiles.

LivePerson page: `audit-trail-api-methods-export-audit-trail-to-csv-file.html`. The file holds three blocks
(search criteria, total, results); there is no paging, and its errors are JSON.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from email.message import Message
from typing import Any, BinaryIO, ClassVar, NamedTuple

import msgspec

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.audit_trail.arguments import (
    ACCESS,
    FILTERS,
    MORE_DAYS,
    SERVICE,
    arguments,
    instant_of,
)
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.reader import ContradictionError, Pager, Reader
from airflow_provider_liveperson.datasets.readers.time_ordered import Row
from airflow_provider_liveperson.exceptions import (
    ConfigurationError,
    IncompletePullError,
    InvalidResponseError,
)
from airflow_provider_liveperson.records.columns import TEXT, Personal
from airflow_provider_liveperson.records.raw import RepairedLine
from airflow_provider_liveperson.records.values import stated_total
from airflow_provider_liveperson.window import Window

MAX_ROWS = 1_000_000
MAX_VALUE = 1 << 30
TIME_COLUMN = "Date and time"

_OPENING = 256
_MARKS = (  # that of UTF-16 begins like that of UTF-32
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_REPLACEMENT = "\ufffd".encode()
_NO_CHARSETS = ("unicode_escape", "raw_unicode_escape", "punycode")
_UTF_8 = ("utf-8", "utf-8-sig")


class _Export(NamedTuple):
    file: BinaryIO
    encoding: str


class AuditTrailExportPager(Pager):
    """Reads one slice of the audit trail's export: one request, one file, records as they stand in it.

    :param dataset: the declaration.
    :param query: the window, the filters and the cursor.
    :param slice_: the slice.
    """

    def __init__(self, dataset: Dataset, query: Query, slice_: Slice) -> None:
        self._dataset = dataset
        self._window = slice_.bounds[query.cursor]
        self._params = _params(self._window, query.filters)
        self._asked = False
        self._replaces = False

    def next_request(self) -> ApiRequest | None:
        if self._asked:
            return None
        self._asked = True
        return self.first_request()

    def first_request(self) -> ApiRequest:
        """The only request."""
        return self._dataset.make_request(
            params=self._params, headers={"Accept": "text/csv, application/json"}, to_disk=True
        )

    def parse(self, answer: Answer) -> _Export:
        if answer.status == 204:
            raise InvalidResponseError("the export answered 204 without a file", status=204)
        assert answer.file is not None
        opening = answer.file.read(_OPENING)
        answer.file.seek(0)
        encoding = _encoding(opening, answer)
        if opening.decode(encoding, "ignore").lstrip()[:1] in ("{", "[", "<"):
            raise InvalidResponseError(
                "the export answered JSON or HTML instead of CSV", status=answer.status
            )
        return _Export(answer.file, encoding)

    def accept(self, parsed: _Export) -> Iterable[bytes]:
        # Bytes that are not valid in the encoding are let through, and replaced in the records that hold them.
        self._replaces = parsed.encoding not in _UTF_8
        errors = "replace" if self._replaces else "surrogateescape"
        with parsed.file, io.TextIOWrapper(parsed.file, parsed.encoding, errors, newline="") as text:
            csv.field_size_limit(MAX_VALUE)
            try:
                start, end = self._window.start_ms, self._window.end_ms
                for row in self._rows(csv.reader(text, strict=True)):
                    if start <= row.at < end:
                        yield row.raw
            except (csv.Error, UnicodeError) as error:
                raise ContradictionError(f"the export cannot be read to its end: {error}") from error
        if self.received != self.reported:
            raise ContradictionError(f"the export says {self.reported} items and holds {self.received}")
        if self.received >= MAX_ROWS:
            raise IncompletePullError(
                f"the export of {self._window} holds {MAX_ROWS} items, the most it can; pull a shorter window"
            )

    def _rows(self, lines: Iterator[list[str]]) -> Iterator[Row]:
        self._find(map(_in_utc, lines), "Total Items")
        self.reported = self._total(lines)
        self._find(lines, "Results")
        names = [field_name(_with_replacements(title)) for title in next(lines, [])]
        try:
            time_at = names.index(field_name(TIME_COLUMN))
        except ValueError:
            raise InvalidResponseError(f"the export's results have no column {TIME_COLUMN!r}") from None
        tied: list[Row] = []
        for line in lines:
            if not line:
                continue
            if len(line) != len(names):
                raise ContradictionError(
                    f"a row of the export has {len(line)} columns instead of {len(names)}"
                )
            self.received += 1
            at = instant_of(line[time_at])
            if at is None:
                self.undated += 1
                continue
            row = Row(at, self._encode(dict(zip(names, line, strict=True))))
            if tied and tied[0].at != row.at:
                yield from sorted(tied)
                tied = []
            tied.append(row)
        yield from sorted(tied)

    def _encode(self, record: dict[str, str]) -> bytes:
        try:
            raw = msgspec.json.encode(record)
        except UnicodeEncodeError:
            return RepairedLine(
                msgspec.json.encode({name: _with_replacements(value) for name, value in record.items()})
            )
        return RepairedLine(raw) if self._replaces and _REPLACEMENT in raw else raw

    @staticmethod
    def _total(lines: Iterator[list[str]]) -> int:
        """The number of the block that states it: the next line that is not empty.

        A separator that was not quoted makes several cells of it.
        """
        cells = next((line for line in lines if any(line)), None)
        if cells is None:
            raise ContradictionError("the export ends before the number of its items")
        text = ",".join(cells).rstrip(",")
        text = "" if text.strip() == "Results" else text
        total = stated_total(text)
        if total is None:
            raise InvalidResponseError(
                f"the export's Total Items is {text[:40]!r}, which is not a number, so nobody can tell whether all of"
                " its rows came; use the dataset audit_trail instead, or report this to LivePerson"
            )
        return total

    @staticmethod
    def _find(lines: Iterator[list[str]], title: str) -> None:
        if not any(line and line[0].strip() == title and not any(line[1:]) for line in lines):
            raise ContradictionError(f"the export ends before its block {title!r}")


def _encoding(opening: bytes, answer: Answer) -> str:
    """How the file is encoded: as its byte order mark says, else as was declared, else UTF-8.

    :raises InvalidResponseError: for a charset that nobody knows.
    """
    for mark, encoding in _MARKS:
        if opening.startswith(mark):
            return encoding
    header = Message()
    header["Content-Type"] = answer.headers.get("Content-Type", "")
    declared = str(header.get_content_charset(failobj="utf-8"))
    try:
        name = codecs.lookup(declared).name
        b"\xff\xfe\x80".decode(name, "replace")  # some of Python's codecs do not encode text
    except (LookupError, ValueError):
        name = ""
    if not name or name.replace("-", "_") in _NO_CHARSETS:
        raise InvalidResponseError(
            f"the export is declared to be in the charset {declared[:40]!r}, which is not known",
            status=answer.status,
        )
    return name


def _with_replacements(text: str) -> str:
    """Text with U+FFFD in place of what is no UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


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

    return {name: text(value) for name, value in {**arguments(window, filters), "limit": MAX_ROWS}.items()}


class AuditTrailExport(Reader):
    """Reads the audit trail's export."""

    shape: ClassVar[str] = "one CSV file"
    uncounted: ClassVar[str] = MORE_DAYS

    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> AuditTrailExportPager:
        return AuditTrailExportPager(dataset, query, slice_)

    def probe(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        request = self.open(dataset, query, slice_).first_request()
        return replace(request, params={**request.params, "limit": "1"})

    def describe(self, dataset: Dataset, query: Query) -> dict[str, Any]:
        return dict(_params(query.window, query.filters))


AUDIT_TRAIL_EXPORT = Dataset(
    name="audit_trail_export",
    title="Audit trail, CSV export",
    page="audit-trail-api-methods-export-audit-trail-to-csv-file.html",
    request=RequestTemplate(
        service=SERVICE, path="/api/account/{account_id}/configuration/metadata/audit/export"
    ),
    access=ACCESS,
    reader=AuditTrailExport(),
    cursors=(Cursor("dateAndTime", "Each change once, in the window in which it was made."),),
    limits=Limits(max_range=timedelta(days=7)),
    columns={
        "objectType": TEXT,
        "objectId": TEXT,
        "objectName": Personal(TEXT),
        "actionType": TEXT,
        "element": TEXT,
        "oldValue": Personal(TEXT),
        "newValue": Personal(TEXT),
        "dateAndTime": TEXT,  # in UTC, without saying so
        "originator": Personal(TEXT),
        "originatorEmployeeId": TEXT,
        "originatorProfiles": TEXT,
    },
    filters=FILTERS,
)
