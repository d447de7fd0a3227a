"""What ``sandbox --json`` prints, given to a real Airflow by ``airflow connections import``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from airflow import __version__ as airflow_version

from devtools.airflow_server import AirflowServer
from tests.integration.landed import NEXT_DAY

AIRFLOW = tuple(int(part) for part in airflow_version.split(".")[:2])
# The web application's has no consent yet.
READY = ("liveperson_api_key", "liveperson_app_jwt", "liveperson_login")
ALL = (*READY, "liveperson_web_app")


@pytest.fixture(scope="module")
def connections(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The file to which a user writes the sandbox's output, while the sandbox runs."""
    path = tmp_path_factory.mktemp("sandbox") / "connections.json"
    command = [sys.executable, "-m", "airflow_provider_liveperson", "sandbox", "--json", "--port", "0"]
    data = ["--days", "4", "--audit-rows", "40", "--until", (NEXT_DAY + timedelta(days=1)).date().isoformat()]
    with subprocess.Popen([*command, *data], stdout=subprocess.PIPE, text=True) as sandbox:
        try:
            assert sandbox.stdout
            path.write_text(sandbox.stdout.readline())
            yield path
        finally:
            sandbox.terminate()


@pytest.fixture(scope="module")
def imported(airflow_home, connections) -> Iterator[Path]:
    answer = airflow_home.run("connections", "import", str(connections))
    assert answer.returncode == 0, answer.stdout
    for conn_id in ALL:
        assert f"Imported connection {conn_id}" in answer.stdout
    yield connections
    for conn_id in ALL:
        airflow_home.run("connections", "delete", conn_id)


def test_the_imported_connections_pull(airflow_home, imported):
    answer = airflow_home.run(
        "dags", "test", "connections", "2026-03-04", environment={"TEST_CONN_IDS": ",".join(READY)}
    )
    assert answer.returncode == 0, answer.stdout
    used = {result["conn_id"]: result for result in airflow_home.returned("connections", "use")}
    assert {
        conn_id: (result["test"][0], result["records"]) for conn_id, result in used.items()
    } == dict.fromkeys(READY, (True, 10))


def test_they_are_exported_as_they_were_imported(airflow_home, imported, tmp_path):
    answer = airflow_home.run("connections", "export", str(tmp_path / "exported.json"))
    assert answer.returncode == 0, answer.stdout
    exported = json.loads((tmp_path / "exported.json").read_text())
    for conn_id, connection in json.loads(imported.read_text()).items():
        for name, value in connection.items():
            kept = json.loads(exported[conn_id][name]) if name == "extra" else exported[conn_id][name]
            assert kept == value


def test_the_test_button_accepts_them(airflow_home, imported):
    """A connection as the page of saved connections sends it: from Airflow 3.3 on with masks in place of secrets."""
    made = json.loads(imported.read_text())
    with AirflowServer(airflow_home) as airflow, requests.Session() as http:
        http.trust_env = False
        token = http.get(f"{airflow.url}/auth/token", timeout=30)
        http.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        for conn_id in READY:
            saved = http.get(f"{airflow.url}/api/v2/connections/{conn_id}", timeout=30).json()
            assert saved["password"] == "***"
            if AIRFLOW < (3, 3):
                saved |= {"password": made[conn_id]["password"], "extra": json.dumps(made[conn_id]["extra"])}
            answer = http.post(f"{airflow.url}/api/v2/connections/test", json=saved, timeout=60)
            assert answer.status_code == 200, answer.text
            assert answer.json()["status"] is True, answer.text
