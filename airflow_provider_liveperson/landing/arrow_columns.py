"""Records as Arrow columns: decoded into typed objects where they are as declared, value by value where they are not.

Each declared column has two ways to its Arrow array. The fast way takes values that msgspec has decoded as what they
are declared to be, whole records at a time. The careful way takes raw JSON, looks at each value, and keeps what does
not fit. Both make the same of the same record: where the careful way would make something else of a value, the fast
one raises an error. A column in which something was odd is read raw from then on, so that further records like it
still take the fast way for everything else.

Long because the two ways of each kind of column stand side by side: they have to agree.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import accumulate, chain
from typing import Any

import msgspec
from msgspec import Raw

from airflow_provider_liveperson.landing.arrow_pool import (
    EPOCHS,
    Arrays,
    DiffersError,
    Finish,
    Pool,
    arrow_type,
    timestamps,
)
from airflow_provider_liveperson.landing.values import (
    MisfitError,
    as_number,
    as_text_or_integer,
    cell,
    encode,
    is_instant,
    json_text,
)
from airflow_provider_liveperson.records.columns import (
    Array,
    Column,
    Personal,
    Scalar,
    Struct,
    unmarked,
)
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.records.raw import UNREADABLE, Buffer, plain

_NULL = b"null"
_RAW_NULL = Raw(_NULL)
_NOT_TEXT = frozenset({int, bool})
_MS_AS_TEXT = 13
# Each becomes a field of the decoder; an object whose names vary without end is read raw instead.
_MAX_UNKNOWN_FIELDS = 32
_MAX_REBUILDS = 50
_MAX_UNEXPLAINED = 10
_KEPT_TYPES = 256
# Of the records of a chunk. Beyond that all are read carefully, rather than many of them twice.
_MAX_ODD_SHARE = 0.25

Rest = dict[int, Any]
"""The JSON of what did not fit, by row."""


_NOTHING: Rest = {}


@cache
def _nothing(kind: Any) -> Any:
    import pyarrow

    return pyarrow.nulls(0, kind)


class ArrowColumns:
    """Makes Arrow arrays of records.

    :param columns: the dataset's declared columns.
    """

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._lessons = _Lessons()
        self._structs = _Structs(Struct(unmarked(columns)), self._lessons)
        self._rebuilds = 0
        self._unexplained = 0
        self._decode: Callable[[Line], Any] | None = None
        self._prepare()

    def arrays(self, records: Sequence[Line]) -> list[Any]:
        """An array for each column, and one of what did not fit: a JSON object as text, or null.

        :param records: one JSON object each.
        """
        import pyarrow

        if self._decode is None:
            return self._careful(records)
        decode, values, odd, max_odd = self._decode, [], [], _MAX_ODD_SHARE * len(records)
        for place, record in enumerate(records):
            try:
                values.append(decode(record))
            except UNREADABLE:
                odd.append(place)
                if len(odd) > max_odd:
                    return self._careful(records)
        try:
            fast = self._fast(values)
        except (DiffersError, OverflowError, pyarrow.ArrowException):
            return self._careful(records, has_failed=True)
        return _interleaved(fast, self._careful([records[place] for place in odd]), odd) if odd else fast

    def careful_arrays(self, records: Sequence[Line]) -> tuple[list[Any], Rest]:
        """The same the careful way: an array for each column, and the JSON of what did not fit, by row."""
        arrays, _, rest = self._structs.columns_of_raws(records)
        return arrays, rest

    def _fast(self, values: Sequence[Any]) -> list[Any]:
        import pyarrow

        try:
            return self._gathered(values, Pool())
        except pyarrow.ArrowTypeError:
            return self._gathered(values, Pool(looks_at_types=True))

    def _gathered(self, values: Sequence[Any], pool: Pool) -> list[Any]:
        finish, _, rest = self._structs.gather_columns(values, pool)
        return [*finish(pool.arrays()), _other(rest, len(values))]

    def _careful(self, records: Sequence[Line], *, has_failed: bool = False) -> list[Any]:
        arrays, rest = self.careful_arrays(records)
        if self._decode is not None:
            self._unexplained += has_failed and not self._lessons.are_new
            if self._unexplained > _MAX_UNEXPLAINED or self._rebuilds > _MAX_REBUILDS:
                self._decode = None
            elif self._lessons.are_new:
                self._prepare()
        return [*arrays, _other(rest, len(records))]

    def _prepare(self) -> None:
        """Make the decoder, of what is known by now."""
        kind = self._structs.prepare()
        self._decode = None if kind is Raw else _decode_as(kind)
        self._lessons.are_new = False
        self._rebuilds += 1


def _interleaved(fast: list[Any], careful: list[Any], odd: Sequence[int]) -> list[Any]:
    """Arrays of all records, from those of records that were read in either way.

    :param odd: the places of those that were read carefully.
    """
    import pyarrow

    rows, is_odd = len(fast[0]) + len(odd), frozenset(odd)
    places, places_of_odd = iter(range(len(fast[0]))), iter(range(len(fast[0]), rows))
    order = pyarrow.array(
        [next(places_of_odd if row in is_odd else places) for row in range(rows)], pyarrow.int64()
    )
    return [pyarrow.concat_arrays(both).take(order) for both in zip(fast, careful, strict=True)]


def _other(rest: Rest, rows: int) -> Any:
    import pyarrow

    if not rest:
        return pyarrow.nulls(rows, pyarrow.string())
    texts = [None if raw is None else str(raw, "utf-8", "replace") for raw in map(rest.get, range(rows))]
    return pyarrow.array(texts, pyarrow.string())


class _Lessons:
    """Whether something was learned since the decoder was made."""

    are_new = True


class _Builder(ABC):
    """Makes the Arrow array of one column, in either way.

    :param kind: its Arrow type.
    """

    def __init__(self, kind: Any, lessons: _Lessons) -> None:
        self.type = kind
        self._lessons = lessons
        self._shall_read_raw = False
        self._reads_raw = False
        self.is_pooled = False
        self.absent_is_null = False
        """Whether the decoder shall make JSON's null of a value that is not there, not None."""

    def prepare(self) -> Any:
        """What the decoder shall make of this column's values, by what is known; they are built as that."""
        kind = Raw if self._shall_read_raw else self._kind()
        self._reads_raw = kind is Raw
        return kind

    def gather(self, values: Sequence[Any], pool: Pool) -> tuple[Finish, Rest]:
        """What makes the array, and what did not fit.

        :param values: as the decoder has made them, or None.
        :param pool: takes what is without fields.
        :raises DiffersError, OverflowError, pyarrow.ArrowException: where the careful way would make something else
            of them. So does the pool.
        """
        import pyarrow

        if self.is_pooled:
            return self._gather(values, pool)
        if not values or (values[0] is None and values.count(None) == len(values)):
            made, rest = pyarrow.nulls(len(values), self.type), _NOTHING
        elif self._reads_raw:
            made, rest = self.build_raws(values)
        else:
            return self._gather(values, pool)
        return lambda _: made, rest

    def read_raw(self) -> None:
        """Let values be read raw once the decoder is made anew."""
        if not self._shall_read_raw:
            self._shall_read_raw = self._lessons.are_new = True

    @abstractmethod
    def build_raws(self, raws: Sequence[Buffer | None]) -> tuple[Any, Rest]:
        """The array, and what did not fit.

        :param raws: a value for each row as JSON, or None.
        """

    @abstractmethod
    def _kind(self) -> Any:
        """The type of values, for msgspec; of None, too."""

    @abstractmethod
    def _gather(self, values: Sequence[Any], pool: Pool) -> tuple[Finish, Rest]:
        """As :meth:`gather`, of values that are not raw."""


