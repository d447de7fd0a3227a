"""The audit trail through a real Airflow into two S3 servers that were written independently of each other."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

EXAMPLE_BUCKET = "example"
WINDOWS_BUCKET = "windows"
DAG_ID = "liveperson_audit_trail_to_s3"
DAY = datetime(2026, 3, 3, tzinfo=UTC)
NEXT_DAY = DAY + timedelta(days=1)
# A run by hand is for the interval that has ended by its date.
DATE = NEXT_DAY.date().isoformat()
WINDOW = "20260303T000000Z_20260304T000000Z"
SUMMARY = {
    "dataset",
    "account_id",
    "window_start",
    "window_end",
    "records",
    "bytes",
    "manifest",
    "objects",
}

pytestmark = pytest.mark.s3


@pytest.fixture(scope="module")
def sandbox(start_sandbox):
    return start_sandbox()


@pytest.fixture(scope="module", params=["seaweedfs", "moto"])
def store(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def truth(sandbox):
    records = sandbox.audit.truth(DAY, NEXT_DAY)
    assert len(records) > 100
    return records


@pytest.fixture(scope="module")
def connections(sandbox, store):
    made = sandbox.connections()
    api_key, app_jwt = made["liveperson_api_key"], made["liveperson_app_jwt"]
    wrong = {
        "wrong_api_key": replace(api_key, extra={**api_key.extra, "access_token_secret": "0" * 32}),
        "wrong_app_jwt": replace(app_jwt, password="0" * 26),
    }
    environment = {f"AIRFLOW_CONN_{name.upper()}": conn.as_json() for name, conn in (made | wrong).items()}
    refused = replace(store, access_key="AKIAUNKNOWN", endpoint_url=store.endpoint_url)
    return environment | {
        "AIRFLOW_CONN_AWS_DEFAULT": store.connection(),
        "AIRFLOW_CONN_WRONG_AWS": refused.connection(),
    }


def same(records: list[dict], others: list[dict]) -> bool:
    """Whether two lists hold the same records, each as often."""
    return Counter(json.dumps(record, sort_keys=True) for record in records) == Counter(
        json.dumps(record, sort_keys=True) for record in others
    )


def ordered(records: list[dict]) -> bool:
    dates = [record["changeDate"] for record in records]
    return dates == sorted(dates)


def xcoms(home, dag_id: str, task_id: str) -> list:
    """What a task returned in its DAG's last run, in the order of its mapping."""
    rows = home.query(
        "SELECT value FROM xcom WHERE dag_id = ? AND task_id = ? AND key = 'return_value' AND run_id ="
        " (SELECT run_id FROM dag_run WHERE dag_id = ? ORDER BY id DESC LIMIT 1) ORDER BY map_index",
        dag_id,
        task_id,
        dag_id,
    )
    values = [json.loads(row["value"]) for row in rows]
    # Airflow 3.1 keeps the value as JSON text inside JSON.
    return [json.loads(value) if isinstance(value, str) else value for value in values]


def states(home, dag_id: str) -> dict[str, set[str]]:
    """Task ID to the states of its instances in the DAG's last run."""
    found: dict[str, set[str]] = {}
    for row in home.query(
        "SELECT task_id, state FROM task_instance WHERE dag_id = ? AND run_id ="
        " (SELECT run_id FROM dag_run WHERE dag_id = ? ORDER BY id DESC LIMIT 1)",
        dag_id,
        dag_id,
    ):
        found.setdefault(row["task_id"], set()).add(row["state"])
    return found


@dataclass(frozen=True)
class Ran:
    """One ``airflow dags test`` and what it left behind."""

    answer: subprocess.CompletedProcess[str]
    objects: dict[str, tuple[str, datetime]]
    summary: dict
    events: list[dict]


