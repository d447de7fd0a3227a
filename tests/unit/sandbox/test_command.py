from __future__ import annotations

import argparse
import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from airflow_provider_liveperson.sandbox import command
from airflow_provider_liveperson.sandbox.connections import connections_to

ROOT = Path(__file__).parents[3]
SCRIPT = """
import argparse, sys
from airflow_provider_liveperson.sandbox import command
parser = argparse.ArgumentParser()
command.add_arguments(parser)
sys.exit(command.run(parser.parse_args()))
"""


def started(*options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "--port", "0", "--audit-rows", "20", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def ended(process: subprocess.Popen[str], number: int) -> tuple[int, str, str]:
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_interrupted(number: int) -> None:
    process = started(
        "--details", "--seed", "9", "--switch", "domain_single_shape=list", "--switch", "jwt_issuer=sentinel"
    )
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    try:
        settings = requests.get(first["url"] + "/_sandbox/settings", timeout=10).json()
    finally:
        status, _, err = ended(process, number)
    assert (settings["seed"], settings["domain_single_shape"], settings["jwt_issuer"]) == (
        9,
        "list",
        "sentinel",
    )
    assert settings["audit_rows"] == 20
    key = first["connections"]["liveperson_api_key"]
    assert key["host"] == first["url"]
    assert key["uri"].startswith("liveperson-api-key://http://")
    assert key["export"].startswith("export AIRFLOW_CONN_LIVEPERSON_API_KEY=")
    assert set(first["connections"]) == {
        "liveperson_api_key",
        "liveperson_app_jwt",
        "liveperson_web_app",
        "liveperson_login",
    }
    password = first["connections"]["liveperson_login"]["password"]
    assert first["users"] == {
        "user": {"name": "agent0@acme.test", "password": password},
        "bot": {"name": "bot-3"},
        "sso_user": {"name": "sso@acme.test", "password": password},
    }
    assert (status, err) == (0, "")


def test_json_is_what_airflow_imports_and_nothing_else() -> None:
    process = started("--json", "--seed", "9")
    assert process.stdout is not None
    line = process.stdout.readline()
    status, rest, err = ended(process, signal.SIGINT)
    assert (status, rest, err) == (0, "", "")
    told = json.loads(line)
    url = told["liveperson_api_key"]["host"]
    settings = command.SandboxSettings(seed=9)
    assert told == {name: made.as_dict() for name, made in connections_to(settings, url).items()}
    assert {connection["port"] for connection in told.values()} == {int(url.rpartition(":")[2])}


def test_it_says_how_to_connect() -> None:
    process = started()
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            break
    status, _, err = ended(process, signal.SIGINT)
    text = "".join(lines)
    assert "http://127.0.0.1:" in lines[0]
    assert "liveperson-app-jwt://http://" in text
    assert "export AIRFLOW_CONN_LIVEPERSON_APP_JWT=" in text
    assert "  agent0@acme.test, password " in text
    assert (status, err) == (0, "")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--switch", "color=red"], "no setting named 'color'"),
        (["--switch", "color"], "NAME=VALUE"),
        (["--switch", "audit_ties=loose"], "audit_ties must be one of stable, shuffled"),
        (["--switch", "service_hosts={"], "service_hosts"),
        (["--allow-host", "http://lp.test"], "allowed_hosts must be names of hosts, .*'http://lp.test'"),
        (["--allow-host", "lp.test:8765"], "without scheme, port and path"),
        (["--days", "0"], "days must be at least 1"),
        (["--port", "99999"], "cannot listen on port 99999"),
    ],
)
def test_options_that_do_not_fit_end_it(capsys: Any, options: list[str], complaint: str) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert command.run(parser.parse_args(options)) == 2
    captured = capsys.readouterr()
    assert re.search(complaint, captured.err)
    assert captured.out == ""


def test_the_options_reach_the_settings() -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    allowed = "--allow-host lp.test --allow-host *.ci"
    plain = f"{allowed} --account-id le1 --days 3 --until 2026-01-05 --latency-ms 4 --page-ceiling 5"
    hosts = 'service_hosts={"sentinel": "evil.example.com"}'
    args = parser.parse_args([*plain.split(), "--switch", hosts, "--switch", "missing_permission=oauth1"])
    settings = command.settings_of(args)
    assert (settings.account_id, settings.days, str(settings.until)) == ("le1", 3, "2026-01-05")
    assert (settings.latency_ms, settings.page_ceiling) == (4, 5)
    assert settings.service_hosts == {"sentinel": "evil.example.com"}
    assert settings.missing_permission == {"oauth1"}
    assert settings.allowed_hosts == {"lp.test", "*.ci"}


def test_reading_the_options_imports_no_server() -> None:
    script = (
        "import argparse, sys\n"
        "from airflow_provider_liveperson.sandbox import command\n"
        "command.add_arguments(argparse.ArgumentParser())\n"
        "heavy = {'starlette', 'fastapi', 'uvicorn', 'graphql', 'jwt', 'oauthlib'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_graphql_core_is_named() -> None:
    script = "import sys\nsys.modules['graphql'] = None\n" + SCRIPT
    done = subprocess.run(
        [sys.executable, "-c", script, "--port", "0"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 2
    assert "pip install 'airflow-provider-liveperson[sandbox]'" in done.stderr
