"""One Airflow connection, or two against each other: what the command and the page have in common."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider_liveperson.client.retries import NO_RETRIES
from airflow_provider_liveperson.diagnostics.comparison import MOST, Side, check_accounts, compare
from airflow_provider_liveperson.diagnostics.reachability import BUDGET, check
from airflow_provider_liveperson.diagnostics.report import Comparison, Report

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset
    from airflow_provider_liveperson.hooks.liveperson import LivePersonHook


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found out.

    :param report: what the connection can reach.
    :param other: what the other one can reach, if there is one.
    :param comparison: whether both read the same, if there are two.
    """

    report: Report
    other: Report | None = None
    comparison: Comparison | None = None

    @property
    def ok(self) -> bool:
        """Whether all is as it should be."""
        return self.report.ok if self.comparison is None else self.comparison.ok


def find_out(
    hook: LivePersonHook,
    against: LivePersonHook | None = None,
    *,
    datasets: Iterable[Dataset] | None = None,
    start: str | None = None,
    end: str | None = None,
    most: int = MOST,
    budget: float | None = None,
) -> Found:
    """Check a connection, and compare it with another.

    :param hook: of the connection.
    :param against: of the other one.
    :param datasets: what to look at; default: the whole catalog.
    :param start: first instant to compare, ISO 8601 with an offset; default: see :func:`compare`.
    :param end: first instant that is not compared.
    :param most: how many records of a dataset are compared at most.
    :param budget: seconds that each side of a comparison may take, without repeating anything, where somebody waits at
        a page; None for as long as it takes.
    :raises ConfigurationError: for an argument or a connection that cannot be.
    """
    looked_at = None if datasets is None else list(datasets)
    hooks = [hook] if against is None else [hook, against]

    def checked(hook: LivePersonHook) -> Report:
        with closing(hook.new_client(schedule=NO_RETRIES, budget=BUDGET)) as client:
            return check(client, name=hook.liveperson_conn_id, datasets=looked_at)

    if against is None:
        return Found(report=checked(hook))
    schedule = None if budget is None else NO_RETRIES
    with ExitStack() as stack:
        clients = [
            stack.enter_context(closing(hook.new_client(schedule=schedule, budget=budget))) for hook in hooks
        ]
        check_accounts(clients[0], clients[1], names=(hook.liveperson_conn_id, against.liveperson_conn_id))
        reports = [checked(hook) for hook in hooks]
        first, second = (
            Side(client=client, report=report) for client, report in zip(clients, reports, strict=True)
        )
        comparison = compare(first, second, start=start, end=end, most=most)
    return Found(report=reports[0], other=reports[1], comparison=comparison)
