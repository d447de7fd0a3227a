"""API keys: OAuth 1.0, HMAC-SHA1, everything in the Authorization header.

LivePerson page: `oauth-1-0-api-keys.html`; RFC 5849. Query parameters are part of the signature, JSON bodies
are not. LivePerson has announced the end of OAuth 1.0 for 31 May 2026; its successor is the App-JWT.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

import requests
from requests_oauthlib import OAuth1

from airflow_provider_liveperson.client.credentials.credential import Credential
from airflow_provider_liveperson.credential_kind import CredentialKind

FROZEN = "LivePerson no longer adds permissions to API keys"
"""Since 30 September 2025 the page of the API keys is read-only."""

_LACKS = f"the API key lacks the permission, and {FROZEN}: use a connection of another type"
_PROBLEMS = {  # OAuth Problem Reporting; LivePerson documents token_rejected, the others are of the same vocabulary
    "consumer_key_unknown": ("app_key", "the app key is not known to LivePerson"),
    "consumer_key_rejected": ("app_key", "LivePerson rejects the app key"),
    "signature_invalid": (
        "app_secret",
        "the signature is wrong: check the app secret and the access token secret",
    ),
    "token_rejected": ("access_token", "LivePerson rejects the access token"),
    "token_revoked": ("access_token", "the access token has been revoked"),
    "timestamp_refused": (None, "LivePerson refuses the timestamp: check this machine's clock"),
    "nonce_used": (
        None,
        "LivePerson has received this request before: check for a proxy that repeats requests",
    ),
    "permission_denied": (None, _LACKS),
}


class ApiKeyCredential(Credential):
    """An API key, of four parts.

    :param app_key: the consumer key.
    :param app_secret: the consumer secret; signs and is never sent.
    :param access_token: the token.
    :param access_token_secret: the token secret; signs and is never sent.
    """

    signs_the_time = True
    rights = "permission"
    kind = CredentialKind.API_KEY

    def __init__(self, *, app_key: str, app_secret: str, access_token: str, access_token_secret: str) -> None:
        self._secrets = (app_secret, access_token_secret, access_token, app_key)
        self._sign = OAuth1(app_key, app_secret, access_token, access_token_secret)
        _keep_signers_quiet()

    @property
    def secrets(self) -> Iterable[str]:
        return self._secrets

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        path, mark, query = str(request.url).partition("?")
        # A plus sign stands for a space in forms only. A server may take it literally in a query, and then expects
        # another signature (RFC 5849, 3.6).
        request.url = f"{path}{mark}{query.replace('+', '%20')}"
        signed: requests.PreparedRequest = self._sign(request)
        authorization: str | bytes = signed.headers["Authorization"]
        if isinstance(authorization, bytes):
            signed.headers["Authorization"] = authorization.decode("ascii")
        return signed

    def explain(self, status: int, body: str) -> tuple[str | None, str | None]:
        unknown = (None, _LACKS if status == 403 else None)
        return next((meaning for problem, meaning in _PROBLEMS.items() if problem in body), unknown)


def _drop_debug(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


def _keep_signers_quiet() -> None:
    """Keep the signing libraries from logging secrets and base strings at DEBUG."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("oauthlib", "requests_oauthlib"):
            logging.getLogger(name).addFilter(_drop_debug)
