"""Persons who asked to be forgotten are taken out of what has landed in S3, and do not land again.

Their ids are in an object in S3, one a line, that is read when the task runs and shown nowhere. Each day has its own. A
day without one is skipped.
"""

# To copy: `airflow liveperson examples liveperson_erase_persons --to DAGS_FOLDER` (before Airflow 3.2:
# `python -m airflow_provider_liveperson examples …`).
# Its connections: `liveperson_default`, of a LivePerson type, with a `hash_secret`, and `aws_default`, of the type
# Amazon Web Services, whose identity may list, read, write and delete in the bucket. Change the values below, or set
# the variables.

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, task

from airflow_provider_liveperson.operators.erase import LivePersonEraseOperator

try:
    from airflow.sdk import CronDataIntervalTimetable
except ImportError:  # Airflow 3.1
    from airflow.timetables.interval import CronDataIntervalTimetable

BUCKET = os.environ.get("LIVEPERSON_BUCKET", "my-data-lake")
PREFIX = os.environ.get("LIVEPERSON_PREFIX", "liveperson")
REQUESTS_BUCKET = os.environ.get("LIVEPERSON_REQUESTS_BUCKET", "my-requests")
LIVEPERSON_CONN_ID = os.environ.get("LIVEPERSON_CONN_ID", "liveperson_default")
AWS_CONN_ID = os.environ.get("LIVEPERSON_AWS_CONN_ID", "aws_default")

with DAG(
    dag_id="liveperson_erase_persons",
    description="Persons who asked to be forgotten are erased from LivePerson's data in S3",
    schedule=CronDataIntervalTimetable("0 5 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 4, "retry_delay": timedelta(minutes=5)},
    doc_md=__doc__,
    tags=["liveperson", "s3", "privacy"],
):

    @task.short_circuit
    def requested(ds: Any = None) -> bool:
        """Whether anybody asked to be forgotten."""
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        return bool(S3Hook(AWS_CONN_ID).check_for_key(f"consumers/{ds}.txt", REQUESTS_BUCKET))

    erase = LivePersonEraseOperator(
        task_id="erase",
        uri=f"s3://{BUCKET}/{PREFIX}",
        participant_ids_uri=f"s3://{REQUESTS_BUCKET}/consumers/{{{{ ds }}}}.txt",
        liveperson_conn_id=LIVEPERSON_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
    )
    requested() >> erase
