from __future__ import annotations

import json
import os
import re
import subprocess
from typing import Any

import pytest

from airflow_provider_liveperson.sandbox import SandboxSettings
from airflow_provider_liveperson.sandbox.connections import connections_to
from airflow_provider_liveperson.sandbox.settings import SECRET_FIELDS

URL = "http://127.0.0.1:8765"


def test_the_connections() -> None:
    settings = SandboxSettings(seed=7)
    made = {name: connection.as_dict() for name, connection in connections_to(settings, URL).items()}
    assert made == {
        "liveperson_api_key": {
            "conn_type": "liveperson_api_key",
            "login": settings.app_key,
            "password": settings.app_secret,
            "host": URL,
            "port": 8765,
            "extra": {
                "account_id": "70000001",
                "access_token": settings.access_token,
                "access_token_secret": settings.access_token_secret,
            },
        },
        "liveperson_app_jwt": {
            "conn_type": "liveperson_app_jwt",
            "login": settings.client_id,
            "password": settings.client_secret,
            "host": URL,
            "port": 8765,
            "extra": {"account_id": "70000001"},
        },
        "liveperson_web_app": {
            "conn_type": "liveperson_web_app",
            "login": settings.web_app_client_id,
            "password": settings.web_app_client_secret,
            "host": URL,
            "port": 8765,
            "extra": {"account_id": "70000001"},
        },
        "liveperson_login": {
            "conn_type": "liveperson_login",
            "login": "agent0@acme.test",
            "password": settings.user_password,
            "host": URL,
            "port": 8765,
            "extra": {"account_id": "70000001"},
        },
    }


@pytest.mark.parametrize("form", ["json", "uri"])
@pytest.mark.parametrize("password", ["plain", "a/b:c@d?e=f&g%h#i ü"])
def test_airflow_reads_every_form_back(form: str, password: str) -> None:
    from airflow.models.connection import Connection

    settings = SandboxSettings(
        seed=7,
        app_secret=password,
        client_secret=password,
        web_app_client_secret=password,
        user_password=password,
    )
    for connection in connections_to(settings, URL).values():
        if form == "json":
            read = Connection.from_json(connection.as_json(), conn_id=connection.conn_id)
        else:
            read = Connection(uri=connection.as_uri())
        assert {
            "conn_type": read.conn_type,
            "login": read.login,
            "password": read.password,
            "host": read.host,
            "port": read.port,
            "extra": read.extra_dejson,
        } == connection.as_dict()


def test_airflow_takes_no_short_text_for_a_secret() -> None:
    """By a field's name, it would, and warn in the log of each task that a secret is too short to be masked."""
    for connection in connections_to(SandboxSettings(seed=7), URL).values():
        for name, value in connection.extra.items():
            assert len(value) >= 5 or not re.search("secret|token|password", name)


def test_a_shell_takes_the_export_lines() -> None:
    settings = SandboxSettings(seed=7, app_secret="it's $HOME `x`")
    for connection in connections_to(settings, URL).values():
        variable = f"AIRFLOW_CONN_{connection.conn_id.upper()}"
        script = f'{connection.as_export()}\nprintf %s "${variable}"'
        shell = subprocess.run(
            ["sh", "-c", script], capture_output=True, check=True, env={"PATH": os.environ["PATH"]}
        )
        assert json.loads(shell.stdout) == connection.as_dict()


def test_a_repr_shows_no_secret() -> None:
    settings = SandboxSettings(seed=7)
    shown = repr(connections_to(settings, URL))
    for name in SECRET_FIELDS:
        assert getattr(settings, name) not in shown


def test_a_running_sandbox_gives_its_own(sandbox: Any) -> None:
    server = sandbox()
    assert {connection.host for connection in server.connections().values()} == {server.url}
