"""The table: what came back (a status or an exception) -> what to do about it.

The request loop in ``sender.py`` and the task-level retry policy both read it, so that the two can never
disagree. LivePerson's rules are on its page `retry-policy-recomhintations.html`: 4xx is never repeated, 429
waits at least a second, 5xx is repeated three times after 5, 10 and 15 seconds.
"""

from __future__ import annotations

import contextlib
import http.client
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum

import requests
import urllib3

from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    ConfigurationError,
    EmptyWindowError,
    InvalidResponseError,
    LivePersonError,
    PermissionDeniedError,
    RateLimitedError,
    RequestRejectedError,
    ServiceUnavailableError,
    UntrustedHostError,
    WindowOutOfRangeError,
)


class Action(Enum):
    """What to do next."""

    ACCEPT = "accept the answer"
    RENEW = "renew the credential once, then send the request once more"
    WAIT = "wait as long as LivePerson says, then send the request again"
    RETRY = "wait 5, 10, 15 seconds, sending the request again after each"
    FAIL = "give up at once"


@dataclass(frozen=True)
class Outcome:
    """One row of the table.

    :param action: what to do.
    :param error: what to raise when nothing (more) can be done.
    :param hint: what the reader of that error can do about it.
    :param field: the field of the connection to look at, where one can be named.
    """

    action: Action
    error: type[LivePersonError] = LivePersonError
    hint: str = ""
    field: str | None = None


MAX_RETRY_AFTER = 3600.0
"""Seconds; a request to wait for longer is cut to this."""

_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]*)?", re.ASCII)
# Errors that no answer caused: the request or the connection is wrong.
_NEVER_HEALS = (ConfigurationError, EmptyWindowError, UntrustedHostError, WindowOutOfRangeError)

ACCEPTED = Outcome(Action.ACCEPT)
UNREADABLE = Outcome(
    Action.RETRY,
    InvalidResponseError,
    "The answer was cut short or is not what LivePerson documents; if that persists, report it to LivePerson.",
)

LATE = Outcome(
    Action.RETRY,
    ServiceUnavailableError,
    "There was no answer in time; check the network, or raise the connection's timeout.",
)

_BY_STATUS: Mapping[int, Outcome] = {
    **dict.fromkeys(
        (200, 201, 202, 203, 204), ACCEPTED
    ),  # any other 2xx is not a whole answer, or was not asked for
    304: ACCEPTED,  # the answer to a conditional request only
    401: Outcome(
        Action.RENEW,
        AuthenticationError,
        "LivePerson does not accept this credential; check its fields in the Airflow connection.",
    ),
    403: Outcome(
        Action.FAIL,
        PermissionDeniedError,
        "The credential is valid but lacks the permission; ask a LivePerson administrator for it.",
    ),
    404: Outcome(
        Action.FAIL, RequestRejectedError, "There is no such resource; check the account ID and the path."
    ),
    407: Outcome(  # not from LivePerson, which could not be reached
        Action.FAIL,
        ServiceUnavailableError,
        "The proxy requires a user and a password, or rejects those it got; check its URL in the connection's proxies.",
        "proxies",
    ),
    408: Outcome(  # the server has waited for this request long enough (RFC 9110, 15.5.9)
        Action.RETRY, ServiceUnavailableError, "LivePerson or a proxy gave up waiting; try again later."
    ),
    425: Outcome(  # nothing was done, as the request may be a replayed one (RFC 8470, 5.2)
        Action.RETRY, ServiceUnavailableError, "LivePerson did not accept the request yet; try again later."
    ),
    429: Outcome(
        Action.WAIT,
        RateLimitedError,
        "LivePerson limits the rate; run fewer tasks at once, for example with an Airflow pool.",
    ),
    451: Outcome(  # only the Login Service documents it
        Action.FAIL, AuthenticationError, "LivePerson Support has blocked this account or user; contact them."
    ),
}
_BY_HUNDRED: Mapping[int, Outcome] = {
    3: Outcome(
        Action.FAIL,
        InvalidResponseError,
        "The answer is a redirect, which is never followed because it would take the credential elsewhere; check"
        " the host in the connection.",
    ),
    4: Outcome(
        Action.FAIL, RequestRejectedError, "LivePerson rejected the request as invalid; check the arguments."
    ),
    5: Outcome(Action.RETRY, ServiceUnavailableError, "LivePerson returned a server error; try again later."),
}
UNSENDABLE = Outcome(
    Action.FAIL, ConfigurationError, "The request cannot be sent; check the host in the connection."
)
_BY_EXCEPTION: tuple[tuple[type[Exception], Outcome], ...] = (  # the first that fits
    (
        requests.exceptions.SSLError,
        Outcome(
            Action.FAIL,
            ServiceUnavailableError,
            "No secure connection; check the host and any proxy in between. If your company has its own certificate"
            " authority, set verify to its CA bundle; if a client certificate is required, set client_cert.",
            "verify",
        ),
    ),
    (
        requests.exceptions.ProxyError,
        Outcome(
            Action.RETRY,
            ServiceUnavailableError,
            "The proxy cannot be reached or refuses the connection; check proxies in the connection.",
            "proxies",
        ),
    ),
    (requests.exceptions.ChunkedEncodingError, UNREADABLE),
    (requests.exceptions.ContentDecodingError, UNREADABLE),
    (InvalidResponseError, UNREADABLE),
    (requests.exceptions.Timeout, LATE),
    (
        requests.exceptions.ConnectionError,
        Outcome(
            Action.RETRY,
            ServiceUnavailableError,
            "The host cannot be reached or broke the connection; check the host, the network and any proxy.",
        ),
    ),
    (requests.exceptions.RequestException, UNSENDABLE),
    (urllib3.exceptions.LocationValueError, UNSENDABLE),
    (UnicodeEncodeError, UNSENDABLE),
)


