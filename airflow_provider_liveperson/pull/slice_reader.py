"""Reading one slice: its pages in order, again from its start where they have moved, until it adds up."""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, TypeVar

from airflow_provider_liveperson.client.fetching import Fetcher, InFlightRequest
from airflow_provider_liveperson.client.messages import ApiRequest
from airflow_provider_liveperson.datasets.model.slices import Slice
from airflow_provider_liveperson.datasets.readers.pages import shown_keys
from airflow_provider_liveperson.datasets.readers.reader import Pager, PagesMovedError
from airflow_provider_liveperson.exceptions import (
    IncompletePullError,
    InvalidResponseError,
    LivePersonError,
    RequestRejectedError,
)
from airflow_provider_liveperson.landing.manifest import SliceCounts
from airflow_provider_liveperson.pull.lines_on_disk import LinesOnDisk
from airflow_provider_liveperson.pull.progress import Progress
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.records.raw import RepairedLine

T = TypeVar("T")

log = logging.getLogger(__name__)

MAX_READ_ATTEMPTS = 5
MAX_SAME_FAILURES = 3
MAX_PAGES = 50_000
"""Responses that are read for one slice, at most; where pages are largest, that is many millions of records."""
_BATCH = 1000
_PLAIN = {bytes, memoryview}

Consume = Callable[[Iterator[list[Line]]], T]
"""Receives the records of one slice, in batches. When the slice has to be read again it is called again, with the slice
from its start, and must forget what it received before."""


class TooManyRecordsError(LivePersonError):
    """A slice holds more records than can be paged: it has to be split.

    :param count: how many it is said to hold.
    """

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} records")
        self.count = count


@dataclass(frozen=True, kw_only=True)
class ReadSlice:
    """A slice that has been read, whole and correct.

    :param slice_: the slice.
    :param counts: its records.
    :param still_partial: the keys of its records that LivePerson gave only in part, of those that have one.
    :param revision: of the collection, where it has one.
    :param is_unchanged: whether LivePerson sent nothing, because the known revision is the present one.
    :param undeclared: how often which undeclared field came, by its path; None where nobody looked.
    """

    slice_: Slice
    counts: SliceCounts
    still_partial: list[str]
    revision: str | None = None
    is_unchanged: bool = False
    undeclared: dict[str, int] | None = None


class SliceContext(Protocol):
    """What a :class:`SliceReader` shares with those of the slices around it."""

    fetcher: Fetcher
    progress: Progress
    paging_limit: int | None

    def new_reader(self, slice_: Slice) -> Pager:
        """A reader for a slice."""

    def ask_ahead(self) -> None:
        """Send the requests that there is room for."""

    def read_so_far(self) -> tuple[str, str]:
        """How many records have been read, of how many, as texts for the log."""


class Rereadable(Protocol):
    """What :func:`read_until_complete` reads."""

    @property
    def slice_(self) -> object:
        """What is read, for people."""

    def batches(self) -> Iterator[list[Line]]:
        """The records, in order, in batches."""

    def restart(self) -> None:
        """Forget what was read, to read it again."""


