"""The query parameter ``source``, by which callers of the data APIs name themselves."""

from __future__ import annotations

import re
from typing import Literal

from starlette.requests import Request

_SOURCE = re.compile(r"[a-zA-Z0-9_]{1,20}", re.ASCII)


def why_source_is_refused(request: Request, rule: Literal["strict", "lenient"]) -> str | None:
    """Tell what is wrong with a request's ``source``.

    :param request: the request.
    :param rule: whether anything can be wrong at all.
    :return: a sentence for the answer; None if the request may pass.
    """
    if rule == "lenient":
        return None
    source = request.query_params.get("source")
    if source is None:
        return "source: the parameter is required"
    if not _SOURCE.fullmatch(source):
        return f"source: must match ^{_SOURCE.pattern}$"
    return None
