"""Many days at once: one mapped task per day, in a pool that limits the account's concurrent pulls."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG

from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator
from airflow_provider_liveperson.window import windows

START = os.environ.get("TEST_START", "2025-01-01T00:00:00Z")
END = os.environ.get("TEST_END", "2025-01-02T00:00:00Z")

with DAG("many_windows", schedule=None, start_date=datetime(2025, 1, 1, tzinfo=UTC), catchup=False):
    LivePersonToS3Operator.partial(
        task_id="pull",
        dataset=os.environ.get("TEST_DATASET", "unset"),
        bucket=os.environ.get("TEST_BUCKET", "unset"),
        liveperson_conn_id="liveperson_app_jwt",
        pool=os.environ.get("TEST_POOL", "default_pool"),
        retries=2,
        retry_delay=timedelta(seconds=1),
    ).expand_kwargs(windows(START, END, every=timedelta(days=1)))
