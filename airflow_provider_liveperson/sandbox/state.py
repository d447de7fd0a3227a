"""All that one sandbox remembers."""

from __future__ import annotations

import secrets
import time
from collections import deque
from email.utils import formatdate
from typing import Any, Literal

from airflow_provider_liveperson.sandbox.apis.api import Api
from airflow_provider_liveperson.sandbox.apis.registry import APIS
from airflow_provider_liveperson.sandbox.http.faults import FaultQueue
from airflow_provider_liveperson.sandbox.http.request_log import RecordedRequest
from airflow_provider_liveperson.sandbox.identity.grants import GrantStore
from airflow_provider_liveperson.sandbox.identity.logins import LoginService
from airflow_provider_liveperson.sandbox.identity.oauth1 import ApiKeyVerifier
from airflow_provider_liveperson.sandbox.identity.sso import SsoSessions
from airflow_provider_liveperson.sandbox.identity.tokens import TokenStore
from airflow_provider_liveperson.sandbox.settings import SECRET_FIELDS, SandboxSettings
from airflow_provider_liveperson.sandbox.world import World

_REQUESTS_KEPT = 50_000


class SandboxState:
    """Settings, data, tokens, faults and the request log of one sandbox.

    :param settings: what it starts with, and returns to on a reset.
    """

    tokens: TokenStore
    sessions: SsoSessions
    grants: GrantStore
    logins: LoginService
    api_key: ApiKeyVerifier

    def __init__(self, settings: SandboxSettings) -> None:
        self._initial = settings
        self.settings = settings
        self.world = World(settings)
        # What binds the forms of the sandbox's pages to the browser they were made for.
        self.form_key = secrets.token_bytes(32)
        self.apis: dict[str, Api[Any]] = {api.name: api(self) for api in APIS}
        kinds = {kind: meaning for api in APIS for kind, meaning in api.faults.items()}
        self.faults = FaultQueue(kinds)
        self.requests: deque[RecordedRequest] = deque(maxlen=_REQUESTS_KEPT)
        self._begin()

    def _begin(self) -> None:
        self.tokens = TokenStore(self.now)
        self.sessions = SsoSessions(lambda: self.settings, self.now)
        self.grants = GrantStore(lambda: self.settings, self.now, self.sessions)
        self.logins = LoginService(lambda: self.settings, self.now)
        self.api_key = ApiKeyVerifier(self.now)

    def api_of(self, dataset: str) -> Api[Any]:
        """Return the API from which a dataset is read.

        :param dataset: the dataset's name.
        :raises KeyError: if there is none.
        """
        for api in self.apis.values():
            if dataset in api.datasets:
                return api.ready()
        known = ", ".join(name for api in self.apis.values() for name in api.datasets)
        raise KeyError(f"There is no dataset {dataset!r}; known: {known}")

    def now(self) -> float:
        """Return the sandbox's time in epoch seconds; it may be off on purpose."""
        return time.time() + self.settings.clock_offset_seconds

    def configure(self, **switches: Any) -> None:
        """Change switches while the sandbox runs.

        :param switches: field names of the settings and their new values.
        :raises ValueError: see :meth:`SandboxSettings.changed`.
        """
        self.settings = self.settings.changed(**switches)
        for api in self.apis.values():
            if api.is_ready:
                api.configured(frozenset(switches))

    def reset(self) -> None:
        """Return to the first settings and data; forget tokens, nonces, faults and requests."""
        self.settings = self._initial
        self.faults.clear()
        self.requests.clear()
        for api in self.apis.values():
            api.forget()
        self._begin()

    def secrets(self) -> set[str]:
        """Return every value that must not leave the process."""
        values = {getattr(self.settings, name) for name in SECRET_FIELDS}
        return values.union(
            self.tokens.issued, self.grants.secrets, self.logins.secrets, self.sessions.secrets
        )

    def rotate_keys(self) -> str:
        """Sign V2 App-JWTs and id tokens with new keys from now on.

        :return: the id of the new key of V2 App-JWTs.
        """
        self.grants.keys.rotate()
        return self.tokens.keys.rotate()

    def expire_tokens(self) -> None:
        """Expire every token that data APIs have accepted so far; refresh tokens stay valid."""
        self.tokens.expire_all()
        self.grants.end_access_tokens("has expired")
        self.logins.end_all("has expired")

    def revoke_tokens(self) -> None:
        """Revoke every token that data APIs have accepted so far; refresh tokens stay valid."""
        self.tokens.revoke_all()
        self.grants.end_access_tokens("was revoked")
        self.logins.end_all("was revoked")

    def retry_after(self, value: float | Literal["http-date"] | None) -> dict[str, str]:
        """Make a ``Retry-After`` header.

        :param value: seconds; ``http-date`` for two seconds from now by the sandbox's clock; None for none.
        """
        if value is None:
            return {}
        if value == "http-date":
            return {"Retry-After": formatdate(self.now() + 2, usegmt=True)}
        return {"Retry-After": f"{value:g}"}
