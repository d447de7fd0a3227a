"""What every contract test needs: a sandbox, a client for each kind of credential, and a readable store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from airflow_provider_liveperson.client import retries
from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.credentials.api_key import ApiKeyCredential
from airflow_provider_liveperson.client.credentials.app_jwt import AppJwtCredential
from airflow_provider_liveperson.client.credentials.login import LoginCredential
from airflow_provider_liveperson.client.settings import ClientSettings
from airflow_provider_liveperson.datasets.readers import snapshot
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.sandbox.settings import SandboxSettings
from devtools.memory_store import MemoryStore
from tests.contract.facts import FACTS, SIZES, kinds_of
from tests.contract.facts.facts import PULLED_AT

# Small, but with several pages of everything that has pages, and some conversations that searches return in part.
SETTINGS = SandboxSettings(
    seed=20260201,
    until=date(2026, 2, 1),
    days=6,
    **SIZES,
)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="session")
def running() -> Iterator[SandboxServer]:
    with SandboxServer(SETTINGS) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxServer) -> SandboxServer:
    """A fresh sandbox: six days that end on 1 February 2026."""
    running.reset()
    return running


@pytest.fixture(autouse=True)
def no_waits() -> Iterator[None]:
    with retries.without_waits():
        yield


@pytest.fixture(autouse=True)
def one_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """All snapshots that say when they were pulled were pulled at the same instant."""
    monkeypatch.setattr(snapshot, "now", lambda: PULLED_AT)


@pytest.fixture
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[..., LivePersonClient]]:
    """Makes clients of a sandbox. Without a kind they have the first one that can read the dataset of the test."""
    clients: list[LivePersonClient] = []
    asked: list[SandboxServer] = []
    spec = getattr(request.node, "callspec", None)
    name = "" if spec is None else spec.params.get("name", "")
    default = kinds_of(name)[0] if name in FACTS else "api_key"

    def connect(sandbox: SandboxServer, kind: str = default, **settings: Any) -> LivePersonClient:
        asked.append(sandbox)
        clients.append(client_of(sandbox, kind, **settings))
        return clients[-1]

    yield connect
    # A failed pull does not wait for requests that it no longer needs; the next test has to.
    for thread in threading.enumerate():
        if thread.name.startswith("liveperson-fetch"):
            thread.join()
    for client in clients:
        client.close()
    for sandbox in asked:
        sandbox.wait_until_idle(0.1)


def client_of(sandbox: SandboxServer, kind: str = "api_key", **settings: Any) -> LivePersonClient:
    about = sandbox.settings
    chosen = ClientSettings(account_id=about.account_id, host=sandbox.url, timeout=10, **settings)
    if kind == "api_key":
        return LivePersonClient(
            chosen,
            ApiKeyCredential(
                app_key=about.app_key,
                app_secret=about.app_secret,
                access_token=about.access_token,
                access_token_secret=about.access_token_secret,
            ),
        )
    if kind == "login":
        login = LoginCredential(user_name=about.user_name, password=about.user_password)
        return LivePersonClient(chosen, login)
    return LivePersonClient(
        chosen,
        AppJwtCredential(
            client_id=about.client_id,
            client_secret=about.client_secret,
            token_version=kind.removeprefix("app_jwt_"),
        ),
    )
