"""Airflow's Test button in a real API server: no field of the request can redirect the stored secret."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.fernet import Fernet
from starlette.testclient import TestClient

from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings

HUSH = "hush-2f9c41"
STORED = {"account_id": "70000001"}


@pytest.fixture(scope="module")
def http() -> Iterator[TestClient]:
    before = dict(os.environ)
    os.environ |= {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "ada:admin",
        "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "_AIRFLOW_PROCESS_CONTEXT": "server",
    }
    from airflow.api_fastapi.app import create_app, get_auth_manager, purge_cached_app
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from airflow.utils.db import initdb

    initdb()
    client = TestClient(create_app(apps="core"), base_url="http://airflow.test")
    token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username="ada", role="admin"))
    client.headers["Authorization"] = f"Bearer {token}"
    yield client
    purge_cached_app()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def heard() -> Iterator[tuple[str, list[bytes]]]:
    """The address of an eavesdropper, and what it received."""
    listener = socket.create_server(("127.0.0.1", 0))
    got: list[bytes] = []

    def listen() -> None:
        while True:
            try:
                connected, _ = listener.accept()
            except OSError:
                return
            with connected:
                got.append(connected.recv(65536))

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield f"127.0.0.1:{listener.getsockname()[1]}", got
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def save(conn_type: str, *, host: str | None = None, password: str = HUSH, **extra: object) -> None:
    from airflow.models import Connection
    from airflow.utils.session import create_session

    with create_session() as session:
        session.query(Connection).delete()
        session.add(
            Connection(
                conn_id="stored",
                conn_type=conn_type,
                host=host,
                login="somebody",
                password=password,
                port=443,
                extra=json.dumps({**STORED, **extra}),
            )
        )


def press(http: TestClient, conn_type: str, **changed: Any) -> dict[str, Any]:
    about = {
        "connection_id": "stored",
        "conn_type": conn_type,
        "login": "somebody",
        "password": "***",
        "port": 443,
        **changed,
    }
    answer = http.post("/api/v2/connections/test", json=about)
    assert answer.status_code in (200, 400), answer.text
    return dict(answer.json())


@pytest.mark.parametrize("conn_type", ["liveperson_app_jwt", "liveperson_login", "liveperson_web_app"])
@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("service_hosts", {"service_hosts": {"sentinel": "https://{there}", "agentVep": "https://{there}"}}),
        ("service_hosts", {"service_hosts": {"sentinel": "http://{there}", "agentVep": "http://{there}"}}),
        ("service_hosts", {"service_hosts": {"sentinel": "evil.test", "agentVep": "evil.test"}}),
        ("proxies", {"proxies": {"https": "http://{there}"}}),
        ("proxies", {"proxies": {"all": "http://{there}"}, "verify": "/etc/ssl/certs/ca-certificates.crt"}),
        ("verify", {"verify": "{bundle}"}),
        ("host", {"host": "http://{there}"}),
    ],
)
def test_a_stored_secret_is_sent_nowhere_else(http, heard, tmp_path, conn_type, field, changed):

    from devtools.tls import Authority

    there, got = heard
    bundle = str(Authority(tmp_path).file)
    save(conn_type)
    changed = json.loads(json.dumps(changed).replace("{there}", there).replace("{bundle}", bundle))
    host = changed.pop("host", None)
    place = {"host": host} if host else {"extra": json.dumps({**STORED, **changed})}
    answer = press(http, conn_type, **place)
    assert not answer.get("status")
    if conn_type != "liveperson_web_app":
        assert field in json.dumps(answer)
    assert got == []
    assert HUSH not in json.dumps(answer)


def test_the_stored_connection_is_tested(http):
    settings = SandboxSettings(seed=3, audit_rows=20, days=2)
    with SandboxServer(settings) as sandbox:
        save("liveperson_app_jwt", host=sandbox.url, password=settings.client_secret)
        from airflow.models import Connection
        from airflow.utils.session import create_session

        with create_session() as session:
            session.query(Connection).one().login = settings.client_id
        answer = press(
            http,
            "liveperson_app_jwt",
            login=settings.client_id,
            host=sandbox.url,
            extra=json.dumps(STORED),
        )
        assert answer["status"], answer
