"""Uses connections from every place where Airflow finds them."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from airflow.sdk import DAG, Connection, task

from airflow_provider_liveperson.hooks.liveperson import LivePersonHook

with DAG("connections", schedule=None, start_date=datetime(2025, 1, 1, tzinfo=UTC), catchup=False):

    @task
    def use(conn_id: str) -> dict:
        connection = Connection.get(conn_id)
        hook = LivePersonHook.for_connection(conn_id)
        records = hook.records("audit_trail", start="2026-03-03T00:00:00Z", end="2026-03-04T00:00:00Z")
        return {
            "conn_id": conn_id,
            "generic": type(connection.get_hook()).__name__,
            "ours": type(hook).__name__,
            "test": list(hook.test_connection()),
            "records": sum(1 for _ in records),
        }

    use.expand(conn_id=os.environ.get("TEST_CONN_IDS", "unset").split(","))
