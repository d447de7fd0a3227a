"""Parts of lines, JSON Lines and CSV: which of their records are a person's, and the same parts without those."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Iterator, Set
from typing import IO, BinaryIO, Protocol, cast

import msgspec

from airflow_provider_liveperson.erasure.parquet_parts import ParquetPart
from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.landing.compression import CompressedStream, check_installed
from airflow_provider_liveperson.landing.csv_encoding import unquoted
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.records.columns import OTHER
from airflow_provider_liveperson.records.persons import PersonFinder
from airflow_provider_liveperson.records.raw import UNREADABLE

_LINE_END = b"\r\n"
_QUOTE = b'"'
_CELLS = re.compile(r'(?:\A|,)(?:"((?:[^"]|"")*)"|([^,]*))')

FILE_FORMATS = ("jsonl", "csv", "parquet")
"""The formats of parts in which records can be found."""


class PartFile(Protocol):
    """A part that has been downloaded."""

    def found(self, finder: PersonFinder) -> set[int]:
        """The positions of the records that are of persons looked for, counted from 0.

        :param finder: looks for them.
        """

    def write_without(self, positions: Set[int], target: BinaryIO) -> None:
        """Write the same part without some records: as it would have landed without them.

        :param positions: of the records that are left out.
        :param target: is only written to, in order.
        """


def part_file(manifest: Manifest, file: IO[bytes]) -> PartFile:
    """A part of a window.

    :param manifest: the window's, which says in what format the part is.
    :param file: the part's bytes.
    :raises ConfigurationError: when a library is missing that the format needs.
    """
    if manifest.file_format == "parquet":
        return ParquetPart(file, manifest.compression)
    check_installed(manifest.compression)
    if manifest.file_format == "csv":
        return _Csv(file, manifest.compression, are_quoted=manifest.csv_formulas == "quote")
    return _JsonLines(file, manifest.compression)


def _plain(file: IO[bytes], compression: str) -> IO[bytes]:
    """What is in a compressed file, in a stream."""
    stored = io.FileIO(file.fileno(), closefd=False)
    stored.seek(0)
    if compression == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=stored, mode="rb"))
    if compression == "zstd":
        import zstandard

        stream = zstandard.ZstdDecompressor().stream_reader(stored, read_across_frames=True)
        return io.BufferedReader(stream)
    return io.BufferedReader(stored)


class _JsonLines:
    def __init__(self, file: IO[bytes], compression: str) -> None:
        self._file = file
        self._compression = compression

    def found(self, finder: PersonFinder) -> set[int]:
        return {at for at, line in enumerate(self._lines()) if finder.finds(line)}

    def write_without(self, positions: Set[int], target: BinaryIO) -> None:
        stream = CompressedStream(target, self._compression)
        for at, line in enumerate(self._lines()):
            if at not in positions:
                stream.write_lines([line])
        stream.close()

    def _lines(self) -> Iterator[bytes]:
        for line in _plain(self._file, self._compression):
            yield line.removesuffix(b"\n")


class _Csv:
    def __init__(self, file: IO[bytes], compression: str, *, are_quoted: bool) -> None:
        self._file = file
        self._compression = compression
        self._are_quoted = are_quoted

    def found(self, finder: PersonFinder) -> set[int]:
        rows = self._rows()
        header = [text or "" for text in _cells(next(rows, b""))]
        return {at for at, row in enumerate(rows) if self._holds(finder, header, row)}

    def write_without(self, positions: Set[int], target: BinaryIO) -> None:
        stream = CompressedStream(target, self._compression)
        for at, row in enumerate(self._rows(), start=-1):
            if at not in positions:
                stream.write(row)
        stream.close()

    def _holds(self, finder: PersonFinder, header: list[str], row: bytes) -> bool:
        fields: dict[str, msgspec.Raw] = {}
        for name, text in zip(header, _cells(row), strict=True):
            if text is None:
                continue
            plain = unquoted(text) if self._are_quoted else text
            # A cell is the JSON of an object, or a plain text, whatever that looks like.
            is_nested = plain[:1] in ("{", "[") and _is_json(plain)
            fields[name] = msgspec.Raw(plain.encode() if is_nested else msgspec.json.encode(plain))
        other = fields.pop(OTHER, None)
        is_found = finder.finds(msgspec.json.encode(fields))
        return (other is not None and finder.finds(bytes(other))) or is_found

    def _rows(self) -> Iterator[bytes]:
        """The rows as they are in the file, their ends included; the header is the first."""
        whole: list[bytes] = []
        is_open = False
        for line in _plain(self._file, self._compression):
            whole.append(line)
            is_open ^= line.count(_QUOTE) % 2 == 1
            if not is_open and line.endswith(_LINE_END):
                yield b"".join(whole)
                whole = []
        if whole:
            raise StorageError("a CSV part ends within a row; land its window again", permanent=True)


def _cells(row: bytes) -> list[str | None]:
    """The texts of a row's cells; None for nothing."""
    text = row.removesuffix(_LINE_END).decode("utf-8", "replace")
    return [
        found[1].replace('""', '"') if found[1] is not None else (found[2] or None)
        for found in _CELLS.finditer(text)
    ]


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except UNREADABLE:
        return False
    return True
