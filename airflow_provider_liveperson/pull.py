"""The main road: dataset x window -> slices -> pages -> records -> parts -> store -> manifest."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import platform
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import IO, TYPE_CHECKING

import msgspec

from airflow_provider_liveperson import __version__
from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.paging import PagesMovedError
from airflow_provider_liveperson.datasets.dataset import Dataset, Query, Slice
from airflow_provider_liveperson.exceptions import (
    IncompletePullError,
    LivePersonError,
    WindowOutOfRangeError,
)
from airflow_provider_liveperson.landing.journal import Finished, Journal
from airflow_provider_liveperson.landing.landing import Destination, DisturbedError, Landing, missing
from airflow_provider_liveperson.landing.manifest import Counts, Manifest, SliceCounts
from airflow_provider_liveperson.landing.parts import Part
from airflow_provider_liveperson.landing.revisions import Revision, read_revision, write_revision
from airflow_provider_liveperson.lines import Line
from airflow_provider_liveperson.reading import Lane, Reading, TooManyRecordsError
from airflow_provider_liveperson.window import Window, instant, stamp

if TYPE_CHECKING:
    from airflow_provider_liveperson.masking import Masking

log = logging.getLogger(__name__)

READINGS = 5
MOST_DELIVERING = 8
LANDINGS = 3
JOURNAL_LIFE = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class _Delivering:
    """A slice that has been read, while its last part may still be on its way."""

    piece: Slice
    counts: SliceCounts
    parts: list[Future[Part]]


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """What a pull has landed: the operator's return value.

    :param dataset: the dataset's name.
    :param account_id: the LivePerson account.
    :param window_start: first instant inside, ISO 8601, UTC.
    :param window_end: first instant outside, ISO 8601, UTC.
    :param records: how many records the window holds.
    :param bytes: the size of the parts as stored.
    :param manifest: the manifest's URI.
    :param objects: the parts' URIs.
    """

    dataset: str
    account_id: str
    window_start: str
    window_end: str
    records: int
    bytes: int
    manifest: str
    objects: list[str]


def pull(
    client: LivePersonClient,
    dataset: Dataset,
    query: Query,
    destination: Destination,
    *,
    masking: Masking | None = None,
    allow_out_of_range: bool = False,
    now: datetime | None = None,
) -> Pulled:
    """Pull a window and land it, completely or not at all.

    :param client: asks LivePerson.
    :param dataset: what to pull.
    :param query: the window, the filters and the cursor, from :meth:`Dataset.query`.
    :param destination: where to land it.
    :param masking: hashes and drops fields before anything is written, or None.
    :param allow_out_of_range: take what there is of a window that reaches past the retention or the present.
    :param now: the present, aware; default: this machine's clock.
    :returns: the summary; the manifest holds the rest.
    :raises WindowOutOfRangeError: for a window that cannot be complete.
    :raises IncompletePullError: when what was received does not add up, even after reading again.
    :raises StorageError: when the store refuses; nothing is left half-written.
    :raises LivePersonError: whatever else LivePerson's answers lead to.
    """
    complete = _is_in_range(dataset, query, now or datetime.now(UTC), allow_out_of_range)
    job = _Job(client, dataset, query, destination, masking, complete)
    for _ in range(LANDINGS - 1):
        try:
            return job.land()
        except DisturbedError as error:
            log.warning("%s Landing it again.", error)
    return job.land()


def records(
    client: LivePersonClient, dataset: Dataset, query: Query, *, most: int | None = None
) -> Iterator[bytes]:
    """The records of a window, each as the JSON that LivePerson sent, without landing them.

    A slice is handed on once it is complete; until then it waits on disk.

    :param client: asks LivePerson.
    :param dataset: what to pull.
    :param query: the window, the filters and the cursor.
    :param most: end after so many, without reading the rest; None for all.
    :raises LivePersonError: as for :func:`pull`.
    """
    left = most
    with Reading(client, dataset, query, dataset.plan(query)) as reading:
        for lane in reading:
            with tempfile.TemporaryFile(prefix="liveperson-") as spool:

                def attempt(
                    batches: Iterable[list[Line]], spool: IO[bytes] = spool, left: int | None = left
                ) -> None:
                    spool.seek(0)
                    spool.truncate()
                    for record in islice(chain.from_iterable(batches), left):
                        spool.write(record)
                        spool.write(b"\n")

                try:
                    _read_until_it_adds_up(dataset, lane, attempt)
                except TooManyRecordsError as error:
                    reading.split(lane, error.count)
                    continue
                spool.seek(0)
                for line in spool:
                    yield line.rstrip(b"\n")
                    left = left if left is None else left - 1
                if left == 0:
                    return


class _Job:
    """One pull: what every try of it has in common."""

    def __init__(
        self,
        client: LivePersonClient,
        dataset: Dataset,
        query: Query,
        destination: Destination,
        masking: Masking | None,
        complete: bool,
    ) -> None:
        self._client = client
        self._dataset = dataset
        self._query = query
        self._destination = destination
        self._masking = masking
        self._complete = complete
        self._folder = destination.folder(dataset.name, client.account_id, query.window)
        self._home = destination.account_folder(dataset.name, client.account_id)
        self._finished: list[Finished] = []
        self._delivering: deque[_Delivering] = deque()

    def land(self) -> Pulled:
        """Try once.

        :raises DisturbedError: when another run of the same window came between.
        """
        started = time.monotonic()
        dataset, query = self._dataset, self._query
        self._finished = []
        self._delivering.clear()
        with Landing(
            self._destination, self._folder, filters=dict(query.filters), cursor=query.cursor
        ) as landing:
            held = self._held(landing)
            if held is not None:
                query = replace(query, revision=held.revision)
            slices = self._resume(landing)
            with Reading(self._client, dataset, query, slices) as reading:
                log.info(
                    "Pulling %s of account %s, %s, in %d slice(s)%s",
                    dataset.name,
                    self._client.account_id,
                    query.window,
                    len(slices),
                    f"; {len(self._finished)} finished by an earlier try" if self._finished else "",
                )
                for lane in reading:
                    try:
                        self._land_slice(landing, reading, lane, held)
                    except TooManyRecordsError as error:
                        reading.split(lane, error.count)
                    except BaseException:
                        self._remember_what_arrived(landing, [lane.piece, *reading.remaining])
                        raise
                self._settle(landing, behind=[], leave=0)
            revision = lane.reader.revision if dataset.is_snapshot else None
            manifest = self._manifest(revision)
            changed = landing.commit(manifest)
        if revision is not None:
            write_revision(
                self._destination.store, self._home, Revision(revision=revision, folder=self._folder)
            )
        return self._conclude(landing, manifest, changed, time.monotonic() - started)

    def _held(self, landing: Landing) -> Revision | None:
        """The revision whose records are in the store already, and where."""
        if not self._dataset.is_snapshot:
            return None
        before = landing.before
        if before is not None and before.revision is not None and self._fits(before, self._folder):
            return Revision(revision=before.revision, folder=self._folder, manifest=before)
        latest = read_revision(self._destination.store, self._home)
        return latest if latest and latest.manifest and self._fits(latest.manifest, latest.folder) else None

    def _fits(self, other: Manifest, folder: str) -> bool:
        """Whether another manifest's parts are there, and hold what this pull would land for the same revision."""
        if missing(self._destination.store, folder, other.parts):
            return False
        mine = self._manifest(other.revision)
        ignored = {"window_start", "window_end", "complete", "counts", "slices", "parts", "versions"}
        return all(
            getattr(mine, name) == getattr(other, name)
            for name in Manifest.__struct_fields__
            if name not in ignored
        )

    def _resume(self, landing: Landing) -> list[Slice]:
        """The slices to read: all, or those that an earlier try has left."""
        if not self._complete or self._dataset.is_snapshot:
            return self._dataset.plan(self._query)
        not_before = time.time() - JOURNAL_LIFE.total_seconds()
        journal = landing.recall(self._fingerprint, not_before=not_before)
        if journal is None:
            return self._dataset.plan(self._query)
        self._finished = journal.finished
        return [
            Slice(
                bounds={
                    name: Window(instant(start, name), instant(end, name))
                    for name, (start, end) in bounds.items()
                }
            )
            for bounds in journal.remaining
        ]

    def _land_slice(self, landing: Landing, reading: Reading, lane: Lane, held: Revision | None) -> None:
        parts: list[Future[Part]] = []
        number = len(self._parts) + sum(len(done.parts) for done in self._delivering)

        def attempt(batches: Iterable[list[Line]]) -> None:
            writer = landing.writer(number)
            try:
                for batch in batches:
                    writer.write(batch if self._masking is None else list(map(self._masking.apply, batch)))
                parts[:] = writer.finish()
            finally:
                writer.discard()

        _read_until_it_adds_up(self._dataset, lane, attempt)
        if lane.reader.is_unchanged and held is not None:
            self._finished.append(self._adopt(landing, held))
            return
        counts = SliceCounts(
            slice=str(lane.piece),
            reported=lane.reader.reported,
            received=lane.reader.received,
            outside_window=lane.reader.received - lane.kept,
            kept=lane.kept,
            repeated=lane.reader.repeated,
        )
        log.debug("%s, %s: %s", self._dataset.name, lane.piece, counts)
        self._delivering.append(_Delivering(piece=lane.piece, counts=counts, parts=parts))
        # Parts go up while the next slices are read.
        self._settle(landing, behind=reading.remaining, leave=MOST_DELIVERING)

    def _adopt(self, landing: Landing, held: Revision) -> Finished:
        """Take over the parts of a revision that is in the store already."""
        assert held.manifest is not None
        adopted = landing.adopt(held.manifest, held.folder)
        if adopted is None:
            raise DisturbedError(f"the parts of revision {held.revision} are not where they were landed.")
        log.info("%s is unchanged at revision %s", self._dataset.name, held.revision)
        return Finished(counts=held.manifest.slices[0], parts=adopted)

    def _remember_what_arrived(self, landing: Landing, unread: list[Slice]) -> None:
        """Keep for the retry what had been read before something failed."""
        read = [done.piece for done in self._delivering]
        with contextlib.suppress(LivePersonError):  # what failed is raised by the caller
            self._settle(landing, behind=[piece for piece in unread if piece not in read], leave=0)

    def _settle(self, landing: Landing, *, behind: list[Slice], leave: int) -> None:
        """Count slices as finished once their parts have arrived, and remember them.

        :param behind: the slices that have not been read.
        :param leave: how many of those read may go on delivering.
        """
        while self._delivering:
            done = self._delivering[0]
            if len(self._delivering) <= leave and not all(part.done() for part in done.parts):
                return
            parts = [part.result() for part in done.parts]
            self._delivering.popleft()
            self._finished.append(Finished(counts=done.counts, parts=parts))
            remaining = [*(other.piece for other in self._delivering), *behind]
            # Not for what an earlier landing has left as it is: a re-run without news changes nothing in the store.
            if self._complete and remaining and landing.has_uploaded(parts):
                landing.remember(
                    Journal(
                        fingerprint=self._fingerprint,
                        written_at=time.time(),
                        finished=self._finished,
                        remaining=[
                            {
                                name: (stamp(window.start), stamp(window.end))
                                for name, window in piece.bounds.items()
                            }
                            for piece in remaining
                        ],
                    )
                )

    @property
    def _parts(self) -> list[Part]:
        return [part for finished in self._finished for part in finished.parts]

    @property
    def _fingerprint(self) -> str:
        """Of everything but the account's state that decides what the parts hold."""
        told = self._manifest(None)
        decisive = [
            getattr(told, name)
            for name in Manifest.__struct_fields__
            if name not in ("counts", "slices", "parts")
        ]
        return hashlib.sha256(msgspec.json.encode([*decisive, self._destination.roll_at])).hexdigest()

    def _manifest(self, revision: str | None) -> Manifest:
        dataset, query, encoding = self._dataset, self._query, self._destination.encoding
        slices = [finished.counts for finished in self._finished]
        return Manifest(
            dataset=dataset.name,
            account_id=self._client.account_id,
            window_start=stamp(query.window.start),
            window_end=stamp(query.window.end),
            cursor=query.cursor,
            filters=dict(query.filters),
            complete=self._complete,
            request={
                "service": dataset.service,
                "method": dataset.method,
                "path": dataset.path.replace("{account_id}", self._client.account_id),
                "arguments": dataset.describe(dataset, query),
            },
            file_format=encoding.file_format,
            compression=encoding.compression,
            masking=self._masking.describe() if self._masking is not None else None,
            revision=revision,
            counts=_total(slices),
            slices=slices,
            parts=self._parts,
            versions={"airflow_provider_liveperson": __version__, "python": platform.python_version()},
        )

    def _conclude(self, landing: Landing, manifest: Manifest, changed: bool, seconds: float) -> Pulled:
        counts = manifest.counts
        log.info(
            "%s %s: %s records kept of %s received (%s reported, %d outside the window, %d repeated), %d bytes in %d"
            " part(s), %.1f s; manifest %s",
            "Landed" if changed else "Nothing new in",
            manifest.dataset,
            counts.kept,
            counts.received,
            "none" if counts.reported is None else counts.reported,
            counts.outside_window,
            counts.repeated,
            manifest.size,
            len(manifest.parts),
            seconds,
            landing.manifest_uri,
        )
        return Pulled(
            dataset=manifest.dataset,
            account_id=manifest.account_id,
            window_start=manifest.window_start,
            window_end=manifest.window_end,
            records=counts.kept,
            bytes=manifest.size,
            manifest=landing.manifest_uri,
            objects=landing.uris(manifest.parts),
        )


