"""The main road: dataset x window -> slices -> pages -> records -> parts -> store -> manifest."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import platform
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, islice, takewhile
from typing import IO, TYPE_CHECKING

import msgspec

from airflow_provider_liveperson import __version__
from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.model.dataset import Dataset, Query, Slice
from airflow_provider_liveperson.datasets.readers.time_ordered import PagesMovedError
from airflow_provider_liveperson.exceptions import (
    IncompletePullError,
    LivePersonError,
    WindowOutOfRangeError,
)
from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.landing import ConcurrentRunError, Destination, Landing, missing
from airflow_provider_liveperson.landing.manifest import Counts, Manifest, SliceCounts
from airflow_provider_liveperson.landing.overlaps import check_overlap, refuse_overlaps
from airflow_provider_liveperson.landing.parts import Part
from airflow_provider_liveperson.pull.checkpoints import Checkpoint, Finished
from airflow_provider_liveperson.pull.finished_days import FinishedDays
from airflow_provider_liveperson.pull.prefetch import Prefetcher, SliceReader, TooManyRecordsError
from airflow_provider_liveperson.pull.snapshots import Revision, read_revision, write_revision
from airflow_provider_liveperson.records.line import Line, owned
from airflow_provider_liveperson.spool import open_spool, telling_when_full
from airflow_provider_liveperson.window import Window, instant, stamp

if TYPE_CHECKING:
    from airflow_provider_liveperson.records.masking import Masking

log = logging.getLogger(__name__)

MAX_READ_ATTEMPTS = 5
MAX_SAME_FAILURES = 3
MAX_SHOWN = 20
MAX_DELIVERING = 8
MAX_COMMIT_ATTEMPTS = 3
CHECKPOINT_LIFE = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class _ReadSlice:
    """A slice that has been read."""

    slice_: Slice
    counts: SliceCounts
    still_partial: list[str]


@dataclass(frozen=True, kw_only=True)
class _Delivering:
    """Slices that share parts, while the last of these may still be on its way."""

    slices: list[_ReadSlice]
    parts: list[Future[Part]]


@dataclass
class _Carried:
    """Slices that are too small for a part of their own: they wait for those that share it, records included."""

    slices: list[_ReadSlice] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, read: _ReadSlice, lines: list[bytes]) -> None:
        """Take a whole slice."""
        self.slices.append(read)
        self.lines += lines
        self.size += _size_of(lines)

    def take(self) -> list[_ReadSlice]:
        """Give up all slices: their records are in a part now."""
        taken, self.slices, self.lines, self.size = self.slices, [], [], 0
        return taken


@dataclass(frozen=True, kw_only=True)
class PullResult:
    """What a pull has landed: the operator's return value.

    :param dataset: the dataset's name.
    :param account_id: the LivePerson account.
    :param window_start: first instant inside, ISO 8601, UTC.
    :param window_end: first instant outside, ISO 8601, UTC.
    :param records: how many records the window holds.
    :param bytes: the size of the parts as stored.
    :param manifest: the manifest's URI; that of the last day for a window of several.
    :param objects: the parts' URIs.
    :param manifests: the URIs of all manifests, one for each UTC day, in order.
    """

    dataset: str
    account_id: str
    window_start: str
    window_end: str
    records: int
    bytes: int
    manifest: str
    objects: list[str]
    manifests: list[str]


def pull(
    client: LivePersonClient,
    dataset: Dataset,
    query: Query,
    destination: Destination,
    *,
    masking: Masking | None = None,
    allow_out_of_range: bool = False,
    overlap: str = "refuse",
    now: datetime | None = None,
) -> PullResult:
    """Pull a window and land it, each of its UTC days completely or not at all.

    The UTC day is the unit of landing: a longer window, or one across midnight, lands day by day, each in its day's
    folder with its own manifest, just as a pull of that day alone would. A failure leaves the days before it landed;
    a retry within 24 hours does not ask for them again. A dataset that shows the present only lands once, in the
    window's last day; what has no upper bound at LivePerson, once in a folder of the whole window.

    :param client: asks LivePerson.
    :param dataset: what to pull.
    :param query: the window, the filters and the cursor, from :meth:`Dataset.query`.
    :param destination: where to land it.
    :param masking: hashes and drops fields before anything is written, or None.
    :param allow_out_of_range: take what there is of a window that reaches past the retention or the present; days
        that have not begun are left out.
    :param overlap: ``refuse`` a window that overlaps another one that has landed there, before anything is asked of
        LivePerson, or ``allow`` it.
    :param now: the present, aware; default: this machine's clock.
    :returns: the summary; the manifests hold the rest.
    :raises ConfigurationError: for a window that overlaps what has landed.
    :raises WindowOutOfRangeError: for a window that cannot be complete.
    :raises IncompletePullError: when what was received does not add up, even after reading again.
    :raises StorageError: when the store refuses; nothing is left half-written.
    :raises LivePersonError: whatever else LivePerson's answers lead to.
    """
    started, now = time.monotonic(), now or datetime.now(UTC)
    check_overlap(overlap)
    complete = _is_in_range(dataset, query, now, allow_out_of_range)
    windows = _windows(dataset, query, now)
    if overlap == "refuse":
        refuse_overlaps(destination, dataset.name, client.account_id, windows)
    jobs = [
        _Job(
            client,
            dataset,
            replace(query, window=window),
            destination,
            masking,
            complete or (not dataset.is_snapshot and _can_be_complete(dataset, window, now)),
            refuse_overlap=overlap == "refuse",
            is_alone=len(windows) == 1,
        )
        for window in windows
    ]
    several = len(jobs) > 1
    landed = _land_days(client, dataset, query, destination, jobs, started) if several else [_land(jobs[0])]
    return PullResult(
        dataset=dataset.name,
        account_id=client.account_id,
        window_start=stamp(query.window.start),
        window_end=stamp(query.window.end),
        records=sum(day.records for day in landed),
        bytes=sum(day.bytes for day in landed),
        manifest=landed[-1].manifest,
        objects=[uri for day in landed for uri in day.objects],
        manifests=[day.manifest for day in landed],
    )


def _windows(dataset: Dataset, query: Query, now: datetime) -> list[Window]:
    """The windows that are landed for a query, in order: UTC days, or parts of them."""
    if query.cursor in dataset.open_ended_cursors:
        return [query.window]
    begun = takewhile(lambda day: day.start < now, query.window.days())
    days = list(begun) or [next(query.window.days())]
    return days[-1:] if dataset.is_snapshot else days


def _land(job: _Job, shared: Prefetcher | None = None) -> PullResult:
    """Land what lands with one manifest.

    :param shared: what reads its slices, before those of others; after a disturbance it is read by itself.
    """
    for attempt in range(1, MAX_COMMIT_ATTEMPTS + 1):
        try:
            return job.land(shared if attempt == 1 else None)
        except ConcurrentRunError as error:
            if attempt == MAX_COMMIT_ATTEMPTS:
                raise
            log.warning("%s Landing it again.", error)
            if shared is not None:
                shared.replace(job.owns, [])
    raise AssertionError("a landing ends, or is disturbed")


def _land_days(
    client: LivePersonClient,
    dataset: Dataset,
    query: Query,
    destination: Destination,
    jobs: list[_Job],
    started: float,
) -> list[PullResult]:
    """Land one day after the other, without those that an earlier try has landed.

    All are read by one :class:`Prefetcher`, so that the next day is asked for while a day's last parts go up.
    """
    log.info("Pulling %s, %s, day by day: %d UTC days", jobs[0].about, query.window, len(jobs))
    not_before = time.time() - CHECKPOINT_LIFE.total_seconds()
    finished = FinishedDays(destination, jobs[0].folder, not_before=not_before)
    before = [finished.recall(job.folder, job.fingerprint) if job.complete else None for job in jobs]
    slices = [
        slice_
        for job, manifest in zip(jobs, before, strict=True)
        if manifest is None
        for slice_ in job.plan()
    ]
    landed: list[PullResult] = []
    with Prefetcher(client, dataset, query, slices) as reading:
        for job, manifest in zip(jobs, before, strict=True):
            if manifest is not None:
                landed.append(job.summary(manifest))
                log.info("%s was landed by an earlier try: %d records", job.folder, landed[-1].records)
                continue
            fingerprint = job.fingerprint
            landed.append(_land(job, reading))
            # Not for what an earlier landing has left as it is: a re-run without news changes nothing in the store.
            if job.complete and job.changed and job is not jobs[-1]:
                finished.remember(job.folder, fingerprint, now=time.time())
    finished.forget()
    log.info(
        "Landed %s, %s: %d records, %d bytes in %d manifests, %.1f s",
        jobs[0].about,
        query.window,
        sum(day.records for day in landed),
        sum(day.bytes for day in landed),
        len(landed),
        time.monotonic() - started,
    )
    return landed


def records(
    client: LivePersonClient,
    dataset: Dataset,
    query: Query,
    *,
    most: int | None = None,
    masking: Masking | None = None,
) -> Iterator[bytes]:
    """The records of a window, each as the JSON that LivePerson sent, without landing them.

    A slice is handed on once it is complete; until then it waits on disk.

    :param client: asks LivePerson.
    :param dataset: what to pull.
    :param query: the window, the filters and the cursor.
    :param most: end after so many, without reading the rest; None for all.
    :param masking: hashes and drops fields before anything is written to disk, or None.
    :raises LivePersonError: as for :func:`pull`.
    """
    left = most
    repaired = 0
    with Prefetcher(client, dataset, query, dataset.plan(query)) as reading:
        for lane in reading:
            with open_spool() as spool:

                def attempt(
                    batches: Iterable[list[Line]], spool: IO[bytes] = spool, left: int | None = left
                ) -> None:
                    with telling_when_full():
                        spool.seek(0)
                        spool.truncate()
                        for record in islice(chain.from_iterable(batches), left):
                            spool.write(record if masking is None else masking.apply(record))
                            spool.write(b"\n")
                        spool.flush()

                try:
                    _read_until_it_adds_up(dataset, lane, attempt)
                except TooManyRecordsError as error:
                    reading.split(lane, error.count)
                    continue
                repaired += lane.repaired
                spool.seek(0)
                for line in spool:
                    yield line.rstrip(b"\n")
                    left = left if left is None else left - 1
                if left == 0:
                    break
    _warn_of_repairs(dataset.name, repaired)


class _Job:
    """The pull of what lands with one manifest: what every try of it has in common."""

    def __init__(
        self,
        client: LivePersonClient,
        dataset: Dataset,
        query: Query,
        destination: Destination,
        masking: Masking | None,
        complete: bool,
        *,
        refuse_overlap: bool,
        is_alone: bool,
    ) -> None:
        self._refuse_overlap = refuse_overlap
        self._is_alone = is_alone
        self.changed = False
        self._client = client
        self._dataset = dataset
        self._query = query
        self._destination = destination
        self._masking = masking
        self.complete = complete
        self.folder = destination.folder(dataset.name, client.account_id, query.window)
        self._home = destination.account_folder(dataset.name, client.account_id)
        self._spent: set[str] = set()
        self._finished: list[Finished] = []
        self._delivering: deque[_Delivering] = deque()
        self._carried = _Carried()

    @property
    def about(self) -> str:
        """What is pulled, for the log."""
        return f"{self._dataset.name} of account {self._client.account_id}"

    def plan(self) -> list[Slice]:
        """The slices of what is pulled, in order."""
        return self._dataset.plan(self._query)

    def owns(self, slice_: Slice) -> bool:
        """Whether a slice is one of those, or part of one."""
        bound, window = slice_.bounds.get(self._query.cursor), self._query.window
        return bound is None or (window.start <= bound.start and bound.end <= window.end)

    def land(self, shared: Prefetcher | None = None) -> PullResult:
        """Try once.

        :param shared: reads the slices, before those of others; None to read them by themselves.
        :raises ConcurrentRunError: when another run of the same window came between.
        """
        started = time.monotonic()
        dataset, query = self._dataset, self._query
        self._finished = []
        self._delivering.clear()
        self._carried = _Carried()
        with Landing(
            self._destination,
            self.folder,
            filters=dict(query.filters),
            cursor=query.cursor,
            spent=self._spent,
        ) as landing:
            held = self._held(landing)
            if held is not None:
                query = replace(query, revision=held.revision)
            slices = self._resume(landing)
            with contextlib.ExitStack() as stack:
                reading = shared or stack.enter_context(Prefetcher(self._client, dataset, query, slices))
                if shared is not None and self._finished:
                    shared.replace(self.owns, slices)
                log.log(
                    logging.INFO if self._is_alone else logging.DEBUG,
                    "Pulling %s, %s, in %d slice(s)%s",
                    self.about,
                    query.window,
                    len(slices),
                    f"; {len(self._finished)} finished by an earlier try" if self._finished else "",
                )
                for lane in reading.lanes(self.owns):
                    try:
                        self._land_slice(landing, reading, lane, held)
                    except TooManyRecordsError as error:
                        reading.split(lane, error.count)
                    except BaseException:
                        self._remember_what_arrived(landing, [lane.slice_, *self._behind(reading)])
                        raise
                if self._carried.slices:
                    self._deliver_carried(landing)
                self._settle(landing, behind=[], leave=0)
            revision = lane.reader.revision if dataset.is_snapshot else None
            manifest = self._manifest(revision)
            if self._refuse_overlap:
                # Another run may have landed meanwhile.
                refuse_overlaps(
                    self._destination, dataset.name, self._client.account_id, [self._query.window]
                )
            manifest, self.changed = landing.commit(manifest)
        if revision is not None:
            write_revision(
                self._destination.store, self._home, Revision(revision=revision, folder=self.folder)
            )
        return self._conclude(landing, manifest, time.monotonic() - started)

    def _behind(self, reading: Prefetcher) -> list[Slice]:
        """The slices behind the present one."""
        return list(filter(self.owns, reading.remaining))

    def _held(self, landing: Landing) -> Revision | None:
        """The revision whose records are in the store already, and where."""
        if not self._dataset.is_snapshot:
            return None
        before = landing.before
        if before is not None and before.revision is not None and self._fits(before, self.folder):
            return Revision(revision=before.revision, folder=self.folder, manifest=before)
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
        if not self.complete or self._dataset.is_snapshot:
            return self.plan()
        not_before = time.time() - CHECKPOINT_LIFE.total_seconds()
        checkpoint = landing.recall(self.fingerprint, not_before=not_before)
        if checkpoint is None:
            return self.plan()
        self._finished = checkpoint.finished
        return [
            Slice(
                bounds={
                    name: Window(instant(start, name), instant(end, name))
                    for name, (start, end) in bounds.items()
                }
            )
            for bounds in checkpoint.remaining
        ]

    def _land_slice(
        self, landing: Landing, reading: Prefetcher, lane: SliceReader, held: Revision | None
    ) -> None:
        """Read a slice, and write it into parts together with the small ones before it.

        As long as they are small together, its records wait. What is read again has not been shared with any other
        slice by then, and goes with its own attempt.
        """
        parts: list[Future[Part]] = []
        waiting: list[bytes] = []
        share_below = min(self._destination.share_below, self._destination.roll_at)

        def attempt(batches: Iterable[list[Line]]) -> None:
            waiting.clear()
            parts.clear()
            size, writer = self._carried.size, None
            try:
                for batch in batches:
                    lines = batch if self._masking is None else list(map(self._masking.apply, batch))
                    if writer is not None:
                        writer.write(lines)
                        continue
                    # Copied, as a line may be a view that keeps its whole page.
                    copied = list(map(owned, lines))
                    waiting.extend(copied)
                    size += _size_of(copied)
                    if size >= share_below:
                        writer = landing.writer(self._next_number)
                        writer.write([*self._carried.lines, *waiting])
                        waiting.clear()
                if writer is not None:
                    parts[:] = writer.finish()
            finally:
                if writer is not None:
                    writer.discard()

        _read_until_it_adds_up(self._dataset, lane, attempt)
        if lane.reader.is_unchanged and held is not None:
            self._finished.append(self._adopt(landing, held))
            return
        counts = SliceCounts(
            slice=str(lane.slice_),
            reported=lane.reader.reported,
            received=lane.reader.received,
            outside_window=lane.reader.received - lane.kept,
            kept=lane.kept,
            repeated=lane.reader.repeated,
            undated=lane.reader.undated,
            still_partial=len(lane.reader.still_partial),
            repaired=lane.repaired,
        )
        log.debug("%s, %s: %s", self._dataset.name, lane.slice_, counts)
        read = _ReadSlice(slice_=lane.slice_, counts=counts, still_partial=list(lane.reader.still_partial))
        if parts:
            self._delivering.append(_Delivering(slices=[*self._carried.take(), read], parts=parts))
        else:
            self._carried.add(read, waiting)
        # Parts go up while the next slices are read.
        self._settle(landing, behind=self._behind(reading), leave=MAX_DELIVERING)

    def _deliver_carried(self, landing: Landing) -> None:
        """Write the small slices that wait at the end."""
        writer = landing.writer(self._next_number)
        try:
            writer.write(self._carried.lines)
            parts = writer.finish()
        finally:
            writer.discard()
        self._delivering.append(_Delivering(slices=self._carried.take(), parts=parts))

    def _adopt(self, landing: Landing, held: Revision) -> Finished:
        """Take over the parts of a revision that is in the store already."""
        assert held.manifest is not None
        adopted = landing.adopt(held.manifest, held.folder)
        if adopted is None:
            raise ConcurrentRunError(f"the parts of revision {held.revision} are not where they were landed.")
        log.info("%s is unchanged at revision %s", self._dataset.name, held.revision)
        return Finished(counts=held.manifest.slices[0], parts=adopted)

    def _remember_what_arrived(self, landing: Landing, unread: list[Slice]) -> None:
        """Keep for the retry what had been read before something failed."""
        read = [one.slice_ for done in self._delivering for one in done.slices]
        read += [one.slice_ for one in self._carried.slices]
        with contextlib.suppress(LivePersonError):  # what failed is raised by the caller
            self._settle(landing, behind=[slice_ for slice_ in unread if slice_ not in read], leave=0)

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
            self._finished += [
                Finished(
                    counts=one.counts,
                    parts=parts if one is done.slices[-1] else [],
                    still_partial=one.still_partial,
                )
                for one in done.slices
            ]
            waiting = [one for other in self._delivering for one in other.slices] + self._carried.slices
            remaining = [*(one.slice_ for one in waiting), *behind]
            # Not for what an earlier landing has left as it is: a re-run without news changes nothing in the store.
            if self.complete and remaining and landing.has_uploaded(parts):
                landing.remember(
                    Checkpoint(
                        fingerprint=self.fingerprint,
                        base=landing.base,
                        written_at=time.time(),
                        finished=self._finished,
                        remaining=[
                            {
                                name: (stamp(window.start), stamp(window.end))
                                for name, window in slice_.bounds.items()
                            }
                            for slice_ in remaining
                        ],
                    )
                )

    @property
    def _next_number(self) -> int:
        """The number of the next part."""
        return len(self._parts) + sum(len(done.parts) for done in self._delivering)

    @property
    def _parts(self) -> list[Part]:
        return [part for finished in self._finished for part in finished.parts]

    @property
    def fingerprint(self) -> str:
        """Of everything but the account's state that decides what the parts hold."""
        told = self._manifest(None)
        decisive = [
            getattr(told, name)
            for name in Manifest.__struct_fields__
            if name not in ("complete", "counts", "slices", "still_partial", "parts")
        ]
        decisive += [self.complete, self._destination.roll_at]
        return hashlib.sha256(msgspec.json.encode(decisive)).hexdigest()

    def _manifest(self, revision: str | None) -> Manifest:
        dataset, query, encoding = self._dataset, self._query, self._destination.encoding
        slices = [finished.counts for finished in self._finished]
        counts = _total(slices)
        return Manifest(
            dataset=dataset.name,
            account_id=self._client.account_id,
            window_start=stamp(query.window.start),
            window_end=stamp(query.window.end),
            cursor=query.cursor,
            filters=dict(query.filters),
            complete=self.complete and not counts.undated and not counts.still_partial,
            request={
                "service": dataset.service,
                "method": dataset.method,
                "path": dataset.path.replace("{account_id}", self._client.account_id),
                "arguments": dataset.describe(dataset, query),
            },
            file_format=encoding.file_format,
            compression=encoding.compression,
            csv_formulas=encoding.csv_formulas if encoding.csv_formulas != "keep" else None,
            masking=self._masking.describe() if self._masking is not None else None,
            revision=revision,
            counts=counts,
            slices=slices,
            still_partial=[key for finished in self._finished for key in finished.still_partial],
            parts=self._parts,
            versions={"airflow_provider_liveperson": __version__, "python": platform.python_version()},
        )

    def _conclude(self, landing: Landing, manifest: Manifest, seconds: float) -> PullResult:
        counts = manifest.counts
        log.info(
            "%s %s: %s records kept of %s received (%s reported, %d outside the window, %d repeated), %d bytes in %d"
            " part(s), %.1f s; manifest %s",
            "Landed" if self.changed else "Nothing new in",
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
        _warn_of_repairs(manifest.dataset, counts.repaired)
        return self.summary(manifest)

    def summary(self, manifest: Manifest) -> PullResult:
        """What has landed, by its manifest."""
        store = self._destination.store
        uri = store.uri(f"{self.folder}/{manifests.NAME}")
        return PullResult(
            dataset=manifest.dataset,
            account_id=manifest.account_id,
            window_start=manifest.window_start,
            window_end=manifest.window_end,
            records=manifest.counts.kept,
            bytes=manifest.size,
            manifest=uri,
            objects=[store.uri(f"{self.folder}/{part.name}") for part in manifest.parts],
            manifests=[uri],
        )


def _read_until_it_adds_up(
    dataset: Dataset, lane: SliceReader, attempt: Callable[[Iterable[list[Line]]], None]
) -> None:
    """Read a slice, again from its start whenever its pages have moved, until one reading adds up."""
    failures: list[PagesMovedError] = []
    while len(failures) < MAX_READ_ATTEMPTS and not _fails_the_same(failures):
        try:
            attempt(lane.batches())
        except PagesMovedError as error:
            failures.append(error)
            log.info("%s, %s: %s; reading it again", dataset.name, lane.slice_, error)
            lane.restart()
        else:
            _warn_of_gaps(dataset, lane)
            return
    latest = failures[-1]
    raise IncompletePullError(
        f"{dataset.name}, {lane.slice_}: {len(failures)} readings, and"
        + (
            f" the last {MAX_SAME_FAILURES} failed in the same way: {latest}. Nothing was landed. Changes at LivePerson"
            " do not explain that; show it to LivePerson"
            if _fails_the_same(failures)
            else f" none was complete ({latest}). Nothing was landed; try again when fewer changes are being made, or"
            " pull a shorter window"
        )
    ) from latest


def _warn_of_gaps(dataset: Dataset, lane: SliceReader) -> None:
    """Say what is not as it should be in a slice that adds up."""
    if lane.reader.undated:
        log.warning(
            "%s, %s: %d record(s) have no readable value of the field that places them in time; they are left out,"
            " and the window does not count as complete",
            dataset.name,
            lane.slice_,
            lane.reader.undated,
        )
    if in_part := lane.reader.still_partial:
        log.warning(
            "%s, %s: %d record(s) came only in part, even when asked for by id, and the window does not count as"
            " complete: %s",
            dataset.name,
            lane.slice_,
            len(in_part),
            ", ".join(in_part[:MAX_SHOWN]) + (" …" if len(in_part) > MAX_SHOWN else ""),
        )


def _fails_the_same(failures: Sequence[PagesMovedError]) -> bool:
    """Whether the latest readings ended in the same way after the same answers, so that another one will, too."""
    latest = failures[-MAX_SAME_FAILURES:]
    return (
        len(latest) == MAX_SAME_FAILURES
        and latest[0].evidence is not None
        and len({(str(error), error.evidence) for error in latest}) == 1
    )


def _warn_of_repairs(dataset: str, count: int) -> None:
    if count:
        log.warning(
            "%s: %d record(s) held bytes that are not UTF-8; U+FFFD stands in their place. Everything else is as"
            " LivePerson sent it",
            dataset,
            count,
        )


def _total(slices: list[SliceCounts]) -> Counts:
    reported = [counts.reported for counts in slices]
    return Counts(
        reported=None if None in reported else sum(count or 0 for count in reported),
        received=sum(counts.received for counts in slices),
        outside_window=sum(counts.outside_window for counts in slices),
        kept=sum(counts.kept for counts in slices),
        repeated=sum(counts.repeated for counts in slices),
        undated=sum(counts.undated for counts in slices),
        still_partial=sum(counts.still_partial for counts in slices),
        repaired=sum(counts.repaired for counts in slices),
    )


def _can_be_complete(dataset: Dataset, window: Window, now: datetime) -> bool:
    try:
        dataset.check_range(window, now)
    except WindowOutOfRangeError:
        return False
    return True


def _is_in_range(dataset: Dataset, query: Query, now: datetime, allow_out_of_range: bool) -> bool:
    try:
        dataset.check_range(query.window, now)
    except WindowOutOfRangeError as error:
        if not allow_out_of_range:
            raise
        log.warning("This window cannot be complete, and its manifest says so: %s", error)
        return False
    return True


def _size_of(lines: Sequence[Line]) -> int:
    """The bytes of records before compression, their line ends included."""
    return sum(map(len, lines)) + len(lines)
