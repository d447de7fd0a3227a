"""Persons to erase, from the output of another task."""

from __future__ import annotations

import os

from airflow.sdk import DAG, task

from airflow_provider_liveperson.operators.erase import LivePersonEraseOperator

with DAG(dag_id="erasing", schedule=None):

    @task
    def whom() -> list[str]:
        return os.environ["TEST_WHOM"].split()

    LivePersonEraseOperator(
        task_id="erase", uri=f"s3://{os.environ.get('TEST_BUCKET', 'unset')}/lake", conversation_ids=whom()
    )
