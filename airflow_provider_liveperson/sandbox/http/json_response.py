"""JSON answers by the encoder that the data APIs use."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

from airflow_provider_liveperson.sandbox.encoding import to_json


class JsonResponse(JSONResponse):
    """An answer of JSON."""

    def render(self, content: Any) -> bytes:
        """Encode the answer's body.

        :param content: what to send.
        """
        return to_json(content)
