"""Arrow arrays of values without fields, of many columns at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any

from msgspec import Raw

from airflow_provider_liveperson.records.columns import Column, Scalar, fold
from airflow_provider_liveperson.records.values import LATEST_MS

_NULL = "null"
_BETWEEN = "\0"  # no JSON holds it

Arrays = Mapping[str, Any]
Finish = Callable[[Arrays], Any]
"""Makes an array of a column, from those of all values of its type."""


class DiffersError(Exception):
    """The careful way would make something else of these values."""


@cache
def _scalars() -> Mapping[Scalar, Any]:
    import pyarrow

    return {
        Scalar.TEXT: pyarrow.string(),
        Scalar.INTEGER: pyarrow.int64(),
        Scalar.NUMBER: pyarrow.float64(),
        Scalar.BOOLEAN: pyarrow.bool_(),
        Scalar.TIMESTAMP: pyarrow.timestamp("us", "UTC"),
        Scalar.JSON: pyarrow.string(),
    }


def arrow_type(column: Column) -> Any:
    """A column's Arrow type."""
    import pyarrow

    return fold(
        column,
        scalar=_scalars().__getitem__,
        array=lambda _, items: pyarrow.list_(items),
        struct=lambda _, fields: pyarrow.struct(list(fields.items())),
    )


def _array_of(column: Scalar, values: Sequence[Any]) -> Any:
    import pyarrow

    # Arrow's own pool keeps several times the memory that these arrays need.
    return pyarrow.array(values, arrow_type(column), memory_pool=pyarrow.system_memory_pool())


def timestamps(values: Sequence[str | int | None]) -> Any:
    """Instants, from ISO 8601 texts with their offset from UTC, or from epoch milliseconds.

    :raises pyarrow.ArrowException, OverflowError: if any is neither, or some are texts and others numbers.
    """
    import pyarrow

    try:
        return _from_texts(values)
    except pyarrow.ArrowTypeError:
        return _from_epochs(values)


def _from_texts(values: Sequence[Any]) -> Any:
    import pyarrow

    return pyarrow.array(values, pyarrow.string()).cast(arrow_type(Scalar.TIMESTAMP))


def _from_epochs(values: Sequence[Any]) -> Any:
    import pyarrow

    numbers = pyarrow.array(values, pyarrow.int64())
    if any(value is not None and not 0 <= value < LATEST_MS for value in values):
        raise pyarrow.ArrowInvalid("not epoch milliseconds")
    return numbers.cast(pyarrow.timestamp("ms", "UTC")).cast(arrow_type(Scalar.TIMESTAMP))


def _json_texts(raws: Sequence[Raw]) -> Any:
    """The texts of raw values, and null for null; all at once, without an object for each."""
    import pyarrow
    import pyarrow.compute

    joined = pyarrow.array([_BETWEEN.encode().join(raws)], pyarrow.string())
    texts = pyarrow.compute.split_pattern(joined, _BETWEEN).values
    if len(texts) != len(raws):
        raise DiffersError
    return pyarrow.compute.if_else(pyarrow.compute.equal(texts, _NULL), None, texts)


EPOCHS = "epochs"
_ARRAYS_OF: dict[str, Callable[[Sequence[Any]], Any]] = {
    **{scalar.value: partial(_array_of, scalar) for scalar in Scalar},
    Scalar.TIMESTAMP.value: _from_texts,
    EPOCHS: _from_epochs,
    Scalar.JSON.value: _json_texts,
}
"""Makes an array of values of all columns of a type."""


class Pool:
    """The values of all columns of one type in a chunk, of which one array is made, and columns are slices of it.

    Of as few values as one column has in a chunk, an array costs more than its values.

    :param looks_at_types: whether each column shall find out anew which of Python's types its values have.
    """

    def __init__(self, *, looks_at_types: bool = False) -> None:
        self.looks_at_types = looks_at_types
        self._values: dict[str, list[Any]] = {kind: [] for kind in _ARRAYS_OF}

    def add(self, kind: str, columns: Iterable[Sequence[Any]]) -> int:
        """Take the values of columns in, one behind the other.

        :returns: where they begin.
        """
        pooled = self._values[kind]
        start = len(pooled)
        for column in columns:
            pooled += column
        return start

    def arrays(self) -> Arrays:
        """The array of each type.

        :raises DiffersError, OverflowError, pyarrow.ArrowException: as for :func:`timestamps`.
        """
        return {kind: _ARRAYS_OF[kind](values) for kind, values in self._values.items() if values}
