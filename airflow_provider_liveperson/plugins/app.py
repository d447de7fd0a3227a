"""The page's endpoints.

Each demands a signed-in Airflow user who may edit the connection in question, LivePerson's callback too. No token, code
or secret leaves this server but to LivePerson. What a browser must send back is signed, and bound to the user and to
the browser; what works once is taken from Airflow's database. Endpoints that ask the database or LivePerson are plain
functions, so that they run in threads.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Container
from contextlib import closing
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.configuration import conf
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException as StarletteHTTPException

from airflow_provider_liveperson.client.credentials.authorization import authorize_url, challenge_of
from airflow_provider_liveperson.client.scrubbing import scrub
from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.diagnostics.checks import run_checks
from airflow_provider_liveperson.exceptions import LivePersonError
from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
from airflow_provider_liveperson.hooks.web_app import LivePersonWebAppHook
from airflow_provider_liveperson.plugins import checks, pending, signatures
from airflow_provider_liveperson.plugins.access import (
    editable_connection,
    editable_connections,
    liveperson_connections,
    may_edit,
)
from airflow_provider_liveperson.plugins.liveperson import PREFIX, ROUTE
from airflow_provider_liveperson.plugins.rows import WEB_APP, iso, row_of
from airflow_provider_liveperson.plugins.templates import render
from airflow_provider_liveperson.version_compat import AirflowNotFoundException

log = logging.getLogger(__name__)

FAILURES = (LivePersonError, AirflowNotFoundException)
"""What an action may end with; the page says it in words."""

BROWSER_COOKIE = "liveperson_browser"
MESSAGE_COOKIE = "liveperson_message"
MAX_COMPARED = 200
"""Records of a dataset that the page compares at most, since somebody waits."""
CHECK_BUDGET = 120.0
_MAX_FORM = 16_384
_FOREIGN = (
    "This request does not come from the LivePerson page that you were given. Go back to it and press again."
)


@dataclass(frozen=True)
class Caller:
    """Who calls, from which browser.

    :param request: the request.
    :param user: as Airflow's own dependency gave it.
    """

    request: Request
    user: Any

    @property
    def id(self) -> str:
        """The Airflow user."""
        return str(self.user.get_id())

    @property
    def browser(self) -> str:
        """What the browser's cookie holds, or empty."""
        return self.request.cookies.get(BROWSER_COOKIE, "")


def caller_of(request: Request, user: GetUserDep) -> Caller:
    """The signed-in user, by Airflow's own dependency, which refuses everybody else."""
    return Caller(request, user)


CallerDep = Annotated[Caller, Depends(caller_of)]


async def posted_form(request: Request, caller: CallerDep) -> dict[str, str]:
    """The fields of a form that comes from our own page.

    :raises HTTPException: 403 for every other.
    """
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > _MAX_FORM:
        raise HTTPException(413, "The form is too large.")
    if not _is_own_origin(request):
        raise HTTPException(403, _FOREIGN)
    fields = parse_qs((await request.body()).decode("utf-8", "replace"))
    form = {name: values[0] for name, values in fields.items() if len(values) == 1}
    if not caller.browser or not signatures.is_csrf_token(form.get("csrf", ""), caller.id, caller.browser):
        raise HTTPException(403, _FOREIGN)
    return form


def posted_connection(caller: CallerDep, form: Annotated[dict[str, str], Depends(posted_form)]) -> str:
    """The web-app connection that a form is about, which the user may edit.

    :raises HTTPException: 403 if the user may not, 404 if there is none.
    """
    return _web_app_connection(caller, form.get("connection", ""))


def posted_pair(caller: CallerDep, form: Annotated[dict[str, str], Depends(posted_form)]) -> tuple[str, str]:
    """The connection of any LivePerson type that a form is about, and the one to compare it with or nothing.

    :raises HTTPException: 403 if the user may not edit one of them, 404 if there is none.
    """
    against = form.get("against", "")
    return _connection(caller, form.get("connection", "")), _connection(caller, against) if against else ""


ConnectionDep = Annotated[str, Depends(posted_connection)]
PairDep = Annotated[tuple[str, str], Depends(posted_pair)]


