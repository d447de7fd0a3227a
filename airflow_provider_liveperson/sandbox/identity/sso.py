"""Sentinel's sessions: which user is logged in in which browser, and for how long."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from airflow_provider_liveperson.sandbox.identity.people import Person
from airflow_provider_liveperson.sandbox.settings import SandboxSettings


@dataclass(kw_only=True, slots=True, eq=False)
class SsoSession:
    """One session of a user. Grants that were given in it last no longer than it does.

    :param person: whose.
    :param id: what the browser's cookie holds.
    :param seen: when a page or a refresh last needed it; epoch seconds.
    :param over: whether it was ended.
    """

    person: Person
    id: str = field(repr=False)
    seen: float
    over: bool = False


class SsoSessions:
    """Every session of one account.

    :param settings: returns the settings as they are now.
    :param clock: returns the sandbox's time in epoch seconds.
    """

    def __init__(self, settings: Callable[[], SandboxSettings], clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: dict[str, SsoSession] = {}
        self._consents: set[tuple[str, str]] = set()

    def open(self, person: Person) -> SsoSession:
        """Begin a session.

        :param person: who logged in.
        """
        session = SsoSession(person=person, id=secrets.token_hex(32), seen=self._clock())
        with self._lock:
            self._sessions[session.id] = session
        return session

    def use(self, session_id: str) -> SsoSession | None:
        """Find a session that lasts, and prolong it.

        :param session_id: what the cookie holds.
        """
        session = self._sessions.get(session_id)
        return session if session is not None and self.prolong(session) else None

    def prolong(self, session: SsoSession) -> bool:
        """Prolong a session.

        :param session: the session.
        :return: whether it still lasted.
        """
        if not self.lasts(session):
            return False
        session.seen = self._clock()
        return True

    def lasts(self, session: SsoSession) -> bool:
        """Return whether a session lasts.

        :param session: the session.
        """
        return not session.over and self._clock() - session.seen <= self._settings().sso_idle_seconds

    def end_all(self, person: Person | None = None) -> None:
        """End sessions, and forget what was consented to.

        :param person: whose; those of all users if omitted.
        """
        with self._lock:
            for session in self._sessions.values():
                if person is None or person.id == session.person.id:
                    session.over = True
            self._consents = {given for given in self._consents if person and given[0] != person.id}

    def consent(self, person: Person, client_id: str) -> None:
        """Remember that a user has consented.

        :param person: the user.
        :param client_id: the web application.
        """
        with self._lock:
            self._consents.add((person.id, client_id))

    def has_consented(self, person: Person, client_id: str) -> bool:
        """Return whether a user has consented before.

        :param person: the user.
        :param client_id: the web application.
        """
        return (person.id, client_id) in self._consents

    @property
    def secrets(self) -> frozenset[str]:
        """Every session id so far."""
        with self._lock:
            return frozenset(self._sessions)
