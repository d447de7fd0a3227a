"""What the operators tell OpenLineage, through the real provider."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.openlineage.extractors.manager import ExtractorManager
from airflow.utils.state import TaskInstanceState
from openlineage.client.serde import Serde

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.transfers.lineage import HASHED, PERSONAL, names
from airflow_provider_liveperson.transfers.liveperson_to_object_storage import (
    LivePersonToObjectStorageOperator,
)
from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator
from airflow_provider_liveperson.version_compat import AirflowFailException

DAY = datetime(2026, 1, 30, tzinfo=UTC)
OPENLINEAGE = ("openlineage", "airflow.providers.openlineage.extractors")
INPUT = ("liveperson://70000001", "audit_trail")

pytestmark = pytest.mark.usefixtures("airflow_connections")


def arguments(**choices: Any) -> dict[str, Any]:
    return {
        "task_id": "pull",
        "dataset": "audit_trail",
        "bucket": "lake",
        "aws_conn_id": None,
        "start": DAY,
        "end": DAY + timedelta(days=1),
        **choices,
    }


def operator(**choices: Any) -> LivePersonToS3Operator:
    return LivePersonToS3Operator(**arguments(**choices))


def lineage(task: Any, state: TaskInstanceState = TaskInstanceState.SUCCESS) -> dict[str, Any]:
    """What the provider sends of a task that has ended, as JSON."""
    found = ExtractorManager().extract_metadata(
        dagrun=SimpleNamespace(run_id="run"),
        task=task,
        task_instance_state=state,
        task_instance=SimpleNamespace(task=task),
    )
    return {
        side: [json.loads(Serde.to_json(dataset)) for dataset in getattr(found, side)]
        for side in ("inputs", "outputs")
    }


def dataset(found: dict[str, Any]) -> tuple[str, str]:
    return found["namespace"], found["name"]


def test_one_dataset_comes_in_and_one_goes_out(s3):
    pull = operator(prefix="raw/lp", end=DAY + timedelta(days=2))
    summary = pull.execute({})
    found = lineage(pull)
    (source,), (landed,) = found["inputs"], found["outputs"]
    assert dataset(source) == INPUT
    assert dataset(landed) == ("s3://lake", "raw/lp/audit_trail")
    told = landed["outputFacets"]["outputStatistics"]
    assert (told["rowCount"], told["size"], told["fileCount"]) == (
        summary["records"],
        summary["bytes"],
        len(summary["objects"]),
    )
    folders = [uri.removesuffix("/_manifest.json") for uri in summary["manifests"]]
    assert landed["outputFacets"]["subset"]["outputCondition"] == {
        "type": "partition",
        "partitions": [
            {
                "dimensions": {"account_id": "70000001", "dt": day},
                "identifier": folder.removeprefix("s3://lake/raw/lp/"),
            }
            for day, folder in zip(("2026-01-30", "2026-01-31"), folders, strict=True)
        ],
    }
    condition = source["inputFacets"]["subset"]["inputCondition"]
    assert (condition["operator"], condition["left"]["comparison"]) == ("AND", "GREATER_EQUAL_THAN")
    assert [condition[side]["right"]["value"] for side in ("left", "right")] == [
        "2026-01-30T00:00:00Z",
        "2026-02-01T00:00:00Z",
    ]
    for facets in (source["facets"], landed["facets"]):
        assert [field["name"] for field in facets["schema"]["fields"]] == list(
            DATASETS["audit_trail"].columns
        )
        assert facets["documentation"]["description"].startswith(DATASETS["audit_trail"].title)


def test_a_rerun_and_another_day_have_the_same_datasets(s3):
    seen = set()
    for day in (DAY, DAY, DAY - timedelta(days=1)):
        pull = operator(start=day, end=day + timedelta(days=1))
        pull.execute({})
        found = lineage(pull)
        seen.add((dataset(found["inputs"][0]), dataset(found["outputs"][0])))
    assert seen == {(INPUT, ("s3://lake", "liveperson/audit_trail"))}


def test_masked_fields_are_marked_and_dropped_ones_are_not_there(sandbox, s3, monkeypatch):
    """By the arguments, and by the connection."""
    connection = sandbox.connections()["liveperson_api_key"]
    extra = {"hash_secret": "pepper", "drop_fields": {"audit_trail": ["originatorUserAgent"]}}
    masked = replace(connection, extra={**connection.extra, **extra})
    monkeypatch.setenv("AIRFLOW_CONN_MASKED", masked.as_json())
    pull = operator(liveperson_conn_id="masked", hash_fields=["originatorLoginName"])
    pull.execute({})
    facets = lineage(pull)["outputs"][0]["facets"]
    fields = {field["name"]: field for field in facets["schema"]["fields"]}
    assert list(fields) == [name for name in DATASETS["audit_trail"].columns if name != "originatorUserAgent"]
    assert fields["originatorLoginName"]["description"] == HASHED
    columns = facets["columnLineage"]["fields"]
    assert set(columns) == set(fields)
    told = {name: column["inputFields"][0]["transformations"][0] for name, column in columns.items()}
    assert [name for name, how in told.items() if how["masking"]] == ["originatorLoginName"]


@pytest.mark.usefixtures("within_a_year")
def test_fields_inside_others_are_marked(s3):
    given = {"consumerParticipants.email", "consumerParticipants.phone"}
    pull = operator(dataset="messaging_interactions", drop_fields=sorted(given))
    pull.execute({})
    found = lineage(pull)
    inside = []
    for side in ("inputs", "outputs"):
        fields = {field["name"]: field for field in found[side][0]["facets"]["schema"]["fields"]}
        (element,) = fields["consumerParticipants"]["fields"]
        assert (fields["consumerParticipants"]["type"], element["name"]) == ("array", "_element")
        inside.append({field["name"]: field for field in element["fields"]})
    before, after = inside
    assert before.keys() - after.keys() == {"email", "phone"}
    assert {before["email"]["description"], after["firstName"]["description"]} == {PERSONAL}
    assert "description" not in after["participantId"]
    columns = found["outputs"][0]["facets"]["columnLineage"]["fields"]
    (how,) = columns["consumerParticipants"]["inputFields"][0]["transformations"]
    assert (how["masking"], how["subtype"]) == (True, "TRANSFORMATION")
    assert {path for path in given if path in how["description"]} == given


def test_a_failed_task_tells_what_was_intended(sandbox, s3):
    pull = operator()
    sandbox.faults.add(match="/metadata/audit", times=1000, kind="status", status=400)
    with pytest.raises(AirflowFailException):
        pull.execute({})
    found = lineage(pull, TaskInstanceState.FAILED)
    assert dataset(found["inputs"][0]) == INPUT
    (landed,) = found["outputs"]
    assert dataset(landed) == ("s3://lake", "liveperson/audit_trail")
    assert "outputStatistics" not in landed["outputFacets"]
    (partition,) = landed["outputFacets"]["subset"]["outputCondition"]["partitions"]
    assert partition["dimensions"]["dt"] == "2026-01-30"


def test_a_second_try_that_fails_counts_nothing_of_the_first(sandbox, s3):
    pull = operator()
    pull.execute({})
    sandbox.faults.add(match="/metadata/audit", times=1000, kind="status", status=400)
    with pytest.raises(AirflowFailException):
        pull.execute({})
    assert "outputStatistics" not in lineage(pull, TaskInstanceState.FAILED)["outputs"][0]["outputFacets"]


@pytest.mark.parametrize("choices", [{"dataset": "nothing"}, {"liveperson_conn_id": "nowhere"}])
def test_a_task_that_cannot_begin_tells_nothing(choices):
    pull = operator(**choices)
    with pytest.raises(Exception, match=r"nothing|nowhere"):
        pull.execute({})
    assert lineage(pull, TaskInstanceState.FAILED) == {"inputs": [], "outputs": []}


def test_local_files(tmp_path):
    pull = LivePersonToObjectStorageOperator(
        task_id="pull",
        dataset="audit_trail",
        path=f"file://{tmp_path}/raw",
        start=DAY,
        end=DAY + timedelta(days=1),
    )
    pull.execute({})
    assert dataset(lineage(pull)["outputs"][0]) == ("file", f"{tmp_path}/raw/audit_trail")


@pytest.mark.parametrize(
    ("uri", "namespace", "name"),
    [
        ("s3://lake/raw/users", "s3://lake", "raw/users"),
        ("s3a://lake/users", "s3://lake", "users"),
        ("gs://lake/raw/users", "gs://lake", "raw/users"),
        ("gcs://lake/users", "gs://lake", "users"),
        ("abfs://container/raw/users", "abfs://container", "raw/users"),
        ("file:///data/users", "file", "/data/users"),
        ("s3://lake/raw#1?/users", "s3://lake", "raw#1?/users"),
        ("file:///data/raw#1?/users", "file", "/data/raw#1?/users"),
    ],
)
def test_names_are_those_of_openlineage(uri, namespace, name):
    assert names(uri) == (namespace, name)


def test_a_pull_needs_nothing_of_openlineage(s3, monkeypatch):
    """As where its provider is not installed."""
    for name in [name for name in sys.modules if name.startswith(OPENLINEAGE)] + list(OPENLINEAGE):
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("base", "lineage", "liveperson_to_s3"):
        monkeypatch.delitem(sys.modules, f"airflow_provider_liveperson.transfers.{name}")
    importlib.import_module("airflow_provider_liveperson.transfers.lineage")
    afresh = importlib.import_module("airflow_provider_liveperson.transfers.liveperson_to_s3")
    pull = afresh.LivePersonToS3Operator(**arguments())
    assert pull.execute({})["records"]
    with pytest.raises(ImportError):
        pull.get_openlineage_facets_on_complete(None)
