"""The authorization code grant (RFC 6749, 4.1) at LivePerson's sentinel service, request by request.

LivePerson pages: `authorizing-conversational-cloud-applications-methods-authorization-request.html`,
`…-token-request.html`, `…-refresh-request.html`, `…-token-revocation-request.html`. Secrets are sent in form bodies
only. What each request means for a stored consent is in ``credentials/web_app.py``.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt
import msgspec

from airflow_provider_liveperson.client.credentials.credential import Exchange, lifetime_of
from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    InvalidResponseError,
    LivePersonError,
    PermissionDeniedError,
    RequestRejectedError,
)
from airflow_provider_liveperson.records import raw

DEFAULT_LIFETIME = 1800.0
"""Seconds that an access token is assumed to last if the answer does not say: LivePerson asks for a refresh about
every 30 minutes."""

_PATH = "/sentinel/api/account/{account_id}/"
_CLOCK_LEEWAY = 60.0
_SENDABLE = re.compile(r"[!-~]+")
_NAMES_THE_CLIENT = re.compile(r"\b(?:invalid|unauthorized)_client\b")


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of sentinel's token endpoint."""

    access_token: str
    refresh_token: str
    id_token: str | None = None
    expires_in: msgspec.Raw = msgspec.Raw()

    @property
    def lifetime(self) -> float:
        """Seconds that the access token lasts."""
        return lifetime_of(self.access_token, self.expires_in, default=DEFAULT_LIFETIME)

    def __repr__(self) -> str:
        return "<Tokens>"


@dataclass(frozen=True, kw_only=True)
class WebApp:
    """A web application as it is registered at LivePerson.

    :param client_id: its ID.
    :param client_secret: its secret.
    """

    client_id: str
    client_secret: str = field(repr=False)


class TokenRefusedError(AuthenticationError):
    """Sentinel rejects a code or a refresh token.

    :param certain: whether it said so with the OAuth error ``invalid_grant``, and not only by its status.
    """

    def __init__(self, message: str, *, certain: bool, status: int | None = None) -> None:
        super().__init__(message, status=status)
        self.certain = certain


def authorize_url(
    sentinel: str,
    *,
    account_id: str,
    client_id: str,
    redirect_uri: str,
    state: str,
    code_challenge: str | None = None,
) -> str:
    """The URL where a LivePerson user consents. It has no secrets.

    :param sentinel: the base URL of the service ``sentinel``.
    :param account_id: the account.
    :param client_id: the application.
    :param redirect_uri: where the browser is redirected afterward.
    :param state: is returned with the redirect.
    :param code_challenge: for PKCE (RFC 7636), which LivePerson does not document.
    """
    query = {
        "v": "1.0",
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "state": state,
    }
    if code_challenge:
        query |= {"code_challenge": code_challenge, "code_challenge_method": "S256"}
    return f"{sentinel}/sentinel/api/account/{account_id}/authorize?{urlencode(query)}"