def _read_until_it_adds_up(
    dataset: Dataset, lane: Lane, attempt: Callable[[Iterable[list[Line]]], None]
) -> None:
    """Read a slice, again from its start whenever its pages have moved, until one reading adds up."""
    moved: PagesMovedError | None = None
    for _ in range(READINGS):
        try:
            attempt(lane.batches())
        except PagesMovedError as error:
            moved = error
            log.info("%s, %s: %s; reading it again", dataset.name, lane.piece, error)
            lane.restart()
        else:
            return
    raise IncompletePullError(
        f"{dataset.name}, {lane.piece}: {READINGS} readings, and none was complete ({moved}). Nothing was landed; try"
        " again when fewer changes are being made, or pull a shorter window"
    ) from moved


def _total(slices: list[SliceCounts]) -> Counts:
    reported = [counts.reported for counts in slices]
    return Counts(
        reported=None if None in reported else sum(count or 0 for count in reported),
        received=sum(counts.received for counts in slices),
        outside_window=sum(counts.outside_window for counts in slices),
        kept=sum(counts.kept for counts in slices),
        repeated=sum(counts.repeated for counts in slices),
    )


def _is_in_range(dataset: Dataset, query: Query, now: datetime, allow_out_of_range: bool) -> bool:
    try:
        dataset.check_range(query.window, now)
    except WindowOutOfRangeError as error:
        if not allow_out_of_range:
            raise
        log.warning("This window cannot be complete, and its manifest says so: %s", error)
        return False
    return True
