"""Pulls that fail permanently although they have retries."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG

from airflow_provider_liveperson.transfers.liveperson_to_s3 import AuditTrailToS3Operator

try:
    from airflow_provider_liveperson.retry_policy import LivePersonRetryPolicy
except ImportError:  # before Airflow 3.3
    POLICIES = {"without_policy": {}}
else:
    POLICIES = {"without_policy": {}, "with_policy": {"retry_policy": LivePersonRetryPolicy()}}

WRONG = {
    "secret": {"liveperson_conn_id": "wrong_app_jwt"},
    "password": {"liveperson_conn_id": "wrong_login"},
    "filter": {"filters": {"nothing": True}},
    "field": {"file_format": "xlsx"},
    "window": {"start": "2026-03-04T00:00:00Z", "end": "2026-03-03T00:00:00Z"},
    "future": {"end": "2999-01-01T00:00:00Z"},
    "bucket": {"bucket": "there-is-no-such-bucket"},
    "mask": {"drop_fields": ["objectname"]},
}

with DAG(
    "failing",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=1)},
):
    for name, policy in POLICIES.items():
        for what, wrong in WRONG.items():
            chosen = {
                "start": "2026-03-03T00:00:00Z",
                "end": "2026-03-04T00:00:00Z",
                "bucket": os.environ.get("TEST_BUCKET", "unset"),
                "liveperson_conn_id": "liveperson_app_jwt",
                **wrong,
            }
            AuditTrailToS3Operator(
                task_id=f"{what}_{name}",
                prefix="failing",
                **chosen,
                **policy,
            )
