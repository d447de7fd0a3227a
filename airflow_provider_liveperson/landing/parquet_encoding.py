"""Parquet: one typed column for each declared field, at whatever depth."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any, BinaryIO, Protocol

import msgspec
from msgspec import Raw

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing.values import (
    MisfitError,
    as_number,
    cell,
    encode,
    json_text,
)
from airflow_provider_liveperson.records.columns import OTHER, Array, Column, Scalar, Struct
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.records.raw import UNREADABLE, Buffer, plain

# Bytes of JSON. Python's objects take several times as much, so they are made of fewer records at a time.
_ROW_GROUP = 16 << 20
_CHUNK = 1 << 20
_CODECS = {"gzip": ("gzip", 4), "zstd": ("zstd", 1), "none": ("none", None)}
_NULL = b"null"
_NOT_TEXT = frozenset({int, bool})

Rest = dict[int, Any]
"""The JSON of what did not fit, by row."""


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


def _arrow_type(column: Column) -> Any:
    import pyarrow

    if isinstance(column, Struct):
        return pyarrow.struct([(name, _arrow_type(field)) for name, field in column.fields.items()])
    if isinstance(column, Array):
        return pyarrow.list_(_arrow_type(column.items))
    return {
        Scalar.TEXT: pyarrow.string(),
        Scalar.INTEGER: pyarrow.int64(),
        Scalar.NUMBER: pyarrow.float64(),
        Scalar.BOOLEAN: pyarrow.bool_(),
        Scalar.JSON: pyarrow.string(),
    }[column]


def _decoder(kind: Any) -> Callable[[Sequence[Buffer | None]], list[Any]]:
    """Decodes many values of one kind at once, which is several times faster than one by one."""
    decode = msgspec.json.Decoder(list[kind]).decode

    def decode_all(raws: Sequence[Buffer | None]) -> list[Any]:
        values: list[Any] = decode(b"[%b]" % b",".join([_NULL if raw is None else raw for raw in raws]))
        if len(values) != len(raws):
            raise msgspec.DecodeError("a record is not one JSON value")
        return values

    return decode_all


_all_fields = _decoder(dict[str, Raw] | None)
_all_items = _decoder(list[Raw] | None)


class _Builder(Protocol):
    """Makes the Arrow array of one column."""

    def build(self, raws: Sequence[Buffer | None]) -> tuple[Any, Rest]:
        """The array, and what did not fit.

        :param raws: a value for each row as JSON, or None.
        """


def _builder(column: Column) -> _Builder:
    if isinstance(column, Struct):
        return _Structs(column)
    if isinstance(column, Array):
        return _Lists(column)
    return _Scalars(column)


class _Scalars:
    """Values without fields.

    ``_quick`` takes what nearly always comes, all at once, and must make of it just what ``_convert`` makes of
    each value by itself.
    """

    def __init__(self, column: Scalar) -> None:
        self._column = column
        self._type = _arrow_type(column)

    def build(self, raws: Sequence[Buffer | None]) -> tuple[Any, Rest]:
        import pyarrow

        try:
            return pyarrow.array(self._quick(raws), self._type), {}
        except (*UNREADABLE, MisfitError, OverflowError, pyarrow.ArrowInvalid):
            pass
        values: list[Any] = []
        rest: Rest = {}
        for row, raw in enumerate(raws):
            try:
                values.append(None if raw is None else self._convert(raw))
            except MisfitError:
                values.append(None)
                rest[row] = raw
        return pyarrow.array(values, self._type), rest

    def _quick(self, raws: Sequence[Buffer | None]) -> list[Any]:
        if self._column is Scalar.JSON:
            return [None if raw is None or (text := bytes(raw)) == _NULL else text for raw in raws]
        values = _QUICK[self._column](raws)
        if self._column is Scalar.TEXT and not _NOT_TEXT.isdisjoint(map(type, values)):
            return [
                json_text(raw) if raw is not None and type(value) in _NOT_TEXT else value
                for value, raw in zip(values, raws, strict=True)
            ]
        return values

    def _convert(self, raw: Buffer) -> Any:
        text = cell(self._column, raw)
        if text is None or self._column in (Scalar.TEXT, Scalar.JSON):
            return text
        if self._column is Scalar.BOOLEAN:
            return text == "true"
        if self._column is Scalar.INTEGER:
            if len(text) > 20 or not -(1 << 63) <= (integer := int(text)) < 1 << 63:
                raise MisfitError
            return integer
        try:
            number = as_number(text)
            double = float(number)
        except (*UNREADABLE, OverflowError):
            raise MisfitError from None
        if isinstance(number, int) and int(double) != number:
            raise MisfitError
        return double


_QUICK = {
    # A number is taken as it was written, and as a float that would be lost.
    Scalar.TEXT: _decoder(str | int | bool | None),
    Scalar.INTEGER: _decoder(int | None),
    # Arrow refuses whole numbers that a double does not hold, so these must stay whole.
    Scalar.NUMBER: _decoder(int | float | None),
    Scalar.BOOLEAN: _decoder(bool | None),
}


class _Structs:
    def __init__(self, record: Struct) -> None:
        arrow_type = _arrow_type(record)
        self._fields = [arrow_type.field(place) for place in range(arrow_type.num_fields)]
        self._builders = {name: _builder(column) for name, column in record.fields.items()}

    def build(self, raws: Sequence[Buffer | None]) -> tuple[Any, Rest]:
        import pyarrow

        arrays, is_null, rest = self.columns(raws)
        mask = pyarrow.array(is_null) if any(is_null) else None
        return pyarrow.StructArray.from_arrays(arrays, fields=self._fields, mask=mask), rest

    def columns(self, raws: Sequence[Buffer | None]) -> tuple[list[Any], list[bool], Rest]:
        """An array for each field, whether a row is null, and what did not fit."""
        import pyarrow

        objects, rest = _decoded(_all_fields, raws)
        present = set[str]().union(*[fields for fields in objects if fields])
        other: dict[int, dict[str, Raw]] = {}
        if unknown := present - self._builders.keys():
            for row, fields in enumerate(objects):
                if fields and not unknown.isdisjoint(fields):
                    other[row] = {name: raw for name, raw in fields.items() if name in unknown}
        is_null = [fields is None for fields in objects]
        arrays = []
        for (name, builder), field in zip(self._builders.items(), self._fields, strict=True):
            if name not in present:
                arrays.append(pyarrow.nulls(len(objects), field.type))
                continue
            values = [fields.get(name) if fields else None for fields in objects]
            array, left = builder.build(values)
            arrays.append(array)
            for row, raw in left.items():
                other.setdefault(row, {})[name] = Raw(raw)
        rest |= {row: encode(fields) for row, fields in other.items()}
        return arrays, is_null, rest


class _Lists:
    def __init__(self, array: Array) -> None:
        self._type = _arrow_type(array)
        self._items = _builder(array.items)

    def build(self, raws: Sequence[Buffer | None]) -> tuple[Any, Rest]:
        import pyarrow

        lists, rest = _decoded(_all_items, raws)
        starts = list(accumulate((len(items or ()) for items in lists), initial=0))
        is_null = [items is None for items in lists]
        values, left = self._items.build([item for items in lists if items for item in items])
        array = pyarrow.ListArray.from_arrays(
            pyarrow.array(starts, pyarrow.int32()),
            values,
            type=self._type,
            mask=pyarrow.array(is_null) if any(is_null) else None,
        )
        other: dict[int, list[Raw | None]] = {}
        for place, raw in sorted(left.items()):
            row = bisect_right(starts, place) - 1
            items = other.setdefault(row, [])
            items += [None] * (place - starts[row] - len(items))
            items.append(Raw(raw))
        rest |= {row: encode(items) for row, items in other.items()}
        return array, rest


def _decoded(
    decode_all: Callable[[Sequence[Buffer | None]], list[Any]], raws: Sequence[Buffer | None]
) -> tuple[list[Any], Rest]:
    """Every value decoded; None for those that cannot be, and these by their row."""
    try:
        return decode_all(raws), {}
    except UNREADABLE:
        pass
    values: list[Any] = []
    rest: Rest = {}
    for row, raw in enumerate(raws):
        try:
            try:
                values += decode_all([raw])
            except UNREADABLE:
                raw = None if raw is None else plain(raw)
                values += decode_all([raw])
        except UNREADABLE:
            values.append(None)
            rest[row] = raw
    return values, rest


class _Sink:
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
        from pyarrow import parquet

        codec, level = _CODECS[compression]
        schema = [(name, _arrow_type(column)) for name, column in columns.items()]
        self._schema = pyarrow.schema([*schema, (OTHER, pyarrow.string())])
        self._structs = _Structs(Struct(columns))
        self._sink = _Sink(file)
        self._writer: Any = parquet.ParquetWriter(
            self._sink, self._schema, compression=codec, compression_level=level, store_schema=False
        )
        self._chunk: list[Line] = []
        self._chunk_size = 0
        self._batches: list[Any] = []
        self._group_size = 0

    def write(self, records: Sequence[Line]) -> None:
        """Append records, each one JSON object without line breaks."""
        for record in records:
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
            arrays, _, rest = self._structs.columns(self._chunk)
            other = [
                None if raw is None else str(raw, "utf-8", "replace")
                for raw in map(rest.get, range(len(self._chunk)))
            ]
            arrays.append(pyarrow.array(other, pyarrow.string()))
            self._batches.append(pyarrow.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._chunk, self._chunk_size = [], 0

    def _write_group(self) -> None:
        import pyarrow

        self._make_batch()
        if self._batches:
            table = pyarrow.Table.from_batches(self._batches, self._schema)
            self._writer.write_table(table, row_group_size=table.num_rows)
        self._batches, self._group_size = [], 0
