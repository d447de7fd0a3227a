"""The main road: dataset x window -> slices -> pages -> records -> parts -> store -> manifest."""

from __future__ import annotations

import logging
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO

from airflow_provider_liveperson import __version__
from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.paging import PagesMovedError, Row
from airflow_provider_liveperson.datasets.dataset import Dataset, Query
from airflow_provider_liveperson.exceptions import (
    IncompletePullError,
    InvalidResponseError,
    RequestRejectedError,
    WindowOutOfRangeError,
)
from airflow_provider_liveperson.landing.landing import Destination, Landing
from airflow_provider_liveperson.landing.manifest import Counts, Manifest
from airflow_provider_liveperson.landing.parts import Part
from airflow_provider_liveperson.window import stamp

log = logging.getLogger(__name__)

READINGS = 5
PROGRESS_EVERY = 10.0


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


@dataclass
class _Tally:
    reported: int | None = 0
    received: int = 0
    repeated: int = 0
    kept: int = 0

    def add(self, reported: int | None, received: int, repeated: int, kept: int) -> None:
        self.reported = None if self.reported is None or reported is None else self.reported + reported
        self.received += received
        self.repeated += repeated
        self.kept += kept

    def counts(self) -> Counts:
        return Counts(
            reported=self.reported,
            received=self.received,
            outside_window=self.received - self.kept,
            kept=self.kept,
            repeated=self.repeated,
        )


@dataclass
class _Progress:
    """Says how far a long pull is, at most every ten seconds."""

    dataset: str
    pages: int = 0
    records: int = 0
    bytes: int = 0
    now: Callable[[], float] = time.monotonic
    last: float = field(init=False)

    def __post_init__(self) -> None:
        self.last = self.now()

    def page(self) -> None:
        self.pages += 1
        if self.now() - self.last >= PROGRESS_EVERY:
            self.last = self.now()
            log.info(
                "%s: %d records, %d bytes, %d pages so far",
                self.dataset,
                self.records,
                self.bytes,
                self.pages,
            )


