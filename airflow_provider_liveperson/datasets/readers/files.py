"""A list of files, then the files: each is taken to disk, and read from there as it is handed on."""

from __future__ import annotations

import gzip
import io
import logging
import mmap
import zlib
from abc import abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, NamedTuple

import msgspec

from airflow_provider_liveperson.client.messages import SOURCE, Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.ranges import TimeRange
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.json_objects import json_objects
from airflow_provider_liveperson.datasets.readers.pages import parse_body
from airflow_provider_liveperson.datasets.readers.reader import ContradictionError, Pager, Reader
from airflow_provider_liveperson.exceptions import InvalidResponseError, RequestRejectedError
from airflow_provider_liveperson.records.line import Line

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset

log = logging.getLogger(__name__)

MAX_CONTENT = 16 * 1024 * 1024 * 1024
"""The most bytes of one file, decompressed."""

_CHUNK = 1 << 18
_OPENING = 64
_GZIP = b"\x1f\x8b"
_BEFORE_OBJECTS = b" \t\r\n[\xef\xbb\xbf"
_DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error)


class ListedFile(NamedTuple):
    """One file of a list.

    :param start_ms: the instant by which it belongs to a window, epoch milliseconds.
    :param request: the request for it.
    """

    start_ms: int
    request: ApiRequest


@dataclass(frozen=True, kw_only=True)
class Files(Reader):
    """Reads a list of files, then those of them that begin in the window. A subclass says how both look.

    A list may hold files of before and after; the same file twice is read once. Whether the files are compressed is
    seen by their first bytes, whatever their names say.

    :param range: how the range of time is named.
    :param other_range: how the range may be named instead, where LivePerson's pages contradict each other: it is
        tried where the first is rejected with a 400.
    :param no_files: what a refusal of the list says where there are no files; empty if the list is empty then.
    :param may_lack_files: whether a list comes with the status 206 where parts of the range have no files.
    :param sends_source: whether LivePerson documents ``source``, by which callers name themselves.
    :param whole: whether a file is handed on as it came, as one record, instead of its records.
    """

    shape: ClassVar[str] = "a list of files, then the files"

    range: TimeRange
    other_range: TimeRange | None = None
    no_files: str = ""
    may_lack_files: bool = False
    sends_source: bool = False
    whole: bool = False

    @abstractmethod
    def listed(self, dataset: Dataset, answer: Answer) -> Iterable[ListedFile]:
        """The files of a list, in any order.

        :raises msgspec.DecodeError: for what is not JSON.
        :raises InvalidResponseError: for what is not a list of files.
        """

    @abstractmethod
    def rows(self, content: bytes) -> Iterable[Line]:
        """The records in one JSON object of a file, in order.

        :raises msgspec.DecodeError: for what is not JSON, or of another shape.
        :raises InvalidResponseError: for what LivePerson does not document.
        """

    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> FilesPager:
        return FilesPager(self, dataset, query, slice_)

    def list_request(
        self, dataset: Dataset, query: Query, slice_: Slice, range: TimeRange | None = None
    ) -> ApiRequest:
        """The request for the list of a slice.

        :param range: how to name the range; default: as declared.
        """
        arguments = (range or self.range).arguments(slice_.bounds[query.cursor])
        source = {"source": SOURCE} if self.sends_source else {}
        made = dataset.make_request(
            params={name: str(value) for name, value in {**arguments, **query.filters, **source}.items()}
        )
        return replace(made, may_be_partial=self.may_lack_files)

    def probes(self, dataset: Dataset, query: Query, slice_: Slice) -> Sequence[ApiRequest]:
        ranges = (self.range, self.other_range)
        return [self.list_request(dataset, query, slice_, range) for range in ranges if range is not None]

    def describe(self, dataset: Dataset, query: Query) -> dict[str, Any]:
        return {**dataset.request.params, **self.range.arguments(query.window), **query.filters}

    def whole_files(self) -> Files:
        return replace(self, whole=True)

    def says_empty(self, error: RequestRejectedError) -> bool:
        return bool(self.no_files) and self.no_files.lower() in str(error).lower()


