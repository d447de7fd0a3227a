"""Lands days of two datasets on the local disk, with their assets among the outlets."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from airflow.sdk import DAG, Asset

from airflow_provider_liveperson.transfers.liveperson_to_object_storage import (
    LivePersonToObjectStorageOperator,
)

STORE = os.environ.get("TEST_STORE", "file:///unset")

with DAG("landed", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC), catchup=False):
    for task_id, dataset in (("pull", "audit_trail"), ("pull_engagements", "engagement_history")):
        LivePersonToObjectStorageOperator(
            task_id=task_id,
            dataset=dataset,
            path=STORE,
            start=os.environ.get("TEST_START", "2026-01-29T00:00:00Z"),
            end=os.environ.get("TEST_END", "2026-01-31T00:00:00Z"),
            outlets=[Asset(f"{STORE}/{dataset}")],
            liveperson_conn_id="lp_liveperson_api_key",
        )
