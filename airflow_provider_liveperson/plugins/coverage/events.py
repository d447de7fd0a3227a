"""The events of assets in Airflow's database, as far as a user may see them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.models.asset import AssetEvent
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from sqlalchemy import Text, and_, cast, select

from airflow_provider_liveperson.coverage.events import TaskRun
from airflow_provider_liveperson.hooks.metadata import database
from airflow_provider_liveperson.plugins.access import may_read_xcoms

MAX_EVENTS = 50_000
"""How many events are read for one page at most: those of sixty datasets, hourly, for a month."""

# What only the extra of this package's events has.
_OWN = '%"windows"%'

_RECOUNT = "LivePersonRecountOperator"
_MAX_REPORTS = 1_000

Events = list[tuple[Mapping[str, Any], TaskRun]]


def readable_dags(user: Any) -> set[str]:
    """The DAGs that a user may read, as the auth manager says.

    :param user: as the auth manager's own dependency gave it.
    :raises ServiceUnavailableError: when the database does not answer.
    """
    with database():
        return set(get_auth_manager().get_authorized_dag_ids(user=user))


def landed_events(dag_ids: set[str], since: datetime) -> tuple[Events, bool]:
    """The events that tell what has landed, and whether there were too many to read them all.

    :param dag_ids: the DAGs whose events are read.
    :param since: only those from this instant on: no task can tell of a window before it begins.
    :raises ServiceUnavailableError: when the database does not answer.
    """
    statement = (
        select(
            AssetEvent.extra,
            AssetEvent.source_dag_id,
            AssetEvent.source_run_id,
            AssetEvent.source_task_id,
            AssetEvent.timestamp,
        )
        .where(
            AssetEvent.timestamp >= since,
            AssetEvent.source_dag_id.in_(dag_ids),
            cast(AssetEvent.extra, Text).like(_OWN),
        )
        .order_by(AssetEvent.timestamp.desc(), AssetEvent.id.desc())
        .limit(MAX_EVENTS + 1)
    )
    with database(), create_session() as session:
        found = session.execute(statement).all()
    events: Events = [
        (extra, TaskRun(dag_id=dag_id, run_id=run_id or "", task_id=task_id or "", at=at))
        for extra, dag_id, run_id, task_id, at in found[:MAX_EVENTS]
        if isinstance(extra, Mapping)
    ]
    return events, len(found) > MAX_EVENTS


def recount_reports(
    user: Any, dag_ids: set[str], since: datetime
) -> list[tuple[Mapping[str, Any], datetime]]:
    """What recounts have left of the windows that differ, and when: the XComs of their tasks that a user may read.

    :param user: as the auth manager's own dependency gave it.
    :param dag_ids: the DAGs that the user may read.
    :param since: only those from this instant on.
    :raises ServiceUnavailableError: when the database does not answer.
    """
    statement = (
        select(XComModel.dag_id, XComModel.value, XComModel.timestamp)
        .join(
            TaskInstance,
            and_(
                TaskInstance.dag_id == XComModel.dag_id,
                TaskInstance.run_id == XComModel.run_id,
                TaskInstance.task_id == XComModel.task_id,
                TaskInstance.map_index == XComModel.map_index,
            ),
        )
        .where(
            XComModel.key == "report",
            XComModel.timestamp >= since,
            XComModel.dag_id.in_(dag_ids),
            TaskInstance.operator == _RECOUNT,
        )
        .order_by(XComModel.timestamp.desc())
        .limit(_MAX_REPORTS)
    )
    with database(), create_session() as session:
        found = session.execute(statement).all()
        may_read = {dag_id: may_read_xcoms(user, dag_id) for dag_id in {row.dag_id for row in found}}
    reports = [(_decoded(value), at) for dag_id, value, at in found if may_read[dag_id]]
    return [(report, at) for report, at in reports if isinstance(report, Mapping)]


def _decoded(value: Any) -> Any:
    """An XCom's value; Airflow 3.1 stores JSON text inside JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None
