"""The page's application.

Each endpoint requires a signed-in Airflow user who may edit the connection in question, LivePerson's callback too.
Tokens, codes and secrets leave this server only for LivePerson. What a browser must send back is signed, and bound to
the user and to the browser; what works once is taken from Airflow's database. Endpoints that ask the database or
LivePerson are plain functions, so that they run in threads.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException as StarletteHTTPException

from airflow_provider_liveperson.plugins import check, consent
from airflow_provider_liveperson.plugins.access import FAILURES
from airflow_provider_liveperson.plugins.addresses import home_path
from airflow_provider_liveperson.plugins.answers import page
from airflow_provider_liveperson.plugins.coverage.page import coverage
from airflow_provider_liveperson.plugins.overview import overview


def make_app() -> FastAPI:
    """Make the application that answers below ``/liveperson``."""
    app = FastAPI(title="LivePerson", docs_url=None, redoc_url=None, openapi_url=None)
    for method, path, endpoint in (
        ("GET", "/", overview),
        ("POST", "/authorize", consent.authorize),
        ("GET", "/callback", consent.callback),
        ("POST", "/refresh", consent.refresh),
        ("POST", "/revoke", consent.revoke),
        ("POST", "/check", check.check),
        ("GET", "/check", check.checked),
        ("GET", "/coverage", coverage),
    ):
        app.add_api_route(path, endpoint, methods=[method], response_class=HTMLResponse)
    app.add_exception_handler(StarletteHTTPException, _problem)
    for failure in FAILURES:
        app.add_exception_handler(failure, _failure)
    app.middleware("http")(_guarded)
    return app


async def _guarded(request: Request, answer_it: Callable[[Request], Awaitable[Response]]) -> Response:
    """Add to every answer the headers that keep it out of caches, foreign frames and referrers."""
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
        404: "Page not found." if error.detail == "Not Found" else error.detail,
        405: "This address only accepts forms from the LivePerson page.",
    }.get(error.status_code, str(error.detail))
    answer = page("problem.html", status=error.status_code, sentence=sentence, home=home_path(request))
    answer.headers.update(error.headers or {})
    return answer


async def _failure(request: Request, error: Exception) -> Response:
    return page("problem.html", status=503, sentence=str(error), home=home_path(request))
