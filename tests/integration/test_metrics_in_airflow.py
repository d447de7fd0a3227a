"""Metrics and spans of landings, as a worker's process sends them by Airflow's own means."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_liveperson.hooks.telemetry import METRICS

RUNNER = Path(__file__).resolve().parents[2] / "devtools" / "task_process.py"
WINDOW_END = datetime(2026, 3, 4, tzinfo=UTC)
TRACES = "AIRFLOW__TRACES__"


class StatsD:
    """A StatsD server that remembers what it is sent."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)

    @property
    def environment(self) -> dict[str, str]:
        """Has Airflow send its metrics here."""
        host, port = self._socket.getsockname()
        return {
            "AIRFLOW__METRICS__STATSD_ON": "True",
            "AIRFLOW__METRICS__STATSD_HOST": host,
            "AIRFLOW__METRICS__STATSD_PORT": str(port),
        }

    def take(self) -> dict[str, str]:
        """This package's metrics since the last time: name and tags to value and type."""
        found = {}
        while True:
            try:
                line = self._socket.recv(65536).decode()
            except BlockingIOError:
                return found
            name, _, value = line.partition(":")
            if name.startswith("airflow.liveperson."):
                assert name not in found
                found[name] = value

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def statsd() -> Iterator[StatsD]:
    with closing(StatsD()) as server:
        yield server


@pytest.fixture(scope="module")
def sandbox(start_sandbox):
    return start_sandbox(audit_rows=40)


@pytest.fixture
def run(airflow_home, sandbox, tmp_path) -> Callable[..., str]:
    """Runs a task of the DAG ``observed`` and returns its log."""
    sandbox.reset()

    def run(task_id: str, *, exit_code: int = 0, **environment: str) -> str:
        environment |= {
            "AIRFLOW_CONN_LIVEPERSON_DEFAULT": sandbox.connections()["liveperson_app_jwt"].as_json(),
            "TEST_PATH": f"file://{tmp_path}/lake",
            "TEST_WITHOUT_WAITS": "1",
        }
        about = ("observed.py", "observed", task_id)
        if any(name.startswith(TRACES) for name in environment):
            # Airflow reads these while it is imported.
            answer = airflow_home.python(str(RUNNER), *about, environment=environment)
        else:
            answer = airflow_home.run_task(*about, environment=environment)
        assert answer.returncode == exit_code, answer.stdout
        return answer.stdout

    return run


def test_each_landing_sends_its_numbers_with_dataset_and_account_as_tags(
    run, sandbox, statsd, tmp_path
) -> None:
    tagged = {**statsd.environment, "AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED": "True"}
    sandbox.faults.add(kind="status", status=429, match="/metadata/audit", times=2)
    sandbox.faults.add(kind="status", status=500, match="/metadata/audit", times=1)
    run("latest", **tagged)
    labels = f"dataset=audit_trail,account_id={sandbox.settings.account_id}"
    landed = statsd.take()
    (records,) = re.findall(r"^(\d+)\|c$", landed[f"airflow.liveperson.records,{labels}"])
    expected = sandbox.truth("audit_trail", WINDOW_END - timedelta(days=1), WINDOW_END)
    assert int(records) == len(expected) > 0
    size = sum(path.stat().st_size for path in tmp_path.rglob("part-*"))
    behind = landed.pop(f"airflow.liveperson.seconds_behind,{labels}")
    age = (datetime.now(UTC) - WINDOW_END).total_seconds()
    assert age - 60 < float(behind.removesuffix("|g")) <= age
    sent = len(sandbox.requests)
    assert landed == {
        f"airflow.liveperson.pulls,{labels},state=landed": "1|c",
        f"airflow.liveperson.records,{labels}": f"{len(expected)}|c",
        f"airflow.liveperson.bytes,{labels}": f"{size}|c",
        f"airflow.liveperson.requests,{labels}": f"{sent}|c",
        f"airflow.liveperson.rate_limited,{labels}": "2|c",
        f"airflow.liveperson.repeated,{labels}": "3|c",
    }
    assert {name.partition(",")[0].removeprefix("airflow.") for name in (*landed, behind)} <= {
        metric.name for metric in METRICS
    } | {behind}

    run("latest", **tagged)
    again = statsd.take()
    assert again.pop(f"airflow.liveperson.pulls,{labels},state=unchanged") == "1|c"
    assert not [name for name in again if ".records," in name or ".bytes," in name]
    assert again[f"airflow.liveperson.rate_limited,{labels}"] == "0|c"


