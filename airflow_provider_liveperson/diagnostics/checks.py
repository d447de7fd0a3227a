"""A check as the command and the page run it: of one Airflow connection, or of two against each other."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack, closing
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.retries import NO_RETRIES
from airflow_provider_liveperson.client.run_within import run_within
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.diagnostics.comparison import (
    MAX_RECORDS,
    NO_LIMIT,
    Side,
    check_accounts,
    compare,
)
from airflow_provider_liveperson.diagnostics.progress import OnProgress, Progress
from airflow_provider_liveperson.diagnostics.reachability import check_reachability, seconds_for
from airflow_provider_liveperson.diagnostics.report import CheckReport, ConnectionReport

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset
    from airflow_provider_liveperson.hooks.liveperson import LivePersonHook


def run_checks(
    hook: LivePersonHook,
    against: LivePersonHook | None = None,
    *,
    datasets: Iterable[Dataset] | None = None,
    start: str | None = None,
    end: str | None = None,
    max_records: int = MAX_RECORDS,
    seconds: float | None = None,
    on_progress: OnProgress | None = None,
) -> CheckReport:
    """Check a connection, and compare it with another.

    :param hook: the connection's hook.
    :param against: the hook of the connection to compare with; None for no comparison.
    :param datasets: the datasets to check; default: the whole catalog.
    :param start: first instant to compare, ISO 8601 with an offset; default: see
        :func:`~airflow_provider_liveperson.diagnostics.comparison.compare`.
    :param end: first instant outside, likewise.
    :param max_records: how many records of a dataset to compare at most.
    :param seconds: how long the comparison may take, in which nothing is retried; None for as long as it takes. The
        check of each connection before it is bounded in any case.
    :param on_progress: is called with the progress, first of the checks, then of the comparison.
    :raises ConfigurationError: for a bad argument or connection.
    """
    checked = list(DATASETS.values() if datasets is None else datasets)
    hooks = [hook] if against is None else [hook, against]
    with ExitStack() as stack:
        clients = [
            stack.enter_context(
                closing(one.new_client(schedule=NO_RETRIES, budget=seconds_for(len(checked))))
            )
            for one in hooks
        ]
        if against is not None:
            names = (hook.liveperson_conn_id, against.liveperson_conn_id)
            check_accounts(clients[0], clients[1], names=names)
        reports = _check_all(hooks, clients, checked, on_progress)
    if against is None:
        return CheckReport(connection=reports[0])
    with ExitStack() as stack:
        schedule = None if seconds is None else NO_RETRIES
        first, second = (
            Side(
                client=stack.enter_context(closing(one.new_client(schedule=schedule, budget=seconds))),
                report=report,
            )
            for one, report in zip(hooks, reports, strict=True)
        )
        comparison = compare(
            first,
            second,
            start=start,
            end=end,
            max_records=max_records,
            seconds=seconds,
            on_progress=on_progress,
        )
    return CheckReport(connection=reports[0], against=reports[1], comparison=comparison)


def _check_all(
    hooks: list[LivePersonHook],
    clients: list[LivePersonClient],
    datasets: list[Dataset],
    on_progress: OnProgress | None,
) -> list[ConnectionReport]:
    """Check one connection, or two at the same time."""
    said = [hook.privacy().sentence for hook in hooks]
    both = None if on_progress is None else _Sum(on_progress, parts=len(clients), total=len(datasets))
    results = run_within(
        [
            partial(
                check_reachability,
                client,
                name=hook.liveperson_conn_id,
                datasets=datasets,
                on_progress=None if both is None else both.part(at),
            )
            for at, (hook, client) in enumerate(zip(hooks, clients, strict=True))
        ],
        max_threads=len(clients),
        seconds=NO_LIMIT,
    )
    reports = []
    for result, privacy in zip(results, said, strict=True):
        if isinstance(result, Exception):
            raise result
        if result is not None:
            reports.append(msgspec.structs.replace(result, privacy=privacy))
    return reports


class _Sum:
    """The progress of checks that run at the same time, as one.

    :param listener: is called with it.
    :param parts: how many checks there are.
    :param total: how many datasets each of them looks at.
    """

    def __init__(self, listener: OnProgress, *, parts: int, total: int) -> None:
        self._listener = listener
        self._parts = [Progress(step="check", done=0, total=total, current=[]) for _ in range(parts)]
        self._lock = Lock()

    def part(self, at: int) -> OnProgress:
        """Takes the progress of one of them.

        :param at: its number, from 0.
        """

        def report(progress: Progress) -> None:
            with self._lock:
                self._parts[at] = progress
                names = [name for part in self._parts for name in part.current]
                self._listener(
                    Progress(
                        step="check",
                        done=sum(part.done for part in self._parts),
                        total=sum(part.total for part in self._parts),
                        current=list(dict.fromkeys(names)),
                    )
                )

        return report
