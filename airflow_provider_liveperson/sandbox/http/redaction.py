"""What the request log never holds: passwords, codes, opaque tokens and cookies.

Each is replaced by a mark that is the same for the same value, for as long as the process runs, so that tests
can still tell whether a client sent this token or that one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode

_KEY = secrets.token_bytes(32)
_SECRET_PATHS = re.compile(
    r"/sentinel/(api/account/[^/]+/token(/revoke)?|account/[^/]+/(sign-in|consent))"
    r"|/api/account/[^/]+/(login|refresh|logout)"
)
_HARMLESS = frozenset({"grant_type", "client_id", "redirect_uri", "username", "appKey", "decision"})
_SECRET = frozenset(
    {
        "password", "form_token", "client_secret", "code", "code_verifier", "refresh_token", "token", "csrf",
        "secret", "accessToken", "accessTokenSecret",
    }
)  # fmt: skip
_IN_QUERY = re.compile(
    r"(?<=[?&])((?:code|code_verifier|refresh_token|id_token|token|bearer|csrf|password)=)([^&]+)",
    re.IGNORECASE,
)


def hidden(value: str) -> str:
    """Return the mark that stands for a secret.

    :param value: the secret.
    """
    return "***" + hmac.new(_KEY, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:8]


def hide_in_target(target: str) -> str:
    """Hide what is secret in a path with its query string.

    :param target: path and query as they were sent.
    """
    return _IN_QUERY.sub(lambda found: found[1] + hidden(found[2]), target)


def hide_in_headers(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Hide cookies and opaque bearer tokens. App-JWTs stay, for tests that read their claims.

    :param headers: names in lower case, and values.
    """
    return [(name, _hide_in_header(name, value)) for name, value in headers]


def _hide_in_header(name: str, value: str) -> str:
    if name == "cookie":
        cookies = (cookie.strip().partition("=") for cookie in value.split(";"))
        return "; ".join(f"{cookie}={hidden(secret)}" for cookie, _, secret in cookies)
    scheme, _, token = value.partition(" ")
    if name == "authorization" and scheme.lower() == "bearer" and "." not in token:
        return f"{scheme} {hidden(token.strip())}"
    return value


def hide_in_body(path: str, body: bytes) -> bytes:
    """Hide every field but the harmless ones in the body of a request that logs in or exchanges tokens.

    :param path: the request's path.
    :param body: its body, a form or JSON; any other is hidden whole.
    """
    if not body or not _SECRET_PATHS.fullmatch(path):
        return body
    text = body.decode("utf-8", "replace")
    try:
        fields = json.loads(text)
    except ValueError:
        pairs = parse_qsl(text, keep_blank_values=True)
        if _are_known(name for name, _ in pairs):
            return urlencode(
                [(name, _hide_in_field(name, value)) for name, value in pairs], safe="*"
            ).encode()
    else:
        if isinstance(fields, dict) and _are_known(fields):
            return json.dumps({name: _hide_in_field(name, value) for name, value in fields.items()}).encode()
    return hidden(text).encode()


def _are_known(names: Iterable[str]) -> bool:
    """Return whether names are names, and not secrets that a strange body puts in their place."""
    return set(names) <= _HARMLESS | _SECRET


def _hide_in_field(name: str, value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if name in _HARMLESS else hidden(text)
