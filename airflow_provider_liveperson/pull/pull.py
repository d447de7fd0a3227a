"""The main road: dataset x window -> slices -> pages -> records -> parts -> store -> manifest."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain, islice, takewhile
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.slices import Query
from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.destination import Destination
from airflow_provider_liveperson.landing.overlaps import (
    check_overlap,
    refuse_other_selections,
    refuse_overlaps,
)
from airflow_provider_liveperson.pull.attempt import Job, Landed
from airflow_provider_liveperson.pull.completeness import check_complete
from airflow_provider_liveperson.pull.days import land, land_days
from airflow_provider_liveperson.pull.erased import ErasedLookup, digest
from airflow_provider_liveperson.pull.prefetch import Prefetcher
from airflow_provider_liveperson.pull.request import PullRequest
from airflow_provider_liveperson.pull.slice_reader import warn_of_repairs
from airflow_provider_liveperson.pull.undeclared import total_of, warn_of_undeclared
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.spool import open_spool, spool_errors
from airflow_provider_liveperson.window import Window, instant, stamp

if TYPE_CHECKING:
    from airflow_provider_liveperson.records.masking import Masking

log = logging.getLogger(__name__)


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
    :param keys: the parts' keys relative to the folder or prefix below which the layout begins, as a stage of
        Snowflake names them.
    :param manifests: the URIs of all manifests, one for each UTC day, in order.
    :param windows: what each of these manifests is about: ``window_start``, ``window_end``, ``records``, ``reported``,
        ``erased`` (records of erased persons, which have not landed), ``complete``.
    :param complete: whether each day is complete, as its manifest says.
    :param reported: how many records LivePerson has reported for what was asked for, those outside the window included;
        None where it reports none for any part of it.
    :param changed: whether this pull has changed what is in the store; False where it has found the same records there.
        Pulls that have landed the same are equal, whatever this says.
    """

    dataset: str
    account_id: str
    window_start: str
    window_end: str
    records: int
    bytes: int
    manifest: str
    objects: list[str]
    keys: list[str]
    manifests: list[str]
    windows: list[dict[str, Any]]
    complete: bool
    reported: int | None
    changed: bool = field(compare=False)

    def landed_windows(self) -> list[Window]:
        """The windows that have landed, each in a folder of its own, in order."""
        return [
            Window(instant(one["window_start"], "window_start"), instant(one["window_end"], "window_end"))
            for one in self.windows
        ]


def pull(
    client: LivePersonClient,
    dataset: Dataset,
    query: Query,
    destination: Destination,
    *,
    masking: Masking | None = None,
    allow_out_of_range: bool = False,
    overlap: str = "refuse",
    secret: str | None = None,
    now: datetime | None = None,
) -> PullResult:
    """Pull a window and land it, each of its UTC days completely or not at all.

    The UTC day is the unit of landing: a longer window, or one across midnight, lands day by day, each in its day's
    folder with its own manifest, just as a pull of that day alone would. A failure leaves the days before it landed;
    a retry within 24 hours does not read them again. A snapshot lands once, in the window's last day; a query for which
    LivePerson takes no upper bound, once in a folder of the whole window.

    :param client: sends the requests.
    :param dataset: what to pull.
    :param query: the window, the filters and the cursor, from :meth:`Dataset.query`.
    :param destination: where to land it.
    :param masking: hashes and drops fields before anything is written, or None.
    :param allow_out_of_range: take what there is of a window that reaches past the retention or the present; days
        that have not begun, or of which nothing is left, are left out.
    :param overlap: ``refuse`` a window that overlaps another one that has landed there, before any request, or
        ``allow`` it.
    :param secret: the connection's ``hash_secret``, by which persons that were erased are recognized.
    :param now: the present, aware; default: this machine's clock.
    :returns: the summary; the manifests hold the rest.
    :raises ConfigurationError: for a window that overlaps what has landed; and when persons were erased there, and the
        secret is another one than that which they were erased with.
    :raises WindowOutOfRangeError: for a window that cannot be complete.
    :raises IncompletePullError: when what was received does not add up, even after reading again.
    :raises StorageError: when the store refuses; nothing is left half-written.
    :raises LivePersonError: for any other failure of a request.
    """
    now, began = now or datetime.now(UTC), time.monotonic()
    check_overlap(overlap)
    complete = check_complete(dataset, query.window, now, allow_out_of_range=allow_out_of_range)
    windows = landed_windows(dataset, query, now)
    if overlap == "refuse":
        refuse_overlaps(destination, dataset.name, client.account_id, windows)
    lookup = ErasedLookup(destination, dataset, client.account_id, secret)

    def job(window: Window) -> Job:
        part = replace(query, window=window)
        # Of a longer window that is out of range, single days can be complete; the present is complete or not.
        whole = complete or (not dataset.is_snapshot and dataset.limits.can_be_complete(window, now))
        until = dataset.limits.available_until(window) if whole and not dataset.is_snapshot else None
        erased = lookup.of(window)
        return Job(
            client=client,
            dataset=dataset,
            query=part,
            destination=destination,
            masking=masking,
            request=PullRequest.of(
                dataset,
                part,
                client.account_id,
                destination,
                masking=masking,
                complete=whole,
                erased=digest(erased),
            ),
            erased=erased,
            refuse_overlap=overlap == "refuse",
            is_alone=len(windows) == 1,
            out_of_range_at=None if whole else now,
            kept_until=None if until is None else began + (until - now).total_seconds(),
        )

    jobs = list(map(job, windows))
    if overlap == "refuse":
        refuse_other_selections(destination, jobs[0].request.head.selection, windows)
    landed = [land(jobs[0], lookup)] if len(jobs) == 1 else land_days(query, jobs, lookup)
    if masking is not None:
        undeclared = total_of(day.undeclared for day in landed)
        warn_of_undeclared(dataset.name, undeclared, masking.describe())
    return _summary(query, jobs, landed)


