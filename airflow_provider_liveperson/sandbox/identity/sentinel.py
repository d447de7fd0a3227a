"""Sentinel: App-JWTs for client credentials (LivePerson page ``oauth-2-0-client-credentials``)."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from airflow_provider_liveperson.sandbox.http.forms import read_form
from airflow_provider_liveperson.sandbox.http.json_response import JsonResponse
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.identity.people import same
from airflow_provider_liveperson.sandbox.identity.tokens import TokenVersion
from airflow_provider_liveperson.sandbox.settings import SandboxSettings
from airflow_provider_liveperson.sandbox.state import SandboxState


class TokenResponse(JsonResponse):
    """JSON with the media type that Sentinel's pages show."""

    media_type = "application/json;charset=utf-8"


async def token_v1(request: Request) -> Response:
    """``POST /sentinel/api/account/{account}/app/token?v=1.0``."""
    settings = _state(request).settings
    if request.query_params.get("v") != "1.0":
        raise _error(settings, "invalid_request", "The query parameter v must be 1.0")
    parameters = await read_form(request)
    if not settings.token_body_required:
        parameters = {**request.query_params, **parameters}
    return _answer(request, "v1", parameters)


async def token_v2(request: Request) -> Response:
    """``POST /sentinel/api/v2/account/{account}/app/token``."""
    return _answer(request, "v2", await read_form(request))


async def jwks(request: Request) -> Response:
    """``GET /sentinel/well-known/jwks``: the keys of V2 App-JWTs and of ``id_token``."""
    state = _state(request)
    keys = state.tokens.keys.published()
    if state.settings.id_token_keys_published:
        keys += state.grants.keys.published()
    return JsonResponse({"keys": keys})


def _state(request: Request) -> SandboxState:
    state: SandboxState = request.app.state.sandbox
    return state


def _answer(request: Request, version: TokenVersion, parameters: dict[str, str]) -> Response:
    state = _state(request)
    settings = state.settings
    missing = [name for name in ("grant_type", "client_id", "client_secret") if not parameters.get(name)]
    if missing:
        raise _error(settings, "invalid_request", f"Missing: {' '.join(missing)}")
    if parameters["grant_type"] != "client_credentials":
        raise _error(settings, "unsupported_grant_type", "Only client_credentials is supported here")
    known = (
        request.path_params["account"] == settings.account_id
        and same(parameters["client_id"], settings.client_id)
        and same(parameters["client_secret"], settings.client_secret)
    )
    if not known:
        raise _error(settings, "invalid_client", "The account, client id or client secret is wrong")
    if not set(parameters.get("scope", "").split()) <= set(settings.app_scope.split()):
        raise _error(settings, "invalid_scope", "The scope goes beyond what is registered")
    payload: dict[str, Any] = {"access_token": state.tokens.issue(version, settings), "token_type": "Bearer"}
    if settings.jwt_expires_in:
        payload["expires_in"] = settings.jwt_lifetime_seconds
    return TokenResponse(payload, headers={"Cache-Control": "no-store"})


def _error(settings: SandboxSettings, name: str, description: str) -> Refusal:
    """Make an error of RFC 6749, section 5.2."""
    unauthorized = name == "invalid_client" and settings.sentinel_error_status == "rfc"
    return Refusal(401 if unauthorized else 400, {"error": name, "error_description": description})


ROUTES: list[BaseRoute] = [
    Route("/sentinel/api/account/{account}/app/token", token_v1, methods=["POST"]),
    Route("/sentinel/api/v2/account/{account}/app/token", token_v2, methods=["POST"]),
    Route("/sentinel/well-known/jwks", jwks),
]
