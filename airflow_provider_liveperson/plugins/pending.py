"""The pending authorization of a connection: at most one, valid for one callback, whichever API server receives it."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, cast

import msgspec
from airflow.models import Variable
from airflow.utils.session import create_session
from sqlalchemy import delete, select

from airflow_provider_liveperson.hooks.consents import VariableStore, variable_key
from airflow_provider_liveperson.hooks.metadata import database, team_of
from airflow_provider_liveperson.records import raw

if TYPE_CHECKING:
    from sqlalchemy import CursorResult

KIND = "liveperson_pending_token"


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A pending authorization, kept until LivePerson sends the browser back.

    :param nonce: the nonce in its state.
    :param redirect_uri: as it was in the authorize URL.
    :param code_verifier: for PKCE; secret.
    """

    nonce: str
    redirect_uri: str
    code_verifier: str | None = None


def begin(conn_id: str, pending: Pending) -> None:
    """Keep a pending authorization, in place of an earlier one.

    :param conn_id: the connection.
    :param pending: the authorization.
    :raises ServiceUnavailableError: when the database does not answer.
    """
    text = msgspec.json.encode(pending).decode()
    VariableStore(team_of(conn_id)).put(variable_key(KIND, conn_id), text)


def take(conn_id: str, nonce: str) -> Pending | None:
    """Take a pending authorization, which works once.

    :param conn_id: the connection.
    :param nonce: the nonce in the state that came back.
    :returns: the authorization; None if there is none with this nonce, whatever else the Variable holds.
    :raises ServiceUnavailableError: when the database does not answer.
    """
    table = Variable.__table__
    with database(), create_session() as session:
        found = session.scalar(select(Variable).where(Variable.key == variable_key(KIND, conn_id)))
        if found is None:
            return None
        pending = _read(found.get_val())
        if pending is None or not hmac.compare_digest(_bytes(pending.nonce), _bytes(nonce)):
            return None
        # Of two callbacks that come this far at once, only one finds the row as both have read it.
        statement = delete(table).where(table.c.id == found.id, table.c.val == found._val)
        taken = cast("CursorResult[Any]", session.execute(statement))
        return pending if taken.rowcount == 1 else None


def _read(text: str | None) -> Pending | None:
    try:
        return raw.decode(msgspec.json.Decoder(Pending), _bytes(text or ""))
    except msgspec.DecodeError:
        return None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