def landed_windows(dataset: Dataset, query: Query, now: datetime) -> list[Window]:
    """The windows that are landed for a query, in order: UTC days, or parts of them.

    :param dataset: what to pull.
    :param query: the whole window.
    :param now: the present, aware; days that have not begun are left out, and those of which LivePerson has nothing any
        more.
    """
    if dataset.is_open_ended(query):
        return [query.window]
    begun = takewhile(lambda day: day.start < now, query.window.days())
    days = [day for day in begun if not dataset.limits.is_gone(day, now)] or [next(query.window.days())]
    return days[-1:] if dataset.is_snapshot else days


def _summary(query: Query, jobs: Sequence[Job], landed: Sequence[Landed]) -> PullResult:
    """What has landed, by the manifests of all days."""
    first, days = jobs[0], [day.manifest for day in landed]
    reported = [day.counts.reported for day in days]
    uri = first.destination.store.uri
    keys = [
        f"{job.folder}/{part.name}"
        for job, manifest in zip(jobs, days, strict=True)
        for part in manifest.parts
    ]
    uris = [uri(f"{job.folder}/{manifests.NAME}") for job in jobs]
    return PullResult(
        dataset=first.dataset.name,
        account_id=first.client.account_id,
        window_start=stamp(query.window.start),
        window_end=stamp(query.window.end),
        records=sum(manifest.counts.kept for manifest in days),
        bytes=sum(manifest.size for manifest in days),
        manifest=uris[-1],
        objects=[uri(key) for key in keys],
        keys=[first.destination.relative(key) for key in keys],
        manifests=uris,
        windows=[
            {
                "window_start": manifest.window_start,
                "window_end": manifest.window_end,
                "records": manifest.counts.kept,
                "reported": manifest.counts.reported,
                "erased": manifest.counts.erased,
                "complete": manifest.complete,
            }
            for manifest in days
        ],
        complete=all(manifest.complete for manifest in days),
        reported=None if None in reported else sum(count or 0 for count in reported),
        changed=any(day.changed for day in landed),
    )


def records(
    client: LivePersonClient,
    dataset: Dataset,
    query: Query,
    *,
    max_records: int | None = None,
    masking: Masking | None = None,
    now: datetime | None = None,
) -> Generator[bytes, None, None]:
    """The records of a window, each as the JSON that LivePerson sent, without landing them.

    A slice is handed on once it is complete; until then it waits on disk.

    :param client: sends the requests.
    :param dataset: what to pull.
    :param query: the window, the filters and the cursor.
    :param max_records: end after so many, without reading the rest; None for all.
    :param masking: hashes and drops fields before anything is written to disk, or None.
    :param now: the present, for a window that may begin before what LivePerson keeps; see :meth:`Dataset.plan`.
    :raises LivePersonError: as for :func:`pull`.
    """
    left = max_records
    repaired = 0
    undeclared: list[dict[str, int] | None] = []
    slices = dataset.plan(query, now=now)
    with open_spool() as spool, Prefetcher(client, dataset, query, slices) as prefetcher:

        def spool_slice(batches: Iterator[list[Line]]) -> None:
            if masking is not None:
                masking.take_undeclared()  # of a reading that came to nothing
            with spool_errors():
                spool.seek(0)
                spool.truncate()
                for record in islice(chain.from_iterable(batches), left):
                    spool.write(record if masking is None else masking.apply(record))
                    spool.write(b"\n")
                spool.flush()

        for read, _ in prefetcher.read(spool_slice):
            repaired += read.counts.repaired
            if masking is not None:
                undeclared.append(masking.take_undeclared())
            spool.seek(0)
            for line in spool:
                yield line.rstrip(b"\n")
                left = left if left is None else left - 1
            if left == 0:
                break
    warn_of_repairs(dataset.name, repaired)
    if masking is not None:
        warn_of_undeclared(dataset.name, total_of(undeclared), masking.describe())
