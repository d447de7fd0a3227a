"""The check outside of a task, with connections from every place where Airflow keeps them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from airflow import __version__ as airflow_version

OURS = ("-m", "airflow_provider_liveperson")
# Airflow 3.1 has no commands of providers.
AIRFLOWS = OURS if airflow_version.startswith("3.1.") else ("-m", "airflow", "liveperson")
DATASETS = ("--dataset", "users", "--dataset", "audit_trail")


@pytest.fixture(scope="module")
def sandbox(start_sandbox):
    return start_sandbox(audit_rows=40)


@pytest.fixture(scope="module")
def environment(sandbox, airflow_home, secrets_backend, tmp_path_factory) -> dict[str, str]:
    """The API key is in the database, the App-JWT in a secrets backend and in the environment."""
    in_database, made = tmp_path_factory.mktemp("connections") / "in_database.json", sandbox.connections()
    in_database.write_text(json.dumps({"checked_in_database": made["liveperson_api_key"].as_dict()}))
    secrets_backend.write_text(json.dumps({"in_backend": made["liveperson_app_jwt"].as_dict()}))
    answer = airflow_home.run("connections", "import", str(in_database))
    assert answer.returncode == 0, answer.stdout
    return {"AIRFLOW_CONN_IN_ENVIRONMENT": made["liveperson_app_jwt"].as_json()}


@pytest.fixture(scope="module")
def check(airflow_home, environment):
    """Runs the command; its two outputs stay apart."""
    # At DEBUG, Airflow's own command prints before and after ours does anything.
    debug = {"AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG"}

    def run(command: tuple[str, ...], *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command, "check", *arguments, *DATASETS, "--json"],
            cwd=airflow_home.path,
            env={**airflow_home.environment(), **environment, **(debug if command == OURS else {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@pytest.mark.parametrize("other", ["in_backend", "in_environment"])
def test_connections_from_two_places_are_compared(check, sandbox, other):
    answer = check(OURS, "checked_in_database", "--against", other)
    assert answer.returncode == 0, answer.stderr
    printed = json.loads(answer.stdout)
    assert printed["connection"]["credential"] == "API key"
    assert printed["against"]["credential"] == "App-JWT V2"
    assert printed["comparison"]["ok"]
    said = answer.stdout + answer.stderr
    assert [secret for secret in sandbox._state.secrets() if secret in said] == []


def test_airflows_own_command_prints_nothing_else_either(check):
    answer = check(AIRFLOWS, "checked_in_database")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["ok"]


def test_airflows_own_command_fails_when_it_should(check):
    answer = check(AIRFLOWS, "nowhere")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "there is no connection 'nowhere' in Airflow" in answer.stderr
