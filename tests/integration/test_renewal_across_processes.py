"""Several processes with one consent: one renews for all, and a killed one does not affect the others."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_liveperson.client.credentials.grants import Grant, KeyValueGrantStore
from airflow_provider_liveperson.client.credentials.lease import Lease
from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings
from devtools.file_key_value_store import FileKeyValueStore

ROOT = Path(__file__).resolve().parents[2]
EVERY_ROTATION = pytest.mark.parametrize("rotation", ["rotate", "keep", "reuse_revokes"])
RENEWAL_IS_DUE = 290.0
REMEDY = "open the LivePerson page in Airflow's Admin menu and press Authorize for connection 'lp'"


class Renewer:
    """One process.

    :param about: its initial input.
    """

    def __init__(self, about: dict[str, Any]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.renewer"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.tell(json.dumps(about))

    def tell(self, line: str) -> None:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        return json.loads(self.process.stdout.readline())

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxSettings(seed=5, audit_rows=20, days=2)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxServer) -> SandboxServer:
    running.reset()
    return running


@pytest.fixture
def store(tmp_path: Path) -> KeyValueGrantStore:
    cells = FileKeyValueStore(tmp_path)
    return KeyValueGrantStore(cells, "grant", Lease(cells, "lease"), secret="s")


@pytest.fixture
def consent(sandbox: SandboxServer, store: KeyValueGrantStore) -> Callable[[float], Grant]:
    """Stores a consent whose access token lasts that many more seconds."""

    def give(left: float) -> Grant:
        tokens, now = sandbox.grants.issue(), time.time()
        grant = Grant(
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_at=now + left,
            refreshed_at=now + left - 1800,
            authorized_at=now + left - 1800,
        )
        store.save(grant)
        return grant

    return give


@pytest.fixture
def renewer(sandbox: SandboxServer, tmp_path: Path) -> Iterator[Callable[..., Renewer]]:
    started: list[Renewer] = []

    def start(*, stop: bool = False) -> Renewer:
        settings = sandbox.settings
        about = {
            "folder": str(tmp_path),
            "account_id": settings.account_id,
            "host": sandbox.url,
            "client_id": settings.web_app_client_id,
            "client_secret": settings.web_app_client_secret,
            "stop": stop,
        }
        started.append(Renewer(about))
        return started[-1]

    yield start
    for one in started:
        one.end()


def refreshes(sandbox: SandboxServer) -> int:
    return sum(one.path.endswith("/token") for one in sandbox.requests)


@EVERY_ROTATION
def test_many_processes_renew_once(sandbox, store, consent, renewer, rotation):
    sandbox.configure(refresh_rotation=rotation)
    before = consent(RENEWAL_IS_DUE)
    many = [renewer() for _ in range(5)]
    assert [one.hear()["at"] for one in many] == ["ready"] * 5
    for one in many:
        one.tell("")
    assert [one.hear() for one in many] == [{"at": "answered", "status": 200}] * 5
    assert refreshes(sandbox) == 1
    assert store.load().refresh_token != before.refresh_token


@EVERY_ROTATION
def test_a_process_is_killed_before_it_stores_its_renewed_token(sandbox, store, consent, renewer, rotation):
    sandbox.configure(refresh_rotation=rotation)
    before = consent(RENEWAL_IS_DUE)
    killed = renewer(stop=True)
    assert killed.hear()["at"] == "ready"
    killed.tell("")
    assert killed.hear()["at"] == "save"
    killed.end()
    assert refreshes(sandbox) == 1
    assert store.load().refresh_token == before.refresh_token

    # The access token is still valid in every mode: it is used, and the refresh token is not.
    other = renewer()
    other.hear()
    for _ in range(2):
        other.tell("")
        assert other.hear() == {"at": "answered", "status": 200}
    assert refreshes(sandbox) == 1

    # Once it has expired, the refresh token is tried once more.
    sandbox.expire_tokens()
    other.tell("")
    answer = other.hear()
    assert refreshes(sandbox) == 2
    if rotation == "keep":
        assert answer == {"at": "answered", "status": 200}
        assert store.load().refresh_token != before.refresh_token
        return
    assert REMEDY in answer["error"]
    assert store.load().is_lost
    assert "used already" in store.load().last_error
    third = renewer()
    third.hear()
    third.tell("")
    assert REMEDY in third.hear()["error"]
    assert refreshes(sandbox) == 2
