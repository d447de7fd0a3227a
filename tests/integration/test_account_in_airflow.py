"""The example DAGs that land a whole account, in a real Airflow, into a real S3: every dataset there is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.personal_data import PERSONAL_FIELDS
from devtools import demo_account
from tests.integration.landed import same

BUCKET = "account"
HOURLY = "liveperson_data_access_hourly"

pytestmark = pytest.mark.s3


@pytest.fixture(scope="module")
def now() -> datetime:
    """The present: the client refuses windows of which LivePerson would have nothing left."""
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def sandbox(start_sandbox, now):
    return start_sandbox(until=now.date())


@pytest.fixture(scope="module")
def manifests(airflow_home, sandbox, store, now) -> dict[str, list[str]]:
    """The URIs of all manifests, by dataset, after all DAGs have run."""
    store.client.create_bucket(Bucket=BUCKET)
    hour = now.replace(minute=0, second=0, microsecond=0)
    environment = {
        **{
            f"AIRFLOW_CONN_{name.upper()}": connection.as_json()
            for name, connection in sandbox.connections().items()
        },
        "AIRFLOW_CONN_AWS_DEFAULT": store.connection(),
        **demo_account.CONNECTIONS,
        "LIVEPERSON_BUCKET": BUCKET,
    }

    def run(dag_id: str, date: str) -> None:
        answer = airflow_home.run("dags", "test", dag_id, date, environment=environment)
        assert answer.returncode == 0, answer.stdout[-20_000:]

    for dag_id in (demo_account.DAILY, demo_account.METRICS):
        run(dag_id, demo_account.run_date(dag_id, now))
    dimensions = demo_account.DIMENSIONS
    demo_account.within_a_day(lambda present: run(dimensions, demo_account.run_date(dimensions, present)))
    run(HOURLY, hour.isoformat())
    found: dict[str, list[str]] = {}
    for key in sorted(store.objects(BUCKET)):
        if key.endswith("/_manifest.json"):
            found.setdefault(key.split("/")[1], []).append(f"s3://{BUCKET}/{key}")
    return found


def midnight(now: datetime, *, days: int) -> str:
    return f"{now - timedelta(days=days):%Y-%m-%dT00:00:00Z}"


def test_every_dataset_lands_a_complete_window(manifests, store):
    assert set(manifests) == set(DATASETS)
    read = [json.loads(store.read(uri)) for uris in manifests.values() for uri in uris]
    assert [one["dataset"] for one in read if not one["complete"]] == []


def test_a_whole_account_is_what_the_connection_can_read(manifests, airflow_home, now):
    (chosen,) = airflow_home.returned(demo_account.DAILY, "liveperson.readable")
    names = {pull["dataset"] for pull in chosen}
    # Of the day before yesterday, there is nothing that shows the present only, or that is kept for a day.
    assert {"messaging_interactions", "audit_trail", "data_access_survey"} <= names
    assert names.isdisjoint({"users", "skills", "chat_queue_health", "chat_sla", "shift_status"})
    landed = airflow_home.returned(demo_account.DAILY, "liveperson.pull")
    assert [one["dataset"] for one in landed] == [pull["dataset"] for pull in chosen]
    starts = {}
    for one in landed:
        starts.setdefault(one["dataset"], []).append(one["window_start"])
    assert starts["messaging_interactions"] == [midnight(now, days=2)]
    assert starts["actual_handle_time"] == [midnight(now, days=3)]  # which LivePerson has a day later
    for name, refreshed in (
        ("outbound_transactions", 7),
        ("outbound_analytics", 7),
        ("engagement_history", 1),
    ):
        assert starts[name] == [midnight(now, days=2 + back) for back in range(refreshed, -1, -1)]


def test_personal_fields_are_dropped_from_each_dataset(manifests, sandbox, store, now):
    start = (now - timedelta(days=2)).replace(hour=0, minute=0, second=0, microsecond=0)
    (uri,) = manifests["audit_trail"]
    assert json.loads(store.read(uri))["masking"]["drop_fields"] == list(PERSONAL_FIELDS["audit_trail"])
    truth = sandbox.audit.truth(start, start + timedelta(days=1))
    assert truth
    dropped = set(PERSONAL_FIELDS["audit_trail"])
    assert {name for record in truth for name in record} & dropped
    rows = store.records(uri)
    assert same(rows, [{k: v for k, v in record.items() if k not in dropped} for record in truth])


def test_each_mapped_task_adds_the_event_of_its_datasets_asset(manifests, airflow_home):
    landed = airflow_home.returned(demo_account.DAILY, "liveperson.pull")
    events = airflow_home.query(
        "SELECT asset.uri, asset_event.extra FROM asset_event JOIN asset ON asset.id = asset_event.asset_id"
        " WHERE asset_event.source_dag_id = ?",
        demo_account.DAILY,
    )
    assert sorted((event["uri"], json.loads(event["extra"])["manifest"]) for event in events) == sorted(
        (f"s3://{BUCKET}/liveperson/{one['dataset']}", one["manifest"]) for one in landed
    )


def test_an_hour_of_files_is_pulled_when_liveperson_has_them(manifests, airflow_home, now):
    ended = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    for name in ("data_access_agent_activity", "data_access_survey"):
        (landed,) = airflow_home.returned(HOURLY, f"liveperson.{name}")
        assert landed["window_end"] == f"{ended:%Y-%m-%dT%H:%M:%SZ}"
