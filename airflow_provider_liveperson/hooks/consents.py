"""Where consents are kept: in Airflow's Variables, which Airflow encrypts, and which workers may write.

Airflow's own ``Variable.get`` is not used: it asks secrets backends first, which cannot be written, and in a task
it takes an API server that fails for a Variable that is not there.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.client.credentials.grants import CellGrantStore
from airflow_provider_liveperson.client.credentials.lease import Lease
from airflow_provider_liveperson.exceptions import ServiceUnavailableError

if TYPE_CHECKING:
    from airflow_provider_liveperson.client.credentials.grants import Grant

DESCRIPTION = (
    "Kept by airflow-provider-liveperson; do not edit. The LivePerson page in the Admin menu manages it."
)

_ORDINARY = re.compile(r"[A-Za-z0-9_.-]{1,200}")


def grant_key(conn_id: str) -> str:
    """The Variable that holds a connection's consent. Airflow masks what has ``token`` in its name."""
    return f"liveperson_token_{_name(conn_id)}"


def lease_key(conn_id: str) -> str:
    """The Variable that holds who may renew it."""
    return f"liveperson_lease_{_name(conn_id)}"


def pending_key(conn_id: str) -> str:
    """The Variable that holds the authorisation under way, of which there is one at most."""
    return f"liveperson_token_pending_{_name(conn_id)}"


def store_for(conn_id: str, client_secret: str) -> ConsentStore:
    """The store of a connection's consent, in whatever Airflow process this is.

    :param conn_id: the connection.
    :param client_secret: the connection's client secret, which encrypts what is kept: a supervisor that runs at DEBUG
        logs the Variables that its task writes.
    """
    cells = VariableCells()
    return ConsentStore(
        cells, grant_key(conn_id), Lease(cells, lease_key(conn_id)), secret=client_secret.strip()
    )


class ConsentStore(CellGrantStore):
    """A grant store whose tokens Airflow masks wherever it logs."""

    def load(self) -> Grant | None:
        grant = super().load()
        if grant is not None:
            _mask(grant)
        return grant

    def save(self, grant: Grant) -> None:
        _mask(grant)
        super().save(grant)


class VariableCells:
    """Variables of Airflow's metadata database: through the supervisor in a task, directly elsewhere."""

    def get(self, name: str) -> str | None:
        """The Variable's value, or None if there is none.

        :raises ServiceUnavailableError: when that cannot be told.
        """
        if supervisor := _supervisor():
            from airflow.sdk.execution_time.comms import ErrorResponse, GetVariable, VariableResult

            answer = _sent(supervisor, GetVariable(key=name))
            if isinstance(answer, VariableResult):
                return answer.value
            if isinstance(answer, ErrorResponse) and answer.error.name == "VARIABLE_NOT_FOUND":
                return None
            raise ServiceUnavailableError(f"Airflow's API server does not tell the Variable {name!r}")
        from airflow.models import Variable
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with _database(), create_session() as session:
            found = session.scalar(select(Variable).where(Variable.key == name))
            value = None if found is None else found.get_val()
        if found is not None and value is None:
            raise ServiceUnavailableError(
                f"the Variable {name!r} cannot be decrypted; check Airflow's Fernet key"
            )
        return value

    def put(self, name: str, value: str) -> None:
        """Write a Variable.

        :raises ServiceUnavailableError: when that fails.
        """
        if supervisor := _supervisor():
            from airflow.sdk.execution_time.comms import PutVariable

            _accepted(name, _sent(supervisor, PutVariable(key=name, value=value, description=DESCRIPTION)))
            return
        from airflow.models import Variable

        with _database():
            Variable.set(name, value, description=DESCRIPTION)

    def delete(self, name: str) -> None:
        """Delete a Variable, if it is there.

        :raises ServiceUnavailableError: when that fails.
        """
        if supervisor := _supervisor():
            from airflow.sdk.execution_time.comms import DeleteVariable

            _accepted(name, _sent(supervisor, DeleteVariable(key=name)))
            return
        from airflow.models import Variable

        with _database():
            Variable.delete(name)


def saved_connections(conn_type: str) -> dict[str, Any]:
    """The connections of a type in Airflow's database, by id; none in a task, which cannot list them.

    :param conn_type: the type.
    :raises ServiceUnavailableError: when there is no database.
    """
    if _supervisor():
        return {}
    from airflow.models import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import select

    types = (conn_type, conn_type.replace("_", "-"))
    with _database(), create_session() as session:
        found = session.scalars(
            select(Connection).where(Connection.conn_type.in_(types)).order_by(Connection.conn_id)
        ).all()
        session.expunge_all()
    return {conn.conn_id: conn for conn in found}


@contextmanager
def _database() -> Iterator[None]:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except SQLAlchemyError as error:  # without its text, which holds the statement's values
        raise ServiceUnavailableError(
            f"Airflow's database, where LivePerson consents are kept, does not answer ({type(error).__name__})"
        ) from None


def _supervisor() -> Any:
    """What a task, a triggerer or a DAG processor reaches Airflow by; None where the database is at hand."""
    return getattr(sys.modules.get("airflow.sdk.execution_time.task_runner"), "SUPERVISOR_COMMS", None)


def _sent(supervisor: Any, message: Any) -> Any:
    from airflow.sdk.exceptions import AirflowRuntimeError

    try:
        return supervisor.send(message)
    except AirflowRuntimeError as error:
        return error.error


def _accepted(name: str, answer: object) -> None:
    from airflow.sdk.execution_time.comms import ErrorResponse

    if isinstance(answer, ErrorResponse):
        raise ServiceUnavailableError(
            f"Airflow's API server does not let this task write the Variable {name!r} ({answer.error.name})"
        )


def _mask(grant: Grant) -> None:
    from airflow.sdk.log import mask_secret

    for secret in (grant.access_token, grant.refresh_token):
        if secret:
            mask_secret(secret)


def _name(conn_id: str) -> str:
    """What of a connection's id a Variable's key can hold, or a hash of it."""
    if _ORDINARY.fullmatch(conn_id):
        return conn_id
    return hashlib.sha256(conn_id.encode()).hexdigest()[:32]
