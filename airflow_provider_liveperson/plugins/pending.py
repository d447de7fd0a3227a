"""The authorisation under way for a connection: one at most, and good for one callback, whichever server gets it."""

from __future__ import annotations

import hmac

import msgspec
from airflow.models import Variable
from airflow.utils.session import create_session
from sqlalchemy import delete, select

from airflow_provider_liveperson.hooks.consents import VariableStore, variable_key
from airflow_provider_liveperson.hooks.metadata import database, team_of
from airflow_provider_liveperson.records import raw

KIND = "liveperson_pending_token"


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered until LivePerson sends the browser back.

    :param nonce: what its state holds.
    :param redirect_uri: as it was in the authorize URL.
    :param code_verifier: for PKCE; secret.
    """

    nonce: str
    redirect_uri: str
    code_verifier: str | None = None


def begin(conn_id: str, pending: Pending) -> None:
    """Remember an authorisation, in the place of an earlier one.

    :param conn_id: the connection.
    :param pending: the authorisation.
    :raises ServiceUnavailableError: when the database does not answer.
    """
    text = msgspec.json.encode(pending).decode()
    VariableStore(team_of(conn_id)).put(variable_key(KIND, conn_id), text)


def take(conn_id: str, nonce: str) -> Pending | None:
    """Take an authorisation away, which works once.

    :param conn_id: the connection.
    :param nonce: what the state held.
    :returns: the authorisation; None if there is none of this nonce, whatever else the Variable holds.
    :raises ServiceUnavailableError: when the database does not answer.
    """
    table = Variable.__table__
    with database(), create_session() as session:
        found = session.scalar(select(Variable).where(Variable.key == variable_key(KIND, conn_id)))
        pending = _read(found.get_val()) if found is not None else None
        if pending is None or not hmac.compare_digest(_bytes(pending.nonce), _bytes(nonce)):
            return None
        # Only one of two that have come so far finds the row as both have read it.
        taken = session.execute(
            delete(table).where(table.c.id == found.id, table.c.val == found._val),
        )
        return pending if taken.rowcount == 1 else None


def _read(text: str | None) -> Pending | None:
    try:
        return raw.decode(msgspec.json.Decoder(Pending), _bytes(text or ""))
    except msgspec.DecodeError:
        return None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
