"""What a large account costs, reckoned from measured figures: ``python -m benchmarks.scaling [--write]``.

It prints the tables in ``docs/scaling.md``; with ``--write`` it puts them there.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow_provider_liveperson.landing.parts import ROLL_AT
from airflow_provider_liveperson.pull.prefetch import MAX_ON_DISK
from benchmarks.figures import MB, PARALLEL, SLOW_MS, Case
from benchmarks.report import cases_of, side_rows

DOCUMENT = Path(__file__).parent.parent / "docs" / "scaling.md"
RESULTS = Path(__file__).parent / "results.json"

ACCOUNT = 50_000_000
MILLION = 1_000_000
GB = 1_000_000_000
TASKS = (1, 4, 16)

_BEGIN = "<!-- figures: python -m benchmarks.scaling --write -->"
_END = "<!-- end of figures -->"


def tables(result: Mapping[str, Any]) -> str:
    """The tables, as Markdown.

    :param result: the JSON that ``make bench`` has written.
    """
    cases = cases_of(result)
    size, machine = result["size"], result["machine"]
    slow = cases[Case("package", size, SLOW_MS, PARALLEL)]
    fast = cases[Case("package", size, 0, PARALLEL)]
    one = cases[Case("package", 1, SLOW_MS, 1)]
    small, large = (
        max(
            found.peak_rss_bytes
            for case, found in cases.items()
            if (case.road, case.size, case.threads) == ("package", amount, PARALLEL)
        )
        for amount in (1, size)
    )
    peak = max(small, large)
    per_record = {
        "requests": slow.requests / slow.records,
        "received": slow.received_bytes / slow.records,
        "stored": slow.stored_bytes / slow.records,
        "cpu": fast.cpu_seconds / fast.records,
    }
    hours = MILLION / slow.rate / 3600
    # What waits for its upload, of a day that is committed and of the next one, and what is written.
    spool = ROLL_AT * (2 + per_record["stored"] / per_record["received"]) + MAX_ON_DISK
    lines = [
        f"Measured {result['made_at'][:10]} on {machine['cpus']} x {machine['cpu']}, Python"
        f" {result['versions']['python']}, Airflow {result['versions']['apache-airflow']}, gzip by {result['gzip']};"
        f" conversations of {per_record['received'] / 1000:.0f} KB of JSON, {SLOW_MS} ms before every page.",
        "",
        f"| | a million conversations | {ACCOUNT // MILLION} million |",
        "| --- | --- | --- |",
        _row("requests, pages of 100", per_record["requests"] * MILLION, "", ",.0f"),
        _row("JSON received", per_record["received"] * MILLION / GB, " GB", ",.1f"),
        _row("stored, JSON Lines with gzip", per_record["stored"] * MILLION / GB, " GB", ",.1f"),
        _row("CPU time of the tasks", per_record["cpu"] * MILLION / 3600, " h", ",.2f"),
        _row("one task, `max_concurrency=1`", MILLION / one.rate / 3600, " h", ",.2f"),
        *(
            _row(
                f"{tasks} task{'s' if tasks > 1 else ''} at once, `max_concurrency={PARALLEL}`",
                hours / tasks,
                " h",
                ",.2f",
            )
            for tasks in TASKS
        ),
        "",
        "| tasks at once | requests under way | requests a second | memory, all tasks | on disk, at most |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {tasks} | {tasks * PARALLEL} | {tasks * slow.requests / slow.seconds:,.0f} |"
            f" {tasks * peak / GB:,.2f} GB | {tasks * spool / MB:,.0f} MB |"
            for tasks in TASKS
        ),
        "",
        f"Every task takes {peak / MB:.0f} MB at its peak, of which {result['idle_rss_bytes'] / MB:.0f} MB are"
        f" Airflow's SDK and {(result['idle_s3_rss_bytes'] - result['idle_rss_bytes']) / MB:.0f} MB the Amazon"
        f" provider; {size} times the data takes {large / small:.2f} times as much. Several tasks at once are"
        " reckoned, not measured: they are"
        " independent of each other as long as there is a CPU for each and LivePerson answers as fast.",
        "",
        _short(result),
        *_side_roads(result),
        *_measured_again(result),
    ]
    return "\n".join(lines)


def _row(text: str, of_a_million: float, unit: str, digits: str) -> str:
    return f"| {text} | {of_a_million:{digits}}{unit} | {of_a_million * (ACCOUNT / MILLION):{digits}}{unit} |"


def _side_roads(result: Mapping[str, Any]) -> list[str]:
    """What masking and Parquet cost, against the plain ways to do the same."""
    if "side_roads" not in result:
        return []
    return [
        "",
        "Masking and Parquet work beside the download. Megabytes of JSON for each second of CPU time:",
        "",
        "| | this package | the other | ratio |",
        "| --- | --- | --- | --- |",
        *(f"| {' | '.join(row)} |" for row in side_rows(result["side_roads"])),
        "",
        "The loop is `msgspec.json.decode` → `hmac.digest` → `msgspec.json.encode`, which does not keep the bytes of"
        " the values beside. DuckDB has the same columns declared, and drops what they do not hold.",
    ]


def _measured_again(result: Mapping[str, Any]) -> list[str]:
    """When short windows, masking and Parquet were measured, if that was another day."""
    day = result.get("side_roads_made_at", result["made_at"])[:10]
    if day == result["made_at"][:10]:
        return []
    return ["", f"Short windows, masking and Parquet were measured again {day}."]


def _short(result: Mapping[str, Any]) -> str:
    day, hour, latest = (result["windows"][name]["ratio"] for name in ("day", "hour", "latest_hour"))
    return (
        "By the default cursor, the two days after a window are looked at by heads, because a survey moves the end of"
        " its conversation by up to two days; of these, only what belongs to the window is downloaded. Windows of a"
        f" past day download {day:.2f} times the bytes that they keep. The latest hour downloads {latest:.2f} times"
        f" what it keeps, as there is hardly anything after it yet; a past hour downloads {hour:.2f} times."
    )


def write(results: Path, document: Path = DOCUMENT) -> None:
    """Put the tables into the document.

    :param results: the JSON file.
    :param document: the page, with both marks.
    """
    made = tables(json.loads(results.read_text()))
    text = document.read_text()
    pattern = re.compile(f"{re.escape(_BEGIN)}.*?{re.escape(_END)}", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{document} has no place for the figures between {_BEGIN} and {_END}")
    document.write_text(pattern.sub(lambda _: f"{_BEGIN}\n\n{made}\n\n{_END}", text))


def main() -> None:
    """Print the tables, or write them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("results", nargs="?", type=Path, default=RESULTS)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/scaling.md")
    given = parser.parse_args()
    if given.write:
        write(given.results)
    else:
        print(tables(json.loads(given.results.read_text())))


if __name__ == "__main__":
    main()
