"""What a dataset is: a declaration of what LivePerson offers, and a reader that knows how to page it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, Any, Protocol, Self

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.filters import Filter
from airflow_provider_liveperson.exceptions import (
    ConfigurationError,
    IncompletePullError,
    RequestRejectedError,
    WindowOutOfRangeError,
)
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.window import Window, file_stamp, stamp

if TYPE_CHECKING:
    from airflow_provider_liveperson.records.columns import Column

NOT_DOCUMENTED = "not documented"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Room for what is added to a window's end, in a calendar that ends with the year 9999.
_LATEST = datetime(9998, 1, 1, tzinfo=UTC)
_MAX_PIECES = 64
_FILLED = 0.7


@dataclass(frozen=True, kw_only=True)
class Query:
    """What is to be pulled from a dataset, checked.

    :param window: the exact half-open window.
    :param filters: the dataset's filters, as they are sent.
    :param cursor: the field by which a record belongs to the window; empty for a whole collection.
    :param revision: the revision that is held already, for a collection that has one.
    """

    window: Window
    filters: Mapping[str, Any]
    cursor: str
    revision: str | None = None


@dataclass(frozen=True, kw_only=True)
class Slice:
    """A piece of a query that is read by itself: what belongs to it lies within every bound.

    :param bounds: field to the range in which it has to be; none for a whole collection.
    """

    bounds: Mapping[str, Window]

    def __str__(self) -> str:
        return ", ".join(f"{name} {window}" for name, window in self.bounds.items()) or "the whole collection"

    @property
    def key(self) -> str:
        """The same for the same bounds."""
        return ",".join(
            f"{name}={file_stamp(window.start)}_{file_stamp(window.end)}"
            for name, window in self.bounds.items()
        )

    def split(self, by: str, pieces: int, grid: timedelta) -> list[Slice]:
        """Cut one of the bounds into about equal pieces.

        :param by: which bound.
        :param pieces: about how many.
        :param grid: cuts are made at multiples of this since the epoch only.
        :returns: the pieces in order; the slice itself where the grid leaves nothing to cut.
        """
        window = self.bounds[by]
        step = max(grid, ceil((window.end - window.start) / pieces / grid) * grid)
        first = _EPOCH + ((window.start - _EPOCH) // grid) * grid + step
        cuts = [window.start, *_every(first, step, window.end), window.end]
        return [
            replace(self, bounds={**self.bounds, by: Window(start, end)}) for start, end in pairwise(cuts)
        ]


def _every(first: datetime, step: timedelta, end: datetime) -> Iterator[datetime]:
    while first < end:
        yield first
        first += step


class Reader(Protocol):
    """Reads one slice: says what to ask next and makes records of what came. It never sends.

    Requests may leave ahead: :meth:`next_request` is called again before the last answer is in. Answers are
    accepted in the order of their requests.
    """

    @property
    def reported(self) -> int | None:
        """How many records LivePerson says there are for what was asked, where it says so."""

    @property
    def received(self) -> int:
        """How many records came, each counted once."""

    @property
    def repeated(self) -> int:
        """How many rows came again."""

    @property
    def undated(self) -> int:
        """How many of the records received have no readable value of the field by which they are placed in time."""

    @property
    def still_partial(self) -> Sequence[str]:
        """The keys of the records that LivePerson gave only in part, even when asked for them one by one."""

    @property
    def revision(self) -> str | None:
        """The revision of what came, for a collection that has one."""

    @property
    def is_unchanged(self) -> bool:
        """Whether LivePerson says that the revision held already is the present one, and sent nothing."""

    def next_request(self) -> ApiRequest | None:
        """What to ask next; None at the end, and while that depends on answers not accepted yet."""

    def parse(self, answer: Answer) -> Any:
        """Read an answer, in any thread; what this raises as InvalidResponseError has the request repeated."""

    def peek(self, parsed: Any) -> None:
        """Take note of what the first answer tells of those to follow, before it is accepted."""

    def accept(self, parsed: Any) -> Iterable[Line]:
        """Take what :meth:`parse` made of an answer and hand on the records that are certain and belong to the slice.

        :raises PagesMovedError: when the slice has to be read again.
        """

    def finish(self) -> None:
        """Look once more, at the end, whether everything has come.

        :raises PagesMovedError: when something is missing.
        """

    def refused(self, error: RequestRejectedError) -> None:
        """Adapt to a refusal, so that the next request may be taken; otherwise raise it again."""

    def learn(self, before: Self) -> None:
        """Take over what an earlier reading of the same slice, which was not complete, has found out."""


class BaseReader:
    """What a :class:`Reader` is where it has no reason to be otherwise."""

    reported: int | None = None
    received = 0
    repeated = 0
    undated = 0
    still_partial: Sequence[str] = ()
    revision: str | None = None
    is_unchanged = False

    def peek(self, parsed: Any) -> None:
        """The first answer tells nothing of those to follow."""

    def finish(self) -> None:
        """What is missing was noticed before."""

    def refused(self, error: RequestRejectedError) -> None:
        """A refusal is final."""
        raise error

    def learn(self, before: Any) -> None:
        """Earlier readings do not matter."""


def by_cursor(dataset: Dataset, query: Query) -> list[Slice]:
    """Slices of at most the longest range that may be asked for at once."""
    return [Slice(bounds={query.cursor: window}) for window in query.window.cut(dataset.max_range)]


def first_request(dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
    """What the reader of a slice asks first."""
    request = dataset.read(dataset, query, slice_).next_request()
    assert request is not None
    return request


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One kind of record of one LivePerson API.

    :param name: what operators and the layout in the store call it.
    :param title: what people call it.
    :param documentation: LivePerson's page.
    :param service: the Domain API's name of its service.
    :param method: the HTTP method.
    :param path: the path; ``{account_id}`` stands for the account.
    :param shape: how LivePerson hands it over, for people.
    :param cursors: the fields by which a record can belong to a window, and when to use which; the first is the
        default. None for a collection that is always read whole.
    :param open_ended_cursors: those of them for which LivePerson takes no upper bound, so that a record comes in every
        window that begins before it was touched; such a window is not cut into days.
    :param filters: name to filter.
    :param key: what tells two records apart.
    :param credentials: the credential kinds that LivePerson's pages name for it.
    :param primary_key: the paths of the fields that make the key, or none where equal rows are separate records.
    :param permission: the API key's permission that it needs, as far as LivePerson's pages say.
    :param scope: the OAuth 2.0 scope that it needs, as far as LivePerson's pages say.
    :param probe: makes the request for as little of a slice as can show whether it may be read; default: the
        reader's first.
    :param check: refuses what does not go together in a query.
    :param columns: the fields that LivePerson documents, for the formats that need to know them.
    :param slices: cuts a query into slices, in order.
    :param max_range: the longest range that is asked for at once, or None for no bound.
    :param split_by: the bound by which a slice with too many records is split, or None where there is no such
        limit.
    :param split_grid: what LivePerson rounds that range to; it is split down to this.
    :param deep_paging_limit: the most records that can be paged in one slice, or None for no such limit.
    :param retention: how long LivePerson keeps the records, or None where it does not say.
    :param lag: how long after an instant its records may still appear.
    :param is_snapshot: whether it shows the present only, without a history.
    :param read: makes the reader of one slice.
    :param describe: the arguments of the request as the manifest tells them.
    """

    name: str
    title: str
    documentation: str
    service: str
    method: str
    path: str
    shape: str
    cursors: Mapping[str, str]
    key: str
    credentials: tuple[str, ...]
    read: Callable[[Dataset, Query, Slice], Reader]
    describe: Callable[[Dataset, Query], dict[str, Any]]
    open_ended_cursors: tuple[str, ...] = ()
    primary_key: tuple[str, ...] = ()
    permission: str = NOT_DOCUMENTED
    scope: str = NOT_DOCUMENTED
    probe: Callable[[Dataset, Query, Slice], ApiRequest] = first_request
    check: Callable[[Query], None] | None = None
    columns: Mapping[str, Column] = field(default_factory=dict)
    filters: Mapping[str, Filter] = field(default_factory=dict)
    slices: Callable[[Dataset, Query], list[Slice]] = by_cursor
    max_range: timedelta | None = None
    split_by: str | None = None
    split_grid: timedelta = timedelta(minutes=10)
    deep_paging_limit: int | None = None
    retention: timedelta | None = None
    lag: timedelta = timedelta(0)
    is_snapshot: bool = False

    def query(
        self,
        window: Window,
        *,
        filters: Mapping[str, Any] | None = None,
        cursor: str | None = None,
    ) -> Query:
        """Check the caller's wishes.

        :param window: the window.
        :param filters: filter name to value; names without a value (None) are left out.
        :param cursor: one of the dataset's cursors; default the first.
        :raises ConfigurationError: for an unknown filter or cursor, a value that does not fit, or a window before
            1970 or after 9997.
        """
        for name, moment in (("start", window.start), ("end", window.end)):
            if not _EPOCH <= moment <= _LATEST:
                raise ConfigurationError(
                    f"{name} is {stamp(moment)}; it must be between {stamp(_EPOCH)} and {stamp(_LATEST)}",
                    field=name,
                )
        if filters is not None and not isinstance(filters, Mapping):
            raise ConfigurationError(
                f"filters must be a dict of filter names to values, not {filters!r}", field="filters"
            )
        given = {}
        for name, value in (filters or {}).items():
            if value is None:
                continue
            if name not in self.filters:
                raise ConfigurationError(
                    f"filters: {self.name} has no filter {name!r}; it has {', '.join(self.filters) or 'none'}",
                    field="filters",
                )
            given[name] = self.filters[name].read(name, value)
            if not raw.is_text(given[name]):
                raise ConfigurationError(
                    f"filters: {name} is {value!r}, which holds half of a surrogate pair and cannot be sent",
                    field="filters",
                )
        if cursor is not None and cursor not in self.cursors:
            raise ConfigurationError(
                f"cursor is {cursor!r}; {self.name} has {', '.join(self.cursors) or 'none'}", field="cursor"
            )
        query = Query(window=window, filters=given, cursor=cursor or next(iter(self.cursors), ""))
        if self.check is not None:
            self.check(query)
        return query

    def check_range(self, window: Window, now: datetime) -> None:
        """Refuse a window whose records are gone or cannot all be there yet.

        :param window: the window.
        :param now: the present, aware.
        :raises WindowOutOfRangeError: saying by how much.
        """
        if window.end > now - self.lag:
            late = f", {self.lag} before now," if self.lag else ","
            raise WindowOutOfRangeError(
                f"the window ends at {stamp(window.end)}, which is after {stamp(now - self.lag)}{late} so its records"
                " cannot all be there yet; run later, or set allow_out_of_range=True to take what there is",
                field="end",
            )
        if self.is_snapshot and now - window.end > max(timedelta(days=1), window.end - window.start):
            raise WindowOutOfRangeError(
                f"the window ended at {stamp(window.end)}, and LivePerson gives {self.name} only as they are now;"
                " pull the latest window (catchup=False), or set allow_out_of_range=True to land the present"
                " state there",
                field="end",
            )
        if self.retention is not None and window.start < now - self.retention:
            raise WindowOutOfRangeError(
                f"the window starts at {stamp(window.start)}, but LivePerson keeps {self.name} for"
                f" {self.retention.days} days; start later, or set allow_out_of_range=True to take what is left",
                field="start",
            )

    def plan(self, query: Query) -> list[Slice]:
        """Cut a query into slices that are short enough to ask for at once, in order."""
        return self.slices(self, query)

    def split(self, slice_: Slice, count: int, limit: int) -> list[Slice]:
        """Cut a slice that holds more records than can be paged.

        :param slice_: the slice.
        :param count: how many records it is said to hold.
        :param limit: the most that can be paged.
        :raises IncompletePullError: when it is as short as LivePerson's rounding already.
        """
        if self.split_by is None:
            raise IncompletePullError(
                f"{self.name}, {slice_}: {count} records, not fewer than the {limit} that can be paged"
            )
        wanted = min(_MAX_PIECES, max(2, ceil(count / (limit * _FILLED))))
        pieces = slice_.split(self.split_by, wanted, self.split_grid)
        if len(pieces) < 2:
            raise IncompletePullError(
                f"{self.name}, {slice_}: {count} records, not fewer than the {limit} that LivePerson pages, in the"
                " shortest range that it takes. Narrow them with filters, into separate prefixes; or raise the"
                " connection's deep_paging_limit if LivePerson pages deeper for this account",
                field="deep_paging_limit",
            )
        return pieces
