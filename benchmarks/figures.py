"""From runs to figures: which of the repeats counts, the ratios, and the targets. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

MB = 1_000_000
PARALLEL = 8
SLOW_MS = 200


class Case(NamedTuple):
    """What is run.

    :param road: ``floor``, ``package``, ``parquet`` or ``by_hand``.
    :param size: how much data, as a multiple of the smallest.
    :param latency_ms: the sandbox's wait before every page.
    :param threads: how many requests may be under way at once.
    """

    road: str
    size: int
    latency_ms: int
    threads: int


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a case has come to. The fastest of its repeats counts, because noise only ever adds time.

    :param records: landed; for the floor those of the pull whose requests it sends.
    :param seconds: of the fastest run.
    :param cpu_seconds: of the same run.
    :param requests: of the same run.
    :param received_bytes: of the same run.
    :param stored_bytes: of the same run.
    :param peak_rss_bytes: the greatest of all its runs.
    :param all_seconds: of all its runs, in their order.
    """

    records: int
    seconds: float
    cpu_seconds: float
    requests: int
    received_bytes: int
    stored_bytes: int
    peak_rss_bytes: int
    all_seconds: list[float]

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.seconds

    @property
    def megabytes(self) -> float:
        """Megabytes received a second."""
        return self.received_bytes / MB / self.seconds


def figures_of(runs: Iterable[Mapping[str, Any]], *, records: int | None = None) -> Figures:
    """Sum up the runs of one case.

    :param runs: what :mod:`benchmarks.measured` printed, at least one.
    :param records: their number, for a road that does not count them.
    """
    told = list(runs)
    best = min(told, key=lambda run: float(run["seconds"]))
    return Figures(
        records=best["records"] if records is None else records,
        seconds=best["seconds"],
        cpu_seconds=best["cpu_seconds"],
        requests=best["requests"],
        received_bytes=best["received_bytes"],
        stored_bytes=best["stored_bytes"],
        peak_rss_bytes=max(run["peak_rss_bytes"] for run in told),
        all_seconds=[run["seconds"] for run in told],
    )


def against_floor(results: Mapping[Case, Figures], case: Case) -> float | None:
    """The rate as a share of that of the bare download with as many threads, or None where that was not run."""
    floor = results.get(case._replace(road="floor"))
    return None if floor is None or case.road == "floor" else results[case].rate / floor.rate


def against_by_hand(results: Mapping[Case, Figures], case: Case) -> float | None:
    """The rate as a multiple of that of ``HttpOperator`` at the same latency, on as much data as that can take."""
    by_hand = results.get(Case("by_hand", 1, case.latency_ms, 1))
    return None if by_hand is None or case.road != "package" else results[case].rate / by_hand.rate


@dataclass(frozen=True, kw_only=True)
class Target:
    """Something that has to be reached.

    :param text: what, for people.
    :param unit: of the figure.
    :param bound: the least, or the most where ``at_most``.
    :param figure: what it came to; None where a run for it failed.
    :param at_most: whether less is better.
    """

    text: str
    unit: str
    bound: float
    figure: float | None
    at_most: bool = False

    @property
    def is_met(self) -> bool:
        """Whether it was reached."""
        if self.figure is None:
            return False
        return self.figure <= self.bound if self.at_most else self.figure >= self.bound


def side_targets(side_roads: Mapping[str, Any]) -> list[Target]:
    """The targets of masking and Parquet by themselves.

    :param side_roads: what :mod:`benchmarks.side_roads` printed.
    """
    masking = [
        Target(
            text=f"hash_fields against a msgspec loop: {paths}", unit="x", bound=1.0, figure=found["ratio"]
        )
        for paths, found in side_roads["masking"].items()
    ]
    return [
        *masking,
        Target(
            text="Parquet against DuckDB's COPY, single thread, gzip, the same columns",
            unit="x",
            bound=1.0,
            figure=side_roads["parquet"]["gzip"]["ratio"],
        ),
    ]


