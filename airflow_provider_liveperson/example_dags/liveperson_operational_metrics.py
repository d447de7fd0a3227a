"""LivePerson's operational metrics, every 30 minutes, into S3: queues, segments, agents, waiting times.

LivePerson keeps most of these for a day only, so a daily DAG would come too late. If this one has stood still, what is
left of the last 24 hours can be caught up with: clear the failed runs.
"""

# To copy: `airflow liveperson examples liveperson_operational_metrics --to DAGS_FOLDER` (before Airflow 3.2:
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
# LivePerson documents the state of shifts for logins only: a second connection, or "" for none.
BEARER_CONN_ID = os.environ.get("LIVEPERSON_BEARER_CONN_ID", "")

METRICS = [
    "messaging_conversation_metrics",
    "messaging_csat_distribution",
    "messaging_queue_health",
    "messaging_queue_health_current",
    "messaging_queue_health_by_group",
    "messaging_skill_segments",
    "messaging_agent_segments",
    "estimated_wait_time",
    "key_messaging_metrics",
    "agent_view",
    "key_messaging_metrics_history",
    "chat_queue_health",
    "chat_engagement_activity",
    "chat_agent_activity",
    "chat_queue_state",
    "chat_sla",
    "agent_metrics_status",
    "agent_metrics_summary",
    "agent_metrics_list",
]

with DAG(
    dag_id="liveperson_operational_metrics",
    description="30 minutes of LivePerson's operational metrics into S3",
    schedule=CronDataIntervalTimetable("*/30 * * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=2,
    default_args={"retries": 4, "retry_delay": timedelta(minutes=1), **RETRY_POLICY},
    doc_md=__doc__,
    tags=["liveperson", "s3", "metrics"],
):
    # Some are complete five minutes after the half-hour. The triggerer waits for that, not a worker.
    liveperson_task_group(
        METRICS,
        bucket=BUCKET,
        prefix=PREFIX,
        liveperson_conn_id=LIVEPERSON_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
        pool=POOL,
        deferrable=True,
    )
    if BEARER_CONN_ID:
        liveperson_task_group(
            ["shift_status"],
            group_id="liveperson_bearer",
            bucket=BUCKET,
            prefix=PREFIX,
            liveperson_conn_id=BEARER_CONN_ID,
            aws_conn_id=AWS_CONN_ID,
            pool=POOL,
        )
