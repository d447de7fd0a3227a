"""How the sandbox writes JSON, and reads it."""

from __future__ import annotations

from typing import Any

import msgspec


def to_json(value: Any) -> bytes:
    """Encode.

    :param value: what to encode.
    """
    # Imported when it is first used: the command line reads APIs, but encodes nothing.
    from pydantic_core import to_json as encode

    return encode(value)


def from_json(text: bytes) -> Any:
    """Decode.

    :param text: JSON.
    :raises ValueError: if it is not valid JSON.
    """
    return msgspec.json.decode(text)
