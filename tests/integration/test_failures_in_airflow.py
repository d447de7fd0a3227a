"""Failures in a real Airflow: permanent errors take one try, and the log ends with the message."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devtools.airflow_home import KEEP_RETRIES
from tests.integration.landed import RUN_DATE

SAYS = {
    "secret": "the client ID or the client secret is wrong",
    "password": "AuthenticationError: ",
    "filter": "ConfigurationError: filters: audit_trail has no filter 'nothing'",
    "field": "ConfigurationError: file_format is 'xlsx'",
    "window": "EmptyWindowError: start (2026-03-04",
    "future": "WindowOutOfRangeError: the window ends at 2999",
    "bucket": "'there-is-no-such-bucket'",
    "mask": "(did you mean objectName?)",
}


@pytest.fixture(scope="module")
def ran(airflow_home, start_sandbox, moto):
    sandbox = start_sandbox()
    made = sandbox.connections()
    wrong = {
        "wrong_app_jwt": replace(made["liveperson_app_jwt"], password="0" * 26),
        "wrong_login": replace(made["liveperson_login"], password="wrong-password"),
    }
    environment = {f"AIRFLOW_CONN_{name.upper()}": conn.as_json() for name, conn in (made | wrong).items()}
    moto.client.create_bucket(Bucket="failing")
    environment |= {"AIRFLOW_CONN_AWS_DEFAULT": moto.connection(), "TEST_BUCKET": "failing"}
    answer = airflow_home.run("dags", "test", "failing", RUN_DATE, environment=environment | KEEP_RETRIES)
    rows = airflow_home.query(
        "SELECT task_id, state, try_number FROM task_instance WHERE dag_id = ?", "failing"
    )
    tries = {row["task_id"]: (row["state"], row["try_number"]) for row in rows}
    return answer.stdout, tries, sandbox


def test_permanent_errors_take_one_try(ran):
    _, tries, _ = ran
    assert {name.rpartition("_with")[0] for name in tries} == set(SAYS)
    assert set(tries.values()) == {("failed", 1)}


def test_a_wrong_password_is_tried_once_by_each_task(ran):
    _, tries, sandbox = ran
    logins = [one for one in sandbox.requests if one.path.endswith("/login")]
    assert len(logins) == sum(name.startswith("password") for name in tries)


def test_the_log_ends_with_the_message(ran):
    log, tries, _ = ran
    tasks = log.split("[DAG TEST] starting task_id=")[1:]
    assert len(tasks) == len(tries)
    for part in tasks:
        what = part.partition(" ")[0].rpartition("_with")[0]
        lines = [line for line in part.splitlines() if "[error " in line.lower() or "Traceback" in line]
        assert "Traceback" in lines[-2]
        assert SAYS[what] in lines[-1]
        assert "failures.py" in lines[-1] or "airflow_provider_liveperson.failures" in lines[-1]


def test_the_log_has_no_library_frames(ran):
    log, _, _ = ran
    for library in ("/requests/", "/urllib3/", "/botocore/", "/tenacity/", "/msgspec/", "contextlib.py"):
        assert library not in log
    assert not [line for line in log.splitlines() if line.startswith('  File "') and "/client/" in line]