class SliceReader:
    """One slice as it is being read.

    :param context: what it shares with the readers of other slices.
    :param slice_: the slice.
    """

    def __init__(self, context: SliceContext, slice_: Slice) -> None:
        self._context = context
        self.slice_ = slice_
        self._in_flight: deque[InFlightRequest[Any]] = deque()
        self._accepted: deque[Iterable[Line] | LivePersonError] = deque()  # of the first of those in flight
        self._next: ApiRequest | None = None  # made, and not sent yet
        self._has_peeked = False
        self.reader: Pager = context.new_reader(slice_)
        self.kept = 0
        self.repaired = 0
        self._bytes = 0

    # -- what is known -----------------------------------------------------------------------------

    @property
    def has_requests(self) -> bool:
        """Whether any response is still to be accepted."""
        return bool(self._in_flight)

    @property
    def has_first_response(self) -> bool:
        """Whether :meth:`look_ahead` has found the first response, which says what else there is to request."""
        return self._has_peeked

    @property
    def is_too_large(self) -> bool:
        """Whether it holds more records than can be paged, as far as is known."""
        limit, reported = self._context.paging_limit, self.reader.reported
        # A count of just the limit may be one that stops there.
        return limit is not None and reported is not None and reported >= limit

    @property
    def _has_failed(self) -> bool:
        """Whether something that was accepted early has failed, which is raised in its turn."""
        return bool(self._accepted) and isinstance(self._accepted[-1], LivePersonError)

    # -- what it does ------------------------------------------------------------------------------

    def look_ahead(self) -> None:
        """Read what has come before its turn, for what it says of the requests to follow.

        Where the pager takes answers early they are accepted, and what they hold waits for its turn: a slice whose
        requests depend on its answers then is not asked for step by step once it is read. Else only the first
        response is looked at.
        """
        if self.reader.accepts_early:
            while len(self._accepted) < len(self._in_flight) and self._accept_early():
                pass
        elif not self._has_peeked and self._in_flight and self._in_flight[0].is_answered:
            self._has_peeked = True
            with contextlib.suppress(LivePersonError):  # raised again when it is its turn
                self.reader.peek(self._context.fetcher.read(self._in_flight[0]))

    def _accept_early(self) -> bool:
        """Accept the next answer, if it has come; False if not, and behind a failure, which is raised in its turn."""
        request = self._in_flight[len(self._accepted)]
        if self._has_failed or self.is_too_large or not request.is_answered:
            return False
        try:
            parsed = self._context.fetcher.read(request)
        except LivePersonError:
            return False
        self._has_peeked = True
        try:
            self._accepted.append(self.reader.accept(parsed))
        except LivePersonError as error:
            self._accepted.append(error)
        return True

    def _accept(self, parsed: Any) -> Iterable[Line]:
        """Accept an answer whose turn it is."""
        if not self._accepted:
            return self.reader.accept(parsed)
        accepted = self._accepted.popleft()
        if isinstance(accepted, LivePersonError):
            raise accepted
        return accepted

    @property
    def bytes_on_disk(self) -> int:
        """How many bytes of records wait for their turn on disk."""
        return sum(lines.size for lines in self._accepted if isinstance(lines, LinesOnDisk))

    def put_on_disk(self) -> bool:
        """Put the records of the last answer that waits in memory on disk; False where there are none.

        :raises StorageError: when the disk is full.
        """
        for at in reversed(range(len(self._accepted))):
            lines = self._accepted[at]
            if isinstance(lines, list) and lines and _PLAIN.issuperset(map(type, lines)):
                self._accepted[at] = LinesOnDisk(lines)
                self._context.fetcher.release(self._in_flight[at])
                return True
        return False

    def send_next(self, *, urgent: bool = False, only_small: bool = False) -> bool:
        """Send the next request.

        :param urgent: whether it goes before those that wait already, as small ones do.
        :param only_small: not if its answer may be as large as any.
        :returns: False when there is none at present.
        """
        self.look_ahead()
        if self.is_too_large or self._has_failed:
            return False
        self._next = request = self._next or self.reader.next_request()
        if request is None or (only_small and request.fullness == 1):
            return False
        self._next = None
        urgent = urgent or request.fullness < 1
        self._in_flight.append(self._context.fetcher.submit(request, self.reader.parse, urgent=urgent))
        return True

    def read(self, consume: Consume[T]) -> tuple[ReadSlice, T]:
        """Read the slice, again where its pages have moved, and give its records to a consumer.

        :param consume: receives the records.
        :returns: the slice, and what the consumer returned last.
        :raises TooManyRecordsError: when it has to be split, before the first record.
        :raises IncompletePullError: when no reading adds up.
        :raises LivePersonError: for any other failure of a request.
        """
        name = self._context.progress.name
        result = read_until_complete(name, self, consume)
        _warn_of_gaps(name, self.slice_, self.reader)
        counts = SliceCounts(
            slice=str(self.slice_),
            **self.slice_.to_json(),
            reported=self.reader.reported,
            received=self.reader.received,
            outside_window=self.reader.received - self.kept,
            kept=self.kept,
            repeated=self.reader.repeated,
            undated=self.reader.undated,
            still_partial=len(self.reader.still_partial),
            repaired=self.repaired,
        )
        log.debug("%s, %s: %s", name, self.slice_, counts)
        read = ReadSlice(
            slice_=self.slice_,
            counts=counts,
            still_partial=shown_keys(self.reader.still_partial),
            revision=self.reader.revision,
            is_unchanged=self.reader.is_unchanged,
        )
        return read, result

    def batches(self) -> Iterator[list[Line]]:
        """The slice's records, in order, in batches.

        :raises PagesMovedError: when the slice has to be read again, see :meth:`restart`.
        :raises TooManyRecordsError: when it has to be split, before the first record.
        :raises LivePersonError: for any other failure of a request.
        """
        progress, first = self._context.progress, True
        for _ in range(MAX_PAGES):
            # The first request of the slice being read is sent even where those ahead have taken all the room.
            if not self._in_flight and not self.send_next(urgent=True):
                self.reader.finish()
                return
            seen = self._context.fetcher.arrived
            self._context.ask_ahead()
            while not self._in_flight[0].is_answered:
                self._context.fetcher.wait(seen)
                seen = self._context.fetcher.arrived
                self._context.ask_ahead()
            self._has_peeked = True
            request = self._in_flight.popleft()
            try:
                parsed = self._context.fetcher.take(request)
            except RequestRejectedError as error:
                self.reader.refused(error)
                continue
            try:
                accepted = iter(self._accept(parsed))
                while batch := list(islice(accepted, _BATCH)):
                    if first:
                        self._check_size()
                        first = False
                    self._count(batch)
                    yield batch
            except InvalidResponseError as error:
                raise InvalidResponseError(
                    f"{request.request}: {error}",
                    field=error.field,
                    status=error.status,
                    permanent=error.permanent,
                ) from error
            if first:
                self._check_size()
            first = False
            progress.page(self._context.read_so_far)
        raise IncompletePullError(
            f"{progress.name}, {self.slice_}: {MAX_PAGES:,} responses, and no end. Nothing was landed. Pull a shorter"
            " window; if it happens again, report it to LivePerson"
        )

    def restart(self) -> None:
        """Forget what was read, to read the slice again."""
        self.drop()
        self._context.progress.records -= self.kept
        self._context.progress.bytes -= self._bytes
        self.kept = self.repaired = self._bytes = 0
        self._has_peeked = False
        before, self.reader = self.reader, self._context.new_reader(self.slice_)
        self.reader.learn(before)

    def drop(self) -> None:
        """Drop the requests in flight."""
        self._context.fetcher.drop(list(self._in_flight))
        self._in_flight.clear()
        self._next = None
        for accepted in self._accepted:
            if isinstance(accepted, LinesOnDisk):
                accepted.close()
        self._accepted.clear()

    def _count(self, batch: list[Line]) -> None:
        self.kept += len(batch)
        if RepairedLine in set(map(type, batch)):
            self.repaired += sum(isinstance(line, RepairedLine) for line in batch)
        size = sum(map(len, batch))
        self._bytes += size
        self._context.progress.records += len(batch)
        self._context.progress.bytes += size

    def _check_size(self) -> None:
        if self.is_too_large:
            assert self.reader.reported is not None
            raise TooManyRecordsError(self.reader.reported)


