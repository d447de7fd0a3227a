"""The one exception by which a part of the sandbox says no to a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """An answer with an error status.

    :param status: HTTP status.
    :param payload: the JSON body; None for an empty body.
    :param headers: further headers.
    """

    def __init__(self, status: int, payload: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"HTTP {status}: {payload}")
        self.status = status
        self.payload = payload
        self.headers = dict(headers or {})
