"""Each morning: which days of the last two weeks are missing or incomplete in S3? Those are pulled, a mapped task each.

It goes with a DAG that pulls each day once. What that did not land, because a task failed, or was cleared or skipped,
lands a day later. On a day without gaps the mapped task is skipped.
"""

# To copy: `airflow liveperson examples liveperson_heal_gaps --to DAGS_FOLDER` (before Airflow 3.2:
# `python -m airflow_provider_liveperson examples …`).
# Give the operator the same arguments as in the DAG that pulls each day: windows of other filters are not replaced.
# Its connections: `liveperson_default`, of a LivePerson type, and `aws_default`, of the type Amazon Web Services, whose
# identity may list, read, write and delete in the bucket. Change the values below, or set the variables.

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Asset, task

from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator

try:
    from airflow.sdk import CronDataIntervalTimetable
except ImportError:  # Airflow 3.1
    from airflow.timetables.interval import CronDataIntervalTimetable

BUCKET = os.environ.get("LIVEPERSON_BUCKET", "my-data-lake")
PREFIX = os.environ.get("LIVEPERSON_PREFIX", "liveperson")
LIVEPERSON_CONN_ID = os.environ.get("LIVEPERSON_CONN_ID", "liveperson_default")
AWS_CONN_ID = os.environ.get("LIVEPERSON_AWS_CONN_ID", "aws_default")
DATASET = "audit_trail"

with DAG(
    dag_id="liveperson_heal_gaps",
    description="Days of LivePerson's audit trail that are missing in S3",
    schedule=CronDataIntervalTimetable("0 6 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={"retries": 4, "retry_delay": timedelta(minutes=5)},
    doc_md=__doc__,
    tags=["liveperson", "s3"],
):

    @task
    def missing(data_interval_end: Any = None) -> list[dict[str, str]]:
        """The days of the last two weeks that are missing or incomplete."""
        from airflow_provider_liveperson.coverage.gaps import gaps

        today = data_interval_end.replace(hour=0)
        return gaps(
            f"s3://{BUCKET}/{PREFIX}",
            dataset=DATASET,
            start=today - timedelta(days=14),
            end=today,
            aws_conn_id=AWS_CONN_ID,
        )

    LivePersonToS3Operator.partial(
        task_id="pull",
        dataset=DATASET,
        bucket=BUCKET,
        prefix=PREFIX,
        liveperson_conn_id=LIVEPERSON_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
        outlets=[Asset(f"s3://{BUCKET}/{PREFIX}/{DATASET}")],
        max_active_tis_per_dagrun=4,
        map_index_template="{{ task.start }}",
    ).expand_kwargs(missing())
