"""Connections that are added to Airflow's database, none of which replaces another one.

For programs on a machine with Airflow's configuration, as ``airflow connections import`` is; tasks have no database.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.exceptions import ConfigurationError

if TYPE_CHECKING:
    from airflow.models import Connection

_FIELDS = ("conn_type", "host", "port", "login", "password")


def add_connections(
    wanted: Mapping[str, Mapping[str, Any]], *, yielding: Collection[str] = ()
) -> dict[str, str]:
    """Add connections to Airflow's database: all of them, or none.

    :param wanted: by connection ID, what ``airflow connections import`` takes: ``conn_type``, ``host``, ``port``,
        ``login``, ``password`` and ``extra``, a dict.
    :param yielding: IDs of which one that exists already, with other values, is left alone without an error.
    :returns: by connection ID, what was done: ``added``, ``is there already``, or ``left as it was, with other
        values``.
    :raises ConfigurationError: if one exists already with other values, or if there is no database to add to. Then
        nothing was added.
    """
    from airflow.models import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import select
    from sqlalchemy.exc import SQLAlchemyError

    done: dict[str, str] = {}
    try:
        with create_session() as session:
            found = session.scalars(select(Connection).where(Connection.conn_id.in_(wanted)))
            known = {conn.conn_id: conn for conn in found}
            for conn_id, values in wanted.items():
                if conn_id not in known:
                    session.add(
                        Connection(
                            conn_id=conn_id,
                            extra=json.dumps(values["extra"]),
                            **{name: values[name] for name in _FIELDS},
                        )
                    )
                    done[conn_id] = "added"
                elif _is_same(known[conn_id], values):
                    done[conn_id] = "is there already"
                else:
                    done[conn_id] = "left as it was, with other values"
            if refused := [
                conn_id for conn_id, how in done.items() if how.startswith("left") and conn_id not in yielding
            ]:
                remedy = "; ".join(f"airflow connections delete {conn_id}" for conn_id in refused)
                raise ConfigurationError(
                    f"Airflow has other connections with the IDs {', '.join(refused)}, so none was added; remove them"
                    f" first, if nobody needs them: {remedy}",
                    field="import",
                )
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or type(error).__name__).strip().partition("\n")[0]
        raise ConfigurationError(
            f"Airflow's database cannot be used ({reason}): start Airflow or run `airflow db migrate` first, and run"
            " this with the same AIRFLOW_HOME and settings",
            field="import",
        ) from error
    return done


def _is_same(conn: Connection, values: Mapping[str, Any]) -> bool:
    return (
        all(getattr(conn, name) == values[name] for name in _FIELDS) and conn.extra_dejson == values["extra"]
    )
