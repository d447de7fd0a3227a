"""Thirteen months of LivePerson's messaging conversations into S3, one mapped task for each day.

Trigger it by hand, with the first and the last day as parameters. As many tasks run at once as the pool allows. A day
that has landed before is read again, and changes nothing if LivePerson has the same. LivePerson keeps conversations
for 13 months.
"""

# To copy: `airflow liveperson examples liveperson_conversations_backfill --to DAGS_FOLDER` (before Airflow 3.2:
# `python -m airflow_provider_liveperson examples …`).
# Its connections: `liveperson_default`, of a LivePerson type, and `aws_default`, of the type Amazon Web Services, whose
# identity may list, read, write and delete in the bucket. Change the values below, or set the variables.

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Asset, Param, task

from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator
from airflow_provider_liveperson.window import windows

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
POOL = os.environ.get("LIVEPERSON_POOL", "default_pool")

with DAG(
    dag_id="liveperson_conversations_backfill",
    description="LivePerson's conversations of the last 13 months into S3, a mapped task a day",
    schedule=None,
    params={
        "start": Param(
            None, type=["null", "string"], format="date-time", title="From; default: 13 months ago"
        ),
        "end": Param(
            None, type=["null", "string"], format="date-time", title="Until; default: today, 0:00 UTC"
        ),
    },
    doc_md=__doc__,
    tags=["liveperson", "s3", "backfill"],
):

    @task
    def days(params: dict[str, Any]) -> list[dict[str, str]]:
        """One window a day; Airflow maps at most 1,024 unless [core] max_map_length says otherwise."""
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        end = params["end"] or today
        # Thirteen months have 393 days at least, of which the first is no longer whole.
        start = params["start"] or today - timedelta(days=392)
        return windows(start, end, every=timedelta(days=1))

    LivePersonToS3Operator.partial(
        task_id="pull_day",
        dataset="messaging_interactions",
        bucket=BUCKET,
        prefix=PREFIX,
        liveperson_conn_id=LIVEPERSON_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
        outlets=[Asset(f"s3://{BUCKET}/{PREFIX}/messaging_interactions")],
        # From Airflow 3.3 on, a DAG with a PartitionedAssetTimetable runs for each of the days.
        asset_partitions=True,
        pool=POOL,
        max_active_tis_per_dagrun=8,
        retries=4,
        retry_delay=timedelta(minutes=5),
        **RETRY_POLICY,
        map_index_template="{{ task.start }}",
    ).expand_kwargs(days())