def _builder(column: Column, lessons: _Lessons) -> _Builder:
    if isinstance(column, Personal):
        return _builder(column.column, lessons)
    if isinstance(column, Struct):
        return _Structs(column, lessons)
    if isinstance(column, Array):
        return _Lists(column, lessons)
    return _Scalars(column, lessons)


_KINDS: dict[Scalar, Any] = {
    # A number is taken as it was written, and as a float that would be lost.
    Scalar.TEXT: str | int | bool | None,
    Scalar.INTEGER: int | None,
    # Arrow refuses whole numbers that a double does not hold, so these must stay whole.
    Scalar.NUMBER: int | float | None,
    Scalar.BOOLEAN: bool | None,
    Scalar.TIMESTAMP: str | int | None,
}


def _decoder(kind: Any) -> Callable[[Sequence[Buffer | None]], list[Any]]:
    """Decodes many values of one kind at once, which is several times faster than one by one."""
    decode = msgspec.json.Decoder(list[kind]).decode

    def decode_all(raws: Sequence[Buffer | None]) -> list[Any]:
        values: list[Any] = decode(b"[%b]" % b",".join([_NULL if raw is None else raw for raw in raws]))
        if len(values) != len(raws):
            raise msgspec.DecodeError("a record is not one JSON value")
        return values

    return decode_all


