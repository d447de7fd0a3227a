"""Whether LivePerson still counts as many records as have landed: each landed slice is asked for again, and counted."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.arguments import read_text
from airflow_provider_liveperson.coverage.landed import Landed
from airflow_provider_liveperson.coverage.series import Series
from airflow_provider_liveperson.coverage.states import Status
from airflow_provider_liveperson.datasets.catalog import dataset_named
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.exceptions import ConfigurationError, RequestRejectedError
from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.layout import Layout
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.pull.prefetch import Prefetcher
from airflow_provider_liveperson.window import Window, stamp

if TYPE_CHECKING:
    from airflow_provider_liveperson.client.client import LivePersonClient
    from airflow_provider_liveperson.client.messages import Answer
    from airflow_provider_liveperson.datasets.model.dataset import Dataset
    from airflow_provider_liveperson.landing.stores import Store
    from airflow_provider_liveperson.records.line import Line

log = logging.getLogger(__name__)

MAX_AT_ONCE = 4
"""Requests that are sent at once, at most: they are small, and nobody waits."""

NOT_SAID = "LivePerson did not say how many records there are"
NO_SLICES = "its manifest does not say which slices were asked for"


def dataset_to_count(name: object) -> Dataset:
    """A dataset whose landed windows can be counted again.

    :param name: its name.
    :raises ConfigurationError: for an unknown one, and for one that cannot, with the reason.
    """
    dataset = dataset_named(read_text(name, "dataset"))
    if dataset.uncounted:
        raise ConfigurationError(
            f"dataset is {dataset.name!r}, which cannot be counted again: {dataset.uncounted}. Pull its windows again"
            " instead, as windows(refresh=…) does; a pull that finds the same records changes nothing",
            field="dataset",
        )
    return dataset


@dataclass(frozen=True, kw_only=True)
class WindowCount:
    """A landed window, counted again.

    :param window: the window.
    :param landed: how many records there were when it landed: as many as LivePerson reported for its slices, or, where
        they are read to be counted, as many as were kept. Slices for which LivePerson reports no number are left out.
    :param counted: how many there are now; None where that could not be found out.
    :param differs: whether any slice has another number now.
    :param why_not: why it could not be found out; else empty.
    """

    window: Window
    landed: int
    counted: int | None = None
    differs: bool = False
    why_not: str = ""

    @property
    def has_more(self) -> bool:
        """Whether there are more now."""
        return self.counted is not None and self.counted > self.landed


@dataclass(frozen=True, kw_only=True)
class Recount:
    """What was found out of a range.

    :param dataset: the dataset's name.
    :param account_id: the LivePerson account.
    :param range: from when to when.
    :param windows: the windows that have landed complete, in order.
    :param gaps: how many windows are missing, partial or damaged; those are not counted.
    """

    dataset: str
    account_id: str
    range: Window
    windows: Sequence[WindowCount] = field(default_factory=list)
    gaps: int = 0

    @property
    def differing(self) -> list[WindowCount]:
        """The windows of which LivePerson has another number of records now."""
        return [one for one in self.windows if one.differs]

    @property
    def uncounted(self) -> Counter[str]:
        """How many windows could not be counted, by the reason."""
        return Counter(one.why_not for one in self.windows if one.why_not)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "dataset": self.dataset,
            "account_id": self.account_id,
            "start": stamp(self.range.start),
            "end": stamp(self.range.end),
            "same": len(self.windows) - len(self.differing) - sum(self.uncounted.values()),
            "differ": [
                {
                    "start": stamp(one.window.start),
                    "end": stamp(one.window.end),
                    "landed": one.landed,
                    "counted": one.counted,
                }
                for one in self.differing
            ],
            "not_counted": dict(self.uncounted),
            "gaps": self.gaps,
        }


def recount(
    client: LivePersonClient,
    store: Store,
    prefix: str,
    dataset: Dataset,
    *,
    days: int = 14,
    start: datetime | None = None,
    end: datetime | None = None,
    before: datetime | None = None,
    now: datetime | None = None,
) -> Recount:
    """Count the windows of a range again that have landed complete.

    :param client: asks LivePerson; windows of other accounts are left alone.
    :param store: where they have landed.
    :param prefix: the folder below which the layout begins; may be empty.
    :param dataset: the dataset, from :func:`dataset_to_count`.
    :param days: how many UTC days before the end the range begins, without ``start``.
    :param start: the first instant of the range, aware.
    :param end: the first instant after it, aware. Default: the last midnight, UTC, up to which LivePerson has all
        records.
    :param before: without ``end``, the instant before which that midnight is to be, aware; default: the present.
    :param now: the present, aware; default: this machine's clock.
    :raises ConfigurationError: where nothing has landed of the account; and where there are windows, but none that
        could be counted, with the reason.
    :raises EmptyWindowError: unless the range's start is before its end.
    :raises StorageError: when the store cannot be read.
    :raises LivePersonError: when LivePerson cannot be asked.
    """
    now = now or datetime.now(UTC)
    landed = Landed(store, prefix)
    series = _series(landed, dataset, client.account_id)
    end = end or series.last_complete_midnight(min(before or now, now))
    span = Window(start or end - timedelta(days=days), end)
    states = landed.states(series, span.start, span.end, now=now)
    complete = [state.window for state in states if state.status is Status.COMPLETE]
    layout = Layout(prefix=prefix)
    found: list[WindowCount] = []
    for window in complete:
        key = f"{layout.folder(dataset.name, client.account_id, window)}/{manifests.NAME}"
        data = store.read(key)
        if data is not None:  # else somebody has taken it away meanwhile
            found.append(_count_window(client, dataset, window, Manifest.decode(data, store.uri(key)), now))
    result = Recount(
        dataset=dataset.name,
        account_id=client.account_id,
        range=span,
        windows=found,
        gaps=len(states) - len(complete),
    )
    _report(result)
    return result


def _series(landed: Landed, dataset: Dataset, account_id: str) -> Series:
    """The windows of the connection's account.

    :raises ConfigurationError: where there are none, which names the accounts that there are.
    """
    there = {one.account_id: one for one in landed.series([dataset.name])}
    if account_id in there:
        return there[account_id]
    others = ", ".join(sorted(filter(None, there)))
    raise ConfigurationError(
        f"nothing of {dataset.name} has landed there of account {account_id}, which is the connection's; "
        + (f"there is {others}; use a connection of that account" if others else "check the address"),
        field="liveperson_conn_id" if others else "uri",
    )


def _count_window(
    client: LivePersonClient, dataset: Dataset, window: Window, manifest: Manifest, now: datetime
) -> WindowCount:
    # As it was sent, so that nothing is read anew.
    query = Query(window=window, filters=manifest.filters, cursor=manifest.cursor)
    heads = dataset.reader.heads(query)
    why_not = dataset.why_uncounted(query)
    until = dataset.limits.available_until(window)
    if until is not None and until < now:
        why_not = "LivePerson does not keep all of its records any more"
    if why_not:
        return WindowCount(window=window, landed=manifest.counts.kept, why_not=why_not)
    if heads is not None:
        kept = _count_heads(client, dataset, heads)
        # Whatever came of the window, whether or not it is still there.
        landed = manifest.counts.received - manifest.counts.outside_window
        return WindowCount(window=window, landed=landed, counted=kept, differs=kept != landed)
    return _count_slices(client, dataset, query, manifest)


def _count_slices(
    client: LivePersonClient, dataset: Dataset, query: Query, manifest: Manifest
) -> WindowCount:
    """Ask for the count of each slice that has landed, also where slices were split."""
    reported = [slice_ for slice_ in manifest.slices if slice_.reported is not None]
    landed = sum(slice_.reported or 0 for slice_ in reported)
    if any(slice_.bounds is None for slice_ in reported):
        return WindowCount(window=query.window, landed=landed, why_not=NO_SLICES)
    if manifest.slices and not reported:
        return WindowCount(window=query.window, landed=manifest.counts.received, why_not=NOT_SAID)
    slices = [Slice.from_json({"bounds": one.bounds, "partition": one.partition or {}}) for one in reported]
    with ThreadPoolExecutor(min(MAX_AT_ONCE, client.settings.max_concurrency), "liveperson-count") as pool:
        try:
            counts = list(pool.map(lambda slice_: _count_slice(client, dataset, query, slice_), slices))
        finally:
            pool.shutdown(cancel_futures=True)
    pairs = [(one.reported, count) for one, count in zip(reported, counts, strict=True) if count is not None]
    if reported and not pairs:
        return WindowCount(window=query.window, landed=landed, why_not=NOT_SAID)
    return WindowCount(
        window=query.window,
        landed=sum(before or 0 for before, _ in pairs),
        counted=sum(count for _, count in pairs),
        differs=any(before != count for before, count in pairs),
    )


def _count_slice(client: LivePersonClient, dataset: Dataset, query: Query, slice_: Slice) -> int | None:
    reader, pager = dataset.reader, dataset.open(query, slice_)

    def parse(answer: Answer) -> int | None:
        return reader.count_of(pager.parse(answer))

    first: RequestRejectedError | None = None
    for request in reader.count_requests(dataset, query, slice_):
        try:
            return client.call(request, parse)
        except RequestRejectedError as error:
            first = first or error
            if error.status != 400:
                break
    assert first is not None
    raise first


def _count_heads(client: LivePersonClient, dataset: Dataset, query: Query) -> int:
    """Read as little of each record as tells whether it belongs, as a pull would, and count those that do."""

    def drop(batches: Iterator[list[Line]]) -> None:
        deque(batches, maxlen=0)

    with Prefetcher(client, dataset, query, dataset.plan(query)) as prefetcher:
        return sum(read.counts.kept for read, _ in prefetcher.read(drop))


def _report(result: Recount) -> None:
    """Say what was found.

    :raises ConfigurationError: where nothing was found out, although there are windows.
    """
    for one in result.differing:
        log.warning("%s, %s: %d landed, %d now", result.dataset, one.window, one.landed, one.counted)
    same = result.to_dict()["same"]
    log.info(
        "Counted %s of account %s again, %s: %d windows are the same, %d differ, %d were not counted; %d are missing,"
        " partial or damaged, which gaps lists",
        result.dataset,
        result.account_id,
        result.range,
        same,
        len(result.differing),
        sum(result.uncounted.values()),
        result.gaps,
    )
    for why_not, number in result.uncounted.items():
        log.warning("%s: %d windows were not counted: %s", result.dataset, number, why_not)
    if result.uncounted and sum(result.uncounted.values()) == len(result.windows):
        raise ConfigurationError(
            f"none of the {len(result.windows)} windows of {result.dataset}, {result.range}, could be counted: "
            + "; ".join(result.uncounted),
            field="dataset",
        )
