"""Sentinel's authorize request, with the pages to log in and to consent.

LivePerson page ``authorizing-conversational-cloud-applications-methods-authorization-request``. The pages carry
the authorize request in their own URL and check it again each time, so nothing can be left half done.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from airflow_provider_liveperson.sandbox.http.forms import read_form
from airflow_provider_liveperson.sandbox.identity.pages import page
from airflow_provider_liveperson.sandbox.identity.people import find_person, same
from airflow_provider_liveperson.sandbox.identity.redirect_uris import (
    why_redirect_uri_is_refused,
    with_parameters,
)
from airflow_provider_liveperson.sandbox.identity.sso import SsoSession
from airflow_provider_liveperson.sandbox.settings import SandboxSettings
from airflow_provider_liveperson.sandbox.state import SandboxState
from airflow_provider_liveperson.sandbox.world import ACCOUNT_ID_PATTERN

SESSION_COOKIE = "liveperson_sandbox_session"
_FORM_COOKIE = "liveperson_sandbox_form"
_COOKIES_FOR = "/sentinel"

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_STALE = "This page is out of date. Please try again."
_WRONG = "The user name or the password is wrong."
_BLOCKED = "LivePerson Support has blocked this user."


@dataclass(frozen=True, kw_only=True, slots=True)
class _AuthorizeRequest:
    """An authorize request whose account, client and redirect URI are valid.

    :param redirect_uri: where the browser returns to.
    :param named_uri: whether the request said so itself.
    :param state: what returns with it.
    :param challenge: PKCE challenge, S256.
    :param query: the request's query string.
    """

    redirect_uri: str
    named_uri: bool
    state: str | None
    challenge: str | None
    query: str


class _EarlyAnswer(Exception):
    """The request was answered before it was read whole.

    :param answer: with this.
    """

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


async def authorize(request: Request) -> Response:
    """``GET /sentinel/api/account/{account}/authorize?v=1.0&response_type=code&client_id=…&redirect_uri=…``."""
    try:
        wanted = _read(request)
    except _EarlyAnswer as answered:
        return answered.answer
    session = _session(request)
    if session is None:
        return _to_page(request, "sign_in", wanted)
    if _must_ask(request, session):
        return _to_page(request, "consent", wanted)
    return _with_code(request, wanted, session)


async def sign_in(request: Request) -> Response:
    """``GET`` and ``POST /sentinel/account/{account}/sign-in``: the login page."""
    try:
        wanted = _read(request)
    except _EarlyAnswer as answered:
        return answered.answer
    secret = request.cookies.get(_FORM_COOKIE) or secrets.token_hex(16)
    username, complaint, status = "", "", 200
    if request.method == "POST":
        form = await read_form(request)
        username = form.get("username", "")
        session, complaint, status = _logged_in(request, form)
        if session is not None:
            answer = _to_page(request, "authorize", wanted, status=303)
            answer.set_cookie(SESSION_COOKIE, session.id, path=_COOKIES_FOR, httponly=True, samesite="lax")
            answer.delete_cookie(_FORM_COOKIE, path=_COOKIES_FOR, httponly=True, samesite="lax")
            return answer
    elif _session(request) is not None:
        return _to_page(request, "authorize", wanted)
    answer = page(
        "login",
        status=status,
        returns_to=wanted.redirect_uri,
        account=request.path_params["account"],
        action=f"{request.url.path}?{wanted.query}",
        form_token=_form_token(request, secret),
        username=username,
        complaint=complaint,
    )
    answer.set_cookie(_FORM_COOKIE, secret, path=_COOKIES_FOR, httponly=True, samesite="lax")
    return answer


async def consent(request: Request) -> Response:
    """``GET`` and ``POST /sentinel/account/{account}/consent``: the page that asks for the user's consent."""
    try:
        wanted = _read(request)
    except _EarlyAnswer as answered:
        return answered.answer
    state = _state(request)
    session = _session(request)
    if session is None:
        return _to_page(request, "authorize", wanted, status=303)
    client_id = state.settings.web_app_client_id
    status = 200
    if request.method == "POST":
        form = await read_form(request)
        if same(form.get("form_token", ""), _form_token(request, session.id)):
            if form.get("decision") == "approve":
                state.sessions.consent(session.person, client_id)
                return _with_code(request, wanted, session)
            return _back(wanted, error="access_denied", error_description="The user has denied access")
        status = 403
    return page(
        "consent",
        status=status,
        returns_to=wanted.redirect_uri,
        account=request.path_params["account"],
        action=f"{request.url.path}?{wanted.query}",
        form_token=_form_token(request, session.id),
        client_id=client_id,
        redirect_uri=wanted.redirect_uri,
        username=session.person.name,
        complaint=_STALE if status == 403 else "",
    )


def _state(request: Request) -> SandboxState:
    state: SandboxState = request.app.state.sandbox
    return state


def _session(request: Request) -> SsoSession | None:
    return _state(request).sessions.use(request.cookies.get(SESSION_COOKIE, ""))


def _must_ask(request: Request, session: SsoSession) -> bool:
    settings = _state(request).settings
    if settings.consent_page == "once":
        return not _state(request).sessions.has_consented(session.person, settings.web_app_client_id)
    return settings.consent_page == "always"


