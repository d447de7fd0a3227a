"""The ASGI application: every endpoint, behind the front door."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from airflow_provider_liveperson.sandbox.apis.account_config import endpoints as account_config
from airflow_provider_liveperson.sandbox.apis.agent_activity import endpoints as agent_activity
from airflow_provider_liveperson.sandbox.apis.audit_trail import endpoints as audit_trail
from airflow_provider_liveperson.sandbox.apis.messaging_interactions import (
    endpoints as messaging_interactions,
)
from airflow_provider_liveperson.sandbox.http import control, domain
from airflow_provider_liveperson.sandbox.http.middleware import ConnectionControl, Middleware
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.identity import authorize, grant_endpoints, login_endpoints, sentinel
from airflow_provider_liveperson.sandbox.state import SandboxState


def build_application(state: SandboxState, wire: ConnectionControl) -> ASGIApp:
    """Put the sandbox's endpoints together.

    :param state: what the sandbox remembers.
    :param wire: the server's hold on its connections, for faults.
    """
    application = Starlette(
        routes=[
            *domain.ROUTES,
            *sentinel.ROUTES,
            *authorize.ROUTES,
            *grant_endpoints.ROUTES,
            *login_endpoints.ROUTES,
            *audit_trail.ROUTES,
            *agent_activity.ROUTES,
            *account_config.ROUTES,
            *messaging_interactions.ROUTES,
            *control.ROUTES,
        ],
        exception_handlers={Refusal: _refuse, HTTPException: _not_served},
    )
    application.state.sandbox = state
    return Middleware(application, state, wire)


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
