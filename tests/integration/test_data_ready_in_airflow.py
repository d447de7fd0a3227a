"""Data Access files in a real Airflow: the sensor of the example DAG, and its watcher in a real triggerer."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import stamp
from devtools.processes import Process, wait_until
from tests.integration.landed import same

BUCKET = "data-ready"
HOUR = timedelta(hours=1)
# A day of which all files are there by now.
TODAY = (datetime.now(UTC) - 3 * HOUR).replace(hour=0, minute=0, second=0, microsecond=0)
YESTERDAY = TODAY - timedelta(days=1)
SINCE = YESTERDAY - 6 * HOUR
WATERMARK = "liveperson_watermark.liveperson_default.data_access_survey"

pytestmark = pytest.mark.s3


@pytest.fixture(scope="module")
def sandbox(start_sandbox) -> SandboxServer:
    """With a file of each hour around yesterday, as Data Access keeps files for a month only."""
    sandbox = start_sandbox(until=YESTERDAY.date(), data_access_surveys=0)
    hour = SINCE - HOUR
    while hour < TODAY + 2 * HOUR:
        sandbox.insert("data_access_survey", 2, hour)
        hour += HOUR
    return sandbox


@pytest.fixture(scope="module")
def environment(sandbox, moto) -> dict[str, str]:
    moto.client.create_bucket(Bucket=BUCKET)
    return {
        "AIRFLOW_CONN_LIVEPERSON_DEFAULT": sandbox.connections()["liveperson_api_key"].as_json(),
        "AIRFLOW_CONN_AWS_DEFAULT": moto.connection(),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "LIVEPERSON_BUCKET": BUCKET,
    }


@pytest.fixture(scope="module")
def ran(airflow_home, environment) -> str:
    """The example's daily DAG has run; its watcher is known to Airflow, and to have come as far as :data:`SINCE`."""
    connection = sqlite3.connect(airflow_home.path / "airflow.db")
    with connection:
        connection.execute("UPDATE dag SET is_paused = 0 WHERE dag_id = 'liveperson_data_access_files'")
        connection.execute(
            "INSERT INTO variable (key, val, is_encrypted) VALUES (?, ?, 0)", (WATERMARK, stamp(SINCE))
        )
    connection.close()
    answer = airflow_home.run(
        "dags", "test", "liveperson_data_ready", TODAY.date().isoformat(), environment=environment
    )
    assert "DagRun Finished" in answer.stdout, answer.stdout
    return answer.stdout


def test_the_example_waits_for_a_day_and_pulls_it(ran, airflow_home, sandbox, moto):
    assert airflow_home.states("liveperson_data_ready") == {"ready": {"success"}, "pull": {"success"}}
    (summary,) = airflow_home.returned("liveperson_data_ready", "pull")
    assert summary["complete"] is True
    truth = sandbox.truth("data_access_survey", YESTERDAY, TODAY)
    assert len(truth) == summary["records"] > 40
    assert same(moto.records(summary["manifest"]), truth)


def test_the_watcher_fires_each_hour_in_a_real_triggerer(ran, airflow_home, environment, sandbox, tmp_path):
    triggerer = Process(
        "triggerer",
        [sys.executable, "-m", "airflow", "triggerer", "--skip-serve-logs"],
        folder=airflow_home.path,
        log=tmp_path / "triggerer.log",
        environment={**airflow_home.environment(), **environment},
    )

    def payloads() -> list[dict]:
        rows = airflow_home.query("SELECT extra FROM asset_event")
        extras = [json.loads(row["extra"]) for row in rows]
        return [extra["payload"] for extra in extras if extra.get("from_trigger")]

    hours = [stamp(SINCE + number * HOUR) for number in range(30)]
    try:
        wait_until(
            "an event for each hour",
            lambda: set(hours) <= {payload["window_start"] for payload in payloads()},
            within=120,
            alive=[triggerer],
            details=lambda: f"{payloads()}\n{triggerer.last_output(60)}",
        )
    finally:
        triggerer.kill()
    fired = payloads()
    assert set(Counter(payload["window_start"] for payload in fired).values()) == {1}
    assert [payload["window_start"] for payload in fired][: len(hours)] == hours
    assert all(payload["files"] == 1 for payload in fired)
    told = triggerer.log.read_text(errors="replace")
    for secret in (sandbox.settings.app_secret, sandbox.settings.access_token_secret):
        assert secret not in told
