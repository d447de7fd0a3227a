"""Counts again what the DAG ``landed`` has landed of one dataset."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from airflow.sdk import DAG

from airflow_provider_liveperson.operators.recount import LivePersonRecountOperator

with DAG("recount", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC), catchup=False):
    LivePersonRecountOperator(
        task_id="recount",
        uri=os.environ.get("TEST_STORE", "file:///unset"),
        dataset="engagement_history",
        start=os.environ.get("TEST_START", "2026-01-29T00:00:00Z"),
        end=os.environ.get("TEST_END", "2026-01-31T00:00:00Z"),
        liveperson_conn_id="lp_liveperson_api_key",
    )
