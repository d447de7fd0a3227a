"""Takes secrets out of text that people will read.

A server may echo a secret in whatever encoding it likes. So it is not the secret that is spelled in every way, but the
text that is decoded, step by step: each step undoes one layer of percent-encoding, JSON escapes and HTML entities, and
remembers where every character came from. What is found in a decoded text is masked where it stands in the original.
Text is cut to a bound first, and every step is linear in its length: hostile text costs no more than other text.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

MAX_TEXT = 16_384
MAX_EXCERPT = 500
MASK = "***"

MAX_LAYERS = 3
"""Layers of encoding that are undone, of whatever kinds."""

_SHORTEST_BASE64 = 6
_SHORTEST_REST = 6

# No quantifier can run over a place where it may begin too, except for a bounded length: matching stays linear.
_CREDENTIAL_SHAPES = re.compile(
    r"""eyJ[\w-]{8,}(?:\.[\w-]*)*                                # a JWT, or its beginning
      | (?:(?<![^\W_])oauth_\w{1,32}                              # a named value
          |client_secret|access_token|refresh_token|bearer|password)
        ["']?\s{0,8}[=:]\s{0,8}["']?(?!problem)[^\s"'&,}]+
      | \bBearer\s{1,8}[^\s"',}]+""",
    re.VERBOSE | re.IGNORECASE,
)
_HARMLESS = re.compile(r"oauth_problem(?:_advice)?\s{0,8}=", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]+")
_ENCODED = re.compile(
    r"""(?P<percent>(?:%[0-9A-Fa-f]{2})+)
      | \\u(?P<pair>[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2})
      | \\(?:u(?P<four>[0-9A-Fa-f]{4})|x(?P<two>[0-9A-Fa-f]{2})|(?P<one>["'\\/bfnrt]))
      | &(?P<entity>\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});""",
    re.VERBOSE,
)
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_BASE64 = re.compile(r"[A-Za-z0-9+/_=-]+")
_STANDARD_BASE64 = str.maketrans("-_", "+/")

Span = tuple[int, int]


def hide(text: str, secrets: Iterable[str]) -> str:
    """Replace known secrets by ``***``, in any spelling that a server may echo.

    Case is ignored. Recognized are: the plain text; up to three layers of percent-encoding, form encoding, JSON and
    other backslash escapes and HTML entities, also mixed; base64 of the secret, alone or inside another text. So is
    the beginning of a secret at the end of the text, where it may have been cut off.

    :param text: text that users will read; cut to :data:`MAX_TEXT` characters.
    :param secrets: the values that must not appear.
    """
    text = text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
    known = {secret for secret in secrets if secret}
    if not known:
        return text
    spellings = {_lower(secret) for secret in known}
    spellings |= {spelling.replace(" ", "+") for spelling in spellings}
    spans = [span for layer in _layers(text) for span in layer.spans(spellings)]
    spans += _base64_spans(text, known)
    return _masked(text, spans)


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """Replace known secrets, and anything that looks like a credential, by ``***``; at most 500 characters.

    :param text: text from outside, an answer's body for example.
    :param secrets: the values that must not appear, in any encoding that a server may echo.
    """
    text = hide(text, secrets)
    text = _CREDENTIAL_SHAPES.sub(lambda m: m[0] if _HARMLESS.match(m[0]) else MASK, text)
    text = _UNPRINTABLE.sub(" ", text).strip()
    return text if len(text) <= MAX_EXCERPT else text[: MAX_EXCERPT - 1] + "…"


class _Layer:
    """A text after some layers of encoding have been undone.

    :param text: the text.
    :param places: where each of its characters begins in the original, followed by where the original ends.
    """

    def __init__(self, text: str, places: list[int]) -> None:
        self.text = text
        self.places = places

    def spans(self, secrets: Iterable[str]) -> Iterator[Span]:
        """Where secrets are in the original.

        :param secrets: in lower case.
        """
        text = _lower(self.text)
        for secret in secrets:
            start = text.find(secret)
            while start >= 0:
                yield self.places[start], self.places[start + len(secret)]
                start = text.find(secret, start + len(secret))
            if rest := _beginning_at_end(text.rstrip("…"), secret):
                yield self.places[len(text.rstrip("…")) - rest], self.places[-1]

    def decoded(self) -> _Layer:
        """The text with one more layer undone."""
        pieces: list[str] = []
        places: list[int] = []
        at = 0
        for found in _ENCODED.finditer(self.text):
            pieces.append(self.text[at : found.start()])
            places += self.places[at : found.start()]
            at = found.start()
            for character, width in _characters(found):
                pieces.append(character)
                places.append(self.places[at])
                at += width
        pieces.append(self.text[at:])
        places += self.places[at:]
        return _Layer("".join(pieces), places)


def _layers(text: str) -> Iterator[_Layer]:
    layer = _Layer(text, list(range(len(text) + 1)))
    yield layer
    for _ in range(MAX_LAYERS):
        below, layer = layer, layer.decoded()
        if layer.text == below.text:
            return
        yield layer


def _characters(found: re.Match[str]) -> Iterator[tuple[str, int]]:
    """The characters that an encoded sequence stands for, each with the length it takes in the text."""
    whole = found[0]
    if found["percent"]:
        for character in bytes.fromhex(whole.replace("%", "")).decode("utf-8", "surrogateescape"):
            yield character, 3 * len(character.encode("utf-8", "surrogateescape"))
    elif found["pair"]:
        units = bytes.fromhex(whole.replace("\\u", ""))
        yield units.decode("utf-16-be"), len(whole)
    elif found["entity"] and len(character := html.unescape(whole)) == 1:
        yield character, len(whole)
    elif found["entity"]:
        yield from ((character, 1) for character in whole)
    elif found["one"]:
        yield _SHORT.get(found["one"], found["one"]), len(whole)
    else:
        yield chr(int(found["four"] or found["two"], 16)), len(whole)


def _beginning_at_end(text: str, secret: str) -> int:
    """How many of a secret's first characters are at the end of a text; 0 for a few, which prove nothing."""
    longest = min(len(text), len(secret) - 1)
    return next((size for size in range(longest, _SHORTEST_REST - 1, -1) if text.endswith(secret[:size])), 0)


def _base64_spans(text: str, secrets: Iterable[str]) -> Iterator[Span]:
    """Where base64 words are that contain a secret, whatever is before and after it in the encoded text."""
    cores = {core for secret in secrets for core in _cores(secret)}
    for word in _BASE64.finditer(text):
        plain = word[0].translate(_STANDARD_BASE64)
        if any(core in plain for core in cores):
            yield word.span()


def _cores(secret: str) -> Iterator[str]:
    data = secret.encode("utf-8", "surrogatepass")
    if len(data) < _SHORTEST_BASE64:
        return
    for before in range(3):
        # Characters of the first and last group that also encode other bytes are left out.
        encoded = base64.b64encode(b"\0" * before + data).decode()
        first = -(-before * 8 // 6)
        yield encoded[first : (before + len(data)) * 8 // 6]


def _masked(text: str, spans: list[Span]) -> str:
    if not spans:
        return text
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    edges = [0, *(edge for span in joined for edge in span), len(text)]
    return MASK.join(text[start:end] for start, end in list(pairwise(edges))[::2])


def _lower(text: str) -> str:
    """In lower case, character by character, so that every one keeps its place."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(character if len(character.lower()) > 1 else character.lower() for character in text)
