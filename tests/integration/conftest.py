"""Real servers for tests with a real Airflow, each started once per test process."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_liveperson.commands.examples import FOLDER
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.sandbox.settings import SandboxSettings
from devtools.airflow_home import AirflowHome
from devtools.seaweedfs import SeaweedFS
from tests.integration.landed import NEXT_DAY, S3Server

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(FOLDER.glob("*.py"))
DAGS = Path(__file__).parent / "dags"


@pytest.fixture(scope="session")
def seaweedfs() -> Iterator[S3Server]:
    with SeaweedFS() as server:
        yield S3Server("seaweedfs", server.endpoint_url, server.access_key, server.secret_key)


@pytest.fixture(scope="session")
def store(seaweedfs: S3Server) -> S3Server:
    """The S3 server that tasks land in."""
    return seaweedfs


@pytest.fixture(scope="session")
def moto() -> Iterator[S3Server]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield S3Server("moto", f"http://{host}:{port}", "any-access-key", "any-secret-key")
    server.stop()


@pytest.fixture(scope="session")
def start_sandbox() -> Iterator[Callable[..., SandboxServer]]:
    """Starts sandboxes with the settings of the day; all their data is in the past."""
    with contextlib.ExitStack() as stack:

        def start(**settings: Any) -> SandboxServer:
            chosen = {
                "seed": 11,
                "days": 4,
                "audit_rows": 800,
                "until": (NEXT_DAY + timedelta(days=1)).date(),
                **settings,
            }
            return stack.enter_context(SandboxServer(SandboxSettings(**chosen)))

        yield start


@pytest.fixture(scope="session")
def secrets_backend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file in which the secrets backend of :func:`airflow_home` looks for connections, empty at first."""
    path = tmp_path_factory.mktemp("secrets") / "connections.json"
    path.write_text("{}")
    return path


@pytest.fixture(scope="session")
def lineage_events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file to which OpenLineage's provider appends an event a line, of the tasks that DAGs choose."""
    return tmp_path_factory.mktemp("lineage") / "events.jsonl"


@pytest.fixture(scope="session")
def airflow_home(secrets_backend: Path, lineage_events: Path) -> Iterator[AirflowHome]:
    """A migrated Airflow home with the example DAGs and the DAGs of these tests."""
    environment = {
        "AIRFLOW__SECRETS__BACKEND": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps({"connections_file_path": str(secrets_backend)}),
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(
            {"type": "file", "log_file_path": str(lineage_events), "append": True}
        ),
        "AIRFLOW__OPENLINEAGE__SELECTIVE_ENABLE": "True",
        # The supervisor of a task looks for its end by then, where it has missed it.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    }
    with AirflowHome(environment=environment, one_process=True) as home:
        for path in (*EXAMPLES, *sorted(DAGS.glob("*.py"))):
            home.add_dag(path)
        yield home
