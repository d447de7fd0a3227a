"""Users, skills and agent groups (LivePerson pages ``users-api-*``, ``skills-api-*``, ``agent-groups-api-*``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from airflow_provider_liveperson.sandbox.apis.account_config.collections import COLLECTIONS, AccountConfig
from airflow_provider_liveperson.sandbox.apis.account_config.switches import AccountConfigSwitches
from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.world import Entity

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


class AccountConfigApi(Api[AccountConfigSwitches]):
    """Users, skills and agent groups, with the revision of each collection."""

    name, title, prefix = "account_config", "Account configuration", "config"
    switches_type = AccountConfigSwitches
    services = ("accountConfigReadOnly", "accountConfigReadWrite")
    datasets = COLLECTIONS
    alias = "config"
    data: AccountConfig

    def endpoints(self) -> list[Endpoint]:
        """Give every path that it serves."""
        folder = "/api/account/{account}/configuration/le-users/"
        return [
            Endpoint(folder + path, partial(self.collection, name), reads=name.replace("_", " "))
            for path, name in PATHS.items()
        ]

    def collection(self, name: str, call: Call) -> Answer:
        """``GET /api/account/{account}/configuration/le-users/{collection}``: the whole collection.

        :param name: the collection.
        :param call: the request.
        """
        switches = self.switches
        try:
            with_deleted = _with_deleted(call, name, switches)
            selection = _selection(call, name, switches)
        except ValueError as error:
            raise Refusal(400, {"message": str(error)}) from None
        current = self.data.read(name)
        headers = _revision_headers(current.revision, switches)
        status = _status(call, current.revision, switches)
        if status == 304:
            return Answer(status=304, headers=headers)
        if status == 412:
            raise Refusal(412, {"message": f"The revision is {current.revision}"}, headers)
        entities = [entity for entity in current.entities if with_deleted or not entity["deleted"]]
        entities += entities[: switches.config_repeated]
        if selection is not None:
            entities = [_selected(entity, selection, switches) for entity in entities]
        return json_answer(entities, headers=headers)

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Give the whole collection, whatever the window."""
        return self.data.truth(dataset)

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        """Change an entity, and with it the collection's revision."""
        return self.data.change(dataset)

    def reset(self) -> None:
        """Make the first collections."""
        self.data = AccountConfig(self.world, lambda: self.switches, self.sandbox.now)


def _with_deleted(call: Call, name: str, switches: AccountConfigSwitches) -> bool:
    """Check ``v`` and read ``include_deleted``."""
    version = call.parameters.get("v")
    if version is None and switches.config_version_required:
        raise ValueError("v: the parameter is required")
    if version is not None:
        newest = _NEWEST_VERSION[name]
        if not _VERSION.fullmatch(version) or float(version) > newest:
            raise ValueError(f"v: must be a version from 1.0 to {newest}.0, not {version!r}")
    word = call.parameters.get("include_deleted", "false").lower()
    if word not in ("true", "false"):
        raise ValueError("include_deleted: must be true or false")
    return word == "true"


def _selection(call: Call, name: str, switches: AccountConfigSwitches) -> Selection | None:
    """Find out which fields are wanted; None for all of them."""
    parameters = call.parameters
    if "select" in parameters:
        return _parsed(",".join(call.every("select")), switches)
    if "fields" in parameters:
        wanted = ",".join(call.every("fields")).split(",")
        return {field.strip(): None for field in wanted}
    field_set = parameters.get("field_set", "all" if switches.config_default_fields == "all" else "summary")
    if field_set not in ("all", "summary"):
        raise ValueError("field_set: must be all or summary")
    return None if field_set == "all" else dict.fromkeys(_SUMMARY[name])


def _parsed(text: str, switches: AccountConfigSwitches) -> Selection:
    """Parse a selection such as ``id,name,data(msg,lang)``.

    :param text: the selection.
    :param switches: ``config_nested_select`` says which of several nested selections count.
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
    selection, end = _parse_level(walk, switches.config_nested_select, depth=0)
    if end:
        raise ValueError(f"select: unexpected {end!r}")
    if switches.config_nested_select == "last_of_all":
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


def _selected(entity: Entity, selection: Selection, switches: AccountConfigSwitches) -> Entity:
    chosen: Entity = {}
    for field, inner in selection.items():
        if field not in entity:
            if switches.config_unknown_field == "null":
                chosen[field] = None
            continue
        value = entity[field]
        chosen[field] = value if inner is None else _inside(value, inner, switches)
    return chosen


def _inside(value: Any, selection: Selection, switches: AccountConfigSwitches) -> Any:
    if isinstance(value, dict):
        return _selected(value, selection, switches)
    if isinstance(value, list):
        return [_inside(item, selection, switches) for item in value]
    return value


def _status(call: Call, revision: int, switches: AccountConfigSwitches) -> int:
    wanted = call.headers.get("if-match")
    if wanted is None or switches.config_if_match == "version":
        return 200
    wanted = wanted.strip().removeprefix("W/").strip('"')
    if wanted == "-1":
        return 200
    if switches.config_if_match == "http":
        return 200 if wanted in (str(revision), "*") else 412
    return 304 if wanted == str(revision) else 200


def _revision_headers(revision: int, switches: AccountConfigSwitches) -> dict[str, str]:
    headers = {}
    if switches.config_revision_header in ("ac-revision", "both"):
        headers["ac-revision"] = str(revision)
    if switches.config_revision_header in ("etag", "both"):
        headers["ETag"] = f'"{revision}"' if switches.config_etag_quoted else str(revision)
    return headers
