"""The errors that this package raises, all subclasses of :class:`LivePersonError`.

Each message says what was requested (method, service, path), what came back (status, a short scrubbed
body) and what the reader can do. None contains a header, a query string or a secret.
"""

from __future__ import annotations


class LivePersonError(Exception):
    """The base class of every error of this package.

    :param message: the complete message that the user sees.
    :param field: the connection field or argument that is wrong, if it can be named.
    :param status: the HTTP status, if the error came from a response.
    :param retry_after: the seconds that LivePerson asked to wait, if it did.
    :param permanent: whether trying again later cannot help, if the caller knows; None leaves that to the table in
        ``client/responses.py``.
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
    """A connection field or an argument is missing or wrong. ``field`` names it."""


class AuthenticationError(LivePersonError):
    """LivePerson did not accept the credential (401, or a refusal by the token service)."""


class PermissionDeniedError(LivePersonError):
    """The credential is valid but may not read this (403)."""


class RequestRejectedError(LivePersonError):
    """LivePerson rejected the request as invalid (400, 404 and the other 4xx): retrying cannot help."""


class RateLimitedError(LivePersonError):
    """Too many requests (429), even after all retries. ``retry_after`` says how long LivePerson asks to wait."""


class ServiceUnavailableError(LivePersonError):
    """LivePerson answered 5xx or could not be reached, even after all retries."""


class InvalidResponseError(LivePersonError):
    """A response that is not valid JSON, has the wrong shape, or was truncated."""


class UntrustedHostError(LivePersonError):
    """A credential would have been sent to a host outside ``.liveperson.net`` that the deployment does not trust."""


class EmptyWindowError(LivePersonError, ValueError):
    """There is no window to pull: start is not before end, or nothing defines them."""


class WindowOutOfRangeError(LivePersonError, ValueError):
    """The window reaches back past what LivePerson keeps, or ends after its records can be complete."""


class IncompletePullError(LivePersonError):
    """The records received do not add up to what LivePerson reported, even after reading again."""


class StorageError(LivePersonError):
    """The object store refused a read or a write, or the local disk is full. Names the key or the folder."""
