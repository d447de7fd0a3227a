"""No secret leaves the connection, not even at DEBUG: searched wherever a real Airflow writes something."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from airflow_provider_liveperson.sandbox.http.redaction import hidden

BUCKET = "secrecy"
RUNNER = Path(__file__).resolve().parents[2] / "devtools" / "task_process.py"
# `airflow dags test` runs supervisor and task in one process and logs at DEBUG what one asks the other to mask, so it
# shows every secret of every connection itself. In real task runs Airflow does not log this.
AIRFLOWS_OWN = re.compile(r"^.*Sending request .*msg=MaskSecret\(.*$", re.MULTILINE)

RIGHT = ("api_key", "app_jwt_v2", "app_jwt_v1", "login")
WRONG = ("wrong_app_secret", "wrong_token_secret", "wrong_client_secret", "wrong_password")

pytestmark = pytest.mark.s3


@dataclass(frozen=True)
class Ran:
    """One run of ``every_credential``, and all its secrets."""

    answer: subprocess.CompletedProcess[str]
    secrets: dict[str, str]

    def found_in(self, text: str) -> set[str]:
        """The names of the secrets that a text holds in any encoding; the sandbox's records hold marks instead."""
        plain = unquote(text)
        return {
            name
            for name, secret in self.secrets.items()
            if any(
                spelling in text or spelling in plain
                for spelling in {secret, quote(secret, safe=""), hidden(secret)}
            )
        }


@pytest.fixture(scope="module")
def sandbox(start_sandbox):
    return start_sandbox(audit_rows=40)


@pytest.fixture(scope="module")
def ran(airflow_home, sandbox, seaweedfs) -> Ran:
    made = sandbox.connections()
    api_key, app_jwt = made["liveperson_api_key"], made["liveperson_app_jwt"]
    login = made["liveperson_login"]
    bad_secret, bad_token_secret, bad_client_secret, bad_password = (
        "bad0app0secret" * 2,
        "bad0token0secret" * 2,
        "bad0client0secret",
        "bad0password",
    )
    connections = {
        "api_key": api_key,
        "app_jwt_v2": app_jwt,
        "app_jwt_v1": replace(app_jwt, extra={**app_jwt.extra, "token_version": "v1"}),
        "wrong_app_secret": replace(api_key, password=bad_secret),
        "wrong_token_secret": replace(
            api_key, extra={**api_key.extra, "access_token_secret": bad_token_secret}
        ),
        "wrong_client_secret": replace(app_jwt, password=bad_client_secret),
        "login": login,
        "wrong_password": replace(login, password=bad_password),
    }
    assert set(connections) == {*RIGHT, *WRONG}
    # A response that echoes the request, as some gateways do, and a token that is refused once.
    sandbox.faults.add(
        kind="status",
        match="/metadata/audit",
        status=500,
        body={"you sent": f"access_token={api_key.extra['access_token']} secret {api_key.password}"},
    )
    seaweedfs.client.create_bucket(Bucket=BUCKET)
    environment = {f"AIRFLOW_CONN_{name.upper()}": conn.as_json() for name, conn in connections.items()} | {
        "AIRFLOW_CONN_AWS_DEFAULT": seaweedfs.connection(),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
        "AIRFLOW__LOGGING__FAB_LOGGING_LEVEL": "DEBUG",
        "TEST_BUCKET": BUCKET,
        "TEST_CONN_IDS": ",".join(connections),
    }
    answer = airflow_home.run("dags", "test", "every_credential", "2026-03-04", environment=environment)
    assert "DagRun Finished" in answer.stdout, answer.stdout[-5000:]
    tokens = {
        header.removeprefix("Bearer ")
        for request in sandbox.requests
        if (header := request.header("authorization") or "").startswith("Bearer ")
    }
    bearers = {token for token in tokens if "." not in token}  # the sandbox remembers marks of them
    tokens -= bearers
    assert len(tokens) == 2, "a token of each version"
    assert len(bearers) == 1
    assert len(sandbox.logins.secrets) == 3, "bearer, csrf and session of one login"
    secrets = {
        "app secret": api_key.password,
        "access token": api_key.extra["access_token"],
        "access token secret": api_key.extra["access_token_secret"],
        "client secret": app_jwt.password,
        "wrong app secret": bad_secret,
        "wrong token secret": bad_token_secret,
        "wrong client secret": bad_client_secret,
        "password": login.password,
        "wrong password": bad_password,
        **{f"login {number}": secret for number, secret in enumerate(sandbox.logins.secrets)},
        "S3 secret key": seaweedfs.secret_key,
    }
    for number, token in enumerate(sorted(tokens)):
        # The signature alone would be enough to find a token that is logged in pieces.
        secrets |= {f"JWT {number}": token, f"signature of JWT {number}": token.rpartition(".")[2]}
    return Ran(answer, secrets)


