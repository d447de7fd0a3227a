"""The grant of a user's consent, and where it is stored for all processes that need it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from airflow_provider_liveperson.client.credentials.lease import KeyValueStore, Lease
from airflow_provider_liveperson.client.credentials.secret_box import SecretBox
from airflow_provider_liveperson.exceptions import AuthenticationError
from airflow_provider_liveperson.records import raw

MAX_MARGIN = 300.0


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens of a consent, and what the LivePerson page shows of it.

    All times are seconds since 1970 in UTC, 0 for never.

    :param access_token: signs requests; secret.
    :param refresh_token: obtains the next tokens; secret. Empty once LivePerson rejects it; only a new
        consent helps then.
    :param expires_at: when the access token expires.
    :param refreshed_at: when the tokens were issued.
    :param authorized_at: when the user consented.
    :param authorized_by: the name of the Airflow user who requested the consent.
    :param subject: the ID of the LivePerson user who consented, from the verified ``id_token``, or empty.
    :param last_error: why the last renewal failed, a scrubbed sentence, or empty.
    :param renewal_begun_at: when a renewal with this refresh token began that has not finished.
    """

    access_token: str
    refresh_token: str
    expires_at: float
    refreshed_at: float
    authorized_at: float
    authorized_by: str = ""
    subject: str = ""
    last_error: str = ""
    renewal_begun_at: float = 0.0

    @property
    def renew_at(self) -> float:
        """When to renew it: five minutes before it expires, but not before half its lifetime."""
        return self.expires_at - min(MAX_MARGIN, (self.expires_at - self.refreshed_at) / 2)

    @property
    def is_lost(self) -> bool:
        """Whether only a new consent helps."""
        return not self.refresh_token

    def __repr__(self) -> str:
        return f"<Grant of {self.subject or 'unknown'}, expires at {self.expires_at:.0f}>"


class GrantStore(Protocol):
    """Stores one grant, for all processes."""

    def load(self) -> Grant | None:
        """The grant as it is now, or None."""

    def save(self, grant: Grant) -> None:
        """Store a grant, replacing the present one."""

    def delete(self) -> None:
        """Delete the grant."""

    def renewing(self, unless: Callable[[], bool] = ...) -> AbstractContextManager[bool]:
        """Wait until no other process renews, and exclude all others inside.

        :param unless: ends the wait once it returns True.
        :returns: a context manager of whether others are excluded; False after ``unless`` returned True.
        """


class KeyValueGrantStore:
    """Stores a grant under one key of a key-value store, with a lease under another.

    The grant is encrypted with the application's secret, whatever the store does itself: processes on the way to it may
    log its values.

    :param store: the store, shared by all processes.
    :param name: the key of the grant.
    :param lease: the right to renew it.
    :param secret: the application's secret.
    """

    def __init__(self, store: KeyValueStore, name: str, lease: Lease, *, secret: str) -> None:
        self._store = store
        self._name = name
        self._lease = lease
        self._secret = secret

    def load(self) -> Grant | None:
        """The grant as it is now, or None.

        :raises AuthenticationError: when there is something else, or the application's secret has changed.
        """
        encrypted = self._store.get(self._name)
        if not encrypted:
            return None
        text = SecretBox(self._secret).decrypt(encrypted)
        try:
            return raw.decode(msgspec.json.Decoder(Grant), (text or "").encode())
        except (msgspec.DecodeError, RecursionError):
            raise AuthenticationError(  # without its cause, which may quote the value
                f"the Variable {self._name!r} has no consent that the client secret can decrypt; if the secret"
                " was changed, open the LivePerson page in Airflow's Admin menu and press Authorize for the connection",
                field="client_secret",
            ) from None

    def save(self, grant: Grant) -> None:
        """Store a grant, replacing the present one."""
        self._store.put(self._name, SecretBox(self._secret).encrypt(msgspec.json.encode(grant).decode()))

    def delete(self) -> None:
        """Delete the grant."""
        self._store.delete(self._name)

    def renewing(self, unless: Callable[[], bool] = lambda: False) -> AbstractContextManager[bool]:
        """Exclude all other processes that renew; see :class:`GrantStore`."""
        return self._lease.held(unless)
