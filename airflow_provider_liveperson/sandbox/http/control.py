"""The sandbox's own controls, under ``/_sandbox/``. No answer holds a secret."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from airflow_provider_liveperson import __version__
from airflow_provider_liveperson.sandbox.apis.api import Api
from airflow_provider_liveperson.sandbox.http.json_response import JsonResponse
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.state import SandboxState

PREFIX = "/_sandbox/"


async def health(request: Request) -> Response:
    """``GET /_sandbox/health``: that it runs, and for which account."""
    state = _state(request)
    return JsonResponse(
        {
            "status": "ok",
            "version": __version__,
            "account_id": state.settings.account_id,
            **{name: size for api in state.apis.values() for name, size in api.ready().sizes().items()},
            "now": state.now(),
        }
    )


async def read_settings(request: Request) -> Response:
    """``GET /_sandbox/settings``: every setting but the secrets."""
    return JsonResponse(_state(request).settings.public())


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
    try:
        api = state.api_of(dataset)
        start, end = (_moment(request.query_params.get(name), name) for name in ("start", "end"))
    except KeyError as error:
        raise Refusal(404, {"message": error.args[0]}) from None
    except ValueError as error:
        raise Refusal(400, {"message": str(error)}) from None
    return JsonResponse({"rows": api.truth(dataset, start, end)})


async def add_fault(request: Request) -> Response:
    """``POST /_sandbox/faults`` with the parameters of a fault: let something go wrong."""
    description = await _object(request)
    try:
        fault = _state(request).faults.add(**description)
    except ValueError as error:
        raise Refusal(400, {"message": str(error)}) from None
    return JsonResponse(asdict(fault), status_code=201)


async def clear_faults(request: Request) -> Response:
    """``DELETE /_sandbox/faults``: let nothing go wrong any more."""
    _state(request).faults.clear()
    return Response(status_code=204)


async def change_data(request: Request) -> Response:
    """``POST /_sandbox/data/{dataset}`` with ``{"insert": 3}`` or ``{"change": true}``: change what can be read.

    Either may have a moment, ``"when": "2026-01-31T00:00:00Z"``; without it, it happens now.
    """
    state, dataset = _state(request), request.path_params["dataset"]
    payload = await _object(request)
    try:
        api = state.api_of(dataset)
        when = _moment(payload["when"], "when") if "when" in payload else None
        count = payload.get("insert")
        if isinstance(count, int) and not isinstance(count, bool) and count > 0:
            return JsonResponse({"inserted": api.insert(dataset, count, when)})
        if payload.get("change") is True:
            return JsonResponse({"changed": api.change(dataset, when)})
        raise ValueError("The body must have insert, a number, or change, which is true")
    except KeyError as error:
        raise Refusal(404, {"message": error.args[0]}) from None
    except ValueError as error:
        raise Refusal(400, {"message": str(error)}) from None


async def requests(request: Request) -> Response:
    """``GET /_sandbox/requests``: every request so far, without header values and secrets."""
    state = _state(request)
    secrets = state.secrets()
    return JsonResponse({"requests": [recorded.public(secrets) for recorded in list(state.requests)]})


async def rotate_keys(request: Request) -> Response:
    """``POST /_sandbox/rotate-keys``: sign V2 App-JWTs and id tokens with new keys."""
    return JsonResponse({"kid": _state(request).rotate_keys()})


async def clock_offset(request: Request) -> Response:
    """``POST /_sandbox/clock-offset`` with ``{"seconds": n}``: set the sandbox's clock ahead, or behind."""
    payload = await _object(request)
    try:
        _state(request).configure(clock_offset_seconds=payload.get("seconds"))
    except ValueError as error:
        raise Refusal(400, {"message": str(error)}) from None
    return JsonResponse({"now": _state(request).now()})


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


def _further(api: Api[Any], name: str) -> Callable[[Request], Awaitable[Response]]:
    """Make an endpoint of an API's own control."""

    async def respond(request: Request) -> Response:
        payload = await _object(request)
        control = api.ready().controls()[name]
        try:
            return JsonResponse(control(payload))
        except KeyError as error:
            raise Refusal(404, {"message": error.args[0]}) from None
        except ValueError as error:
            raise Refusal(400, {"message": str(error)}) from None

    return respond


def routes(state: SandboxState) -> list[BaseRoute]:
    """Return every control.

    :param state: what the sandbox remembers; its APIs may have controls of their own.
    """
    return [
        Route(PREFIX + "health", health),
        Route(PREFIX + "settings", read_settings, methods=["GET"]),
        Route(PREFIX + "settings", change_settings, methods=["POST"]),
        Route(PREFIX + "truth/{dataset}", truth),
        Route(PREFIX + "data/{dataset}", change_data, methods=["POST"]),
        Route(PREFIX + "faults", add_fault, methods=["POST"]),
        Route(PREFIX + "faults", clear_faults, methods=["DELETE"]),
        Route(PREFIX + "requests", requests),
        Route(PREFIX + "rotate-keys", rotate_keys, methods=["POST"]),
        Route(PREFIX + "clock-offset", clock_offset, methods=["POST"]),
        Route(PREFIX + "reset", reset, methods=["POST"]),
        *(
            Route(PREFIX + name, _further(api, name), methods=["POST"])
            for api in state.apis.values()
            for name in api.controls()
        ),
    ]