WINDOWS = {"day": "a past day", "hour": "a past hour", "latest_hour": "the latest hour"}
"""The kinds of short windows, as :mod:`benchmarks.windows` names them, for people."""


def window_targets(windows: Mapping[str, Any]) -> list[Target]:
    """The targets of short windows.

    :param windows: what :mod:`benchmarks.windows` printed.
    """
    return [
        Target(
            text=f"bytes downloaded for each byte kept, {WINDOWS[name]}",
            unit="x",
            bound=bound,
            figure=windows[name]["ratio"],
            at_most=True,
        )
        for name, bound in (("day", 1.15), ("hour", 1.6), ("latest_hour", 1.3))
    ]


def targets(
    results: Mapping[Case, Figures], *, idle_rss_bytes: int, import_seconds: float, size: int
) -> list[Target]:
    """Hold the figures against the targets.

    :param results: the figures of every case that ran.
    :param idle_rss_bytes: the memory of a Python that has imported Airflow's SDK.
    :param import_seconds: what importing the operator's module costs beyond Airflow's SDK.
    :param size: the larger amount of data, as a multiple of the smallest.
    """

    def ratio(of: Callable[[Mapping[Case, Figures], Case], float | None], case: Case) -> float | None:
        return of(results, case) if case in results else None

    def peak(of_size: int, road: str = "package") -> int | None:
        peaks = [
            found.peak_rss_bytes
            for case, found in results.items()
            if case.road == road and case.size == of_size and case.threads == PARALLEL
        ]
        return max(peaks, default=None)

    large, small = peak(size), peak(1)
    large_parquet, small_parquet = peak(size, "parquet"), peak(1, "parquet")
    fast = [Case("package", size, 0, threads) for threads in (1, PARALLEL)]
    slow = Case("package", size, SLOW_MS, PARALLEL)
    return [
        *(
            Target(
                text=f"share of the bare download's speed, {case.threads} thread(s), 0 ms",
                unit="",
                bound=0.6,
                figure=ratio(against_floor, case),
            )
            for case in fast
        ),
        Target(
            text=f"share of the bare download's speed, {PARALLEL} threads, {SLOW_MS} ms",
            unit="",
            bound=0.9,
            figure=ratio(against_floor, slow),
        ),
        Target(
            text=f"times HttpOperator's speed, max_concurrency={PARALLEL}, 0 ms",
            unit="x",
            bound=4.0,
            figure=ratio(against_by_hand, fast[-1]),
        ),
        Target(
            text=f"times HttpOperator's speed, max_concurrency={PARALLEL}, {SLOW_MS} ms",
            unit="x",
            bound=6.0,
            figure=ratio(against_by_hand, slow),
        ),
        Target(
            text=f"peak memory with {size} times the data, as a multiple of that with the data once",
            unit="x",
            bound=1.1,
            figure=None if large is None or small is None else large / small,
            at_most=True,
        ),
        Target(
            text="peak memory above an idle Python with Airflow's SDK",
            unit="MB",
            bound=100.0,
            figure=None if large is None or small is None else (max(large, small) - idle_rss_bytes) / MB,
            at_most=True,
        ),
        Target(
            text=f"peak memory of Parquet with {size} times the data, as a multiple of that with the data once",
            unit="x",
            bound=1.1,
            figure=None if large_parquet is None or small_parquet is None else large_parquet / small_parquet,
            at_most=True,
        ),
        Target(
            text="peak memory of Parquet above JSON Lines",
            unit="MB",
            bound=150.0,
            figure=None if large is None or large_parquet is None else (large_parquet - large) / MB,
            at_most=True,
        ),
        Target(
            text="importing the operator's module, beyond Airflow's SDK",
            unit="ms",
            bound=50.0,
            figure=import_seconds * 1000,
            at_most=True,
        ),
    ]
