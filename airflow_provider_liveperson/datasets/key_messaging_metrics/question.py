"""What a request of Key Messaging Metrics asks, and the columns that say about which time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from airflow_provider_liveperson.datasets.key_messaging_metrics.columns import NEWER, RENAMED
from airflow_provider_liveperson.datasets.model.filters import milliseconds
from airflow_provider_liveperson.datasets.model.slices import Query
from airflow_provider_liveperson.datasets.readers.intervals import END, START, on_grid
from airflow_provider_liveperson.window import Window, stamp

MINUTE = timedelta(minutes=1)
BY_TIME = "metricsToRetrieveByTime"
NOW = "metricsToRetrieveCurrentValue"


@dataclass(frozen=True, kw_only=True)
class Question:
    """The body of a request.

    :param by_time: the metrics of the window that are asked for.
    :param now: the metrics of the moment of the request that are asked for.
    :param filters: what always stands in ``filters``, unless a filter says otherwise.
    :param beside: the filters whose place is beside ``filters``.
    :param unsent: the filters that are not sent, as they choose slices.
    """

    by_time: tuple[str, ...]
    now: tuple[str, ...] = ()
    filters: Mapping[str, Any] = field(default_factory=dict)
    beside: frozenset[str] = frozenset()
    unsent: frozenset[str] = frozenset()

    def describe(self, query: Query, *, narrowed: bool = False) -> dict[str, Any]:
        """What is asked of any window.

        :param query: the window, the filters and the cursor. Where it names metrics, all others are left out.
        :param narrowed: whether metrics that older accounts do not know are left out.
        """
        given = {name: value for name, value in query.filters.items() if name not in self.unsent}
        lists = {BY_TIME: list(self.by_time), NOW: list(self.now)}
        if BY_TIME in given or NOW in given:
            lists = {name: given[name] for name in lists if name in given}
        elif narrowed:
            lists = {name: list(older(metrics)) for name, metrics in lists.items()}
        outside = {BY_TIME, NOW, *self.beside}
        return {
            "filters": {
                **self.filters, **{name: value for name, value in given.items() if name not in outside}
            },
            **{name: metrics for name, metrics in lists.items() if metrics},
            **{name: value for name, value in given.items() if name in self.beside},
        }  # fmt: skip

    def body(
        self,
        query: Query,
        window: Window,
        *,
        narrowed: bool = False,
        filters: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The body of a request.

        :param query: the window, the filters and the cursor.
        :param window: the time of the slice.
        :param narrowed: whether metrics that older accounts do not know are left out.
        :param filters: what stands in ``filters`` in any case.
        """
        made = self.describe(query, narrowed=narrowed)
        return {**made, "filters": {"time": time_of(window), **made["filters"], **(filters or {})}}

    def narrowed_how(self, query: Query) -> str:
        """How a narrowed request differs, for people; empty where it does not.

        :param query: the window, the filters and the cursor.
        """
        if BY_TIME in query.filters or NOW in query.filters:
            return ""
        renamed = [f"{name} (asked for as {RENAMED[name]})" for name in self.by_time if name in RENAMED]
        left_out = [*(name for name in (*self.by_time, *self.now) if name in NEWER), *renamed]
        return f"without {', '.join(left_out)}" if left_out else ""


def older(metrics: Iterable[str]) -> Iterable[str]:
    """The metrics that older accounts know, by the names that they know.

    :param metrics: by their newest names.
    """
    return (RENAMED.get(name, name) for name in metrics if name not in NEWER)


def counted(window: Window) -> Window:
    """The time about which LivePerson answers: it rounds to whole minutes, outward.

    :param window: the window.
    """
    return Window(on_grid(window.start, MINUTE), on_grid(window.end, MINUTE, up=True))


def time_of(window: Window) -> dict[str, int]:
    """The time of a request. Both ends are inside, so that the last millisecond of the last minute is named.

    :param window: the window.
    """
    whole = counted(window)
    return {"from": milliseconds(whole.start), "to": milliseconds(whole.end) - 1}


def interval(window: Window) -> dict[str, str]:
    """The columns that say about which time a row is.

    :param window: the window.
    """
    whole = counted(window)
    return {START: stamp(whole.start), END: stamp(whole.end)}
