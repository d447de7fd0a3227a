"""How long the windows of a DAG are, where its schedule says so, and whether a dataset can be had in them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.exceptions import ConfigurationError

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset

_SOME_DAY = datetime(2026, 1, 1)
_A_SHORT_MONTH = datetime(2026, 2, 1)
_MAX_INTERVALS = 500
_PARTITIONS = {"%Y-%m-%d": timedelta(days=1), "%Y-%m-%dT%H": timedelta(hours=1)}


@dataclass(frozen=True)
class WindowLengths:
    """How long the windows of a schedule's runs are.

    :param shortest: the shortest of them.
    :param longest: the longest, such as the one over the night where a DAG runs in the daytime only.
    """

    shortest: timedelta
    longest: timedelta


def window_lengths(timetable: object) -> WindowLengths | None:
    """Return how long the windows of a schedule are.

    :param timetable: a DAG's ``timetable``.
    :returns: None where that cannot be known before a run: for DAGs that are triggered by hand or by assets, or
        whose runs have an empty interval, and for timetables that are not Airflow's own.
    """
    if not type(timetable).__module__.startswith("airflow."):
        return None
    match type(timetable).__name__:
        case "CronDataIntervalTimetable":
            return _between_runs(str(_attribute(timetable, "expression")))
        case "CronPartitionTimetable":
            return _by_delta(_PARTITIONS.get(str(_attribute(timetable, "key_format"))))
        case "DeltaDataIntervalTimetable":
            return _by_delta(_attribute(timetable, "delta"))
        case "CronTriggerTimetable" | "DeltaTriggerTimetable":
            return _by_delta(_attribute(timetable, "interval"))
        case "MultipleCronTriggerTimetable":
            (first, *_) = _attribute(timetable, "timetables")
            return _by_delta(_attribute(first, "interval"))
    return None


def check_schedule(dataset: Dataset, timetable: object, *, windows_back: int = 0) -> None:
    """Refuse a dataset in a DAG whose windows are all longer than LivePerson keeps its records.

    No run of such a DAG can succeed. If only some windows are too long, it warns.

    :param dataset: the dataset.
    :param timetable: the DAG's ``timetable``.
    :param windows_back: how many windows before that of the run are pulled.
    :raises ConfigurationError: naming the schedule, and what it can be.
    """
    lengths = window_lengths(timetable)
    if lengths is None or dataset.limits.can_serve(lengths.longest, back=windows_back):
        return
    problem = dataset.limits.why_not(dataset.name, lengths.longest, back=windows_back)
    if not dataset.limits.can_serve(lengths.shortest, back=windows_back):
        raise ConfigurationError(problem, field="schedule")
    warnings.warn(f"some runs of this DAG will fail: {problem}", stacklevel=3)


def _attribute(timetable: object, name: str) -> Any:
    """An attribute of a timetable; that of the scheduler's has an underscore before it."""
    return getattr(timetable, name, None) or getattr(timetable, f"_{name}", None)


def _by_delta(delta: Any) -> WindowLengths | None:
    """The lengths of a ``timedelta`` or, by the month, of a ``relativedelta``; None for no length."""
    if not delta:
        return None
    lengths = [start + delta - start for start in (_SOME_DAY, _A_SHORT_MONTH)]
    return WindowLengths(min(lengths), max(lengths))


@lru_cache
def _between_runs(expression: str) -> WindowLengths | None:
    from croniter import CroniterError, croniter

    try:
        runs = croniter(expression, _SOME_DAY)
        moments = [runs.get_next(datetime) for _ in range(_MAX_INTERVALS)]
    except CroniterError:
        return None  # Airflow says so
    lengths = [end - start for start, end in pairwise(moments)]
    return WindowLengths(min(lengths), max(lengths))
