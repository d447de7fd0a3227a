"""Finds out in a run which datasets a connection can read, for the mapped tasks that pull them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_liveperson.arguments import read_text
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    LivePersonError,
    PermissionDeniedError,
    ServiceUnavailableError,
    WindowOutOfRangeError,
)
from airflow_provider_liveperson.failures import fail, then_say_why
from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
from airflow_provider_liveperson.window import window_of_run

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_liveperson.datasets.model.dataset import Dataset
    from airflow_provider_liveperson.diagnostics.report import ConnectionReport, DatasetAccess
    from airflow_provider_liveperson.window import Window

log = logging.getLogger(__name__)


class LivePersonReadableDatasetsOperator(BaseOperator):
    """Of some pulls, return those whose datasets the connection can read and whose windows LivePerson can serve.

    Left out is what LivePerson refuses, what it keeps for less than a window, and, of windows that are past, what shows
    the present only. It asks LivePerson as ``airflow liveperson check`` does: with one small request for each dataset.
    What it leaves out, and why, is in its log. A dataset of which it is not known whether it can be read, because
    LivePerson answered with a server error or not in time, is not left out: its task tries again, and fails if it must.

    :param pulls: the arguments of a pull operator, each with its ``dataset``.
    :param start: the start of the window, if it is not that of the run. (templated)
    :param end: its end, likewise. (templated)
    :param allow_out_of_range: keep datasets, too, of which LivePerson has not the whole window.
    :param liveperson_conn_id: the LivePerson connection, of any LivePerson type. (templated)
    :raises AirflowFailException: for a permanent error, such as a wrong secret; its cause is the package's error.
    :raises LivePersonError: for any other error.
    """

    template_fields: Sequence[str] = ("start", "end", "liveperson_conn_id")
    ui_color = "#ffe3cc"

    def __init__(
        self,
        *,
        pulls: Sequence[dict[str, Any]],
        start: datetime | str | None = None,
        end: datetime | str | None = None,
        allow_out_of_range: bool = False,
        liveperson_conn_id: str = LivePersonHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.on_failure_callback = then_say_why(self.on_failure_callback)
        self.on_retry_callback = then_say_why(self.on_retry_callback)
        self.pulls = pulls
        self.start = start
        self.end = end
        self.allow_out_of_range = allow_out_of_range
        self.liveperson_conn_id = liveperson_conn_id

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Ask LivePerson.

        :param context: the task's context.
        :returns: those of the pulls that can succeed, in the same order.
        """
        try:
            return self._execute(context)
        except LivePersonError as error:
            fail(error)

    def _execute(self, context: Context) -> list[dict[str, Any]]:
        from airflow_provider_liveperson.datasets.catalog import DATASETS
        from airflow_provider_liveperson.diagnostics.checks import run_checks

        window = window_of_run(context, start=self.start, end=self.end, windows_back=0)
        asked = []
        for dataset in (DATASETS[name] for name in dict.fromkeys(pull["dataset"] for pull in self.pulls)):
            if problem := "" if self.allow_out_of_range else _why_not(dataset, window):
                log.warning("%s is left out: %s", dataset.name, problem)
            else:
                asked.append(dataset)
        if not asked:
            return []
        hook = LivePersonHook.for_connection(read_text(self.liveperson_conn_id, "liveperson_conn_id"))
        report = run_checks(hook, datasets=asked).connection
        if not report.ok:
            raise _nothing_readable(report)
        kept = {access.dataset for access in report.datasets if _is_kept(access)}
        log.info("%s Pulling %d of them", report.sentence, len(kept))
        return [pull for pull in self.pulls if pull["dataset"] in kept]


def _is_kept(access: DatasetAccess) -> bool:
    if access.status == "readable":
        return True
    if _may_be_readable(access):
        log.warning("%s is pulled all the same: %s", access.dataset, access.sentence)
        return True
    log.warning("%s is left out: %s", access.dataset, access.sentence)
    return False


def _why_not(dataset: Dataset, window: Window) -> str:
    """Why LivePerson cannot serve a window, whatever happened before; empty where it can, or could have.

    :param dataset: the dataset.
    :param window: the run's window.
    """
    if not dataset.limits.can_serve(window.length):
        return dataset.limits.why_not(dataset.name, window.length)
    if dataset.is_snapshot:
        try:
            dataset.check_range(window, datetime.now(UTC))
        except WindowOutOfRangeError as error:
            return str(error)
    return ""


def _may_be_readable(access: DatasetAccess) -> bool:
    """Whether it is not known, so that a pull, which tries for longer, has to find out."""
    from airflow_provider_liveperson.client.responses import Action, outcome_of_status

    if access.status == "refused" or not access.has_service:
        return False
    if access.answered is None:
        return True
    return outcome_of_status(access.answered).action not in (Action.FAIL, Action.RENEW)


def _nothing_readable(report: ConnectionReport) -> LivePersonError:
    """The error for a connection that reads none of the datasets.

    :param report: what LivePerson answered.
    """
    if report.refusal:
        return AuthenticationError(report.refusal, permanent=True)
    sentences = [report.sentence]
    sentences += [finding.sentence for finding in (report.services, report.token) if not finding.works]
    message = " ".join(dict.fromkeys(sentences))
    if any(_may_be_readable(access) for access in report.datasets):
        return ServiceUnavailableError(message)
    return PermissionDeniedError(message, permanent=True)
