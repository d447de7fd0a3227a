"""Connections from every place where a real Airflow looks for them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

HOOKS = {
    "liveperson_api_key": "LivePersonApiKeyHook",
    "liveperson_app_jwt": "LivePersonAppJwtHook",
    "liveperson_login": "LivePersonLoginHook",
}
PLACES = ("as_uri", "as_json", "in_database", "in_backend")


@pytest.fixture(scope="module")
def sandbox(start_sandbox):
    return start_sandbox(audit_rows=40)


@pytest.fixture(scope="module")
def environment(sandbox, airflow_home, secrets_backend, tmp_path_factory) -> dict[str, str]:
    """Puts every connection in every place; its ID names type and place."""
    in_database = tmp_path_factory.mktemp("connections") / "in_database.json"
    for place, path in (("in_database", in_database), ("in_backend", secrets_backend)):
        named = {f"{name}_{place}": made.as_dict() for name, made in sandbox.connections().items()}
        path.write_text(json.dumps(named))
    answer = airflow_home.run("connections", "import", str(in_database))
    assert answer.returncode == 0, answer.stdout
    variables = {"TEST_CONN_IDS": ",".join(f"{name}_{place}" for name in HOOKS for place in PLACES)}
    for name, made in sandbox.connections().items():
        variables[f"AIRFLOW_CONN_{name.upper()}_AS_URI"] = made.as_uri()
        variables[f"AIRFLOW_CONN_{name.upper()}_AS_JSON"] = made.as_json()
    return variables


@pytest.fixture(scope="module")
def used(airflow_home, environment) -> dict[str, dict]:
    """What a task made of each connection, by connection ID."""
    answer = airflow_home.run("dags", "test", "connections", "2026-03-04", environment=environment)
    assert answer.returncode == 0, answer.stdout
    return {result["conn_id"]: result for result in airflow_home.returned("connections", "use")}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("conn_type", HOOKS)
class TestInATask:
    def test_airflow_makes_the_hook_of_the_type(self, used, conn_type, place):
        assert used[f"{conn_type}_{place}"]["generic"] == HOOKS[conn_type]

    def test_so_does_the_generic_hook(self, used, conn_type, place):
        assert used[f"{conn_type}_{place}"]["ours"] == HOOKS[conn_type]

    def test_it_passes_its_test(self, used, conn_type, place, sandbox):
        good, sentence = used[f"{conn_type}_{place}"]["test"]
        assert good
        assert sandbox.settings.account_id in sentence

    def test_it_reads_every_record(self, used, conn_type, place, sandbox):
        truth = sandbox.audit.truth(datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC))
        assert used[f"{conn_type}_{place}"]["records"] == len(truth) == 10


@pytest.mark.parametrize("conn_id", ["liveperson_api_key_as_uri", "liveperson_app_jwt_in_database"])
def test_the_command_line_tests_a_connection(airflow_home, environment, conn_id):
    answer = airflow_home.run("connections", "test", conn_id, environment=environment)
    assert "Connection success!" in answer.stdout


def test_the_command_line_names_the_wrong_field(airflow_home, sandbox):
    wrong = replace(sandbox.connections()["liveperson_app_jwt"], password="0" * 26)
    answer = airflow_home.run(
        "connections", "test", "wrong", environment={"AIRFLOW_CONN_WRONG": wrong.as_json()}
    )
    said = " ".join(answer.stdout.split())
    assert "Connection failed!" in said
    assert "'Client secret' (password): Sentinel did not issue a token" in said
