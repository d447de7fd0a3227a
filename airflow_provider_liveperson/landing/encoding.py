"""How records become bytes: file formats and compressions, each with its name and its file ending."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing.compression import COMPRESSIONS, CompressedStream, check_installed
from airflow_provider_liveperson.landing.csv_encoding import FORMULAS, Csv
from airflow_provider_liveperson.landing.parquet_encoding import Parquet, check_parquet
from airflow_provider_liveperson.records.columns import Column, Struct
from airflow_provider_liveperson.records.line import Line, written


class PartEncoder(Protocol):
    """Writes the records of one part into a file."""

    def write(self, records: Sequence[Line]) -> None:
        """Append records, each one JSON object without line breaks; those of erased persons are left out."""

    def close(self) -> None:
        """Write what is left. The file stays open."""


class _JsonLines:
    def __init__(self, stream: CompressedStream) -> None:
        self._stream = stream

    def write(self, records: Sequence[Line]) -> None:
        self._stream.write_lines(written(records))

    def close(self) -> None:
        self._stream.close()


class _AsTheyCame:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, records: Sequence[Line]) -> None:
        for record in records:
            view = memoryview(record)
            for at in range(0, len(view), _BLOCK):
                self._file.write(view[at : at + _BLOCK])

    def close(self) -> None:
        pass


FILE_FORMATS = ("jsonl", "csv", "parquet")
RAW = "raw"
"""The file format of files that land as they came, each as a part."""
RECORDS_ONLY: dict[str, Sequence[str]] = {
    "file_format": "jsonl",
    "compression": "gzip",
    "csv_formulas": "keep",
    "hash_fields": (),
    "drop_fields": (),
    "keep_fields": (),
    "unknown_fields": (),
}
"""The arguments that say what becomes of records, and their defaults: no other value goes with files as they came."""
_BLOCK = 1 << 20
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Encoding:
    """A file format with a compression.

    The same records give the same bytes in whatever batches they come, as long as the libraries that write them stay
    the same.

    :param file_format: ``jsonl``: one JSON object a line, UTF-8, as LivePerson sent it. ``csv``: one column for
        each top-level field, see :class:`~airflow_provider_liveperson.landing.csv_encoding.Csv`. ``parquet``: one
        typed column for each field at any depth, see
        :class:`~airflow_provider_liveperson.landing.parquet_encoding.Parquet`; needs the extra ``parquet``. ``raw``:
        each record is a file, which lands as it came.
    :param compression: ``gzip``, ``zstd`` or ``none``; within the file for ``parquet``, around it for the others,
        which need the extra ``zstd`` for that one.
    :param columns: the columns that the dataset declares; ``jsonl`` needs none.
    :param csv_formulas: ``keep`` texts that a spreadsheet would read as a formula, or ``quote`` them; ``csv`` only.
    :raises ConfigurationError: for any other value, and for a library that is missing; its field is the argument.
    """

    file_format: str = "jsonl"
    compression: str = "gzip"
    columns: Mapping[str, Column] = field(default_factory=dict, repr=False, hash=False)
    csv_formulas: str = "keep"

    def __post_init__(self) -> None:
        for name, value, known in (
            # Whoever asks for raw files sets another argument.
            ("file_format", self.file_format, (RAW,) if self.file_format == RAW else FILE_FORMATS),
            ("compression", self.compression, tuple(COMPRESSIONS)),
            ("csv_formulas", self.csv_formulas, FORMULAS),
        ):
            if value not in known:
                raise ConfigurationError(
                    f"{name} is {value!r}; it must be one of {', '.join(known)}", field=name
                )
        if self.csv_formulas != "keep" and self.file_format != "csv":
            raise ConfigurationError(
                f"csv_formulas is {self.csv_formulas!r}, which only CSV files need, and file_format is"
                f" {self.file_format!r}; leave csv_formulas out, or set file_format to 'csv'",
                field="csv_formulas",
            )
        if self.file_format not in ("jsonl", RAW):
            if not self.columns:
                raise ConfigurationError(
                    f"file_format is {self.file_format!r}, but this dataset declares no columns; use 'jsonl'",
                    field="file_format",
                )
            Struct(self.columns)
        if self.file_format == "parquet":
            check_parquet(self.compression)
        else:
            check_installed(self.compression)

    @property
    def ending(self) -> str:
        """What the name of a part ends in, such as ``.jsonl.gz``; of a file that lands as it came, ``.json``."""
        if self.file_format == RAW:
            return ".json"
        if self.file_format == "parquet":
            return ".parquet"
        return f".{self.file_format}{COMPRESSIONS[self.compression][0]}"

    def ending_of(self, opening: bytes) -> str:
        """What the name of a part ends in.

        :param opening: the part's first two bytes, which say whether a file that lands as it came is compressed.
        """
        return f"{self.ending}.gz" if self.file_format == RAW and opening == _GZIP else self.ending

    def encoder(self, file: BinaryIO) -> PartEncoder:
        """A new encoder, for one part.

        :param file: receives the bytes as they are stored; it is only written to, in order.
        """
        if self.file_format == "parquet":
            return Parquet(file, self.compression, self.columns)
        if self.file_format == RAW:
            return _AsTheyCame(file)
        stream = CompressedStream(file, self.compression)
        if self.file_format == "csv":
            return Csv(stream, self.columns, formulas=self.csv_formulas)
        return _JsonLines(stream)


def check_raw(arguments: Mapping[str, Any]) -> None:
    """Refuse what would change files that are to land as they came.

    :param arguments: the operator's arguments.
    :raises ConfigurationError: for one of :data:`RECORDS_ONLY` that is not its default.
    """
    for name, default in RECORDS_ONLY.items():
        value = arguments.get(name, default) or ()
        if list(value) != list(default):
            raise ConfigurationError(
                f"{name} is {value!r}, but raw is True, which lands files as they came: nothing in them is read,"
                f" changed or left out. Leave {name} out, or raw",
                field=name,
            )
