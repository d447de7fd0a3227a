"""Records as lines: one JSON value each, without line breaks."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

Line = bytes | memoryview
"""A record's bytes, or a view of the answer that it came in, which is held as long as the view is."""


def lines(answer: bytes) -> Callable[[msgspec.Raw], Line]:
    """What makes a line of a record that was cut out of an answer.

    Where there are no line breaks to take out, that is a view: copying everything once more is a good part of what a
    pull costs.
    """
    return _copy if b"\n" in answer or b"\r" in answer else memoryview


def _copy(raw: msgspec.Raw) -> bytes:
    return one_line(bytes(raw))


def one_line(raw: bytes) -> bytes:
    """A JSON value without line breaks between its tokens, as JSON Lines wants it."""
    return msgspec.json.format(raw, indent=-1) if b"\n" in raw or b"\r" in raw else raw