def page(caller: CallerDep) -> Response:
    """``GET /liveperson/``: the connections that the user may edit."""
    there = liveperson_connections()
    connections = [conn for conn in there if may_edit(caller.user, conn.conn_id)]
    if not connections and not may_edit(caller.user):
        raise HTTPException(403, "You may not edit Airflow's connections, so there is nothing to see here.")
    checks.sweep(there)
    last = checks.last_checks(connections)
    answer = _shown(
        caller,
        "page.html",
        rows=[row_of(conn, last.get(conn.conn_id)) for conn in connections],
        told=signatures.read_message(caller.request.cookies.get(MESSAGE_COOKIE, ""), caller.id),
        form_targets=_form_targets(connections),
    )
    if MESSAGE_COOKIE in caller.request.cookies:
        answer.delete_cookie(MESSAGE_COOKIE, path=_base(caller.request))
    return answer


def authorise(caller: CallerDep, conn_id: ConnectionDep) -> Response:
    """``POST /liveperson/authorise``: send the browser to LivePerson."""
    hook = LivePersonWebAppHook(conn_id)
    try:
        with closing(hook.client_for_consent()) as client:
            sentinel = client.base_url("sentinel")
        settings = hook.consent_settings(_airflow_url(caller.request))
    except FAILURES as error:
        return _back(caller, str(error), bad=True)
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
    log.info("Airflow user %s asks LivePerson for a consent for connection %s", caller.id, conn_id)
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
            "This answer of LivePerson belongs to no authorisation that you began in this browser within the last ten"
            " minutes. Go back to the LivePerson page and press Authorise again.",
        )
    conn_id, nonce = known
    _web_app_connection(caller, conn_id)
    begun = pending.take(conn_id, nonce)
    if begun is None:
        raise HTTPException(
            400,
            "This answer of LivePerson has been used already, or another authorisation of the connection has begun"
            " since. Go back to the LivePerson page and press Authorise again.",
        )
    if error or not code:
        why = scrub(f"{error}: {error_description}" if error_description else error, [code])[:300]
        return _back(
            caller,
            f"{conn_id}: LivePerson did not authorise ({why or 'it gave no code'}).",
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
        return _back(caller, f"{conn_id}: {failure}", bad=True, whole=True)
    log.info("Airflow user %s has authorised connection %s", caller.id, conn_id)
    return _back(
        caller, f"{conn_id} is authorised; its access token lasts until {iso(grant.expires_at)}.", whole=True
    )


def refresh(caller: CallerDep, conn_id: ConnectionDep) -> Response:
    """``POST /liveperson/refresh``: renew the tokens now."""
    try:
        with closing(LivePersonWebAppHook(conn_id).client_for_consent()) as client:
            grant = _credential(client).keep_alive()
    except FAILURES as error:
        return _back(caller, f"{conn_id}: {error}", bad=True)
    if grant.renewal_begun_at:
        return _back(caller, f"{conn_id} was not refreshed; see there why.", bad=True)
    return _back(caller, f"{conn_id} is refreshed; its access token lasts until {iso(grant.expires_at)}.")


def revoke(caller: CallerDep, conn_id: ConnectionDep) -> Response:
    """``POST /liveperson/revoke``: end the consent."""
    try:
        with closing(LivePersonWebAppHook(conn_id).client_for_consent()) as client:
            _credential(client).revoke()
    except FAILURES as error:
        return _back(caller, f"{conn_id}: {error}", bad=True)
    log.info("Airflow user %s has revoked the consent of connection %s", caller.id, conn_id)
    return _back(caller, f"The consent of {conn_id} is revoked.")


def check(caller: CallerDep, pair: PairDep) -> Response:
    """``POST /liveperson/check``: find out what a connection can reach, or whether two read the same."""
    conn_id, against = pair
    hooks = []
    try:
        hooks = [LivePersonHook.for_connection(name) for name in pair if name]
        found = run_checks(*hooks, max_records=MAX_COMPARED, seconds=CHECK_BUDGET)
    except FAILURES as error:
        if not against:
            _remember(conn_id, ok=False, sentence=str(error))
        return _back(caller, f"{conn_id}: {error}", bad=True)
    for report in found.connections:
        _remember(report.connection, ok=report.ok, sentence=report.sentence)
    owner = signatures.owner(caller.id, caller.browser)
    checks.keep(checks.Result(checked_at=time.time(), found=found), owner, pair)
    query = {"connection": conn_id} | ({"against": against} if against else {})
    return RedirectResponse(f"{_base(caller.request)}check?{urlencode(query)}", status_code=303)


def checked(caller: CallerDep, connection: str = "", against: str = "") -> Response:
    """``GET /liveperson/check``: what this browser's last check of a connection has found out, for a while."""
    if not connection:
        return RedirectResponse(_base(caller.request), status_code=303)
    pair = _connection(caller, connection), _connection(caller, against) if against else ""
    others = [conn.conn_id for conn in editable_connections(caller.user) if conn.conn_id != connection]
    return _shown(
        caller,
        "check.html",
        result=checks.kept(signatures.owner(caller.id, caller.browser), pair) if caller.browser else None,
        conn_id=connection,
        against=against,
        others=others,
        most=MAX_COMPARED,
        lasts=f"{checks.RESULT_LASTS / 60:.0f} minutes",
        form_targets="'self'",
    )


def _remember(conn_id: str, *, ok: bool, sentence: str) -> None:
    conn = next((conn for conn in liveperson_connections() if conn.conn_id == conn_id), None)
    if conn is not None:
        checks.remember(conn, ok=ok, sentence=sentence)


def make_app() -> FastAPI:
    """Make the application that answers below ``/liveperson``."""
    app = FastAPI(title="LivePerson", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_api_route("/", page, methods=["GET"], response_class=HTMLResponse)
    app.add_api_route("/authorise", authorise, methods=["POST"], response_class=HTMLResponse)
    app.add_api_route("/callback", callback, methods=["GET"], response_class=HTMLResponse)
    app.add_api_route("/refresh", refresh, methods=["POST"], response_class=HTMLResponse)
    app.add_api_route("/revoke", revoke, methods=["POST"], response_class=HTMLResponse)
    app.add_api_route("/check", check, methods=["POST"], response_class=HTMLResponse)
    app.add_api_route("/check", checked, methods=["GET"], response_class=HTMLResponse)
    app.add_exception_handler(StarletteHTTPException, _problem)
    for failure in FAILURES:
        app.add_exception_handler(failure, _failure)
    app.middleware("http")(_guarded)
    return app


async def _guarded(request: Request, answer_it: Callable[[Request], Awaitable[Response]]) -> Response:
    """Put on every answer what keeps it out of caches, frames and referrers."""
    answer = await answer_it(request)
    answer.headers["Cache-Control"] = "no-store"
    # A page's own forms must still name their origin, which no-referrer would take from them.
    is_callback = request.url.path.endswith("/callback")
    answer.headers["Referrer-Policy"] = "no-referrer" if is_callback else "same-origin"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    answer.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'self'")
    return answer


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)
    sentence = {
        401: "Sign in to Airflow first.",
        404: "There is nothing here." if error.detail == "Not Found" else error.detail,
        405: "There is nothing to see at this address; it only takes what a button of the LivePerson page sends.",
    }.get(error.status_code, str(error.detail))
    answer = _html("problem.html", status=error.status_code, sentence=sentence, home=_home(request))
    answer.headers.update(error.headers or {})
    return answer


async def _failure(request: Request, error: Exception) -> Response:
    return _html("problem.html", status=503, sentence=str(error), home=_home(request))


def _shown(caller: Caller, template: str, **context: Any) -> HTMLResponse:
    """A page with forms, for a browser that is known again by its cookie."""
    browser = caller.browser or secrets.token_urlsafe(32)
    answer = _html(
        template,
        csrf=signatures.csrf_token(caller.id, browser),
        base=_base(caller.request),
        iso=iso,
        **context,
    )
    # Sent anew each time, since only now and then a browser shows that it came by https.
    _set_cookie(caller.request, answer, BROWSER_COOKIE, browser)
    return answer


def _html(template: str, *, status: int = 200, form_targets: str = "'none'", **context: Any) -> HTMLResponse:
    nonce = secrets.token_urlsafe(16)
    answer = HTMLResponse(render(template, nonce=nonce, **context), status_code=status)
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; form-action {form_targets};"
        " base-uri 'none'; frame-ancestors 'self'"
    )
    return answer


