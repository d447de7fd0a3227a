"""Airflow's metadata database, for processes that can access it: the API server and the command line, not tasks."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airflow_provider_liveperson.connections.reading import extra_of, read_extra
from airflow_provider_liveperson.exceptions import ConfigurationError, ServiceUnavailableError


def supervisor() -> Any:
    """The connection of a task, triggerer or DAG processor to Airflow; None where the database is accessible."""
    return getattr(sys.modules.get("airflow.sdk.execution_time.task_runner"), "SUPERVISOR_COMMS", None)


@contextmanager
def database() -> Iterator[None]:
    """Turn errors of the database into errors of this package.

    :raises ServiceUnavailableError: when the database does not answer, or Airflow's Fernet key cannot decrypt what is
        stored there.
    """
    from cryptography.fernet import InvalidToken
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except SQLAlchemyError as error:  # without its text, which quotes the statement's values
        raise ServiceUnavailableError(
            "Airflow's database, where connections and LivePerson consents are stored, does not answer"
            f" ({type(error).__name__})"
        ) from None
    except InvalidToken:
        raise ServiceUnavailableError(
            "a connection in Airflow's database cannot be decrypted; check Airflow's Fernet key"
        ) from None


def saved_connections(*conn_types: str) -> dict[str, Any]:
    """The connections of some types in Airflow's database, of all teams, by id; none in a task, which cannot list them.

    :param conn_types: the types.
    :raises ServiceUnavailableError: when there is no database.
    """
    if supervisor():
        return {}
    from airflow.models import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import select

    types = [spelled for name in conn_types for spelled in (name, name.replace("_", "-"))]
    with database(), create_session() as session:
        found = session.scalars(
            select(Connection).where(Connection.conn_type.in_(types)).order_by(Connection.conn_id)
        ).all()
        session.expunge_all()
    return {conn.conn_id: conn for conn in found}


def team_of(conn_id: str) -> str | None:
    """The team that owns a connection in Airflow's database; None in a task, whose supervisor knows its team.

    :param conn_id: the connection.
    :raises ServiceUnavailableError: when there is no database.
    """
    if supervisor() or not _has_teams():
        return None
    return getattr(_stored(conn_id), "team_name", None)


def team_connection(conn_id: str) -> Any:
    """A connection that belongs to a team, as the tasks of that team get it; None for any other.

    :param conn_id: the connection.
    :raises AirflowNotFoundException: when Airflow does not find it.
    """
    try:
        team = team_of(conn_id)
    except (
        ServiceUnavailableError
    ):  # no database: the connection comes from elsewhere, or Airflow reports what is wrong
        return None
    if team is None:
        return None
    from airflow.models import Connection

    with database():
        return Connection.get_connection_from_secrets(conn_id, team_name=team)


def why_not_found(conn_id: str) -> ConfigurationError | None:
    """Why Airflow does not find a connection that exists; None if it does not exist.

    :param conn_id: the connection.
    """
    variable = f"AIRFLOW_CONN_{conn_id.upper()}"
    if text := os.environ.get(variable):
        try:
            made = json.loads(text)
            read_extra(made.get("extra") if isinstance(made, dict) else None, conn_id=conn_id)
        except ConfigurationError as error:
            return error
        except (ValueError, RecursionError):
            pass
        return ConfigurationError(
            f"the environment variable {variable} is set, but Airflow cannot read a connection from it: it must hold a"
            " URI, or a JSON object whose extra is a JSON object",
            field="conn_id",
        )
    if supervisor():
        return None
    try:
        stored = _stored(conn_id)
        if stored is not None:
            extra_of(stored, conn_id=conn_id)
    except ConfigurationError as error:
        return error
    except ServiceUnavailableError:
        return None
    team = getattr(stored, "team_name", None)
    if team is None or _has_teams():
        return None
    return ConfigurationError(
        f"connection {conn_id!r} belongs to the team {team!r}, and Airflow hides it while [core] multi_team is off;"
        " switch that on, or remove the connection from the team",
        field="conn_id",
    )


def _has_teams() -> bool:
    from airflow.configuration import conf

    return bool(conf.getboolean("core", "multi_team", fallback=False))


def _stored(conn_id: str) -> Any:
    """A connection's row, of any team; None if there is none."""
    from airflow.models import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with database(), create_session() as session:
        stored = session.scalar(select(Connection).where(Connection.conn_id == conn_id))
        session.expunge_all()
    return stored
