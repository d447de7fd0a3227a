"""Everything this package raises on purpose: one small tree beneath :class:`LivePersonError`.

Each message says what was asked (method, service, path), what came back (status, a short scrubbed
body) and what the reader can do. None carries a header, a query string or a secret.
"""

from __future__ import annotations


class LivePersonError(Exception):
    """The root of every error of this package.

    :param message: the whole sentence that the reader sees.
    :param field: the connection field or argument at fault, where one can be named.
    :param status: the HTTP status, where the error came from an answer.
    :param retry_after: seconds that LivePerson asked to wait, where it did.
    :param permanent: whether trying again later cannot help, where whoever raises it knows; None leaves that to the
        table in ``client/responses.py``.
    """

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
        permanent: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.field = field
        self.status = status
        self.retry_after = retry_after
        self.permanent = permanent


class ConfigurationError(LivePersonError, ValueError):
    """A field of the connection, or an argument, is missing or wrong. ``field`` names it."""


class AuthenticationError(LivePersonError):
    """LivePerson does not accept the credential (401, or a refusal by the token service)."""


class PermissionDeniedError(LivePersonError):
    """The credential is good but may not read this (403)."""


class RequestRejectedError(LivePersonError):
    """LivePerson calls the request itself wrong (400, 404 and the other 4xx): repeating it cannot help."""


class RateLimitedError(LivePersonError):
    """Too many requests (429), still, after all waits. ``retry_after`` says how long to stay away."""


class ServiceUnavailableError(LivePersonError):
    """LivePerson answered 5xx or could not be reached, still, after all retries."""


class InvalidResponseError(LivePersonError):
    """An answer that is no JSON, has the wrong shape, or was cut short."""


class UntrustedHostError(LivePersonError):
    """A host outside ``.liveperson.net`` would have been given a credential."""


class EmptyWindowError(LivePersonError, ValueError):
    """There is no window to pull: start and end are equal, or nothing defines them."""


class WindowOutOfRangeError(LivePersonError, ValueError):
    """The window reaches past what LivePerson keeps, or ends before its records can be complete."""


class IncompletePullError(LivePersonError):
    """What was received does not add up to what LivePerson reported, even after reading again."""


class StorageError(LivePersonError):
    """The object store refused a read or a write. Names the bucket and key."""
