"""Takes secrets out of text that people will read."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

LONGEST_EXCERPT = 500
MASK = "***"

_CREDENTIAL_SHAPES = re.compile(
    r"""eyJ[\w-]{8,}(?:\.[\w-]*)*                                                # a JWT, or its beginning
      | (?:oauth_\w+|client_secret|access_token|refresh_token|bearer|password)   # a named value
        ["']?\s*[=:]\s*["']?(?!problem)[^\s"'&,}]+
      | \bBearer\s+[^\s"',}]+""",
    re.VERBOSE | re.IGNORECASE,
)
_HARMLESS = re.compile(r"oauth_problem(?:_advice)?\s*=", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]+")


def hide(text: str, secrets: Iterable[str]) -> str:
    """Replace known secrets by ``***``, in any spelling that a server may echo.

    :param text: text that people will read.
    :param secrets: the values that must not appear.
    """
    spellings = {spelling for secret in secrets if secret for spelling in _spellings(secret)}
    for spelling in sorted(spellings, key=len, reverse=True):  # one secret may be part of another
        text = re.sub(re.escape(spelling), MASK, text, flags=re.IGNORECASE)
    return text


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """Replace known secrets, and whatever looks like a credential, by ``***``; at most 500 characters.

    :param text: text from outside, an answer's body for example.
    :param secrets: the values that must not appear, in any encoding that a server may echo.
    """
    text = hide(text, secrets)
    text = _CREDENTIAL_SHAPES.sub(lambda m: m[0] if _HARMLESS.match(m[0]) else MASK, text)
    text = _UNPRINTABLE.sub(" ", text).strip()
    return text if len(text) <= LONGEST_EXCERPT else text[: LONGEST_EXCERPT - 1] + "…"


def _spellings(secret: str) -> set[str]:
    percent = quote(secret, safe="")
    return {
        secret,
        percent,
        quote(percent, safe=""),
        quote(secret),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret),
    }
