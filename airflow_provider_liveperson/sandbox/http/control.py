"""The sandbox's own controls, under ``/_sandbox/``. No answer holds a secret."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from airflow_provider_liveperson import __version__
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.state import SandboxState

PREFIX = "/_sandbox/"


async def health(request: Request) -> Response:
    """``GET /_sandbox/health``: that it runs, and for which account."""
    state = _state(request)
    return JSONResponse(
        {
            "status": "ok",
            "version": __version__,
            "account_id": state.settings.account_id,
            "audit_rows": len(state.audit),
            "now": state.now(),
        }
    )


async def read_settings(request: Request) -> Response:
    """``GET /_sandbox/settings``: every setting but the secrets."""
    return JSONResponse(_state(request).settings.public())


async def change_settings(request: Request) -> Response:
    """``POST /_sandbox/settings`` with ``{"name": value, …}``: change switches."""
    switches = await _object(request)
    try:
        _state(request).configure(**switches)
    except ValueError as error:
        raise Refusal(400, {"message": str(error)}) from None
    return await read_settings(request)


async def truth(request: Request) -> Response:
    """``GET /_sandbox/truth/{dataset}?start=…&end=…``: what a complete read must give."""
    state = _state(request)
    dataset = request.path_params["dataset"]
    if dataset not in state.truths:
        raise Refusal(
            404, {"message": f"There is no truth about {dataset!r}; known: {', '.join(state.truths)}"}
        )
    try:
        start, end = (_moment(request.query_params.get(name), name) for name in ("start", "end"))
    except ValueError as error:
        raise Refusal(400, {"message": str(error)}) from None
    return JSONResponse({"rows": state.truths[dataset](start, end)})


async def add_fault(request: Request) -> Response:
    """``POST /_sandbox/faults`` with the parameters of a fault: let something go wrong."""
    description = await _object(request)
    try:
        fault = _state(request).faults.add(**description)
    except ValueError as error:
        raise Refusal(400, {"message": str(error)}) from None
    return JSONResponse(asdict(fault), status_code=201)


async def clear_faults(request: Request) -> Response:
    """``DELETE /_sandbox/faults``: let nothing go wrong any more."""
    _state(request).faults.clear()
    return Response(status_code=204)


async def change_conversations(request: Request) -> Response:
    """``POST /_sandbox/conversations``: ``{"insert": 3}``, ``{"touch": id}`` or ``{"submit_survey": id}``.

    Each may have a moment, ``"when": "2026-01-31T00:00:00Z"``; without it, it happens now.
    """
    payload = await _object(request)
    conversations = _state(request).conversations
    ids: list[str] = []
    try:
        when = _moment(payload["when"], "when") if "when" in payload else None
        if isinstance(payload.get("insert"), int):
            ids = conversations.insert(payload["insert"], when)
        elif isinstance(payload.get("touch"), str):
            conversations.touch(payload["touch"], when)
        elif isinstance(payload.get("submit_survey"), str):
            conversations.submit_survey(payload["submit_survey"], when)
        else:
            raise ValueError("The body must have insert, a number, or touch or submit_survey, an id")
    except KeyError as error:
        raise Refusal(404, {"message": f"There is no conversation {error}"}) from None
    except ValueError as error:
        raise Refusal(400, {"message": str(error)}) from None
    return JSONResponse({"ids": ids, "conversations": len(conversations)})


async def requests(request: Request) -> Response:
    """``GET /_sandbox/requests``: every request so far, without header values and secrets."""
    state = _state(request)
    secrets = state.secrets()
    return JSONResponse({"requests": [recorded.public(secrets) for recorded in list(state.requests)]})


async def rotate_keys(request: Request) -> Response:
    """``POST /_sandbox/rotate-keys``: sign V2 App-JWTs and id tokens with new keys."""
    return JSONResponse({"kid": _state(request).rotate_keys()})


async def clock_offset(request: Request) -> Response:
    """``POST /_sandbox/clock-offset`` with ``{"seconds": n}``: set the sandbox's clock ahead, or behind."""
    payload = await _object(request)
    try:
        _state(request).configure(clock_offset_seconds=payload.get("seconds"))
    except ValueError as error:
        raise Refusal(400, {"message": str(error)}) from None
    return JSONResponse({"now": _state(request).now()})


async def reset(request: Request) -> Response:
    """``POST /_sandbox/reset``: return to the first settings and data."""
    _state(request).reset()
    return Response(status_code=204)


def _state(request: Request) -> SandboxState:
    state: SandboxState = request.app.state.sandbox
    return state


async def _object(request: Request) -> dict[str, Any]:
    try:
        payload = json.loads(await request.body())
    except ValueError:
        payload = None
    if not isinstance(payload, dict):
        raise Refusal(400, {"message": "The body must be a JSON object"})
    return payload


def _moment(text: str | None, name: str) -> datetime:
    # A plus sign that was not percent-encoded arrives as a blank.
    moment = datetime.fromisoformat((text or "").replace(" ", "+"))
    if moment.tzinfo is None:
        raise ValueError(f"{name} must have an offset, such as 2026-01-31T00:00:00Z")
    return moment


ROUTES: list[BaseRoute] = [
    Route(PREFIX + "health", health),
    Route(PREFIX + "settings", read_settings, methods=["GET"]),
    Route(PREFIX + "settings", change_settings, methods=["POST"]),
    Route(PREFIX + "truth/{dataset}", truth),
    Route(PREFIX + "faults", add_fault, methods=["POST"]),
    Route(PREFIX + "faults", clear_faults, methods=["DELETE"]),
    Route(PREFIX + "conversations", change_conversations, methods=["POST"]),
    Route(PREFIX + "requests", requests),
    Route(PREFIX + "rotate-keys", rotate_keys, methods=["POST"]),
    Route(PREFIX + "clock-offset", clock_offset, methods=["POST"]),
    Route(PREFIX + "reset", reset, methods=["POST"]),
]