def _back(caller: Caller, text: str, *, bad: bool = False, whole: bool = False) -> Response:
    """Return to the page, which then shows a message; nothing of the request decides where to.

    :param whole: to the page inside Airflow's, because the browser shows nothing else; else to where the form was.
    """
    to = _home(caller.request) if whole else _base(caller.request)
    answer = RedirectResponse(to, status_code=303)
    signed = signatures.message(text, bad=bad, user_id=caller.id)
    _set_cookie(caller.request, answer, MESSAGE_COOKIE, signed, max_age=signatures.MESSAGE_LASTS)
    return answer


def _set_cookie(
    request: Request, answer: Response, name: str, value: str, *, max_age: int | None = None
) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=max_age,
        path=_base(request),
        secure=_is_https(request),
        httponly=True,
        samesite="lax",
    )


def _web_app_connection(caller: Caller, conn_id: str) -> str:
    return _connection(
        caller, conn_id, of_types=(WEB_APP,), called="connection of a LivePerson web application"
    )


def _connection(
    caller: Caller, conn_id: str, *, of_types: Container[str] = FORMS, called: str = "LivePerson connection"
) -> str:
    if not conn_id or not may_edit(caller.user, conn_id):
        raise HTTPException(403, "You may not edit this connection.")
    conn = editable_connection(caller.user, conn_id)
    if conn is None or str(conn.conn_type).replace("-", "_") not in of_types:
        raise HTTPException(404, f"There is no such {called}.")
    return conn_id


