"""One measured run in a process of its own: ``python -m benchmarks.measured '{"road": …}'``.

The last line that it prints is one JSON object. Libraries are imported before the clock starts, as Airflow's own
start is not measured either; the token, the clients and their connections are made while it runs.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

BUCKET = "bench"
DATASET = "messaging_interactions"
SOURCE = "{source}"
CONN_ID = "liveperson_bench"
LATE_IMPORTS = (
    "airflow_provider_liveperson.client.credentials.app_jwt",
    "airflow_provider_liveperson.datasets.catalog",
    "airflow_provider_liveperson.pull.pull",
    "airflow.providers.amazon.aws.hooks.s3",
    # What S3Hook imports to tell of lineage, and boto3 for its first client.
    "airflow.plugins_manager",
    "airflow.providers.amazon.aws.assets.s3",
    "airflow.providers.common.compat.assets",
    "airflow.sdk.execution_time.supervisor",
    "boto3.s3.inject",
)


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """What a process has to do.

    :param road: ``package``, ``parquet`` (the same, with another file format), ``floor``, ``by_hand``,
        ``plan`` (writes the requests of a pull to ``requests``),
        ``idle`` (imports Airflow's SDK only) or ``idle_s3`` (and makes an S3 client).
    :param start: the window's first instant, ISO 8601.
    :param end: its first instant outside.
    :param threads: how many requests may be under way at once.
    :param prefix: where in the bucket to land.
    :param requests: the file with the requests that the floor sends.
    :param account_id: the LivePerson account.
    :param token: a bearer token, for ``by_hand``.
    """

    road: str
    start: str = ""
    end: str = ""
    threads: int = 1
    prefix: str = ""
    requests: str = ""
    account_id: str = ""
    token: str = ""


@dataclass(kw_only=True)
class Measured:
    """What became of it.

    :param seconds: of the work alone.
    :param cpu_seconds: of this process, all threads.
    :param records: how many were landed; for the floor 0, which looks at nothing.
    :param requests: HTTP requests to the sandbox, those for the token and the hosts among them.
    :param received_bytes: the sizes of their answers.
    :param stored_bytes: what was put into S3.
    :param peak_rss_bytes: the most memory that the process ever had.
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    records: int = 0
    requests: int = 0
    received_bytes: int = 0
    stored_bytes: int = 0
    peak_rss_bytes: int = 0


class Traffic:
    """Counts what goes through ``requests``, which all roads share; S3's own client does not use it."""

    def __init__(self) -> None:
        import requests

        self.requests = 0
        self.received_bytes = 0
        self._lock = threading.Lock()
        send = requests.Session.send

        def counted(session: Any, request: Any, **kwargs: Any) -> Any:
            response = send(session, request, **kwargs)
            with self._lock:
                self.requests += 1
                self.received_bytes += int(response.headers.get("Content-Length", 0))
            return response

        requests.Session.send = counted  # type: ignore[method-assign]


def peak_rss_bytes() -> int:
    """The most memory that this process ever had.

    On Linux from ``/proc``: ``getrusage`` may tell of the process that started this one, whose peak it inherits.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _package(assignment: Assignment) -> Callable[[], dict[str, int]]:
    for late in LATE_IMPORTS:
        importlib.import_module(late)
    from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator

    operator = LivePersonToS3Operator(
        task_id="package",
        dataset=DATASET,
        start=assignment.start,
        end=assignment.end,
        bucket=BUCKET,
        prefix=assignment.prefix,
        liveperson_conn_id=CONN_ID,
        file_format="parquet" if assignment.road == "parquet" else "jsonl",
    )

    def work() -> dict[str, int]:
        summary = operator.execute({})
        return {"records": summary["records"], "stored_bytes": summary["bytes"]}

    return work


def _floor(assignment: Assignment) -> Callable[[], dict[str, int]]:
    from airflow_provider_liveperson.hooks.liveperson import LivePersonHook

    asked = json.loads(Path(assignment.requests).read_text())

    def work() -> dict[str, int]:
        client = LivePersonHook.for_connection(CONN_ID).get_conn()

        def download(request: dict[str, Any]) -> int:
            params = {
                name: "Bench" if value == SOURCE else value for name, value in request["params"].items()
            }
            path = request["path"].replace("{account_id}", assignment.account_id)
            answer = client.session.request(
                request["method"],
                client.base_url(request["service"]) + path,
                params=params,
                json=request["json"],
            )
            answer.raise_for_status()
            return len(answer.content)

        if assignment.threads == 1:
            sum(map(download, asked))
        else:
            with ThreadPoolExecutor(assignment.threads) as pool:
                sum(pool.map(download, asked))
        return {}

    return work


def _by_hand(assignment: Assignment) -> Callable[[], dict[str, int]]:
    from benchmarks.by_hand import operator

    made = operator(
        account_id=assignment.account_id,
        start=datetime.fromisoformat(assignment.start),
        end=datetime.fromisoformat(assignment.end),
        token=assignment.token,
        bucket=BUCKET,
        key=f"{assignment.prefix}.jsonl.gz",
    )

    def work() -> dict[str, int]:
        return {"records": made.execute({})}

    return work


def _plan(assignment: Assignment) -> Callable[[], dict[str, int]]:
    """A pull that writes down what it asks, and whose completeness is checked: what others are held against."""
    import msgspec
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    from airflow_provider_liveperson.client.client import LivePersonClient

    asked: list[dict[str, Any]] = []
    call = LivePersonClient.call

    def noted(client: Any, request: Any, parse: Any, **kwargs: Any) -> Any:
        if kwargs.get("answer") is None:
            asked.append(asdict(request))
        return call(client, request, parse, **kwargs)

    LivePersonClient.call = noted  # type: ignore[method-assign]
    pull = _package(assignment)

    def work() -> dict[str, int]:
        done = pull()
        hook = S3Hook()
        found = [key for key in hook.list_keys(BUCKET, assignment.prefix) if key.endswith("_manifest.json")]
        counts = [json.loads(hook.read_key(key, BUCKET))["counts"] for key in found]
        kept = sum(count["kept"] for count in counts)
        if kept != done["records"] or any(count["reported"] != count["received"] for count in counts):
            raise RuntimeError(f"the pull that the others are held against is incomplete: {counts}")
        Path(assignment.requests).write_bytes(msgspec.json.encode(asked))
        return done

    return work


def _idle(assignment: Assignment) -> Callable[[], dict[str, int]]:
    from airflow.sdk import Asset, BaseHook, BaseOperator  # noqa: F401

    if assignment.road == "idle_s3":
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        S3Hook().get_conn()
    return lambda: {}


ROADS: dict[str, Callable[[Assignment], Callable[[], dict[str, int]]]] = {
    "package": _package,
    "parquet": _package,
    "floor": _floor,
    "by_hand": _by_hand,
    "plan": _plan,
    "idle": _idle,
    "idle_s3": _idle,
}


def main() -> None:
    """Do what the first argument says and print what became of it."""
    assignment = Assignment(**json.loads(sys.argv[1]))
    work = ROADS[assignment.road](assignment)
    traffic = None if assignment.road.startswith("idle") else Traffic()
    started, cpu_started = time.perf_counter(), time.process_time()
    done = work()
    measured = Measured(
        seconds=time.perf_counter() - started, cpu_seconds=time.process_time() - cpu_started, **done
    )
    if traffic is not None:
        measured.requests, measured.received_bytes = traffic.requests, traffic.received_bytes
    measured.peak_rss_bytes = peak_rss_bytes()
    sys.stdout.flush()
    print("\n" + json.dumps(asdict(measured)), flush=True)


if __name__ == "__main__":
    main()
