"""A span that is read window by window, however it is cut."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.pull.pull import records
from airflow_provider_liveperson.window import Window

SPAN = Window(datetime(2026, 1, 28, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
SECONDS = int((SPAN.end - SPAN.start).total_seconds())


def lines(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def read_in_windows(
    client: LivePersonClient, name: str, cuts: list[int], unit: timedelta = timedelta(seconds=1)
) -> list[dict[str, Any]]:
    """All records of the span, window by window."""
    dataset = DATASETS[name]
    edges = [SPAN.start, *(SPAN.start + cut * unit for cut in sorted(cuts)), SPAN.end]
    return [
        json.loads(raw)
        for start, end in pairwise(edges)
        for raw in records(client, dataset, dataset.query(Window(start, end)))
    ]
