"""A LivePerson account's users, skills, groups and other configuration, every day, into S3.

Each run lands a full copy of each, as it is at that moment. On a day without changes LivePerson is not asked to send a
collection again: its files are copied within the store. `liveperson_account_daily` lands the same datasets: where both
run, exclude these there.
"""

# To copy: `airflow liveperson examples liveperson_dimensions_daily --to DAGS_FOLDER` (before Airflow 3.2:
# `python -m airflow_provider_liveperson examples …`).
# Its connections: `liveperson_default`, of a LivePerson type, and `aws_default`, of the type Amazon Web Services, whose
# identity may list, read, write and delete in the bucket. Change the values below, or set the variables.

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

DIMENSIONS = [
    "users",
    "skills",
    "agent_groups",
    "lobs",
    "profiles",
    "agent_status_reasons",
    "predefined_content",
    "default_predefined_content",
    "predefined_categories",
    "working_hours",
    "special_occasions",
    "agent_surveys",
    "automatic_messages",
    "unified_automatic_messages",
    "campaigns",
    "outbound_handoffs",
]

with DAG(
    dag_id="liveperson_dimensions_daily",
    description="LivePerson's users, skills, groups and other configuration as they are, into S3",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    # The past of these cannot be had.
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 4, "retry_delay": timedelta(minutes=5), **RETRY_POLICY},
    doc_md=__doc__,
    tags=["liveperson", "s3", "dimensions"],
):
    # A task for each, with the asset s3://BUCKET/PREFIX/users and so on, on which other DAGs can be scheduled.
    liveperson_task_group(
        DIMENSIONS,
        bucket=BUCKET,
        prefix=PREFIX,
        liveperson_conn_id=LIVEPERSON_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
        pool=POOL,
    )
