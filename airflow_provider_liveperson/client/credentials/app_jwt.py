"""App-JWT: OAuth 2.0 client credentials (RFC 6749, 4.4) at LivePerson's sentinel service.

LivePerson page: `oauth-2-0-client-credentials.html`. Version 2 signs with rotating keys and is required
by the data APIs; version 1 is for the Connector API. All parameters are sent in the form body, none in the URL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from airflow_provider_liveperson.client.credentials.credential import (
    Exchange,
    Token,
    TokenCredential,
    lifetime_of,
)
from airflow_provider_liveperson.client.messages import ApiRequest
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    ConfigurationError,
    InvalidResponseError,
    PermissionDeniedError,
    RequestRejectedError,
)
from airflow_provider_liveperson.records import raw

TOKEN_VERSIONS = ("v2", "v1")
DEFAULT_LIFETIME = 600.0
"""Seconds that a token is assumed to last if nothing says how long; LivePerson documents an hour."""

_SENDABLE = re.compile(r"[!-~]+")


class _TokenAnswer(msgspec.Struct):
    access_token: str
    expires_in: msgspec.Raw = msgspec.Raw()


class AppJwtCredential(TokenCredential):
    """A registered application's client ID and secret, exchanged for a JWT that lasts about an hour.

    :param client_id: the application's ID, a UUID.
    :param client_secret: its secret.
    :param token_version: ``v2`` or ``v1``.
    :raises ConfigurationError: for any other version.
    """

    rights = "scope"

    def __init__(self, *, client_id: str, client_secret: str, token_version: str = "v2") -> None:  # noqa: S107
        super().__init__()
        if token_version not in TOKEN_VERSIONS:
            raise ConfigurationError(
                f"token_version is {token_version!r}; it must be one of {', '.join(TOKEN_VERSIONS)}",
                field="token_version",
            )
        self._client_id = client_id
        self._client_secret = client_secret
        self._version = token_version

    @property
    def kind(self) -> CredentialKind:
        return CredentialKind.APP_JWT_V1 if self._version == "v1" else CredentialKind.APP_JWT_V2

    @property
    def secrets(self) -> Iterable[str]:
        return (self._client_secret, *self._seen_secrets)

    def fetch(self, exchange: Exchange) -> Token:
        v1 = self._version == "v1"
        asked_at = self.now()
        try:
            answer = exchange(
                ApiRequest(
                    method="POST",
                    service="sentinel",
                    path="/sentinel/api/"
                    + ("account/{account_id}/app/token" if v1 else "v2/account/{account_id}/app/token"),
                    params={"v": "1.0"} if v1 else {},
                    form={
                        "grant_type": "client_credentials",
                        "client_id": self._client_id,
                        "client_secret": self._client_secret,
                    },
                    headers={"Accept": "application/json"},
                    signed=False,
                )
            )
        except (AuthenticationError, PermissionDeniedError, RequestRejectedError) as error:
            raise AuthenticationError(
                f"Sentinel did not issue a token: the client ID or the client secret is wrong, or the"
                f" application is not installed for this account. {error}",
                field="client_secret",
                status=error.status,
            ) from error
        try:
            granted = raw.decode(msgspec.json.Decoder(_TokenAnswer), answer.body)
            if not _SENDABLE.fullmatch(granted.access_token):  # http.client would quote it in its error
                raise ValueError("no header can hold the token")
            lifetime = lifetime_of(granted.access_token, granted.expires_in, default=DEFAULT_LIFETIME)
        except (msgspec.DecodeError, ValueError) as error:
            raise InvalidResponseError(
                "POST sentinel: the answer has no readable access_token; check the host",
                status=answer.status,
            ) from error
        return Token.lasting(granted.access_token, lifetime, asked_at=asked_at)

    def explain(self, status: int, body: str) -> tuple[str | None, str | None]:
        if status == 403:
            return None, (
                "the application lacks the scope that this service requires: have it added in LivePerson"
            )
        return None, "Sentinel issued a token, but this service does not accept it"
