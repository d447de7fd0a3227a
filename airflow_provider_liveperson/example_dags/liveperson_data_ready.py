"""LivePerson's Data Access files, as soon as they are there: by a sensor every day, or by a watcher every hour.

Both DAGs need a triggerer. Each lands below a prefix of its own, because a window that overlaps another one that has
landed is refused.
"""

# To copy: `airflow liveperson examples liveperson_data_ready --to DAGS_FOLDER` (before Airflow 3.2:
# `python -m airflow_provider_liveperson examples …`).
# Keep the one of the two DAGs that suits you.
# Its connections: `liveperson_default`, of a LivePerson type, and `aws_default`, of the type Amazon Web Services, whose
# identity may list, read, write and delete in the bucket. Change the values below, or set the variables.
# LivePerson documents Data Access for API keys only.

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Asset, AssetWatcher, task

from airflow_provider_liveperson.sensors.data_ready import LivePersonDataReadySensor
from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator
from airflow_provider_liveperson.triggers.data_access import LivePersonDataAccessTrigger

try:
    from airflow.sdk import CronDataIntervalTimetable
except ImportError:  # Airflow 3.1
    from airflow.timetables.interval import CronDataIntervalTimetable

BUCKET = os.environ.get("LIVEPERSON_BUCKET", "my-data-lake")
PREFIX = os.environ.get("LIVEPERSON_PREFIX", "liveperson")
LIVEPERSON_CONN_ID = os.environ.get("LIVEPERSON_CONN_ID", "liveperson_default")
AWS_CONN_ID = os.environ.get("LIVEPERSON_AWS_CONN_ID", "aws_default")
DATASET = "data_access_survey"


def pull(prefix: str) -> dict[str, Any]:
    """The arguments of a pull."""
    return {
        "task_id": "pull",
        "dataset": DATASET,
        "bucket": BUCKET,
        "prefix": prefix,
        "outlets": [Asset(f"s3://{BUCKET}/{prefix}/{DATASET}")],
        "liveperson_conn_id": LIVEPERSON_CONN_ID,
        "aws_conn_id": AWS_CONN_ID,
    }


with DAG(
    dag_id="liveperson_data_ready",
    description="A day of Data Access files into S3, once LivePerson lists them",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    doc_md=__doc__,
    tags=["liveperson", "s3"],
):
    # Waits in the triggerer, without a worker's slot. A window that LivePerson does not keep any more fails at once.
    ready = LivePersonDataReadySensor(
        task_id="ready",
        dataset=DATASET,
        liveperson_conn_id=LIVEPERSON_CONN_ID,
        deferrable=True,
        poke_interval=timedelta(minutes=5),
        timeout=timedelta(hours=12),
    )
    ready >> LivePersonToS3Operator(**pull(f"{PREFIX}/daily"))

# Updated once for each hour of which LivePerson has files. The watcher remembers how far it has come.
FILES = Asset(
    "liveperson_survey_files",
    watchers=[
        AssetWatcher(
            name="new_files",
            trigger=LivePersonDataAccessTrigger(dataset=DATASET, liveperson_conn_id=LIVEPERSON_CONN_ID),
        )
    ],
)

with DAG(
    dag_id="liveperson_data_access_files",
    description="Each hour of Data Access files into S3, when LivePerson has made it",
    schedule=[FILES],
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    doc_md=__doc__,
    tags=["liveperson", "s3"],
):

    @task
    def hours(triggering_asset_events: Any = None) -> list[dict[str, str]]:
        """The hours of all events that started this run. An event may come twice."""
        payloads = [event.extra["payload"] for event in triggering_asset_events[FILES]]
        windows = sorted({(payload["window_start"], payload["window_end"]) for payload in payloads})
        return [{"start": start, "end": end} for start, end in windows]

    LivePersonToS3Operator.partial(**pull(f"{PREFIX}/hourly")).expand_kwargs(hours())
