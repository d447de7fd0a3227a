"""LivePerson's audit trail, every day, into S3: who changed what in the account.

Each run lands one UTC day below `{prefix}/audit_trail/account_id=…/dt=YYYY-MM-DD/` and writes `_manifest.json` there
last: a day with a manifest is complete. A run may be repeated at any time: it replaces its day if something has
changed, and changes nothing otherwise.
"""

# To copy: `airflow liveperson examples liveperson_audit_trail_to_s3 --to DAGS_FOLDER` (before Airflow 3.2:
# `python -m airflow_provider_liveperson examples …`).
# Its connections: `liveperson_default`, of a LivePerson type, and `aws_default`, of the type Amazon Web Services, whose
# identity may list, read, write and delete in the bucket. Change the values below, or set the variables.

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, Asset

from airflow_provider_liveperson.transfers.liveperson_to_s3 import AuditTrailToS3Operator

try:
    from airflow.sdk import CronDataIntervalTimetable

    BACKOFF: float = 2.0  # every wait is twice as long as the one before
except ImportError:  # Airflow 3.1
    from airflow.timetables.interval import CronDataIntervalTimetable

    BACKOFF = True

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

# Other DAGs can be scheduled on this asset; they then run whenever a day has landed. The event's extra tells
# what landed: window_start, window_end, records, bytes, manifest, objects.
AUDIT_TRAIL = Asset(f"s3://{BUCKET}/{PREFIX}/audit_trail")

with DAG(
    dag_id="liveperson_audit_trail_to_s3",
    description="One UTC day of LivePerson's audit trail into S3",
    # The operator pulls the run's data interval. A plain cron string such as "@daily" gives an empty one on
    # Airflow 3, so the timetable is named: at 00:00 UTC, for the day that has just ended.
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    # Set this to the first day that you want. With catchup, Airflow runs every day since then that has not run
    # yet, oldest first: the history once, and after an outage whatever was missed.
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=True,
    # Days do not depend on each other, but LivePerson limits how fast an account may ask.
    max_active_runs=2,
    default_args={
        # The operator waits out short disturbances by itself; retries are for longer ones. A retry reads its day
        # anew and lands nothing twice. What no retry can heal, such as a wrong secret, fails at the first try.
        "retries": 4,
        "retry_delay": timedelta(minutes=5),
        "retry_exponential_backoff": BACKOFF,
        "max_retry_delay": timedelta(hours=1),
        "execution_timeout": timedelta(hours=2),
        **RETRY_POLICY,
    },
    doc_md=__doc__,
    tags=["liveperson", "s3"],
):
    AuditTrailToS3Operator(
        task_id="pull_audit_trail",
        bucket=BUCKET,
        prefix=PREFIX,
        liveperson_conn_id=LIVEPERSON_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
        outlets=[AUDIT_TRAIL],
    )
