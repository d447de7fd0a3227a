"""Parquet: one typed column for each declared field, at whatever depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing.arrow_columns import ArrowColumns
from airflow_provider_liveperson.landing.arrow_pool import arrow_type
from airflow_provider_liveperson.records.columns import OTHER, Array, Column, Scalar, Struct, unmarked
from airflow_provider_liveperson.records.line import ErasedLine, Line

# Bytes of JSON. Python's objects take several times as much, so they are made of fewer records at a time.
_ROW_GROUP = 16 << 20
_CHUNK = 1 << 20
# From gzip's level 4 to 2, files grow by a twelfth, and compressing them takes half the time.
_CODECS = {"gzip": ("gzip", 2), "zstd": ("zstd", 1), "none": ("none", None)}


def check_parquet(compression: str) -> None:
    """Refuse to write Parquet where that cannot work.

    :param compression: the codec.
    :raises ConfigurationError: saying what to install, or what else to choose.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ConfigurationError(
            f"file_format parquet needs pyarrow, which cannot be imported ({error}); run"
            " `pip install 'airflow-provider-liveperson[parquet]'`, or choose jsonl",
            field="file_format",
        ) from None
    if compression != "none" and not pyarrow.Codec.is_available(compression):
        raise ConfigurationError(
            f"compression is {compression!r}, which this build of pyarrow lacks; choose another",
            field="compression",
        )


class Sink:
    """The part's file as pyarrow wants it."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file: BinaryIO | None = file

    def write(self, data: Any) -> int:
        return len(data) if self._file is None else self._file.write(memoryview(data))

    def tell(self) -> int:
        return 0 if self._file is None else self._file.tell()

    def flush(self) -> None:
        pass

    def detach(self) -> None:
        self._file = None


def _filterable(path: str, column: Column) -> list[str]:
    """The columns by which readers skip row groups: those that have one plain value in each row.

    Others go without statistics and dictionaries, which take time and gain nothing: within lists no reader looks at
    them, and files are smaller without.
    """
    if isinstance(column, Struct):
        return [
            below for name, field in column.fields.items() for below in _filterable(f"{path}.{name}", field)
        ]
    return [] if isinstance(column, Array) or column is Scalar.JSON else [path]


def open_writer(file: Any, schema: Any, compression: str, filterable: list[str]) -> Any:
    """What writes the Arrow tables of a part.

    :param file: takes the bytes; it is only written to, in order.
    :param schema: the tables' Arrow schema.
    :param compression: the codec.
    :param filterable: the columns by which readers skip row groups.
    """
    import pyarrow
    from pyarrow import parquet

    codec, level = _CODECS[compression]
    return parquet.ParquetWriter(
        file,
        schema,
        compression=codec,
        compression_level=level,
        # Records with lists are large: a row group has too few of them for dictionaries to pay.
        use_dictionary=False if any(map(_has_lists, schema.types)) else (filterable or False),
        write_statistics=filterable or False,
        store_schema=False,
        memory_pool=pyarrow.system_memory_pool(),
    )


def _has_lists(kind: Any) -> bool:
    """Whether values of an Arrow type hold lists."""
    from pyarrow import types

    if types.is_struct(kind):
        return any(_has_lists(kind.field(place).type) for place in range(kind.num_fields))
    return bool(types.is_list(kind))


class Parquet:
    """Writes records as Parquet.

    The schema is the declaration's, whatever the records hold: objects are structs, arrays are lists, integers
    have 64 bits, numbers are doubles, JSON is text. The last column, ``_other``, is one JSON object of what has no
    place in the others, at the path where it was: fields that are not declared, and values that are not what they
    are declared to be, such as ``"undefined"`` for an integer. In an array there, null stands for an element of
    which nothing is left over. ``_other`` is null where there is nothing of the kind.

    Row groups hold 16 MiB of JSON, so that memory does not grow with the part.

    :param file: takes the bytes; it is only written to, in order.
    :param compression: the codec.
    :param columns: the dataset's declared columns.
    """

    def __init__(self, file: BinaryIO, compression: str, columns: Mapping[str, Column]) -> None:
        import pyarrow

        columns = unmarked(columns)
        schema = [(name, arrow_type(column)) for name, column in columns.items()]
        self._schema = pyarrow.schema([*schema, (OTHER, pyarrow.string())])
        self._columns = ArrowColumns(columns)
        self._sink = Sink(file)
        filterable = [path for name, column in columns.items() for path in _filterable(name, column)]
        self._writer: Any = open_writer(self._sink, self._schema, compression, filterable)
        self._chunk: list[Line] = []
        self._chunk_size = 0
        self._batches: list[Any] = []
        self._group_size = 0

    def write(self, records: Sequence[Line]) -> None:
        """Append records, each one JSON object without line breaks."""
        for record in records:
            if type(record) is not ErasedLine:
                self._chunk.append(record)
            self._chunk_size += len(record)
            self._group_size += len(record)
            if self._chunk_size >= _CHUNK:
                self._make_batch()
            if self._group_size >= _ROW_GROUP:
                self._write_group()

    def close(self) -> None:
        """Write what is left. The file stays open."""
        self._write_group()
        self._writer.close()

    def __del__(self) -> None:
        # A writer that was given up would still write its end, into a file that may be closed.
        if sink := getattr(self, "_sink", None):
            sink.detach()

    def _make_batch(self) -> None:
        import pyarrow

        if self._chunk:
            arrays = self._columns.arrays(self._chunk)
            self._batches.append(pyarrow.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._chunk, self._chunk_size = [], 0

    def _write_group(self) -> None:
        import pyarrow

        self._make_batch()
        if self._batches:
            # In one piece: each piece of a column costs the writer as much as many values.
            table = pyarrow.Table.from_batches(self._batches, self._schema)
            table = table.combine_chunks(memory_pool=pyarrow.system_memory_pool())
            self._batches = []
            self._writer.write_table(table, row_group_size=table.num_rows)
        self._group_size = 0