def pull(
    client: LivePersonClient,
    dataset: Dataset,
    query: Query,
    destination: Destination,
    *,
    allow_out_of_range: bool = False,
    now: datetime | None = None,
) -> Pulled:
    """Pull a window and land it, completely or not at all.

    :param client: asks LivePerson.
    :param dataset: what to pull.
    :param query: the window, the filters and the cursor, from :meth:`Dataset.query`.
    :param destination: where to land it.
    :param allow_out_of_range: take what there is of a window that reaches past the retention or the present.
    :param now: the present, aware; default: this machine's clock.
    :returns: the summary; the manifest holds the rest.
    :raises WindowOutOfRangeError: for a window that cannot be complete.
    :raises IncompletePullError: when what was received does not add up, even after reading again.
    :raises StorageError: when the store refuses; nothing is left half-written.
    :raises LivePersonError: whatever else LivePerson's answers lead to.
    """
    complete = _is_in_range(dataset, query, now or datetime.now(UTC), allow_out_of_range)
    started = time.monotonic()
    slices = dataset.plan(query)
    log.info(
        "Pulling %s of account %s, %s, in %d slice(s)",
        dataset.name,
        client.account_id,
        query.window,
        len(slices),
    )
    tally, progress, parts = _Tally(), _Progress(dataset.name), list[Part]()
    folder = destination.folder(dataset.name, client.account_id, query.window)
    with Landing(destination, folder, filters=dict(query.filters), cursor=query.cursor) as landing:
        for piece in slices:
            parts += _land_slice(client, dataset, piece, landing, len(parts), tally, progress)
        manifest = _manifest(client, dataset, query, destination, tally, parts, complete)
        changed = landing.commit(manifest)
    log.info(
        "%s %s: %s records kept of %s received (%s reported, %d outside the window, %d repeated), %d bytes in %d"
        " part(s), %.1f s; manifest %s",
        "Landed" if changed else "Nothing new in",
        dataset.name,
        tally.kept,
        tally.received,
        "none" if tally.reported is None else tally.reported,
        tally.received - tally.kept,
        tally.repeated,
        manifest.size,
        len(parts),
        time.monotonic() - started,
        landing.manifest_uri,
    )
    return Pulled(
        dataset=dataset.name,
        account_id=client.account_id,
        window_start=manifest.window_start,
        window_end=manifest.window_end,
        records=tally.kept,
        bytes=manifest.size,
        manifest=landing.manifest_uri,
        objects=landing.uris(parts),
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


def records(client: LivePersonClient, dataset: Dataset, query: Query) -> Iterator[bytes]:
    """The records of a window, each as the JSON that LivePerson sent, without landing them.

    A slice is handed on once it is complete; until then it waits on disk.

    :param client: asks LivePerson.
    :param dataset: what to pull.
    :param query: the window, the filters and the cursor.
    :raises LivePersonError: as for :func:`pull`.
    """
    progress = _Progress(dataset.name)
    for piece in dataset.plan(query):
        with tempfile.TemporaryFile(prefix="liveperson-") as spool:

            def attempt(rows: Iterator[Row], spool: IO[bytes] = spool) -> None:
                spool.seek(0)
                spool.truncate()
                spool.writelines(row.raw + b"\n" for row in rows)

            _read_slice(client, dataset, piece, progress, _Tally(), attempt)
            spool.seek(0)
            for line in spool:
                yield line.rstrip(b"\n")


def _land_slice(
    client: LivePersonClient,
    dataset: Dataset,
    piece: Query,
    landing: Landing,
    first: int,
    tally: _Tally,
    progress: _Progress,
) -> list[Part]:
    parts: list[Part] = []

    def attempt(rows: Iterator[Row]) -> None:
        writer = landing.writer(first)
        try:
            for row in rows:
                writer.write(row.raw)
            parts[:] = writer.finish()
        finally:
            writer.discard()

    _read_slice(client, dataset, piece, progress, tally, attempt)
    return parts


def _read_slice(
    client: LivePersonClient,
    dataset: Dataset,
    piece: Query,
    progress: _Progress,
    tally: _Tally,
    attempt: Callable[[Iterator[Row]], None],
) -> None:
    """Read a slice, again from its start whenever its pages have moved, until one reading adds up."""
    start, end = piece.window.start_ms, piece.window.end_ms
    moved: PagesMovedError | None = None
    for _ in range(READINGS):
        reader, kept = dataset.read(dataset, piece), 0

        def rows(reader=reader) -> Iterator[Row]:  # type: ignore[no-untyped-def]
            nonlocal kept
            while (request := reader.next_request()) is not None:
                try:
                    parsed = client.call(request, reader.parse)
                except RequestRejectedError as error:
                    reader.refused(error)
                    continue
                try:
                    for row in reader.accept(parsed):
                        if start <= row.at < end:
                            kept += 1
                            progress.records += 1
                            progress.bytes += len(row.raw)
                            yield row
                except InvalidResponseError as error:
                    raise InvalidResponseError(
                        f"{request}: {error}", field=error.field, status=error.status
                    ) from error
                progress.page()

        try:
            attempt(rows())
        except PagesMovedError as error:
            moved = error
            progress.records -= kept
            log.info("%s, %s: %s; reading it again", dataset.name, piece.window, error)
            continue
        tally.add(reader.reported, reader.received, reader.repeated, kept)
        return
    raise IncompletePullError(
        f"{dataset.name}, {piece.window}: {READINGS} readings, and none was complete ({moved}). Nothing was landed; try"
        " again when fewer changes are being made, or pull a shorter window"
    ) from moved


def _manifest(
    client: LivePersonClient,
    dataset: Dataset,
    query: Query,
    destination: Destination,
    tally: _Tally,
    parts: list[Part],
    complete: bool,
) -> Manifest:
    return Manifest(
        dataset=dataset.name,
        account_id=client.account_id,
        window_start=stamp(query.window.start),
        window_end=stamp(query.window.end),
        cursor=query.cursor,
        filters=dict(query.filters),
        complete=complete,
        request={
            "service": dataset.service,
            "method": dataset.method,
            "path": dataset.path.replace("{account_id}", client.account_id),
            "arguments": dataset.describe(dataset, query),
        },
        file_format=destination.encoding.file_format,
        compression=destination.encoding.compression,
        counts=tally.counts(),
        parts=parts,
        versions={"airflow_provider_liveperson": __version__, "python": platform.python_version()},
    )
