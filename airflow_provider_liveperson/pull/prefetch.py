"""Reading slices: pages asked for ahead, in several slices at once, and handed on in order."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Any, Self

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.fetching import Fetcher, InFlightRequest
from airflow_provider_liveperson.datasets.model.dataset import Dataset, Query, Reader, Slice
from airflow_provider_liveperson.exceptions import (
    IncompletePullError,
    InvalidResponseError,
    LivePersonError,
    RequestRejectedError,
)
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.records.raw import RepairedLine

log = logging.getLogger(__name__)

PROGRESS_EVERY = 10.0
MAX_PAGES = 50_000
"""Answers that are read for one slice; where pages are largest, that is many millions of records."""
_BATCH = 1000


class TooManyRecordsError(LivePersonError):
    """A slice holds more records than can be paged: it has to be split.

    :param count: how many it is said to hold.
    """

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} records")
        self.count = count


@dataclass
class Progress:
    """Says how far a long pull is, at most every ten seconds.

    :param name: the dataset's name.
    :param pages: pages read.
    :param records: records in the window.
    :param bytes: their size, as JSON.
    """

    name: str
    pages: int = 0
    records: int = 0
    bytes: int = 0
    now: Callable[[], float] = time.monotonic
    last: float = field(init=False)

    def __post_init__(self) -> None:
        self.last = self.now()

    def page(self, read: Callable[[], tuple[str, str]]) -> None:
        """Count a page, and say how far it is if it is time to.

        :param read: says how many records have been read, of how many where that is known; and the same of the
            present slice, where only that is known.
        """
        self.pages += 1
        if self.now() - self.last >= PROGRESS_EVERY:
            self.last = self.now()
            records, slice_ = read()
            log.info(
                "%s: %s records read in %s pages, %s of them in the window (%s bytes)%s",
                self.name,
                records,
                f"{self.pages:,}",
                f"{self.records:,}",
                f"{self.bytes:,}",
                slice_ and f"; {slice_}",
            )


class SliceReader:
    """One slice as it is being read.

    :param reading: whose slice it is.
    :param slice_: the slice.
    """

    def __init__(self, reading: Prefetcher, slice_: Slice) -> None:
        self._reading = reading
        self.slice_ = slice_
        self._asked: deque[InFlightRequest[Any]] = deque()
        self._heard = False
        self.reader: Reader = reading.new_reader(slice_)
        self.kept = 0
        self.repaired = 0
        self._bytes = 0

    def ask(self, *, urgent: bool = False) -> bool:
        """Let the next request leave.

        :param urgent: whether everybody waits for it.
        :returns: False when there is none at present.
        """
        self._hear()
        if self.is_too_large:
            return False
        request = self.reader.next_request()
        if request is None:
            return False
        self._asked.append(self._reading.fetcher.submit(request, self.reader.parse, urgent=urgent))
        return True

    @property
    def has_begun(self) -> bool:
        """Whether anything was asked that is still to be accepted."""
        return bool(self._asked)

    @property
    def has_told(self) -> bool:
        """Whether the first answer is there, which tells what else there is to ask."""
        self._hear()
        return self._heard

    @property
    def is_too_large(self) -> bool:
        """Whether it holds more records than can be paged, as far as is known."""
        self._hear()
        limit, reported = self._reading.paging_limit, self.reader.reported
        # A count of just the limit may be one that stops there.
        return limit is not None and reported is not None and reported >= limit

    def _hear(self) -> None:
        if not self._heard and self._asked and self._asked[0].has_come:
            self._heard = True
            with contextlib.suppress(LivePersonError):  # raised again when it is its turn
                self.reader.peek(self._reading.fetcher.read(self._asked[0]))

    def batches(self) -> Iterator[list[Line]]:
        """The slice's records, in order, some at a time.

        :raises PagesMovedError: when the slice has to be read again, see :meth:`restart`.
        :raises TooManyRecordsError: when it has to be split, before the first record.
        :raises LivePersonError: what else a request ended in.
        """
        progress, first = self._reading.progress, True
        for _ in range(MAX_PAGES):
            # The first request of what is being read leaves even where those ahead have taken all the room.
            if not self._asked and not self.ask(urgent=True):
                self.reader.finish()
                return
            self._reading.ask_ahead()
            while not self._asked[0].has_come:
                self._reading.fetcher.wait()
                self._reading.ask_ahead()
            self._heard = True
            asked = self._asked.popleft()
            try:
                parsed = self._reading.fetcher.take(asked)
            except RequestRejectedError as error:
                self.reader.refused(error)
                continue
            try:
                accepted = iter(self.reader.accept(parsed))
                while batch := list(islice(accepted, _BATCH)):
                    if first:
                        self._check_size()
                        first = False
                    self.kept += len(batch)
                    if RepairedLine in set(map(type, batch)):
                        self.repaired += sum(isinstance(line, RepairedLine) for line in batch)
                    size = sum(map(len, batch))
                    self._bytes += size
                    progress.records += len(batch)
                    progress.bytes += size
                    yield batch
            except InvalidResponseError as error:
                raise InvalidResponseError(
                    f"{asked.request}: {error}",
                    field=error.field,
                    status=error.status,
                    permanent=error.permanent,
                ) from error
            if first:
                self._check_size()
            first = False
            progress.page(self._reading.read_so_far)
        raise IncompletePullError(
            f"{progress.name}, {self.slice_}: {MAX_PAGES:,} answers, and no end. Nothing was landed. Pull a shorter"
            " window; if it stays so, show it to LivePerson"
        )

    def restart(self) -> None:
        """Forget what was read, to read the slice again."""
        self.drop()
        self._reading.progress.records -= self.kept
        self._reading.progress.bytes -= self._bytes
        self.kept = self.repaired = self._bytes = 0
        self._heard = False
        before, self.reader = self.reader, self._reading.new_reader(self.slice_)
        self.reader.learn(before)

    def drop(self) -> None:
        """Forget what was asked for."""
        self._reading.fetcher.drop(list(self._asked))
        self._asked.clear()

    def _check_size(self) -> None:
        if self.is_too_large:
            assert self.reader.reported is not None
            raise TooManyRecordsError(self.reader.reported)


class Prefetcher:
    """Reads slices one after the other, while requests for the next ones are under way already.

    Use it as a context manager, and iterate: each lane has to be read to its end, or split, before the next. Where
    slices land apart, :meth:`lanes` gives those of one landing, while requests for those of the next are under way.

    :param client: asks LivePerson.
    :param dataset: what to read.
    :param query: the window, the filters and the cursor.
    :param slices: the slices, in order.
    """

    def __init__(
        self, client: LivePersonClient, dataset: Dataset, query: Query, slices: Iterable[Slice]
    ) -> None:
        self._dataset = dataset
        self._query = query
        self._waiting = deque(slices)
        self._lanes: deque[SliceReader] = deque()
        self._finished: list[tuple[int, int | None]] = []  # of each slice read: records received and reported
        self._most = client.settings.max_concurrency
        limit = dataset.deep_paging_limit
        self.paging_limit = limit if limit is None else client.settings.deep_paging_limit or limit
        self.fetcher = Fetcher(client, self._most)
        self.progress = Progress(dataset.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.fetcher.__exit__(kind, error, trace)

    def __iter__(self) -> Iterator[SliceReader]:
        return self.lanes(lambda slice_: True)

    def lanes(self, belongs: Callable[[Slice], bool]) -> Iterator[SliceReader]:
        """The slices that come next, up to the first that does not belong to them.

        :param belongs: whether a slice does.
        """
        while self._is_open(0) and belongs(self._lanes[0].slice_):
            lane = self._lanes[0]
            yield lane
            if self._lanes and self._lanes[0] is lane:
                self._lanes.popleft()
                self._finished.append((lane.reader.received, lane.reader.reported))

    @property
    def remaining(self) -> list[Slice]:
        """The slices behind the present one."""
        return [lane.slice_ for lane in list(self._lanes)[1:]] + list(self._waiting)

    def replace(self, belongs: Callable[[Slice], bool], slices: Iterable[Slice]) -> None:
        """Read other slices in the place of those that come next.

        :param belongs: whether a slice is one of those.
        :param slices: what is read instead, in order.
        """
        for lane in [lane for lane in self._lanes if belongs(lane.slice_)]:
            lane.drop()
            self._lanes.remove(lane)
        self._waiting = deque(slice_ for slice_ in self._waiting if not belongs(slice_))
        self._lanes.extendleft(reversed([SliceReader(self, slice_) for slice_ in slices]))

    def read_so_far(self) -> tuple[str, str]:
        """How many records have been read, of how many where LivePerson has said so, as texts for the log.

        :returns: of all slices; and of the present one, where the total of all is not known yet.
        """
        reader = self._lanes[0].reader
        received = sum(done for done, _ in self._finished) + reader.received
        reported = [
            *(count for _, count in self._finished),
            *(lane.reader.reported for lane in self._lanes),
            *(None for _ in self._waiting),
        ]
        if None not in reported:
            return f"{received:,} of {sum(number or 0 for number in reported):,}", ""
        if reader.reported is None or len(reported) == 1:
            return f"{received:,}", ""
        number = f"slice {len(self._finished) + 1} of {len(reported)}"
        return f"{received:,}", f"{reader.received:,} of {reader.reported:,} in {number}"

    def new_reader(self, slice_: Slice) -> Reader:
        """A reader for a slice."""
        return self._dataset.read(self._dataset, self._query, slice_)

    def split(self, lane: SliceReader, count: int) -> None:
        """Let a slice be read in pieces instead.

        :param lane: the slice, of which nothing has been handed on.
        :param count: how many records it is said to hold.
        :raises IncompletePullError: when it cannot be cut any more.
        """
        assert self.paging_limit is not None
        pieces = self._dataset.split(lane.slice_, count, self.paging_limit)
        log.info(
            "%s, %s: %d records, and %d can be paged; reading it in %d pieces",
            self._dataset.name,
            lane.slice_,
            count,
            self.paging_limit,
            len(pieces),
        )
        lane.drop()
        at = self._lanes.index(lane)
        self._lanes.remove(lane)
        for number, slice_ in enumerate(pieces):
            self._lanes.insert(at + number, SliceReader(self, slice_))

    def ask_ahead(self) -> None:
        """Let requests leave while there is room: those of the first slice that has any left.

        Of the slices behind it only first pages are asked for, few of them: they tell what else there is to ask, but
        wait for their turn, and must not take the room of those before. The first page of the very next one leaves
        early, so that its other pages can follow without a pause.
        """
        at, first_pages = 0, 0
        while self.fetcher.has_room and self._is_open(at):
            lane = self._lanes[at]
            if at and lane.is_too_large and self._split_ahead(lane):
                continue
            if first_pages:
                if first_pages > self.fetcher.most_first_pages:
                    return
                if not lane.has_begun:
                    lane.ask()
                first_pages += 1
            elif lane.has_told and not lane.is_too_large:
                if self._ask_next(at) or lane.ask():
                    continue
            else:
                lane.ask()
                first_pages = 1
            at += 1

    def _ask_next(self, at: int) -> bool:
        """Let the first page leave of the slice behind one that is being asked for."""
        if not self._is_open(at + 1):
            return False
        following = self._lanes[at + 1]
        if following.is_too_large:
            return self._split_ahead(following)
        return not following.has_begun and following.ask()

    def _is_open(self, at: int) -> bool:
        if at == len(self._lanes) and self._waiting:
            self._lanes.append(SliceReader(self, self._waiting.popleft()))
        return at < len(self._lanes)

    def _split_ahead(self, lane: SliceReader) -> bool:
        assert lane.reader.reported is not None
        try:
            self.split(lane, lane.reader.reported)
        except IncompletePullError:
            return False  # raised again when it is its turn, after what comes before has landed
        return True
