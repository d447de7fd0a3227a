"""What a user may read and edit, as Airflow's auth manager says."""

from __future__ import annotations

from typing import Any, Literal

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import (
    ConnectionDetails,
    DagAccessEntity,
    DagDetails,
)
from airflow.models import Connection, DagModel

from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.exceptions import LivePersonError
from airflow_provider_liveperson.hooks.metadata import saved_connections
from airflow_provider_liveperson.version_compat import AirflowNotFoundException

FAILURES = (LivePersonError, AirflowNotFoundException)
"""The errors in which an action on a connection may end; the page shows them as sentences."""


def liveperson_connections() -> list[Connection]:
    """The LivePerson connections of Airflow's database, by id."""
    return list(saved_connections(*FORMS).values())


def editable_connections(user: Any) -> list[Connection]:
    """The LivePerson connections of Airflow's database that a user may edit, by id.

    :param user: as the auth manager's own dependency gave it.
    """
    return [conn for conn in liveperson_connections() if may_edit(user, conn.conn_id)]


def editable_connection(user: Any, conn_id: str) -> Connection | None:
    """A LivePerson connection of Airflow's database, if there is one of that id and the user may edit it."""
    if not may_edit(user, conn_id):
        return None
    return next((conn for conn in liveperson_connections() if conn.conn_id == conn_id), None)


def may_edit(user: Any, conn_id: str | None = None) -> bool:
    """Whether a user may edit a connection, or connections as such.

    :param user: as the auth manager's own dependency gave it.
    :param conn_id: the connection.
    """
    return _may("PUT", user, conn_id)


def may_read(user: Any, conn_id: str | None = None) -> bool:
    """Whether a user may read a connection, or connections as such.

    :param user: as the auth manager's own dependency gave it.
    :param conn_id: the connection.
    """
    return _may("GET", user, conn_id)


def may_read_assets(user: Any) -> bool:
    """Whether a user may read assets and their events.

    :param user: as the auth manager's own dependency gave it.
    """
    return get_auth_manager().is_authorized_asset(method="GET", user=user)


def may_read_xcoms(user: Any, dag_id: str) -> bool:
    """Whether a user may read the XComs of a DAG.

    :param user: as the auth manager's own dependency gave it.
    :param dag_id: the DAG.
    """
    details = DagDetails(id=dag_id)
    if hasattr(details, "team_name"):  # Airflow 3.2 and newer
        details.team_name = DagModel.get_team_name(dag_id)
    return get_auth_manager().is_authorized_dag(
        method="GET", access_entity=DagAccessEntity.XCOM, details=details, user=user
    )


def _may(method: Literal["GET", "PUT"], user: Any, conn_id: str | None) -> bool:
    details = ConnectionDetails(conn_id=conn_id) if conn_id else None
    if conn_id and details is not None and hasattr(details, "team_name"):  # Airflow 3.2 and newer
        details.team_name = Connection.get_team_name(conn_id)
    return get_auth_manager().is_authorized_connection(method=method, details=details, user=user)
