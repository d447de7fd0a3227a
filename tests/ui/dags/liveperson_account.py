"""A whole account on S3: a DAG to look at, which never runs."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG

from airflow_provider_liveperson.transfers.task_group import liveperson_task_group

with DAG("liveperson_account", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC), catchup=False):
    liveperson_task_group(
        group_id="pull",
        datasets=["audit_trail", "messaging_interactions", "users"],
        bucket="my-lake",
        prefix="liveperson",
    )
