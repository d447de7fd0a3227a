"""The ASGI application: every endpoint, behind the front door."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint
from airflow_provider_liveperson.sandbox.http import control, domain
from airflow_provider_liveperson.sandbox.http.json_response import JsonResponse
from airflow_provider_liveperson.sandbox.http.middleware import ConnectionControl, Middleware
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.identity import (
    access,
    authorize,
    grant_endpoints,
    login_endpoints,
    sentinel,
)
from airflow_provider_liveperson.sandbox.state import SandboxState


def build_application(state: SandboxState, connections: ConnectionControl) -> ASGIApp:
    """Put the sandbox's endpoints together.

    :param state: what the sandbox remembers.
    :param connections: closes connections and waits, for the server, for faults.
    """
    application = Starlette(
        routes=[
            *domain.ROUTES,
            *sentinel.ROUTES,
            *authorize.ROUTES,
            *grant_endpoints.ROUTES,
            *login_endpoints.ROUTES,
            *(_route(state, api, endpoint) for api in state.apis.values() for endpoint in api.endpoints()),
            *control.routes(state),
        ],
        exception_handlers={Refusal: _refuse, HTTPException: _not_served},
    )
    application.state.sandbox = state
    return Middleware(application, state, connections)


def _route(state: SandboxState, api: Api[Any], endpoint: Endpoint) -> Route:
    """Make a path of an API one of the application's, behind the check of credentials."""

    async def respond(request: Request) -> Response:
        body = await request.body()
        access.admit(request, body, state, accepted=api.accepted(endpoint), to_read=endpoint.reads)
        api.ready()
        return _response(
            endpoint.answer(
                Call(
                    method=request.method,
                    path=request.url.path,
                    places=request.path_params,
                    query=request.query_params.multi_items(),
                    headers=dict(request.headers),
                    body=body,
                    fault=request.scope.get("sandbox.fault"),
                )
            )
        )

    return Route(endpoint.path, respond, methods=[endpoint.method])


def _response(answer: Answer) -> Response:
    if isinstance(answer.body, bytes):
        return Response(
            answer.body, status_code=answer.status, headers=dict(answer.headers), media_type=answer.media_type
        )
    return StreamingResponse(
        _parts(answer.body),
        status_code=answer.status,
        headers=dict(answer.headers),
        media_type=answer.media_type,
    )


async def _parts(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def _refuse(_request: Request, refusal: Exception) -> Response:
    if not isinstance(refusal, Refusal):
        raise refusal
    if refusal.payload is None:
        return Response(status_code=refusal.status, headers=refusal.headers)
    return JsonResponse(refusal.payload, status_code=refusal.status, headers=refusal.headers)


async def _not_served(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return JsonResponse({"message": error.detail}, status_code=error.status_code, headers=error.headers)
