"""The account's configuration in whole collections: users, skills, predefined content and so on.

LivePerson pages ``users-api-*``, ``skills-api-*`` and their siblings; campaigns have no page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from airflow_provider_liveperson.sandbox.apis.account_config.kinds import KINDS
from airflow_provider_liveperson.sandbox.apis.account_config.switches import AccountConfigSwitches
from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.shapes.collection import (
    Collection,
    CollectionRules,
    Collections,
)
from airflow_provider_liveperson.sandbox.apis.shapes.parameters import Parameters, message_only
from airflow_provider_liveperson.sandbox.encoding import from_json
from airflow_provider_liveperson.sandbox.world import Entity

_CONTENT = ("predefined_content", "default_predefined_content")
_IDS = frozenset(
    {
        "id",
        "agentGroupId",
        "agentSurveyForMsgId",
        "ACCOUNT",
        "SKILL",
        "categoriesIds",
        "engagementIds",
        "fallbackSkill",
        "goalId",
        "lobId",
        "lobIds",
        "parentGroupId",
        "profileIds",
        "root",
        "skillId",
        "skillIds",
        "skillTransferList",
        "specialOccasionId",
        "visitorProfiles",
        "workingHoursId",
    }
)


class AccountConfigApi(Api[AccountConfigSwitches]):
    """Users, skills and all else, with the revision of each collection."""

    name, title, prefix = "account_config", "Account configuration", "config"
    switches_type = AccountConfigSwitches
    services = ("accountConfigReadOnly", "accountConfigReadWrite")
    datasets = tuple(KINDS)
    alias = "config"
    data: Collections

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
        folder = "/api/account/{account}/configuration/"
        return [
            Endpoint(folder + kind.path, partial(self.collection, name), reads=name.replace("_", " "))
            for name, kind in KINDS.items()
        ]

    def collection(self, name: str, call: Call) -> Answer:
        """``GET /api/account/{account}/configuration/{path}``: a whole collection.

        :param name: the collection.
        :param call: the request.
        """
        current = self.data.read(name)
        parameters = Parameters(call.parameters, message_only)
        if name in _CONTENT:
            current = _chosen_content(parameters, current)
        elif name == "unified_automatic_messages":
            current = _chosen_messages(parameters, current)
        parameters.check()
        answer = self._rules(name).answer(call, current)
        body = answer.body
        if answer.status != 200 or not isinstance(body, bytes):
            return answer
        if name in _CONTENT and "group_by" in parameters:
            return json_answer(_by_category(from_json(body)), headers=answer.headers)
        if name == "unified_automatic_messages" and self.switches.config_unified_attributes == "twice":
            # As in LivePerson's sample: a member twice in one object, of which readers of JSON keep the last.
            twice = body.replace(b'"attributes":', b'"attributes":[{"timer":"1"}],"attributes":')
            return replace(answer, body=twice)
        return answer

    def _rules(self, name: str) -> CollectionRules:
        switches, kind = self.switches, KINDS[name]
        select = switches.config_select
        if name == "predefined_categories" and select in ("names", "strict_names"):
            select = "aliases"  # the one page that documents them
        is_strict = switches.config_undocumented == "reject"
        has_date = kind.has_last_modified and switches.config_last_modified != "absent"
        return CollectionRules(
            newest_version=kind.newest_version,
            summary=kind.summary,
            version_required=(
                kind.version_required
                or (switches.config_version_required and not (is_strict and "v" in kind.undocumented))
            ),
            undocumented=kind.undocumented if is_strict else (),
            select=select,
            all_by_default=switches.config_default_fields == "all",
            unknown_field=switches.config_unknown_field,
            nested_select=switches.config_nested_select,
            revision_header=switches.config_revision_header,
            etag_quoted=switches.config_etag_quoted,
            if_match=switches.config_if_match,
            last_modified=("number" if switches.config_last_modified == "number" else "date")
            if has_date
            else None,
            repeated=switches.config_repeated,
        )

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return the whole collection, whatever the window."""
        return self.data.truth(dataset)

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        """Change an entity, and with it the collection's revision."""
        return self.data.change(dataset)

    def reset(self) -> None:
        """Forget all changes; each collection is made when it is first asked for."""
        world = self.world
        self.data = Collections(
            {name: partial(kind.make, world) for name, kind in KINDS.items()},
            source=world.source("changes"),
            now=self.sandbox.now,
            written=self._with_ids,
            changed=lambda name, text: KINDS[name].changed(text),
        )

    def _with_ids(self, collection: str, entity: Entity) -> Entity:
        """Write an entity's ids, and its shortcut, as the switches say."""
        style = self.switches.config_ids
        written = {name: _written(name, value, style) for name, value in entity.items()}
        if style == "mixed" and collection == "users":
            written["id"] = str(written["id"])
        if collection in _CONTENT and self.switches.config_hotkey == "hot-key":
            written = {"hot-key" if name == "hotkey" else name: value for name, value in written.items()}
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


def _chosen_content(parameters: Parameters, current: Collection) -> Collection:
    """Read the parameters that only predefined content has."""
    parameters.flag("sanitize_data", False)
    parameters.choice("group_by", ("CATEGORIES",), "")
    language = parameters.choice("lang", ("de-DE", "en-US", "en-us"), "")
    ids, skills = parameters.words("ids"), parameters.words("skill_ids")
    chosen = [
        entity
        for entity in current.entities
        if (ids is None or str(entity["id"]) in ids)
        and (skills is None or skills & set(map(str, entity["skillIds"])))
    ]
    return Collection(current.revision, _in_language(chosen, language))


def _chosen_messages(parameters: Parameters, current: Collection) -> Collection:
    """Read the parameters that only unified automatic messages have."""
    parameters.flag("sanitize_data", False)
    language = parameters.choice("lang", ("de-DE", "en-US"), "")
    level = parameters.choice("context_type", ("ACCOUNT", "SKILL"), "ACCOUNT")
    places = parameters.words("context_id")
    chosen = [
        entity
        for entity in current.entities
        if level in entity["contexts"]
        and (places is None or places & set(map(str, entity["contexts"][level])))
    ]
    return Collection(current.revision, _in_language(chosen, language))


def _in_language(entities: Sequence[Entity], language: str) -> tuple[Entity, ...]:
    if not language:
        return tuple(entities)
    return tuple(
        {**entity, "data": [one for one in entity["data"] if one["lang"] == language]} for entity in entities
    )


def _by_category(entities: Sequence[Entity]) -> dict[str, list[Entity]]:
    grouped: dict[str, list[Entity]] = {}
    for entity in entities:
        for category in entity.get("categoriesIds", ()):
            grouped.setdefault(str(category), []).append(entity)
    return grouped
