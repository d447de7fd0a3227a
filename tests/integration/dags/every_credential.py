"""Pulls with every kind of credential, right and wrong."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from airflow.sdk import DAG

from airflow_provider_liveperson.transfers.liveperson_to_s3 import AuditTrailToS3Operator

with DAG("every_credential", schedule=None, start_date=datetime(2025, 1, 1, tzinfo=UTC), catchup=False):
    for conn_id in os.environ.get("TEST_CONN_IDS", "unset").split(","):
        AuditTrailToS3Operator(
            task_id=conn_id,
            bucket=os.environ.get("TEST_BUCKET", "unset"),
            prefix=conn_id,
            start="2026-03-03T00:00:00Z",
            end="2026-03-04T00:00:00Z",
            liveperson_conn_id=conn_id,
        )