class FilesPager(Pager):
    """Reads one slice: its list, then its files, oldest first.

    :ivar listed: the files of the list that begin in the slice, oldest first; None until the list is known.
    :param reader: the declared reader.
    :param dataset: the declaration.
    :param query: the window, the filters and the cursor.
    :param slice_: the slice.
    """

    def __init__(self, reader: Files, dataset: Dataset, query: Query, slice_: Slice) -> None:
        self._reader = reader
        self._dataset = dataset
        self._list_request = reader.list_request(dataset, query, slice_)
        self._other_request = (
            reader.list_request(dataset, query, slice_, reader.other_range) if reader.other_range else None
        )
        self._window = slice_.bounds[query.cursor]
        self._has_asked = False
        self.listed: Sequence[ListedFile] | None = None
        self._waiting: deque[ListedFile] = deque()

    def next_request(self) -> ApiRequest | None:
        if not self._has_asked:
            self._has_asked = True
            return self._list_request
        return self._waiting.popleft().request if self._waiting else None

    def parse(self, answer: Answer) -> BinaryIO | Sequence[ListedFile]:
        if answer.file is None:
            return parse_body(answer, self._parse_list)
        _check_opening(answer.file, answer.status)
        return answer.file

    def peek(self, parsed: BinaryIO | Sequence[ListedFile]) -> None:
        if self.listed is None and isinstance(parsed, Sequence):
            self._take_list(parsed)

    def accept(self, parsed: BinaryIO | Sequence[ListedFile]) -> Iterable[Line]:
        if isinstance(parsed, Sequence):
            self.peek(parsed)
            return ()
        return self._take_whole(parsed) if self._reader.whole else self._read(parsed)

    def refused(self, error: RequestRejectedError) -> None:
        if self.listed is None and self._reader.says_empty(error):
            self._take_list(())
        elif self.listed is None and error.status == 400 and self._other_request is not None:
            log.info("LivePerson rejected the range; naming it in the other way: %s", error)
            self._list_request, self._other_request = self._other_request, None
            self._has_asked = False
        else:
            raise error

    def learn(self, before: FilesPager) -> None:
        self._list_request, self._other_request = before._list_request, before._other_request

    def _parse_list(self, answer: Answer) -> Sequence[ListedFile]:
        listed = {
            (file.start_ms, file.request.path, tuple(file.request.params.items())): file
            for file in self._reader.listed(self._dataset, answer)
            if self._window.start_ms <= file.start_ms < self._window.end_ms
        }
        return [listed[place] for place in sorted(listed)]

    def _take_list(self, files: Sequence[ListedFile]) -> None:
        self.listed, self._waiting = files, deque(files)
        if self._reader.whole:  # then the files are the records
            self.reported = len(files)

    def _take_whole(self, file: BinaryIO) -> Iterator[Line]:
        with file:
            for _ in _decompressed(file):
                pass  # one that is damaged or cut is found out
            self.received += 1
            yield _view(file)

    def _read(self, file: BinaryIO) -> Iterator[Line]:
        with file:
            try:
                for content in json_objects(_decompressed(file)):
                    for row in self._reader.rows(content):
                        self.received += 1
                        yield row
            except msgspec.DecodeError as error:
                raise InvalidResponseError(f"the file is not what LivePerson documents ({error})") from error
            except RecursionError:
                raise InvalidResponseError("the file is nested more deeply than can be read") from None


def _view(file: BinaryIO) -> Line:
    """What a file holds; of a large one a view, so that it stays on disk. Both outlive the file."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size <= _CHUNK:
        return file.read()
    file.flush()
    return memoryview(mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ))


def _check_opening(file: BinaryIO, status: int) -> None:
    """Refuse what does not begin like a file of JSON objects, so that it is requested again."""
    file.seek(0)
    opening = file.read(_OPENING)
    if not opening:
        raise InvalidResponseError("the file is empty", status=status)
    if opening.startswith(_GZIP):
        file.seek(0)
        try:
            opening = gzip.GzipFile(fileobj=file, mode="rb").read(_OPENING)
        except _DAMAGED as error:
            raise InvalidResponseError(f"the file cannot be decompressed ({error})", status=status) from error
    file.seek(0)
    if opening.lstrip(_BEFORE_OBJECTS)[:1] not in (b"", b"{"):
        raise InvalidResponseError(
            "the file is not what LivePerson documents: it is neither JSON nor compressed JSON", status=status
        )


def _decompressed(file: BinaryIO) -> Iterator[bytes]:
    """The content of a file, in pieces.

    :raises ContradictionError: for one that is damaged or cut, so that it is read again.
    :raises InvalidResponseError: for one above :data:`MAX_CONTENT`.
    """
    is_gzip = file.read(len(_GZIP)) == _GZIP
    file.seek(0)
    source: Any = gzip.GzipFile(fileobj=file, mode="rb") if is_gzip else file
    size = 0
    while True:
        try:
            chunk = source.read(_CHUNK)
        except _DAMAGED as error:
            raise ContradictionError(f"a file cannot be decompressed to its end: {error}") from error
        if not chunk:
            return
        size += len(chunk)
        if size > MAX_CONTENT:
            raise InvalidResponseError(
                f"the file holds more than the limit of {MAX_CONTENT // 1024**3} GiB, or never ends"
            )
        yield chunk