def challenge_of(verifier: str) -> str:
    """The code challenge of a code verifier, by the method S256 (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def exchange_code(
    exchange: Exchange, app: WebApp, *, code: str, redirect_uri: str, code_verifier: str | None = None
) -> Tokens:
    """Exchange the code of a consent for the first tokens.

    :param exchange: sends an unsigned request.
    :param app: the application.
    :param code: the code from the redirect.
    :param redirect_uri: as in the authorize URL.
    :param code_verifier: for PKCE.
    :raises TokenRefusedError: when the code is rejected.
    :raises AuthenticationError: when the application is; names the field.
    :raises LivePersonError: for any other failure. The request is sent only once, because codes work once.
    """
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    if code_verifier:
        form["code_verifier"] = code_verifier
    return _tokens(_ask(exchange, app, "token", form, repeatable=False))


def refresh(exchange: Exchange, app: WebApp, *, refresh_token: str) -> Tokens:
    """Exchange a refresh token for the next tokens.

    :param exchange: sends an unsigned request.
    :param app: the application.
    :param refresh_token: the latest refresh token.
    :raises TokenRefusedError: when the refresh token is rejected.
    :raises AuthenticationError: when the application is; names the field.
    :raises LivePersonError: for any other failure. The request is sent only once: LivePerson may take a refresh token
        that arrives twice for a stolen one.
    """
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return _tokens(_ask(exchange, app, "token", form, repeatable=False))


def revoke(exchange: Exchange, app: WebApp, *, refresh_token: str) -> None:
    """Revoke a consent. LivePerson also ends the user's session in all its applications.

    :param exchange: sends an unsigned request.
    :param app: the application.
    :param refresh_token: the latest refresh token.
    :raises TokenRefusedError: when LivePerson does not know the token, or no longer.
    :raises AuthenticationError: when it rejects the application; names the field.
    :raises LivePersonError: for any other failure.
    """
    _ask(exchange, app, "token/revoke", {"token": refresh_token}, repeatable=True)


def subject_of(exchange: Exchange, app: WebApp, id_token: str) -> str:
    """Verify an ``id_token`` and return its subject.

    It must be signed with RS256 by one of sentinel's current keys, be issued for this application by sentinel (its name
    in upper or lower case), and not have expired.

    :param exchange: sends an unsigned request, for the keys.
    :param app: the application.
    :param id_token: the token.
    :returns: the ID of the LivePerson user.
    :raises AuthenticationError: when it is not valid.
    :raises LivePersonError: when the keys cannot be read.
    """
    try:
        header = jwt.get_unverified_header(id_token)
        if header.get("alg") != "RS256":
            raise jwt.InvalidAlgorithmError("it is not signed with RS256")
        claims = jwt.decode(
            id_token,
            _key(exchange, header.get("kid")),
            algorithms=["RS256"],
            audience=app.client_id,
            leeway=_CLOCK_LEEWAY,
            options={"require": ["sub", "aud", "iss", "exp"]},
        )
        if str(claims["iss"]).lower() != "sentinel":
            raise jwt.InvalidIssuerError("it is not issued by sentinel")
    except (jwt.PyJWTError, ArithmeticError, TypeError, ValueError, RecursionError) as error:
        raise AuthenticationError(
            f"LivePerson's id_token is not valid ({type(error).__name__}), so no user counts as having consented: check"
            " the client ID and this machine's clock, and authorize again",
            field="client_id",
        ) from error
    return str(claims["sub"])


def _key(exchange: Exchange, kid: object) -> Any:
    answer = exchange(
        ApiRequest(method="GET", service="sentinel", path="/sentinel/well-known/jwks", signed=False)
    )
    keys = answer.json()
    for key in keys.get("keys", ()) if isinstance(keys, dict) else ():
        if isinstance(key, dict) and key.get("kid") == kid and key.get("kty") == "RSA":
            return jwt.PyJWK.from_dict(key, algorithm="RS256").key
    raise jwt.InvalidKeyError("sentinel has no such key")


def _ask(exchange: Exchange, app: WebApp, path: str, form: dict[str, str], *, repeatable: bool) -> Answer:
    request = ApiRequest(
        method="POST",
        service="sentinel",
        path=_PATH + path,
        params={"v": "1.0"},
        form={**form, "client_id": app.client_id, "client_secret": app.client_secret},
        headers={"Accept": "application/json"},
        signed=False,
        repeatable=repeatable,
        json_answer=path == "token",
        when_closed="finish",
    )
    try:
        return exchange(request)
    except (AuthenticationError, PermissionDeniedError, RequestRejectedError) as error:
        raise _refused(error) from error


def _refused(error: LivePersonError) -> AuthenticationError:
    message = str(error)
    if error.status == 401 or _NAMES_THE_CLIENT.search(message):
        return AuthenticationError(
            "Sentinel does not accept the application: the client ID or the client secret is wrong, or the"
            f" application is not installed for this account. {message}",
            field="client_secret",
            status=error.status,
        )
    return TokenRefusedError(message, certain="invalid_grant" in message, status=error.status)


def _tokens(answer: Answer) -> Tokens:
    try:
        tokens = raw.decode(msgspec.json.Decoder(Tokens), answer.body)
        if not (_SENDABLE.fullmatch(tokens.access_token) and _SENDABLE.fullmatch(tokens.refresh_token)):
            raise ValueError("no header can hold the token")
    except (msgspec.DecodeError, ValueError):
        raise InvalidResponseError(  # without its cause, which may quote the tokens
            "POST sentinel: the answer has no readable access_token and refresh_token; check the host",
            status=answer.status,
        ) from None
    return tokens
