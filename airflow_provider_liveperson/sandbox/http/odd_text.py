"""Texts that people wrote and some system cut: what they do to the JSON of an answer."""

from __future__ import annotations

import re
from typing import Literal

OddText = Literal["none", "half_pairs", "not_utf8"]

FIELDS = (
    "name",
    "nickname",
    "description",
    "agentUserName",
    "originator",
    "objectName",
    "newValue",
    "latestAgentFullName",
    "latestAgentNickname",
    "agentFullName",
    "agentNickname",
    "agentName",
    "text",
    "skill",
    "errorMessage",
    "apiType",
    "answer",
)
"""Fields that hold texts, of every kind of record; most of them are texts of people."""

# Avro's JSON has a text in an object that says so.
_TEXTS = re.compile(rb'("(?:%b)":\s*(?:\{"string":\s*)?"(?:[^"\\]|\\.)+)"' % "|".join(FIELDS).encode())
_ENDS = {"half_pairs": rb"\ud83d", "not_utf8": b"\xc3"}


def spoil(body: bytes, kind: OddText) -> bytes:
    """Let texts of people end in the middle of a character.

    :param body: JSON.
    :param kind: ``half_pairs`` for half of a surrogate pair as an escape, which JSON allows; ``not_utf8`` for the
        first byte of two, which it does not.
    """
    if kind == "none":
        return body
    end = _ENDS[kind]
    return _TEXTS.sub(lambda found: found[1] + end + b'"', body)
