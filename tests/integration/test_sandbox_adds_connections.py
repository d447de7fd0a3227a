"""``sandbox --import``, with a real Airflow: connections are added, and none is ever changed."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import IO, Any

import pytest

from devtools.airflow_home import AirflowHome

ALL = (
    "liveperson_api_key",
    "liveperson_app_jwt",
    "liveperson_login",
    "liveperson_web_app",
    "liveperson_default",
)


@pytest.fixture
def airflow(airflow_home) -> Iterator[AirflowHome]:
    """An Airflow without connections."""
    for conn_id in exported(airflow_home):
        airflow_home.run("connections", "delete", conn_id)
    yield airflow_home
    for conn_id in exported(airflow_home):
        airflow_home.run("connections", "delete", conn_id)


def imported_by_sandbox(home: AirflowHome, *options: str) -> tuple[int, str, str]:
    """Run ``sandbox --import`` until it serves or gives up, then stop it."""
    command = [
        sys.executable,
        "-m",
        "airflow_provider_liveperson",
        "sandbox",
        "--import",
        "--audit-rows",
        "20",
    ]
    with subprocess.Popen(
        [*command, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=home.environment(),
    ) as sandbox:
        try:
            assert sandbox.stdout
            lines = _until_it_serves(sandbox.stdout)
        finally:
            sandbox.terminate()
            _, err = sandbox.communicate(timeout=60)
    return sandbox.returncode, "".join(lines), err


def _until_it_serves(out: IO[str]) -> list[str]:
    lines: list[str] = []
    for line in iter(out.readline, ""):
        lines.append(line)
        if line.startswith("Press Ctrl-C"):
            break
    return lines


def exported(home: AirflowHome) -> dict[str, dict[str, Any]]:
    path = home.path / "exported.json"
    answer = home.run("connections", "export", str(path))
    assert answer.returncode == 0, answer.stdout
    return json.loads(path.read_text())


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_the_sandbox_adds_its_connections_and_never_changes_any(airflow):
    home, port = airflow, free_port()
    code, out, err = imported_by_sandbox(home, "--port", port)
    assert (code, err) == (0, "")
    for conn_id in ALL:
        assert f"  {conn_id}: added\n" in out
    first = exported(home)
    assert set(first) == set(ALL)
    assert {first[name]["host"] for name in first} == {f"http://127.0.0.1:{port}"}
    assert first["liveperson_default"] == first["liveperson_app_jwt"]
    assert not [conn["password"] for conn in first.values() if conn["password"] in out]

    code, out, err = imported_by_sandbox(home, "--port", port)
    assert (code, err) == (0, "")
    assert out.count("is there already") == len(first)

    code, out, err = imported_by_sandbox(home, "--port", "0")
    assert (code, out) == (2, "")
    assert "airflow connections delete liveperson_login" in err
    assert "Traceback" not in err
    assert exported(home) == first


def test_a_default_connection_to_the_real_account_is_left_alone(airflow):
    real = ["--conn-type", "liveperson_app_jwt", "--conn-login", "me", "--conn-password", "real"]
    assert airflow.run("connections", "add", "liveperson_default", *real).returncode == 0
    code, out, _ = imported_by_sandbox(airflow, "--port", "0")
    assert code == 0
    assert "liveperson_default: left as it was" in out
    assert exported(airflow)["liveperson_default"]["password"] == "real"


def test_without_a_database_it_says_what_to_do(airflow_home, tmp_path):
    environment = airflow_home.environment() | {"AIRFLOW_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "airflow_provider_liveperson", "sandbox", "--import", "--port", "0"]
    answer = subprocess.run(
        [*command, "--audit-rows", "20"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=120,
    )
    assert answer.returncode == 2
    assert "airflow db migrate" in answer.stderr
    assert "Traceback" not in answer.stderr
