"""The requests so far: nearly everything for tests in the same process, nothing secret for others."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_SECRET_PARAMETERS = re.compile(
    r"((?:client_secret|access_token|access_token_secret|oauth_\w+|secret|password|token|code|code_verifier"
    r"|csrf|bearer)=)[^&]*",
    re.IGNORECASE,
)
_HIDDEN = "***"


@dataclass(kw_only=True, slots=True)
class RecordedRequest:
    """One request.

    :param method: HTTP method.
    :param path: decoded path.
    :param url: full URL as it was sent, query string included, but for what :mod:`.redaction` hides.
    :param headers: headers in their order, names in lower case, likewise.
    :param body: body, likewise.
    :param body_bytes: length of the body as it was sent.
    :param started: epoch seconds of the real clock.
    :param status: status of the answer; None if there was none.
    :param seconds: time until the answer's headers; None if there was none.
    :param fault: kind of the fault that it met.
    """

    method: str
    path: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes
    body_bytes: int
    started: float
    status: int | None = None
    seconds: float | None = None
    fault: str | None = None

    def header(self, name: str) -> str | None:
        """Return a header's value.

        :param name: its name, in any case.
        """
        return next((value for key, value in self.headers if key == name.lower()), None)

    def public(self, secrets: Iterable[str]) -> dict[str, Any]:
        """Describe the request without anything secret.

        :param secrets: values that must not appear, wherever they were put.
        """
        url = _SECRET_PARAMETERS.sub(rf"\g<1>{_HIDDEN}", self.url)
        path = self.path
        for secret in secrets:
            url, path = url.replace(secret, _HIDDEN), path.replace(secret, _HIDDEN)
        authorization = self.header("authorization")
        return {
            "method": self.method,
            "path": path,
            "url": url,
            "headers": [name for name, _ in self.headers],
            "authorization_scheme": _scheme(authorization),
            "body_bytes": self.body_bytes,
            "started": self.started,
            "seconds": self.seconds,
            "status": self.status,
            "fault": self.fault,
        }


def _scheme(authorization: str | None) -> str | None:
    """Return the scheme of an Authorization header; a bare token has none and must not pass for one."""
    scheme, separator, _ = (authorization or "").partition(" ")
    return scheme if separator and scheme.lower() in ("oauth", "bearer", "basic") else None