def _credential(client: Any) -> Any:
    return client.credential


def _is_own_origin(request: Request) -> bool:
    """Whether a form was sent by a page of this very site, as the browser says."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    return site == "same-origin" and _own_scheme(request, request.headers.get("origin", "")) is not None


def _own_scheme(request: Request, url: str) -> str | None:
    """The scheme of a URL that is of this very site; None of any other."""
    try:
        parts = urlsplit(url)
        own = {request.headers.get("host", "").lower(), urlsplit(_configured_url()).netloc.lower()} - {""}
    except ValueError:
        return None
    return parts.scheme if parts.scheme in ("http", "https") and parts.netloc.lower() in own else None


def _configured_url() -> str:
    return str(conf.get("api", "base_url", fallback="") or "")


def _airflow_url(request: Request) -> str:
    """Where Airflow is reached: as configured, or as the browser sees it."""
    configured = _configured_url()
    if configured.startswith(("http://", "https://")):
        return configured.rstrip("/")
    return f"{'https' if _is_https(request) else 'http'}://{request.url.netloc}{_root(request)}"


def _is_https(request: Request) -> bool:
    """Whether the browser reaches this page by https, whatever stands in between.

    A proxy that ends TLS and is not trusted (``FORWARDED_ALLOW_IPS``) has the request look like plain http. But the
    browser tells: by the page that its form or frame is on, and by the ``Sec-Fetch`` headers, which no script can set
    and which browsers send to https and to their own machine only. Each can only make a cookie safer.
    """
    if request.url.scheme == "https" or _configured_url().startswith("https://"):
        return True
    pages = (request.headers.get("origin", ""), request.headers.get("referer", ""))
    if schemes := {_own_scheme(request, page) for page in pages} - {None}:
        return "https" in schemes
    return "sec-fetch-site" in request.headers and not _is_loopback(request.url.hostname or "")


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _root(request: Request) -> str:
    """The path at which Airflow's own pages begin, without a slash at its end."""
    return str(request.scope.get("root_path", "")).rstrip("/").removesuffix(PREFIX)


def _base(request: Request) -> str:
    """The path of this page by itself."""
    return f"{_root(request)}{PREFIX}/"


def _home(request: Request) -> str:
    """The path of this page inside Airflow's."""
    return f"{_root(request)}/plugin/{ROUTE}"


def _form_targets(connections: list[Any]) -> str:
    """Where forms may lead, redirects included: here, and on to LivePerson or whoever stands in for it."""
    targets = {"'self'", "https://*.liveperson.net"}
    for conn in connections:
        try:
            host = urlsplit(conn.host if "://" in (conn.host or "") else f"//{conn.host or ''}").hostname
        except ValueError:
            continue
        if host and _is_loopback(host):
            shown = f"[{host}]" if ":" in host else host
            targets |= {f"http://{shown}:*", f"https://{shown}:*"}
    return " ".join(sorted(targets))
