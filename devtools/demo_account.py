"""The last part of the demo: a whole account by the example DAGs, and a table of what has landed of each dataset."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar

from rich.table import Table

from airflow_provider_liveperson.coverage.spans import midnight
from airflow_provider_liveperson.datasets.catalog import DATASETS

PREFIX = "account"
DAILY, DIMENSIONS, METRICS = (
    "liveperson_account_daily",
    "liveperson_dimensions_daily",
    "liveperson_operational_metrics",
)
DAGS = (DAILY, DIMENSIONS, METRICS)
CONNECTIONS = {"LIVEPERSON_CONN_ID": "liveperson_api_key", "LIVEPERSON_BEARER_CONN_ID": "liveperson_login"}
"""An API key, which reads almost everything, and a user's login for the rest."""

_LATEST_LAG = timedelta(minutes=5)
_HALF_HOUR = timedelta(minutes=30)
T = TypeVar("T")


@dataclass(frozen=True)
class LandedWindow:
    """A window as its manifest describes it.

    :param dataset: the dataset.
    :param start: its first instant, UTC.
    :param end: the first instant outside.
    :param rows: how many records landed.
    :param files: how many files hold them.
    :param complete: whether it is complete.
    """

    dataset: str
    start: datetime
    end: datetime
    rows: int
    files: int
    complete: bool

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> LandedWindow:
        """Read a manifest."""
        return cls(
            dataset=manifest["dataset"],
            start=datetime.fromisoformat(manifest["window_start"]),
            end=datetime.fromisoformat(manifest["window_end"]),
            rows=manifest["counts"]["kept"],
            files=len(manifest["parts"]),
            complete=manifest["complete"],
        )

    @property
    def span(self) -> str:
        """The window: a day, or a day with times."""
        if self.end - self.start == timedelta(days=1) and self.start.time() == time():
            return f"{self.start:%Y-%m-%d}"
        return f"{self.start:%Y-%m-%d %H:%M}-{self.end:%H:%M}"


def run_date(dag_id: str, now: datetime) -> str:
    """The date for which a DAG pulls the window that is complete and can still be had.

    The day before yesterday is complete in all datasets, whatever the time is. What shows the present only is in
    yesterday's run, and what LivePerson keeps for a day in that of the last half-hour.

    :param dag_id: one of :data:`DAGS`.
    :param now: the present, aware, UTC.
    """
    today = midnight(now)
    settled = now - _LATEST_LAG
    # A manual run covers the last interval that ended by its date.
    dates = {
        DAILY: today - timedelta(days=1),
        DIMENSIONS: today,
        METRICS: today + (settled - today) // _HALF_HOUR * _HALF_HOUR,
    }
    return dates[dag_id].isoformat()


def within_a_day(attempt: Callable[[datetime], T]) -> T:
    """Do what has to end on the day on which it begins: once more, if it failed while midnight passed.

    So it is with what shows the present only: yesterday's window can be had until midnight.

    :param attempt: what is given the present, and raises if it failed.
    :returns: what it returns.
    """
    began = datetime.now(UTC)
    try:
        return attempt(began)
    except Exception:
        now = datetime.now(UTC)
        if midnight(now) == midnight(began):
            raise
        return attempt(now)


def latest(manifests: Iterable[bytes]) -> dict[str, LandedWindow]:
    """The latest window of each dataset, by the dataset's name.

    :param manifests: all manifests, as stored.
    """
    found = sorted((LandedWindow.of(json.loads(text)) for text in manifests), key=lambda window: window.end)
    return {window.dataset: window for window in found}


def problems(windows: Mapping[str, LandedWindow]) -> list[str]:
    """What is wrong with the windows: one of each dataset has to have landed completely."""
    missing = [f"no window of {name} has landed" for name in DATASETS if name not in windows]
    return missing + [
        f"the window of {window.dataset} is not complete"
        for window in windows.values()
        if not window.complete
    ]


def table(windows: Mapping[str, LandedWindow]) -> Table:
    """A table of all datasets, in 80 columns and the catalog's order."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("dataset", "window (UTC)"):
        made.add_column(name, no_wrap=True)
    for name in ("rows", "files"):
        made.add_column(name, justify="right", no_wrap=True)
    for name in DATASETS:
        if window := windows.get(name):
            made.add_row(name, window.span, str(window.rows), str(window.files))
        else:
            made.add_row(name, "nothing has landed", "-", "-")
    return made
