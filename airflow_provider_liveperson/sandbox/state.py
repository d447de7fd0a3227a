"""All that one sandbox remembers."""

from __future__ import annotations

import random
import secrets
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from email.utils import formatdate
from typing import Any, Literal

from airflow_provider_liveperson.sandbox.apis.account_config.collections import AccountConfig
from airflow_provider_liveperson.sandbox.apis.agent_activity.log import AgentActivity
from airflow_provider_liveperson.sandbox.apis.audit_trail.log import AuditLog
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.log import ConversationLog
from airflow_provider_liveperson.sandbox.http.faults import FaultQueue
from airflow_provider_liveperson.sandbox.http.request_log import RecordedRequest
from airflow_provider_liveperson.sandbox.identity.grants import GrantStore
from airflow_provider_liveperson.sandbox.identity.logins import LoginService
from airflow_provider_liveperson.sandbox.identity.oauth1 import ApiKeyVerifier
from airflow_provider_liveperson.sandbox.identity.sso import SsoSessions
from airflow_provider_liveperson.sandbox.identity.tokens import TokenStore
from airflow_provider_liveperson.sandbox.settings import SECRET_FIELDS, SandboxSettings

_REQUESTS_KEPT = 50_000


class SandboxState:
    """Settings, data, tokens, faults and the request log of one sandbox.

    :param settings: what it starts with, and returns to on a reset.
    """

    audit: AuditLog
    activity: AgentActivity
    config: AccountConfig
    truths: dict[str, Callable[[datetime, datetime], list[Any]]]
    tokens: TokenStore
    sessions: SsoSessions
    grants: GrantStore
    logins: LoginService
    api_key: ApiKeyVerifier
    ties: random.Random
    inserts_left: int

    def __init__(self, settings: SandboxSettings) -> None:
        self._initial = settings
        self.settings = settings
        # What binds the forms of the sandbox's pages to the browser they were made for.
        self.form_key = secrets.token_bytes(32)
        # Nothing is invented or rendered twice for a reset: there may be a lot of it.
        self.conversations = ConversationLog(settings, self.now)
        self.faults = FaultQueue()
        self.requests: deque[RecordedRequest] = deque(maxlen=_REQUESTS_KEPT)
        self._begin()

    def _begin(self) -> None:
        self.audit = AuditLog(self.settings)
        self.activity = AgentActivity(lambda: self.settings)
        self.config = AccountConfig(lambda: self.settings, self.now)
        # What a complete read of each dataset must give for a half-open window.
        self.truths = {"audit_trail": self.audit.truth, "audit_trail_export": self.audit.truth_export}
        self.truths["agent_status_changes"] = self.activity.truth
        self.truths["messaging_interactions"] = self.conversations.truth
        self.truths.update(self.config.truths())
        self.tokens = TokenStore(self.now)
        self.sessions = SsoSessions(lambda: self.settings, self.now)
        self.grants = GrantStore(lambda: self.settings, self.now, self.sessions)
        self.logins = LoginService(lambda: self.settings, self.now)
        self.api_key = ApiKeyVerifier(self.now)
        self.ties = random.Random(self.settings.seed)  # noqa: S311
        self.inserts_left = self.settings.audit_insert_times

    def now(self) -> float:
        """Give the sandbox's time in epoch seconds; it may be off on purpose."""
        return time.time() + self.settings.clock_offset_seconds

    def configure(self, **switches: Any) -> None:
        """Change switches while the sandbox runs.

        :param switches: field names of the settings and their new values.
        :raises ValueError: see :meth:`SandboxSettings.changed`.
        """
        self.settings = self.settings.changed(**switches)
        if any(name.startswith("audit_insert_") for name in switches):
            self.inserts_left = self.settings.audit_insert_times

    def reset(self) -> None:
        """Return to the first settings and data; forget tokens, nonces, faults and requests."""
        self.settings = self._initial
        self.faults.clear()
        self.requests.clear()
        self.conversations.restore()
        self._begin()

    def secrets(self) -> set[str]:
        """Give every value that may not leave the process."""
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
        """Let every token that data APIs took so far be refused as expired; refresh tokens stay valid."""
        self.tokens.expire_all()
        self.grants.end_access_tokens("has expired")
        self.logins.end_all("has expired")

    def revoke_tokens(self) -> None:
        """Let every token that data APIs took so far be refused as revoked; refresh tokens stay valid."""
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
