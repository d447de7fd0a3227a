"""What a dataset is: a declaration of what LivePerson offers, and of how its records come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.client.messages import ApiRequest
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.filters import Filter
from airflow_provider_liveperson.datasets.model.limits import Limits, span
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.exceptions import ConfigurationError, IncompletePullError
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.persons import IdPath, id_paths
from airflow_provider_liveperson.window import Window, stamp

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.readers.reader import Pager, Reader
    from airflow_provider_liveperson.records.columns import Column

PAGES = "https://developers.liveperson.com/"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Room for what is added to a window's end, in a calendar that ends with the year 9999.
_LATEST = datetime(9998, 1, 1, tzinfo=UTC)
_MAX_PIECES = 64
_FILLED = 0.7


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One kind of record of one LivePerson API.

    :param name: what operators and the layout in the store call it.
    :param title: what people call it.
    :param page: LivePerson's page, by its file name on developers.liveperson.com.
    :param request: what all its requests have in common.
    :param access: the credentials, permission and scope that LivePerson's pages name.
    :param reader: how its records come: it plans slices, asks for pages and reads them.
    :param cursors: the fields by which a record can belong to a window; the first is the default. None for a
        snapshot.
    :param primary_key: the dotted paths of the fields that tell two records apart; none where equal rows are
        separate records.
    :param limits: ranges, paging, retention, lag.
    :param columns: every documented field, for the formats that have columns.
    :param filters: name to filter.
    """

    name: str
    title: str
    page: str
    request: RequestTemplate
    access: Access
    reader: Reader
    cursors: tuple[Cursor, ...] = ()
    primary_key: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    columns: Mapping[str, Column] = field(default_factory=dict)
    filters: Mapping[str, Filter] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address of LivePerson's page."""
        return PAGES + self.page

    @property
    def key(self) -> str:
        """The primary key for people."""
        return ", ".join(self.primary_key) or "none; equal rows are separate records"

    @property
    def is_snapshot(self) -> bool:
        """Whether it shows the present only, without a history."""
        return not self.limits.has_history

    @cached_property
    def id_paths(self) -> tuple[IdPath, ...]:
        """The fields that hold ids of conversations or consumers, in order."""
        return tuple(id_paths(self.columns))

    @property
    def uncounted(self) -> str:
        """Why LivePerson's counts of its windows cannot be compared with earlier ones; empty where they can."""
        return "it shows the present only" if self.is_snapshot else self.reader.uncounted

    def why_uncounted(self, query: Query) -> str:
        """The same for one query.

        :param query: the window, the filters and the cursor.
        """
        if self.uncounted:
            return self.uncounted
        if self.is_open_ended(query):
            return f"by the cursor {query.cursor}, LivePerson counts what has changed since, up to now"
        grid, window = self.limits.split_grid, query.window
        if self.limits.split_by is not None and (
            (window.start - _EPOCH) % grid or (window.end - _EPOCH) % grid
        ):
            return f"LivePerson rounds the window to {span(grid)}, and counts what is beside it, too"
        return ""

    def cursor(self, name: str) -> Cursor | None:
        """The cursor of a name, or None for none."""
        return next((cursor for cursor in self.cursors if cursor.name == name), None)

    def is_open_ended(self, query: Query) -> bool:
        """Whether LivePerson takes no upper bound for a query's window, so that it is not cut into days."""
        cursor = self.cursor(query.cursor)
        return cursor is not None and cursor.open_ended

    def query(
        self,
        window: Window,
        *,
        filters: Mapping[str, Any] | None = None,
        cursor: str | None = None,
    ) -> Query:
        """Check what a user asks for.

        :param window: the window.
        :param filters: filter name to value; names without a value (None) are left out.
        :param cursor: one of the dataset's cursors; default the first.
        :raises ConfigurationError: for an unknown filter or cursor, a value that is not valid, a window before
            1970 or after 9997, or one that holds a part of what a record sums up.
        """
        for name, moment in (("start", window.start), ("end", window.end)):
            if not _EPOCH <= moment <= _LATEST:
                raise ConfigurationError(
                    f"{name} is {stamp(moment)}; it must be between {stamp(_EPOCH)} and {stamp(_LATEST)}",
                    field=name,
                )
        self.limits.check_grid(self.name, window)
        names = [one.name for one in self.cursors]
        if cursor is not None and cursor not in names:
            raise ConfigurationError(
                f"cursor is {cursor!r}; {self.name} has {', '.join(names) or 'none'}", field="cursor"
            )
        query = Query(
            window=window, filters=self._read_filters(filters), cursor=cursor or (names[0] if names else "")
        )
        self.reader.check(query)
        return query

    def _read_filters(self, filters: object) -> dict[str, Any]:
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
            given[name] = self.filters[name].read(f"filters: {name}", value)
            if not raw.is_text(given[name]):
                raise ConfigurationError(
                    f"filters: {name} is {value!r}, which holds half of a surrogate pair and cannot be sent",
                    field="filters",
                )
        return given

    def as_files(self) -> Dataset:
        """The same dataset, whose records are its files as they come.

        :raises ConfigurationError: for one that does not come in files.
        """
        reader = self.reader.whole_files()
        if reader is None:
            raise ConfigurationError(
                f"raw is True, which lands files as they came, and {self.name} does not come in files; leave raw out",
                field="raw",
            )
        return replace(self, reader=reader, primary_key=(), columns={})

    def check_range(self, window: Window, now: datetime) -> None:
        """Refuse a window that cannot be complete; see :meth:`Limits.check`."""
        self.limits.check(self.name, window, now)

    def plan(self, query: Query, *, now: datetime | None = None) -> list[Slice]:
        """Cut a query into slices that are short enough for one range, in order.

        :param query: the window, the filters and the cursor.
        :param now: the present, aware, for a window that begins before what LivePerson keeps: what LivePerson would
            refuse of it is left out. None for a window of which LivePerson has everything.
        """
        left = query.window if now is None else self.limits.left_of(query.window, now)
        return [] if left is None else self.reader.plan(self, replace(query, window=left))

    def open(self, query: Query, slice_: Slice) -> Pager:
        """What reads a slice, from its start."""
        return self.reader.open(self, query, slice_)

    def make_request(
        self,
        *,
        params: Mapping[str, str] | None = None,
        json: object | None = None,
        headers: Mapping[str, str] | None = None,
        to_disk: bool = False,
        places: Mapping[str, str] | None = None,
    ) -> ApiRequest:
        """Make a request of the template, which keeps to the documented rate; see :meth:`RequestTemplate.make`."""
        return self.request.make(
            params=params,
            json=json,
            headers=headers,
            to_disk=to_disk,
            places=places,
            max_per_second=self.limits.max_per_second,
        )

    def probes(self, query: Query, slice_: Slice) -> Sequence[ApiRequest]:
        """The ways to ask for as little of a slice as shows whether it can be read; see :meth:`Reader.probes`."""
        return self.reader.probes(self, query, slice_)

    def describe(self, query: Query) -> dict[str, Any]:
        """The arguments of the requests, for the manifest."""
        return self.reader.describe(self, query)

    def split(self, slice_: Slice, count: int, limit: int) -> list[Slice]:
        """Cut a slice that holds more records than can be paged.

        :param slice_: the slice.
        :param count: how many records LivePerson reports.
        :param limit: how many can be paged.
        :raises IncompletePullError: when it is as short as LivePerson's rounding already.
        """
        by, grid = self.limits.split_by, self.limits.split_grid
        if by is None:
            raise IncompletePullError(
                f"{self.name}, {slice_}: {count} records, not fewer than the {limit} that can be paged. Narrow them"
                " with filters, into separate prefixes",
                field="filters",
            )
        wanted = min(_MAX_PIECES, max(2, ceil(count / (limit * _FILLED))))
        pieces = slice_.split(by, wanted, grid)
        if len(pieces) < 2:
            raise IncompletePullError(
                f"{self.name}, {slice_}: {count} records, not fewer than the {limit} that LivePerson pages, in the"
                " shortest range that it takes. Narrow them with filters, into separate prefixes; or raise the"
                " connection's deep_paging_limit if LivePerson pages deeper for this account",
                field="deep_paging_limit",
            )
        return pieces
