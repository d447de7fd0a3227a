"""Runs one task as a worker does: Airflow's supervisor forks a process, which parses the DAG and runs the task.

``python devtools/task_process.py FILE DAG_ID TASK_ID`` prints what the task has logged. Only the API server is left
out: what the supervisor asks it is answered here, with a run of the schedule for the year's first day.

``airflow dags test`` runs tasks in its own process instead, which sends no metrics, has no spans, and masks less.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from airflow.sdk.api.client import Client
from airflow.sdk.api.datamodels._generated import BundleInfo, DagRun, TaskInstance
from airflow.sdk.execution_time import supervisor

_START, _END = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
_RUN_TYPE = "TASK_RUN_TYPE"


def main(file: str, dag_id: str, task_id: str) -> int:
    """Run a task, and print its log.

    :param file: the DAG's file below the DAG folder.
    :param dag_id: the DAG.
    :param task_id: the task.
    :returns: 0 if it has succeeded.
    """
    run = {
        "dag_id": dag_id,
        "run_id": "a_run",
        "logical_date": _START,
        "data_interval_start": _START,
        "data_interval_end": _END,
        "run_after": _END,
        "start_date": _END,
        "end_date": None,
        "run_type": os.environ.get(_RUN_TYPE, "scheduled"),
        "state": "running",
        "conf": {},
        "consumed_asset_events": [],
    }
    if "partition_key" in DagRun.model_fields:  # Airflow 3.2 and later
        run["partition_key"] = None

    states: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/state"):
            states.append(json.loads(request.content)["state"])
        if request.url.path.endswith("/run"):
            return httpx.Response(200, json={"dag_run": run, "max_tries": 0, "should_retry": False})
        if request.method == "GET":
            return httpx.Response(404, json={"detail": {"reason": "not_found"}})
        return httpx.Response(200, json={"ok": True})

    about: dict[str, Any] = {
        "id": uuid4(),
        "dag_id": dag_id,
        "task_id": task_id,
        "run_id": run["run_id"],
        "try_number": 1,
        "map_index": -1,
        "dag_version_id": uuid4(),
        "pool_slots": 1,
        "queue": "default",
        "priority_weight": 1,
    }
    task = TaskInstance(**{name: value for name, value in about.items() if name in TaskInstance.model_fields})
    supervise = getattr(supervisor, "supervise_task", None) or supervisor.supervise
    log = f"{dag_id}.{task_id}.{task.id}.log"
    supervise(
        ti=task,
        bundle_info=BundleInfo(name="dags-folder", version=None),
        dag_rel_path=file,
        token="",
        client=Client(base_url="http://127.0.0.1", token="", transport=httpx.MockTransport(answer)),
        log_path=log,
    )
    for line in (Path(os.environ["AIRFLOW_HOME"]) / "logs" / log).read_text().splitlines():
        entry = json.loads(line)
        detail = entry.get("error_detail") or ""
        print(f"[{entry.get('level')}] {entry.get('logger')}: {entry.get('event')} {detail}".rstrip())
    return int(states != ["success"])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
