"""Records as lines: one JSON value each, without line breaks."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

Line = bytes | memoryview
"""A record's bytes, or a view of the answer that it came in, which stays in memory as long as the view does."""


class ErasedLine(bytes):
    """A record of an erased person, which takes up its size in a part but is not written.

    So the parts of a window end at the same records, whether a person was erased from them or never landed.
    """


def written(lines: Sequence[Line]) -> Sequence[Line]:
    """Those of some lines that are written: all but those of erased persons.

    :param lines: the lines.
    """
    if ErasedLine not in map(type, lines):
        return lines
    return [line for line in lines if type(line) is not ErasedLine]


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