@pytest.fixture(scope="module")
def runs(airflow_home, store, connections) -> list[Ran]:
    """The same day, twice."""
    store.client().create_bucket(Bucket=EXAMPLE_BUCKET)
    environment = {
        **connections,
        "LIVEPERSON_BUCKET": EXAMPLE_BUCKET,
        "LIVEPERSON_PREFIX": f"raw/{store.name}",
        "LIVEPERSON_CONN_ID": "liveperson_api_key",
    }
    ran = []
    for _ in range(2):
        answer = airflow_home.run("dags", "test", DAG_ID, DATE, environment=environment)
        assert answer.returncode == 0, answer.stdout
        events = airflow_home.query(
            "SELECT asset_event.extra FROM asset_event JOIN asset ON asset.id = asset_event.asset_id"
            " WHERE asset.uri = ? ORDER BY asset_event.id",
            f"s3://{EXAMPLE_BUCKET}/raw/{store.name}/audit_trail",
        )
        (summary,) = xcoms(airflow_home, DAG_ID, "pull_audit_trail")
        ran.append(
            Ran(
                answer,
                store.objects(EXAMPLE_BUCKET),
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
        part, manifest = sorted(runs[0].objects, reverse=True)
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
            f"s3://{EXAMPLE_BUCKET}/{key}" for key in runs[0].objects
        }

    def test_writes_a_manifest_that_adds_up(self, runs, store, truth):
        manifest = json.loads(store.read(runs[0].summary["manifest"]))
        counts = manifest["counts"]
        assert counts["kept"] == len(truth) == sum(part["records"] for part in manifest["parts"])
        assert counts["received"] == counts["kept"] + counts["outside_window"]
        assert counts["reported"] == counts["received"]
        assert counts["repeated"] == 0

    def test_last_line_of_the_pull_tells_manifest_and_counts(self, runs, store):
        manifest = json.loads(store.read(runs[0].summary["manifest"]))
        lines = [
            line for line in runs[0].answer.stdout.splitlines() if "airflow_provider_liveperson.pull" in line
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
        assert runs[1].summary == runs[0].summary
        assert "Nothing new in audit_trail" in runs[1].answer.stdout


@pytest.fixture(scope="module")
def ran(airflow_home, store, connections) -> str:
    store.client().create_bucket(Bucket=WINDOWS_BUCKET)
    environment = {**connections, "TEST_BUCKET": WINDOWS_BUCKET, "TEST_DAY": DAY.date().isoformat()}
    answer = airflow_home.run("dags", "test", "windows", DATE, environment=environment)
    assert "DagRun Finished" in answer.stdout, answer.stdout
    return answer.stdout


@pytest.fixture(scope="module")
def ended(ran, airflow_home):
    return states(airflow_home, "windows")


class TestWindows:
    def test_a_day_lands(self, ended, airflow_home, store, truth):
        assert ended["day"] == {"success"}
        (summary,) = xcoms(airflow_home, "windows", "day")
        assert same(store.records(summary["manifest"]), truth)

    def test_a_task_downstream_gets_summary_and_event(self, ended, airflow_home):
        assert ended["downstream"] == {"success"}
        (summary,) = xcoms(airflow_home, "windows", "day")
        assert xcoms(airflow_home, "windows", "downstream") == [{"summary": summary, "extra": summary}]

    def test_the_hours_of_a_day_are_the_day(self, ended, airflow_home, store, truth):
        assert ended["hours"] == {"success"}
        hours = xcoms(airflow_home, "windows", "hours")
        assert len(hours) == 24
        assert [hour["window_end"] for hour in hours[:-1]] == [hour["window_start"] for hour in hours[1:]]
        landed = [record for hour in hours for record in store.records(hour["manifest"])]
        assert same(landed, truth)
        assert ordered(landed)
        assert sum(hour["records"] for hour in hours) == len(truth)

    def test_templates_make_window_bucket_and_prefix(self, ended, airflow_home, sandbox, store):
        assert ended["templated"] == {"success"}
        (summary,) = xcoms(airflow_home, "windows", "templated")
        assert summary["manifest"].startswith(f"s3://{WINDOWS_BUCKET}/templated/2026/audit_trail/")
        truth = sandbox.audit.truth(DAY, DAY + timedelta(hours=6))
        assert same(store.records(summary["manifest"]), truth)

    def test_a_missing_bucket_fails_by_name_and_leaves_nothing(self, ended, ran, store):
        assert ended["missing_bucket"] == {"failed"}
        assert "There is no bucket 'there-is-no-such-bucket'" in ran
        assert "there-is-no-such-bucket" not in store.buckets()

    def test_a_wrong_secret_fails_naming_field_and_connection(self, ended, ran, store):
        assert ended["wrong_api_key"] == ended["wrong_app_jwt"] == {"failed"}
        for conn_id, field in (
            ("wrong_api_key", "access_token_secret"),
            ("wrong_app_jwt", "Client secret"),
        ):
            told = [line for line in ran.splitlines() if "AuthenticationError" in line and field in line]
            assert told, f"no sentence about {conn_id}"
        assert store.objects(WINDOWS_BUCKET, "wrong") == {}

    def test_a_refused_aws_identity_fails_naming_the_bucket(self, ended, ran, store):
        if store.name == "moto":
            # Takes every identity, so this one is as good as the other.
            assert ended["wrong_aws"] == {"success"}
            return
        assert ended["wrong_aws"] == {"failed"}
        assert f"s3://{WINDOWS_BUCKET}/wrong/" in ran
        assert "The AWS identity of aws_conn_id may not" in ran


def test_a_plain_cron_string_fails_showing_the_mend(airflow_home):
    answer = airflow_home.run("dags", "test", "plain_cron", DATE)
    assert answer.returncode != 0
    assert states(airflow_home, "plain_cron") == {"pull": {"failed"}}
    assert "EmptyWindowError: this run has no window: its data interval is empty" in answer.stdout
    assert 'CronDataIntervalTimetable("0 0 * * *", timezone="UTC")' in answer.stdout


def test_the_example_parses_without_any_connection(airflow_home):
    answer = airflow_home.run("dags", "list-import-errors", "-o", "json")
    assert answer.returncode == 0, answer.stdout
    assert "[]" in answer.stdout or "No data found" in answer.stdout
