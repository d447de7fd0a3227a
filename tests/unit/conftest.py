"""A LivePerson sandbox, its clients and a store, for the unit tests that need them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine

from airflow_provider_liveperson.client import retries
from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.credentials.api_key import ApiKeyCredential
from airflow_provider_liveperson.client.credentials.app_jwt import AppJwtCredential
from airflow_provider_liveperson.client.credentials.credential import Credential
from airflow_provider_liveperson.client.credentials.login import LoginCredential
from airflow_provider_liveperson.client.messages import ApiRequest
from airflow_provider_liveperson.client.settings import ClientSettings
from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings
from devtools.memory_store import MemoryStore


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[SandboxServer]:
    settings = SandboxSettings(seed=11, until=date(2026, 2, 1), days=4, audit_rows=240)
    with SandboxServer(settings) as server:
        yield server


@pytest.fixture
def sandbox(running_sandbox: SandboxServer) -> SandboxServer:
    """A fresh sandbox: 240 changes in the four days before 1 February 2026."""
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def within_a_year() -> Iterator[None]:
    """Has it be 1 November 2026: LivePerson keeps conversations for 13 months, and refuses windows before that."""
    with time_machine.travel(datetime(2026, 11, 1, 12, tzinfo=UTC)):
        yield


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the client would have waited, in order; nothing waits."""
    waited: list[float] = []
    monkeypatch.setattr(retries, "pause", lambda seconds, stop=None: waited.append(seconds))
    return waited


def credential_for(sandbox: SandboxServer, kind: str, **changed: str) -> Credential:
    """The sandbox's own credential of a kind, or a wrong one."""
    about = sandbox.settings
    if kind == "api_key":
        parts = {
            name: getattr(about, name)
            for name in ("app_key", "app_secret", "access_token", "access_token_secret")
        }
        return ApiKeyCredential(**{**parts, **changed})
    if kind == "login":
        return LoginCredential(**{"user_name": about.user_name, "password": about.user_password, **changed})
    if kind == "login_bot":
        key = {"app_key": about.client_id, "app_secret": about.client_secret}
        return LoginCredential(**{"user_name": about.bot_name, **key, **changed})
    parts = {"client_id": about.client_id, "client_secret": about.client_secret, "token_version": kind[-2:]}
    return AppJwtCredential(**{**parts, **changed})


@pytest.fixture
def connect(sandbox: SandboxServer, waits: list[float]) -> Iterator[Callable[..., LivePersonClient]]:
    """Makes clients: ``connect("api_key")``, ``connect("app_jwt_v2", client_secret="wrong")``.

    Everything that is not part of the credential is a setting or an argument of the client.
    """
    clients: list[LivePersonClient] = []

    def make(kind: str = "api_key", **choices: Any) -> LivePersonClient:
        arguments = {name: choices.pop(name) for name in ("schedule", "budget") if name in choices}
        settings = {
            name: choices.pop(name)
            for name in tuple(choices)
            if name in ClientSettings.__dataclass_fields__ and name != "source"
        }
        about = {"account_id": sandbox.settings.account_id, "host": sandbox.url, "timeout": 10.0, **settings}
        credential = choices.pop("credential", None) or credential_for(sandbox, kind, **choices)
        clients.append(LivePersonClient(ClientSettings(**about), credential, **arguments))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


AUDIT = ApiRequest(
    method="POST",
    service="accountConfigReadOnly",
    path="/api/account/{account_id}/configuration/metadata/audit",
    json={"query": "{auditData(first:1){element}}"},
)


@pytest.fixture
def audit_request() -> ApiRequest:
    """A signed request to which the sandbox answers with one row."""
    return AUDIT


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="session")
def s3_client() -> Any:
    """A client of a mocked S3; created once, because that takes a noticeable time."""
    import boto3
    import moto  # noqa: F401 - hooks into clients that are created after it is imported

    return boto3.client(
        "s3", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )


@pytest.fixture
def s3(s3_client: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An Amazon S3 with the bucket ``lake``, and a client of it."""
    from moto import mock_aws

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        s3_client.create_bucket(Bucket="lake")
        yield s3_client


@pytest.fixture
def s3_calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Every S3 operation that was requested, with its key."""
    from botocore.client import BaseClient

    calls: list[tuple[str, str]] = []
    call = BaseClient._make_api_call

    def noted(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        calls.append((operation, parameters.get("Key", "")))
        return call(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", noted)
    return calls


@pytest.fixture
def airflow_connections(sandbox: SandboxServer, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox as ``liveperson_default`` (API key), ``liveperson_app_jwt`` and ``liveperson_login``."""
    made = sandbox.connections()
    monkeypatch.setenv("AIRFLOW_CONN_LIVEPERSON_DEFAULT", made["liveperson_api_key"].as_json())
    monkeypatch.setenv("AIRFLOW_CONN_LIVEPERSON_APP_JWT", made["liveperson_app_jwt"].as_json())
    monkeypatch.setenv("AIRFLOW_CONN_LIVEPERSON_LOGIN", made["liveperson_login"].as_json())


@pytest.fixture
def memory_files() -> Iterator[Any]:
    """An fsspec file system in memory for ``memory://`` paths, which no Airflow provider registers."""
    from airflow.sdk.io import attach
    from fsspec.implementations.memory import MemoryFileSystem

    files = MemoryFileSystem()
    attach("memory", fs=files)
    yield files
    files.store.clear()
    files.pseudo_dirs[:] = [""]
