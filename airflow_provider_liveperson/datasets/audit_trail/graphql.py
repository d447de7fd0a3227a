"""The audit trail: every change of the account's configuration, by GraphQL.

LivePerson page: `audit-trail-api-methods-retrieve-audit-trail-records.html`. What shapes this module:

* The range filter takes whole days. In which zone days are cut, and whether ``toDate`` is inside, is not
  documented; so days beyond both ends are asked for, and the rows are trimmed by their own instant.
* Rows have no id. :class:`TimeOrderedPager` keeps equal rows apart and moving pages together.
* The largest page is not documented, nor is what happens above it; the field ``actionType`` is in older
  versions of the page only. Both are tried, and given up where the server refuses them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, ClassVar, NamedTuple

import msgspec

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.client.scrubbing import scrub
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
from airflow_provider_liveperson.datasets.readers.reader import Pager, PagesMovedError, Reader
from airflow_provider_liveperson.datasets.readers.time_ordered import UNDATED, Row, TimeOrderedPager
from airflow_provider_liveperson.exceptions import InvalidResponseError, RequestRejectedError
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.columns import BOOLEAN, TEXT, Personal
from airflow_provider_liveperson.records.values import stated_total

FIELDS = (
    "accountId",
    "objectType",
    "objectName",
    "actionType",
    "element",
    "oldValue",
    "newValue",
    "changeDate",
    "originator",
    "originatorLoginName",
    "originatorUserId",
    "originatorUserAgent",
    "originatorAuthType",
    "originatorIsLpa",
)
# What was changed may be a person, and so may its values.
_PERSONAL = (
    "objectName",
    "oldValue",
    "newValue",
    "originator",
    "originatorLoginName",
    "originatorUserAgent",
)
MAX_PAGE_SIZE = 1000


def graphql(name: str, arguments: dict[str, Any], fields: Sequence[str]) -> str:
    """A GraphQL query with its arguments inline, since LivePerson documents no variables.

    A JSON string is a GraphQL string; non-ASCII characters stay as they are, because older GraphQL has no
    escapes for those beyond U+FFFF.
    """
    inline = ",".join(f"{key}:{json.dumps(value, ensure_ascii=False)}" for key, value in arguments.items())
    return f"{{{name}({inline}){{{' '.join(fields)}}}}}"


class _Data(msgspec.Struct):
    auditData: list[msgspec.Raw]


class _Envelope(msgspec.Struct):
    data: _Data | None = None
    errors: list[msgspec.Raw] | None = None


class _Stamped(msgspec.Struct):
    changeDate: str = ""


class _LooselyStamped(msgspec.Struct):
    changeDate: Any = None


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_STAMPED = msgspec.json.Decoder(_Stamped)


class _Page(NamedTuple):
    rows: list[Row]
    total: int | None


def _at(row: msgspec.Raw) -> int:
    """When a change was made, or :data:`UNDATED`."""
    try:
        text = _STAMPED.decode(row).changeDate
    except msgspec.ValidationError:
        text = raw.convert(_LooselyStamped, row).changeDate
    at = instant_of(text)
    return UNDATED if at is None else at


class AuditTrailPager(Pager):
    """Reads one slice of the audit trail.

    :param dataset: the declaration.
    :param query: the window, the filters and the cursor.
    :param slice_: the slice.
    """

    def __init__(self, dataset: Dataset, query: Query, slice_: Slice) -> None:
        window = slice_.bounds[query.cursor]
        self._dataset = dataset
        self._window = window
        self._arguments = arguments(window, query.filters)
        self._is_asked = False
        self._fields: Sequence[str] = FIELDS
        self._limit = MAX_PAGE_SIZE
        self._started = False
        self._doubts: list[tuple[Sequence[str], int]] = []
        self._first_refusal: RequestRejectedError | None = None
        self._without_time: set[bytes] = set()
        self._last_before: int | None = None  # the latest instant before the window
        self._in_doubt = 0
        self._stop_at = window.end_ms
        self._pager = TimeOrderedPager(limit=MAX_PAGE_SIZE, stop_at=self._stop_at)

    def next_request(self) -> ApiRequest | None:
        page = None if self._is_asked else self._pager.next_page()
        if page is None:
            return None
        self._is_asked = True
        asked = {
            **self._arguments,
            "orderBy": ["changeTimestamp"],
            "orderDirection": ["ASC"],
            "first": page.limit,
            "offset": page.offset,
        }
        return self._dataset.make_request(json={"query": graphql("auditData", asked, self._fields)})

    def parse(self, answer: Answer) -> _Page:
        try:
            page = raw.read(_ENVELOPE, answer.body, answer.content_type)
            envelope = page.content
            if envelope.errors:
                # A request like this was taken before, so the fault is not the request's: let it be repeated.
                kind = InvalidResponseError if self._pager.limit_is_known else RequestRejectedError
                told = b" ".join(map(page.copy, envelope.errors)).decode("utf-8", "replace")
                raise kind(
                    f"the answer is a 200 with GraphQL errors: {scrub(told)!r}. Check the filters.",
                    status=200,
                )
            if envelope.data is None:
                raise InvalidResponseError("the answer has neither data nor errors", status=answer.status)
            rows = [Row(_at(row), page.copy(row)) for row in envelope.data.auditData]
        except msgspec.DecodeError as error:
            raise InvalidResponseError(
                f"the answer is not what the audit trail documents ({error})", status=answer.status
            ) from error
        return _Page(rows, stated_total(answer.headers.get("X-Total-Count", "")))

    def finish(self) -> None:
        if not self._pager.finished:
            raise PagesMovedError("the reading ended before its last page")

    def accept(self, parsed: _Page) -> Iterable[bytes]:
        self._is_asked = False
        if not self._started and self._limit == 1:  # so the page was too large; find out what is not
            self._started = True
            self._pager = TimeOrderedPager(limit=MAX_PAGE_SIZE // 2, stop_at=self._stop_at)
            return []
        self._started = True
        self._without_time.update(row.raw for row in parsed.rows if row.at == UNDATED)
        rows = self._pager.accept(parsed.rows, parsed.total)
        self.reported, self.received = self._pager.reported, self._pager.received
        self.repeated = self._pager.repeated
        if self._without_time:
            rows = self._leave_out_undated(rows)
        start, end = self._window.start_ms, self._window.end_ms
        return [row.raw for row in rows if start <= row.at < end]

    def _leave_out_undated(self, rows: list[Row]) -> list[Row]:
        """Leave rows without a time out, and count those that may lie in the window by where they stand.

        One that stands behind the last row before the window may be in it.
        """
        start, end = self._window.start_ms, self._window.end_ms
        for row in rows:
            if row.at < start and row.at != self._last_before:
                self._last_before = row.at
                self.undated -= self._in_doubt
                self._in_doubt = 0
            if row.raw in self._without_time and row.at < end:
                self.undated += 1
                self._in_doubt += row.at < start
        return [row for row in rows if row.raw not in self._without_time]

    def refused(self, error: RequestRejectedError) -> None:
        """Give up ``actionType``, or ask for smaller pages, if that is what the server may have refused.

        A refusal seldom says why. So the first one is followed by the same request without ``actionType``, then
        with a page of one row, then with both; whichever is taken shows the reason. If none is, the request
        itself is wrong, and the first refusal is raised.
        """
        self._is_asked = False
        if self._started:
            if not self._pager.limit_refused():
                raise error
            return
        if self._first_refusal is None:
            self._first_refusal = error
            plain = tuple(name for name in FIELDS if name != "actionType")
            self._doubts = [(plain, MAX_PAGE_SIZE), (FIELDS, 1), (plain, 1)]
        if not self._doubts:
            raise self._first_refusal
        self._fields, self._limit = self._doubts.pop(0)
        self._pager = TimeOrderedPager(limit=self._limit, stop_at=self._stop_at)


class AuditTrailPages(Reader):
    """Reads the audit trail in order of time, by GraphQL."""

    shape: ClassVar[str] = "pages by time, of GraphQL"
    uncounted: ClassVar[str] = MORE_DAYS

    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> AuditTrailPager:
        return AuditTrailPager(dataset, query, slice_)

    def probe(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        asked = {**arguments(slice_.bounds[query.cursor], query.filters), "first": 1, "offset": 0}
        return dataset.make_request(json={"query": graphql("auditData", asked, ("changeDate",))})

    def describe(self, dataset: Dataset, query: Query) -> dict[str, Any]:
        return {
            **arguments(query.window, query.filters),
            "orderBy": ["changeTimestamp"],
            "orderDirection": ["ASC"],
        }


AUDIT_TRAIL = Dataset(
    name="audit_trail",
    title="Audit trail",
    page="audit-trail-api-methods-retrieve-audit-trail-records.html",
    request=RequestTemplate(
        service=SERVICE, method="POST", path="/api/account/{account_id}/configuration/metadata/audit"
    ),
    access=ACCESS,
    reader=AuditTrailPages(),
    cursors=(Cursor("changeDate", "Each change once, in the window in which it was made."),),
    limits=Limits(max_range=timedelta(days=31)),
    # `changeDate` is text, as it does not say that it is in UTC.
    columns={
        **{name: Personal(TEXT) if name in _PERSONAL else TEXT for name in FIELDS},
        "originatorIsLpa": BOOLEAN,
    },
    filters=FILTERS,
)
