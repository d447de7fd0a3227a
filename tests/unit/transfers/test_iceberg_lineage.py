"""What the operator for Iceberg tables tells OpenLineage, through the real provider."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.openlineage.extractors.manager import ExtractorManager
from airflow.utils.state import TaskInstanceState
from openlineage.client.serde import Serde

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.transfers.iceberg_lineage import _public
from airflow_provider_liveperson.transfers.lineage import HASHED, PERSONAL
from airflow_provider_liveperson.transfers.liveperson_to_iceberg import LivePersonToIcebergOperator
from airflow_provider_liveperson.transfers.liveperson_to_object_storage import (
    LivePersonToObjectStorageOperator,
)
from airflow_provider_liveperson.version_compat import AirflowFailException
from devtools.iceberg import CATALOG, NAME, NEXT_DAY, Lake
from devtools.landed_windows import ACCOUNT


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path)


def operator(lake: Lake, manifest: Any) -> LivePersonToIcebergOperator:
    return LivePersonToIcebergOperator(
        task_id="load", table=NAME, manifest=manifest, catalog=CATALOG, catalog_properties=lake.properties
    )


def lineage(task: Any, state: TaskInstanceState = TaskInstanceState.SUCCESS) -> tuple[Any, Any]:
    """What the provider sends of a task that has ended, as JSON: inputs and outputs."""
    found = ExtractorManager().extract_metadata(
        dagrun=SimpleNamespace(run_id="run"),
        task=task,
        task_instance_state=state,
        task_instance=SimpleNamespace(task=task),
    )
    inputs, outputs = (
        [json.loads(Serde.to_json(one)) for one in side] for side in (found.inputs, found.outputs)
    )
    return inputs, outputs


def loaded(lake: Lake, *uris: str) -> tuple[Any, Any]:
    task = operator(lake, list(uris))
    task.execute({"outlet_events": {}})
    return lineage(task)


def fields_of(told: dict[str, Any]) -> dict[str, Any]:
    return {field["name"]: field for field in told["facets"]["schema"]["fields"]}


def test_the_landed_dataset_comes_in_and_the_table_goes_out(lake):
    days = [lake.land(["1", "2"]), lake.land(["3"], window=NEXT_DAY)]
    (source,), (table,) = loaded(lake, *(one.uri for one in days))
    assert (source["namespace"], source["name"]) == ("file", f"{lake.folder}/lake/users")
    assert (table["namespace"], table["name"]) == ("file", lake.table.location().removeprefix("file://"))
    partitions = [
        {"dimensions": {"account_id": ACCOUNT, "dt": str(one.window.start.date()), "_window": one.name}}
        for one in days
    ]
    for told in (
        source["inputFacets"]["subset"]["inputCondition"],
        table["outputFacets"]["subset"]["outputCondition"],
    ):
        assert told == {"type": "partition", "partitions": partitions}
    assert source["inputFacets"]["inputStatistics"]["rowCount"] == 3
    assert table["outputFacets"]["outputStatistics"]["rowCount"] == 3
    assert list(fields_of(table)) == [field.name for field in lake.table.schema().fields]
    types = {name: field["type"] for name, field in fields_of(table).items()}
    assert (types["id"], types["dt"], types["deleted"], types["skillIds"]) == (
        "string",
        "date",
        "boolean",
        "array",
    )
    assert fields_of(table)["email"]["description"] == PERSONAL
    columns = table["facets"]["columnLineage"]["fields"]
    assert set(columns) == set(DATASETS["users"].columns)
    (from_,) = columns["email"]["inputFields"]
    assert (from_["namespace"], from_["name"], from_["field"]) == (
        source["namespace"],
        source["name"],
        "email",
    )
    assert table["facets"]["storage"]["storageLayer"] == "iceberg"
    (symlink,) = table["facets"]["symlinks"]["identifiers"]
    assert (symlink["namespace"], symlink["name"]) == (f"sqlite:///{lake.folder}/catalog.db", NAME)
    assert table["facets"]["catalog"]["type"] == "sql"
    # Nothing was written, and the datasets are the same.
    again = loaded(lake, *(one.uri for one in days))
    assert [(one["namespace"], one["name"]) for side in again for one in side] == [
        (one["namespace"], one["name"]) for one in (source, table)
    ]


def test_the_input_is_what_the_landing_operators_name_as_their_output(lake, sandbox, waits, monkeypatch):
    connection = sandbox.connections()["liveperson_api_key"]
    hashing = replace(connection, extra={**connection.extra, "hash_secret": "pepper"})
    monkeypatch.setenv("AIRFLOW_CONN_HASHING", hashing.as_json())
    pull = LivePersonToObjectStorageOperator(
        task_id="pull",
        dataset="users",
        path=f"file://{lake.folder}/raw",
        file_format="parquet",
        hash_fields=["loginName"],
        drop_fields=["email"],
        start="2026-01-30T00:00:00Z",
        end="2026-01-31T00:00:00Z",
        liveperson_conn_id="hashing",
        allow_out_of_range=True,
    )
    summary = pull.execute({})
    _, (landed,) = lineage(pull)
    (source,), (table,) = loaded(lake, summary["manifest"])
    assert (source["namespace"], source["name"]) == (landed["namespace"], landed["name"])
    assert source["facets"] == {
        name: facet for name, facet in landed["facets"].items() if name != "columnLineage"
    }
    assert fields_of(table)["loginName"]["description"] == HASHED
    assert "email" not in fields_of(table)
    assert table["outputFacets"]["outputStatistics"]["rowCount"] == summary["records"] > 0


def test_two_prefixes_are_two_inputs(lake):
    other = Lake(lake.folder / "other", lake.properties)
    uris = [lake.land(["1"]).uri, other.land(["2"], window=NEXT_DAY).uri]
    sources, (table,) = loaded(lake, *uris)
    assert [one["name"] for one in sources] == [
        f"{lake.folder}/lake/users",
        f"{lake.folder}/other/lake/users",
    ]
    assert [one["name"] for one in table["facets"]["columnLineage"]["fields"]["id"]["inputFields"]] == [
        one["name"] for one in sources
    ]


def test_a_task_that_fails_names_what_it_has_read_and_no_table(lake):
    landed = lake.land(["1"])
    lake.catalog.create_namespace("liveperson")
    lake.catalog.create_table(NAME, schema=lake.land(["2"], window=NEXT_DAY).schema())
    task = operator(lake, landed.uri)
    with pytest.raises(AirflowFailException, match="was not made for landed windows"):
        task.execute({})
    (source,), outputs = lineage(task, TaskInstanceState.FAILED)
    assert (source["name"], outputs) == (f"{lake.folder}/lake/users", [])
    assert lineage(operator(lake, "s3://lake/nothing"), TaskInstanceState.FAILED) == ([], [])


@pytest.mark.parametrize(
    ("uri", "public"),
    [
        (
            "postgresql+psycopg2://me:hush@db:5432/iceberg?password=hush",
            "postgresql+psycopg2://db:5432/iceberg",
        ),
        ("https://catalog.example.com/ws?token=hush#hush", "https://catalog.example.com/ws"),
        ("thrift://hive:9083", "thrift://hive:9083"),
        ("my_warehouse", None),
        ("http://[", None),
        (None, None),
    ],
)
def test_addresses_of_catalogs_are_told_without_secrets(uri, public):
    assert _public(uri) == public
