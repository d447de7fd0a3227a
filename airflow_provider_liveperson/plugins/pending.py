"""The authorisation under way for a connection: one at most, and good for one callback, whichever server gets it."""

from __future__ import annotations

import hmac
import json

from airflow.models import Variable
from airflow.utils.session import create_session
from sqlalchemy import delete, select

from airflow_provider_liveperson.hooks.consents import DESCRIPTION, pending_key


def begin(conn_id: str, *, nonce: str, code_verifier: str | None) -> None:
    """Remember an authorisation, in the place of an earlier one.

    :param conn_id: the connection.
    :param nonce: what its state holds.
    :param code_verifier: for PKCE; secret.
    """
    Variable.set(
        pending_key(conn_id),
        json.dumps({"nonce": nonce, "code_verifier": code_verifier}),
        description=DESCRIPTION,
    )


def take(conn_id: str, nonce: str) -> tuple[bool, str | None]:
    """Take an authorisation away, which works once.

    :param conn_id: the connection.
    :param nonce: what the state held.
    :returns: whether it was there, and its code verifier.
    """
    table = Variable.__table__
    with create_session() as session:
        found = session.scalar(select(Variable).where(Variable.key == pending_key(conn_id)))
        if found is None:
            return False, None
        pending = json.loads(found.get_val() or "{}")
        if not hmac.compare_digest(str(pending.get("nonce")), nonce):
            return False, None
        # Only one of two that have come so far finds the row as both have read it.
        taken = session.execute(
            delete(table).where(table.c.id == found.id, table.c.val == found._val),
        )
        return taken.rowcount == 1, pending.get("code_verifier")
