"""The sandbox's one JSON encoder, imported when it is first used: the command line reads APIs, but encodes nothing."""

from __future__ import annotations

from typing import Any


def to_json(value: Any) -> bytes:
    """Encode.

    :param value: what to encode.
    """
    from pydantic_core import to_json as encode

    return encode(value)


def from_json(text: bytes) -> Any:
    """Decode.

    :param text: JSON.
    :raises ValueError: if it is not valid JSON.
    """
    from pydantic_core import from_json as decode

    return decode(text)
