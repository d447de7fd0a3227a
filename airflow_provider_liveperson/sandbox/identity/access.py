"""Who may read an account's data."""

from __future__ import annotations

from collections.abc import Collection

from starlette.requests import Request

from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.identity.oauth1 import SignedRequest, refused
from airflow_provider_liveperson.sandbox.identity.tokens import TokenRefused
from airflow_provider_liveperson.sandbox.state import SandboxState
from airflow_provider_liveperson.sandbox.switches import CredentialName
from airflow_provider_liveperson.sandbox.world import ACCOUNT_ID_PATTERN

_NOT_AUTHENTICATED = "Not Authenticated"
_NOT_AUTHORIZED = "Not Authorized"


def admit(
    request: Request, body: bytes, state: SandboxState, *, accepted: Collection[CredentialName], to_read: str
) -> None:
    """Let a request for an account's data pass, or refuse it.

    :param request: the request; its path names the account.
    :param body: the raw body.
    :param state: the sandbox.
    :param accepted: the credential kinds that this API takes.
    :param to_read: what the permission is for, for the refusal's text.
    :raises Refusal: 400 for an account id that cannot be one, 401 for an unknown account or credential, and
        the status of ``audit_forbidden_status`` for a credential without the permission.
    """
    settings = state.settings
    account = request.path_params["account"]
    if not ACCOUNT_ID_PATTERN.fullmatch(account):
        raise Refusal(400, {"message": f"The account id must match {ACCOUNT_ID_PATTERN.pattern}"})
    credential = _credential(request, body, state)
    if account != settings.account_id:
        raise _bearer_refused("The credential is not for this account")
    if credential not in accepted:
        if credential == "oauth1":
            raise refused("token_rejected", "OAuth 1.0 is not accepted here")
        raise _bearer_refused("This kind of token is not accepted here")
    if credential in settings.missing_permission:
        advice = f"The credential lacks the permission to read {to_read}"
        if credential == "oauth1":
            refusal = refused("permission_denied", advice)
            raise Refusal(settings.audit_forbidden_status, {**refusal.payload, "message": _NOT_AUTHORIZED})
        raise Refusal(
            settings.audit_forbidden_status,
            {"error": "insufficient_scope", "error_description": advice, "message": _NOT_AUTHORIZED},
        )


def _credential(request: Request, body: bytes, state: SandboxState) -> CredentialName:
    """Verify the request's credential and name its kind."""
    authorization = request.headers.get("authorization", "")
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "oauth":
        state.api_key.check(_signed(request, authorization, body), body, state.settings)
        return "oauth1"
    if scheme.lower() != "bearer" or not value.strip():
        raise _bearer_refused("The request has no credential")
    token = value.strip()
    try:
        if state.logins.knows(token):
            state.logins.check(token)
            return "bearer"
        if state.grants.knows(token):
            state.grants.check(token)
            return "web_app"
        version = state.tokens.check(token, state.settings)
    except TokenRefused as refusal:
        raise _bearer_refused(str(refusal)) from None
    return "app_jwt_v1" if version == "v1" else "app_jwt_v2"


def _signed(request: Request, authorization: str, body: bytes) -> SignedRequest:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_form = media_type == "application/x-www-form-urlencoded"
    path = request.scope["raw_path"].decode("ascii").partition("?")[0]
    return SignedRequest(
        method=request.method,
        url=f"{request.scope['scheme']}://{request.headers.get('host', '')}{path}",
        query=request.scope["query_string"].decode("ascii", "replace"),
        authorization=authorization,
        form=body.decode("utf-8", "replace") if is_form else "",
    )


def _bearer_refused(description: str) -> Refusal:
    payload = {"error": "invalid_token", "error_description": description, "message": _NOT_AUTHENTICATED}
    return Refusal(401, payload, {"WWW-Authenticate": "Bearer"})
