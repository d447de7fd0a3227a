"""What is kept of checks: of each connection the last outcome for everybody, and for each browser its own checks.

Both are kept in Variables, where every API server finds them: see `docs/decisions/0024-what-a-check-leaves-behind.md`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec
from airflow.configuration import conf
from airflow.models import Variable
from airflow.utils.session import create_session
from sqlalchemy import delete, or_, select

from airflow_provider_liveperson.client.credentials.secret_box import SecretBox
from airflow_provider_liveperson.diagnostics.progress import Progress
from airflow_provider_liveperson.diagnostics.report import CheckReport
from airflow_provider_liveperson.hooks.consents import VariableStore, variable_key
from airflow_provider_liveperson.hooks.metadata import database, team_of
from airflow_provider_liveperson.plugins.pending import KIND as PENDING
from airflow_provider_liveperson.records import raw

if TYPE_CHECKING:
    from airflow.models import Connection

T = TypeVar("T")

RESULT_LASTS = 900.0
"""Seconds for which a browser can look at its result again."""

LOST_AFTER = 60.0
"""Seconds without a sign of life after which a running check counts as lost, such as with its API server."""

_LAST = "liveperson_check"
# Sealed, and named like no secret: Airflow would add each value to what it masks, for as long as the API server runs.
_RESULT = "liveperson_result"
_MAX_SENTENCE = 500


class LastCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a connection's last check. Nothing of it is secret.

    :param checked_at: when, in seconds since 1970 in UTC.
    :param ok: whether the check found everything as it should be.
    :param sentence: its result in words.
    :param fields: a keyed hash of the connection's fields then, by which a change is noticed.
    """

    checked_at: float
    ok: bool
    sentence: str
    fields: str

    def is_of(self, conn: Connection) -> bool:
        """Whether the connection has not been changed since."""
        return hmac.compare_digest(self.fields.encode(), _fields(conn).encode())


class CheckRun(msgspec.Struct, frozen=True, kw_only=True):
    """A check as one browser sees it: under way, or with its result.

    :param started_at: when it was started, in seconds since 1970 in UTC.
    :param seen_at: when it was last known to run, or ended, likewise.
    :param progress: how far it has come; None at the beginning.
    :param report: the result.
    :param error: why there is no result, or empty.
    """

    started_at: float
    seen_at: float
    progress: Progress | None = None
    report: CheckReport | None = None
    error: str = ""

    @property
    def state(self) -> Literal["running", "done", "failed", "lost"]:
        """``running``; ``done`` with a report; ``failed`` with an error; ``lost`` without a sign of life."""
        if self.report is not None:
            return "done"
        if self.error:
            return "failed"
        return "running" if time.time() - self.seen_at < LOST_AFTER else "lost"


def remember(conn: Connection, *, ok: bool, sentence: str) -> None:
    """Keep the outcome of a connection's last check.

    :param conn: the connection.
    :param ok: whether the check found everything as it should be.
    :param sentence: its result in words, without secrets.
    :raises ServiceUnavailableError: when the database does not answer.
    """
    last = LastCheck(checked_at=time.time(), ok=ok, sentence=sentence[:_MAX_SENTENCE], fields=_fields(conn))
    _put(variable_key(_LAST, conn.conn_id), msgspec.json.encode(last).decode(), conn.conn_id)


def last_checks(connections: Iterable[Connection]) -> dict[str, LastCheck]:
    """The last check of each connection that has been checked, by its id.

    :raises ServiceUnavailableError: when the database does not answer.
    """
    names = {variable_key(_LAST, conn.conn_id): conn.conn_id for conn in connections}
    with database(), create_session() as session:
        rows = session.scalars(select(Variable).where(Variable.key.in_(names))).all()
        texts = {names[row.key]: row.get_val() or "" for row in rows if row.key in names}
    read = {conn_id: _read(text, LastCheck) for conn_id, text in texts.items()}
    return {conn_id: last for conn_id, last in read.items() if last is not None}


def keep(run: CheckRun, owner: str, pair: tuple[str, str]) -> None:
    """Keep a check for a while, for the browser that started it.

    :param run: the check as it is now.
    :param owner: the user and the browser, see :func:`signatures.owner`.
    :param pair: the connection, and the one it was compared with or nothing.
    :raises ServiceUnavailableError: when the database does not answer.
    """
    sealed = _box(owner).encrypt(msgspec.json.encode(run).decode())
    _put(_result_key(owner, pair), f"{run.seen_at:.0f}:{sealed}", pair[0])


def kept(owner: str, pair: tuple[str, str]) -> CheckRun | None:
    """The last check of a connection or two by this browser; None after a while.

    :param owner: as for :func:`keep`.
    :param pair: as for :func:`keep`.
    :raises ServiceUnavailableError: when the database does not answer.
    """
    name = _result_key(owner, pair)
    with database(), create_session() as session:
        row = session.scalar(select(Variable).where(Variable.key == name))
        text = (row.get_val() if row is not None else None) or ""
    if _is_over(text):
        return None
    return _read(_box(owner).decrypt(text.partition(":")[2]) or "", CheckRun)


def sweep(connections: Iterable[Connection]) -> None:
    """Delete checks that are over, and what was kept of connections that are gone.

    :param connections: all LivePerson connections that there are.
    :raises ServiceUnavailableError: when the database does not answer.
    """
    there = {variable_key(kind, conn.conn_id) for kind in (_LAST, PENDING) for conn in connections}
    kinds = [Variable.key.startswith(f"{kind}.", autoescape=True) for kind in (_LAST, PENDING, _RESULT)]
    with database(), create_session() as session:
        rows = session.scalars(select(Variable).where(or_(*kinds))).all()
        over = [
            row.id
            for row in rows
            if (_is_over(row.get_val() or "") if row.key.startswith(f"{_RESULT}.") else row.key not in there)
        ]
        if over:
            session.execute(delete(Variable).where(Variable.id.in_(over)))


def _put(name: str, value: str, conn_id: str) -> None:
    VariableStore(team_of(conn_id)).put(name, value)


def _result_key(owner: str, pair: tuple[str, str]) -> str:
    return variable_key(_RESULT, hashlib.sha256(json.dumps([owner, *pair]).encode()).hexdigest()[:40])


def _is_over(text: str) -> bool:
    since = text.partition(":")[0]
    return not (
        since.isascii() and since.isdigit() and len(since) < 12 and time.time() - int(since) < RESULT_LASTS
    )


def _read(text: str, kind: type[T]) -> T | None:
    try:
        return raw.decode(msgspec.json.Decoder(kind), text.encode("utf-8", "surrogatepass"))
    except msgspec.DecodeError:
        return None


def _fields(conn: Connection) -> str:
    try:
        extra = conn.extra
    except (ValueError, RecursionError):  # Airflow refuses what is not a JSON object
        extra = None
    about = [conn.conn_type, conn.host, conn.schema, conn.port, conn.login, conn.password, extra]
    return hmac.new(_secret().encode(), json.dumps(about).encode(), hashlib.sha256).hexdigest()


def _box(owner: str) -> SecretBox:
    return SecretBox(f"a check's result: {_secret()}: {owner}")


def _secret() -> str:
    """The key that Airflow's API servers share."""
    return conf.get_mandatory_value("api", "secret_key")
