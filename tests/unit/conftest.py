"""A LivePerson, clients of it, and a store, for every unit test that needs them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from airflow_provider_liveperson.client import retries
from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.credentials.api_key import ApiKeyCredential
from airflow_provider_liveperson.client.credentials.app_jwt import AppJwtCredential
from airflow_provider_liveperson.client.credentials.credential import Credential
from airflow_provider_liveperson.client.messages import ApiRequest
from airflow_provider_liveperson.client.settings import ClientSettings
from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings

# A busy machine is no reason to fail.
settings.register_profile("unit", deadline=None)
settings.load_profile("unit")


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[SandboxServer]:
    settings = SandboxSettings(seed=11, until=date(2026, 2, 1), days=4, audit_rows=240)
    with SandboxServer(settings) as server:
        yield server


@pytest.fixture
def sandbox(running_sandbox: SandboxServer) -> SandboxServer:
    """A LivePerson as good as new: 240 changes in the four days before 1 February 2026."""
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the client wanted to wait, in order; nothing waits."""
    waited: list[float] = []
    monkeypatch.setattr(retries, "pause", waited.append)
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
    parts = {"client_id": about.client_id, "client_secret": about.client_secret, "token_version": kind[-2:]}
    return AppJwtCredential(**{**parts, **changed})


@pytest.fixture
def connect(sandbox: SandboxServer, waits: list[float]) -> Iterator[Callable[..., LivePersonClient]]:
    """Makes clients: ``connect("api_key")``, ``connect("app_jwt_v2", client_secret="wrong")``.

    Everything that is not a part of the credential is a setting, or one of the client's own arguments.
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
    """A signed request that the sandbox answers with one row."""
    return AUDIT


@dataclass
class MemoryStore:
    """An object store that tells what was done to it, and fails when told to."""

    objects: dict[str, bytes] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    refuse: Callable[[str, str], bool] = lambda verb, key: False  # noqa: E731

    def uri(self, key: str) -> str:
        return f"memory://{key}"

    def read(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def size(self, key: str) -> int | None:
        return len(self.objects[key]) if key in self.objects else None

    def keys(self, folder: str) -> list[str]:
        return sorted(key for key in self.objects if key.startswith(f"{folder}/"))

    def upload(self, key: str, path: Path) -> None:
        self.write(key, path.read_bytes())

    def write(self, key: str, data: bytes) -> None:
        from airflow_provider_liveperson.exceptions import StorageError

        if self.refuse("put", key):
            raise StorageError(f"cannot write {key}")
        self.changes.append(f"put {key.rpartition('/')[2]}")
        self.objects[key] = data

    def delete(self, keys: Iterable[str]) -> None:
        from airflow_provider_liveperson.exceptions import StorageError

        for key in keys:
            if self.refuse("delete", key):
                raise StorageError(f"cannot delete {key}")
            self.changes.append(f"delete {key.rpartition('/')[2]}")
            self.objects.pop(key, None)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()
