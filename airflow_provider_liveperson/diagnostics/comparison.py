"""Whether two connections to one account return the same records."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import msgspec

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.run_within import run_within
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.slices import Query
from airflow_provider_liveperson.datasets.readers.snapshot import PULLED_AT
from airflow_provider_liveperson.diagnostics.progress import OnProgress, ProgressCounter
from airflow_provider_liveperson.diagnostics.record_set import Differences, RecordSet
from airflow_provider_liveperson.diagnostics.report import (
    Comparison,
    ConnectionReport,
    DatasetComparison,
    Outcome,
    RecordSample,
    without_secrets,
)
from airflow_provider_liveperson.diagnostics.windows import choose_window
from airflow_provider_liveperson.exceptions import (
    ConfigurationError,
    LivePersonError,
    WindowOutOfRangeError,
)
from airflow_provider_liveperson.window import Window, resolve_window, stamp

MAX_RECORDS = 1000
"""How many records of a dataset are compared, unless another number is given."""

MAX_LOOKS = 2
"""How often both connections are read until they agree: a record may change between one reading and the other."""

MAX_DATASETS_AT_ONCE = 4

NO_LIMIT = 7 * 86_400.0
"""Seconds; what bounds a comparison for which nobody waits."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two connections.

    :param client: reads through the connection.
    :param report: what the connection can reach.
    """

    client: LivePersonClient
    report: ConnectionReport

    @property
    def name(self) -> str:
        """The connection's name."""
        return self.report.connection


def compare(
    first: Side,
    second: Side,
    *,
    start: datetime | str | None = None,
    end: datetime | str | None = None,
    max_records: int = MAX_RECORDS,
    seconds: float | None = None,
    on_progress: OnProgress | None = None,
    now: datetime | None = None,
) -> Comparison:
    """Read every dataset that both connections can read through both, and compare the records.

    A few datasets are compared at once; of each, both connections are read at the same time. The records go to disk:
    memory holds no more than their keys.

    :param first: the connection to compare with, such as the API key that is to be replaced.
    :param second: the connection that is to replace it.
    :param start: first instant inside, aware or ISO 8601 with an offset. Default, with ``end``: see
        :func:`~airflow_provider_liveperson.diagnostics.windows.choose_window`, which also says what happens where a
        dataset cannot be read for this window. Snapshots are compared as they are now.
    :param end: first instant outside, likewise.
    :param max_records: how many records of a dataset to compare at most; snapshots are compared whole.
    :param seconds: how long the comparison may take; datasets that are not done by then are ``unknown``. None for as
        long as it takes.
    :param on_progress: is called with the progress.
    :param now: the present, aware; default: this machine's clock.
    :raises ConfigurationError: when the accounts differ, for a bad window, and for a ``max_records`` below 1.
    """
    check_accounts(first.client, second.client, names=(first.name, second.name))
    if max_records < 1:
        raise ConfigurationError(f"max_records is {max_records}; it must be at least 1", field="max_records")
    wanted = None if start is None and end is None else resolve_window(start=start, end=end)
    names = [access.dataset for access in first.report.datasets]
    found = {name: _without_reading(first, second, name) for name in names}
    to_read = [name for name in names if found[name] is None]
    counter = ProgressCounter("compare", len(names), on_progress)
    counter.skip(len(names) - len(to_read))
    deadline = time.monotonic() + (NO_LIMIT if seconds is None else seconds)

    def compare_one(name: str) -> DatasetComparison:
        moment = now or datetime.now(UTC)
        with counter.working_on(name):
            return _compare_dataset(first, second, DATASETS[name], wanted, max_records, moment)

    results = run_within(
        [partial(compare_one, name) for name in to_read],
        max_threads=_datasets_at_once(first.client, second.client),
        seconds=deadline - time.monotonic(),
    )
    counter.close()
    for name, result in zip(to_read, results, strict=True):
        if isinstance(result, Exception):
            raise result
        found[name] = result or _not_compared(name, "unknown", "Not compared in time.")
    datasets = [comparison for comparison in found.values() if comparison is not None]
    ok, sentence = _conclusion(first, second, datasets)
    comparison = Comparison(
        connections=(first.name, second.name),
        account_id=first.client.account_id,
        ok=ok,
        max_records=max_records,
        sentence=sentence,
        datasets=datasets,
    )
    return without_secrets(comparison, [*first.client.credential.secrets, *second.client.credential.secrets])


