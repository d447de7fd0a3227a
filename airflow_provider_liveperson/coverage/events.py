"""What has landed, as the events of assets say: what tasks have reported to Airflow, without a look into any store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from airflow_provider_liveperson.coverage.series import Series
from airflow_provider_liveperson.coverage.states import Status, WindowState
from airflow_provider_liveperson.exceptions import LivePersonError
from airflow_provider_liveperson.window import Window


@dataclass(frozen=True, kw_only=True)
class TaskRun:
    """The task instance that has landed something.

    :param dag_id: its DAG.
    :param run_id: its DAG run.
    :param task_id: the task.
    :param at: when it reported it.
    """

    dag_id: str
    run_id: str
    task_id: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class ReportedWindow:
    """A window that has landed, as a task has reported it.

    :param state: what it has reported.
    :param by: the task.
    :param pull: the whole window of the task, which may be of several days.
    """

    state: WindowState
    by: TaskRun
    pull: Window


class _Window(msgspec.Struct):
    window_start: datetime
    window_end: datetime
    records: int
    complete: bool
    reported: int | None = None
    erased: int = 0


class _Summary(msgspec.Struct):
    """The extra of an event, as far as it is needed."""

    dataset: str
    account_id: str
    window_start: datetime
    window_end: datetime
    manifests: list[str]
    windows: list[_Window]


Place = tuple[str, Series]
"""The address of a landing, such as ``s3://bucket/prefix``, and what of it."""


def reported_windows(
    events: Iterable[tuple[Mapping[str, Any], TaskRun]],
) -> dict[Place, dict[Window, ReportedWindow]]:
    """The windows that have landed, each as the last of its events says.

    :param events: their extra and their task, in any order; what is not of this package is left out.
    """
    found: dict[Place, dict[Window, ReportedWindow]] = {}
    for extra, by in sorted(events, key=lambda event: event[1].at):
        try:
            summary = msgspec.convert(extra, _Summary)
            pull = Window(summary.window_start, summary.window_end)
            for manifest, window in zip(summary.manifests, summary.windows, strict=True):
                state = _state(summary, manifest, window)
                place = (landing_of(manifest, summary.dataset, summary.account_id), _series(summary))
                found.setdefault(place, {})[state.window] = ReportedWindow(state=state, by=by, pull=pull)
        except (msgspec.ValidationError, ValueError, LivePersonError):
            continue  # of another kind
    return found


def landing_of(manifest: str, dataset: str, account_id: str) -> str:
    """The address of the landing that a manifest is in.

    :param manifest: its address.
    :param dataset: the dataset that it is about.
    :param account_id: the account that it is about.
    :raises ValueError: for an address that is not in the layout.
    """
    landing, found, _ = manifest.rpartition(f"/{dataset}/account_id={account_id}/")
    if not found:
        raise ValueError(manifest)
    return landing


def _series(summary: _Summary) -> Series:
    return Series(dataset=summary.dataset, account_id=summary.account_id)


def _state(summary: _Summary, manifest: str, window: _Window) -> WindowState:
    return WindowState(
        dataset=summary.dataset,
        account_id=summary.account_id,
        window=Window(window.window_start, window.window_end),
        status=Status.COMPLETE if window.complete else Status.PARTIAL,
        manifest=manifest,
        reported=window.reported,
        kept=window.records,
        erased=window.erased,
    )
