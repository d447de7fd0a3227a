"""JSON answers by the encoder that the data APIs use."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json
from starlette.responses import JSONResponse


class JsonResponse(JSONResponse):
    """An answer of JSON."""

    def render(self, content: Any) -> bytes:
        """Encode the answer's body.

        :param content: what to send.
        """
        return to_json(content)
