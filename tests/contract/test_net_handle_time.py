"""What holds for Net Handle Time only: longer intervals begin on their own grid."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.pull.pull import records
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import Window


def test_an_hour_belongs_to_the_window_in_which_it_begins(
    sandbox: SandboxServer, connect: Callable[..., LivePersonClient]
) -> None:
    dataset = DATASETS["net_handle_time"]
    window = Window(datetime(2026, 1, 28, 8, 15, tzinfo=UTC), datetime(2026, 1, 28, 18, tzinfo=UTC))
    query = dataset.query(window, filters={"interval": "60"})
    rows = [json.loads(line) for line in records(connect(sandbox), dataset, query)]
    assert {row["_interval_start"] for row in rows} == {
        f"2026-01-28T{hour:02d}:00:00Z" for hour in range(9, 18)
    }
    assert {row["_interval_end"] for row in rows} == {
        f"2026-01-28T{hour:02d}:00:00Z" for hour in range(10, 19)
    }
    quarters = sandbox.truth("net_handle_time", datetime(2026, 1, 28, 9, tzinfo=UTC), window.end)
    assert sum(row["arrivals"] for row in rows) == sum(row["arrivals"] for row in quarters)
