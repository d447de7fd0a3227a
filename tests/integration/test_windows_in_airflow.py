"""Windows of all kinds, and pulls that must fail, in a real Airflow, into two S3 servers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from airflow.sdk.execution_time.context import OutletEventAccessor

from tests.integration.landed import DAY, NEXT_DAY, RUN_DATE, ordered, same

BUCKET = "windows"

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
    made = sandbox.connections()
    api_key, app_jwt = made["liveperson_api_key"], made["liveperson_app_jwt"]
    wrong = {
        "wrong_api_key": replace(api_key, extra={**api_key.extra, "access_token_secret": "0" * 32}),
        "wrong_app_jwt": replace(app_jwt, password="0" * 26),
    }
    environment = {f"AIRFLOW_CONN_{name.upper()}": conn.as_json() for name, conn in (made | wrong).items()}
    refused = replace(store, access_key="AKIAUNKNOWN")
    return environment | {
        "AIRFLOW_CONN_AWS_DEFAULT": store.connection(),
        "AIRFLOW_CONN_WRONG_AWS": refused.connection(),
    }


@pytest.fixture(scope="module")
def ran(airflow_home, store, connections) -> str:
    store.client.create_bucket(Bucket=BUCKET)
    environment = {**connections, "TEST_BUCKET": BUCKET, "TEST_DAY": DAY.date().isoformat()}
    answer = airflow_home.run("dags", "test", "windows", RUN_DATE, environment=environment)
    assert "DagRun Finished" in answer.stdout, answer.stdout
    return answer.stdout


@pytest.fixture(scope="module")
def ended(ran, airflow_home):
    return airflow_home.states("windows")


def test_a_day_lands(ended, airflow_home, store, truth):
    assert ended["day"] == {"success"}
    (summary,) = airflow_home.returned("windows", "day")
    assert same(store.records(summary["manifest"]), truth)


def test_a_task_downstream_gets_summary_and_event(ended, airflow_home):
    assert ended["downstream"] == {"success"}
    (summary,) = airflow_home.returned("windows", "day")
    assert airflow_home.returned("windows", "downstream") == [{"summary": summary, "extra": summary}]


def test_openlineage_is_told_what_has_landed_and_what_should_have(ended, airflow_home, lineage_events):
    events = [json.loads(line) for line in lineage_events.read_text().splitlines()]
    last = {event["job"]["name"]: event for event in events}
    told = {name: last[f"windows.{name}"] for name in ("day", "wrong_app_jwt")}
    assert {name: event["eventType"] for name, event in told.items()} == {
        "day": "COMPLETE",
        "wrong_app_jwt": "FAIL",
    }
    (summary,) = airflow_home.returned("windows", "day")
    account = summary["account_id"]
    for name, prefix in (("day", "day"), ("wrong_app_jwt", "wrong-secret")):
        (source,), (landed,) = told[name]["inputs"], told[name]["outputs"]
        assert (source["namespace"], source["name"]) == (f"liveperson://{account}", "audit_trail")
        assert (landed["namespace"], landed["name"]) == (f"s3://{BUCKET}", f"{prefix}/audit_trail")
        (partition,) = landed["outputFacets"]["subset"]["outputCondition"]["partitions"]
        assert partition["dimensions"] == {"account_id": account, "dt": DAY.date().isoformat()}
    counts = told["day"]["outputs"][0]["outputFacets"]["outputStatistics"]
    assert (counts["rowCount"], counts["size"], counts["fileCount"]) == (
        summary["records"],
        summary["bytes"],
        len(summary["objects"]),
    )
    assert "outputStatistics" not in told["wrong_app_jwt"]["outputs"][0]["outputFacets"]
    assert "0" * 26 not in lineage_events.read_text()


def test_each_day_of_a_mapped_pull_is_a_partition(ended, airflow_home):
    events = airflow_home.query(
        "SELECT * FROM asset_event JOIN asset ON asset.id = asset_id"
        " WHERE asset.uri = ? AND source_task_id = 'refreshed' ORDER BY source_map_index",
        f"s3://{BUCKET}/refreshed/audit_trail",
    )
    days = [(DAY - timedelta(days=back)).date().isoformat() for back in (2, 1, 0)]
    told = [json.loads(event["extra"]) for event in events]
    assert [extra["window_start"][:10] for extra in told] == days
    assert all(extra["complete"] and extra["reported"] for extra in told)
    if hasattr(OutletEventAccessor, "add_partitions"):  # from Airflow 3.3 on
        assert [event["partition_key"] for event in events] == days


def test_the_hours_of_a_day_are_the_day(ended, airflow_home, store, truth):
    assert ended["hours"] == {"success"}
    hours = airflow_home.returned("windows", "hours")
    assert len(hours) == 24
    assert [hour["window_end"] for hour in hours[:-1]] == [hour["window_start"] for hour in hours[1:]]
    landed = [record for hour in hours for record in store.records(hour["manifest"])]
    assert same(landed, truth)
    assert ordered(landed)
    assert sum(hour["records"] for hour in hours) == len(truth)


def test_the_days_before_the_run_are_pulled_again_with_it(ended, airflow_home, sandbox, store):
    assert ended["refreshed"] == ended["again"] == ended["changes"] == {"success"}
    days = airflow_home.returned("windows", "refreshed")
    starts = [DAY - timedelta(days=back) for back in (2, 1, 0)]
    assert [day["window_start"] for day in days] == [f"{start:%Y-%m-%d}T00:00:00Z" for start in starts]
    assert all(day["changed"] and day["complete"] for day in days)
    for day, start in zip(days, starts, strict=True):
        assert same(store.records(day["manifest"]), sandbox.audit.truth(start, start + timedelta(days=1)))
    (again,) = airflow_home.returned("windows", "again")
    assert again == {**days[1], "changed": False}
    (changes,) = airflow_home.returned("windows", "changes")
    assert changes[-4:] == [True, True, True, False]


def test_templates_make_window_bucket_and_prefix(ended, airflow_home, sandbox, store):
    assert ended["templated"] == {"success"}
    (summary,) = airflow_home.returned("windows", "templated")
    assert summary["manifest"].startswith(f"s3://{BUCKET}/templated/2026/audit_trail/")
    truth = sandbox.audit.truth(DAY, DAY + timedelta(hours=6))
    assert same(store.records(summary["manifest"]), truth)


def test_a_missing_bucket_is_named_and_nothing_is_left(ended, ran, store):
    assert ended["missing_bucket"] == {"failed"}
    assert "There is no bucket 'there-is-no-such-bucket'" in ran
    assert "there-is-no-such-bucket" not in store.buckets()


def test_a_wrong_secret_fails_naming_field_and_connection(ended, ran, store):
    assert ended["wrong_api_key"] == ended["wrong_app_jwt"] == {"failed"}
    for conn_id, field in (
        ("wrong_api_key", "check the app secret and the access token secret"),
        ("wrong_app_jwt", "the client ID or the client secret is wrong"),
    ):
        told = [line for line in ran.splitlines() if "AuthenticationError" in line and field in line]
        assert told, f"no sentence about {conn_id}"
    assert store.objects(BUCKET, "wrong-secret") == {}


def test_a_refused_aws_identity_fails_naming_the_bucket(ended, ran):
    assert ended["wrong_aws"] == {"failed"}
    assert f"s3://{BUCKET}/wrong-aws/" in ran
    assert "S3 does not accept the AWS key of connection 'wrong_aws'" in ran


def test_a_sensor_waits_in_the_triggerer_until_its_window_is_complete(ended, ran):
    assert ended["ready"] == {"success"}
    told = ran.partition("starting task_id=ready")[2].partition("end task task_id=ready")[0]
    places = [told.index(words) for words in ("complete at", "LivePerson has all records")]
    assert places == sorted(places)


def test_a_sensor_of_a_window_that_is_gone_fails_with_the_reason(ended, ran):
    assert ended["gone"] == {"failed"}
    assert "LivePerson keeps messaging_queue_health for 1 day, so nothing of it is left" in ran
