"""LivePerson's messaging conversations as a partitioned asset, one partition for each UTC day.

For Airflow 3.2 and later: on 3.1, which has no partitions, this file defines no DAG. Each run has the day as its
partition key, and the operator pulls that day.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, Asset

from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator

try:
    from airflow.sdk import CronPartitionTimetable
except ImportError:  # Airflow 3.1
    CronPartitionTimetable = None

try:
    from airflow_provider_liveperson.retry_policy import LivePersonRetryPolicy

    # Waits as long as LivePerson asks when it limits the rate.
    RETRY_POLICY = {"retry_policy": LivePersonRetryPolicy()}
except ImportError:  # before Airflow 3.3
    RETRY_POLICY = {}

BUCKET = os.environ.get("LIVEPERSON_BUCKET", "my-data-lake")
PREFIX = os.environ.get("LIVEPERSON_PREFIX", "liveperson")

if CronPartitionTimetable is not None:
    with DAG(
        dag_id="liveperson_conversations_by_partition",
        description="LivePerson's conversations into S3, a partition a day",
        # run_offset=-1: the key is that of the day that has just ended.
        schedule=CronPartitionTimetable("0 0 * * *", timezone="UTC", run_offset=-1, key_format="%Y-%m-%d"),
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        default_args={"retries": 4, "retry_delay": timedelta(minutes=5), **RETRY_POLICY},
        doc_md=__doc__,
        tags=["liveperson", "s3", "partitions"],
    ):
        LivePersonToS3Operator(
            task_id="pull_conversations",
            dataset="messaging_interactions",
            bucket=BUCKET,
            prefix=PREFIX,
            outlets=[Asset(f"s3://{BUCKET}/{PREFIX}/messaging_interactions")],
        )
