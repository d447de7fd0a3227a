"""LivePerson in tasks of your own: one lands a day with the hook, the next one uses its summary.

`land_audit_trail` lands one UTC day of the audit trail, without the names of those who made the changes.
"""

# To copy: `airflow liveperson examples liveperson_taskflow --to DAGS_FOLDER` (before Airflow 3.2:
# `python -m airflow_provider_liveperson examples …`).
# Its connections: `liveperson_default`, of a LivePerson type, and `aws_default`, of the type Amazon Web Services, whose
# identity may list, read, write and delete in the bucket. Change the values below, or set the variables.

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, task

try:
    from airflow.sdk import CronDataIntervalTimetable
except ImportError:  # Airflow 3.1
    from airflow.timetables.interval import CronDataIntervalTimetable

try:
    from airflow_provider_liveperson.retry_policy import LivePersonRetryPolicy

    # Permanent errors, such as a wrong secret, are not retried.
    RETRY_POLICY = {"retry_policy": LivePersonRetryPolicy()}
except ImportError:  # before Airflow 3.3
    RETRY_POLICY = {}

BUCKET = os.environ.get("LIVEPERSON_BUCKET", "my-data-lake")
PREFIX = os.environ.get("LIVEPERSON_PREFIX", "liveperson")
LIVEPERSON_CONN_ID = os.environ.get("LIVEPERSON_CONN_ID", "liveperson_default")
AWS_CONN_ID = os.environ.get("LIVEPERSON_AWS_CONN_ID", "aws_default")

with DAG(
    dag_id="liveperson_taskflow",
    description="One UTC day of LivePerson's audit trail into S3, by a task of its own",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={"retries": 4, "retry_delay": timedelta(minutes=5), **RETRY_POLICY},
    doc_md=__doc__,
    tags=["liveperson", "s3"],
):

    @task
    def land_audit_trail(data_interval_start: Any = None, data_interval_end: Any = None) -> dict[str, Any]:
        """Land the day, without the names of the users who made the changes.

        :returns: the summary: records, bytes, manifests, objects, …
        """
        from airflow_provider_liveperson.hooks.liveperson import LivePersonHook

        with LivePersonHook.for_connection(LIVEPERSON_CONN_ID) as hook:
            return hook.land(
                "audit_trail",
                start=data_interval_start,
                end=data_interval_end,
                bucket=BUCKET,
                prefix=PREFIX,
                aws_conn_id=AWS_CONN_ID,
                drop_fields=["originator", "originatorLoginName"],
            )

    @task
    def tell(summary: dict[str, Any]) -> str:
        """Use what has landed."""
        return f"{summary['records']} changes; proof: {', '.join(summary['manifests'])}"

    tell(land_audit_trail())
