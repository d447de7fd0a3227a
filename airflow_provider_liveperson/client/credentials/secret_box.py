"""Encrypts stored values with a secret that everything that reads them has anyway."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_PURPOSE = b"airflow-provider-liveperson: a consent's tokens"


class SecretBox:
    """Encrypts and decrypts texts with a key that is derived from a secret (HKDF with SHA-256, RFC 5869; Fernet).

    :param secret: long and random, such as a client secret.
    """

    def __init__(self, secret: str) -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def encrypt(self, text: str) -> str:
        """Encrypt a text."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def decrypt(self, encrypted: str) -> str | None:
        """Decrypt a text; None if it was encrypted with another secret, or has changed since."""
        try:
            return self._fernet.decrypt(encrypted.encode()).decode()
        except (InvalidToken, UnicodeError):
            return None
