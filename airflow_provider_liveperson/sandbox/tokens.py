"""App-JWTs: their keys, how Sentinel signs them and how an API checks them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from airflow_provider_liveperson.sandbox.settings import SandboxSettings

TokenVersion = Literal["v1", "v2"]

_ALGORITHM = "RS256"


class TokenRefused(Exception):
    """A token that is not valid here; the message says why and holds no part of the token."""


@cache
def _private_key(number: int) -> rsa.RSAPrivateKey:
    """Make a signing key, once per process because that takes a noticeable time.

    :param number: 0 for the static key of V1, from 1 on for the keys that V2 goes through.
    """
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class TokenOffice:
    """Signs, checks, expires and revokes the App-JWTs of one account.

    :param clock: gives the sandbox's time in epoch seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._key_day = datetime.fromtimestamp(clock(), UTC).strftime("%d-%m-%y")
        self._keys: dict[str, int] = {}
        self._issued: set[str] = set()
        self._expired: set[str] = set()
        self._revoked: set[str] = set()
        self.rotate_keys()

    @property
    def _static_kid(self) -> str:
        return f"appjwt-{self._key_day}"

    def rotate_keys(self) -> str:
        """Sign V2 tokens with a new key from now on; older keys stay published.

        :return: the new key's id.
        """
        with self._lock:
            number = len(self._keys) + 1
            kid = f"appjwt-v2-{self._key_day}-{number}"
            self._keys[kid] = number
        return kid

    def jwks(self) -> dict[str, Any]:
        """Give V2's public keys, newest first, as a JSON Web Key Set (RFC 7517)."""
        keys = []
        for kid, number in reversed(list(self._keys.items())):
            key = jwt.algorithms.RSAAlgorithm.to_jwk(_private_key(number).public_key(), as_dict=True)
            # to_jwk names what the key may do; a published signing key says so with "use".
            key.pop("key_ops", None)
            keys.append({**key, "kid": kid, "use": "sig", "alg": _ALGORITHM})
        return {"keys": keys}

    def issue(self, version: TokenVersion, settings: SandboxSettings) -> str:
        """Sign a token.

        :param version: which of Sentinel's two token APIs was asked.
        :param settings: account, client, scope, issuer and lifetime.
        """
        kid, number = self._static_kid, 0
        if version == "v2":
            kid, number = list(self._keys.items())[-1]
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
                token = jwt.PyJWS().encode(
                    payload, _private_key(number), _ALGORITHM, {"kid": kid, "typ": "JWT"}
                )
                if token not in self._issued:
                    break
                # LivePerson's tokens have no id, so two of one second would be the same text, and revoking
                # the first would revoke its replacement. White space tells them apart.
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
        number = 0 if kid == self._static_kid else self._keys.get(kid)
        if number is None:
            raise TokenRefused("The token's key is unknown")
        try:
            claims = jwt.decode(
                token,
                _private_key(number).public_key(),
                algorithms=[_ALGORITHM],
                audience=settings.account_id,
                # Times are compared below, with a clock that may be set off on purpose.
                options={"require": ["aud", "exp", "iat"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.PyJWTError:
            raise TokenRefused("The token's signature or claims do not fit") from None
        if token in self._expired or self._clock() >= claims["exp"]:
            raise TokenRefused("The token has expired")
        if token in self._revoked:
            raise TokenRefused("The token was revoked")
        return "v1" if number == 0 else "v2"

    def expire_all(self) -> None:
        """Let every token issued so far be refused as expired."""
        with self._lock:
            self._expired |= self._issued

    def revoke_all(self) -> None:
        """Let every token issued so far be refused as revoked."""
        with self._lock:
            self._revoked |= self._issued

    @property
    def issued(self) -> frozenset[str]:
        """Every token issued so far."""
        with self._lock:
            return frozenset(self._issued)