_decode_scalars = {scalar: _decoder(kind) for scalar, kind in _KINDS.items()}
_decode_fields = _decoder(dict[str, Raw] | None)
_decode_items = _decoder(list[Raw] | None)


class _Scalars(_Builder):
    """Values without fields.

    What is built of many values at once must be just what ``_convert`` makes of each of them.
    """

    def __init__(self, column: Scalar, lessons: _Lessons) -> None:
        super().__init__(arrow_type(column), lessons)
        self.column = column
        self._has_numbers = False

    def _kind(self) -> Any:
        return Raw if self.column is Scalar.JSON else _KINDS[self.column]

    def prepare(self) -> Any:
        kind = super().prepare()
        self.is_pooled = not self._shall_read_raw
        self.absent_is_null = self.is_pooled and self.column is Scalar.JSON
        return kind

    @property
    def kind(self) -> str:
        """What the pool shall make of this column's values."""
        return EPOCHS if self._has_numbers and self.column is Scalar.TIMESTAMP else self.column.value

    @property
    def needs_texts(self) -> bool:
        """Whether values are numbers that shall be texts."""
        return self._has_numbers and self.column is Scalar.TEXT

    def look(self, values: Sequence[Any]) -> None:
        """Find out whether numbers are among values."""
        found = not _NOT_TEXT.isdisjoint(map(type, values))
        self._has_numbers = found or self.needs_texts

    def texts(self, values: Sequence[Any]) -> Sequence[str | None]:
        """Numbers as they were written.

        :raises DiffersError: as for :meth:`gather`.
        """
        return [value if value is None or type(value) is str else self._text(value) for value in values]

    def _gather(self, values: Sequence[Any], pool: Pool) -> tuple[Finish, Rest]:
        if pool.looks_at_types:
            self.look(values)
        kind, rows = self.kind, len(values)
        if not rows:
            made = _nothing(self.type)
            return lambda _: made, _NOTHING
        start = pool.add(kind, [self.texts(values) if self.needs_texts else values])
        return lambda arrays: arrays[kind].slice(start, rows), _NOTHING

    def _text(self, value: int | bool) -> str:
        """A value as it was written."""
        if value is True or value is False:
            return "true" if value else "false"
        if value == 0:  # or -0
            self.read_raw()
            raise DiffersError
        return str(value)

    def build_raws(self, raws: Sequence[Buffer | None]) -> tuple[Any, Rest]:
        import pyarrow

        try:
            return self._quick(raws), {}
        except (*UNREADABLE, OverflowError, pyarrow.ArrowException):
            self.read_raw()
        if self.column is Scalar.TIMESTAMP and (found := _some_timestamps(raws)) is not None:
            return found
        values: list[Any] = []
        rest: Rest = {}
        for row, raw in enumerate(raws):
            try:
                values.append(None if raw is None else self._convert(raw))
            except MisfitError:
                values.append(None)
                rest[row] = raw
        return pyarrow.array(values, self.type), rest

    def _quick(self, raws: Sequence[Buffer | None]) -> Any:
        import pyarrow

        if self.column is Scalar.JSON:
            texts = [None if raw is None or (text := bytes(raw)) == _NULL else text for raw in raws]
            return pyarrow.array(texts, self.type)
        values = _decode_scalars[self.column](raws)
        if self.column is Scalar.TIMESTAMP:
            return timestamps(values)
        if self.column is Scalar.TEXT and not _NOT_TEXT.isdisjoint(map(type, values)):
            values = [
                json_text(raw) if raw is not None and type(value) in _NOT_TEXT else value
                for value, raw in zip(values, raws, strict=True)
            ]
        return pyarrow.array(values, self.type)

    def _convert(self, raw: Buffer) -> Any:
        if self.column is Scalar.TIMESTAMP:
            return _timestamp(raw)
        text = cell(self.column, raw)
        if text is None or self.column in (Scalar.TEXT, Scalar.JSON):
            return text
        if self.column is Scalar.BOOLEAN:
            return text == "true"
        if self.column is Scalar.INTEGER:
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


