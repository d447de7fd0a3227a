"""Compressions by name, for file formats that are streams of bytes."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import BinaryIO, Protocol

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.records.line import Line

_BLOCK = 1 << 20
_LINE_FEED = ord("\n")


class Compressor(Protocol):
    """What zlib's, isal's and other compression objects have in common."""

    def compress(self, data: bytes | memoryview, /) -> bytes:
        """Compress bytes, and return those that are ready."""

    def flush(self) -> bytes:
        """Return the rest."""


class _NoCompressor:
    def compress(self, data: bytes | memoryview, /) -> bytes:
        return bytes(data)

    def flush(self) -> bytes:
        return b""


def _gzip() -> Compressor:
    # As a raw compression object, gzip has neither file name nor time in its header: same data, same bytes.
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib.compressobj(6, zlib.DEFLATED, wbits=31)
    # On JSON like LivePerson's, level 2 gives about 1 GB/s a core. Level 1 is as fast and larger by a fiftieth, level 3
    # is three times slower and smaller by less than a tenth. The last argument is the largest window.
    fast: Compressor = isal_zlib.compressobj(2, isal_zlib.DEFLATED, 31, 9)
    return fast


def _zstd() -> Compressor:
    import zstandard

    # On such JSON, level 3 takes twice the time of level 1 and gains nothing or a fiftieth.
    return zstandard.ZstdCompressor(level=1, write_checksum=True).compressobj()


COMPRESSIONS: dict[str, tuple[str, Callable[[], Compressor]]] = {
    "gzip": (".gz", _gzip),
    "zstd": (".zst", _zstd),
    "none": ("", _NoCompressor),
}


def check_installed(compression: str) -> None:
    """Refuse a compression whose library is missing.

    :param compression: one of :data:`COMPRESSIONS`.
    :raises ConfigurationError: saying what to install.
    """
    try:
        COMPRESSIONS[compression][1]()
    except ImportError as error:
        raise ConfigurationError(
            f"compression {compression} needs a library that is not installed ({error}); run"
            f" `pip install 'airflow-provider-liveperson[{compression}]'`, or choose gzip",
            field="compression",
        ) from None


class CompressedStream:
    """Compresses a stream into a file.

    A compressor's output depends on the blocks in which it gets its input. They are made anew here, so that the same
    stream has the same bytes however it arrives.

    :param file: is only written to, in order.
    :param compression: one of :data:`COMPRESSIONS`.
    """

    def __init__(self, file: BinaryIO, compression: str) -> None:
        self._file = file
        self._compressor = COMPRESSIONS[compression][1]()
        self._block = memoryview(bytearray(_BLOCK))
        self._filled = 0

    def write(self, data: Line) -> None:
        """Append bytes.

        :param data: the bytes.
        """
        view = memoryview(data)
        while len(view) >= _BLOCK - self._filled:
            room = _BLOCK - self._filled
            self._block[self._filled :] = view[:room]
            self._file.write(self._compressor.compress(self._block))
            self._filled, view = 0, view[room:]
        self._block[self._filled : self._filled + len(view)] = view
        self._filled += len(view)

    def write_lines(self, lines: Sequence[Line]) -> None:
        """Append lines, each with a line feed behind it.

        :param lines: the lines, without line breaks.
        """
        for line in lines:
            end = self._filled + len(line)
            if end < _BLOCK:
                self._block[self._filled : end] = line
                self._block[end] = _LINE_FEED
                self._filled = end + 1
            else:
                self.write(line)
                self.write(b"\n")

    def close(self) -> None:
        """Write what is left. The file stays open, maybe for long, so nothing else is kept."""
        self._file.write(self._compressor.compress(self._block[: self._filled]) + self._compressor.flush())
        del self._block, self._compressor
