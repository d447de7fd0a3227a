"""What a user's consent gave, and where it is kept for everybody who needs it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from airflow_provider_liveperson.client.credentials.lease import Cells, Lease
from airflow_provider_liveperson.client.credentials.secret_box import Seal
from airflow_provider_liveperson.exceptions import AuthenticationError
from airflow_provider_liveperson.records import raw

MAX_MARGIN = 300.0


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens of a consent, and what people want to know of it.

    All times are seconds since 1970 in UTC, 0 for never.

    :param access_token: what requests carry; secret.
    :param refresh_token: buys the next tokens; secret. Empty once LivePerson refuses it: then only a new consent helps.
    :param expires_at: when the access token ends.
    :param refreshed_at: when the tokens came.
    :param authorised_at: when the user consented.
    :param authorised_by: the name of the Airflow user who asked for the consent.
    :param subject: the ID of the LivePerson user who consented, by the verified ``id_token``, or empty.
    :param last_error: why the last renewal failed, a scrubbed sentence, or empty.
    :param renewal_begun_at: when a renewal with this refresh token began of which nothing has been heard since.
    """

    access_token: str
    refresh_token: str
    expires_at: float
    refreshed_at: float
    authorised_at: float
    authorised_by: str = ""
    subject: str = ""
    last_error: str = ""
    renewal_begun_at: float = 0.0

    @property
    def renew_at(self) -> float:
        """When to renew it: five minutes ahead of its end, but never before half its life."""
        return self.expires_at - min(MAX_MARGIN, (self.expires_at - self.refreshed_at) / 2)

    @property
    def is_lost(self) -> bool:
        """Whether only a new consent helps."""
        return not self.refresh_token

    def __repr__(self) -> str:
        return f"<Grant of {self.subject or 'unknown'}, expires at {self.expires_at:.0f}>"


class GrantStore(Protocol):
    """Keeps one grant, for all processes."""

    def load(self) -> Grant | None:
        """The grant as it is now, or None."""

    def save(self, grant: Grant) -> None:
        """Put a grant in the place of what is there."""

    def delete(self) -> None:
        """Forget the grant."""

    def renewing(self, unless: Callable[[], bool] = ...) -> AbstractContextManager[bool]:
        """Wait until nobody else renews, and be the only one inside, across processes.

        :param unless: once it says True, nobody waits on.
        :returns: a context manager of whether one is alone; False after ``unless`` said True.
        """


class CellGrantStore:
    """Keeps a grant in a cell, with a lease in another.

    What lies in the cell is encrypted with the application's secret, whatever the cells do themselves: those who carry
    it may log it.

    :param cells: shared by all processes.
    :param name: the cell of the grant.
    :param lease: the right to renew it.
    :param secret: the application's secret.
    """

    def __init__(self, cells: Cells, name: str, lease: Lease, *, secret: str) -> None:
        self._cells = cells
        self._name = name
        self._lease = lease
        self._secret = secret

    def load(self) -> Grant | None:
        """The grant as it is now, or None.

        :raises AuthenticationError: when the cell holds something else, or the application's secret is another now.
        """
        sealed = self._cells.get(self._name)
        if not sealed:
            return None
        text = Seal(self._secret).open(sealed)
        try:
            return raw.decode(msgspec.json.Decoder(Grant), (text or "").encode())
        except (msgspec.DecodeError, RecursionError):
            raise AuthenticationError(  # without its cause, which may quote what is there
                f"the Variable {self._name!r} holds no consent that the client secret opens; if the secret"
                " was changed, open the LivePerson page in Airflow's Admin menu and press Authorise for the connection",
                field="client_secret",
            ) from None

    def save(self, grant: Grant) -> None:
        """Put a grant in the place of what is there."""
        self._cells.put(self._name, Seal(self._secret).close(msgspec.json.encode(grant).decode()))

    def delete(self) -> None:
        """Forget the grant."""
        self._cells.delete(self._name)

    def renewing(self, unless: Callable[[], bool] = lambda: False) -> AbstractContextManager[bool]:
        """Be the only one who renews; see :class:`GrantStore`."""
        return self._lease.held(unless)
