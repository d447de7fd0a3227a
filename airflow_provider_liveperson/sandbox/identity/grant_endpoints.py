"""Sentinel's token, refresh and revoke requests for web applications.

LivePerson pages ``authorizing-conversational-cloud-applications-methods-{token,refresh,token-revocation}-request``.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from airflow_provider_liveperson.sandbox.http.forms import read_form
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.identity.people import same
from airflow_provider_liveperson.sandbox.identity.sentinel import TokenResponse
from airflow_provider_liveperson.sandbox.identity.tokens import TokenRefused
from airflow_provider_liveperson.sandbox.state import SandboxState

_NO_STORE = {"Cache-Control": "no-store"}


async def token(request: Request) -> Response:
    """``POST /sentinel/api/account/{account}/token?v=1.0``: a code, or a refresh token, becomes tokens."""
    state: SandboxState = request.app.state.sandbox
    if request.query_params.get("v") != "1.0":
        raise _error("invalid_request", "The query parameter v must be 1.0")
    form = await read_form(request)
    _demand(form, "grant_type", "client_id", "client_secret")
    grant_type = form["grant_type"]
    if grant_type not in ("authorization_code", "refresh_token"):
        raise _error("unsupported_grant_type", "grant_type must be authorization_code or refresh_token")
    if not _is_client(request, state, form):
        # The page lists 200, 400 and 500 for this request, and no 401.
        raise _error("invalid_client", "The account, client id or client secret is wrong")
    _demand(form, "code" if grant_type == "authorization_code" else "refresh_token")
    try:
        if grant_type == "refresh_token":
            given = state.grants.refresh(form["refresh_token"])
        else:
            given = state.grants.redeem(
                form["code"],
                redirect_uri=form.get("redirect_uri"),
                verifier=form.get("code_verifier"),
            )
    except TokenRefused as refusal:
        raise _error("invalid_grant", str(refusal)) from None
    payload: dict[str, Any] = {
        "access_token": given.access_token,
        "token_type": "Bearer",
        "refresh_token": given.refresh_token,
    }
    if given.id_token is not None:
        payload["id_token"] = given.id_token
    if state.settings.token_expires_in:
        payload["expires_in"] = state.settings.access_token_lifetime_seconds
    return TokenResponse(payload, headers=_NO_STORE)


async def revoke(request: Request) -> Response:
    """``POST /sentinel/api/account/{account}/token/revoke?v=1.0``: end a grant and its user's sessions.

    LivePerson's page prints the query as ``?v1.0``. A token that is unknown is as good as revoked (RFC 7009,
    section 2.2).
    """
    state: SandboxState = request.app.state.sandbox
    query = request.scope["query_string"].decode("ascii", "replace")
    if query != "v=1.0" and (query != "v1.0" or state.settings.revoke_strict):
        raise _error("invalid_request", "The query parameter v must be 1.0")
    form = await read_form(request)
    _demand(form, "token", "client_id", "client_secret")
    if not _is_client(request, state, form):
        raise _error("invalid_client", "The account, client id or client secret is wrong", status=401)
    person = state.grants.revoke(form["token"])
    if person is not None:
        state.logins.end_all("was revoked with the user's other sessions", person=person)
    return Response(status_code=200, headers=_NO_STORE)


def _demand(form: dict[str, str], *names: str) -> None:
    missing = [name for name in names if not form.get(name)]
    if missing:
        raise _error("invalid_request", f"Missing: {' '.join(missing)}")


def _is_client(request: Request, state: SandboxState, form: dict[str, str]) -> bool:
    settings = state.settings
    return (
        request.path_params["account"] == settings.account_id
        and same(form["client_id"], settings.web_app_client_id)
        and same(form["client_secret"], settings.web_app_client_secret)
    )


def _error(name: str, description: str, *, status: int = 400) -> Refusal:
    """Make an error of RFC 6749, section 5.2."""
    return Refusal(status, {"error": name, "error_description": description}, _NO_STORE)


ROUTES: list[BaseRoute] = [
    Route("/sentinel/api/account/{account}/token", token, methods=["POST"]),
    Route("/sentinel/api/account/{account}/token/revoke", revoke, methods=["POST"]),
]