def rows() -> Iterator[tuple[str, Outcome]]:
    """Every row that is not accepted: what came back, such as ``429``, ``5xx`` or ``SSLError``, and the outcome."""
    for status, outcome in _BY_STATUS.items():
        if outcome.action is not Action.ACCEPT:
            yield str(status), outcome
    for hundred, outcome in _BY_HUNDRED.items():
        yield f"{hundred}xx", outcome
    for kind, outcome in _BY_EXCEPTION:
        yield kind.__name__, outcome


def outcome_of_status(status: int) -> Outcome:
    """Look up a status: by itself, else by its hundred; one that HTTP does not define is unreadable."""
    return _BY_STATUS.get(status) or _BY_HUNDRED.get(status // 100, UNREADABLE)


def outcome_of_exception(error: Exception) -> Outcome | None:
    """Look up an exception; None for one that is not known to come from the network."""
    if _is_malformed(error):
        return UNREADABLE
    return next((outcome for kind, outcome in _BY_EXCEPTION if isinstance(error, kind)), None)


def _is_malformed(error: Exception) -> bool:
    """Whether the answer was not valid HTTP, which requests reports as a failed connection or an invalid request."""
    if isinstance(error, requests.exceptions.InvalidHeader):
        return any(isinstance(cause, urllib3.exceptions.InvalidHeader) for cause in error.args)
    if type(error) is not requests.exceptions.ConnectionError:
        return False
    causes = [
        cause
        for reason in error.args
        if isinstance(reason, urllib3.exceptions.ProtocolError)
        for cause in reason.args
    ]
    return any(
        isinstance(cause, http.client.HTTPException) and not isinstance(cause, http.client.RemoteDisconnected)
        for cause in causes
    )


def never_left(error: BaseException | None) -> bool:
    """Whether a request certainly was not received: no connection was established."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error and error.args else None
    return isinstance(reason, urllib3.exceptions.NewConnectionError)


def outcome_of_error(error: LivePersonError) -> Outcome | None:
    """Find the row that an error came from, for the task-level retry policy; None for one that no answer caused."""
    if error.status is not None and outcome_of_status(error.status).error is type(error):
        return outcome_of_status(error.status)
    rows = [UNREADABLE, *_BY_HUNDRED.values(), *_BY_STATUS.values(), *(row for _, row in _BY_EXCEPTION)]
    return next((row for row in rows if row.error is type(error)), None)


def is_permanent(error: LivePersonError) -> bool:
    """Whether trying again later cannot help, so that a task need not spend its tries on it."""
    if error.permanent is not None:
        return error.permanent
    if isinstance(error, _NEVER_HEALS):
        return True
    outcome = outcome_of_error(error)
    return outcome is not None and outcome.action in (Action.FAIL, Action.RENEW)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that a ``Retry-After`` header asks for (RFC 9110, 10.2.3), at most an hour, or None.

    LivePerson documents no such header; it is honored where it appears. A date is measured against the
    answer's own ``Date``, so that a wrong clock here does no harm.

    :param headers: the answer's headers.
    :param now: the present, aware, for an answer without a ``Date``; default: this machine's clock.
    """
    value = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return capped_delay(float(value))
    until = _http_date(value)
    if until is None:
        return None
    present = _http_date(headers.get("Date", "")) or now or datetime.now(UTC)
    return capped_delay((until - present).total_seconds())


def capped_delay(seconds: float) -> float:
    """A delay that a server asks for, limited to the range from 0 to :data:`MAX_RETRY_AFTER` seconds."""
    return 0.0 if math.isnan(seconds) else min(max(0.0, seconds), MAX_RETRY_AFTER)


def clock_offset(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds by which LivePerson's clock is ahead of ``now``, from the answer's ``Date``, or None."""
    date = _http_date(headers.get("Date", ""))
    return None if date is None else (date - now).total_seconds()


def _http_date(text: str) -> datetime | None:
    """A date of an HTTP header, in UTC; None for what is not a valid date."""
    with contextlib.suppress(TypeError, ValueError, OverflowError, IndexError):
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return None
