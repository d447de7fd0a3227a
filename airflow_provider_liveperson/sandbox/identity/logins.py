"""Logins at the Login Service: their bearers, sessions and CSRF tokens, and when they end."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from airflow_provider_liveperson.sandbox.identity.people import Person, people, same
from airflow_provider_liveperson.sandbox.identity.tokens import TokenRefused
from airflow_provider_liveperson.sandbox.settings import SandboxSettings


class LoginRefused(Exception):
    """A keep-alive or logout that is not for a login that lasts.

    :param reason: the ``csrf`` is wrong, or there is no such ``session``.
    """

    def __init__(self, reason: Literal["csrf", "session"]) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(kw_only=True, slots=True)
class Login:
    """One login.

    :param person: whose.
    :param bearer: what data APIs take.
    :param csrf: what keep-alive and logout take in their body.
    :param session_id: what they take as the cookie ``Session_id``.
    :param began: when it began or, if keep-alive prolongs it, was prolonged; epoch seconds.
    :param kept_alive: when it was last kept alive; epoch seconds.
    :param ended: why it ended; None while it lasts.
    """

    person: Person
    bearer: str = field(repr=False)
    csrf: str = field(repr=False)
    session_id: str = field(repr=False)
    began: float
    kept_alive: float
    ended: str | None = None


class LoginService:
    """Every login of one account.

    :param settings: returns the settings as they are now.
    :param clock: returns the sandbox's time in epoch seconds.
    """

    def __init__(self, settings: Callable[[], SandboxSettings], clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._logins: dict[str, Login] = {}
        self._secrets: set[str] = set()

    def open(self, person: Person | None = None) -> Login:
        """Log a user in without a request.

        :param person: who; the account's user if omitted.
        """
        now = self._clock()
        login = Login(
            person=person or people(self._settings())["user"],
            bearer=secrets.token_hex(32),
            csrf=secrets.token_hex(32),
            session_id=secrets.token_hex(24),
            began=now,
            kept_alive=now,
        )
        with self._lock:
            self._logins[login.bearer] = login
            self._secrets |= {login.bearer, login.csrf, login.session_id}
        return login

    def knows(self, bearer: str) -> bool:
        """Return whether a token is a bearer of this service, valid or not.

        :param bearer: the token.
        """
        return bearer in self._logins

    def check(self, bearer: str) -> Login:
        """Check a bearer.

        :param bearer: the token.
        :raises TokenRefused: if its login is unknown or has ended.
        """
        login = self._logins.get(bearer)
        if login is None:
            raise TokenRefused("The bearer is unknown")
        self._end_if_late(login)
        if login.ended is not None:
            raise TokenRefused(f"The bearer's login {login.ended}")
        return login

    def keep_alive(self, session_id: str, csrf: str) -> Login:
        """Let a login last longer.

        :param session_id: the session.
        :param csrf: its CSRF token.
        :return: the login; its session id may have changed.
        :raises LoginRefused: if they are wrong, or the login has ended.
        """
        login = self._find(session_id, csrf)
        with self._lock:
            login.kept_alive = self._clock()
            if self._settings().login_refresh_extends:
                login.began = login.kept_alive
            if self._settings().login_refresh_session == "new":
                login.session_id = secrets.token_hex(24)
                self._secrets.add(login.session_id)
        return login

    def close(self, session_id: str, csrf: str) -> None:
        """Log out.

        :param session_id: the session.
        :param csrf: its CSRF token.
        :raises LoginRefused: if they are wrong, or the login has ended.
        """
        self._find(session_id, csrf).ended = "was logged out"

    def end_all(self, why: str = "was revoked", *, person: Person | None = None) -> None:
        """End the logins that last.

        :param why: the reason that refusals give.
        :param person: whose; those of all users if omitted.
        """
        with self._lock:
            for login in self._logins.values():
                if login.ended is None and (person is None or person.id == login.person.id):
                    login.ended = why

    @property
    def lasting(self) -> list[Login]:
        """The logins that have not ended, oldest first."""
        with self._lock:
            logins = list(self._logins.values())
        for login in logins:
            self._end_if_late(login)
        return [login for login in logins if login.ended is None]

    @property
    def secrets(self) -> frozenset[str]:
        """Every bearer, CSRF token and session id so far."""
        with self._lock:
            return frozenset(self._secrets)

    def _find(self, session_id: str, csrf: str) -> Login:
        login = next((login for login in self.lasting if same(session_id, login.session_id)), None)
        if login is None:
            raise LoginRefused("session")
        if not same(csrf, login.csrf):
            raise LoginRefused("csrf")
        return login

    def _end_if_late(self, login: Login) -> None:
        settings, now = self._settings(), self._clock()
        if login.ended is None and now - login.kept_alive > settings.login_idle_seconds:
            login.ended = "has expired, because it was not kept alive"
        if login.ended is None and now - login.began > settings.login_ttl_ms / 1000:
            login.ended = "has expired"
