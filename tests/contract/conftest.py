"""What every contract test needs: a sandbox, a client for each way in, and a store that can be looked into."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_liveperson.client import retries
from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.credentials.api_key import ApiKeyCredential
from airflow_provider_liveperson.client.credentials.app_jwt import AppJwtCredential
from airflow_provider_liveperson.client.settings import ClientSettings
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.landing import Destination
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.sandbox.settings import SandboxSettings

UNTIL = date(2026, 2, 1)
CREDENTIALS = ("api_key", "app_jwt_v2", "app_jwt_v1")


@dataclass
class MemoryStore:
    """Keys and bytes, and a record of every change."""

    objects: dict[str, bytes] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)

    def uri(self, key: str) -> str:
        return f"memory://{key}"

    def read(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def size(self, key: str) -> int | None:
        return len(self.objects[key]) if key in self.objects else None

    def keys(self, folder: str) -> list[str]:
        return [key for key in self.objects if key.startswith(f"{folder}/")]

    def upload(self, key: str, path: Path) -> None:
        self.write(key, path.read_bytes())

    def write(self, key: str, data: bytes) -> None:
        self.changes.append(f"put {key}")
        self.objects[key] = data

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.changes.append(f"delete {key}")
            self.objects.pop(key, None)

    def records(self) -> list[dict[str, Any]]:
        """Every record in every part."""
        return [
            json.loads(line)
            for key in sorted(self.objects)
            if key.endswith(".jsonl.gz")
            for line in gzip.decompress(self.objects[key]).splitlines()
        ]

    def manifests(self) -> list[dict[str, Any]]:
        return [
            json.loads(data) for key, data in sorted(self.objects.items()) if key.endswith("_manifest.json")
        ]

    def destination(self, **choices: Any) -> Destination:
        return Destination(**{"store": self, "prefix": "lake", "encoding": Encoding(), **choices})


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxServer]:
    settings = SandboxSettings(seed=20260201, until=UNTIL, days=6, audit_rows=1500)
    with SandboxServer(settings) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxServer) -> SandboxServer:
    """A sandbox as good as new: six days that end on 1 February 2026."""
    running.reset()
    return running


@pytest.fixture(autouse=True)
def no_waits() -> Iterator[None]:
    with retries.without_waits():
        yield


@pytest.fixture
def connect() -> Iterator[Callable[..., LivePersonClient]]:
    """Makes clients of a sandbox, one way in each."""
    clients: list[LivePersonClient] = []

    def connect(sandbox: SandboxServer, kind: str = "api_key") -> LivePersonClient:
        clients.append(client_of(sandbox, kind))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


def client_of(sandbox: SandboxServer, kind: str = "api_key") -> LivePersonClient:
    about = sandbox.settings
    settings = ClientSettings(account_id=about.account_id, host=sandbox.url, timeout=10)
    if kind == "api_key":
        return LivePersonClient(
            settings,
            ApiKeyCredential(
                app_key=about.app_key,
                app_secret=about.app_secret,
                access_token=about.access_token,
                access_token_secret=about.access_token_secret,
            ),
        )
    return LivePersonClient(
        settings,
        AppJwtCredential(
            client_id=about.client_id,
            client_secret=about.client_secret,
            token_version=kind.removeprefix("app_jwt_"),
        ),
    )
