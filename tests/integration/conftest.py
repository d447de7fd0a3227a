"""Real servers for tests with a real Airflow, each started once per test process."""

from __future__ import annotations

import contextlib
import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.sandbox.settings import SandboxSettings
from devtools.airflow_home import AirflowHome
from devtools.seaweedfs import SeaweedFS, aws_connection, s3_client

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "example_dags" / "liveperson_audit_trail_to_s3.py"
DAGS = Path(__file__).parent / "dags"


@dataclass(frozen=True)
class S3Server:
    """An S3 server that runs."""

    name: str
    endpoint_url: str
    access_key: str
    secret_key: str

    def connection(self) -> str:
        return aws_connection(self.endpoint_url, access_key=self.access_key, secret_key=self.secret_key)

    def client(self) -> Any:
        return s3_client(self.endpoint_url, access_key=self.access_key, secret_key=self.secret_key)

    def buckets(self) -> set[str]:
        return {bucket["Name"] for bucket in self.client().list_buckets()["Buckets"]}

    def objects(self, bucket: str, prefix: str = "") -> dict[str, tuple[str, datetime]]:
        """Key to ETag and time of writing."""
        answer = self.client().list_objects_v2(Bucket=bucket, Prefix=prefix)
        assert not answer["IsTruncated"]
        return {item["Key"]: (item["ETag"], item["LastModified"]) for item in answer.get("Contents", [])}

    def read(self, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return self.client().get_object(Bucket=bucket, Key=key)["Body"].read()

    def records(self, manifest_uri: str) -> list[dict[str, Any]]:
        """The records of a window, found as a reader finds them: by its manifest."""
        folder = manifest_uri.rpartition("/")[0]
        manifest = json.loads(self.read(manifest_uri))
        return [
            json.loads(line)
            for part in manifest["parts"]
            for line in gzip.decompress(self.read(f"{folder}/{part['name']}")).splitlines()
        ]


@pytest.fixture(scope="session")
def seaweedfs() -> Iterator[S3Server]:
    with SeaweedFS() as server:
        yield S3Server("seaweedfs", server.endpoint_url, server.access_key, server.secret_key)


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
    """Starts sandboxes with the settings of the day, all of whose data are in the past."""
    with contextlib.ExitStack() as stack:

        def start(**settings: Any) -> SandboxServer:
            chosen = {"seed": 11, "days": 4, "audit_rows": 800, "until": date(2026, 3, 5), **settings}
            return stack.enter_context(SandboxServer(SandboxSettings(**chosen)))

        yield start


@pytest.fixture(scope="session")
def airflow_home() -> Iterator[AirflowHome]:
    """A migrated Airflow home with the example DAG and the DAGs of these tests."""
    with AirflowHome() as home:
        home.add_dag(EXAMPLE)
        for path in sorted(DAGS.glob("*.py")):
            home.add_dag(path)
        yield home
