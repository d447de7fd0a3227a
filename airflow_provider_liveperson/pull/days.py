"""UTC days, each landed completely or not at all: while one is committed, the next one is read."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from airflow_provider_liveperson.landing.errors import ConcurrentRunError
from airflow_provider_liveperson.landing.landing import Landing
from airflow_provider_liveperson.pull.attempt import Attempt, Job, Landed
from airflow_provider_liveperson.pull.checkpoints import CHECKPOINT_LIFE
from airflow_provider_liveperson.pull.finished_days import FinishedDays
from airflow_provider_liveperson.pull.kept import kept
from airflow_provider_liveperson.pull.prefetch import Prefetcher

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.slices import Query
    from airflow_provider_liveperson.pull.erased import ErasedLookup

log = logging.getLogger(__name__)

MAX_COMMIT_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class _Committed:
    """What a try has landed.

    :param landed: that.
    :param job: what would be landed now: without persons that were erased meanwhile.
    """

    landed: Landed
    job: Job


_Commit = Callable[[], _Committed]
_Tries = Generator[_Commit, _Committed, Landed]


def land(job: Job, lookup: ErasedLookup) -> Landed:
    """Land what lands with one manifest.

    :param job: what is to be landed.
    :param lookup: knows who was erased.
    :raises LivePersonError: as for :func:`.pull`.
    """
    if (stays := kept(job)) is not None:
        return stays
    tries = _tries(job, lookup)
    return _completed(tries, next(tries))


def land_days(query: Query, jobs: list[Job], lookup: ErasedLookup) -> list[Landed]:
    """Land one day after the other, without those that an earlier try has landed.

    All are read by one :class:`Prefetcher`, and each is committed while the next one is read. A day is committed after
    those before it.

    :param query: the whole window.
    :param jobs: its days, in order.
    :param lookup: knows who was erased.
    :raises LivePersonError: as for :func:`.pull`.
    """
    started, first = time.monotonic(), jobs[0]
    log.info("Pulling %s, %s, day by day: %d UTC days", first.about, query.window, len(jobs))
    not_before = time.time() - CHECKPOINT_LIFE.total_seconds()
    finished = FinishedDays(first.destination, first.folder, not_before=not_before)
    landed: dict[str, Landed] = {}
    left: list[Job] = []
    for job in jobs:
        if (stays := kept(job)) is not None:
            landed[job.folder] = stays
            continue
        manifest = finished.recall(job.folder, job.request.fingerprint) if job.request.complete else None
        if manifest is None:
            left.append(job)
        else:
            log.info("%s was landed by an earlier try: %d records", job.folder, manifest.counts.kept)
            landed[job.folder] = Landed(manifest=manifest, changed=True)  # by that try, which is of this run

    def complete(day: _ReadDay) -> None:
        landed[day.job.folder] = done = _completed(day.tries, day.commit.result)
        # Not for what an earlier landing has left as it is: a re-run without news changes nothing in the store.
        if day.job.request.complete and done.changed and day.job is not jobs[-1]:
            finished.remember(day.job.folder, day.job.request.fingerprint, now=time.time())

    slices = [slice_ for job in left for slice_ in job.plan()]
    with contextlib.ExitStack() as stack:
        prefetcher = stack.enter_context(Prefetcher(first.client, first.dataset, query, slices))
        committer = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="liveperson-commit"))
        before: _ReadDay | None = None
        for job in left:
            tries = stack.enter_context(contextlib.closing(_tries(job, lookup, prefetcher)))
            try:
                commit = next(tries)
            except BaseException:
                if before is not None and before.has_landed:
                    complete(before)
                raise
            if before is not None:
                complete(before)
            before = _ReadDay(job=job, tries=tries, commit=committer.submit(commit))
        if before is not None:
            complete(before)
    finished.forget()
    days = [landed[job.folder] for job in jobs]
    log.info(
        "Landed %s, %s: %d records, %d bytes in %d manifests, %.1f s",
        first.about,
        query.window,
        sum(day.manifest.counts.kept for day in days),
        sum(day.manifest.size for day in days),
        len(days),
        time.monotonic() - started,
    )
    return days


@dataclass(frozen=True, kw_only=True)
class _ReadDay:
    """A day that has been read.

    :param job: what is landed.
    :param tries: its tries.
    :param commit: that of the first one, in another thread.
    """

    job: Job
    tries: _Tries
    commit: Future[_Committed]

    @property
    def has_landed(self) -> bool:
        """Whether its commit has come to a good end; waits for it."""
        return self.commit.exception() is None and self.commit.result().job is self.job


def _tries(job: Job, lookup: ErasedLookup, shared: Prefetcher | None = None) -> _Tries:
    """Try to land what lands with one manifest, again where another run of the same window came between.

    Also where persons were erased meanwhile. Whoever erases notes down whom first, and looks at what has landed then;
    so it finds what was there by then, and this finds whom by then it has to leave out.

    It yields the commit of each try once everything is read. Whoever runs it, in whatever thread, sends what it
    returned, or throws what it raised.

    :param shared: what reads its slices, before those of others; a further try reads them by itself.
    """
    changed = False
    for attempt in range(1, MAX_COMMIT_ATTEMPTS + 1):
        try:
            with Landing(job.destination, job.folder, head=job.request.head, spent=job.spent) as landing:
                one = Attempt(job, landing)
                one.read(shared if attempt == 1 else None)
                committed = yield partial(_commit, one, job, lookup)
        except ConcurrentRunError as error:
            if attempt == MAX_COMMIT_ATTEMPTS:
                raise
            log.warning("%s Landing it again.", error)
            job = job.without(lookup)
        else:
            changed |= committed.landed.changed
            if committed.job is job:
                return replace(committed.landed, changed=changed)
            if attempt == MAX_COMMIT_ATTEMPTS:
                raise ConcurrentRunError(
                    f"persons kept being erased from {job.folder} while it was landed; run it again."
                )
            log.info("Persons were erased while %s was landed; landing it again without them", job.folder)
            job = committed.job
        if shared is not None:
            shared.replace(job.owns, [])
    raise AssertionError("a landing ends, or another run comes between")


def _commit(attempt: Attempt, job: Job, lookup: ErasedLookup) -> _Committed:
    landed = attempt.commit()
    later = job.without(lookup) if landed.changed else job
    return _Committed(landed=landed, job=job if later.request.erased == job.request.erased else later)


def _completed(tries: _Tries, commit: _Commit) -> Landed:
    """Commit, and try again as long as that is necessary.

    :param commit: that of the try under way.
    """
    while True:
        try:
            committed = commit()
        except BaseException as error:
            go_on = partial(tries.throw, error)
        else:
            go_on = partial(tries.send, committed)
        try:
            commit = go_on()
        except StopIteration as end:
            landed: Landed = end.value
            return landed
