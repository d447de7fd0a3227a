"""Records as lines: one JSON value each, without line breaks."""

from __future__ import annotations

import msgspec

Line = bytes | memoryview
"""A record's bytes, or a view of the answer that it came in, which stays in memory as long as the view does."""


def owned(line: Line) -> bytes:
    """A line that holds no more than itself."""
    return line if isinstance(line, bytes) else bytes(line)


def with_members(line: Line, members: bytes) -> bytes:
    """An object with members added behind its own, whose bytes stay as they are.

    :param line: the object.
    :param members: what to add, as it stands between the braces: ``"_product":"c2m"``.
    """
    whole = bytes(line)
    kind = type(line) if isinstance(line, bytes) else bytes
    head = whole[:-1]
    return kind(b"%b%b%b}" % (head, b"" if head.strip() == b"{" else b",", members))


def one_line(raw: bytes) -> bytes:
    """A JSON value without line breaks between its tokens, as JSON Lines wants it."""
    return msgspec.json.format(raw, indent=-1) if b"\n" in raw or b"\r" in raw else raw
