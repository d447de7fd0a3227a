"""A consent in a real Airflow: stored by a process with database access, renewed by a task, which has none."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet

from airflow_provider_liveperson.client.credentials.grants import Grant
from airflow_provider_liveperson.commands.examples import FOLDER
from airflow_provider_liveperson.sandbox.http.redaction import hidden
from airflow_provider_liveperson.sandbox.server import SandboxServer
from devtools.airflow_home import AirflowHome
from tests.integration.test_secrecy_in_airflow import AIRFLOWS_OWN

KEEP_ALIVE = FOLDER / "liveperson_web_app_keep_alive.py"
DAG_ID = "liveperson_web_app_keep_alive"
KEEP = """
import sys, msgspec
from airflow_provider_liveperson.client.credentials.grants import Grant
from airflow_provider_liveperson.hooks.consents import store_for
store_for("lp", sys.argv[2]).save(msgspec.json.decode(sys.argv[1], type=Grant))
"""
LOOK = """
import sys, msgspec
from airflow_provider_liveperson.hooks.consents import store_for
print("KEPT" + msgspec.json.encode(store_for("lp", sys.argv[1]).load()).decode())
"""


@pytest.fixture(scope="module")
def sandbox(start_sandbox) -> SandboxServer:
    return start_sandbox(audit_rows=20)


@pytest.fixture(scope="module")
def home(sandbox: SandboxServer) -> Iterator[AirflowHome]:
    environment = {
        "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
        "LIVEPERSON_WEB_APP_CONN_ID": "lp",
    }
    connections = {"lp": sandbox.connections()["liveperson_web_app"].as_json()}
    with AirflowHome(connections=connections, environment=environment, one_process=True) as home:
        home.add_dag(KEEP_ALIVE)
        yield home


def keep(home: AirflowHome, sandbox: SandboxServer) -> Grant:
    tokens, now = sandbox.grants.issue(), time.time()
    grant = Grant(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        expires_at=now + 900,
        refreshed_at=now - 900,
        authorized_at=now - 900,
        authorized_by="ada",
    )
    about = {name: getattr(grant, name) for name in grant.__struct_fields__}
    answer = home.python("-c", KEEP, json.dumps(about), sandbox.settings.web_app_client_secret)
    assert answer.returncode == 0, answer.stdout
    return grant


def kept(home: AirflowHome, sandbox: SandboxServer) -> Grant:
    answer = home.python("-c", LOOK, sandbox.settings.web_app_client_secret)
    assert answer.returncode == 0, answer.stdout
    return Grant(**json.loads(answer.stdout.rpartition("KEPT")[2].splitlines()[0]))


def test_a_task_renews_the_consent_that_the_page_stored(home, sandbox):
    before = keep(home, sandbox)
    (row,) = home.query("SELECT * FROM variable WHERE key = 'liveperson_token.lp'")
    assert row["is_encrypted"]
    assert before.refresh_token not in row["val"]

    answer = home.run("dags", "test", DAG_ID, "2026-03-04")
    assert home.states(DAG_ID) == {"keep_alive": {"success"}}, answer.stdout[-5000:]
    after = kept(home, sandbox)
    assert after.refresh_token != before.refresh_token
    assert after.authorized_by == "ada"
    (lasts,) = home.query("SELECT value FROM xcom WHERE key = 'return_value'")
    assert datetime.fromtimestamp(after.expires_at, UTC).isoformat() in lasts["value"]
    (refresh,) = [one for one in sandbox.requests if one.path.endswith("/token")]
    assert hidden(before.refresh_token).encode() in refresh.body
    (lease,) = home.query("SELECT * FROM variable WHERE key = 'liveperson_lease.lp'")
    assert Fernet(home.environment()["AIRFLOW__CORE__FERNET_KEY"]).decrypt(lease["val"]) == b""
    for secret in (before.refresh_token, before.access_token, after.refresh_token, after.access_token):
        told = AIRFLOWS_OWN.sub("", answer.stdout)
        assert [line for line in told.splitlines() if secret in line] == []
        for table in ("xcom", "log", "rendered_task_instance_fields", "variable"):
            assert secret not in str(home.query(f"SELECT * FROM {table}"))


def test_a_task_without_a_consent_says_what_to_do(home, sandbox):
    keep(home, sandbox)
    sandbox.grants.revoke_all()
    for _ in range(2):
        answer = home.run("dags", "test", DAG_ID, "2026-03-05")
        assert home.states(DAG_ID) == {"keep_alive": {"failed"}}
        assert "open the LivePerson page in Airflow's Admin menu and press Authorize" in answer.stdout
    assert kept(home, sandbox).is_lost


def test_the_error_names_a_connection_of_another_type(home, sandbox):
    made = sandbox.connections()["liveperson_api_key"].as_json()
    sent = len(sandbox.requests)
    about = {"LIVEPERSON_WEB_APP_CONN_ID": "key", "AIRFLOW_CONN_KEY": made}
    answer = home.run("dags", "test", DAG_ID, "2026-03-06", environment=about)
    assert home.states(DAG_ID) == {"keep_alive": {"failed"}}
    assert "connection 'key' is of the type 'LivePerson (API key, OAuth 1.0)'" in answer.stdout
    assert "AttributeError" not in answer.stdout
    assert len(sandbox.requests) == sent
