"""A month pulled at once on a distributed Airflow, one of whose two workers is killed midway."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import requests

from devtools.celery_airflow import CeleryAirflow
from devtools.processes import Process, wait_until
from devtools.seaweedfs import SeaweedFS
from tests.integration.landed import S3Server

DATASET = os.environ.get("TEST_DATASET", "messaging_interactions")
# How much data the sandbox has.
RECORDS = {"audit_trail": ("--audit-rows", "6000"), "messaging_interactions": ("--conversations", "3000")}

DAG = Path(__file__).parent / "dags" / "many_windows.py"
DAG_ID = DAG.stem
BUCKET = "scale"
ACCOUNT = "70000001"
POOL = f"liveperson_{ACCOUNT}"
VICTIM, SURVIVOR = "worker-1", "worker-2"

DAYS = 30
# Some days ago, so that all days have ended in every time zone, whatever the dataset's lag.
END = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=3)
START = END - timedelta(days=DAYS)

# Slow enough to catch a task while it is running.
LATENCY_MS = 1500
KILL_AFTER = 6
RUN_WITHIN = 400.0
OVER = ("success", "failed")

pytestmark = [pytest.mark.s3, pytest.mark.slow]


@dataclass(frozen=True)
class Ran:
    """A finished run.

    :param state: its final state.
    :param lost: the mapped tasks that were running on the worker when it was killed.
    :param tries: every try of every task.
    :param store: where it has landed.
    :param truth: the records that should have landed.
    """

    state: str
    lost: set[int]
    tries: list[dict[str, Any]]
    store: S3Server
    truth: list[dict[str, Any]]

    @cached_property
    def manifests(self) -> dict[str, dict[str, Any]]:
        """URI to manifest."""
        uris = [
            f"s3://{BUCKET}/{key}" for key in self.store.objects(BUCKET) if key.endswith("/_manifest.json")
        ]
        return {uri: json.loads(self.store.read(uri)) for uri in uris}


@contextmanager
def sandbox(logs: Path) -> Iterator[dict[str, Any]]:
    """A LivePerson sandbox in its own process."""
    options = {
        "--port": "0",
        "--account-id": ACCOUNT,
        "--days": str(DAYS),
        "--until": END.date().isoformat(),
        "--latency-ms": str(LATENCY_MS),
        **dict([RECORDS[DATASET]]),
    }
    command = [sys.executable, "-m", "airflow_provider_liveperson", "sandbox", "--details"]
    process = Process(
        "sandbox",
        [*command, *(word for option in options.items() for word in option)],
        folder=logs,
        # It holds credentials, so it is not among the logs that are shown.
        log=logs / "sandbox.out",
    )
    try:
        told = wait_until(
            "the sandbox is up",
            lambda: [
                line
                for line in process.last_output().splitlines()
                if line.startswith("{") and line.endswith("}")
            ],
            within=60,
            alive=[process],
        )
        yield json.loads(told[0])
    finally:
        process.stop(5)


def truth(url: str) -> list[dict[str, Any]]:
    with requests.Session() as http:
        http.trust_env = False
        answer = http.get(
            f"{url}/_sandbox/truth/{DATASET}",
            params={"start": START.isoformat(), "end": END.isoformat()},
            timeout=60,
        )
        answer.raise_for_status()
        return answer.json()["rows"]


def kill_midway(airflow: CeleryAirflow, run_id: str) -> set[int]:
    """Kill a worker when both have landed something and it has just begun another task.

    :returns: the mapped tasks that it was running.
    """

    def midway() -> bool:
        if airflow.run_state(DAG_ID, run_id) in OVER:
            pytest.fail(f"the run ended before a worker could be killed: {states(airflow, run_id)}")
        tries = airflow.tries(DAG_ID, run_id)
        done = Counter(one["hostname"] for one in tries if one["state"] == "success")
        now = datetime.now(UTC)
        fresh = [
            one
            for one in tries
            if one["state"] == "running"
            and one["hostname"] == VICTIM
            and now - one["start_date"] < timedelta(milliseconds=LATENCY_MS)
        ]
        return done.total() >= KILL_AFTER and bool(done[VICTIM] and done[SURVIVOR] and fresh)

    wait_until(
        f"{KILL_AFTER} days have landed and {VICTIM} has just begun another",
        midway,
        within=RUN_WITHIN,
        alive=airflow.processes,
        every=0.1,
        details=lambda: states(airflow, run_id),
    )
    airflow.kill_worker(VICTIM)
    return {
        one["map_index"]
        for one in airflow.tries(DAG_ID, run_id)
        if one["state"] == "running" and one["hostname"] == VICTIM
    }


def states(airflow: CeleryAirflow, run_id: str) -> str:
    found = Counter((one["state"], one["hostname"]) for one in airflow.tries(DAG_ID, run_id))
    return ", ".join(f"{count} {state} on {host or 'no host'}" for (state, host), count in found.items())


@pytest.fixture(scope="module")
def ran(logs: Path, remarks: list[str]) -> Iterator[Ran]:
    """The month, pulled while a worker is killed."""
    with ExitStack() as stack:
        began = time.monotonic()
        liveperson = stack.enter_context(sandbox(logs))
        server = stack.enter_context(SeaweedFS())
        store = S3Server("seaweedfs", server.endpoint_url, server.access_key, server.secret_key)
        store.client.create_bucket(Bucket=BUCKET)
        airflow = stack.enter_context(
            CeleryAirflow(
                dags=[DAG],
                logs=logs,
                workers=[VICTIM, SURVIVOR],
                environment={
                    "TEST_BUCKET": BUCKET,
                    "TEST_DATASET": DATASET,
                    "TEST_POOL": POOL,
                    "TEST_START": START.isoformat(),
                    "TEST_END": END.isoformat(),
                },
            )
        )
        airflow.add_connection("aws_default", store.connection())
        airflow.add_connection(
            "liveperson_app_jwt", json.dumps(liveperson["connections"]["liveperson_app_jwt"])
        )
        airflow.add_pool(POOL, 4, f"Concurrent pulls of LivePerson account {ACCOUNT}")
        run_id = airflow.trigger(DAG_ID)
        started = time.monotonic()
        remarks.append(f"Everything was running, and the DAG was triggered, after {started - began:.0f} s.")
        lost = kill_midway(airflow, run_id)
        killed = time.monotonic()
        remarks.append(
            f"{VICTIM} was killed {killed - started:.0f} s later. Days: {states(airflow, run_id)}."
        )
        wait_until(
            "the run is over",
            lambda: airflow.run_state(DAG_ID, run_id) in OVER,
            within=RUN_WITHIN,
            alive=airflow.processes,
            every=0.5,
            details=lambda: states(airflow, run_id),
        )
        remarks.append(f"The run ended {time.monotonic() - killed:.0f} s after that.")
        yield Ran(
            state=airflow.run_state(DAG_ID, run_id),
            lost=lost,
            tries=airflow.tries(DAG_ID, run_id),
            store=store,
            truth=truth(liveperson["url"]),
        )


def test_the_run_succeeds(ran):
    last = {one["map_index"]: one["state"] for one in ran.tries}
    assert last == dict.fromkeys(range(DAYS), "success")
    assert ran.state == "success"


def test_the_other_worker_finishes_the_killed_ones_tasks(ran):
    assert ran.lost
    for index in ran.lost:
        first, *_, last = (one for one in ran.tries if one["map_index"] == index)
        assert (first["try_number"], first["hostname"]) == (1, VICTIM)
        assert first["state"] != "success"
        assert last["try_number"] > 1
        assert (last["hostname"], last["state"]) == (SURVIVOR, "success")


def test_both_workers_have_pulled_some_days(ran):
    days = Counter(one["hostname"] for one in ran.tries if one["state"] == "success")
    assert set(days) == {VICTIM, SURVIVOR}
    assert days.total() == DAYS


def test_every_day_has_its_manifest(ran):
    windows = {(one["window_start"], one["window_end"]) for one in ran.manifests.values()}
    days = [(START + timedelta(days=day), START + timedelta(days=day + 1)) for day in range(DAYS)]
    assert len(ran.manifests) == DAYS
    assert {tuple(map(datetime.fromisoformat, window)) for window in windows} == set(days)


def test_the_parts_are_what_the_manifests_say_and_nothing_else_is_there(ran):
    named = set()
    for uri, manifest in ran.manifests.items():
        named.add(uri)
        for part in manifest["parts"]:
            part_uri = f"{uri.rpartition('/')[0]}/{part['name']}"
            named.add(part_uri)
            stored = ran.store.read(part_uri)
            assert len(stored) == part["bytes"], part_uri
            assert hashlib.sha256(stored).hexdigest() == part["sha256"], part_uri
    found = {f"s3://{BUCKET}/{key}" for key in ran.store.objects(BUCKET)}
    lists = {uri for uri in found if "/_committed/" in uri}
    assert found - lists == named
    listed = [line for uri in lists for line in ran.store.read(uri).decode().splitlines()]
    assert sorted(listed) == sorted(uri for uri in named if "/part-" in uri)


def test_all_records_of_the_month_have_landed_and_none_twice(ran):
    landed = Counter(
        json.dumps(record, sort_keys=True) for uri in ran.manifests for record in ran.store.records(uri)
    )
    truth = Counter(json.dumps(record, sort_keys=True) for record in ran.truth)
    assert truth.total() > 50 * DAYS
    missing, surplus = truth - landed, landed - truth
    assert not missing, (
        f"{missing.total()} of {truth.total()} are missing, such as {next(iter(missing))[:1000]}"
    )
    assert not surplus, f"{surplus.total()} landed that should not, such as {next(iter(surplus))[:1000]}"
