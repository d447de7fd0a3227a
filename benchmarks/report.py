"""The tables that people read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.figures import MB, PARALLEL, WINDOWS, Case, Figures, against_by_hand, against_floor
from benchmarks.imports import typical

_NAMES = {
    "floor": "bare download",
    "package": "this package",
    "parquet": "... as Parquet",
    "by_hand": "HttpOperator",
    "plan": "the first pull",
    "idle": "an idle Python",
    "idle_s3": "an idle Python with an S3 client",
}
_ORDER = ("floor", "package", "parquet", "by_hand")


def name(case: Case) -> str:
    """What a road is called."""
    return _NAMES[case.road]


def conditions(case: Case) -> str:
    """Under which conditions a case runs."""
    return f"{case.size}x data, {case.latency_ms} ms, {case.threads} thread(s)"


def cases_of(result: Mapping[str, Any]) -> dict[Case, Figures]:
    """The figures of a JSON file."""
    wanted = [field.name for field in fields(Figures)]
    return {
        Case(told["road"], told["size"], told["latency_ms"], told["threads"]): Figures(
            **{name: told[name] for name in wanted}
        )
        for told in result["cases"]
    }


def show(console: Console, result: Mapping[str, Any]) -> None:
    """Print everything.

    :param console: where.
    :param result: what is written to the JSON file.
    """
    cases, machine = cases_of(result), result["machine"]
    console.print()
    console.print(_speed(cases))
    console.print()
    fastest = max((found.megabytes for case, found in cases.items() if case.road == "floor"), default=0.0)
    lines = [
        f"Data: once is {_records(cases, 1)}, {result['size']} times is {_records(cases, result['size'])}. The"
        f" fastest of {result['repeats']} runs, each in a process of its own; memory is the greatest.",
        "Bare download: the requests of the pull, sent with requests by the package's session, signed alike; the"
        " answers are thrown away.",
        "HttpOperator: pages in turn, parsed and dumped by json, one load_string; it cannot page beyond 10,000.",
        f"The sandbox, a process beside it, gave {fastest:.0f} MB/s at most. What a road reaches of that is bound"
        f" by the {machine['cpus']} CPUs that they share.",
        f"Memory: Airflow's SDK alone takes {result['idle_rss_bytes'] / MB:.0f} MB, with an S3 client"
        f" {result['idle_s3_rss_bytes'] / MB:.0f} MB. Import of the operator beyond the SDK:"
        f" {typical(result['import_seconds']) * 1000:.0f} ms.",
        f"Machine: {machine['cpus']} x {machine['cpu']}, {machine['system']}; load {machine['load_before']} before,"
        f" {machine['load_after']} after. gzip by {result['gzip']}.",
        "Versions: " + ", ".join(f"{name} {version}" for name, version in result["versions"].items()),
    ]
    for line in lines:
        console.print(line, markup=False)
    console.print()
    if "side_roads" in result:
        show_side_roads(console, result["side_roads"])
    console.print(_targets(result))
    for problem in result["problems"]:
        console.print(f"Incomplete: {problem}", style="bold red", markup=False)


def side_rows(side_roads: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Masking and Parquet by themselves: what, both rates, and the ratio, as text.

    :param side_roads: what :mod:`benchmarks.side_roads` printed.
    """
    masking, parquet = side_roads["masking"], side_roads["parquet"]
    told = [(f"hash_fields against a msgspec loop: {paths}", found) for paths, found in masking.items()]
    if "unknown_fields" in side_roads:
        told.append(('unknown_fields="drop" against a msgspec loop', side_roads["unknown_fields"]))
    told += [
        (f"Parquet against DuckDB's COPY, single thread, {codec}", found) for codec, found in parquet.items()
    ]
    return [
        (
            text,
            f"{found['package']:.0f}",
            f"{found['msgspec' if 'msgspec' in found else 'duckdb']:.0f}",
            f"{found['ratio']:.2f}",
        )
        for text, found in told
    ]


def show_side_roads(console: Console, side_roads: Mapping[str, Any]) -> None:
    """Print how masking and Parquet do by themselves."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("MB of JSON for each second of CPU time", overflow="fold")
    for title in ("this package", "the other", "ratio"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in side_rows(side_roads):
        table.add_row(*row)
    console.print(table)
    console.print()


def show_windows(console: Console, windows: Mapping[str, Any]) -> None:
    """Print what short windows download."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("windows by the default cursor", overflow="fold")
    for title in ("conversations", "MB kept", "MB downloaded", "ratio"):
        table.add_column(title, justify="right", no_wrap=True)
    for name, found in windows.items():
        table.add_row(
            f"{found['windows']} × {WINDOWS[name]}",
            f"{found['records']:,}",
            f"{found['kept_bytes'] / MB:.1f}",
            f"{found['received_bytes'] / MB:.1f}",
            f"{found['ratio']:.2f}",
        )
    console.print(table)
    console.print()


def _records(cases: Mapping[Case, Figures], size: int) -> str:
    for case, found in cases.items():
        if case.road == "package" and case.size == size:
            return f"{found.records:,} conversations, {found.received_bytes / MB:,.0f} MB of JSON"
    return "nothing"


def _speed(cases: Mapping[Case, Figures]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("latency", "data", "threads"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for title in ("seconds", "records/s", "MB/s", "CPU s", "requests", "peak MB", "of bare", "x HttpOp."):
        table.add_column(title, justify="right", no_wrap=True)

    def place(case: Case) -> tuple[int, int, int, int]:
        return case.latency_ms, case.size, case.threads, _ORDER.index(case.road)

    before: tuple[int, int] | None = None
    for case in sorted(cases, key=place):
        found = cases[case]
        if before not in (None, (case.latency_ms, case.size)):
            table.add_section()
        before = case.latency_ms, case.size
        share, times = against_floor(cases, case), against_by_hand(cases, case)
        table.add_row(
            f"{case.latency_ms} ms",
            f"{case.size}x",
            str(case.threads),
            _NAMES[case.road],
            f"{found.seconds:.2f}",
            f"{found.rate:,.0f}",
            f"{found.megabytes:.1f}",
            f"{found.cpu_seconds:.2f}",
            str(found.requests),
            f"{found.peak_rss_bytes / MB:.0f}",
            "" if share is None else f"{share:.2f}",
            "" if times is None else f"{times:.1f}",
            style="bold" if case.road == "package" and case.threads == PARALLEL else None,
        )
    return table


def _targets(result: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("target", overflow="fold")
    for title in ("wanted", "reached", ""):
        table.add_column(title, justify="right", no_wrap=True)
    for target in result["targets"]:
        unit = f" {target['unit']}" if target["unit"] else ""
        bound = f"{'at most' if target['at_most'] else 'at least'} {target['bound']:g}{unit}"
        figure = target["figure"]
        digits = 0 if unit in (" MB", " ms") else 2
        table.add_row(
            target["text"],
            bound,
            "-" if figure is None else f"{figure:.{digits}f}{unit}",
            "met" if target["met"] else "[bold red]missed[/]",
        )
    return table
