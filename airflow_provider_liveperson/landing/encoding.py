"""How records become bytes: file formats and compressions, each with its name and its file ending."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from airflow_provider_liveperson.exceptions import ConfigurationError


class Compressor(Protocol):
    """What zlib's, isal's and other compression objects have in common."""

    def compress(self, data: bytes, /) -> bytes:
        """Take bytes in, give bytes out as they become ready."""

    def flush(self) -> bytes:
        """Give the rest."""


class _NoCompressor:
    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def _gzip() -> Compressor:
    # As a raw compression object, gzip has neither file name nor time in its header: same data, same bytes.
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib.compressobj(6, zlib.DEFLATED, wbits=31)
    fast: Compressor = isal_zlib.compressobj(isal_zlib.ISAL_DEFAULT_COMPRESSION, isal_zlib.DEFLATED, 31)
    return fast


class PartEncoder(Protocol):
    """Writes the records of one part into a file."""

    def write(self, records: Sequence[bytes]) -> None:
        """Append records, each one JSON object without line breaks."""

    def close(self) -> None:
        """Write what is left. The file stays open."""


class _JsonLines:
    def __init__(self, file: BinaryIO, compressor: Compressor) -> None:
        self._file = file
        self._compressor = compressor

    def write(self, records: Sequence[bytes]) -> None:
        self._file.write(self._compressor.compress(b"\n".join([*records, b""])))

    def close(self) -> None:
        self._file.write(self._compressor.flush())


FILE_FORMATS = ("jsonl",)
COMPRESSIONS: dict[str, tuple[str, Callable[[], Compressor]]] = {
    "gzip": (".gz", _gzip),
    "none": ("", _NoCompressor),
}


@dataclass(frozen=True)
class Encoding:
    """A file format with a compression.

    :param file_format: ``jsonl``: one JSON object a line, UTF-8, as LivePerson sent it.
    :param compression: ``gzip`` or ``none``.
    :raises ConfigurationError: for anything else; names the argument.
    """

    file_format: str = "jsonl"
    compression: str = "gzip"

    def __post_init__(self) -> None:
        for name, value, known in (
            ("file_format", self.file_format, FILE_FORMATS),
            ("compression", self.compression, tuple(COMPRESSIONS)),
        ):
            if value not in known:
                raise ConfigurationError(
                    f"{name} is {value!r}; it must be one of {', '.join(known)}", field=name
                )

    @property
    def ending(self) -> str:
        """What the name of a part ends in, such as ``.jsonl.gz``."""
        return f".{self.file_format}{COMPRESSIONS[self.compression][0]}"

    def encoder(self, file: BinaryIO) -> PartEncoder:
        """A new encoder, for one part.

        :param file: takes the bytes as they are stored; it is only written to, in order.
        """
        return _JsonLines(file, COMPRESSIONS[self.compression][1]())
