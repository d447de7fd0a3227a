"""Credentials and the switches of everything that gives, verifies or ends one."""

from __future__ import annotations

import hashlib
import random
import string
import uuid
from typing import Literal

from airflow_provider_liveperson.sandbox.switches import CredentialName, switch
from airflow_provider_liveperson.sandbox.world import WorldSettings


class IdentitySettings(WorldSettings):
    """Credentials, and what Sentinel and the Login Service do where LivePerson's pages are silent.

    Keys, client ids, secrets and passwords that are empty are derived from the seed.
    """

    app_key: str = switch("", "OAuth 1.0 consumer key; derived from the seed when empty")
    app_secret: str = switch("", "OAuth 1.0 consumer secret; likewise", secret=True)
    access_token: str = switch("", "OAuth 1.0 token; likewise", secret=True)
    access_token_secret: str = switch("", "OAuth 1.0 token secret; likewise", secret=True)
    client_id: str = switch("", "OAuth 2.0 client id, a UUID; likewise")
    client_secret: str = switch(
        "", "OAuth 2.0 client secret, 26 lowercase letters and digits; likewise", secret=True
    )
    app_scope: str = switch("msg.consumer users.external", "scope written into App-JWTs")
    web_app_client_id: str = switch("", "client id of the web application, a UUID; derived when empty")
    web_app_client_secret: str = switch("", "its client secret; likewise", secret=True)
    web_app_redirect_uris: frozenset[str] = switch(
        frozenset(), "registered redirect URIs; when empty, every http(s) URI on this machine will do"
    )
    user_name: str = switch("agent0@acme.test", "login name of the account's user")
    user_password: str = switch(
        "",
        "the password of that user, and of `sso_user_name` at the login page; derived from the seed when empty",
        secret=True,
    )
    bot_name: str = switch("bot-3", "login name of a user of type bot, who logs in with keys")
    sso_user_name: str = switch(
        "sso@acme.test",
        "login name of a user who logs in by single sign-on: at the login page, which stands for the identity"
        " provider, and not at the Login Service",
    )

    missing_permission: frozenset[CredentialName] = switch(
        frozenset(), "credential kinds that are valid but may not read the account's data"
    )
    audit_forbidden_status: Literal[403, 401] = switch(
        403, "status for a missing permission, of every data API"
    )
    oauth1_skew_seconds: int = switch(
        300, "how far an OAuth 1.0 timestamp may be from the sandbox's clock", minimum=0
    )
    oauth1_nonce_memory: bool = switch(True, "whether a nonce that was seen before is refused")
    oauth1_refuse_all: bool = switch(
        False, "whether every OAuth 1.0 request is refused, as after the protocol's end of life"
    )
    oauth1_body_hash_checked: bool = switch(
        False, "whether `oauth_body_hash`, where present, must match the body"
    )
    jwt_issuer: Literal["Sentinel", "sentinel"] = switch(
        "Sentinel", "`iss` of App-JWTs; documented in both spellings"
    )
    jwt_lifetime_seconds: int = switch(3600, "`exp` minus `iat` of App-JWTs", minimum=1)
    jwt_expires_in: bool = switch(False, "whether the answer with an App-JWT also holds `expires_in`")
    sentinel_error_status: Literal["rfc", "400"] = switch(
        "rfc",
        "status of Sentinel's errors: 401 for `invalid_client` and 400 otherwise (`rfc`), or always 400",
    )
    token_body_required: bool = switch(
        False, "whether V1 takes its parameters from the body only, as V2 always does"
    )

    consent_page: Literal["once", "always", "never"] = switch(
        "once", "how often a user is asked for consent to a client"
    )
    pkce: Literal["supported", "ignored", "required"] = switch(
        "supported", "what becomes of `code_challenge`, which LivePerson does not document; S256 only"
    )
    code_lifetime_seconds: int = switch(60, "how long an authorization code can be exchanged", minimum=1)
    code_replay_revokes: bool = switch(
        True, "whether a code that is sent twice ends what it gave the first time"
    )
    access_token_lifetime_seconds: int = switch(
        1800, "how long a web application's access token is valid", minimum=1
    )
    token_expires_in: bool = switch(True, "whether token and refresh answers hold `expires_in`")
    id_token_present: bool = switch(True, "whether the token answer holds an `id_token`")
    id_token_lifetime_seconds: int = switch(600, "`exp` minus `iat` of an `id_token`", minimum=1)
    id_token_keys_published: bool = switch(True, "whether the keys of `id_token` are in the JWKS")
    refresh_rotation: Literal["rotate", "keep", "reuse_revokes"] = switch(
        "rotate",
        "a refresh token that was used dies (`rotate`), stays valid (`keep`), or dies and ends the whole consent"
        " when it comes again (`reuse_revokes`)",
    )
    refresh_ends_access_token: bool = switch(False, "whether a refresh ends the access token before it")
    sso_idle_seconds: int = switch(
        3600,
        "how long a session at Sentinel lasts without a page or a refresh; its refresh tokens end with it",
        minimum=1,
    )
    revoke_ends: Literal["user", "grant"] = switch(
        "user", "a revoke ends all sessions of the user, also at the Login Service, or only the `grant`"
    )
    revoke_strict: bool = switch(
        False, "whether revoke takes `v=1.0` only, and not `?v1.0` as LivePerson prints it"
    )

    bot_login: frozenset[Literal["api_key", "app"]] = switch(
        frozenset({"api_key", "app"}),
        "what a bot may log in with: the four parts of an API key, or client id and secret of an app in the place"
        " of its first two",
    )
    login_ttl_ms: int = switch(28_800_000, "how long a login lasts at most, `sessionTTl`", minimum=1)
    login_idle_seconds: int = switch(
        600, "how long a login lasts without keep-alive; reading data does not keep it alive", minimum=1
    )
    login_refresh_extends: bool = switch(False, "whether keep-alive also prolongs `login_ttl_ms`")
    login_refresh_session: Literal["new", "same"] = switch(
        "new", "keep-alive gives a new `Session_id`, and the old one dies, or the same"
    )
    login_session_id_in_body: bool = switch(
        False, "whether the login answer also has `sessionId`, as in an old sample"
    )
    login_blocked: bool = switch(
        False, "whether LivePerson Support has blocked the user: a 451; the login page says so too"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, derive in _DERIVED.items():
            if not getattr(self, name):
                object.__setattr__(self, name, derive(f"{self.seed}/{name}"))


def _hex_key(label: str) -> str:
    return hashlib.sha256(label.encode()).hexdigest()[:32]


def _uuid(label: str) -> str:
    return str(uuid.UUID(bytes=hashlib.sha256(label.encode()).digest()[:16], version=4))


def _client_secret(label: str) -> str:
    source = random.Random(label)  # noqa: S311
    return "".join(source.choices(string.ascii_lowercase + string.digits, k=26))


_DERIVED = {
    "app_key": _hex_key,
    "app_secret": _hex_key,
    "access_token": _hex_key,
    "access_token_secret": _hex_key,
    "client_id": _uuid,
    "client_secret": _client_secret,
    "web_app_client_id": _uuid,
    "web_app_client_secret": _client_secret,
    "user_password": _client_secret,
}
