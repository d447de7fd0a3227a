"""What the page shows of a connection."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.connections.reading import extra_of
from airflow_provider_liveperson.exceptions import LivePersonError
from airflow_provider_liveperson.hooks.consents import store_for

if TYPE_CHECKING:
    from airflow.models import Connection

    from airflow_provider_liveperson.client.credentials.grants import Grant
    from airflow_provider_liveperson.plugins.check_results import LastCheck

WEB_APP = "liveperson_web_app"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One connection on the page.

    :param conn_id: its id.
    :param kind: the name of its connection type.
    :param account: its LivePerson account.
    :param is_web_app: whether a LivePerson user has to consent.
    :param state: one or two words.
    :param good: whether the state is good; None for neither good nor bad.
    :param hint: what to do, if anything.
    :param facts: labels and values.
    :param error: the last error, or empty.
    :param can_refresh: whether there is something to refresh.
    :param can_revoke: whether there is something to revoke.
    """

    conn_id: str
    kind: str
    account: str
    is_web_app: bool
    state: str
    good: bool | None = None
    hint: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    error: str = ""
    can_refresh: bool = False
    can_revoke: bool = False


def row_of(conn: Connection, last: LastCheck | None = None, now: datetime | None = None) -> Row:
    """Read a connection, and its consent if it has one.

    :param conn: a LivePerson connection.
    :param last: its last check, if there was one.
    :param now: the present, aware.
    """
    conn_type = str(conn.conn_type).replace("-", "_")
    about: dict[str, Any] = {
        "conn_id": conn.conn_id,
        "kind": FORMS[conn_type].label,
        "account": "",
        "is_web_app": conn_type == WEB_APP,
    }
    try:
        about["account"] = str(extra_of(conn, conn_id=conn.conn_id).get("account_id") or "")
    except LivePersonError as error:
        return Row(**about, state="Unusable", good=False, error=str(error))
    check = _check(conn, last)
    if conn_type != WEB_APP:
        return Row(**about, **check)
    try:
        grant = store_for(conn.conn_id, conn.password or "").load()
    except LivePersonError as error:
        return Row(**about, state="Unreadable", good=False, error=str(error))
    consent = _consent(grant, now or datetime.now(UTC))
    facts = [*consent.get("facts", []), *(check.get("facts") or [("Last check", check["state"])])]
    return Row(**about, **{**consent, "facts": facts} if grant is not None else consent)


def iso(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return "out of range"


def _check(conn: Connection, last: LastCheck | None) -> dict[str, Any]:
    """What is known from a connection's last check."""
    if last is None:
        return {"state": "Not checked", "hint": "Press Check to see what it can reach."}
    if not last.is_of(conn):
        hint = f"The connection was changed after its last check at {iso(last.checked_at)}."
        return {"state": "Not checked", "hint": f"{hint} Press Check to see what it can reach."}
    return {
        "state": "Works" if last.ok else "Check failed",
        "good": last.ok,
        "facts": [("Last checked", iso(last.checked_at)), ("Result", last.sentence)],
    }


def _consent(grant: Grant | None, now: datetime) -> dict[str, Any]:
    if grant is None:
        return {
            "state": "Not authorized",
            "good": False,
            "hint": "Press Authorize to log in at LivePerson and allow this application to read as you.",
        }
    facts = [
        ("Authorized by", grant.authorized_by),
        ("LivePerson user", grant.subject or "unknown"),
        ("Authorized at", iso(grant.authorized_at)),
        ("Last refreshed", iso(grant.refreshed_at)),
    ]
    about = {"facts": facts, "error": grant.last_error, "can_revoke": True}
    if grant.is_lost:
        hint = "LivePerson no longer renews the consent. Press Authorize to consent again."
        return {**about, "state": "Consent ended", "good": False, "hint": hint}
    facts.append(("Access token expires", iso(grant.expires_at)))
    if grant.renewal_begun_at:
        hint = (
            f"A refresh that started at {iso(grant.renewal_begun_at)} was interrupted. The current access token is used"
            " until it expires; then the refresh is tried again. If LivePerson refuses it, press Authorize."
        )
        return {**about, "state": "Authorized", "good": None, "hint": hint, "can_refresh": True}
    if grant.expires_at <= now.timestamp():
        hint = "The access token has expired. The next task, or Refresh now, renews it, if LivePerson still allows it."
        return {**about, "state": "Expired", "good": None, "hint": hint, "can_refresh": True}
    return {**about, "state": "Authorized", "good": True, "can_refresh": True}
