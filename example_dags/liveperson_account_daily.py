"""A whole LivePerson account, every day, into S3: everything that the connection can read.

Copy this file into your DAG folder and change the values at its top. The connections are those of the audit trail's
example: ``liveperson_default`` and ``aws_default``.

In each run, the task ``readable`` asks LivePerson what the connection can read, and ``pull`` is mapped over that: a
task for each dataset. What LivePerson keeps for a day only is left out, because a daily run comes too late for it:
``liveperson_operational_metrics.py`` pulls it every 30 minutes.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG

from airflow_provider_liveperson.personal_data import PERSONAL_FIELDS
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
    dag_id="liveperson_account_daily",
    description="One UTC day of everything that a LivePerson connection can read, into S3",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    # With True, Airflow runs each day since the start that has not run yet. Users, skills and the rest of the
    # configuration, which LivePerson returns only as they are now, are left out of these.
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 4, "retry_delay": timedelta(minutes=5), **RETRY_POLICY},
    doc_md=__doc__,
    tags=["liveperson", "s3", "account"],
):
    liveperson_task_group(
        "all readable",
        bucket=BUCKET,
        prefix=PREFIX,
        liveperson_conn_id=LIVEPERSON_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
        pool=POOL,
        # What liveperson_operational_metrics.py pulls. Leave out whatever else another DAG pulls: windows of a dataset
        # that overlap below one prefix are refused.
        exclude=["key_messaging_metrics", "agent_view"],
        # Names, addresses and everything that people have written stay at LivePerson.
        drop_fields=PERSONAL_FIELDS,
        # States of outbound messages move for days.
        refresh={"outbound_transactions": 2},
        # Some datasets are complete hours after the day has ended. The triggerer waits for that, not a worker.
        deferrable=True,
        # At most so many datasets at once.
        max_active_tis_per_dagrun=4,
    )
