"""The caller of an endpoint, and what the caller sent: checked before anything is done."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qs

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import Depends, HTTPException, Request

from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.plugins import signatures
from airflow_provider_liveperson.plugins.access import editable_connection, may_edit
from airflow_provider_liveperson.plugins.addresses import is_own_origin
from airflow_provider_liveperson.plugins.rows import WEB_APP

BROWSER_COOKIE = "liveperson_browser"
MAX_FORM_BYTES = 16_384
_EXPIRED = "This form has expired or was sent from elsewhere. Reload the page and try again."


@dataclass(frozen=True)
class Caller:
    """A signed-in user in a browser.

    :param request: the request.
    :param user: the user, as Airflow's own dependency returned it.
    """

    request: Request
    user: Any

    @property
    def id(self) -> str:
        """The ID of the Airflow user."""
        return str(self.user.get_id())

    @property
    def browser(self) -> str:
        """The browser's cookie, or empty."""
        return self.request.cookies.get(BROWSER_COOKIE, "")


def caller_of(request: Request, user: GetUserDep) -> Caller:
    """The signed-in user, by Airflow's own dependency, which refuses everybody else."""
    return Caller(request, user)


CallerDep = Annotated[Caller, Depends(caller_of)]


async def posted_form(request: Request, caller: CallerDep) -> dict[str, str]:
    """The fields of a form that this page sent.

    :raises HTTPException: 403 for every other; 413 for one that is too large.
    """
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > MAX_FORM_BYTES:
        raise HTTPException(413, "The form is too large.")
    if not is_own_origin(request):
        raise HTTPException(403, _EXPIRED)
    fields = parse_qs((await request.body()).decode("utf-8", "replace"))
    form = {name: values[0] for name, values in fields.items() if len(values) == 1}
    if not caller.browser or not signatures.is_csrf_token(form.get("csrf", ""), caller.id, caller.browser):
        raise HTTPException(403, _EXPIRED)
    return form


def posted_connection(caller: CallerDep, form: Annotated[dict[str, str], Depends(posted_form)]) -> str:
    """The web-application connection in a form, if the user may edit it.

    :raises HTTPException: 403 if the user may not, 404 if there is none.
    """
    return web_app_connection(caller, form.get("connection", ""))


def posted_pair(caller: CallerDep, form: Annotated[dict[str, str], Depends(posted_form)]) -> tuple[str, str]:
    """The LivePerson connection in a form, and the one to compare it with, or empty.

    :raises HTTPException: 403 if the user may not edit one of them, 404 if there is none.
    """
    return pair_of(caller, form.get("connection", ""), form.get("against", ""))


ConnectionDep = Annotated[str, Depends(posted_connection)]
PairDep = Annotated[tuple[str, str], Depends(posted_pair)]


def web_app_connection(caller: Caller, conn_id: str) -> str:
    """The ID of a web-application connection, if the user may edit it.

    :raises HTTPException: 403 if the user may not, 404 if there is none.
    """
    return _connection(
        caller, conn_id, of_types=(WEB_APP,), called="connection of a LivePerson web application"
    )


def pair_of(caller: Caller, conn_id: str, against: str) -> tuple[str, str]:
    """The IDs of a LivePerson connection and of the one to compare it with, or empty, if the user may edit them.

    :raises HTTPException: 403 if the user may not edit one of them, 404 if there is none.
    """
    return _connection(caller, conn_id), _connection(caller, against) if against else ""


def _connection(
    caller: Caller, conn_id: str, *, of_types: Container[str] = FORMS, called: str = "LivePerson connection"
) -> str:
    if not conn_id or not may_edit(caller.user, conn_id):
        raise HTTPException(403, "You are not allowed to edit this connection.")
    conn = editable_connection(caller.user, conn_id)
    if conn is None or str(conn.conn_type).replace("-", "_") not in of_types:
        raise HTTPException(404, f"There is no such {called}.")
    return conn_id
