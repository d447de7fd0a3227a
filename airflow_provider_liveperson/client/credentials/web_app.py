"""The web application: OAuth 2.0 with a user's consent, stored in a grant store and renewed from there.

LivePerson page: `authorizing-conversational-cloud-applications-overview.html`. How a renewal stays safe while several
processes renew at once, and when one of them dies, is explained in `docs/decisions/0015-where-consents-are-kept.md`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from airflow_provider_liveperson.client.credentials.authorization import (
    TokenRefusedError,
    Tokens,
    WebApp,
    exchange_code,
    refresh,
    revoke,
    subject_of,
)
from airflow_provider_liveperson.client.credentials.credential import (
    Exchange,
    OnSecret,
    Token,
    TokenCredential,
    tell_nobody,
)
from airflow_provider_liveperson.client.credentials.grants import Grant, GrantStore
from airflow_provider_liveperson.client.responses import never_left
from airflow_provider_liveperson.client.scrubbing import scrub
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    LivePersonError,
    RateLimitedError,
)

log = logging.getLogger(__name__)

_LAST_SECONDS = 5.0
_TRY_AGAIN_AFTER = 60.0


class WebAppCredential(TokenCredential):
    """A registered web application, and the consent that a LivePerson user gave it.

    :param client_id: the application's ID.
    :param client_secret: its secret.
    :param store: where the consent is stored.
    :param conn_id: the Airflow connection, for errors that say what to press.
    """

    kind = CredentialKind.WEB_APP
    clock: Callable[[], float] = staticmethod(time.time)

    def __init__(self, *, client_id: str, client_secret: str, store: GrantStore, conn_id: str = "") -> None:
        super().__init__()
        self._app = WebApp(client_id=client_id, client_secret=client_secret)
        self._store = store
        self._conn_id = conn_id
        self._rejected = ""
        self._closed = False

    def bind(self, exchange: Exchange, on_secret: OnSecret = tell_nobody) -> None:
        super().bind(exchange, on_secret)
        self._closed = False

    def close(self) -> None:
        """Stop waiting for another process that renews. Nothing ends at LivePerson: the consent stays."""
        self._closed = True

    @property
    def secrets(self) -> Iterable[str]:
        return (self._app.client_secret, *self._seen_secrets)

    def drop(self, token: Token) -> None:
        self._rejected = token.value

    def fetch(self, exchange: Exchange) -> Token:
        grant = self._load()
        if not self._is_fresh(grant):
            grant = self._renewed(exchange, self._is_fresh)
        left = grant.expires_at - self.clock()
        if grant.renewal_begun_at:
            use_for = left - _LAST_SECONDS
        else:  # renewing has failed: try again in a minute
            use_for = max(grant.renew_at - self.clock(), min(_TRY_AGAIN_AFTER, left - _LAST_SECONDS))
        return Token(
            grant.access_token, self.now() + max(0.0, use_for), grant.expires_at - grant.refreshed_at
        )

    def authorize(
        self, *, code: str, redirect_uri: str, authorized_by: str, code_verifier: str | None = None
    ) -> Grant:
        """Turn the code of a consent into a grant, and store it.

        :param code: the code from LivePerson's redirect.
        :param redirect_uri: as it was in the authorize URL.
        :param authorized_by: the Airflow user.
        :param code_verifier: for PKCE.
        :raises AuthenticationError: when the code, the application or the ``id_token`` is not valid.
        :raises LivePersonError: for any other failure.
        """
        self.remember_secrets(code, code_verifier or "")
        asked_at = self.clock()
        tokens = exchange_code(
            self._bound_exchange(),
            self._app,
            code=code,
            redirect_uri=redirect_uri,
            code_verifier=code_verifier,
        )
        self._remember(tokens)
        subject = subject_of(self._bound_exchange(), self._app, tokens.id_token) if tokens.id_token else ""
        grant = Grant(
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_at=asked_at + tokens.lifetime,
            refreshed_at=asked_at,
            authorized_at=asked_at,
            authorized_by=authorized_by,
            subject=subject,
        )
        with self._store.renewing():
            self._store.save(grant)
        return grant

    def keep_alive(self) -> Grant:
        """Renew the grant now, unless another process does so or an unfinished renewal forbids it.

        :returns: the grant that is now stored.
        :raises AuthenticationError: when only a new consent helps.
        :raises LivePersonError: when LivePerson cannot be reached.
        """
        before = self._load()
        with self._lock:
            self._token = None
        return self._renewed(
            self._bound_exchange(), lambda grant: grant.refresh_token != before.refresh_token, insist=True
        )

    def revoke(self) -> None:
        """Revoke the consent at LivePerson and delete it. Nothing happens if there is none.

        :raises AuthenticationError: when LivePerson rejects the application.
        :raises LivePersonError: when LivePerson cannot be reached; the grant is still stored then.
        """
        with self._store.renewing():
            grant = self._store.load()
            if grant is None:
                return
            self._remember(grant)
            if grant.refresh_token:
                try:
                    revoke(self._bound_exchange(), self._app, refresh_token=grant.refresh_token)
                except TokenRefusedError as error:
                    log.info("LivePerson had no consent left to revoke: %s", scrub(str(error), self.secrets))
            self._store.delete()
        with self._lock:
            self._token = None

    def explain(self, status: int, body: str) -> tuple[str | None, str | None]:
        if status == 403:
            return (
                None,
                "the LivePerson user who consented lacks the permission: have it added to the user's profile there",
            )
        return None, f"LivePerson does not accept the token of the user's consent; {self._hint()}"

    def _renewed(self, exchange: Exchange, done: Callable[[Grant], bool], *, insist: bool = False) -> Grant:
        """The grant after a renewal, by this process or another.

        :param done: whether a grant needs no renewal.
        :param insist: whether a failed renewal is an error even if the access token is still valid.
        """

        def renewed_by_another() -> bool:
            if self._closed:
                return True
            now = self._store.load()
            return now is None or now.is_lost or done(now)

        with self._store.renewing(renewed_by_another) as alone:
            grant = self._load()
            if not alone or done(grant) or (grant.renewal_begun_at and self._is_good(grant)):
                return grant
            return self._renew(exchange, grant, insist=insist)

    def _renew(self, exchange: Exchange, grant: Grant, *, insist: bool) -> Grant:
        asked_at = self.clock()
        marked = msgspec.structs.replace(grant, renewal_begun_at=asked_at)
        self._store.save(marked)
        try:
            tokens = refresh(exchange, self._app, refresh_token=grant.refresh_token)
        except LivePersonError as error:
            return self._failed(marked, error, insist=insist)
        self._remember(tokens)
        renewed = msgspec.structs.replace(
            grant,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_at=asked_at + tokens.lifetime,
            refreshed_at=asked_at,
            last_error="",
            renewal_begun_at=0.0,
        )
        if self._store.load() != marked:  # a new consent, or its revocation, came in between and counts
            return self._load()
        self._store.save(renewed)
        return renewed

    def _failed(self, marked: Grant, error: LivePersonError, *, insist: bool) -> Grant:
        """Store the outcome of a failed renewal, and continue with the access token if it is still valid."""
        reason = scrub(str(error), self.secrets)
        kept = msgspec.structs.replace(marked, last_error=reason)
        if isinstance(error, TokenRefusedError) and error.certain:
            kept = msgspec.structs.replace(kept, access_token="", refresh_token="", renewal_begun_at=0.0)
        elif isinstance(error, AuthenticationError | RateLimitedError) or never_left(error.__cause__):
            kept = msgspec.structs.replace(kept, renewal_begun_at=0.0)  # the refresh token is still valid
        if self._store.load() != marked:
            return self._load()
        self._store.save(kept)
        if isinstance(error, TokenRefusedError) and (kept.is_lost or not self._is_good(kept)):
            raise self._no_consent(f"LivePerson did not renew the consent. {reason}") from error
        if insist or kept.is_lost or not self._is_good(kept):
            raise error
        log.warning(
            "The LivePerson tokens could not be renewed, the current ones are still valid: %s", reason
        )
        return kept

    def _load(self) -> Grant:
        grant = self._store.load()
        if grant is None:
            raise self._no_consent("No LivePerson user has consented, or the consent has been revoked.")
        self._remember(grant)
        if grant.is_lost:
            raise self._no_consent(f"The LivePerson user's consent has ended. {grant.last_error}".strip())
        return grant

    def _is_good(self, grant: Grant) -> bool:
        return grant.access_token != self._rejected and self.clock() < grant.expires_at - _LAST_SECONDS

    def _is_fresh(self, grant: Grant) -> bool:
        return self._is_good(grant) and self.clock() < grant.renew_at

    def _remember(self, tokens: Grant | Tokens) -> None:
        self.remember_secrets(tokens.access_token, tokens.refresh_token)

    def _bound_exchange(self) -> Exchange:
        if self._exchange is None:
            raise AuthenticationError(f"{type(self).__name__} is not bound to a client")
        return self._exchange

    def _hint(self) -> str:
        named = f" for connection {self._conn_id!r}" if self._conn_id else ""
        return f"open the LivePerson page in Airflow's Admin menu and press Authorize{named}"

    def _no_consent(self, why: str) -> AuthenticationError:
        return AuthenticationError(f"{why} To fix this, {self._hint()}.")

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_rejected": ""}
