"""Each Monday: does LivePerson still count what has landed in S3 in two weeks? Days that differ are pulled again.

It goes with a DAG that pulls each day once. Records that reach LivePerson after that land with the next of these runs.
Where nothing differs, the mapped task is skipped. Days that are missing are not counted: the example
`liveperson_heal_gaps` pulls those.
"""

# To copy: `airflow liveperson examples liveperson_recount --to DAGS_FOLDER` (before Airflow 3.2:
# `python -m airflow_provider_liveperson examples …`).
# Give the operator that pulls the same arguments as in the DAG that pulls each day: windows of other filters are not
# replaced. Its connections: `liveperson_default`, of a LivePerson type, and `aws_default`, of the type Amazon Web
# Services, whose identity may list, read, write and delete in the bucket. Change the values, or set the variables.

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, Asset

from airflow_provider_liveperson.operators.recount import LivePersonRecountOperator
from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator

try:
    from airflow.sdk import CronDataIntervalTimetable
except ImportError:  # Airflow 3.1
    from airflow.timetables.interval import CronDataIntervalTimetable

BUCKET = os.environ.get("LIVEPERSON_BUCKET", "my-data-lake")
PREFIX = os.environ.get("LIVEPERSON_PREFIX", "liveperson")
LIVEPERSON_CONN_ID = os.environ.get("LIVEPERSON_CONN_ID", "liveperson_default")
AWS_CONN_ID = os.environ.get("LIVEPERSON_AWS_CONN_ID", "aws_default")
DATASET = "messaging_interactions"

with DAG(
    dag_id="liveperson_recount",
    description="Days of LivePerson's conversations that have changed in number since they landed in S3",
    schedule=CronDataIntervalTimetable("0 6 * * 1", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={"retries": 4, "retry_delay": timedelta(minutes=5)},
    doc_md=__doc__,
    tags=["liveperson", "s3"],
):
    recount = LivePersonRecountOperator(
        task_id="recount",
        uri=f"s3://{BUCKET}/{PREFIX}",
        dataset=DATASET,
        days=14,
        liveperson_conn_id=LIVEPERSON_CONN_ID,
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
    ).expand_kwargs(recount.output)