def check_accounts(first: LivePersonClient, second: LivePersonClient, *, names: tuple[str, str]) -> None:
    """Refuse connections to different accounts.

    :param first: one client.
    :param second: the other.
    :param names: the names of their connections.
    :raises ConfigurationError: naming both accounts.
    """
    if first.account_id != second.account_id:
        raise ConfigurationError(
            f"{names[0]} belongs to account {first.account_id} and {names[1]} to account {second.account_id}; only"
            " connections to the same account can be compared",
            field="account_id",
        )


def _datasets_at_once(*clients: LivePersonClient) -> int:
    """How many datasets to compare at once: each begins with a few requests, which together keep within the limit."""
    limit = min(client.settings.max_concurrency for client in clients)
    return max(1, min(MAX_DATASETS_AT_ONCE, limit // 3))


def _without_reading(first: Side, second: Side, name: str) -> DatasetComparison | None:
    """The result for a dataset that not both connections can read; None for one that has to be read."""
    one, other = first.report.access(name), second.report.access(name)
    if "unknown" in (one.status, other.status):
        if not (one.has_service and other.has_service):
            return _not_compared(name, "skipped", "The account does not have this service.")
        which = first.name if one.status == "unknown" else second.name
        return _not_compared(name, "unknown", f"Not compared: whether {which} can read it is unknown.")
    if one.status != other.status:
        reads, not_reads = (first, second) if one.status == "readable" else (second, first)
        return _not_compared(name, "one side", f"Only {reads.name} can read it; {not_reads.name} cannot.")
    if one.status == "refused":
        return _not_compared(name, "skipped", "Neither connection can read it.")
    return None


def _compare_dataset(
    first: Side, second: Side, dataset: Dataset, wanted: Window | None, max_records: int, now: datetime
) -> DatasetComparison:
    try:
        chosen = choose_window(dataset, wanted, now)
        query = dataset.query(chosen.window)
        if not dataset.is_snapshot:
            dataset.check_range(query.window, now)
        compared = _compare_query(first, second, dataset, query, max_records)
    except RecursionError:
        return _not_compared(
            dataset.name, "unknown", "Not compared: a record is nested more deeply than can be read."
        )
    except WindowOutOfRangeError as error:
        return _not_compared(dataset.name, "unknown", f"Not compared: {str(error).partition(';')[0]}.")
    except LivePersonError as error:
        return _not_compared(dataset.name, "unknown", f"Not compared: reading failed. {error}")
    if not chosen.note:
        return compared
    return msgspec.structs.replace(compared, sentence=f"{compared.sentence} {chosen.note}")


def _compare_query(
    first: Side, second: Side, dataset: Dataset, query: Query, max_records: int
) -> DatasetComparison:
    """Look at both sides, and once more where they differ; what differs in every look is a difference."""
    by_key_only = _changes_all_the_time(dataset)
    differences = None
    for _ in range(MAX_LOOKS):
        with ExitStack() as stack:
            one, other = _read_both(stack, first, second, dataset, query, max_records, by_key_only)
            found = one.differences_from(other)
            differences = found if differences is None else found.seen_again(differences)
            compared = _described(first, second, dataset, query, one, other, differences, by_key_only)
        if compared.outcome == "agree":
            break
    return compared


def _changes_all_the_time(dataset: Dataset) -> bool:
    """Whether the contents of a dataset's rows change from one second to the next, such as the state of agents."""
    return dataset.is_snapshot and PULLED_AT in dataset.columns


def _read_both(
    stack: ExitStack,
    first: Side,
    second: Side,
    dataset: Dataset,
    query: Query,
    max_records: int,
    by_key_only: bool,
) -> Sequence[RecordSet]:
    """Read both sides at the same time, so that as little as possible changes in between.

    :raises LivePersonError: when one of the two cannot be read.
    """
    limit = None if dataset.is_snapshot else max_records
    results = run_within(
        [
            partial(RecordSet.read, side.client, dataset, query, limit, by_key_only=by_key_only)
            for side in (first, second)
        ],
        max_threads=2,
        seconds=NO_LIMIT,
        name="liveperson-compare",
    )
    sides = [stack.enter_context(result) for result in results if isinstance(result, RecordSet)]
    for result in results:
        if isinstance(result, Exception):
            raise result
    return sides


def _described(
    first: Side,
    second: Side,
    dataset: Dataset,
    query: Query,
    one: RecordSet,
    other: RecordSet,
    differences: Differences,
    by_key_only: bool,
) -> DatasetComparison:
    changed = differences.differing
    samples = (
        one.sample(differences.only_first, sum(differences.only_first.values())),
        other.sample(differences.only_second, sum(differences.only_second.values())),
        one.sample([] if by_key_only else changed, 0 if by_key_only else len(changed)),
    )
    agree = not any(sample.count for sample in samples)
    is_cut = one.is_cut or other.is_cut
    sentence = _sentence(first, second, (one.count, other.count), samples)
    if by_key_only and changed:
        sentence += f" {_records(len(changed))} changed between the two readings, as they do all the time."
    if is_cut:
        sentence += " There are more records, which were not compared."
    return DatasetComparison(
        dataset=dataset.name,
        outcome="agree" if agree else "differ",
        window=None if dataset.is_snapshot else (stamp(query.window.start), stamp(query.window.end)),
        records=(one.count, other.count),
        is_cut=is_cut,
        only_first=samples[0],
        only_second=samples[1],
        differing=samples[2],
        fields=[] if by_key_only else sorted(set().union(*changed.values())),
        sentence=sentence,
    )


def _sentence(
    first: Side,
    second: Side,
    counts: tuple[int, int],
    samples: tuple[RecordSample, RecordSample, RecordSample],
) -> str:
    if not any(sample.count for sample in samples):
        if not any(counts):
            return "Neither connection returned any records; try another window."
        return f"Both returned the same {_records(min(counts))}."
    only_first, only_second, differing = samples
    parts = [
        text
        for count, text in (
            (only_first.count, f"{_records(only_first.count)} only through {first.name}"),
            (only_second.count, f"{_records(only_second.count)} only through {second.name}"),
            (differing.count, f"{_records(differing.count)} with different contents"),
        )
        if count
    ]
    return f"Of {counts[0]} and {_records(counts[1])}: {', '.join(parts)}."


def _not_compared(name: str, outcome: Outcome, sentence: str) -> DatasetComparison:
    return DatasetComparison(dataset=name, outcome=outcome, sentence=sentence)


def _conclusion(first: Side, second: Side, compared: list[DatasetComparison]) -> tuple[bool, str]:
    names = {
        outcome: [it.dataset for it in compared if it.outcome == outcome]
        for outcome in ("agree", "differ", "one side", "unknown")
    }
    both = f"{first.name} and {second.name}"
    ok = bool(names["agree"]) and not (names["differ"] or names["one side"] or names["unknown"])
    if ok:
        return True, f"{both} agree in {', '.join(names['agree'])}."
    wrong = [
        f"{text} {', '.join(names[outcome])}"
        for outcome, text in (
            ("differ", "they differ in"),
            ("one side", "only one of them can read"),
            ("unknown", "could not compare"),
        )
        if names[outcome]
    ]
    return (
        False,
        f"{both} do not agree: {'; '.join(wrong) or 'there is nothing that both can read'}.",
    )


def _records(count: int) -> str:
    return f"{count} record" if count == 1 else f"{count} records"
