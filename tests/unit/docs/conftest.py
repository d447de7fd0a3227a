"""The world of the documentation: connections to a sandbox, by the names that the pages use."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings

PRESENT = datetime(2026, 2, 1, 9, 30, tzinfo=UTC)
"""When everything on the pages happens."""

SETTINGS = SandboxSettings(
    seed=7,
    until=PRESENT.date(),
    days=4,
    conversations=60,
    audit_rows=240,
    activity_auth=frozenset({"oauth1"}),
)


@pytest.fixture
def present(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stop the clock, so that times that commands print are the same each time."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    with time_machine.travel(PRESENT, tick=False):
        yield


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    """The account of the pages. Agent Activity does not accept its App-JWT, so that something is refused."""
    with SandboxServer(SETTINGS) as running:
        yield running


@pytest.fixture
def connections(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection that the pages name."""
    made = sandbox.connections()
    jwt, key = made["liveperson_app_jwt"], made["liveperson_api_key"]
    for name, connection in {**made, "liveperson_default": key, "conn_id": jwt, "other_conn_id": key}.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", connection.as_json())
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "client")
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
