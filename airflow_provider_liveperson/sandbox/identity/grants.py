"""What users allow web applications: authorization codes and the tokens that come of them."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import jwt

from airflow_provider_liveperson.sandbox.identity.people import Person, people, same
from airflow_provider_liveperson.sandbox.identity.signing_keys import ALGORITHM, KeyRing
from airflow_provider_liveperson.sandbox.identity.sso import SsoSession, SsoSessions
from airflow_provider_liveperson.sandbox.identity.tokens import TokenRefused
from airflow_provider_liveperson.sandbox.settings import SandboxSettings

_ISSUER = "sentinel"
_CODE_BYTES, _ACCESS_BYTES, _REFRESH_BYTES = 32, 32, 80


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantedTokens:
    """An answer's tokens.

    :param access_token: what data APIs take: 64 hex digits.
    :param refresh_token: what gives the next tokens: 160 hex digits.
    :param id_token: who the user is, as a JWT; None after a refresh.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    id_token: str | None = field(default=None, repr=False)


@dataclass(kw_only=True, slots=True, eq=False)
class Grant:
    """One consent, and all that comes of it.

    :param session: the session at sentinel in which it was given.
    :param over: why it ended; None while it lasts.
    """

    session: SsoSession
    over: str | None = None


@dataclass(kw_only=True, slots=True)
class _Code:
    session: SsoSession
    redirect_uri: str
    must_name_uri: bool
    challenge: str | None
    expires_at: float
    grant: Grant | None = None


@dataclass(kw_only=True, slots=True)
class _Access:
    grant: Grant
    expires_at: float
    ended: str | None = None


@dataclass(kw_only=True, slots=True)
class _Refresh:
    grant: Grant
    access: _Access
    used: bool = False


