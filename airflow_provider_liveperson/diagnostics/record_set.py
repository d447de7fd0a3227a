"""The records of one connection, on disk, and how they differ from those of another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.slices import Query
from airflow_provider_liveperson.datasets.readers.snapshot import PULLED_AT
from airflow_provider_liveperson.diagnostics.report import RecordSample
from airflow_provider_liveperson.pull.pull import records
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.spool import open_spool, spool_errors

MAX_EXAMPLES = 5
"""How many differing records are named."""

"""The column of a snapshot's rows that says when they were pulled."""

_MAX_DEPTH = 4


@dataclass(frozen=True)
class Differences:
    """How the records of two connections differ.

    :param only_first: keys that only the first has, or has more often, with how much more often.
    :param only_second: likewise of the second.
    :param differing: keys that both have, with different contents, and the paths of the fields that differ.
    """

    only_first: dict[bytes, int]
    only_second: dict[bytes, int]
    differing: dict[bytes, set[str]]

    def __bool__(self) -> bool:
        return bool(self.only_first or self.only_second or self.differing)

    def seen_again(self, earlier: Differences) -> Differences:
        """Those of the differences that an earlier look saw as well: what changes in between is none.

        :param earlier: the differences of an earlier look.
        """
        return Differences(
            _again(self.only_first, earlier.only_first),
            _again(self.only_second, earlier.only_second),
            {
                key: fields & earlier.differing[key] or fields
                for key, fields in self.differing.items()
                if key in earlier.differing
            },
        )


def _again(counts: dict[bytes, int], earlier: dict[bytes, int]) -> dict[bytes, int]:
    return {key: min(count, earlier[key]) for key, count in counts.items() if key in earlier}


class RecordSet:
    """The records that one connection returned: on disk, with their keys in memory. Use it as a context manager.

    :param dataset: the dataset.
    :param by_key_only: whether records are told apart by their key, or all alike where they have none, because their
        contents change all the time.
    """

    def __init__(self, dataset: Dataset, *, by_key_only: bool = False) -> None:
        self._dataset = dataset
        self._by_key_only = by_key_only
        self._spool = open_spool()
        self.places: dict[bytes, list[int]] = {}
        self.count = 0
        self.is_cut = False

    @classmethod
    def read(
        cls,
        client: LivePersonClient,
        dataset: Dataset,
        query: Query,
        max_records: int | None,
        *,
        by_key_only: bool = False,
    ) -> Self:
        """Read the records of a query.

        :param client: the connection's client.
        :param dataset: the dataset.
        :param query: what to read.
        :param max_records: how many records to read at most; None for all.
        :param by_key_only: see the class.
        :raises LivePersonError: when reading fails.
        """
        taken = cls(dataset, by_key_only=by_key_only)
        try:
            limit = None if max_records is None else max_records + 1
            for row in records(client, dataset, query, max_records=limit):
                if max_records is None or taken.count < max_records:
                    taken.add(row)
                else:
                    taken.is_cut = True
        except BaseException:
            taken.close()
            raise
        return taken

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Delete the records."""
        self._spool.close()

    def add(self, row: bytes) -> None:
        """Add a record."""
        with spool_errors():
            self.places.setdefault(self._key(row), []).append(self._spool.seek(0, 2))
            self._spool.write(row + b"\n")
        self.count += 1

    def at(self, key: bytes) -> list[bytes]:
        """The records with a key, sorted, so that their order does not matter."""
        rows = []
        for place in self.places[key]:
            self._spool.seek(place)
            rows.append(self._spool.readline().rstrip(b"\n"))
        return sorted(rows)

    def differences_from(self, other: RecordSet) -> Differences:
        """How these records, as those of the first connection, differ from those of the second."""
        return Differences(
            self._missing_from(other),
            other._missing_from(self),
            {
                key: fields
                for key in self.places
                if key in other.places and (fields := self._fields(other, key))
            },
        )

    def sample(self, keys: Iterable[bytes], count: int) -> RecordSample:
        """A number of these records, with the keys of the first few as users know them.

        :param keys: their keys, which are all in here.
        :param count: how many records there are.
        """
        shown = [] if self._by_key_only and not self._dataset.primary_key else list(keys)[:MAX_EXAMPLES]
        return RecordSample(count=count, examples=[self._name(key) for key in shown])

    def _missing_from(self, other: RecordSet) -> dict[bytes, int]:
        """The records that the other side does not have.

        Where reading the other side stopped, those behind the last that both have may only have been out of its reach;
        but if both sides go on behind that, each with other records, they differ.
        """
        missing, behind = self._apart_from(other)
        if not other.is_cut or other._apart_from(self)[1]:
            missing += behind
        return dict(missing)

    def _apart_from(self, other: RecordSet) -> tuple[list[tuple[bytes, int]], list[tuple[bytes, int]]]:
        """Keys that the other side lacks, or has less often, with how much more often this one has them.

        :returns: those before the last that both have, and those behind it.
        """
        order = list(self.places)
        last = max((at for at, key in enumerate(order) if key in other.places), default=-1)
        before: list[tuple[bytes, int]] = []
        behind: list[tuple[bytes, int]] = []
        for at, key in enumerate(order):
            theirs = other.places.get(key, [])
            more = len(self.places[key]) - len(theirs)
            if more > 0 and not (theirs and other.is_cut and key == next(reversed(other.places))):
                (before if at <= last else behind).append((key, more))
        return before, behind

    def _fields(self, other: RecordSet, key: bytes) -> set[str]:
        """The paths of the fields in which the records with a key differ."""
        if self._by_key_only and not self._dataset.primary_key:
            return set()
        found: set[str] = set()
        for left, right in zip(self.at(key), other.at(key), strict=False):
            if left != right:
                found |= _differing_fields(raw.record(left), raw.record(right))
        return found - {PULLED_AT}

    def _name(self, key: bytes) -> str:
        record = raw.record(self.at(key)[0])
        if self._dataset.primary_key:
            return " / ".join(str(_at(record, path)) for path in self._dataset.primary_key)
        time = next((str(_at(record, it.field or it.name)) for it in self._dataset.cursors), "")
        return f"{time} #{key.hex()[:12]}"

    def _key(self, row: bytes) -> bytes:
        """What distinguishes a record from others: a hash of its key, or of all of it where it has none."""
        record = raw.record(row)
        values: Any = [_at(record, path) for path in self._dataset.primary_key]
        if not values and not self._by_key_only:
            values = record
        return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).digest()


def _differing_fields(left: Any, right: Any, path: str = "") -> set[str]:
    """Paths of the fields that differ; of a list, only that it does."""
    if isinstance(left, dict) and isinstance(right, dict) and path.count(".") < _MAX_DEPTH:
        found: set[str] = set()
        for name in left.keys() | right.keys():
            inner = f"{path}.{name}" if path else name
            if name in left and name in right:
                found |= _differing_fields(left[name], right[name], inner)
            else:
                found.add(inner)
        return found
    return set() if type(left) is type(right) and left == right else {path}


def _at(record: Any, path: str) -> Any:
    for name in path.split("."):
        record = record.get(name) if isinstance(record, dict) else None
    return record
