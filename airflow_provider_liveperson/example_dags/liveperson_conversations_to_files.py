"""LivePerson's messaging conversations, every day, into any store that Airflow can write to: local files by default.

Each run lands the conversations that ended on one UTC day, each of them once, below
`{path}/messaging_interactions/account_id=…/dt=YYYY-MM-DD/`. A day with a `_manifest.json` is complete, and a run may be
repeated at any time.
"""

# To copy: `airflow liveperson examples liveperson_conversations_to_files --to DAGS_FOLDER` (before Airflow 3.2:
# `python -m airflow_provider_liveperson examples …`).
# Its connection is `liveperson_default`, of a LivePerson type. LIVEPERSON_PATH is where to land, such as
# gs://google_cloud_default@my-lake/liveperson or abfs://wasb_default@my-container/liveperson: the connection's ID, the
# bucket or container, and a folder. Each needs its Airflow provider.

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.sdk import DAG, Asset

from airflow_provider_liveperson.transfers.liveperson_to_object_storage import (
    LivePersonToObjectStorageOperator,
)

try:
    from airflow.sdk import CronDataIntervalTimetable
except ImportError:  # Airflow 3.1
    from airflow.timetables.interval import CronDataIntervalTimetable

PATH = os.environ.get("LIVEPERSON_PATH", (Path.home() / "liveperson").as_uri())
LIVEPERSON_CONN_ID = os.environ.get("LIVEPERSON_CONN_ID", "liveperson_default")

# By its events, the coverage page knows what has landed.
CONVERSATIONS = Asset(f"{LivePersonToObjectStorageOperator.folder_uri(path=PATH)}/messaging_interactions")

with DAG(
    dag_id="liveperson_conversations_to_files",
    description="One UTC day of LivePerson's conversations, into files",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 4, "retry_delay": timedelta(minutes=5)},
    doc_md=__doc__,
    tags=["liveperson"],
):
    LivePersonToObjectStorageOperator(
        task_id="pull_conversations",
        dataset="messaging_interactions",
        path=PATH,
        liveperson_conn_id=LIVEPERSON_CONN_ID,
        outlets=[CONVERSATIONS],
    )
