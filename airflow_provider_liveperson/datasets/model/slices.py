"""What is to be pulled, and the slices in which it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil
from typing import Any, Self

from airflow_provider_liveperson.window import Window, instant, stamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Query:
    """What is to be pulled from a dataset, checked; made by :meth:`Dataset.query`.

    :param window: the exact half-open window.
    :param filters: the dataset's filters, as they are sent.
    :param cursor: the name of the cursor by which a record belongs to the window; empty for a snapshot.
    :param known_revision: the revision that has landed before, for a snapshot that has one.
    :param learned: what the pagers of some slices have found out, for those of later ones, such as what LivePerson does
        not know; the parts of a query share it.
    """

    window: Window
    filters: Mapping[str, Any]
    cursor: str
    known_revision: str | None = None
    learned: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Slice:
    """A part of a query that is read by itself: its records lie within every bound, and in its partition.

    :param bounds: field to the range in which it has to be; none for a snapshot.
    :param partition: what else sets it apart, by name: a product, a group, the name of an API.
    """

    bounds: Mapping[str, Window] = field(default_factory=dict)
    partition: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = [f"{name} {window}" for name, window in self.bounds.items()]
        parts += [f"{name} {value}" for name, value in self.partition.items()]
        return ", ".join(parts) or "the whole collection"

    def to_json(self) -> dict[str, Any]:
        """The slice as values that JSON can hold, for checkpoints."""
        return {
            "bounds": {
                name: [stamp(window.start), stamp(window.end)] for name, window in self.bounds.items()
            },
            "partition": dict(self.partition),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The slice that :meth:`to_json` has written.

        :raises ConfigurationError: for an instant that is not valid.
        """
        return cls(
            bounds={
                name: Window(instant(start, name), instant(end, name))
                for name, (start, end) in values["bounds"].items()
            },
            partition=dict(values["partition"]),
        )

    def split(self, by: str, pieces: int, grid: timedelta) -> list[Slice]:
        """Cut one of the bounds into about equal pieces.

        :param by: which bound.
        :param pieces: about how many.
        :param grid: cuts are made at multiples of this since the epoch only.
        :returns: the pieces in order; the slice itself where the grid leaves nothing to cut.
        """
        window = self.bounds[by]
        step = max(grid, ceil(window.length / pieces / grid) * grid)
        first = _EPOCH + ((window.start - _EPOCH) // grid) * grid + step
        cuts = [window.start, *_every(first, step, window.end), window.end]
        return [
            replace(self, bounds={**self.bounds, by: Window(start, end)}) for start, end in pairwise(cuts)
        ]


@dataclass(frozen=True, kw_only=True)
class Partition:
    """An argument that LivePerson takes one value of at a time, so that each value has slices of its own.

    :param name: the argument, or the place in the path, and what slices and checkpoints call it. A filter of that
        name chooses some of the values.
    :param values: all values, in the order in which they are read.
    :param column: the column of a record that holds the value, where LivePerson's record does not; empty for none.
    :param is_in_path: whether it is a place in the path.
    """

    name: str
    values: tuple[str, ...]
    column: str = ""
    is_in_path: bool = False

    def chosen(self, query: Query) -> list[str]:
        """The values that a query asks for, in order.

        :param query: the window, the filters and the cursor.
        """
        wanted = query.filters.get(self.name, self.values)
        return [value for value in self.values if value in wanted]


def _every(first: datetime, step: timedelta, end: datetime) -> Iterator[datetime]:
    while first < end:
        yield first
        first += step
