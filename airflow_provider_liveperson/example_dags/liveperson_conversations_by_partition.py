"""LivePerson's messaging conversations as a partitioned asset, one partition for each UTC day.

Each run has the day as its partition key, and the operator pulls that day. A second DAG runs for each day that has
landed, with the same key.
"""

# To copy: `airflow liveperson examples liveperson_conversations_by_partition --to DAGS_FOLDER` (before Airflow 3.2:
# `python -m airflow_provider_liveperson examples …`).
# For Airflow 3.2 and later: on 3.1, which has no partitions, this file defines no DAG.
# Its connections: `liveperson_default`, of a LivePerson type, and `aws_default`, of the type Amazon Web Services, whose
# identity may list, read, write and delete in the bucket. Change the values below, or set the variables.

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Asset, task

from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator

try:
    from airflow.sdk import CronPartitionTimetable, PartitionedAssetTimetable
except ImportError:  # Airflow 3.1
    CronPartitionTimetable = None

try:
    from airflow_provider_liveperson.retry_policy import LivePersonRetryPolicy

    # Waits as long as LivePerson asks when it limits the rate.
    RETRY_POLICY = {"retry_policy": LivePersonRetryPolicy()}
except ImportError:  # before Airflow 3.3
    RETRY_POLICY = {}

log = logging.getLogger(__name__)

BUCKET = os.environ.get("LIVEPERSON_BUCKET", "my-data-lake")
PREFIX = os.environ.get("LIVEPERSON_PREFIX", "liveperson")

CONVERSATIONS = Asset(f"s3://{BUCKET}/{PREFIX}/messaging_interactions")

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
            outlets=[CONVERSATIONS],
        )

    with DAG(
        dag_id="liveperson_conversations_of_a_day",
        description="What is done with each day of LivePerson's conversations that has landed",
        schedule=PartitionedAssetTimetable(assets=CONVERSATIONS),
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        doc_md=__doc__,
        tags=["liveperson", "partitions"],
    ):

        @task
        def load(triggering_asset_events: Any = None, dag_run: Any = None) -> list[str]:
            """The manifests of the day, for whatever loads it; none if the day has landed again without a change."""
            landed = [event.extra for event in triggering_asset_events[CONVERSATIONS]]
            log.info("%s: %d records", dag_run.partition_key, sum(extra["records"] for extra in landed))
            return [extra["manifest"] for extra in landed if extra["changed"] and extra["complete"]]

        load()
