"""The interface of all credentials, and what those with a token have in common."""

from __future__ import annotations

import math
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import jwt
import msgspec
import requests
from requests.auth import AuthBase

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.exceptions import AuthenticationError

MAX_MARGIN = 300.0
MAX_LIFETIME = 86_400.0
"""Seconds; a token that claims to last longer is renewed as if it lasted for these."""

RENEWAL_PAUSE = 60.0
"""Seconds without another renewal after a renewed token has been rejected, too: LivePerson has something else against
the request, such as an API that takes no bearer tokens."""

Exchange = Callable[[ApiRequest], Answer]
"""Sends an unsigned request with all retries; credentials request their tokens through it."""

OnSecret = Callable[[str], None]
"""Is told each secret that a credential obtains, before its first use, to mask it where others write."""


def tell_nobody(secret: str) -> None:
    """Mask nothing elsewhere."""


class Credential(AuthBase, ABC):
    """Signs requests. Bind it to a client before its first use."""

    signs_the_time: ClassVar[bool] = False
    """Whether its signatures are invalid if this machine's clock is wrong."""

    rights: ClassVar[Literal["permission", "scope"] | None] = None
    """What lets this kind read a dataset: a permission of an API key, an OAuth 2.0 scope, or neither."""

    @property
    @abstractmethod
    def kind(self) -> CredentialKind:
        """Its kind."""

    @property
    @abstractmethod
    def secrets(self) -> Iterable[str]:
        """All values that must not appear in any message."""

    def bind(self, exchange: Exchange, on_secret: OnSecret = tell_nobody) -> None:
        """Bind it to a client; does nothing for a credential without tokens.

        :param exchange: sends an unsigned request.
        :param on_secret: is told each token and other secret that LivePerson issues from now on.
        """

    @abstractmethod
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign one attempt of one request."""

    def renew(self, rejected: requests.PreparedRequest) -> bool:
        """React to a 401: drop what signed the request.

        :param rejected: the rejected request.
        :returns: whether sending it once more may succeed.
        """
        return False

    def renewed_in_vain(self) -> None:
        """React to a 401 for a request that had been sent once more: what signs the requests is not the reason."""

    def token(self) -> Token | None:
        """The current token, fetched if necessary; None for a credential that signs without one.

        :raises LivePersonError: when no token can be obtained.
        """
        return None

    def close(self) -> None:
        """End what was begun at LivePerson, such as a login; called when the client is closed.

        Never raises LivePersonError: failures are logged at WARNING.
        """

    def explain(self, status: int, body: str) -> tuple[str | None, str | None]:
        """Explain why LivePerson rejected a request.

        :param status: 401 or 403.
        :param body: the answer's scrubbed body.
        :returns: the field of the connection that is wrong and a sentence that says so; None where unknown.
        """
        return None, None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


@dataclass(frozen=True)
class Token:
    """A bearer token.

    :param value: what follows ``Bearer``.
    :param renew_at: monotonic seconds from when on it should be replaced.
    :param lifetime: seconds that it is valid in total, where known.
    """

    value: str = field(repr=False)
    renew_at: float
    lifetime: float | None = None

    @classmethod
    def lasting(cls, value: str, lifetime: float, *, asked_at: float) -> Token:
        """A token that is renewed five minutes before it expires, but not before half its lifetime.

        :param value: the token.
        :param lifetime: seconds that it is valid.
        :param asked_at: monotonic seconds when it was requested, before its lifetime began.
        """
        return cls(value, asked_at + lifetime - min(MAX_MARGIN, lifetime / 2), lifetime)


def seconds_of(value: msgspec.Raw, *, unit: float = 1.0) -> float | None:
    """A duration in an answer, given as a number or as text, in seconds.

    :param value: the JSON as it was sent; empty where there was none.
    :param unit: how many seconds the number 1 means.
    :returns: at most :data:`MAX_LIFETIME`; None for anything but a duration of at least a second.
    """
    try:
        seconds = float(bytes(value).strip(b'" ')) * unit
    except ValueError:
        return None
    return min(seconds, MAX_LIFETIME) if math.isfinite(seconds) and seconds >= 1 else None


def lifetime_of(token: str, expires_in: msgspec.Raw, *, default: float) -> float:
    """Seconds that a new token is valid.

    :param token: the token; of a JWT, ``exp`` less ``iat`` counts if ``expires_in`` is unusable (RFC 7519, 4.1).
    :param expires_in: ``expires_in`` as it was sent (RFC 6749, 5.1).
    :param default: the seconds if neither says.
    """
    return seconds_of(expires_in) or _claimed_lifetime(token) or default


def _claimed_lifetime(token: str) -> float | None:
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        # Without iat, this machine's clock is used.
        seconds = float(claims["exp"]) - float(claims.get("iat", time.time()))
    except (jwt.InvalidTokenError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError):
        return None
    return min(seconds, MAX_LIFETIME) if math.isfinite(seconds) and seconds >= 1 else None


class TokenCredential(Credential):
    """A credential that obtains short-lived bearer tokens, one at a time for all threads.

    Subclasses say how in :meth:`fetch`.
    """

    now: Callable[[], float] = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self._exchange: Exchange | None = None
        self._on_secret: OnSecret = tell_nobody
        self._token: Token | None = None
        self._seen_secrets: set[str] = set()  # an answer may still quote a token that has been replaced
        self._lock = threading.Lock()
        self._may_renew_at = -math.inf

    @abstractmethod
    def fetch(self, exchange: Exchange) -> Token:
        """Obtain a new token.

        :param exchange: sends an unsigned request.
        :raises AuthenticationError: when LivePerson rejects the credential; names the field.
        """

    def keep(self, token: Token, exchange: Exchange) -> Token | None:
        """Keep the current token alive; called by one thread at a time, whenever a request is signed.

        :param token: the current token.
        :param exchange: sends an unsigned request.
        :returns: the token, or None if it has ended and a new one is needed.
        """
        return token

    def bind(self, exchange: Exchange, on_secret: OnSecret = tell_nobody) -> None:
        self._exchange, self._on_secret = exchange, on_secret

    def remember_secrets(self, *secrets: str) -> None:
        """Note values that must not appear in any message.

        :param secrets: the values; empty ones are left out.
        """
        new = set(secrets) - self._seen_secrets - {""}
        self._seen_secrets = self._seen_secrets | new
        for secret in new:
            self._on_secret(secret)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._current().value}"
        return request

    def token(self) -> Token:
        return self._current()

    def renew(self, rejected: requests.PreparedRequest) -> bool:
        with self._lock:
            if self._token is None or rejected.headers.get("Authorization") != f"Bearer {self._token.value}":
                return True  # another thread has renewed since that request was signed
            if self.now() < self._may_renew_at:
                return False
            self.drop(self._token)
            self._token = None
        return True

    def drop(self, token: Token) -> None:
        """Note that LivePerson rejected the current token.

        :param token: the token.
        """

    def renewed_in_vain(self) -> None:
        with self._lock:
            self._may_renew_at = self.now() + RENEWAL_PAUSE

    def _current(self) -> Token:
        with self._lock:
            if self._exchange is None:
                raise AuthenticationError(f"{type(self).__name__} is not bound to a client")
            if self._token is not None and self.now() < self._token.renew_at:
                self._token = self.keep(self._token, self._exchange)
            if self._token is None or self.now() >= self._token.renew_at:
                self._token = self.fetch(self._exchange)
                self.remember_secrets(self._token.value)
            return self._token

    def __getstate__(self) -> dict[str, Any]:
        return {
            **self.__dict__,
            "_lock": None,
            "_exchange": None,
            "_on_secret": tell_nobody,
            "_token": None,
            "_seen_secrets": set(),
            "_may_renew_at": -math.inf,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()