def test_every_credential_was_really_used(ran, airflow_home):
    states = airflow_home.states("every_credential")
    assert {name: states[name] for name in RIGHT} == {name: {"success"} for name in RIGHT}
    assert {name: states[name] for name in WRONG} == {name: {"failed"} for name in WRONG}


def test_every_login_is_logged_out(ran, sandbox):
    assert sandbox.logins.lasting == []


def test_the_search_finds_planted_secrets(ran, sandbox):
    headers = str([request.headers for request in sandbox.requests])
    bodies = str([request.body for request in sandbox.requests])
    assert ran.found_in(headers) >= {"access token", "JWT 0", "JWT 1"}
    assert ran.found_in(bodies) >= {"client secret", "password"}
    assert len({name for name in ran.found_in(headers + bodies) if name.startswith("login ")}) == 3


def test_not_in_the_log(ran):
    said = AIRFLOWS_OWN.sub("", ran.answer.stdout)
    for logger in ("airflow_provider_liveperson.client.sender", "botocore.endpoint"):
        assert re.search(rf"\[debug .*\[{re.escape(logger)}\]", said)
    assert ran.found_in(said) == set()


def test_not_in_any_file_of_airflow(ran, airflow_home):
    skipped = {"airflow.cfg", "airflow.db"}
    for path in airflow_home.path.rglob("*"):
        if path.is_file() and path.name not in skipped and path.suffix != ".pyc":
            assert ran.found_in(path.read_text(errors="replace")) == set(), path


def test_not_in_any_table_of_airflow(ran, airflow_home):
    tables = [
        row["name"] for row in airflow_home.query("SELECT name FROM sqlite_master WHERE type = 'table'")
    ]
    assert {"xcom", "rendered_task_instance_fields", "log"} <= set(tables)
    assert airflow_home.query("SELECT * FROM xcom")
    assert airflow_home.query("SELECT * FROM rendered_task_instance_fields")
    for table in tables:
        assert ran.found_in(str(airflow_home.query(f'SELECT * FROM "{table}"'))) == set(), table


def test_not_in_what_has_landed(ran, seaweedfs):
    keys = seaweedfs.objects(BUCKET)
    assert sum(key.endswith("/_manifest.json") for key in keys) == len(RIGHT)
    for key in keys:
        assert ran.found_in(key) == set()
        if key.endswith("/_manifest.json"):
            assert ran.found_in(seaweedfs.read(f"s3://{BUCKET}/{key}").decode()) == set(), key


def test_not_in_any_url(ran, sandbox):
    assert len(sandbox.requests) > len(RIGHT)
    for request in sandbox.requests:
        assert ran.found_in(request.url) == set(), request.path


def test_a_task_that_prints_its_tokens_prints_a_mask(airflow_home, sandbox):
    """In a worker's process: what LivePerson has issued meanwhile is masked like what is in the connection."""
    made = sandbox.connections()
    connections = {
        "app_jwt_v2": made["liveperson_app_jwt"],
        "login": made["liveperson_login"],
    }
    before = len(sandbox.requests)
    answer = airflow_home.python(
        str(RUNNER),
        "observed.py",
        "observed",
        "prints_its_tokens",
        environment={f"AIRFLOW_CONN_{name.upper()}": conn.as_json() for name, conn in connections.items()}
        | {"TEST_CONN_IDS": ",".join(connections)},
    )
    assert answer.returncode == 0, answer.stdout
    assert len(sandbox.requests) > before
    # Airflow itself hides what looks like a JWT, all but its beginning; the bearer of a login looks like nothing.
    for name in connections:
        assert re.search(
            rf"^\[warning\] careless: logged {name}: Bearer (eyJ)?\*+$", answer.stdout, re.MULTILINE
        )
        assert re.search(rf"printed {name}: (eyJ)?\*+$", answer.stdout, re.MULTILINE)
        assert re.search(rf"marked {name}: [0-9a-f]{{64}}$", answer.stdout, re.MULTILINE)  # it had one