def _some_timestamps(raws: Sequence[Buffer | None]) -> tuple[Any, Rest] | None:
    """Instants among texts such as ``"undefined"``, and what did not fit; None where values must be read singly."""
    import pyarrow

    try:
        values = _decode_scalars[Scalar.TIMESTAMP](raws)
        if any(type(value) is int or _is_ms(value) for value in values):
            return None
        rest = {
            row: raw
            for row, (value, raw) in enumerate(zip(values, raws, strict=True))
            if value is not None and not is_instant(value)
        }
        return timestamps([None if row in rest else it for row, it in enumerate(values)]), rest
    except (*UNREADABLE, pyarrow.ArrowException):
        return None


def _is_ms(value: Any) -> bool:
    """Whether a text is epoch milliseconds of this age."""
    return isinstance(value, str) and len(value) == _MS_AS_TEXT and value.isascii() and value.isdigit()


def _timestamp(raw: Buffer) -> int | None:
    """One instant, in the units of its type; also from epoch milliseconds that came as text."""
    import pyarrow

    try:
        value = as_text_or_integer(raw)
        if isinstance(value, str) and _is_ms(value):
            value = int(value)
        elif isinstance(value, str) and not is_instant(value):
            raise MisfitError
        instant: int | None = timestamps([value])[0].value
    except (*UNREADABLE, OverflowError, pyarrow.ArrowException):
        raise MisfitError from None
    return instant


@lru_cache(maxsize=_KEPT_TYPES)
def _record_type(names: tuple[str, ...], kinds: tuple[tuple[Any, bool], ...]) -> Any:
    """What the decoder makes of objects with these fields; kept, as each part of a dataset asks for the same.

    :param kinds: each field's type, and whether one that is not there shall be JSON's null.
    :raises ValueError: for names that msgspec cannot read.
    """
    return msgspec.defstruct(
        "Fields",
        [(f"f{place}", kind, _RAW_NULL if is_null else None) for place, (kind, is_null) in enumerate(kinds)],
        rename={f"f{place}": name for place, name in enumerate(names)},
        forbid_unknown_fields=True,
        eq=False,
        gc=False,
    )


@lru_cache(maxsize=_KEPT_TYPES)
def _decode_as(kind: Any) -> Callable[[Line], Any]:
    return msgspec.json.Decoder(kind).decode


