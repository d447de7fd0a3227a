"""The page's answers: HTML, redirects with a message, cookies."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from airflow_provider_liveperson.plugins import signatures
from airflow_provider_liveperson.plugins.addresses import base_path, home_path, is_https, is_loopback
from airflow_provider_liveperson.plugins.callers import BROWSER_COOKIE, Caller
from airflow_provider_liveperson.plugins.rows import iso
from airflow_provider_liveperson.plugins.templates import render

MESSAGE_COOKIE = "liveperson_message"


def page_with_forms(caller: Caller, template: str, **context: Any) -> HTMLResponse:
    """A page with forms, for a browser that its cookie identifies from now on.

    :param caller: the caller.
    :param template: the template's file name.
    :param context: its values.
    """
    browser = caller.browser or secrets.token_urlsafe(32)
    answer = page(
        template,
        csrf=signatures.csrf_token(caller.id, browser),
        base=base_path(caller.request),
        iso=iso,
        **context,
    )
    # Sent every time, since only some requests show that the browser came by https.
    _set_cookie(caller.request, answer, BROWSER_COOKIE, browser)
    return answer


def page(template: str, *, status: int = 200, form_targets: str = "'none'", **context: Any) -> HTMLResponse:
    """A page.

    :param template: the template's file name.
    :param status: the HTTP status.
    :param form_targets: where its forms may lead, as in a ``Content-Security-Policy``.
    :param context: the template's values.
    """
    nonce = secrets.token_urlsafe(16)
    answer = HTMLResponse(render(template, nonce=nonce, **context), status_code=status)
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; form-action {form_targets};"
        " base-uri 'none'; frame-ancestors 'self'"
    )
    return answer


def back(caller: Caller, text: str, *, bad: bool = False, whole: bool = False) -> Response:
    """Redirect to the list of connections, which then shows a message; nothing in the request decides where to.

    :param caller: the caller.
    :param text: the message.
    :param bad: whether the message reports a failure.
    :param whole: whether to go to the page inside Airflow's, because the browser shows nothing else; else the redirect
        stays where the form was.
    """
    to = home_path(caller.request) if whole else base_path(caller.request)
    answer = RedirectResponse(to, status_code=303)
    signed = signatures.message(text, bad=bad, user_id=caller.id)
    _set_cookie(caller.request, answer, MESSAGE_COOKIE, signed, max_age=signatures.MESSAGE_LASTS)
    return answer


def message_for(caller: Caller) -> tuple[str, bool] | None:
    """The message that :func:`back` left for the caller, and whether it reports a failure; None for none."""
    return signatures.read_message(caller.request.cookies.get(MESSAGE_COOKIE, ""), caller.id)


def forget_message(caller: Caller, answer: Response) -> None:
    """Show the caller's message once only."""
    if MESSAGE_COOKIE in caller.request.cookies:
        answer.delete_cookie(MESSAGE_COOKIE, path=base_path(caller.request))


def form_targets(hosts: Iterable[str | None]) -> str:
    """Where forms may lead, redirects included: to this page, and on to LivePerson or what stands in for it.

    :param hosts: the hosts of the connections; of these, only the loopback ones are added.
    """
    targets = {"'self'", "https://*.liveperson.net"}
    for given in hosts:
        try:
            host = urlsplit(given if given and "://" in given else f"//{given or ''}").hostname
        except ValueError:
            continue
        if host and is_loopback(host):
            shown = f"[{host}]" if ":" in host else host
            targets |= {f"http://{shown}:*", f"https://{shown}:*"}
    return " ".join(sorted(targets))


def _set_cookie(
    request: Request, answer: Response, name: str, value: str, *, max_age: int | None = None
) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=max_age,
        path=base_path(request),
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )
