"""Keys that sign tokens, and how they are published."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

ALGORITHM = "RS256"


@cache
def private_key(purpose: str, number: int) -> rsa.RSAPrivateKey:
    """Make a signing key, once per process because that takes a noticeable time.

    :param purpose: what it signs.
    :param number: its place among the keys of that purpose.
    """
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_day(clock: Callable[[], float]) -> str:
    """Return the day as key ids write it.

    :param clock: returns the sandbox's time in epoch seconds.
    """
    return datetime.fromtimestamp(clock(), UTC).strftime("%d-%m-%y")


class KeyRing:
    """The keys that tokens of one purpose go through, oldest first.

    :param purpose: what they sign; key ids begin with it.
    :param clock: returns the sandbox's time in epoch seconds.
    """

    def __init__(self, purpose: str, clock: Callable[[], float]) -> None:
        self._purpose = purpose
        self._day = key_day(clock)
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}
        self.rotate()

    def rotate(self) -> str:
        """Sign with a new key from now on; older keys stay published.

        :return: the new key's id.
        """
        with self._lock:
            number = len(self._numbers) + 1
            kid = f"{self._purpose}-{self._day}-{number}"
            self._numbers[kid] = number
        return kid

    def newest(self) -> tuple[str, rsa.RSAPrivateKey]:
        """Return the key that signs now, and its id."""
        kid, number = list(self._numbers.items())[-1]
        return kid, private_key(self._purpose, number)

    def find(self, kid: str) -> rsa.RSAPublicKey | None:
        """Find a public key.

        :param kid: its id.
        """
        number = self._numbers.get(kid)
        return None if number is None else private_key(self._purpose, number).public_key()

    def published(self) -> list[dict[str, Any]]:
        """Return the public keys, newest first, as a JSON Web Key Set holds them (RFC 7517)."""
        keys = []
        for kid, number in reversed(list(self._numbers.items())):
            public = private_key(self._purpose, number).public_key()
            key = jwt.algorithms.RSAAlgorithm.to_jwk(public, as_dict=True)
            # to_jwk names what the key may do; a published signing key says so with "use".
            key.pop("key_ops", None)
            keys.append({**key, "kid": kid, "use": "sig", "alg": ALGORITHM})
        return keys