class _Structs(_Builder):
    def __init__(self, record: Struct, lessons: _Lessons) -> None:
        import pyarrow

        self._builders = {name: _builder(column, lessons) for name, column in record.fields.items()}
        super().__init__(
            pyarrow.struct([(name, builder.type) for name, builder in self._builders.items()]), lessons
        )
        self._unknown: set[str] = set()
        self._extra: list[str] = []
        self._others: list[tuple[int, str, _Builder]] = []
        self._pooled: list[tuple[int, _Scalars]] = []
        self._by_kind: dict[str, list[int]] = {}
        self._of_numbers: list[tuple[int, _Scalars]] = []
        self._empty: Any = None

    def _kind(self) -> Any:
        self._extra = sorted(self._unknown)
        kinds = [(builder.prepare(), builder.absent_is_null) for builder in self._builders.values()]
        kinds += [(Raw, False)] * len(self._extra)
        self._pooled, self._others = [], []
        for place, (name, builder) in enumerate(self._builders.items()):
            if isinstance(builder, _Scalars) and builder.is_pooled:
                self._pooled.append((place, builder))
            else:
                self._others.append((place, name, builder))
        self._sort()
        try:
            record = _record_type((*self._builders, *self._extra), tuple(kinds))
        except ValueError:  # msgspec takes no names that JSON writes with escapes
            return Raw
        self._empty = record()
        return record | None

    def _gather(self, values: Sequence[Any], pool: Pool) -> tuple[Finish, Rest]:
        columns, is_valid, rest = self.gather_columns(values, pool)
        return lambda arrays: self._array(len(values), columns(arrays), is_valid), rest

    def build_raws(self, raws: Sequence[Buffer | None]) -> tuple[Any, Rest]:
        arrays, is_valid, rest = self.columns_of_raws(raws)
        return self._array(len(raws), arrays, is_valid), rest

    def _array(self, rows: int, arrays: list[Any], is_valid: list[bool] | None) -> Any:
        import pyarrow

        return pyarrow.Array.from_buffers(self.type, rows, [_bits(is_valid)], children=arrays)

    def gather_columns(
        self, values: Sequence[Any], pool: Pool
    ) -> tuple[Callable[[Arrays], list[Any]], list[bool] | None, Rest]:
        """What makes an array for each field, whether a row is not null, if any is, and what did not fit.

        :param values: at least one.
        :raises DiffersError, OverflowError, pyarrow.ArrowException: as for :meth:`gather`.
        """
        rows, is_valid = len(values), None
        if not all(values):
            is_valid = [value is not None for value in values]
            values = [self._empty if value is None else value for value in values]
        # All fields of all rows at once: far less work than a field at a time.
        columns: list[Sequence[Any]] = list(zip(*map(msgspec.structs.astuple, values), strict=True))
        other: dict[int, dict[str, Raw]] = {}
        for name, column in zip(self._extra, columns[len(self._builders) :], strict=True):
            for row, raw in enumerate(column):
                if raw is not None:
                    other.setdefault(row, {})[name] = raw
        if pool.looks_at_types:
            for place, scalars in self._pooled:
                scalars.look(columns[place])
            self._sort()
        for place, scalars in self._of_numbers:
            columns[place] = scalars.texts(columns[place])
        pooled = [
            (kind, places, pool.add(kind, [columns[place] for place in places]))
            for kind, places in self._by_kind.items()
        ]
        others: list[tuple[int, Finish]] = []
        for place, name, builder in self._others:
            finish, left = builder.gather(columns[place], pool)
            others.append((place, finish))
            for row, raw in left.items():
                other.setdefault(row, {})[name] = Raw(raw)

        def arrays_of(arrays: Arrays) -> list[Any]:
            made: list[Any] = [None] * len(self._builders)
            for kind, places, start in pooled:
                part = arrays[kind].slice
                for number, place in enumerate(places):
                    made[place] = part(start + number * rows, rows)
            for place, finish in others:
                made[place] = finish(arrays)
            return made

        return arrays_of, is_valid, {row: encode(fields) for row, fields in other.items()}

    def _sort(self) -> None:
        """Sort columns by what the pool shall make of them."""
        self._by_kind = {}
        for place, builder in self._pooled:
            self._by_kind.setdefault(builder.kind, []).append(place)
        self._of_numbers = [(place, builder) for place, builder in self._pooled if builder.needs_texts]

    def columns_of_raws(self, raws: Sequence[Buffer | None]) -> tuple[list[Any], list[bool] | None, Rest]:
        """An array for each field, whether a row is not null, if any is, and what did not fit."""
        import pyarrow

        objects, rest = _decoded(_decode_fields, raws)
        if rest:
            self.read_raw()
        present = set[str]().union(*[fields for fields in objects if fields])
        other: dict[int, dict[str, Raw]] = {}
        if unknown := sorted(present - self._builders.keys()):
            self._learn(unknown)
            for row, fields in enumerate(objects):
                if fields and (found := {name: fields[name] for name in unknown if name in fields}):
                    other[row] = found
        is_valid = [fields is not None for fields in objects] if None in objects else None
        arrays = []
        for name, builder in self._builders.items():
            if name not in present:
                arrays.append(pyarrow.nulls(len(objects), builder.type))
                continue
            values = [fields.get(name) if fields else None for fields in objects]
            made, left = builder.build_raws(values)
            arrays.append(made)
            for row, raw in left.items():
                other.setdefault(row, {})[name] = Raw(raw)
        rest |= {row: encode(fields) for row, fields in other.items()}
        return arrays, is_valid, rest

    def _learn(self, unknown: Sequence[str]) -> None:
        """Take fields that are not declared into the decoder."""
        if self._unknown.issuperset(unknown):
            return
        self._unknown.update(unknown)
        self._lessons.are_new = True
        if len(self._unknown) > _MAX_UNKNOWN_FIELDS:
            self.read_raw()


class _Lists(_Builder):
    def __init__(self, column: Array, lessons: _Lessons) -> None:
        import pyarrow

        self._items = _builder(column.items, lessons)
        super().__init__(pyarrow.list_(self._items.type), lessons)

    def _kind(self) -> Any:
        return list[self._items.prepare()] | None  # type: ignore[misc]

    def _gather(self, values: Sequence[Any], pool: Pool) -> tuple[Finish, Rest]:
        lists, is_valid = _without_none(values)
        starts = _starts(lists)
        items, left = self._items.gather(list(chain.from_iterable(lists)), pool)
        return lambda arrays: self._array(starts, items(arrays), is_valid), _by_list(starts, left)

    def build_raws(self, raws: Sequence[Buffer | None]) -> tuple[Any, Rest]:
        found, rest = _decoded(_decode_items, raws)
        if rest:
            self.read_raw()
        lists, is_valid = _without_none(found)
        starts = _starts(lists)
        items, left = self._items.build_raws(list(chain.from_iterable(lists)))
        return self._array(starts, items, is_valid), rest | _by_list(starts, left)

    def _array(self, starts: array[int], items: Any, is_valid: list[bool] | None) -> Any:
        import pyarrow

        buffers = [_bits(is_valid), pyarrow.py_buffer(starts)]
        return pyarrow.Array.from_buffers(self.type, len(starts) - 1, buffers, children=[items])


def _bits(are: list[bool] | None) -> Any:
    """A buffer of one bit each."""
    import pyarrow

    return None if are is None else pyarrow.array(are, pyarrow.bool_()).buffers()[1]


def _without_none(lists: Sequence[Any]) -> tuple[Sequence[Any], list[bool] | None]:
    """Lists, empty ones in place of None, and which are not None, if any is."""
    if None not in lists:
        return lists, None
    return [() if items is None else items for items in lists], [items is not None for items in lists]


def _starts(lists: Sequence[Any]) -> array[int]:
    """Where each list starts among the items of all, and where the last one ends."""
    return array("i", accumulate(map(len, lists), initial=0))


def _by_list(starts: Sequence[int], rest: Rest) -> Rest:
    """What did not fit by list, from what did not fit by item."""
    if not rest:
        return _NOTHING
    other: dict[int, list[Raw | None]] = {}
    for place, raw in sorted(rest.items()):
        row = bisect_right(starts, place) - 1
        items = other.setdefault(row, [])
        items += [None] * (place - starts[row] - len(items))
        items.append(Raw(raw))
    return {row: encode(items) for row, items in other.items()}


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
