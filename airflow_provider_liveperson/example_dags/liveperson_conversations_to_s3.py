"""LivePerson's messaging conversations, every day, into S3.

Each run lands the conversations that ended on one UTC day, each of them once, below
`{prefix}/messaging_interactions/account_id=…/dt=YYYY-MM-DD/`, and the account's users as they are. What a survey adds
later is not in there. A day with a `_manifest.json` is complete, and a run may be repeated at any time.
"""

# To copy: `airflow liveperson examples liveperson_conversations_to_s3 --to DAGS_FOLDER` (before Airflow 3.2:
# `python -m airflow_provider_liveperson examples …`).
# Its connections: `liveperson_default`, of a LivePerson type, and `aws_default`, of the type Amazon Web Services, whose
# identity may list, read, write and delete in the bucket. Change the values below, or set the variables.

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, Asset

from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator

try:
    from airflow.sdk import CronDataIntervalTimetable
except ImportError:  # Airflow 3.1
    from airflow.timetables.interval import CronDataIntervalTimetable

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

CONVERSATIONS = Asset(f"s3://{BUCKET}/{PREFIX}/messaging_interactions")
AGENTS = Asset(f"s3://{BUCKET}/{PREFIX}/users")

with DAG(
    dag_id="liveperson_conversations_to_s3",
    description="One UTC day of LivePerson's conversations, and the agents as they are, into S3",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    # For the history before, see liveperson_conversations_backfill.py.
    catchup=False,
    max_active_runs=2,
    default_args={
        "retries": 4,
        "retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(hours=6),
        "pool": POOL,
        **RETRY_POLICY,
    },
    doc_md=__doc__,
    tags=["liveperson", "s3"],
):
    # LivePerson has a day's last conversations a quarter of an hour later: the operator waits for that. With
    # deferrable=True it does so in the triggerer, if yours has one, and takes no worker's slot.
    LivePersonToS3Operator(
        task_id="pull_conversations",
        dataset="messaging_interactions",
        bucket=BUCKET,
        prefix=PREFIX,
        # To land without personal data: drop what consumers and agents are called and have written, and hash their
        # ids, so that they can still be counted and joined. The salt is the connection's extra hash_secret.
        # from airflow_provider_liveperson.personal_data import CONVERSATION_CONTENT, CONVERSATION_IDS
        # drop_fields=CONVERSATION_CONTENT,
        # hash_fields=CONVERSATION_IDS,
        liveperson_conn_id=LIVEPERSON_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
        outlets=[CONVERSATIONS],
    )
    # The whole collection as it is now; on a day without changes LivePerson is not asked to send it again.
    LivePersonToS3Operator(
        task_id="pull_users",
        dataset="users",
        bucket=BUCKET,
        prefix=PREFIX,
        # A run for a day long past lands the present state there, too.
        allow_out_of_range=True,
        liveperson_conn_id=LIVEPERSON_CONN_ID,
        aws_conn_id=AWS_CONN_ID,
        outlets=[AGENTS],
    )
