"""Where consents are stored: in Airflow's Variables, which Airflow encrypts, and which workers may write.

Airflow's own ``Variable.get`` is not used: it reads secrets backends first, which cannot be written, and in a task
it takes a failing API server for a missing Variable.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.client.credentials.grants import KeyValueGrantStore
from airflow_provider_liveperson.client.credentials.lease import Lease
from airflow_provider_liveperson.exceptions import ServiceUnavailableError
from airflow_provider_liveperson.hooks.metadata import database, supervisor, team_of

if TYPE_CHECKING:
    from airflow_provider_liveperson.client.credentials.grants import Grant

DESCRIPTION = (
    "Managed by airflow-provider-liveperson; do not edit. See the LivePerson page in the Admin menu."
)

_PLAIN = re.compile(r"[a-z0-9_.-]{1,150}")


def variable_key(kind: str, conn_id: str) -> str:
    """The Variable of one kind for one connection. No two kinds, and no two ids, share one.

    The kind ends at the first dot. An id that is not plain becomes its readable part, ``~``, which no plain id has, and
    a hash. Capital letters are not plain, since MySQL ignores case in the keys of Variables.

    :param kind: without a dot. Airflow masks the values of Variables with ``token`` in their names.
    :param conn_id: the connection.
    """
    if _PLAIN.fullmatch(conn_id):
        return f"{kind}.{conn_id}"
    readable = re.sub(r"[^a-z0-9_.-]+", "-", conn_id.lower())[:100]
    return f"{kind}.{readable}~{hashlib.sha256(conn_id.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def grant_key(conn_id: str) -> str:
    """The Variable with a connection's consent."""
    return variable_key("liveperson_token", conn_id)


def lease_key(conn_id: str) -> str:
    """The Variable with the lease to renew it."""
    return variable_key("liveperson_lease", conn_id)


def store_for(conn_id: str, client_secret: str) -> ConsentStore:
    """The store of a connection's consent, in any Airflow process.

    :param conn_id: the connection.
    :param client_secret: the connection's client secret, which encrypts what is stored: at DEBUG, a supervisor logs
        the Variables that its task writes.
    """
    cells = VariableStore(team_of(conn_id))
    return ConsentStore(
        cells, grant_key(conn_id), Lease(cells, lease_key(conn_id)), secret=client_secret.strip()
    )


class ConsentStore(KeyValueGrantStore):
    """A grant store whose tokens Airflow masks in its logs."""

    def load(self) -> Grant | None:
        grant = super().load()
        if grant is not None:
            _mask(grant)
        return grant

    def save(self, grant: Grant) -> None:
        _mask(grant)
        super().save(grant)


class VariableStore:
    """Variables of Airflow's metadata database: through the supervisor in a task, directly elsewhere.

    :param team_name: the team that owns the Variables that are written directly, so that its tasks find them. A task
        writes for its own team.
    """

    def __init__(self, team_name: str | None = None) -> None:
        self._team_name = team_name

    def get(self, name: str) -> str | None:
        """The Variable's value, or None if there is none.

        :raises ServiceUnavailableError: when it cannot be read.
        """
        if reached := supervisor():
            from airflow.sdk.execution_time.comms import ErrorResponse, GetVariable, VariableResult

            answer = _sent(reached, GetVariable(key=name))
            if isinstance(answer, VariableResult):
                return answer.value
            if isinstance(answer, ErrorResponse) and answer.error.name == "VARIABLE_NOT_FOUND":
                return None
            raise ServiceUnavailableError(f"Airflow's API server did not return the Variable {name!r}")
        from airflow.models import Variable
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with database(), create_session() as session:
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
        if reached := supervisor():
            from airflow.sdk.execution_time.comms import PutVariable

            _accepted(name, _sent(reached, PutVariable(key=name, value=value, description=DESCRIPTION)))
            return
        from airflow.models import Variable
        from airflow.utils.session import create_session
        from sqlalchemy import update

        with database(), create_session() as session:
            Variable.set(name, value, description=DESCRIPTION, session=session)
            if hasattr(
                Variable, "team_name"
            ):  # Airflow 3.2 and newer; Variable.set does not change the team of an existing row
                session.execute(
                    update(Variable).where(Variable.key == name).values(team_name=self._team_name)
                )

    def delete(self, name: str) -> None:
        """Delete a Variable, if it exists, of any team.

        :raises ServiceUnavailableError: when that fails.
        """
        if reached := supervisor():
            from airflow.sdk.execution_time.comms import DeleteVariable

            _accepted(name, _sent(reached, DeleteVariable(key=name)))
            return
        from airflow.models import Variable
        from airflow.utils.session import create_session
        from sqlalchemy import delete

        with database(), create_session() as session:
            session.execute(delete(Variable).where(Variable.key == name))


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
