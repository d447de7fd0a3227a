"""A schedule that gives an empty interval on Airflow 3."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG

from airflow_provider_liveperson.transfers.liveperson_to_s3 import AuditTrailToS3Operator

with DAG("plain_cron", schedule="0 0 * * *", start_date=datetime(2025, 1, 1, tzinfo=UTC), catchup=False):
    AuditTrailToS3Operator(task_id="pull", bucket="never-reached")
