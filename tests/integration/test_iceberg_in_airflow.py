"""The example DAG in a real Airflow: from LivePerson into a real S3, and into an Iceberg table in there."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from pyiceberg.catalog import Catalog, load_catalog

from devtools.iceberg import rows_of
from devtools.seaweedfs import REGION
from tests.integration.landed import DAY, NEXT_DAY, RUN_DATE

BUCKET = "iceberg"
CONN_ID = "iceberg_default"
DAG_ID = "liveperson_conversations_to_iceberg"
TABLE = "liveperson.conversations"

pytestmark = pytest.mark.s3


@pytest.fixture(scope="module")
def sandbox(start_sandbox):
    return start_sandbox()


@pytest.fixture(scope="module")
def properties(store, tmp_path_factory) -> dict[str, str]:
    store.client.create_bucket(Bucket=BUCKET)
    return {
        "type": "sql",
        "uri": f"sqlite:///{tmp_path_factory.mktemp('catalog')}/catalog.db",
        "warehouse": f"s3://{BUCKET}/warehouse",
        "s3.endpoint": store.endpoint_url,
        "s3.access-key-id": store.access_key,
        "s3.secret-access-key": store.secret_key,
        "s3.region": REGION,
    }


@pytest.fixture(scope="module")
def catalog(properties) -> Catalog:
    # A SQL catalog is found by its name, too, which is the connection's.
    return load_catalog(CONN_ID, **properties)


@pytest.fixture(scope="module")
def run(airflow_home, sandbox, store, properties):
    """Runs the DAG, and gives what its second task returned."""
    connections = sandbox.connections()
    environment = {
        "AIRFLOW_CONN_LIVEPERSON_DEFAULT": connections["liveperson_api_key"].as_json(),
        "AIRFLOW_CONN_AWS_DEFAULT": store.connection(),
        f"AIRFLOW_CONN_{CONN_ID.upper()}": json.dumps({"conn_type": "iceberg", "extra": properties}),
        "LIVEPERSON_BUCKET": BUCKET,
    }

    def run(date: str):
        answer = airflow_home.run("dags", "test", DAG_ID, date, environment=environment)
        assert airflow_home.states(DAG_ID) == {"pull": {"success"}, "load": {"success"}}, answer.stdout
        (told,) = airflow_home.returned(DAG_ID, "load")
        return told

    return run


@pytest.fixture(scope="module")
def first(run):
    return run(RUN_DATE)


def truth(sandbox) -> set[str]:
    ended = sandbox.conversations.truth(DAY, NEXT_DAY)
    return {record["info"]["conversationId"] for record in ended}


def test_the_table_has_the_day_as_liveperson_has_it(first, catalog, sandbox, airflow_home):
    (pulled,) = airflow_home.returned(DAG_ID, "pull")
    assert first["table"] == TABLE
    assert (first["records"], first["manifests"], first["changed"]) == (
        pulled["records"],
        pulled["manifests"],
        True,
    )
    table = catalog.load_table(TABLE)
    rows = rows_of(table, "info", "account_id", "dt")
    assert {row[0]["conversationId"] for row in rows} == truth(sandbox)
    assert len(rows) == len(truth(sandbox)) > 0
    assert {row[1:] for row in rows} == {(pulled["account_id"], DAY.date())}
    assert table.location().startswith(f"s3://{BUCKET}/warehouse")


def test_another_run_of_the_day_changes_nothing(first, run, catalog, store):
    before = store.objects(BUCKET, "warehouse")
    assert run(RUN_DATE) == {**first, "changed": False}
    assert store.objects(BUCKET, "warehouse") == before


def test_the_next_day_comes_beside_it(first, run, catalog):
    told = run(str(NEXT_DAY.date() + timedelta(days=1)))
    table = catalog.load_table(TABLE)
    assert told["changed"]
    assert {row[0] for row in rows_of(table, "dt")} == {DAY.date(), NEXT_DAY.date()}
    assert len(table.snapshots()) == 2


def test_no_secret_is_in_the_table(first, store, properties):
    for key in store.objects(BUCKET, "warehouse"):
        assert properties["s3.secret-access-key"].encode() not in store.read(f"s3://{BUCKET}/{key}")
