"""What a dataset is: a declaration of what LivePerson offers, and a reader that knows how to page it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.client.paging import Row
from airflow_provider_liveperson.exceptions import (
    ConfigurationError,
    RequestRejectedError,
    WindowOutOfRangeError,
)
from airflow_provider_liveperson.window import Window, stamp


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One filter that a dataset takes.

    :param kind: the Python type of its value: ``bool``, ``str``, or ``list`` of strings.
    :param description: what it does, and what holds without it.
    """

    kind: type
    description: str

    def check(self, name: str, value: object) -> None:
        """Refuse a value of another type.

        :raises ConfigurationError: naming the filter.
        """
        if self.kind is list:
            good = isinstance(value, list) and bool(value) and all(isinstance(v, str) and v for v in value)
        else:
            good = isinstance(value, self.kind)
        if not good:
            wanted = "a list of strings, not empty" if self.kind is list else f"of type {self.kind.__name__}"
            raise ConfigurationError(f"filters: {name} must be {wanted}, not {value!r}", field="filters")


@dataclass(frozen=True, kw_only=True)
class Query:
    """What is to be pulled from a dataset, checked.

    :param window: the exact half-open window.
    :param filters: the dataset's filters.
    :param cursor: the field by which a record belongs to the window.
    """

    window: Window
    filters: Mapping[str, Any]
    cursor: str


class Reader(Protocol):
    """Reads one slice: says what to ask next and makes rows of what came. It never sends."""

    @property
    def reported(self) -> int | None:
        """How many records LivePerson says there are for what was asked, where it says so."""

    @property
    def received(self) -> int:
        """How many records came, each counted once."""

    @property
    def repeated(self) -> int:
        """How many rows came again."""

    def next_request(self) -> ApiRequest | None:
        """What to ask next, or None at the end."""

    def parse(self, answer: Answer) -> Any:
        """Read an answer; what this raises as InvalidResponseError has the request repeated."""

    def accept(self, parsed: Any) -> Iterable[Row]:
        """Take what :meth:`parse` made of an answer and hand on the rows that are certain.

        :raises PagesMovedError: when the slice has to be read again.
        """

    def refused(self, error: RequestRejectedError) -> None:
        """Adapt to a refusal, so that the next request may be taken; otherwise raise it again."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One kind of record of one LivePerson API.

    :param name: what operators and the layout in the store call it.
    :param title: what people call it.
    :param documentation: LivePerson's page.
    :param service: the Domain API's name of its service.
    :param method: the HTTP method.
    :param path: the path; ``{account_id}`` stands for the account.
    :param cursors: the fields by which a record can belong to a window; the first is the default.
    :param filters: name to filter.
    :param key: what tells two records apart.
    :param credentials: the credential kinds that LivePerson's pages name for it.
    :param longest_slice: the longest range that is asked for at once, or None for no bound.
    :param retention: how long LivePerson keeps the records, or None where it does not say.
    :param lag: how long after an instant its records may still appear.
    :param read: makes the reader of one slice.
    :param describe: the arguments of the request as the manifest tells them.
    """

    name: str
    title: str
    documentation: str
    service: str
    method: str
    path: str
    cursors: tuple[str, ...]
    key: str
    credentials: tuple[str, ...]
    read: Callable[[Dataset, Query], Reader]
    describe: Callable[[Dataset, Query], dict[str, Any]]
    filters: Mapping[str, Filter] = field(default_factory=dict)
    longest_slice: timedelta | None = None
    retention: timedelta | None = None
    lag: timedelta = timedelta(0)

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
        :raises ConfigurationError: for an unknown filter or cursor, or a value of the wrong type.
        """
        if filters is not None and not isinstance(filters, Mapping):
            raise ConfigurationError(
                f"filters must be a dict of filter names to values, not {filters!r}", field="filters"
            )
        given = {name: value for name, value in (filters or {}).items() if value is not None}
        for name, value in given.items():
            if name not in self.filters:
                raise ConfigurationError(
                    f"filters: {self.name} has no filter {name!r}; it has {', '.join(self.filters) or 'none'}",
                    field="filters",
                )
            self.filters[name].check(name, value)
        if cursor is not None and cursor not in self.cursors:
            raise ConfigurationError(
                f"cursor is {cursor!r}; {self.name} has {', '.join(self.cursors)}", field="cursor"
            )
        return Query(window=window, filters=given, cursor=cursor or self.cursors[0])

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
        if self.retention is not None and window.start < now - self.retention:
            raise WindowOutOfRangeError(
                f"the window starts at {stamp(window.start)}, but LivePerson keeps {self.name} for"
                f" {self.retention.days} days; start later, or set allow_out_of_range=True to take what is left",
                field="start",
            )

    def plan(self, query: Query) -> list[Query]:
        """Cut a query into slices that are short enough to ask for at once, in order."""
        return [
            Query(window=window, filters=query.filters, cursor=query.cursor)
            for window in query.window.cut(self.longest_slice)
        ]