def read_until_complete(name: str, slice_reader: Rereadable, consume: Consume[T]) -> T:
    """Read a slice, again from its start whenever its pages have moved, until one reading adds up.

    :param name: the dataset's name, for messages.
    :param slice_reader: reads the slice.
    :param consume: receives the records of each reading.
    :returns: what the consumer returned of the reading that adds up.
    :raises IncompletePullError: when none does.
    """
    failures: list[PagesMovedError] = []
    while len(failures) < MAX_READ_ATTEMPTS and not _fails_the_same(failures):
        try:
            return consume(slice_reader.batches())
        except PagesMovedError as error:
            failures.append(error)
            log.info("%s, %s: %s; reading it again", name, slice_reader.slice_, error)
            slice_reader.restart()
    latest = failures[-1]
    raise IncompletePullError(
        f"{name}, {slice_reader.slice_}: read {len(failures)} times, and"
        + (
            f" the last {MAX_SAME_FAILURES} failed in the same way: {latest}. Nothing was landed. Changes at LivePerson"
            " do not explain that; report it to LivePerson"
            if _fails_the_same(failures)
            else f" no reading was complete ({latest}). Nothing was landed; try again when fewer changes are being"
            " made, or pull a shorter window"
        )
    ) from latest


def warn_of_repairs(name: str, count: int) -> None:
    """Warn of records that LivePerson sent with bytes that are not UTF-8.

    :param name: the dataset's name.
    :param count: how many records; none, no warning.
    """
    if count:
        log.warning(
            "%s: %d record(s) held bytes that are not UTF-8; U+FFFD stands in their place. Everything else is as"
            " LivePerson sent it",
            name,
            count,
        )


def _warn_of_gaps(name: str, slice_: Slice, reader: Pager) -> None:
    """Say what is not as it should be in a slice that adds up."""
    if reader.undated:
        log.warning(
            "%s, %s: %d record(s) have no readable value of the field that places them in time; they are left out,"
            " and the window does not count as complete",
            name,
            slice_,
            reader.undated,
        )
    if reader.still_partial:
        log.warning("%s, %s: %d record(s) %s", name, slice_, len(reader.still_partial), reader.partial_reason)


def _fails_the_same(failures: Sequence[PagesMovedError]) -> bool:
    """Whether the latest readings ended in the same way after the same answers, so that another one will, too."""
    latest = failures[-MAX_SAME_FAILURES:]
    return (
        len(latest) == MAX_SAME_FAILURES
        and latest[0].evidence is not None
        and len({(str(error), error.evidence) for error in latest}) == 1
    )
