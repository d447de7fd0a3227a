"""Lands two days of the audit trail on the local disk, with the connection ``lp`` of any type."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from airflow.sdk import DAG

from airflow_provider_liveperson.transfers.liveperson_to_object_storage import (
    LivePersonToObjectStorageOperator,
)

with DAG("web_app", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC), catchup=False):
    LivePersonToObjectStorageOperator(
        task_id="pull",
        dataset="audit_trail",
        path=os.environ.get("TEST_STORE", "file:///unset"),
        start="2026-01-29T00:00:00Z",
        end="2026-01-31T00:00:00Z",
        liveperson_conn_id="lp",
    )
