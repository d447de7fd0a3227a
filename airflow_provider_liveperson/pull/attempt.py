"""One try of one landing: known records, slices, parts, checkpoints, and the manifest."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from airflow_provider_liveperson.exceptions import LivePersonError
from airflow_provider_liveperson.landing.landing import Landing
from airflow_provider_liveperson.landing.manifest import Counts, Manifest, SliceCounts
from airflow_provider_liveperson.landing.overlaps import refuse_overlaps
from airflow_provider_liveperson.pull import checkpoints, snapshots
from airflow_provider_liveperson.pull.checkpoints import Finished, parts_of
from airflow_provider_liveperson.pull.delivery import Delivery
from airflow_provider_liveperson.pull.erased import digest
from airflow_provider_liveperson.pull.prefetch import Prefetcher
from airflow_provider_liveperson.pull.slice_reader import warn_of_repairs
from airflow_provider_liveperson.pull.undeclared import total_of

if TYPE_CHECKING:
    from airflow_provider_liveperson.client.client import LivePersonClient
    from airflow_provider_liveperson.datasets.model.dataset import Dataset
    from airflow_provider_liveperson.datasets.model.slices import Query, Slice
    from airflow_provider_liveperson.landing.destination import Destination
    from airflow_provider_liveperson.pull.erased import ErasedFromWindow, ErasedLookup
    from airflow_provider_liveperson.pull.request import PullRequest
    from airflow_provider_liveperson.pull.snapshots import Revision
    from airflow_provider_liveperson.records.masking import Masking

log = logging.getLogger(__name__)

MAX_UNDER_WAY = 8


@dataclass(frozen=True, kw_only=True)
class Job:
    """What all tries of one landing have in common.

    :param client: sends the requests.
    :param dataset: what to pull.
    :param query: the window, the filters and the cursor.
    :param destination: where to land it.
    :param masking: hashes and drops fields before anything is written, or None.
    :param request: the identity of what lands.
    :param refuse_overlap: whether to refuse, once more before the commit, what overlaps another window.
    :param is_alone: whether this is all that is pulled: then the log says that it starts.
    :param out_of_range_at: the present, aware, if LivePerson may keep less than the window; None if it has all of it.
    :param kept_until: until when LivePerson keeps all of the window, in monotonic seconds; None for no limit.
    :param erased: the persons that must not land; None for nobody.
    :param spent: the keys of parts that earlier tries have put there.
    """

    client: LivePersonClient
    dataset: Dataset
    query: Query
    destination: Destination
    masking: Masking | None
    request: PullRequest
    refuse_overlap: bool
    is_alone: bool
    out_of_range_at: datetime | None = None
    kept_until: float | None = None
    erased: ErasedFromWindow | None = None
    spent: set[str] = field(default_factory=set)

    @property
    def folder(self) -> str:
        """The folder in which it lands."""
        return self.destination.folder(self.dataset.name, self.client.account_id, self.query.window)

    @property
    def account_folder(self) -> str:
        """The folder of all windows of the dataset and account."""
        return self.destination.account_folder(self.dataset.name, self.client.account_id)

    @property
    def about(self) -> str:
        """What is pulled, for the log."""
        return f"{self.dataset.name} of account {self.client.account_id}"

    def without(self, lookup: ErasedLookup) -> Job:
        """The same without those persons that are erased by now.

        :param lookup: knows who is.
        :raises StorageError: when the store cannot be read.
        """
        erased = lookup.of(self.query.window, is_fresh=True)
        return replace(self, erased=erased, request=replace(self.request, erased=digest(erased)))

    def plan(self) -> list[Slice]:
        """The slices of what is pulled, in order."""
        return self.dataset.plan(self.query, now=self.out_of_range_at)

    def owns(self, slice_: Slice) -> bool:
        """Whether a slice is one of those, or part of one.

        :param slice_: the slice.
        """
        bound, window = slice_.bounds.get(self.query.cursor), self.query.window
        return bound is None or (window.start <= bound.start and bound.end <= window.end)


@dataclass(frozen=True, kw_only=True)
class Landed:
    """What a try has landed.

    :param manifest: the manifest that is in the store.
    :param changed: whether anything in the store changed; False for what had landed just so.
    :param undeclared: how often which undeclared field came, by its path; None where nobody looked.
    """

    manifest: Manifest
    changed: bool
    undeclared: Mapping[str, int] | None = None


class Attempt:
    """One try of one landing.

    :param job: what is to be landed.
    :param landing: where, begun.
    """

    def __init__(self, job: Job, landing: Landing) -> None:
        self._job = job
        self._landing = landing
        self._request = job.request
        self._started = time.monotonic()
        self._revision: str | None = None
        self._added: Slice | None = None  # the last one that is on its way
        self._is_late = False
        self._delivery = Delivery(
            landing,
            share_below=min(job.destination.share_below, job.destination.roll_at),
            masking=job.masking,
            primary_key=job.dataset.primary_key,
            erased=job.erased,
        )

    def read(self, shared: Prefetcher | None = None) -> None:
        """Read all slices, and have their records landed: the last parts may be on their way still.

        :param shared: reads the slices, before those of others; None to read them by themselves.
        :raises ConcurrentRunError: when another run of the same window came between.
        :raises IncompletePullError: when what was received does not add up, even after reading again.
        :raises StorageError: when the store refuses.
        :raises LivePersonError: for any other failure of a request.
        """
        job, known = self._job, self._known_revision()
        slices, earlier = self._resume()
        self._delivery.finished.extend(earlier)
        log.log(
            logging.INFO if job.is_alone else logging.DEBUG,
            "Pulling %s, %s, in %d slice(s)%s",
            job.about,
            job.query.window,
            len(slices),
            f"; {len(earlier)} finished by an earlier try" if earlier else "",
        )
        with contextlib.ExitStack() as stack:
            if shared is None:
                query = job.query if known is None else replace(job.query, known_revision=known.revision)
                prefetcher = stack.enter_context(Prefetcher(job.client, job.dataset, query, slices))
            else:
                prefetcher = shared
                if earlier:
                    prefetcher.replace(job.owns, slices)
            self._revision = self._read(prefetcher, known)

    def commit(self) -> Landed:
        """Wait for the last parts, and commit. It may run in another thread.

        :raises ConcurrentRunError: when another run of the same window came between.
        :raises StorageError: when the store refuses.
        """
        job = self._job
        self._settle([], leave=0)
        manifest = made = self._manifest(self._revision)
        if job.refuse_overlap:
            # Another run may have landed meanwhile.
            refuse_overlaps(job.destination, job.dataset.name, job.client.account_id, [job.query.window])
        manifest, changed = self._landing.commit(manifest)
        if self._revision is not None:
            snapshots.write_revision(job.destination.store, job.account_folder, self._revision, job.folder)
        self._report(manifest, changed, time.monotonic() - self._started)
        return Landed(manifest=manifest, changed=changed, undeclared=made.undeclared)

    def _known_revision(self) -> Revision | None:
        """The revision whose records are in the store already, for a snapshot that has one."""
        job = self._job
        if not job.dataset.is_snapshot:
            return None
        return snapshots.known_revision(
            job.destination.store,
            job.account_folder,
            job.folder,
            before=self._landing.before,
            request=self._request,
        )

    def _resume(self) -> tuple[list[Slice], list[Finished]]:
        """The slices to read, and those that an earlier try has finished."""
        if self._has_checkpoints:
            not_before = time.time() - checkpoints.CHECKPOINT_LIFE.total_seconds()
            checkpoint = checkpoints.recall(self._landing, self._request.fingerprint, not_before=not_before)
            if checkpoint is not None:
                return checkpoint.slices, checkpoint.finished
        return self._job.plan(), []

    @property
    def _has_checkpoints(self) -> bool:
        """Whether a retry may go on: not where it may find more than at first, or another present."""
        return self._request.complete and not self._job.dataset.is_snapshot

    def _read(self, prefetcher: Prefetcher, known: Revision | None) -> str | None:
        """Read all slices, and have their records landed.

        :returns: the revision of what was read, for a snapshot that has one.
        """
        job, revision = self._job, None
        try:
            for read, taken in prefetcher.read(self._delivery.consume, job.owns):
                if read.is_unchanged and known is not None:
                    self._delivery.finished.append(
                        snapshots.copy_from(self._landing, known, job.dataset.name)
                    )
                else:
                    self._delivery.add(read, taken)
                    self._added = read.slice_
                    # Parts go up while the next slices are read.
                    self._settle(self._unread(prefetcher), leave=MAX_UNDER_WAY)
                revision = read.revision
            self._is_late = job.kept_until is not None and time.monotonic() > job.kept_until
            self._delivery.flush()
        except LivePersonError:
            # Not for what ends a task from outside: it may come at any moment, also while a slice passes from the one
            # list to the other. Then the last checkpoint stays.
            with contextlib.suppress(LivePersonError):  # what failed is raised
                self._settle(self._unread(prefetcher), leave=0)
            raise
        return revision if job.dataset.is_snapshot else None

    def _unread(self, prefetcher: Prefetcher) -> list[Slice]:
        """The slices that have neither been read nor are on their way."""
        return [one for one in prefetcher.unread if one is not self._added and self._job.owns(one)]

    def _settle(self, unread: Sequence[Slice], *, leave: int) -> None:
        """Note which parts have arrived, and remember for a retry which slices are finished.

        :param unread: the slices that have not been read.
        :param leave: how many groups of slices that share parts may stay under way.
        """
        for parts in self._delivery.collect(leave=leave):
            remaining = [*self._delivery.unfinished, *unread]
            # Not for what an earlier landing has left as it is: a re-run without news changes nothing in the store.
            if self._has_checkpoints and remaining and self._landing.has_uploaded(parts):
                checkpoints.remember(
                    self._landing,
                    self._request.fingerprint,
                    self._delivery.finished,
                    remaining,
                    now=time.time(),
                )

    def _manifest(self, revision: str | None) -> Manifest:
        finished = self._delivery.finished
        slices = [one.counts for one in finished]
        counts = _total(slices)
        parts = parts_of(finished)
        before = self._landing.before
        return Manifest.of(
            self._request.head,
            complete=self._request.complete and not (self._is_late or counts.undated or counts.still_partial),
            revision=revision,
            counts=counts,
            slices=slices,
            undeclared=total_of(one.undeclared for one in finished),
            still_partial=[key for one in finished for key in one.still_partial],
            erasures=before.erasures if before is not None else None,
            parts=parts,
            entries=self._landing.entries(parts),
            versions=dict(self._request.versions),
        )

    def _report(self, manifest: Manifest, changed: bool, seconds: float) -> None:
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
            self._landing.manifest_uri,
        )
        if counts.erased:
            log.info("%d record(s) of erased persons were left out", counts.erased)
        if counts.still_partial:
            log.warning(
                "%d record(s) of %s are still partial, so the window does not count as complete; run it again later."
                " The manifest lists their keys, as far as these have landed: still_partial",
                counts.still_partial,
                manifest.dataset,
            )
        if self._is_late:
            log.warning(
                "LivePerson stopped keeping this window's beginning while it was read, so it does not count as complete"
            )
        warn_of_repairs(manifest.dataset, counts.repaired)


def _total(slices: Sequence[SliceCounts]) -> Counts:
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
        erased=sum(counts.erased for counts in slices),
    )
