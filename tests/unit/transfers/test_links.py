"""The links on a task that has landed something."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from airflow.providers_manager import ProvidersManager

from airflow_provider_liveperson.coverage.rows import row_key
from airflow_provider_liveperson.transfers.liveperson_to_object_storage import (
    LivePersonToObjectStorageOperator,
)
from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator

pytestmark = pytest.mark.usefixtures("airflow_connections")

START = datetime(2026, 1, 29, tzinfo=UTC)
FOLDER = "liveperson/audit_trail/account_id=70000001"
WINDOW = f"{FOLDER}/dt=2026-01-29/20260129T000000Z_20260130T000000Z"
CONSOLE = "https://console.aws.amazon.com/s3"


def links(operator) -> dict[str, str]:
    """What the task's process leaves for the page."""
    ti = SimpleNamespace(dag_id="my dag", task_id="pull", run_id="run", map_index=-1)
    return {link.name: link.get_link(operator=operator, ti_key=ti) for link in operator.operator_extra_links}


def to_s3(days: int = 1) -> LivePersonToS3Operator:
    return LivePersonToS3Operator(
        task_id="pull",
        dataset="audit_trail",
        bucket="lake",
        aws_conn_id=None,
        start=START,
        end=START + timedelta(days=days),
    )


@pytest.fixture(autouse=True)
def base_url(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/af/")


def test_a_window_on_s3_has_its_folder_and_manifest_in_amazons_console(sandbox, s3):
    operator = to_s3()
    operator.execute({})
    made = links(operator)
    assert list(made) == ["Landed files", "Manifest", "Coverage"]
    asked = {
        name: (urlsplit(url).path, parse_qs(urlsplit(url).query)["prefix"])
        for name, url in made.items()
        if url.startswith(CONSOLE)
    }
    assert asked == {
        "Landed files": ("/s3/buckets/lake", [f"{WINDOW}/"]),
        "Manifest": ("/s3/object/lake", [f"{WINDOW}/_manifest.json"]),
    }
    assert made["Coverage"] == "https://airflow.example.com/af/dags/my%20dag/plugin/liveperson-data"


def test_of_several_days_it_is_the_folder_of_the_dataset(sandbox, s3):
    operator = to_s3(days=2)
    operator.execute({})
    (prefix,) = parse_qs(urlsplit(links(operator)["Landed files"]).query)["prefix"]
    assert prefix == f"{FOLDER}/"


def test_a_store_without_a_console_has_the_page_that_knows_the_manifest(sandbox, tmp_path):
    operator = LivePersonToObjectStorageOperator(
        task_id="pull",
        dataset="audit_trail",
        path=f"file://{tmp_path}",
        start=START,
        end=START + timedelta(days=1),
    )
    operator.execute({})
    made = links(operator)
    assert made["Landed files"] == ""
    page, _, query = made["Manifest"].partition("?")
    assert page == "https://airflow.example.com/af/liveperson/coverage"
    assert parse_qs(query.removesuffix("#facts")) == {
        "dag_id": ["my dag"],
        "until": ["2026-01-29"],
        "row": [row_key(f"file://{tmp_path}", "audit_trail", "70000001")],
        "at": ["2026-01-29T00:00:00Z"],
    }


def test_a_task_that_has_landed_nothing_has_no_links(sandbox, s3):
    assert set(links(to_s3()).values()) == {""}


def test_airflow_knows_the_links():
    found = ProvidersManager().extra_links_class_names
    names = {type(link).__name__ for link in to_s3().operator_extra_links}
    assert {f"airflow_provider_liveperson.transfers.links.{name}" for name in names} <= set(found)
