"""Tasks whose metrics, spans and logs are looked at."""

from __future__ import annotations

import hashlib
import logging
import os
from contextlib import ExitStack
from datetime import UTC, datetime
from threading import Thread

from airflow.sdk import DAG, task

from airflow_provider_liveperson.client import retries
from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
from airflow_provider_liveperson.transfers.liveperson_to_object_storage import (
    LivePersonToObjectStorageOperator,
)

without_waits = ExitStack()
if "TEST_WITHOUT_WAITS" in os.environ:
    without_waits.enter_context(retries.without_waits())

with DAG("observed", schedule=None, start_date=datetime(2025, 1, 1, tzinfo=UTC), catchup=False):
    for task_id, choices in {
        "latest": {},
        "refresh": {"windows_back": 1},
        "gap": {
            "start": "2025-12-29T00:00:00Z",
            "end": "2025-12-30T00:00:00Z",
            "allow_out_of_range": True,
        },
        "snapshot": {"dataset": "users", "allow_out_of_range": True},
    }.items():
        LivePersonToObjectStorageOperator(
            task_id=task_id,
            path=os.environ.get("TEST_PATH", "file:///tmp/unset"),
            **{
                "dataset": "audit_trail",
                "start": "2026-03-03T00:00:00Z",
                "end": "2026-03-04T00:00:00Z",
                **choices,
            },
        )

    @task
    def prints_its_tokens(conn_ids: list[str]) -> None:
        """Does what nobody should: it logs and prints tokens, one of them fetched by another thread."""
        for conn_id in conn_ids:
            with LivePersonHook.for_connection(conn_id) as hook:
                credential = hook.get_conn().credential
                Thread(target=credential.token).start()
                token = credential.token().value
                logging.getLogger("careless").warning("logged %s: Bearer %s", conn_id, token)
                print(f"printed {conn_id}: {token}")
                print(f"marked {conn_id}: {hashlib.sha256(token.encode()).hexdigest()}")

    prints_its_tokens(os.environ.get("TEST_CONN_IDS", "unset").split(","))
