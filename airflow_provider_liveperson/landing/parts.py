"""Part files: records written to a spool on disk, rolled at a size, named by a hash of their bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from typing import IO, BinaryIO, cast

import msgspec

from airflow_provider_liveperson.landing.bounded_worker import BoundedWorker
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.records.line import Line, written
from airflow_provider_liveperson.spool import open_spool, spool_errors

PREFIX = "part-"
ROLL_AT = 256 * 1024 * 1024
SHARE_BELOW = 8 * 1024 * 1024
_WRITE_AT = 1 << 20
_OPENING = 2


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finished part file.

    :param name: ``part-00000-{hash}.jsonl.gz``; the hash begins its ``sha256``, so that a name stands for its
        bytes. The number makes names unique; the order of parts is that of the manifest.
    :param records: how many records it holds.
    :param bytes: its size as stored.
    :param sha256: the SHA-256 of its bytes as stored, hexadecimal.
    :param etag: the store's ETag of its bytes; None where it has none.
    """

    name: str
    records: int
    bytes: int
    sha256: str
    etag: str | None = None


class PartWriter:
    """Writes records into parts. While parts are delivered, the next one is written.

    :param encoding: file format and compression.
    :param first: the number of the first part.
    :param deliver: receives each finished part and its file, which is closed afterward, in the uploader's thread, and
        returns the part as it landed.
    :param compressor: encodes, while further records are read.
    :param uploader: delivers.
    :param roll_at: start the next part when one holds this many bytes before compression.
    """

    def __init__(
        self,
        encoding: Encoding,
        *,
        first: int,
        deliver: Callable[[Part, IO[bytes]], Part],
        compressor: BoundedWorker,
        uploader: BoundedWorker,
        roll_at: int = ROLL_AT,
    ) -> None:
        self._encoding = encoding
        self._deliver = deliver
        self._compressor = compressor
        self._uploader = uploader
        self._number = first
        self._roll_at = roll_at
        self._open: _OpenPart | None = None
        self._deliveries: list[Future[Part]] = []

    def write(self, records: Sequence[Line]) -> None:
        """Append records, without their line ends.

        :param records: JSON objects without line breaks.
        :raises StorageError: when an earlier part could not be delivered.
        """
        while records:
            if self._open is None:
                self._open = _OpenPart(self._encoding, self._compressor)
            records = self._open.write(records, self._roll_at)
            if self._open.size >= self._roll_at:
                self._roll()

    def finish(self) -> list[Future[Part]]:
        """Deliver what is left.

        :returns: all deliveries, in order.
        :raises StorageError: when an earlier part could not be delivered.
        """
        if self._open is not None:
            self._roll()
        return self._deliveries

    def discard(self) -> None:
        """Drop the part that is being written."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _roll(self) -> None:
        assert self._open is not None
        finished, self._open = self._open, None
        try:
            part = finished.finish(self._number)
            delivery = self._uploader.submit(lambda: self._deliver_and_close(part, finished), size=part.bytes)
        except BaseException:
            finished.close()
            raise
        self._number += 1
        self._deliveries.append(delivery)

    def _deliver_and_close(self, part: Part, finished: _OpenPart) -> Part:
        try:
            return self._deliver(part, finished.file)
        finally:
            finished.close()


class StoredFile:
    """A file that is only appended to, and knows the hash of what it holds.

    Data are hashed and written in large blocks: each releases Python's lock, and then the thread waits for its turn.

    :raises StorageError: when there is no folder for it, or the disk is full.
    """

    def __init__(self) -> None:
        self.file = open_spool(buffering=0)
        self.hash = hashlib.sha256()
        self.size = 0
        self.opening = b""
        self._gathered = bytearray()

    def write(self, data: bytes) -> int:
        self._gathered += data
        self.size += len(data)
        if len(self.opening) < _OPENING:
            self.opening += bytes(data[: _OPENING - len(self.opening)])
        if len(self._gathered) >= _WRITE_AT:
            self.flush()
        return len(data)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        self.hash.update(self._gathered)
        with spool_errors(), memoryview(self._gathered) as data:
            written = 0
            while written < len(data):
                written += self.file.write(data[written:])
        self._gathered.clear()

    def part(self, number: int, ending: str, records: int) -> Part:
        """What it holds, as a part. To be called once, after the last byte.

        :param number: the part's.
        :param ending: what its name ends in.
        :param records: how many records it holds.
        """
        self.flush()
        sha256 = self.hash.hexdigest()
        return Part(
            name=f"{PREFIX}{number:05d}-{sha256[:12]}{ending}",
            records=records,
            bytes=self.size,
            sha256=sha256,
        )

    def close(self) -> None:
        self.file.close()


class _OpenPart:
    def __init__(self, encoding: Encoding, compressor: BoundedWorker) -> None:
        self._encoding = encoding
        self._compressor = compressor
        self._file = StoredFile()
        self._encoder = encoding.encoder(cast("BinaryIO", self._file))
        self._encoded: Future[None] | None = None
        self._records = 0
        self.size = 0

    def write(self, records: Sequence[Line], up_to: int) -> Sequence[Line]:
        """Append records until it has a size, and return the rest.

        :param records: at least one.
        :param up_to: the size, in bytes before compression; it has less.
        """
        size = sum(map(len, records)) + len(records)
        if self.size + size > up_to:
            fitting, size = 0, 0
            while self.size + size < up_to:
                size += len(records[fitting]) + 1
                fitting += 1
            records, rest = records[:fitting], records[fitting:]
        else:
            rest = ()
        self._records += len(written(records))
        self.size += size
        self._encoded = self._compressor.submit(lambda: self._encoder.write(records), size=size)
        return rest

    def finish(self, number: int) -> Part:
        """Write the rest and describe the part; its file stays until it is closed."""
        self._compressor.submit(self._encoder.close).result()
        return self._file.part(number, self._encoding.ending_of(self._file.opening), self._records)

    @property
    def file(self) -> IO[bytes]:
        return self._file.file

    def close(self) -> None:
        if self._encoded is not None:
            wait([self._encoded])
        self._file.close()