class GrantStore:
    """Gives, renews, checks and revokes the tokens of one account's web application.

    :param settings: returns the settings as they are now.
    :param clock: returns the sandbox's time in epoch seconds.
    :param sessions: sentinel's sessions.
    """

    def __init__(
        self, settings: Callable[[], SandboxSettings], clock: Callable[[], float], sessions: SsoSessions
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._sessions = sessions
        self._lock = threading.RLock()
        self.keys = KeyRing("idtoken", clock)
        self._codes: dict[str, _Code] = {}
        self._accesses: dict[str, _Access] = {}
        self._refreshes: dict[str, _Refresh] = {}
        self._id_tokens: set[str] = set()

    def issue(self, person: Person | None = None) -> GrantedTokens:
        """Return tokens as if a user had consented, without a page or a request.

        :param person: who; the account's user if omitted.
        """
        session = self._sessions.open(person or people(self._settings())["user"])
        with self._lock:
            return self._give(Grant(session=session), with_id_token=True)

    def issue_code(
        self, session: SsoSession, *, redirect_uri: str, must_name_uri: bool, challenge: str | None
    ) -> str:
        """Return an authorization code.

        :param session: the session of the user who consented.
        :param redirect_uri: where the code goes.
        :param must_name_uri: whether the token request must name it, because the authorize request did.
        :param challenge: the request's PKCE challenge, S256.
        """
        code = secrets.token_hex(_CODE_BYTES)
        with self._lock:
            self._codes[code] = _Code(
                session=session,
                redirect_uri=redirect_uri,
                must_name_uri=must_name_uri,
                challenge=challenge,
                expires_at=self._clock() + self._settings().code_lifetime_seconds,
            )
        return code

    def redeem(self, code: str, *, redirect_uri: str | None, verifier: str | None) -> GrantedTokens:
        """Exchange a code for tokens.

        :param code: the code.
        :param redirect_uri: the authorize request's, or None if that named none.
        :param verifier: what the PKCE challenge was made from, if there was one.
        :raises TokenRefused: if something is wrong; whatever it is, the code is spent.
        """
        with self._lock:
            kept = self._codes.get(code)
            if kept is None:
                raise TokenRefused("The code is unknown")
            if kept.grant is not None:
                if self._settings().code_replay_revokes:
                    kept.grant.over = "was revoked, because its code was used twice"
                raise TokenRefused("The code was used already")
            kept.grant = Grant(session=kept.session)
            if self._clock() >= kept.expires_at:
                raise TokenRefused("The code has expired")
            if redirect_uri != kept.redirect_uri and (kept.must_name_uri or redirect_uri is not None):
                raise TokenRefused("redirect_uri is not that of the authorize request")
            if kept.challenge is not None and not _fits(verifier, kept.challenge):
                raise TokenRefused("code_verifier does not match the code_challenge")
            if not self._sessions.prolong(kept.session):
                raise TokenRefused("The user's session has ended")
            return self._give(kept.grant, with_id_token=self._settings().id_token_present)

    def refresh(self, token: str) -> GrantedTokens:
        """Return the next tokens.

        :param token: a refresh token.
        :raises TokenRefused: if it is unknown, was used, or its grant or session has ended.
        """
        with self._lock:
            kept = self._refreshes.get(token)
            if kept is None:
                raise TokenRefused("The refresh token is unknown")
            if kept.grant.over is not None:
                raise TokenRefused(f"The grant {kept.grant.over}")
            rotation = self._settings().refresh_rotation
            if kept.used and rotation != "keep":
                if rotation == "reuse_revokes":
                    kept.grant.over = "was revoked, because an old refresh token was used"
                raise TokenRefused("The refresh token was used already")
            if not self._sessions.prolong(kept.grant.session):
                raise TokenRefused("The user's session has ended")
            kept.used = True
            if self._settings().refresh_ends_access_token:
                kept.access.ended = "was replaced"
            return self._give(kept.grant)

    def revoke(self, token: str) -> Person | None:
        """End the grant that a token comes from, and its user's sessions if ``revoke_ends`` says so.

        :param token: a refresh token or an access token.
        :return: whose sessions ended; None if nobody's did.
        """
        with self._lock:
            kept = self._refreshes.get(token) or self._accesses.get(token)
            if kept is None:
                return None
            kept.grant.over = "was revoked"
            if self._settings().revoke_ends == "grant":
                return None
        self._sessions.end_all(kept.grant.session.person)
        return kept.grant.session.person

    def knows(self, access_token: str) -> bool:
        """Return whether a token is an access token of this store, valid or not.

        :param access_token: the token.
        """
        return access_token in self._accesses

    def check(self, access_token: str) -> Person:
        """Check an access token.

        :param access_token: the token.
        :return: the user who consented.
        :raises TokenRefused: if it is unknown, or it, its grant or its session has ended.
        """
        kept = self._accesses.get(access_token)
        if kept is None:
            raise TokenRefused("The token is unknown")
        if kept.ended is None and self._clock() >= kept.expires_at:
            kept.ended = "has expired"
        if kept.ended is not None:
            raise TokenRefused(f"The token {kept.ended}")
        if kept.grant.over is not None:
            raise TokenRefused(f"The token's grant {kept.grant.over}")
        if kept.grant.session.over:
            raise TokenRefused("The token was revoked with the user's session")
        return kept.grant.session.person

    def end_access_tokens(self, why: str) -> None:
        """End every access token so far; refresh tokens stay.

        :param why: the reason that refusals give.
        """
        with self._lock:
            for access in self._accesses.values():
                access.ended = access.ended or why

    def revoke_all(self) -> None:
        """End every grant so far, with its refresh tokens, as if LivePerson had revoked it."""
        with self._lock:
            for refresh in self._refreshes.values():
                refresh.grant.over = "was revoked"

    @property
    def secrets(self) -> frozenset[str]:
        """Every code and token so far."""
        with self._lock:
            return frozenset((*self._codes, *self._accesses, *self._refreshes, *self._id_tokens))

    def _give(self, grant: Grant, *, with_id_token: bool = False) -> GrantedTokens:
        access = _Access(
            grant=grant, expires_at=self._clock() + self._settings().access_token_lifetime_seconds
        )
        given = GrantedTokens(
            access_token=secrets.token_hex(_ACCESS_BYTES),
            refresh_token=secrets.token_hex(_REFRESH_BYTES),
            id_token=self._sign(grant.session.person) if with_id_token else None,
        )
        self._accesses[given.access_token] = access
        self._refreshes[given.refresh_token] = _Refresh(grant=grant, access=access)
        return given

    def _sign(self, person: Person) -> str:
        settings, issued_at = self._settings(), int(self._clock())
        kid, key = self.keys.newest()
        claims = {
            "sub": person.id,
            "aud": settings.web_app_client_id,
            "iss": _ISSUER,
            "exp": issued_at + settings.id_token_lifetime_seconds,
            "iat": issued_at,
            "is_admin": person.is_admin,
            "is_lpa": False,
        }
        token = jwt.encode(claims, key, ALGORITHM, {"kid": kid})
        self._id_tokens.add(token)
        return token


def _fits(verifier: str | None, challenge: str) -> bool:
    """Compare a PKCE verifier with its challenge (RFC 7636, section 4.6, S256)."""
    digest = hashlib.sha256((verifier or "").encode()).digest()
    return same(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge)
