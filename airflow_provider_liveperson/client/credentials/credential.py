"""What every credential is."""

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

Exchange = Callable[[ApiRequest], Answer]
"""Sends an unsigned request with all retries: how a credential asks for its token."""


class Credential(AuthBase, ABC):
    """Signs requests. Bind it to a client before its first use."""

    signs_the_time: ClassVar[bool] = False
    """Whether a wrong clock on this machine spoils what it signs."""

    rights: ClassVar[Literal["permission", "scope"] | None] = None
    """Which of a dataset's two rights opens it to this kind: the API key's permission or the OAuth 2.0 scope."""

    @property
    @abstractmethod
    def kind(self) -> CredentialKind:
        """Which kind it is, as datasets name those that read them."""

    @property
    @abstractmethod
    def secrets(self) -> Iterable[str]:
        """Every value that may not appear in a message."""

    def bind(self, exchange: Exchange) -> None:
        """Take the road by which tokens are fetched; nothing to do for a credential that needs none.

        :param exchange: sends an unsigned request.
        """

    @abstractmethod
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign one attempt of one request."""

    def renew(self, rejected: requests.PreparedRequest) -> bool:
        """Answer a 401: drop what signed the request, and say whether asking once more has a chance."""
        return False

    def token(self) -> Token | None:
        """The token that it signs with now, fetched if need be; None for a credential that signs without one.

        :raises LivePersonError: when there is none to be had.
        """
        return None

    def close(self) -> None:
        """End what was begun at LivePerson, such as a login; called by the client's close.

        Never raises LivePersonError: logs at WARNING.
        """

    def explain(self, status: int, body: str) -> tuple[str | None, str | None]:
        """Read an answer's refusal.

        :param status: 401 or 403.
        :param body: the answer's scrubbed body.
        :returns: the field of the connection that it blames and a sentence that says so; None for unknown.
        """
        return None, None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


@dataclass(frozen=True)
class Token:
    """A bearer token.

    :param value: what follows ``Bearer``.
    :param renew_at: monotonic seconds from when on it should be replaced.
    :param lifetime: seconds that it lasts from its beginning, where that is known.
    """

    value: str = field(repr=False)
    renew_at: float
    lifetime: float | None = None

    @classmethod
    def lasting(cls, value: str, lifetime: float, *, asked_at: float) -> Token:
        """A token that is renewed ahead of its end: five minutes, but never more than half its life.

        :param value: the token.
        :param lifetime: seconds that it lasts.
        :param asked_at: monotonic seconds when it was asked for, which is before its life began.
        """
        return cls(value, asked_at + lifetime - min(MAX_MARGIN, lifetime / 2), lifetime)


def seconds_of(told: msgspec.Raw, *, unit: float = 1.0) -> float | None:
    """A duration of an answer that was told as a number or as its text, in seconds.

    :param told: the JSON as it was sent; empty where there was none.
    :param unit: how many seconds the number 1 means.
    :returns: at most :data:`MAX_LIFETIME`; None for whatever is no duration of at least a second.
    """
    try:
        seconds = float(bytes(told).strip(b'" ')) * unit
    except ValueError:
        return None
    return min(seconds, MAX_LIFETIME) if math.isfinite(seconds) and seconds >= 1 else None


def lifetime_of(token: str, told: msgspec.Raw, *, default: float) -> float:
    """Seconds that a new token lasts.

    :param token: the token; of a JWT, ``exp`` less ``iat`` counts where nothing usable was told (RFC 7519, 4.1).
    :param told: ``expires_in`` as it was sent (RFC 6749, 5.1).
    :param default: what counts where neither tells.
    """
    return seconds_of(told) or _claimed_lifetime(token) or default


def _claimed_lifetime(token: str) -> float | None:
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        # Without iat this machine's clock has to do.
        seconds = float(claims["exp"]) - float(claims.get("iat", time.time()))
    except (jwt.InvalidTokenError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError):
        return None
    return min(seconds, MAX_LIFETIME) if math.isfinite(seconds) and seconds >= 1 else None


class TokenCredential(Credential):
    """A credential that buys a short-lived bearer token, once for all threads.

    Subclasses say how in :meth:`fetch`.
    """

    now: Callable[[], float] = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self._exchange: Exchange | None = None
        self._token: Token | None = None
        self._met: set[str] = set()  # an answer may still speak of a token that has been replaced
        self._lock = threading.Lock()

    @abstractmethod
    def fetch(self, exchange: Exchange) -> Token:
        """Ask for a new token.

        :param exchange: sends an unsigned request.
        :raises AuthenticationError: naming the fields, when it is refused.
        """

    def keep(self, token: Token, exchange: Exchange) -> Token | None:
        """Look after the token in use; called by one thread at a time, whenever a request is signed.

        :param token: the token in use.
        :param exchange: sends an unsigned request.
        :returns: the token, or None for one that has ended, in whose place another is fetched.
        """
        return token

    def bind(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._current().value}"
        return request

    def token(self) -> Token:
        return self._current()

    def renew(self, rejected: requests.PreparedRequest) -> bool:
        with self._lock:  # another thread may have renewed since that request was signed
            if self._token and rejected.headers.get("Authorization") == f"Bearer {self._token.value}":
                self._token = None
        return True

    def _current(self) -> Token:
        with self._lock:
            if self._exchange is None:
                raise AuthenticationError(f"{type(self).__name__} is not bound to a client")
            if self._token is not None and self.now() < self._token.renew_at:
                self._token = self.keep(self._token, self._exchange)
            if self._token is None or self.now() >= self._token.renew_at:
                self._token = self.fetch(self._exchange)
                self._met = self._met | {self._token.value}
            return self._token

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_lock": None, "_exchange": None, "_token": None, "_met": set()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()
