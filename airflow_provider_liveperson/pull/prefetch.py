"""Reading slices: pages requested ahead, in several slices at once, and whole slices handed on in order."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Self

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.fetching import Fetcher
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.reader import Pager
from airflow_provider_liveperson.exceptions import IncompletePullError, StorageError
from airflow_provider_liveperson.pull.progress import Progress
from airflow_provider_liveperson.pull.slice_reader import (
    Consume,
    ReadSlice,
    SliceReader,
    T,
    TooManyRecordsError,
)

log = logging.getLogger(__name__)

LEFT_SHARE = 0.75
"""What slices may take of the room behind one whose further requests are not known yet."""

ON_DISK_A_SECOND = 512 * 1024 * 1024
"""How many bytes of records may wait for their turn on disk, for each second that an answer takes."""
MAX_ON_DISK = 128 * 1024 * 1024
"""How many at most."""
MIN_ON_DISK = 16 * 1024 * 1024
"""If it were fewer, none: where answers come at once, writing and reading would only take time."""

Which = Callable[[Slice], bool]


def every_slice(slice_: Slice) -> bool:
    """All slices."""
    return True


class Prefetcher:
    """Reads slices one after the other, while the next ones are requested already.

    Use it as a context manager. :meth:`read` hands on each slice once it is whole; where slices land apart, it is
    called for those of one landing after the other, while those of the next are requested already.

    :param client: sends the requests.
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
        self._readers: deque[SliceReader] = deque()
        self._handed_on: Slice | None = None
        self._is_disk_full = False
        self._finished: list[tuple[int, int | None]] = []  # of each slice read: records received and reported
        limit = dataset.limits.max_records
        self.paging_limit = limit if limit is None else client.settings.deep_paging_limit or limit
        self.fetcher = Fetcher(client, client.settings.max_concurrency)
        self.progress = Progress(dataset.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for reader in self._readers:
            reader.drop()
        self.fetcher.__exit__(kind, error, trace)

    def read(self, consume: Consume[T], which: Which = every_slice) -> Iterator[tuple[ReadSlice, T]]:
        """Read the slices that come next, up to the first that is not one of those wanted.

        A slice whose pages move while it is read is read again, and one with more records than can be paged is read
        in smaller ones: what is handed on is whole and correct.

        :param consume: receives the records of one slice.
        :param which: whether a slice is one of those wanted.
        :returns: each slice with what the consumer returned of it.
        :raises IncompletePullError: when a slice does not add up, or cannot be split any further.
        :raises LivePersonError: for any other failure of a request.
        """
        while (reader := self._open(0)) is not None and which(reader.slice_):
            try:
                read = reader.read(consume)
            except TooManyRecordsError as error:
                self._split(reader, error.count)
                continue
            reader.drop()  # what its consumer may have left
            self._finished.append((reader.reader.received, reader.reader.reported))
            self._handed_on = self._readers.popleft().slice_
            yield read
            self._handed_on = None

    @property
    def unread(self) -> list[Slice]:
        """The slices that have not been handed on, in order; the one that is being read comes first.

        The one that was handed on last counts as unread until the next one is asked for.
        """
        last = [] if self._handed_on is None else [self._handed_on]
        return [*last, *(reader.slice_ for reader in self._readers), *self._waiting]

    def replace(self, which: Which, slices: Iterable[Slice]) -> None:
        """Read other slices in the place of those that come next.

        :param which: whether a slice is one of those to replace.
        :param slices: what is read instead, in order.
        """
        for reader in [reader for reader in self._readers if which(reader.slice_)]:
            reader.drop()
            self._readers.remove(reader)
        self._waiting = deque(slice_ for slice_ in self._waiting if not which(slice_))
        self._readers.extendleft(reversed([SliceReader(self, slice_) for slice_ in slices]))

    def read_so_far(self) -> tuple[str, str]:
        """How many records have been read, of how many where LivePerson has said so, as texts for the log.

        :returns: of all slices; and of the present one, where the total of all is not known yet.
        """
        present = self._readers[0].reader
        received = sum(done for done, _ in self._finished) + present.received
        reported = [
            *(count for _, count in self._finished),
            *(reader.reader.reported for reader in self._readers),
            *(None for _ in self._waiting),
        ]
        if None not in reported:
            return f"{received:,} of {sum(number or 0 for number in reported):,}", ""
        if present.reported is None or len(reported) == 1:
            return f"{received:,}", ""
        number = f"slice {len(self._finished) + 1} of {len(reported)}"
        return f"{received:,}", f"{present.received:,} of {present.reported:,} in {number}"

    def new_reader(self, slice_: Slice) -> Pager:
        """A reader for a slice."""
        reader = self._dataset.open(self._query, slice_)
        reader.paging_limit = self.paging_limit
        return reader

    def ask_ahead(self) -> None:
        """Send requests while there is room, or where room can be made."""
        self._ask_while_there_is_room()
        while self._make_room():
            self._ask_while_there_is_room()

    def _ask_while_there_is_room(self) -> None:
        """Send requests: those of the first slice that has any left.

        Of the slices behind it only first pages are requested, and few of them: they say what else there is to request,
        but wait for their turn, and must not take the room of those before. The first page of the very next one is
        requested early, so that its other pages can follow without a pause.

        Part of the room is left to slices whose further requests are not known yet: those that depend on what has been
        accepted, and any whose first page has not come. Else answers that wait for their turn would fill it, and those
        requests would leave one by one. What is small may take that part, too.
        """
        at, first_pages, share = 0, 0, 1.0
        while self.fetcher.may_take(1.0) and (reader := self._open(at)) is not None:
            reader.look_ahead()
            if at and reader.is_too_large and self._split_ahead(reader):
                continue
            only_small = not self.fetcher.may_take(share)
            if first_pages:
                if first_pages > self.fetcher.limit or only_small:
                    return
                if not reader.has_requests:
                    reader.send_next()
                first_pages += 1
            elif reader.has_first_response and not reader.is_too_large:
                if (not only_small and self._begin_next(at)) or reader.send_next(only_small=only_small):
                    continue
            else:
                reader.send_next(only_small=only_small)
                first_pages, share = 1, LEFT_SHARE
            if reader.reader.requests_follow:
                share = LEFT_SHARE
            at += 1

    def _make_room(self) -> bool:
        """Put the last records that wait for their turn in memory on disk.

        Where answers take long, what waits for one of them would fill the room, and no others would be requested.

        :returns: whether that has made room.
        """
        most = min(MAX_ON_DISK, int(ON_DISK_A_SECOND * self.fetcher.latency))
        if most < MIN_ON_DISK or self._is_disk_full or self.fetcher.may_take(LEFT_SHARE):
            return False
        if sum(reader.bytes_on_disk for reader in self._readers) >= most:
            return False
        for reader in reversed(self._readers):
            reader.look_ahead()
            try:
                if reader.put_on_disk():
                    return True
            except StorageError as error:
                self._is_disk_full = True
                log.info("%s: fewer pages are requested ahead (%s)", self._dataset.name, error)
                return False
        return False

    def _begin_next(self, at: int) -> bool:
        """Request the first page of the slice behind one whose pages are being requested.

        :returns: whether there was anything to do.
        """
        following = self._open(at + 1)
        if following is None:
            return False
        following.look_ahead()
        if following.is_too_large:
            return self._split_ahead(following)
        return not following.has_requests and following.send_next()

    def _open(self, at: int) -> SliceReader | None:
        """The reader of a slice, by its place, made when it is its turn; None behind the last."""
        if at == len(self._readers) and self._waiting:
            self._readers.append(SliceReader(self, self._waiting.popleft()))
        return self._readers[at] if at < len(self._readers) else None

    def _split(self, reader: SliceReader, count: int) -> None:
        """Read smaller slices in the place of one of which nothing has been handed on.

        :param count: how many records it is said to hold.
        :raises IncompletePullError: when it cannot be split any further.
        """
        assert self.paging_limit is not None
        slices = self._dataset.split(reader.slice_, count, self.paging_limit)
        log.info(
            "%s, %s: %d records, and %d can be paged; reading it in %d slices",
            self._dataset.name,
            reader.slice_,
            count,
            self.paging_limit,
            len(slices),
        )
        reader.drop()
        at = self._readers.index(reader)
        self._readers.remove(reader)
        for number, slice_ in enumerate(slices):
            self._readers.insert(at + number, SliceReader(self, slice_))

    def _split_ahead(self, reader: SliceReader) -> bool:
        """Split a slice before its turn; False when it cannot be, which is raised when it is its turn."""
        assert reader.reader.reported is not None
        try:
            self._split(reader, reader.reader.reported)
        except IncompletePullError:
            return False
        return True
