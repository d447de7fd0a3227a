"""What the page signs, to recognize it when it comes back: the CSRF token, the state and the message."""

from __future__ import annotations

import hashlib

from airflow.configuration import conf
from itsdangerous import BadSignature, URLSafeTimedSerializer

STATE_LASTS = 600
CSRF_LASTS = 12 * 3600
MESSAGE_LASTS = 600


def csrf_token(user_id: str, browser: str) -> str:
    """The token in the page's forms.

    :param user_id: the Airflow user.
    :param browser: the browser's cookie.
    """
    return _signer("csrf").dumps(owner(user_id, browser))


def is_csrf_token(token: str, user_id: str, browser: str) -> bool:
    """Whether a token was made for this user in this browser within the last 12 hours."""
    try:
        return bool(_signer("csrf").loads(token, max_age=CSRF_LASTS) == owner(user_id, browser))
    except BadSignature:
        return False


def state(user_id: str, browser: str, conn_id: str, nonce: str) -> str:
    """The state that travels to LivePerson and back. It shows LivePerson the connection's ID, but not the user.

    :param user_id: the Airflow user.
    :param browser: the browser's cookie.
    :param conn_id: the connection.
    :param nonce: a random text that is accepted once.
    """
    return _signer("state").dumps([conn_id, nonce, owner(user_id, browser)])


def read_state(text: str, user_id: str, browser: str) -> tuple[str, str] | None:
    """The connection and the nonce of a state that was made for this user in this browser in the last ten minutes."""
    try:
        conn_id, nonce, whose = _signer("state").loads(text, max_age=STATE_LASTS)
    except (BadSignature, TypeError, ValueError):
        return None
    return (conn_id, nonce) if whose == owner(user_id, browser) else None


def message(text: str, *, bad: bool, user_id: str) -> str:
    """A message for the page that comes after a redirect."""
    return _signer("message").dumps([text[:1500], bad, user_id])


def read_message(signed: str, user_id: str) -> tuple[str, bool] | None:
    """The message, and whether it reports a failure."""
    try:
        text, bad, whose = _signer("message").loads(signed, max_age=MESSAGE_LASTS)
    except (BadSignature, TypeError, ValueError):
        return None
    return (text, bad) if whose == user_id else None


def _signer(what: str) -> URLSafeTimedSerializer:
    """A signer with the key that Airflow's API servers share."""
    return URLSafeTimedSerializer(conf.get_mandatory_value("api", "secret_key"), salt=f"liveperson-{what}")


def owner(user_id: str, browser: str) -> str:
    """A user in one browser, as a hash.

    :param user_id: the Airflow user.
    :param browser: the browser's cookie.
    """
    return hashlib.sha256(f"{len(user_id)}:{user_id}:{browser}".encode()).hexdigest()