def _logged_in(request: Request, form: dict[str, str]) -> tuple[SsoSession | None, str, int]:
    """Return the session that a login form begins, or the complaint and the status for it."""
    state = _state(request)
    secret = request.cookies.get(_FORM_COOKIE, "")
    if not secret or not same(form.get("form_token", ""), _form_token(request, secret)):
        return None, _STALE, 403
    person = find_person(state.settings, form.get("username", ""))
    if person is None or person.password is None or not same(form.get("password", ""), person.password):
        return None, _WRONG, 401
    if state.settings.login_blocked:
        return None, _BLOCKED, 403
    return state.sessions.open(person), "", 200


def _form_token(request: Request, secret: str) -> str:
    """Bind a form to the browser it was made for, and to its page and authorize request."""
    target = f"{secret}\n{request.url.path}\n{request.url.query}"
    return hmac.new(_state(request).form_key, target.encode(), hashlib.sha256).hexdigest()


def _read(request: Request) -> _AuthorizeRequest:
    """Check an authorize request.

    :raises _EarlyAnswer: if something is wrong: with a page if the browser cannot be sent back, otherwise with
        a redirect that holds the error.
    """
    settings = _state(request).settings
    parameters = request.query_params
    if not ACCOUNT_ID_PATTERN.fullmatch(request.path_params["account"]):
        raise _problem(request, 400, f"The account id must match {ACCOUNT_ID_PATTERN.pattern}")
    repeated = [name for name in dict(parameters) if len(parameters.getlist(name)) > 1]
    if repeated:
        raise _problem(request, 400, f"Named more than once: {', '.join(repeated)}")
    if parameters.get("v") != "1.0":
        raise _problem(request, 400, "v must be 1.0")
    if not parameters.get("client_id"):
        raise _problem(request, 400, "client_id is missing")
    if request.path_params["account"] != settings.account_id:
        raise _problem(request, 401, "The account is unknown")
    if not same(parameters["client_id"], settings.web_app_client_id):
        raise _problem(request, 401, "client_id is unknown")
    redirect_uri = parameters.get("redirect_uri") or _only_redirect_uri(settings)
    if redirect_uri is None:
        raise _problem(request, 400, "redirect_uri is missing, and not exactly one is registered")
    refused = why_redirect_uri_is_refused(redirect_uri, settings)
    if refused is not None:
        raise _problem(request, 400, refused)
    wanted = _AuthorizeRequest(
        redirect_uri=redirect_uri,
        named_uri=bool(parameters.get("redirect_uri")),
        state=parameters.get("state"),
        challenge=None if settings.pkce == "ignored" else parameters.get("code_challenge"),
        query=request.url.query,
    )
    if "response_type" not in parameters:
        raise _EarlyAnswer(
            _back(wanted, error="invalid_request", error_description="response_type is missing")
        )
    if parameters["response_type"] != "code":
        raise _EarlyAnswer(
            _back(wanted, error="unsupported_response_type", error_description="response_type must be code")
        )
    complaint = _why_pkce_is_refused(wanted, parameters.get("code_challenge_method", "plain"), settings)
    if complaint is not None:
        raise _EarlyAnswer(_back(wanted, error="invalid_request", error_description=complaint))
    return wanted


def _only_redirect_uri(settings: SandboxSettings) -> str | None:
    registered = settings.web_app_redirect_uris
    return next(iter(registered)) if len(registered) == 1 else None


def _why_pkce_is_refused(wanted: _AuthorizeRequest, method: str, settings: SandboxSettings) -> str | None:
    """Say what is wrong with a PKCE challenge (RFC 7636, section 4.3)."""
    if wanted.challenge is None:
        return "code_challenge is missing" if settings.pkce == "required" else None
    if method != "S256":
        return "code_challenge_method must be S256"
    if not _CHALLENGE.fullmatch(wanted.challenge):
        return "code_challenge must be 43 characters of base64url"
    return None


def _problem(request: Request, status: int, complaint: str) -> _EarlyAnswer:
    return _EarlyAnswer(
        page("problem", status=status, account=request.path_params["account"], complaint=complaint)
    )


def _to_page(request: Request, name: str, wanted: _AuthorizeRequest, *, status: int = 302) -> Response:
    path = request.url_for(name, account=request.path_params["account"]).path
    return RedirectResponse(f"{path}?{wanted.query}", status_code=status, headers=_PRIVATE)


def _with_code(request: Request, wanted: _AuthorizeRequest, session: SsoSession) -> Response:
    code = _state(request).grants.issue_code(
        session, redirect_uri=wanted.redirect_uri, must_name_uri=wanted.named_uri, challenge=wanted.challenge
    )
    return _back(wanted, code=code)


def _back(wanted: _AuthorizeRequest, **parameters: str) -> Response:
    if wanted.state is not None:
        parameters["state"] = wanted.state
    return RedirectResponse(
        with_parameters(wanted.redirect_uri, parameters), status_code=302, headers=_PRIVATE
    )


_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}

ROUTES: list[BaseRoute] = [
    Route("/sentinel/api/account/{account}/authorize", authorize, name="authorize"),
    Route("/sentinel/account/{account}/sign-in", sign_in, methods=["GET", "POST"], name="sign_in"),
    Route("/sentinel/account/{account}/consent", consent, methods=["GET", "POST"], name="consent"),
]
