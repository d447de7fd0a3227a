"""Users, skills and agent groups (LivePerson pages ``users-api-*``, ``skills-api-*``, ``agent-groups-api-*``)."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from airflow_provider_liveperson.sandbox.apis.account_config.switches import AccountConfigSwitches
from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint
from airflow_provider_liveperson.sandbox.apis.shapes.collection import CollectionRules, Collections
from airflow_provider_liveperson.sandbox.world import Entity


class _Kind(NamedTuple):
    """A kind of entity: its path, the newest version of it, and the fields that come when none is named."""

    path: str
    newest_version: int
    summary: tuple[str, ...]


_KINDS = {
    "users": _Kind("le-users/users", 6, ("id", "pid", "deleted", "loginName")),
    "skills": _Kind("le-users/skills", 4, ("id", "deleted", "name")),
    "agent_groups": _Kind("le-users/agentGroups", 4, ("id", "deleted", "name")),
}
"""Dataset to what it is a collection of."""

_IDS = frozenset(
    {
        "id",
        "agentGroupId",
        "parentGroupId",
        "skillIds",
        "profileIds",
        "lobIds",
        "skillTransferList",
        "workingHoursId",
        "specialOccasionId",
        "fallbackSkill",
    }
)


class AccountConfigApi(Api[AccountConfigSwitches]):
    """Users, skills and agent groups, with the revision of each collection."""

    name, title, prefix = "account_config", "Account configuration", "config"
    switches_type = AccountConfigSwitches
    services = ("accountConfigReadOnly", "accountConfigReadWrite")
    datasets = tuple(_KINDS)
    alias = "config"
    data: Collections

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
        folder = "/api/account/{account}/configuration/"
        return [
            Endpoint(folder + kind.path, partial(self.collection, name), reads=name.replace("_", " "))
            for name, kind in _KINDS.items()
        ]

    def collection(self, name: str, call: Call) -> Answer:
        """``GET /api/account/{account}/configuration/{path}``: a whole collection.

        :param name: the collection.
        :param call: the request.
        """
        switches = self.switches
        rules = CollectionRules(
            newest_version=_KINDS[name].newest_version,
            summary=_KINDS[name].summary,
            version_required=switches.config_version_required,
            all_by_default=switches.config_default_fields == "all",
            unknown_field=switches.config_unknown_field,
            nested_select=switches.config_nested_select,
            revision_header=switches.config_revision_header,
            etag_quoted=switches.config_etag_quoted,
            if_match=switches.config_if_match,
            repeated=switches.config_repeated,
        )
        return rules.answer(call, self.data.read(name))

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return the whole collection, whatever the window."""
        return self.data.truth(dataset)

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        """Change an entity, and with it the collection's revision."""
        return self.data.change(dataset)

    def reset(self) -> None:
        """Make the first collections."""
        world = self.world
        self.data = Collections(
            {"users": world.users, "skills": world.skills, "agent_groups": world.agent_groups},
            source=world.source("changes"),
            now=self.sandbox.now,
            written=self._with_ids,
        )

    def _with_ids(self, collection: str, entity: Entity) -> Entity:
        """Write an entity's ids as the switch says."""
        style = self.switches.config_ids
        written = {name: _written(name, value, style) for name, value in entity.items()}
        if style == "mixed" and collection == "users":
            written["id"] = str(written["id"])
        return written


def _written(name: str, value: Any, style: str) -> Any:
    """Write a field's ids as text where the switch says so, in nested objects too."""
    if isinstance(value, dict):
        return {inner: _written(inner, item, style) for inner, item in value.items()}
    if isinstance(value, list):
        return [_written(name, item, style) for item in value]
    if style == "strings" and name in _IDS and isinstance(value, int):
        return str(value)
    return value
