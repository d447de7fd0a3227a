"""The secret that goes into hashes of personal data: a connection's ``hash_secret``."""

from __future__ import annotations

import hmac

_TOLD_APART_BY = b"airflow-provider-liveperson: salt_id"


class Salt:
    """Hashes texts by HMAC-SHA256.

    :param secret: the key.
    """

    def __init__(self, secret: str) -> None:
        # A copy of a keyed state costs less than a new HMAC.
        self._keyed = hmac.new(secret.encode("utf-8", "surrogatepass"), digestmod="sha256")

    @property
    def id(self) -> str:
        """What distinguishes it from others without revealing it: eight hexadecimal digits."""
        return self.hash_of(_TOLD_APART_BY)[:8]

    def hash_of(self, text: bytes) -> str:
        """The hash of a text, in hexadecimal digits.

        :param text: the text, in UTF-8.
        """
        state = self._keyed.copy()
        state.update(text)
        return state.hexdigest()
