"""What can be said about the token that a credential signs with, without showing it."""

from __future__ import annotations

from datetime import UTC, datetime

import jwt

from airflow_provider_liveperson.client.credentials.credential import Credential, Token
from airflow_provider_liveperson.diagnostics.report import TokenFacts
from airflow_provider_liveperson.exceptions import LivePersonError
from airflow_provider_liveperson.window import stamp

_TEXTS = ("aud", "azp", "scope", "iss")
_TIMES = ("iat", "exp")


def token_facts(credential: Credential, token: Token | LivePersonError | None) -> TokenFacts:
    """Describe a credential's token.

    :param credential: the credential.
    :param token: its token; None where it signs without one; an error where it could not get one.
    """
    kind = str(credential.kind)
    if isinstance(token, LivePersonError):
        return TokenFacts(
            works=False, lifetime_seconds=None, claims={}, sentence=f"{kind}: no token was issued. {token}"
        )
    if token is None:
        return TokenFacts(
            works=True,
            lifetime_seconds=None,
            claims={},
            sentence=f"{kind}: each request is signed individually; there is no token to expire.",
        )
    claims = _claims(token.value)
    valid = "for an unknown time" if token.lifetime is None else f"for {_span(token.lifetime)}"
    shown = "".join(f", {name} {claims[name]}" for name in (*_TEXTS, "exp") if name in claims)
    return TokenFacts(
        works=True,
        lifetime_seconds=token.lifetime,
        claims=claims,
        sentence=f"{kind}: a token is valid {valid}{shown}.",
    )


def _claims(token: str) -> dict[str, str]:
    """The claims of a JWT, without verifying its signature, which is LivePerson's business; none of an opaque token."""
    try:
        content = jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        return {}
    claims = {}
    for name in _TEXTS:
        value = content.get(name)
        if value is not None:
            claims[name] = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    for name in _TIMES:
        try:
            claims[name] = stamp(datetime.fromtimestamp(int(content[name]), UTC))
        except (KeyError, TypeError, ValueError, OverflowError, OSError):
            continue
    return claims


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
