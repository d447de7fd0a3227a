"""The files of LivePerson's Data Access API, every hour, as rows into S3.

LivePerson has the files of an hour two hours later. So each run lands the hour that ended two hours before it, and none
has to wait. `liveperson_account_daily` lands the same datasets by the day: where both run, exclude these there.
"""

# To copy: `airflow liveperson examples liveperson_data_access_hourly --to DAGS_FOLDER` (before Airflow 3.2:
# `python -m airflow_provider_liveperson examples …`).
# Its connections: `liveperson_default`, of a LivePerson type, and `aws_default`, of the type Amazon Web Services, whose
# identity may list, read, write and delete in the bucket. Change the values below, or set the variables.
# LivePerson documents Data Access for API keys only.

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG

from airflow_provider_liveperson.transfers.task_group import liveperson_task_group

try:
    from airflow.sdk import CronDataIntervalTimetable
except ImportError:  # Airflow 3.1
    from airflow.timetables.interval import CronDataIntervalTimetable

try:
    from airflow_provider_liveperson.retry_policy import LivePersonRetryPolicy

    # Waits as long as LivePerson asks when it limits the rate.
    RETRY_POLICY = {"retry_policy": LivePersonRetryPolicy()}
except ImportError:  # before Airflow 3.3
    RETRY_POLICY = {}

BUCKET = os.environ.get("LIVEPERSON_BUCKET", "my-data-lake")
PREFIX = os.environ.get("LIVEPERSON_PREFIX", "liveperson")
LIVEPERSON_CONN_ID = os.environ.get("LIVEPERSON_CONN_ID", "liveperson_default")
AWS_CONN_ID = os.environ.get("LIVEPERSON_AWS_CONN_ID", "aws_default")
# One Airflow pool for each LivePerson account keeps all its tasks together below LivePerson's rate limit:
# `airflow pools set liveperson 4 "LivePerson account 12345678"`.
POOL = os.environ.get("LIVEPERSON_POOL", "default_pool")

with DAG(
    dag_id="liveperson_data_access_hourly",
    description="One hour of the files of LivePerson's Data Access API into S3",
    schedule=CronDataIntervalTimetable("0 * * * *", timezone="UTC"),
    # LivePerson keeps the files for 30 days. With catchup, Airflow runs each hour that has not run yet.
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=2,
    default_args={"retries": 4, "retry_delay": timedelta(minutes=5), **RETRY_POLICY},
    doc_md=__doc__,
    tags=["liveperson", "s3", "data access"],
):
    liveperson_task_group(
        [
            "data_access_agent_activity",
            "data_access_web_session",
            "data_access_engagement",
            "data_access_survey",
        ],
        bucket=BUCKET,
        prefix=PREFIX,
        liveperson_conn_id=LIVEPERSON_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
        pool=POOL,
    )
