"""Memory does not grow with the data: measured on a process of its own, with the sandbox in another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PULL = """
import json, os, resource, sys
from datetime import UTC, datetime
from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.credentials.app_jwt import AppJwtCredential
from airflow_provider_liveperson.client.settings import ClientSettings
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.destination import Destination
from airflow_provider_liveperson.landing.stores import Entry, Stored
from airflow_provider_liveperson.pull.pull import pull
from airflow_provider_liveperson.transfers.process import tune_process
from airflow_provider_liveperson.window import Window

class Sink:
    def __init__(self): self.held = {}
    def uri(self, key): return key
    def read(self, key): return None
    def folders(self, folder): return []
    def fetch(self, key): return self.held.get(key)
    def entries(self, folder): return {key: Entry(held) for key, held in self.held.items() if isinstance(held, int)}
    def sha256(self, key): return None
    def create(self, key, file): self.held[key] = os.fstat(file.fileno()).st_size
    def write(self, key, data): pass
    def swap(self, key, data, expected): self.held[key] = Stored(data)
    def delete(self, keys): pass

url, name, connection, file_format = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4]
client = LivePersonClient(
    ClientSettings(account_id=connection["extra"]["account_id"], host=url),
    AppJwtCredential(client_id=connection["login"], client_secret=connection["password"]),
)
dataset = DATASETS[name]
window = Window(datetime(2026, 1, 29, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
encoding = Encoding(file_format, columns=dataset.columns)
tune_process()  # as an operator does
pulled = pull(client, dataset, dataset.query(window), Destination(store=Sink(), prefix="", encoding=encoding))
print(json.dumps([pulled.records, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


@contextmanager
def sandbox(rows: int) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "airflow_provider_liveperson", "sandbox", "--details", "--port", "0"]
    options = ["--audit-rows", str(rows), "--days", "3", "--until", "2026-02-01"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def peak(about: dict[str, Any], name: str, rows: int, file_format: str = "jsonl") -> int:
    as_json = json.dumps(about["connections"]["liveperson_app_jwt"])
    done = subprocess.run(
        [sys.executable, "-c", PULL, about["url"], name, as_json, file_format],
        stdout=subprocess.PIPE,
        check=True,
        env={**os.environ, "LIVEPERSON_TUNE_PROCESS": "true"},
        cwd=Path(__file__).resolve().parents[2],
    )
    records, kilobytes = json.loads(done.stdout)
    assert records == rows
    return int(kilobytes)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["audit_trail", "audit_trail_export"])
def test_ten_times_the_data_in_the_same_memory(name: str) -> None:
    with sandbox(6_000) as few:
        small = peak(few, name, 6_000)
    with sandbox(60_000) as many:
        large = peak(many, name, 60_000)
    assert large <= 1.1 * small


@pytest.mark.slow
def test_parquet_takes_a_bounded_amount_more() -> None:
    # As much as fills a row group, and three times that.
    with sandbox(60_000) as few:
        plain = peak(few, "audit_trail", 60_000)
        small = peak(few, "audit_trail", 60_000, "parquet")
    with sandbox(180_000) as many:
        large = peak(many, "audit_trail", 180_000, "parquet")
    assert large <= 1.1 * small
    assert max(small, large) - plain <= 150 * 1024
