"""What readers of pages have in common: the arguments that are sent, and how an answer's records are placed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_liveperson.client.messages import SOURCE, Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.filters import from_milliseconds
from airflow_provider_liveperson.datasets.model.ranges import TimeRange
from airflow_provider_liveperson.datasets.model.slices import Partition, Query, Slice
from airflow_provider_liveperson.datasets.readers.pages import Record, Unkeyed
from airflow_provider_liveperson.datasets.readers.paths import PageDecoder, PathDecoder
from airflow_provider_liveperson.datasets.readers.reader import Reader
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.line import with_members
from airflow_provider_liveperson.records.values import (
    epoch_ms,
    identifier,
    is_no_value,
    stated_total,
    whole_number,
)
from airflow_provider_liveperson.window import Window, stamp

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def instant_ms(value: object) -> int | None:
    """An instant as it was decoded, in epoch milliseconds; None for no value and for what is not an instant."""
    if isinstance(value, datetime):
        return None if value.tzinfo is None else (value - _EPOCH) // _MILLISECOND
    return epoch_ms(value)


@dataclass(frozen=True, kw_only=True)
class PagedReader(Reader):
    """A reader of pages of records.

    :param records: the dotted path of the list of records in an answer; empty for an answer that is that list.
    :param page_size: how many records to ask for at once.
    :param range: how the range of time is named, for a dataset with windows.
    :param arguments: what else is always sent.
    :param in_body: whether arguments go into a JSON body; the page's place and size as well.
    :param body: what a JSON body always holds whose other arguments are sent in it, while the page's place and size
        are query parameters; None for no such body.
    :param partition: the argument that LivePerson takes one value of at a time, if there is one.
    :param sends_source: whether LivePerson documents ``source``, by which callers name themselves.
    :param times: the dotted paths where the instant may be that the cursor places records by, where its name is not
        certain. The cursor's field is then a column with that instant, which is added to the records. Empty where
        records have the cursor's field.
    :param read_time: makes epoch milliseconds of the value of the cursor's field, or None of what is not an instant.
    :param single: the field by which an answer that is one record instead of a list of them is known; empty for none.
    """

    records: str = ""
    page_size: int = 100
    range: TimeRange | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    in_body: bool = False
    body: Mapping[str, Any] | None = None
    partition: Partition | None = None
    sends_source: bool = True
    times: tuple[str, ...] = ()
    read_time: Callable[[object], int | None] = instant_ms
    single: str = ""

    def partitions(self, query: Query) -> Iterable[Mapping[str, str]]:
        if self.partition is None:
            return super().partitions(query)
        return [{self.partition.name: value} for value in self.partition.chosen(query)]

    # -- what is sent ----------------------------------------------------------------------------------

    def asked(self, query: Query, slice_: Slice) -> dict[str, Any]:
        """The arguments that all requests of a slice share.

        :param query: the window, the filters and the cursor.
        :param slice_: the slice.
        """
        return {
            **self.arguments,
            **self.range_arguments(query, slice_),
            **self.filters(query),
            **({} if self._is_partition_in_path else slice_.partition),
        }

    def range_arguments(self, query: Query, slice_: Slice) -> dict[str, Any]:
        """The arguments that name the slice's range of time; none for a snapshot.

        :param query: the window, the filters and the cursor.
        :param slice_: the slice.
        """
        return self._range(slice_.bounds.get(query.cursor))

    def filters(self, query: Query) -> dict[str, Any]:
        """The filters that are sent: all but the one that chooses partitions.

        :param query: the window, the filters and the cursor.
        """
        chooses = "" if self.partition is None else self.partition.name
        return {name: value for name, value in query.filters.items() if name != chooses}

    @property
    def _is_partition_in_path(self) -> bool:
        return self.partition is not None and self.partition.is_in_path

    def request(self, dataset: Dataset, query: Query, slice_: Slice, place: Mapping[str, Any]) -> ApiRequest:
        """The request for a page.

        :param dataset: the declaration.
        :param query: the window, the filters and the cursor.
        :param slice_: the slice.
        :param place: the arguments that name the page.
        """
        asked = self.asked(query, slice_)
        source = {"source": SOURCE} if self.sends_source else {}
        places = slice_.partition if self._is_partition_in_path else None
        if self.in_body:
            return dataset.make_request(params=source, json={**asked, **place}, places=places)
        body = None if self.body is None else {**self.body, **asked}
        params = {**asked, **place} if body is None else place
        return dataset.make_request(
            params={**{name: _text(value) for name, value in params.items()}, **source},
            json=body,
            places=places,
        )

    def describe(self, dataset: Dataset, query: Query) -> dict[str, Any]:
        window = query.window if query.cursor else None
        return {**dataset.request.params, **self.arguments, **self._range(window), **query.filters}

    def _range(self, window: Window | None) -> dict[str, Any]:
        return {} if self.range is None or window is None else dict(self.range.arguments(window))

    @abstractmethod
    def probe(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        """The request for one record."""

    # -- what comes ------------------------------------------------------------------------------------

    @property
    def others(self) -> tuple[str, ...]:
        """The dotted paths of what an answer says of its pages."""
        return ()

    @cached_property
    def _page_decoder(self) -> PageDecoder:
        return PageDecoder(self.records, self.others, single=self.single)

    def content(self, answer: Answer) -> tuple[raw.Page[Any], Any, list[Any]]:
        """The page, its raw records, and the values at :attr:`others`."""
        return self._page_decoder.read(answer)

    def placed(self, dataset: Dataset, query: Query, slice_: Slice) -> Placer:
        """What places the records of a slice."""
        return Placer(dataset, query, slice_, self.partition, self.times, self.read_time)


class Placer:
    """Gives each record its key, and its place inside or outside the slice.

    :param dataset: the declaration.
    :param query: the window, the filters and the cursor.
    :param slice_: the slice.
    :param partition: what sets slices apart beside their bounds, where records have a column for it.
    :param times: the dotted paths where the instant may be that the cursor's column gets; empty for the cursor's field.
    :param read_time: makes epoch milliseconds of an instant's value.
    """

    def __init__(
        self,
        dataset: Dataset,
        query: Query,
        slice_: Slice,
        partition: Partition | None = None,
        times: tuple[str, ...] = (),
        read_time: Callable[[object], int | None] = instant_ms,
    ) -> None:
        cursor = dataset.cursor(query.cursor)
        self._bound = slice_.bounds.get(query.cursor)
        time = (cursor.field or cursor.name) if cursor is not None else None
        self._time_column = time if times else None
        first, *others = times if self._time_column is not None else (time,)
        column = partition.column if partition is not None else ""
        # In a slice, all records have the same value of the partition's column; and no record has the other one.
        keys = tuple(name for name in dataset.primary_key if name not in (column, self._time_column))
        self._decoder = _decoder(first, keys)
        self._other_times = _decoder(None, tuple(others)) if others else None
        self._has_time = time is not None
        self._read_time = read_time
        self._is_keyed = bool(keys)
        self._members = (
            msgspec.json.encode({column: slice_.partition[partition.name]})[1:-1]
            if partition is not None and column
            else b""
        )
        self.undated: set[bytes] = set()

    def records(self, page: raw.Page[Any], values: Any, *, by_line: bool = False) -> list[Record]:
        """Place the records of a page.

        :param page: the page.
        :param values: its raw records.
        :param by_line: whether equal records are told apart by nothing but their bytes.
        """
        return [self._record(page, value, by_line) for value in values]

    def _record(self, page: raw.Page[Any], value: msgspec.Raw, by_line: bool) -> Record:
        found = self._decoder.read(value)
        line = page.line(value)
        if self._members:
            line = with_members(line, self._members)
        at: int | None = None
        in_slice = True
        if self._has_time:
            at, bound = self._instant(found[0], value), self._bound
            in_slice = at is not None and (bound is None or bound.start_ms <= at < bound.end_ms)
        fields = found[self._has_time :]
        if self._time_column is not None:
            start = stamp(from_milliseconds(at)) if at is not None and in_slice else at
            fields.insert(0, start)
            if in_slice:
                line = with_members(line, msgspec.json.encode({self._time_column: start})[1:-1])
        key = None if by_line or not self._is_keyed else self._key(page, fields)
        if key is None:
            key = Unkeyed(line)
        if self._has_time and at is None:
            self.undated.add(key)
        return Record(line, key, in_slice)

    def _instant(self, found: object, value: msgspec.Raw) -> int | None:
        """When a record is, in epoch milliseconds; None where it does not say so."""
        at = self._read_time(found)
        if at is None and self._other_times is not None:
            others = map(self._read_time, self._other_times.read(value))
            at = next((other for other in others if other is not None), None)
        return at

    def _key(self, page: raw.Page[Any], fields: list[Any]) -> bytes | None:
        names = [
            # A key may hold the cursor's field, which was decoded as an instant.
            value.isoformat() if isinstance(value, datetime) else identifier(value)
            for value in fields
        ]
        if None in names:
            return None
        if len(names) == 1:
            return page.key(str(names[0]))
        return b"\0".join(page.key(str(name)) for name in names)


@cache
def _decoder(time: str | None, keys: tuple[str, ...]) -> PathDecoder:
    """One decoder for the same paths: making it costs more than reading a page."""
    if time is None:
        return PathDecoder(keys)
    return PathDecoder((time, *keys), {time: int | datetime | None})


def read_count(values: list[Any], status: int) -> int | None:
    """The count of records, in whatever spelling it came.

    :param values: what is where it may be; the first that is there counts.
    :param status: the answer's status, for the error.
    :raises InvalidResponseError: for what is not a number.
    """
    value = next((one for one in values if not is_no_value(one)), None)
    if value is None:
        return None
    total = stated_total(value) if isinstance(value, str) else whole_number(value)
    if total is None:
        raise InvalidResponseError(f"the count {str(value)[:40]!r} is not a number", status=status)
    return total


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ",".join(map(_text, value))
    return str(value)
