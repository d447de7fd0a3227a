"""App-JWTs: their keys, how Sentinel signs them and how an API checks them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from functools import partial
from typing import Literal

import jwt

from airflow_provider_liveperson.sandbox.identity.signing_keys import ALGORITHM, KeyRing, key_day, private_key
from airflow_provider_liveperson.sandbox.settings import SandboxSettings

TokenVersion = Literal["v1", "v2"]


class TokenRefused(Exception):
    """A token that is not valid here; the message says why and holds no part of the token."""


class TokenStore:
    """Signs, checks, expires and revokes the App-JWTs of one account.

    :param clock: returns the sandbox's time in epoch seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._static_kid = f"appjwt-{key_day(clock)}"
        self._static_key = partial(private_key, "appjwt", 0)
        self.keys = KeyRing("appjwt-v2", clock)
        self._issued: set[str] = set()
        self._expired: set[str] = set()
        self._revoked: set[str] = set()

    def issue(self, version: TokenVersion, settings: SandboxSettings) -> str:
        """Sign a token.

        :param version: which of Sentinel's two token APIs was called.
        :param settings: account, client, scope, issuer and lifetime.
        """
        kid, key = self.keys.newest() if version == "v2" else (self._static_kid, self._static_key())
        issued_at = int(self._clock())
        claims = {
            "aud": settings.account_id,
            "azp": settings.client_id,
            "scope": settings.app_scope,
            "iss": settings.jwt_issuer,
            "exp": issued_at + settings.jwt_lifetime_seconds,
            "iat": issued_at,
        }
        payload = json.dumps(claims, separators=(",", ":")).encode()
        with self._lock:
            while True:
                token = jwt.PyJWS().encode(payload, key, ALGORITHM, {"kid": kid, "typ": "JWT"})
                if token not in self._issued:
                    break
                # LivePerson's tokens have no id, so two of one second would be the same text, and revoking
                # the first would revoke its replacement. White space makes them differ.
                payload += b" "
            self._issued.add(token)
        return token

    def check(self, token: str, settings: SandboxSettings) -> TokenVersion:
        """Check a token's signature, audience and times.

        :param token: the token.
        :param settings: the account it must be for.
        :return: which of Sentinel's two token APIs signed it.
        :raises TokenRefused: if it is not valid.
        """
        try:
            kid = str(jwt.get_unverified_header(token).get("kid"))
        except jwt.PyJWTError:
            raise TokenRefused("The token is not a JWT") from None
        key = self._static_key().public_key() if kid == self._static_kid else self.keys.find(kid)
        if key is None:
            raise TokenRefused("The token's key is unknown")
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=settings.account_id,
                # Times are compared below, with a clock that may be set off on purpose.
                options={"require": ["aud", "exp", "iat"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.PyJWTError:
            raise TokenRefused("The token's signature or claims do not match") from None
        if token in self._expired or self._clock() >= claims["exp"]:
            raise TokenRefused("The token has expired")
        if token in self._revoked:
            raise TokenRefused("The token was revoked")
        return "v1" if kid == self._static_kid else "v2"

    def expire_all(self) -> None:
        """Expire every token issued so far."""
        with self._lock:
            self._expired |= self._issued

    def revoke_all(self) -> None:
        """Revoke every token issued so far."""
        with self._lock:
            self._revoked |= self._issued

    @property
    def issued(self) -> frozenset[str]:
        """Every token issued so far."""
        with self._lock:
            return frozenset(self._issued)