def test_plain_statsd_which_has_no_tags_gets_them_in_the_name(run, sandbox, statsd) -> None:
    run("latest", **statsd.environment)
    account = sandbox.settings.account_id
    assert set(statsd.take()) == {
        f"airflow.liveperson.pulls.audit_trail.{account}.landed",
        *(
            f"airflow.{metric.name}.audit_trail.{account}"
            for metric in METRICS
            if metric.name != "liveperson.pulls"
        ),
    }


@pytest.mark.parametrize(
    ("task_id", "environment"),
    [("refresh", {}), ("gap", {}), ("snapshot", {}), ("latest", {"TASK_RUN_TYPE": "backfill"})],
    ids=["window pulled again", "gap of another day", "snapshot", "backfill"],
)
def test_only_the_latest_window_says_how_far_the_data_are_behind(
    run, statsd, task_id: str, environment: dict[str, str]
) -> None:
    run(task_id, **environment, **statsd.environment)
    found = statsd.take()
    assert any(".records." in name for name in found)
    assert not any("seconds_behind" in name for name in found)


def test_a_failed_pull_is_counted_too(run, sandbox, statsd) -> None:
    sandbox.faults.add(kind="status", status=403, match="/metadata/audit", times=100)
    run("latest", exit_code=1, **statsd.environment)
    account = sandbox.settings.account_id
    found = statsd.take()
    assert found[f"airflow.liveperson.pulls.audit_trail.{account}.failed"] == "1|c"
    assert found[f"airflow.liveperson.requests.audit_trail.{account}"] == f"{len(sandbox.requests)}|c"
    assert not any("records" in name or "behind" in name for name in found)


def test_without_metrics_nothing_is_said_about_them(run) -> None:
    log = run("latest")
    assert "telemetry" not in log
    assert "Landed audit_trail" in log


def airflow_minor() -> tuple[int, int]:
    major, minor, *_ = version("apache-airflow-core").split(".")
    return int(major), int(minor)


def spans(log: str) -> dict[str, dict[str, Any]]:
    """The spans that OpenTelemetry's console exporter has printed into a task's log, by their names."""
    text = re.sub(r"^\[info\] task\.stdout: ", "", log, flags=re.MULTILINE)
    found = [json.loads(span) for span in re.findall(r"^\{$.*?^\}", text, re.MULTILINE | re.DOTALL)]
    return {span["name"]: span for span in found}


def test_a_span_below_that_of_the_task_has_the_numbers(run, sandbox) -> None:
    traces = {"AIRFLOW__TRACES__OTEL_ON": "True", "OTEL_TRACES_EXPORTER": "console"}
    found = spans(run("latest", **traces))
    if airflow_minor() < (3, 2):
        assert found == {}  # its workers set up no tracer that others could use
        return
    pull, task = found["liveperson.pull"], found["worker.latest"]
    assert pull["parent_id"] == task["context"]["span_id"]
    assert pull["status"]["status_code"] == "UNSET"
    attributes = pull["attributes"]
    assert attributes.pop("liveperson.bytes") > 0
    assert attributes.pop("liveperson.seconds_behind") > 0
    assert attributes == {
        "liveperson.dataset": "audit_trail",
        "liveperson.account_id": sandbox.settings.account_id,
        "liveperson.window_start": "2026-03-03T00:00:00+00:00",
        "liveperson.window_end": "2026-03-04T00:00:00+00:00",
        "liveperson.state": "landed",
        "liveperson.records": len(sandbox.truth("audit_trail", WINDOW_END - timedelta(days=1), WINDOW_END)),
        "liveperson.requests": len(sandbox.requests),
        "liveperson.rate_limited": 0,
        "liveperson.repeated": 0,
    }

    sandbox.faults.add(kind="status", status=403, match="/metadata/audit", times=100)
    failed = spans(run("refresh", exit_code=1, **traces))["liveperson.pull"]
    assert failed["attributes"]["liveperson.state"] == "failed"
    assert failed["attributes"]["error.type"] == "PermissionDeniedError"
    assert failed["status"] == {"status_code": "ERROR", "description": "PermissionDeniedError"}
