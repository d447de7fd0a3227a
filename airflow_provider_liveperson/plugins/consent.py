"""The consent of a LivePerson user: authorize, refresh, revoke, and LivePerson's callback."""

from __future__ import annotations

import logging
import secrets
from contextlib import closing
from typing import Any

from fastapi import HTTPException
from fastapi.responses import RedirectResponse, Response

from airflow_provider_liveperson.client.credentials.authorization import authorize_url, challenge_of
from airflow_provider_liveperson.client.scrubbing import scrub
from airflow_provider_liveperson.hooks.web_app import LivePersonWebAppHook
from airflow_provider_liveperson.plugins import pending, signatures
from airflow_provider_liveperson.plugins.access import FAILURES
from airflow_provider_liveperson.plugins.addresses import airflow_url
from airflow_provider_liveperson.plugins.answers import back
from airflow_provider_liveperson.plugins.callers import CallerDep, ConnectionDep, web_app_connection
from airflow_provider_liveperson.plugins.rows import iso

log = logging.getLogger(__name__)


def authorize(caller: CallerDep, conn_id: ConnectionDep) -> Response:
    """``POST /liveperson/authorize``: send the browser to LivePerson."""
    hook = LivePersonWebAppHook(conn_id)
    try:
        with closing(hook.client_for_consent()) as client:
            sentinel = client.base_url("sentinel")
        settings = hook.consent_settings(airflow_url(caller.request))
    except FAILURES as error:
        return back(caller, str(error), bad=True)
    nonce = secrets.token_urlsafe(32)
    verifier = secrets.token_urlsafe(64) if settings.pkce else None
    begun = pending.Pending(nonce=nonce, redirect_uri=settings.redirect_uri, code_verifier=verifier)
    pending.begin(conn_id, begun)
    url = authorize_url(
        sentinel,
        account_id=client.account_id,
        client_id=settings.client_id,
        redirect_uri=settings.redirect_uri,
        state=signatures.state(caller.id, caller.browser, conn_id, nonce),
        code_challenge=challenge_of(verifier) if verifier else None,
    )
    log.info("Airflow user %s asks LivePerson for consent for connection %s", caller.id, conn_id)
    return RedirectResponse(url, status_code=303)


def callback(
    caller: CallerDep,
    state: str = "",
    code: str = "",
    error: str = "",
    error_description: str = "",
) -> Response:
    """``GET /liveperson/callback``: LivePerson sends the browser back."""
    known = caller.browser and signatures.read_state(state, caller.id, caller.browser)
    if not known:
        raise HTTPException(
            400,
            "This answer from LivePerson does not belong to an authorization that you started in this browser within"
            " the last ten minutes. Go back to the LivePerson page and press Authorize again.",
        )
    conn_id, nonce = known
    web_app_connection(caller, conn_id)
    begun = pending.take(conn_id, nonce)
    if begun is None:
        raise HTTPException(
            400,
            "This answer from LivePerson was used before, or another authorization of the connection has been started"
            " since. Go back to the LivePerson page and press Authorize again.",
        )
    if error or not code:
        why = scrub(f"{error}: {error_description}" if error_description else error, [code])[:300]
        return back(
            caller,
            f"{conn_id}: LivePerson did not authorize the connection ({why or 'it sent no code'}).",
            bad=True,
            whole=True,
        )
    hook = LivePersonWebAppHook(conn_id)
    try:
        with closing(hook.client_for_consent()) as client:
            grant = _credential(client).authorize(
                code=code,
                redirect_uri=begun.redirect_uri,
                code_verifier=begun.code_verifier,
                authorized_by=str(caller.user.get_name()),
            )
    except FAILURES as failure:
        return back(caller, f"{conn_id}: {failure}", bad=True, whole=True)
    log.info("Airflow user %s has authorized connection %s", caller.id, conn_id)
    return back(
        caller,
        f"{conn_id} is authorized; its access token is valid until {iso(grant.expires_at)}.",
        whole=True,
    )


def refresh(caller: CallerDep, conn_id: ConnectionDep) -> Response:
    """``POST /liveperson/refresh``: renew the tokens now."""
    try:
        with closing(LivePersonWebAppHook(conn_id).client_for_consent()) as client:
            grant = _credential(client).keep_alive()
    except FAILURES as error:
        return back(caller, f"{conn_id}: {error}", bad=True)
    if grant.renewal_begun_at:
        return back(caller, f"{conn_id} was not refreshed; the row below says why.", bad=True)
    return back(caller, f"{conn_id} is refreshed; its access token is valid until {iso(grant.expires_at)}.")


def revoke(caller: CallerDep, conn_id: ConnectionDep) -> Response:
    """``POST /liveperson/revoke``: end the consent."""
    try:
        with closing(LivePersonWebAppHook(conn_id).client_for_consent()) as client:
            _credential(client).revoke()
    except FAILURES as error:
        return back(caller, f"{conn_id}: {error}", bad=True)
    log.info("Airflow user %s has revoked the consent of connection %s", caller.id, conn_id)
    return back(caller, f"The consent of {conn_id} is revoked.")


def _credential(client: Any) -> Any:
    return client.credential
