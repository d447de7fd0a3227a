"""LivePerson's messaging conversations, every day, into S3 and from there into an Iceberg table.

A task that runs again replaces its day in the table, in one snapshot, or changes nothing if the day has not changed.
"""

# To copy: `airflow liveperson examples liveperson_conversations_to_iceberg --to DAGS_FOLDER` (before Airflow 3.2:
# `python -m airflow_provider_liveperson examples …`).
# It needs the package's extra `iceberg`. Its connections: `liveperson_default`, of a LivePerson type; `aws_default`, of
# the type Amazon Web Services, whose identity may list, read, write and delete in the bucket; and `iceberg_default`, of
# the type Iceberg, to a REST, Glue, Hive or SQL catalog. Change the values below, or set the variables.

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, Asset

from airflow_provider_liveperson.transfers.liveperson_to_iceberg import LivePersonToIcebergOperator
from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator

try:
    from airflow.sdk import CronDataIntervalTimetable
except ImportError:  # Airflow 3.1
    from airflow.timetables.interval import CronDataIntervalTimetable

BUCKET = os.environ.get("LIVEPERSON_BUCKET", "my-data-lake")
PREFIX = os.environ.get("LIVEPERSON_PREFIX", "liveperson")
LIVEPERSON_CONN_ID = os.environ.get("LIVEPERSON_CONN_ID", "liveperson_default")
AWS_CONN_ID = os.environ.get("LIVEPERSON_AWS_CONN_ID", "aws_default")
ICEBERG_CONN_ID = os.environ.get("LIVEPERSON_ICEBERG_CONN_ID", "iceberg_default")

with DAG(
    dag_id="liveperson_conversations_to_iceberg",
    description="One UTC day of LivePerson's conversations, into S3 and an Iceberg table",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={"retries": 4, "retry_delay": timedelta(minutes=5)},
    doc_md=__doc__,
    tags=["liveperson", "s3", "iceberg"],
):
    pull = LivePersonToS3Operator(
        task_id="pull",
        dataset="messaging_interactions",
        bucket=BUCKET,
        prefix=PREFIX,
        file_format="parquet",
        liveperson_conn_id=LIVEPERSON_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
        outlets=[Asset(f"s3://{BUCKET}/{PREFIX}/messaging_interactions")],
    )
    LivePersonToIcebergOperator(
        task_id="load",
        manifest=pull.output,
        table="liveperson.conversations",
        iceberg_conn_id=ICEBERG_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
    )
