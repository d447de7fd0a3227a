"""The example DAG in a real Airflow, into two S3 servers."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from datetime import datetime

import pytest

from tests.integration.conftest import EXAMPLES
from tests.integration.landed import DAY, NEXT_DAY, RUN_DATE, ordered, same

BUCKET = "example"
DAG_ID = "liveperson_audit_trail_to_s3"
WINDOW = "20260303T000000Z_20260304T000000Z"
SUMMARY = {
    "manifests",
    "windows",
    "dataset",
    "account_id",
    "window_start",
    "window_end",
    "records",
    "bytes",
    "manifest",
    "objects",
    "keys",
    "complete",
    "reported",
    "changed",
}

pytestmark = pytest.mark.s3


@pytest.fixture(scope="module")
def sandbox(start_sandbox):
    return start_sandbox()


@pytest.fixture(scope="module")
def truth(sandbox):
    records = sandbox.audit.truth(DAY, NEXT_DAY)
    assert len(records) > 100
    return records


@pytest.fixture(scope="module")
def connections(sandbox, store):
    made = sandbox.connections()["liveperson_api_key"]
    return {"AIRFLOW_CONN_LIVEPERSON_API_KEY": made.as_json(), "AIRFLOW_CONN_AWS_DEFAULT": store.connection()}


@dataclass(frozen=True)
class Ran:
    """One ``airflow dags test`` and its results."""

    answer: subprocess.CompletedProcess[str]
    objects: dict[str, tuple[str, datetime]]
    summary: dict
    events: list[dict]


@pytest.fixture(scope="module")
def runs(airflow_home, store, connections) -> list[Ran]:
    """The same day, twice."""
    store.client.create_bucket(Bucket=BUCKET)
    environment = {
        **connections,
        "LIVEPERSON_BUCKET": BUCKET,
        "LIVEPERSON_PREFIX": f"raw/{store.name}",
        "LIVEPERSON_CONN_ID": "liveperson_api_key",
    }
    ran = []
    for _ in range(2):
        answer = airflow_home.run("dags", "test", DAG_ID, RUN_DATE, environment=environment)
        assert answer.returncode == 0, answer.stdout
        events = airflow_home.query(
            "SELECT asset_event.extra FROM asset_event JOIN asset ON asset.id = asset_event.asset_id"
            " WHERE asset.uri = ? ORDER BY asset_event.id",
            f"s3://{BUCKET}/raw/{store.name}/audit_trail",
        )
        (summary,) = airflow_home.returned(DAG_ID, "pull_audit_trail")
        ran.append(
            Ran(
                answer,
                store.objects(BUCKET),
                summary,
                [json.loads(event["extra"]) for event in events],
            )
        )
    return ran


class TestExampleDag:
    def test_lands_exactly_what_the_sandbox_holds(self, runs, store, truth):
        landed = store.records(runs[0].summary["manifest"])
        assert same(landed, truth)
        assert ordered(landed)

    def test_lays_files_out_as_documented(self, runs, sandbox, store):
        folder = (
            f"raw/{store.name}/audit_trail/account_id={sandbox.settings.account_id}/dt=2026-03-03/{WINDOW}"
        )
        part, manifest, listed = sorted(runs[0].objects, reverse=True)
        assert listed == f"raw/{store.name}/_committed/{folder.removeprefix(f'raw/{store.name}/')}.txt"
        assert store.read(f"s3://{BUCKET}/{listed}").decode() == f"s3://{BUCKET}/{part}\n"
        assert manifest == f"{folder}/_manifest.json"
        assert re.fullmatch(re.escape(folder) + r"/part-00000-[0-9a-f]{12}\.jsonl\.gz", part)

    def test_returns_the_documented_summary(self, runs, sandbox, store, truth):
        summary = runs[0].summary
        assert set(summary) == SUMMARY
        assert summary["dataset"] == "audit_trail"
        assert summary["account_id"] == sandbox.settings.account_id
        assert summary["window_start"] == "2026-03-03T00:00:00Z"
        assert summary["window_end"] == "2026-03-04T00:00:00Z"
        assert summary["records"] == len(truth)
        assert summary["bytes"] == sum(len(store.read(uri)) for uri in summary["objects"])
        assert {summary["manifest"], *summary["objects"]} == {
            f"s3://{BUCKET}/{key}" for key in runs[0].objects if "/_committed/" not in key
        }
        assert summary["keys"] == [
            uri.removeprefix(f"s3://{BUCKET}/raw/{store.name}/") for uri in summary["objects"]
        ]

    def test_writes_a_manifest_that_adds_up(self, runs, store, truth):
        manifest = json.loads(store.read(runs[0].summary["manifest"]))
        counts = manifest["counts"]
        assert counts["kept"] == len(truth) == sum(part["records"] for part in manifest["parts"])
        assert counts["received"] == counts["kept"] + counts["outside_window"]
        assert counts["reported"] == counts["received"]
        assert counts["repeated"] <= 1  # the last row, which is requested again to check that it is the last

    def test_the_last_line_of_the_pull_names_manifest_and_counts(self, runs, store):
        manifest = json.loads(store.read(runs[0].summary["manifest"]))
        lines = [
            line for line in runs[0].answer.stdout.splitlines() if "airflow_provider_liveperson.pull." in line
        ]
        for text in (
            f"{manifest['counts']['kept']} records kept",
            f"{manifest['counts']['received']} received",
            f"{manifest['counts']['reported']} reported",
            f"{runs[0].summary['bytes']} bytes",
            runs[0].summary["manifest"],
        ):
            assert text in lines[-1]

    def test_gives_the_asset_the_summary(self, runs):
        assert runs[0].events == [runs[0].summary]
        assert runs[1].events == [runs[0].summary, runs[1].summary]

    def test_second_run_changes_no_object(self, runs):
        assert runs[1].objects == runs[0].objects
        assert runs[1].summary == {**runs[0].summary, "changed": False}
        assert "Nothing new in audit_trail" in runs[1].answer.stdout


def test_a_plain_cron_string_fails_and_says_what_to_do(airflow_home):
    answer = airflow_home.run("dags", "test", "plain_cron", RUN_DATE)
    assert answer.returncode != 0
    assert airflow_home.states("plain_cron") == {"pull": {"failed"}}
    assert "EmptyWindowError: this run has no window: its data interval is empty" in answer.stdout
    assert 'CronDataIntervalTimetable("0 0 * * *", timezone="UTC")' in answer.stdout


def test_the_examples_parse_without_any_connection(airflow_home):
    airflow_home.run("dags", "reserialize")
    answer = airflow_home.run("dags", "list-import-errors", "-o", "json")
    assert answer.returncode == 0, answer.stdout
    assert "[]" in answer.stdout or "No data found" in answer.stdout
    answer = airflow_home.run("dags", "list", "-o", "json")
    assert answer.returncode == 0, answer.stdout
    assert len(EXAMPLES) >= 5
    for path in EXAMPLES:
        assert f'"dag_id": "{path.stem}"' in answer.stdout
