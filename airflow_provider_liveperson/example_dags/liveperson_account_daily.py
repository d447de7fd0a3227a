"""A whole LivePerson account, every day, into S3: everything that the connection can read.

In each run, the task `readable` asks LivePerson what the connection can read, and `pull` is mapped over that: a task
for each dataset. Each lands below `{prefix}/{dataset}/account_id=…/dt=YYYY-MM-DD/`; a day with a `_manifest.json` that
says `"complete": true` is complete. What LivePerson keeps for a day only is left out, because a daily run comes too
late for it; the DAG `liveperson_operational_metrics` pulls that every 30 minutes.

Where `LIVEPERSON_ALERT_TO` names somebody, they get a mail if a day has not landed by 06:00 UTC.
"""

# To copy: `airflow liveperson examples liveperson_account_daily --to DAGS_FOLDER` (before Airflow 3.2:
# `python -m airflow_provider_liveperson examples …`).
# Its connections: `liveperson_default`, of a LivePerson type, and `aws_default`, of the type Amazon Web Services, whose
# identity may list, read, write and delete in the bucket. Change the values below, or set the variables.

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
    from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference
except ImportError:  # Airflow 3.1
    from airflow.sdk.definitions.deadline import AsyncCallback, DeadlineAlert, DeadlineReference

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
# What `liveperson_operational_metrics` pulls. Add what else another DAG pulls, such as `liveperson_data_access_hourly`.
PULLED_BY_ANOTHER_DAG = [
    "messaging_csat_distribution",
    "messaging_queue_health_current",
    "messaging_queue_health_by_group",
    "estimated_wait_time",
    "key_messaging_metrics",
    "agent_view",
    "chat_queue_state",
    "chat_sla",
    "agent_metrics_status",
    "agent_metrics_summary",
    "agent_metrics_list",
    "shift_status",
]
ALERT_TO = os.environ.get("LIVEPERSON_ALERT_TO", "")

# A run's logical date is 00:00 UTC of the day that it pulls, so 30 hours later it is 06:00 on the day after. The
# triggerer sends the mail, by the connection `smtp_default`; any other notifier that can be awaited does as well.
NOT_LANDED_BY_SIX = DeadlineAlert(
    reference=DeadlineReference.DAGRUN_LOGICAL_DATE,
    interval=timedelta(hours=30),
    callback=AsyncCallback(
        "airflow.providers.smtp.notifications.smtp.SmtpNotifier",
        kwargs={
            "to": ALERT_TO,
            "subject": "LivePerson has not landed by 06:00 UTC",
            "html_content": "Run {{ dag_run.dag_run_id }} of {{ dag_run.dag_id }} has not finished.",
        },
    ),
)

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
    deadline=NOT_LANDED_BY_SIX if ALERT_TO else None,
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
        # What another DAG pulls has to be left out: windows of a dataset that overlap below one prefix are refused.
        exclude=PULLED_BY_ANOTHER_DAG,
        # Names, addresses and everything that people have written stay at LivePerson.
        drop_fields=PERSONAL_FIELDS,
        # States of outbound messages move for days, and long chats end on the day after.
        refresh={"outbound_transactions": 7, "outbound_analytics": 7, "engagement_history": 1},
        # Some datasets are complete hours after the day has ended. The triggerer waits for that, not a worker.
        deferrable=True,
        # At most so many datasets at once.
        max_active_tis_per_dagrun=4,
    )
