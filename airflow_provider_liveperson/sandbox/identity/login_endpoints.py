"""Login Service: user and bot login, keep-alive and logout (LivePerson pages ``login-service-api-*``)."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from airflow_provider_liveperson.sandbox.http.domain import base_uris
from airflow_provider_liveperson.sandbox.http.json_response import JsonResponse
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.identity.logins import Login, LoginRefused
from airflow_provider_liveperson.sandbox.identity.people import Person, find_person, same
from airflow_provider_liveperson.sandbox.state import SandboxState
from airflow_provider_liveperson.sandbox.world import ACCOUNT_ID_PATTERN, FIRST_REVISION

SESSION_COOKIE = "Session_id"

_KEY_PARTS = ("appKey", "secret", "accessToken", "accessTokenSecret")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Only the first is documented.
_CSRF, _WRONG, _SINGLE_SIGN_ON, _NO_SESSION, _BAD_REQUEST, _BLOCKED = 10, 11, 12, 13, 14, 15
_PRIVILEGES = [3, 5, 9, 12, 14, 16, 41, 42, 71, 1706, 1709, 1737]


async def login(request: Request) -> Response:
    """``POST /api/account/{account}/login?v=1.3``: by a user's password, or by a bot's keys."""
    state = _state(request)
    account = request.path_params["account"]
    if not ACCOUNT_ID_PATTERN.fullmatch(account):
        raise _error(state, 400, _BAD_REQUEST, f"The account id must match {ACCOUNT_ID_PATTERN.pattern}")
    if request.query_params.get("v") != "1.3":
        raise _error(state, 400, _BAD_REQUEST, "The query parameter v must be 1.3")
    given = await _read(request, state)
    is_bot = any(name in given for name in _KEY_PARTS)
    needed = ("username", *_KEY_PARTS) if is_bot else ("username", "password")
    missing = [name for name in needed if not isinstance(given.get(name), str) or not given[name]]
    if missing:
        raise _error(state, 400, _BAD_REQUEST, f"Missing, or not text: {', '.join(missing)}")
    if account != state.settings.account_id:
        raise _error(state, 401, _WRONG, "Bad authentication: invalid site or agent")
    person = find_person(state.settings, given["username"])
    if person is not None and person.kind == "sso_user":
        raise _error(
            state, 401, _SINGLE_SIGN_ON, "The user logs in by single sign-on, which is not supported here"
        )
    if person is None or not (_has_keys(state, person, given) if is_bot else _has_password(person, given)):
        raise _error(state, 401, _WRONG, "Bad authentication: invalid site, agent or credentials")
    if state.settings.login_blocked:
        raise _error(state, 451, _BLOCKED, "The account or user name was blocked by LivePerson Support")
    opened = state.logins.open(person)
    answer = JsonResponse(_answer(request, state, opened), headers={"Cache-Control": "no-store"})
    return _with_session(answer, opened)


async def refresh(request: Request) -> Response:
    """``POST /api/account/{account}/refresh``: keep a login alive."""
    state = _state(request)
    session_id, csrf = await _named(request, state)
    try:
        kept = state.logins.keep_alive(session_id, csrf)
    except LoginRefused as refusal:
        raise _refused(state, refusal) from None
    return _with_session(Response(status_code=200), kept)


async def logout(request: Request) -> Response:
    """``POST /api/account/{account}/logout``: end a login."""
    state = _state(request)
    session_id, csrf = await _named(request, state)
    try:
        state.logins.close(session_id, csrf)
    except LoginRefused as refusal:
        raise _refused(state, refusal) from None
    return Response(status_code=200)


def _state(request: Request) -> SandboxState:
    state: SandboxState = request.app.state.sandbox
    return state


async def _read(request: Request, state: SandboxState) -> dict[str, Any]:
    try:
        given = json.loads(await request.body())
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise _error(state, 400, _BAD_REQUEST, "The body must be a JSON object")
    return given


async def _named(request: Request, state: SandboxState) -> tuple[str, str]:
    """Return the session and the CSRF token that a request names."""
    if request.path_params["account"] != state.settings.account_id:
        raise _refused(state, LoginRefused("session"))
    try:
        given = json.loads(await request.body())
    except ValueError:
        given = None
    csrf = given.get("csrf") if isinstance(given, dict) else None
    return request.cookies.get(SESSION_COOKIE, ""), csrf if isinstance(csrf, str) else ""


def _has_password(person: Person, given: dict[str, str]) -> bool:
    return person.password is not None and same(given["password"], person.password)


def _has_keys(state: SandboxState, person: Person, given: dict[str, str]) -> bool:
    """Return whether a bot's keys are right: the parts of the API key, or the app's client id and secret."""
    settings = state.settings
    by_key = "api_key" in settings.bot_login and all(
        [
            same(given["appKey"], settings.app_key),
            same(given["secret"], settings.app_secret),
            same(given["accessToken"], settings.access_token),
            same(given["accessTokenSecret"], settings.access_token_secret),
        ]
    )
    by_app = "app" in settings.bot_login and all(
        [same(given["appKey"], settings.client_id), same(given["secret"], settings.client_secret)]
    )
    return person.kind == "bot" and (by_key or by_app)


def _answer(request: Request, state: SandboxState, opened: Login) -> dict[str, Any]:
    settings, person = state.settings, opened.person
    groups = state.world.agent_groups
    payload: dict[str, Any] = {
        "csrf": opened.csrf,
        "wsuk": str(zlib.crc32(person.name.encode("utf-8", "surrogatepass"))),
        "config": {
            "loginName": person.name,
            "userId": person.id,
            "userPrivileges": _PRIVILEGES,
            "serverCurrentTime": int(state.now() * 1000),
            "timeDiff": -int(settings.clock_offset_seconds * 1000),
            "serverTimeZoneName": "America/New_York",
            "serverTimeGMTDiff": -18_000_000,
            "isLPA": False,
            "isAdmin": person.is_admin,
            "accountTimeZoneId": "America/New_York",
        },
        "csdsCollectionResponse": {"baseURIs": base_uris(request, settings)},
        "accountData": {
            "agentGroupsData": {
                "items": [
                    {"id": -1, "deleted": False, "name": "Main Group"},
                    *(
                        {"id": int(group["id"]), "deleted": group["deleted"], "name": group["name"]}
                        for group in groups
                    ),
                ],
                "revision": FIRST_REVISION,
            }
        },
        "sessionTTl": str(settings.login_ttl_ms),
    }
    if settings.login_session_id_in_body:
        payload["sessionId"] = opened.session_id
    return {**payload, "bearer": opened.bearer}


def _with_session(answer: Response, kept: Login) -> Response:
    answer.set_cookie(SESSION_COOKIE, kept.session_id, path="/", httponly=True, samesite=None)
    return answer


def _refused(state: SandboxState, refusal: LoginRefused) -> Refusal:
    if refusal.reason == "csrf":
        return _error(state, 401, _CSRF, "CSRF token invalid! The request was not accepted.")
    return _error(state, 401, _NO_SESSION, "The session does not exist or has ended")


def _error(state: SandboxState, status: int, code: int, message: str) -> Refusal:
    names = {400: "BAD_REQUEST", 401: "UNAUTHORIZED", 451: "UNAVAILABLE_FOR_LEGAL_REASONS"}
    return Refusal(
        status,
        {
            "error": {
                "time": _written(state.now()),
                "message": message,
                "internalCode": code,
                "responseStatus": names[status],
            }
        },
    )


def _written(now: float) -> str:
    """Write a moment as LivePerson's errors do, in English whatever the machine's language is."""
    moment = datetime.fromtimestamp(now, UTC)
    hour = moment.hour % 12 or 12
    half = "AM" if moment.hour < 12 else "PM"
    return f"{_MONTHS[moment.month - 1]} {moment.day}, {moment.year} {hour}:{moment:%M:%S} {half}"


ROUTES: list[BaseRoute] = [
    Route("/api/account/{account}/login", login, methods=["POST"]),
    Route("/api/account/{account}/refresh", refresh, methods=["POST"]),
    Route("/api/account/{account}/logout", logout, methods=["POST"]),
]
