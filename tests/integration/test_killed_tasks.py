"""Tasks killed at any moment, and concurrent tasks of one window: the store ends as after an undisturbed run."""

from __future__ import annotations

import hashlib
import json
import os
import random
import time
from collections.abc import Callable
from datetime import timedelta
from math import ceil
from typing import Any

import pytest

from airflow_provider_liveperson.sandbox.server import SandboxServer
from tests.contract.facts.messaging_interactions import SIZES
from tests.integration import task_process
from tests.integration.landed import RECENT_DAY, S3Server, same

BUCKET = "killed"
DAYS = (RECENT_DAY - timedelta(days=2), RECENT_DAY + timedelta(days=1))
PAGE = 100
SEEDS = int(os.environ.get("LIVEPERSON_KILL_SEEDS", "20"))
LONG = 120  # seconds after which a task that hangs fails


@pytest.fixture(scope="module")
def sandbox(start_sandbox: Callable[..., SandboxServer]) -> SandboxServer:
    """Three days of several slices each, whose pages are slow, so that a task can be killed at many moments."""
    sizes = {**SIZES, "conversations": 1_200, "messages_per_conversation": 3}
    return start_sandbox(**sizes, until=(DAYS[1] + timedelta(days=1)).date(), latency_ms=5)


class Tasks:
    """Starts tasks that pull the three days, each into its own prefix."""

    def __init__(self, sandbox: SandboxServer, store: S3Server) -> None:
        self.sandbox = sandbox
        self.store = store
        made = sandbox.connections()["liveperson_app_jwt"]
        connection = json.loads(made.as_json())
        connection["extra"] = {**connection["extra"], "deep_paging_limit": PAGE, "max_concurrency": 4}
        self._environment = {
            "AIRFLOW_CONN_LIVEPERSON_DEFAULT": json.dumps(connection),
            "AIRFLOW_CONN_AWS_DEFAULT": store.connection(),
        }

    def start(self, prefix: str) -> Any:
        return task_process.start(
            self._environment,
            dataset="messaging_interactions",
            bucket=BUCKET,
            prefix=prefix,
            start=DAYS[0],
            end=DAYS[1],
        )

    def finish(self, prefix: str) -> None:
        process = self.start(prefix)
        process.join(LONG)
        assert process.exitcode == 0

    def kill_after(self, prefix: str, seconds: float) -> None:
        """Start a task and kill it without a warning, as the kernel does when memory is short."""
        process = self.start(prefix)
        process.join(seconds)
        process.kill()
        process.join()

    def landed(self, prefix: str) -> dict[str, bytes]:
        """What is in the store below a prefix, by its bytes, whatever the numbers of parts that a killed task left."""
        return numbered(self.objects(prefix))

    def objects(self, prefix: str) -> dict[str, bytes]:
        """What is in the store below a prefix, by its bytes, which name no prefix."""
        here, anywhere = f"s3://{BUCKET}/{prefix}/".encode(), f"s3://{BUCKET}/".encode()
        found = {
            key.removeprefix(f"{prefix}/"): self.store.read(f"s3://{BUCKET}/{key}")
            for key in self.store.objects(BUCKET, prefix)
        }
        return {
            key: data.replace(here, anywhere) if key.endswith(("_manifest.json", ".txt")) else data
            for key, data in found.items()
        }

    def checkpoint(self, prefix: str) -> dict[str, Any] | None:
        """The checkpoints of a killed task."""
        for key, data in self.objects(prefix).items():
            if key.endswith("_checkpoint.json"):
                return json.loads(data)
        return None


def numbered(objects: dict[str, bytes]) -> dict[str, bytes]:
    """Objects, with the parts that a manifest names renamed by their position in it.

    A run does not touch unknown objects, and gives its own part another number if the name is taken.
    """
    for key in [key for key in objects if key.endswith("_manifest.json")]:
        folder = key.rpartition("/")[0]
        names = [part["name"] for part in json.loads(objects[key])["parts"]]
        for at, name in enumerate(names):
            own = f"part-{at:05d}-{name.split('-', 2)[2]}"
            assert own == name or f"{folder}/{own}" not in objects  # nothing is left beside it
            objects = {it.replace(f"{folder}/{name}", f"{folder}/{own}"): objects[it] for it in objects}
            for naming in (key, f"_committed/{folder}.txt"):
                objects[naming] = objects[naming].replace(name.encode(), own.encode())
    return objects


@pytest.fixture(scope="module")
def tasks(sandbox: SandboxServer, seaweedfs: S3Server) -> Tasks:
    if BUCKET not in seaweedfs.buckets():
        seaweedfs.client.create_bucket(Bucket=BUCKET)
    return Tasks(sandbox, seaweedfs)


@pytest.fixture(scope="module")
def undisturbed(tasks: Tasks) -> dict[str, Any]:
    """One undisturbed run: what it lands, how many searches it takes, and how long."""
    before, started = len(tasks.sandbox.requests), time.monotonic()
    tasks.finish("undisturbed")
    objects = tasks.landed("undisturbed")
    manifests = {key: json.loads(data) for key, data in objects.items() if key.endswith("_manifest.json")}
    truth = tasks.sandbox.truth("messaging_interactions", *DAYS)
    assert len(manifests) == 3
    assert sum(len(manifest["slices"]) for manifest in manifests.values()) >= 8
    landed = [tasks.store.records(f"s3://{BUCKET}/undisturbed/{key}") for key in manifests]
    assert same([record for records in landed for record in records], truth)
    return {
        "objects": objects,
        "requests": len(tasks.sandbox.requests) - before,
        "seconds": time.monotonic() - started,
    }


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_retry_of_a_killed_task_lands_the_same_bytes(tasks, undisturbed, seed):
    chance = random.Random(seed)
    prefix = f"seed-{seed}"
    for _ in range(chance.randint(1, 4)):
        tasks.kill_after(prefix, chance.uniform(0, undisturbed["seconds"]))
    checkpoint = tasks.checkpoint(prefix)
    before = len(tasks.sandbox.requests)
    tasks.finish(prefix)
    asked = len(tasks.sandbox.requests) - before
    assert tasks.landed(prefix) == undisturbed["objects"]
    if checkpoint is not None:
        spared = sum(ceil(done["counts"]["received"] / PAGE) for done in checkpoint["finished"])
        assert spared > 0
        assert asked <= undisturbed["requests"] - spared


@pytest.mark.slow
def test_two_concurrent_tasks_end_with_one_complete_manifest(tasks, undisturbed):
    twins = [tasks.start("twins") for _ in range(2)]
    for twin in twins:
        twin.join(LONG)
    assert [twin.exitcode for twin in twins] == [0, 0]
    assert tasks.landed("twins") == undisturbed["objects"]


@pytest.mark.slow
def test_a_task_is_not_disturbed_when_its_twin_is_killed(tasks, undisturbed):
    doomed, other = tasks.start("twin-killed"), tasks.start("twin-killed")
    doomed.join(undisturbed["seconds"] / 2)
    doomed.kill()
    doomed.join()
    other.join(LONG)
    assert other.exitcode == 0
    landed = tasks.landed("twin-killed")
    for key in [key for key in landed if key.endswith("_manifest.json")]:
        folder, manifest = key.rpartition("/")[0], json.loads(landed[key])
        for part in manifest["parts"]:
            assert hashlib.sha256(landed[f"{folder}/{part['name']}"]).hexdigest() == part["sha256"]
        assert manifest == json.loads(undisturbed["objects"][key])
