"""Part files: records written to a spool on disk, rolled at a size, named by a hash of their content."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from airflow_provider_liveperson.landing.encoding import Encoding

PREFIX = "part-"
ROLL_AT = 128 * 1024 * 1024
_BUFFER = 1 << 18


@dataclass(frozen=True)
class Part:
    """One finished part file.

    :param name: ``part-00000-{hash}.jsonl.gz``; the hash is of the records before compression, so that the
        same records have the same name whatever library compressed them.
    :param records: how many records it holds.
    :param bytes: its size as stored.
    :param sha256: the SHA-256 of its bytes as stored, hexadecimal.
    """

    name: str
    records: int
    bytes: int
    sha256: str


class PartWriter:
    """Writes records into parts, one at a time on disk.

    :param encoding: file format and compression.
    :param first: the number of the first part.
    :param deliver: is given each finished part and its file, which is gone afterwards.
    :param roll_at: start the next part when one holds this many bytes before compression.
    """

    def __init__(
        self,
        encoding: Encoding,
        *,
        first: int,
        deliver: Callable[[Part, Path], Part],
        roll_at: int = ROLL_AT,
    ) -> None:
        self._encoding = encoding
        self._deliver = deliver
        self._number = first
        self._roll_at = roll_at
        self._open: _OpenPart | None = None
        self.parts: list[Part] = []

    def write(self, record: bytes) -> None:
        """Append one record, without its line end.

        :param record: one JSON object without line breaks.
        """
        if self._open is None:
            self._open = _OpenPart(self._encoding)
        if self._open.write(record) >= self._roll_at:
            self._roll()

    def finish(self) -> list[Part]:
        """Deliver what is left and return all parts."""
        if self._open is not None:
            self._roll()
        return self.parts

    def discard(self) -> None:
        """Drop what has not been delivered."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _roll(self) -> None:
        assert self._open is not None
        part, self._open = self._open, None
        with part.finished(self._number) as (described, path):
            self.parts.append(self._deliver(described, path))
        self._number += 1


class _StoredFile:
    """A file that is only appended to, and knows the hash of what it holds."""

    def __init__(self, ending: str) -> None:
        self._file: IO[bytes] = tempfile.NamedTemporaryFile(  # noqa: SIM115 - closed by close()
            prefix="liveperson-", suffix=ending
        )
        self.path = Path(self._file.name)
        self.hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.hash.update(data)
        self.size += len(data)
        return self._file.write(data)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class _OpenPart:
    def __init__(self, encoding: Encoding) -> None:
        self._ending = encoding.ending
        self._file = _StoredFile(encoding.ending)
        self._encoder = encoding.encoder(cast("BinaryIO", self._file))
        self._content = hashlib.sha256()
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._records = 0
        self._size = 0

    def write(self, record: bytes) -> int:
        self._pending.append(record)
        self._pending_size += len(record) + 1
        self._records += 1
        self._size += len(record) + 1
        if self._pending_size >= _BUFFER:
            self._drain()
        return self._size

    def _drain(self) -> None:
        for record in self._pending:
            self._content.update(record)
            self._content.update(b"\n")
        self._encoder.write(self._pending)
        self._pending = []
        self._pending_size = 0

    @contextmanager
    def finished(self, number: int) -> Iterator[tuple[Part, Path]]:
        try:
            self._drain()
            self._encoder.close()
            self._file.flush()
            part = Part(
                name=f"{PREFIX}{number:05d}-{self._content.hexdigest()[:12]}{self._ending}",
                records=self._records,
                bytes=self._file.size,
                sha256=self._file.hash.hexdigest(),
            )
            yield part, self._file.path
        finally:
            self.close()

    def close(self) -> None:
        self._file.close()
