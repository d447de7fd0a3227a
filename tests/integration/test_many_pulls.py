"""A process that pulls repeatedly, as ``dag.test()`` in a loop does, releases everything after each pull."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings
from tests.integration.landed import RECENT_DAY

PULLS = """
import contextlib, gc, json, os, sys, threading
from datetime import datetime, timedelta
from airflow_provider_liveperson.client import retries
from airflow_provider_liveperson.exceptions import ServiceUnavailableError
from airflow_provider_liveperson.transfers.liveperson_to_object_storage import LivePersonToObjectStorageOperator

folder, pulls, day = sys.argv[1], int(sys.argv[2]), datetime.fromisoformat(sys.argv[3])

def pull(number):
    operator = LivePersonToObjectStorageOperator(
        task_id="pull",
        dataset="messaging_interactions",
        path=f"file://{folder}/{number}",
        start=day,
        end=day + timedelta(days=1),
    )
    with retries.without_waits(), contextlib.suppress(ServiceUnavailableError):
        operator.execute({})

def held():
    for thread in threading.enumerate():
        if thread.name.startswith("liveperson"):
            thread.join(60)  # nobody waits for a request that was under way as a pull failed
    gc.collect()
    return len(os.listdir("/proc/self/fd")), len(gc.get_objects()) + gc.get_freeze_count()

for number in range(5):
    pull(number)
before = held()
for number in range(5, 5 + pulls):
    pull(number)
print(json.dumps([before, held()]))
"""
MANY = 20


@pytest.fixture(scope="module")
def sandbox():
    settings = SandboxSettings(
        seed=3,
        until=(RECENT_DAY + timedelta(days=2)).date(),
        days=3,
        conversations=1500,
        messages_per_conversation=1,
    )
    with SandboxServer(settings) as server:
        yield server


@pytest.mark.slow
@pytest.mark.parametrize("failing", [False, True], ids=["good", "failing"])
def test_it_keeps_no_file_and_no_object_open(sandbox, tmp_path, failing):
    if failing:
        sandbox.faults.add(kind="status", status=500, match="offset=297", times=10_000)
    done = subprocess.run(
        [sys.executable, "-c", PULLS, str(tmp_path / "lake"), str(MANY), RECENT_DAY.isoformat()],
        stdout=subprocess.PIPE,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
        env={
            **os.environ,
            "AIRFLOW_HOME": str(tmp_path),
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
            "AIRFLOW_CONN_LIVEPERSON_DEFAULT": sandbox.connections()["liveperson_api_key"].as_json(),
        },
    )
    (files_before, objects_before), (files, objects) = json.loads(done.stdout.splitlines()[-1])
    assert files == files_before
    assert objects - objects_before < 10 * MANY
    assert len(list(tmp_path.rglob("_manifest.json"))) == (0 if failing else 5 + MANY)
