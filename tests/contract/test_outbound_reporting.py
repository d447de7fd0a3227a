"""Outbound analytics: sums of whole days, which are answered all at once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.pull.pull import records
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import Window

DAY = Window(datetime(2026, 1, 28, tzinfo=UTC), datetime(2026, 1, 29, tzinfo=UTC))
ANALYTICS = DATASETS["outbound_analytics"]

Connect = Callable[..., LivePersonClient]


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [(timedelta(hours=1), timedelta(0), "start"), (timedelta(0), timedelta(hours=-1), "end")],
)
def test_a_window_with_a_part_of_a_day_is_refused_with_the_whole_one(
    start: timedelta, end: timedelta, field: str
) -> None:
    with pytest.raises(ConfigurationError, match="2026-01-28T00:00:00Z to 2026-01-29T00:00:00Z") as caught:
        ANALYTICS.query(Window(DAY.start + start, DAY.end + end))
    assert caught.value.field == field


@pytest.mark.parametrize("groups", ["named", "unnamed"])
def test_a_filter_by_which_rows_are_split_loses_none_of_them(
    groups: str, sandbox: SandboxServer, connect: Connect
) -> None:
    """Two rows of different sources may be equal to the byte, where they do not name their source."""
    sandbox.configure(outbound_analytics_groups=groups)
    client = connect(sandbox)

    def attempted(filters: dict[str, Any] | None) -> Counter[tuple[str, ...]]:
        found: Counter[tuple[str, ...]] = Counter()
        for line in records(client, ANALYTICS, ANALYTICS.query(DAY, filters=filters)):
            row = json.loads(line)
            found[row["_product"], row["transactionday"], row["channel"], row["skill"]] += row["attempted"]
        return found

    whole = attempted(None)
    assert whole.total() == len(sandbox.truth("outbound_transactions", DAY.start, DAY.end))
    assert attempted({"source": ["API", "UI", "LPWF"]}) == whole
    asked = {request.method for request in sandbox.requests if "/analytics/" in request.path}
    assert asked == {"GET", "POST"}
