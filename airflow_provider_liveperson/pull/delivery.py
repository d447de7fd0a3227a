"""From slices to parts: small slices share one, and parts go up while the next slices are read."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from airflow_provider_liveperson.landing.landing import Landing
from airflow_provider_liveperson.landing.parts import Part
from airflow_provider_liveperson.pull.checkpoints import Finished, parts_of
from airflow_provider_liveperson.pull.slice_reader import ReadSlice
from airflow_provider_liveperson.records.line import Line, owned, written

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.slices import Slice
    from airflow_provider_liveperson.pull.erased import ErasedFromWindow
    from airflow_provider_liveperson.records.masking import Masking


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What was made of one slice's records.

    :param parts: on their way, with the records of the small slices before them; none for a small slice.
    :param lines: the records of a small slice.
    :param undeclared: how often which undeclared field came, by its path; None where nobody looked.
    :param erased: how many records are of erased persons.
    :param finder: who these are; None for nobody.
    """

    parts: list[Future[Part]]
    lines: list[bytes]
    undeclared: dict[str, int] | None = None
    erased: int = 0
    finder: ErasedFromWindow | None = None


@dataclass(frozen=True, kw_only=True)
class _UnderWay:
    """Slices that share parts, while the last of these may still be on its way."""

    slices: list[ReadSlice]
    parts: list[Future[Part]]


@dataclass
class _Carried:
    """Slices that are too small for a part of their own: they wait for those that share it, records included."""

    slices: list[ReadSlice] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, read: ReadSlice, lines: list[bytes]) -> None:
        """Take a whole slice."""
        self.slices.append(read)
        self.lines += lines
        self.size += _size_of(lines)

    def take(self) -> list[ReadSlice]:
        """Give up all slices: their records are in a part now."""
        taken, self.slices, self.lines, self.size = self.slices, [], [], 0
        return taken


class Delivery:
    """The slices of one try, on their way into parts; those that are there are in :attr:`finished`, in order.

    :param landing: where they land.
    :param share_below: bytes before compression below which slices share a part; with 0 nothing waits.
    :param masking: hashes and drops fields before anything is written, or None.
    :param primary_key: the paths of the fields that make a record's key.
    :param erased: the persons that must not land; None for nobody.
    """

    def __init__(
        self,
        landing: Landing,
        *,
        share_below: int,
        masking: Masking | None,
        primary_key: Sequence[str],
        erased: ErasedFromWindow | None = None,
    ) -> None:
        self._landing = landing
        self._share_below = share_below
        self._masking = masking
        self._primary_key = primary_key
        self._erased = erased
        self.finished: list[Finished] = []
        self._under_way: deque[_UnderWay] = deque()
        self._carried = _Carried()

    @property
    def unfinished(self) -> list[Slice]:
        """The slices that were read, and whose parts may not have arrived, in order."""
        waiting = [one for under_way in self._under_way for one in under_way.slices]
        return [one.slice_ for one in [*waiting, *self._carried.slices]]

    def consume(self, batches: Iterator[list[Line]]) -> Taken:
        """Receive the records of the next slice, and write them into parts together with the small ones before it.

        As long as they are small together, its records wait. What is read again has not been shared with any other
        slice by then, and goes with its own reading.

        :param batches: the records.
        :raises LivePersonError: when they cannot be read, masked or written.
        """
        lines: list[bytes] = []
        size = self._carried.size
        writer = None if self._share_below else self._landing.writer(self._next_number())
        self._take_undeclared()  # of a reading that came to nothing
        finder, erased = self._erased and self._erased.anew(), 0
        try:
            for batch in batches:
                if finder is not None:
                    masked = finder.mark(batch, self._masking)
                    erased += len(masked) - len(written(masked))
                else:
                    masked = batch if self._masking is None else list(map(self._masking.apply, batch))
                if writer is not None:
                    writer.write(masked)
                    continue
                # Copied, as a line may be a view that keeps its whole page.
                copied = list(map(owned, masked))
                lines.extend(copied)
                size += _size_of(copied)
                if size >= self._share_below:
                    writer = self._landing.writer(self._next_number())
                    writer.write([*self._carried.lines, *lines])
                    lines = []
            return Taken(
                parts=list(writer.finish()) if writer is not None else [],
                lines=lines,
                undeclared=self._take_undeclared(),
                erased=erased,
                finder=finder,
            )
        finally:
            if writer is not None:
                writer.discard()

    def add(self, read: ReadSlice, taken: Taken) -> None:
        """Count a slice among those under way, once it is whole.

        :param read: the slice.
        :param taken: what :meth:`consume` made of it.
        """
        read = replace(read, undeclared=taken.undeclared)
        if taken.finder is not None and taken.erased:
            counts, partial = taken.finder.without(read.counts, read.still_partial, taken.erased)
            read = replace(read, counts=counts, still_partial=partial)
        if self._masking is not None:
            keys = self._masking.mask_keys(read.still_partial, self._primary_key)
            read = replace(read, still_partial=keys)
        if taken.parts:
            self._under_way.append(_UnderWay(slices=[*self._carried.take(), read], parts=taken.parts))
        else:
            self._carried.add(read, taken.lines)

    def flush(self) -> None:
        """Write the small slices that wait at the end."""
        if not self._carried.slices:
            return
        writer = self._landing.writer(self._next_number())
        try:
            writer.write(self._carried.lines)
            parts = list(writer.finish())
        finally:
            writer.discard()
        self._under_way.append(_UnderWay(slices=self._carried.take(), parts=parts))

    def collect(self, *, leave: int) -> Iterator[list[Part]]:
        """Count slices as finished once their parts have arrived.

        :param leave: how many of the groups that share parts may stay under way; waits for those before.
        :returns: the parts of each group that has arrived.
        :raises StorageError: when a part could not be put there.
        """
        while self._under_way:
            done = self._under_way[0]
            if len(self._under_way) <= leave and not all(part.done() for part in done.parts):
                return
            parts = [part.result() for part in done.parts]
            self._under_way.popleft()
            self.finished += [
                Finished(
                    counts=one.counts,
                    parts=parts if one is done.slices[-1] else [],
                    still_partial=one.still_partial,
                    undeclared=one.undeclared,
                )
                for one in done.slices
            ]
            yield parts

    def _take_undeclared(self) -> dict[str, int] | None:
        return None if self._masking is None else self._masking.take_undeclared()

    def _next_number(self) -> int:
        """The number of the next part."""
        return len(parts_of(self.finished)) + sum(len(one.parts) for one in self._under_way)


def _size_of(lines: Sequence[Line]) -> int:
    """The bytes of records before compression, their line ends included."""
    return sum(map(len, lines)) + len(lines)
