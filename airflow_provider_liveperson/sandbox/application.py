"""The ASGI application: every endpoint, behind the front door."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from airflow_provider_liveperson.sandbox.endpoints import (
    account_config,
    activity,
    audit,
    authorize,
    control,
    domain,
    grants,
    login,
    messaging,
    sentinel,
)
from airflow_provider_liveperson.sandbox.front_door import FrontDoor, Wire
from airflow_provider_liveperson.sandbox.refusal import Refusal
from airflow_provider_liveperson.sandbox.state import SandboxState


def build_application(state: SandboxState, wire: Wire) -> ASGIApp:
    """Put the sandbox's endpoints together.

    :param state: what the sandbox remembers.
    :param wire: the server's hold on its connections, for faults.
    """
    application = Starlette(
        routes=[
            *domain.ROUTES,
            *sentinel.ROUTES,
            *authorize.ROUTES,
            *grants.ROUTES,
            *login.ROUTES,
            *audit.ROUTES,
            *activity.ROUTES,
            *account_config.ROUTES,
            *messaging.ROUTES,
            *control.ROUTES,
        ],
        exception_handlers={Refusal: _refuse, HTTPException: _not_served},
    )
    application.state.sandbox = state
    return FrontDoor(application, state, wire)


async def _refuse(_request: Request, refusal: Exception) -> Response:
    if not isinstance(refusal, Refusal):
        raise refusal
    if refusal.payload is None:
        return Response(status_code=refusal.status, headers=refusal.headers)
    return JSONResponse(refusal.payload, status_code=refusal.status, headers=refusal.headers)


async def _not_served(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse({"message": error.detail}, status_code=error.status_code, headers=error.headers)
