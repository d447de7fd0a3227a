"""The same in a Glue catalog, which tells of conflicts by versions of a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from airflow_provider_liveperson.tables.iceberg import replace
from devtools.iceberg import DAY, NAME, NEXT_DAY, Lake, at
from devtools.landed_windows import ACCOUNT

pytestmark = pytest.mark.s3

KEYS = {"access-key-id": "any-access-key", "secret-access-key": "any-secret-key", "region": "us-east-1"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def client(endpoint: str) -> Any:
    """Makes clients of the server."""
    names = {"access-key-id": "aws_access_key_id", "secret-access-key": "aws_secret_access_key"}
    keys = {names.get(name, "region_name"): value for name, value in KEYS.items()}
    return lambda service: boto3.client(service, endpoint_url=endpoint, **keys)


@pytest.fixture
def lake(tmp_path: Path, endpoint: str, client: Any) -> Lake:
    client("s3").create_bucket(Bucket="lake")
    properties = {f"{service}.{name}": value for service in ("glue", "s3") for name, value in KEYS.items()}
    return Lake(
        tmp_path,
        {
            "type": "glue",
            "glue.endpoint": endpoint,
            "s3.endpoint": endpoint,
            "warehouse": "s3://lake/warehouse",
            **properties,
        },
    )


def test_a_window_is_replaced_also_when_others_commit_first(lake, client, monkeypatch):
    first = lake.land(["1", "2"])
    assert lake.load(first).changed
    assert not lake.load(first).changed

    send, other = replace._send, lake.land(["9"], window=NEXT_DAY)

    def send_later(table, transaction) -> None:
        monkeypatch.setattr(replace, "_send", send)
        lake.load(other)
        send(table, transaction)

    monkeypatch.setattr(replace, "_send", send_later)
    monkeypatch.setattr(replace, "_MAX_WAIT", 0.0)
    assert lake.load(lake.land(["3"])).changed
    assert lake.rows() == sorted([*at(DAY, ACCOUNT, "3"), *at(NEXT_DAY, ACCOUNT, "9")])
    assert len(lake.table.snapshots()) == 3

    namespace, name = NAME.split(".")
    described = client("glue").get_table(DatabaseName=namespace, Name=name)["Table"]
    assert described["Parameters"]["table_type"] == "ICEBERG"
    columns = [column["Name"] for column in described["StorageDescriptor"]["Columns"]]
    assert columns[-3:] == ["account_id", "dt", "_window"]
