"""Keeps the consent of a LivePerson web application alive.

LivePerson asks for the tokens of a web application to be renewed about every 30 minutes; a consent whose tokens are not
renewed may end, and a user has to consent again. Tasks that pull renew them themselves, so this is for the times
between pulls. If the consent ends anyway, the task fails and says so: have somebody press Authorize on the LivePerson
page in Airflow's Admin menu.
"""

# To copy: `airflow liveperson examples liveperson_web_app_keep_alive --to DAGS_FOLDER` (before Airflow 3.2:
# `python -m airflow_provider_liveperson examples …`).
# The connection is of the type "LivePerson (web application, OAuth 2.0)" and has been authorized on the LivePerson page
# in Airflow's Admin menu. Change its ID below, or set LIVEPERSON_WEB_APP_CONN_ID.

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, task

try:
    from airflow_provider_liveperson.retry_policy import LivePersonRetryPolicy

    # Fails at once if trying again cannot help: a consent that has ended, a connection of another type.
    RETRY_POLICY = {"retry_policy": LivePersonRetryPolicy()}
except ImportError:  # before Airflow 3.3
    RETRY_POLICY = {}

WEB_APP_CONN_ID = os.environ.get("LIVEPERSON_WEB_APP_CONN_ID", "liveperson_web_app")

with DAG(
    dag_id="liveperson_web_app_keep_alive",
    description="Renews the tokens of a LivePerson web application every 20 minutes",
    schedule=timedelta(minutes=20),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    # A missed renewal cannot be made up for.
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "execution_timeout": timedelta(minutes=10),
        **RETRY_POLICY,
    },
    doc_md=__doc__,
    tags=["liveperson"],
):

    @task
    def keep_alive(conn_id: str) -> str:
        """Renew the tokens.

        :param conn_id: the connection.
        :returns: until when they now last, in UTC.
        """
        from airflow_provider_liveperson.hooks.liveperson import LivePersonHook

        return LivePersonHook.for_connection(conn_id).keep_alive().isoformat()

    keep_alive(WEB_APP_CONN_ID)
