"""Users, skills and agent groups (LivePerson pages ``users-api-*``, ``skills-api-*``, ``agent-groups-api-*``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from airflow_provider_liveperson.sandbox.apis.account_config.data import Entity
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.identity.access import admit
from airflow_provider_liveperson.sandbox.settings import SandboxSettings
from airflow_provider_liveperson.sandbox.state import SandboxState

PATHS = {"users": "users", "skills": "skills", "agentGroups": "agent_groups"}
"""Last part of the path to name of the collection."""

_NEWEST_VERSION = {"users": 6, "skills": 4, "agent_groups": 4}
_VERSION = re.compile(r"[1-9](\.0)?", re.ASCII)

_SUMMARY = {
    "users": ("id", "pid", "deleted", "loginName"),
    "skills": ("id", "deleted", "name"),
    "agent_groups": ("id", "deleted", "name"),
}

_TOKEN = re.compile(r"\s*([(),]|[\w$.-]+)")

Selection = dict[str, "Selection | None"]
"""Field to what is selected inside it; None for all of it."""


async def collection(request: Request) -> Response:
    """``GET /api/account/{account}/configuration/le-users/{collection}``: the whole collection."""
    state: SandboxState = request.app.state.sandbox
    settings = state.settings
    path = request.path_params["collection"]
    if path not in PATHS:
        raise Refusal(404, {"message": f"There is no collection {path!r}"})
    name = PATHS[path]
    to_read = name.replace("_", " ")
    admit(request, await request.body(), state, accepted=settings.config_auth, to_read=to_read)
    try:
        with_deleted = _with_deleted(request, name, settings)
        selection = _selection(request, name, settings)
    except ValueError as error:
        raise Refusal(400, {"message": str(error)}) from None
    current = state.config.read(name)
    headers = _revision_headers(current.revision, settings)
    status = _status(request, current.revision, settings)
    if status == 304:
        return Response(status_code=304, headers=headers)
    if status == 412:
        raise Refusal(412, {"message": f"The revision is {current.revision}"}, headers)
    entities = [entity for entity in current.entities if with_deleted or not entity["deleted"]]
    entities += entities[: settings.config_repeated]
    if selection is not None:
        entities = [_selected(entity, selection, settings) for entity in entities]
    return Response(to_json(entities), media_type="application/json", headers=headers)


def _with_deleted(request: Request, name: str, settings: SandboxSettings) -> bool:
    """Check ``v`` and read ``include_deleted``."""
    version = request.query_params.get("v")
    if version is None and settings.config_version_required:
        raise ValueError("v: the parameter is required")
    if version is not None:
        newest = _NEWEST_VERSION[name]
        if not _VERSION.fullmatch(version) or float(version) > newest:
            raise ValueError(f"v: must be a version from 1.0 to {newest}.0, not {version!r}")
    word = request.query_params.get("include_deleted", "false").lower()
    if word not in ("true", "false"):
        raise ValueError("include_deleted: must be true or false")
    return word == "true"


def _selection(request: Request, name: str, settings: SandboxSettings) -> Selection | None:
    """Find out which fields are wanted; None for all of them."""
    parameters = request.query_params
    if "select" in parameters:
        return _parsed(",".join(parameters.getlist("select")), settings)
    if "fields" in parameters:
        wanted = ",".join(parameters.getlist("fields")).split(",")
        return {field.strip(): None for field in wanted}
    field_set = parameters.get("field_set", "all" if settings.config_default_fields == "all" else "summary")
    if field_set not in ("all", "summary"):
        raise ValueError("field_set: must be all or summary")
    return None if field_set == "all" else dict.fromkeys(_SUMMARY[name])


def _parsed(text: str, settings: SandboxSettings) -> Selection:
    """Parse a selection such as ``id,name,data(msg,lang)``.

    :param text: the selection.
    :param settings: ``config_nested_select`` says which of several nested selections count.
    :raises ValueError: if it is not well formed.
    """
    tokens: list[str] = []
    place = 0
    stripped = text.rstrip()
    while place < len(stripped):
        match = _TOKEN.match(stripped, place)
        if match is None:
            raise ValueError(f"select: unexpected text at position {place}")
        tokens.append(match[1])
        place = match.end()
    walk = iter([*tokens, ""])
    selection, end = _parse_level(walk, settings.config_nested_select, depth=0)
    if end:
        raise ValueError(f"select: unexpected {end!r}")
    if settings.config_nested_select == "last_of_all":
        nested = [field for field, inner in selection.items() if inner is not None]
        for field in nested[:-1]:
            del selection[field]
    return selection


def _parse_level(tokens: Iterator[str], style: str, *, depth: int) -> tuple[Selection, str]:
    """Read fields up to the closing parenthesis or the end, and give what ended them."""
    if depth > 8:
        raise ValueError("select: nested too deep")
    selection: Selection = {}
    while True:
        field = next(tokens)
        if field in ("", "(", ")", ","):
            raise ValueError(f"select: a field's name is missing before {field or 'the end'!r}")
        inner: Selection | None = None
        mark = next(tokens)
        if mark == "(":
            inner, mark = _parse_level(tokens, style, depth=depth + 1)
            if mark != ")":
                raise ValueError("select: a parenthesis is not closed")
            mark = next(tokens)
        before = selection.pop(field, None)
        if style == "all" and before is not None and inner is not None:
            inner = {**before, **inner}
        # Put at the end, because the last nested selection is the one that may count alone.
        selection[field] = inner
        if mark != ",":
            return selection, mark


def _selected(entity: Entity, selection: Selection, settings: SandboxSettings) -> Entity:
    chosen: Entity = {}
    for field, inner in selection.items():
        if field not in entity:
            if settings.config_unknown_field == "null":
                chosen[field] = None
            continue
        value = entity[field]
        chosen[field] = value if inner is None else _inside(value, inner, settings)
    return chosen


def _inside(value: Any, selection: Selection, settings: SandboxSettings) -> Any:
    if isinstance(value, dict):
        return _selected(value, selection, settings)
    if isinstance(value, list):
        return [_inside(item, selection, settings) for item in value]
    return value


def _status(request: Request, revision: int, settings: SandboxSettings) -> int:
    wanted = request.headers.get("if-match")
    if wanted is None or settings.config_if_match == "version":
        return 200
    wanted = wanted.strip().removeprefix("W/").strip('"')
    if wanted == "-1":
        return 200
    if settings.config_if_match == "http":
        return 200 if wanted in (str(revision), "*") else 412
    return 304 if wanted == str(revision) else 200


def _revision_headers(revision: int, settings: SandboxSettings) -> dict[str, str]:
    headers = {}
    if settings.config_revision_header in ("ac-revision", "both"):
        headers["ac-revision"] = str(revision)
    if settings.config_revision_header in ("etag", "both"):
        headers["ETag"] = f'"{revision}"' if settings.config_etag_quoted else str(revision)
    return headers


ROUTES: list[BaseRoute] = [
    Route("/api/account/{account}/configuration/le-users/{collection}", collection),
]
