"""The Login Service: a session at LivePerson by a user's name and password, or a bot's name and key.

LivePerson pages: `login-service-api-methods-user-login.html`, `…-application-login.html`, `…-refresh.html`,
`…-logout.html`, `login-service-retry-policy.html`. LivePerson asks to prefer OAuth 2.0 wherever possible, and
does not let users log in here who sign in by single sign-on (SAML, OIDC).

A login is a bearer token that signs requests, and a cookie and a CSRF value that keep it alive. A logout ends it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import requests

from airflow_provider_liveperson.client.credentials.credential import (
    Exchange,
    OnSecret,
    Token,
    TokenCredential,
    seconds_of,
    tell_nobody,
)
from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    ConfigurationError,
    InvalidResponseError,
    LivePersonError,
    PermissionDeniedError,
)
from airflow_provider_liveperson.records import raw

log = logging.getLogger(__name__)

DEFAULT_LIFETIME = 8 * 3600.0
KEEP_ALIVE = 240.0
"""Seconds between keep-alives; LivePerson asks for one every three to five minutes."""
KEEP_ALIVE_AGAIN = 60.0
"""Seconds until the next keep-alive after one that failed."""
SHORTEST_WAIT = 5.0
UNUSED = "unused"
"""The access token and its secret, where a client ID and client secret take the place of the key."""

_PATIENCE = 1.0
_SENDABLE = re.compile(r"[!-~]+")
_COOKIE = re.compile(r"(?:^|[,;]\s*)Session_id=([!-+\--:<-~]+)")
_NO_SSO = (
    "LivePerson does not let users log in this way who sign in by single sign-on (SAML, OIDC): create a connection of"
    " the type liveperson_web_app for such a user, or liveperson_app_jwt where no user is needed"
)


class _LoginAnswer(msgspec.Struct):
    bearer: str
    csrf: str
    sessionTTl: msgspec.Raw = msgspec.Raw()
    sessionId: Any = None


@dataclass(frozen=True, kw_only=True)
class _Login:
    """A login that is open at LivePerson.

    :param csrf: is sent in the body of keep-alive and logout.
    :param cookie: the value of ``Session_id``; empty if there is none.
    :param keep_at: monotonic seconds when the next keep-alive is due.
    """

    csrf: str = field(repr=False)
    cookie: str = field(repr=False)
    keep_at: float

    def request(self, action: str) -> ApiRequest:
        """The request for ``refresh`` or ``logout``, sent once: neither is worth a wait for retries."""
        return ApiRequest(
            method="POST",
            service="agentVep",
            path=f"/api/account/{{account_id}}/{action}",
            json={"csrf": self.csrf},
            headers={"Cookie": f"Session_id={self.cookie}"} if self.cookie else {},
            signed=False,
            repeatable=False,
            json_answer=False,
            when_closed="begin" if action == "logout" else "finish",
        )


class LoginCredential(TokenCredential):
    """A user with a password, or a bot with a key.

    A bot's key is an API key of four parts, which LivePerson has announced to end on 30 April 2026, or an application's
    client ID and client secret, given as ``app_key`` and ``app_secret`` without the other two.

    The login is kept alive as requests are signed: a keep-alive is sent before a request if four minutes have passed
    since the last one. If no request was sent for so long that LivePerson has ended the login, the next one gets a 401
    and logs in again. A login that LivePerson has rejected is not tried again, as that may lock the user out.

    :param user_name: the user's or bot's login name.
    :param password: the user's password.
    :param app_key: the bot's app key, or a client ID.
    :param app_secret: the bot's app secret, or a client secret.
    :param access_token: the bot's access token; none beside a client ID.
    :param access_token_secret: the bot's access token secret; none beside a client ID.
    :raises ConfigurationError: for both a password and a key, for neither, and for an incomplete key.
    """

    kind = CredentialKind.LOGIN

    def __init__(
        self,
        *,
        user_name: str,
        password: str | None = None,
        app_key: str | None = None,
        app_secret: str | None = None,
        access_token: str | None = None,
        access_token_secret: str | None = None,
    ) -> None:
        super().__init__()
        key = {
            "app_key": app_key,
            "app_secret": app_secret,
            "access_token": access_token,
            "access_token_secret": access_token_secret,
        }
        _check(password, key)
        self._user_name = user_name
        self._is_bot = password is None
        self._secrets = tuple(value for value in (password, *key.values()) if value)
        self._body: dict[str, str] = {"username": user_name}
        if password is not None:
            self._body["password"] = password
        else:
            self._body |= {
                "appKey": app_key or "",
                "secret": app_secret or "",
                "accessToken": access_token or UNUSED,
                "accessTokenSecret": access_token_secret or UNUSED,
            }
        self._login: _Login | None = None
        self._refusal: AuthenticationError | None = None
        self._closed = False

    @property
    def secrets(self) -> Iterable[str]:
        return (*self._secrets, *self._seen_secrets)

    def bind(self, exchange: Exchange, on_secret: OnSecret = tell_nobody) -> None:
        super().bind(exchange, on_secret)
        self._closed, self._refusal = False, None

    def fetch(self, exchange: Exchange) -> Token:
        if self._refusal is not None:
            raise _again(self._refusal)
        self._stop_if_closed(exchange)
        self._end(exchange, logging.DEBUG)  # LivePerson counts a user's logins
        asked_at = self.now()
        try:
            answer = exchange(
                ApiRequest(
                    method="POST",
                    service="agentVep",
                    path="/api/account/{account_id}/login",
                    params={"v": "1.3"},
                    json=self._body,
                    signed=False,
                    shortest_wait=SHORTEST_WAIT,
                    when_closed="finish",
                )
            )
        except (AuthenticationError, PermissionDeniedError) as error:
            self._refusal = self._refused(error)
            raise _again(self._refusal) from error
        try:
            granted = raw.decode(msgspec.json.Decoder(_LoginAnswer), answer.body)
            if not _SENDABLE.fullmatch(granted.bearer):  # http.client would quote it in its error
                raise ValueError("no header can hold the bearer")
        except (msgspec.DecodeError, ValueError) as error:
            raise InvalidResponseError(
                "POST agentVep: the answer has no readable bearer and csrf; check the host",
                status=answer.status,
            ) from error
        cookie = _cookie(answer, granted.sessionId)
        self.remember_secrets(granted.bearer, granted.csrf, cookie)
        self._login = _Login(csrf=granted.csrf, cookie=cookie, keep_at=self.now() + KEEP_ALIVE)
        self._stop_if_closed(exchange)
        # In milliseconds; LivePerson's example has eight hours.
        lifetime = seconds_of(granted.sessionTTl, unit=0.001) or DEFAULT_LIFETIME
        return Token.lasting(granted.bearer, lifetime, asked_at=asked_at)

    def keep(self, token: Token, exchange: Exchange) -> Token | None:
        login = self._login
        if login is None or self.now() < login.keep_at:
            return token
        try:
            answer = exchange(login.request("refresh"))
        except AuthenticationError:
            log.info("LivePerson has ended the login of %s; logging in again", self._user_name)
            return None
        except LivePersonError as error:  # the login may still be open; if not, a 401 will show it
            log.warning("The login of %s was not kept alive: %s", self._user_name, error)
            self._login = replace(login, keep_at=self.now() + KEEP_ALIVE_AGAIN)
        else:
            cookie = _cookie(answer, None) or login.cookie
            self.remember_secrets(cookie)
            self._login = replace(login, cookie=cookie, keep_at=self.now() + KEEP_ALIVE)
        self._stop_if_closed(exchange)
        return token

    def renew(self, rejected: requests.PreparedRequest) -> bool:
        return not self._closed and super().renew(rejected)

    def close(self) -> None:
        """Log out. Nothing is signed after that, until the credential is bound again."""
        self._closed = True
        # A thread that holds the lock for longer is logging in or keeping alive, and logs out as soon as that is done.
        if self._lock.acquire(timeout=_PATIENCE):
            try:
                self._token = None
                if self._exchange is not None:
                    self._end(self._exchange, logging.WARNING)
            finally:
                self._lock.release()

    def explain(self, status: int, body: str) -> tuple[str | None, str | None]:
        if status == 403:
            return None, (
                f"{self._user_name} lacks the permission: have it added to the user's profile in LivePerson"
            )
        return None, "LivePerson's Login Service accepted the login, but this service does not"

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_login": None, "_refusal": None, "_closed": False}

    def _end(self, exchange: Exchange, level: int) -> None:
        """Log out, if there is a login; the lock is held."""
        if self._login is None:
            return
        try:
            exchange(self._login.request("logout"))
        except AuthenticationError:
            log.debug("The login of %s had ended before its logout", self._user_name)
        except LivePersonError as error:
            log.log(
                level,
                "The login of %s could not be ended; LivePerson will end it: %s",
                self._user_name,
                error,
            )
        finally:
            self._login = None

    def _stop_if_closed(self, exchange: Exchange) -> None:
        if self._closed:
            self._end(exchange, logging.WARNING)
            raise AuthenticationError("the client has been closed; no more requests are sent")

    def _refused(self, error: LivePersonError) -> AuthenticationError:
        if error.status == 451:
            return AuthenticationError(
                f"LivePerson Support has blocked this account or the user name {self._user_name}; only LivePerson"
                f" Support can unblock it. {error}",
                field="user_name",
                status=451,
            )
        if self._is_bot:
            return AuthenticationError(
                f"LivePerson does not let the bot {self._user_name} in: a part of its key is wrong, or the key lacks"
                f" the permission Agent Interactions → User Login, or the user is not of the type Bot with the login"
                f" method App Key. LivePerson ended bot logins by OAuth 1.0 keys on 30 April 2026: enter an OAuth 2.0"
                f" application's client ID and client secret as app_key and app_secret, and leave the other two"
                f" empty. {_NO_SSO}. {error}",
                field="app_key",
                status=error.status,
            )
        return AuthenticationError(
            f"LivePerson does not let {self._user_name} in: the user name or the password is wrong, or the password"
            f" has expired, or the user is disabled. {_NO_SSO}. {error}",
            field="password",
            status=error.status,
        )


def _check(password: str | None, key: Mapping[str, str | None]) -> None:
    given = [name for name, value in key.items() if value]
    if password is not None and given:
        raise ConfigurationError(
            f"the connection has both a password and {', '.join(given)}; keep the password for a user, or the key for a"
            " bot",
            field="password",
        )
    if password is None and not given:
        raise ConfigurationError(
            "the connection has neither a password nor a key; enter the password for a user, or app_key and app_secret"
            " for a bot",
            field="password",
        )
    for name in ("app_key", "app_secret"):
        if given and name not in given:
            raise ConfigurationError(
                f"{name} is missing beside {', '.join(given)}; a bot needs both app_key and app_secret",
                field=name,
            )
    if len(given) == 3:
        missing = next(name for name in key if name not in given)
        raise ConfigurationError(
            f"{missing} is missing beside {given[-1]}; enter all four parts of an API key, or only a client ID and a"
            " client secret as app_key and app_secret",
            field=missing,
        )


def _again(refusal: AuthenticationError) -> AuthenticationError:
    """A new instance of the error, as several threads may raise it."""
    return AuthenticationError(str(refusal), field=refusal.field, status=refusal.status)


def _cookie(answer: Answer, session_id: object) -> str:
    """The value of ``Session_id``, from the answer's Set-Cookie, else from its body."""
    found = _COOKIE.search(answer.headers.get("Set-Cookie", ""))
    if found:
        return found[1]
    return session_id if isinstance(session_id, str) and _COOKIE.fullmatch(f"Session_id={session_id}") else ""
