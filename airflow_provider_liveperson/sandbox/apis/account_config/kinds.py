"""The collections of the account configuration: where each is, what it is made of, and what a request has to say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from airflow_provider_liveperson.sandbox.apis.account_config import entities
from airflow_provider_liveperson.sandbox.world import Entity, World

_NAMED = ("id", "deleted", "name")
_SHORT = ("id", "name", "deleted", "isDefault")


class Kind(NamedTuple):
    """A kind of entity.

    :param path: the path behind ``/api/account/{account}/configuration/``.
    :param newest_version: the largest ``v``; None where LivePerson's page names no ``v``.
    :param summary: the fields that come when none is named; None for all.
    :param make: makes the first entities.
    :param changed: the fields that a change sets, from a text that is new.
    :param version_required: whether LivePerson documents a 400 for a request without ``v``.
    :param undocumented: common parameters that its page does not name.
    :param has_last_modified: whether ``X-LP-Last-Modified`` holds the revision.
    """

    path: str
    newest_version: float | None
    summary: tuple[str, ...] | None
    make: Callable[[World], Sequence[Entity]]
    changed: Callable[[str], Entity] = lambda text: {"description": text}
    version_required: bool = False
    undocumented: tuple[str, ...] = ()
    has_last_modified: bool = False


def _new_text(text: str) -> Entity:
    return {"data": [{"title": "Changed", "msg": text, "lang": "en-US", "isDefault": True}]}


_CONTENT = (
    "id",
    "deleted",
    "enabled",
    "type",
    "hotkey",
    "hot-key",
    "categoriesIds",
    "skillIds",
    "lobIds",
    "templateId",
)
_MESSAGE = ("messageEventId", "deleted", "enabled")

KINDS = {
    "users": Kind("le-users/users", 6, ("id", "pid", "deleted", "loginName"), lambda world: world.users),
    "skills": Kind("le-users/skills", 4, _NAMED, lambda world: world.skills),
    "agent_groups": Kind("le-users/agentGroups", 4, _NAMED, lambda world: world.agent_groups),
    "lobs": Kind("le-users/lobs", 4, _NAMED, entities.lobs),
    "profiles": Kind("le-users/profiles", 4, _NAMED, entities.profiles, has_last_modified=True),
    "predefined_content": Kind(
        "engagement-window/canned-responses", 2, _CONTENT, entities.predefined_content, _new_text
    ),
    "default_predefined_content": Kind(
        "defaults/engagement-window/canned-responses",
        2,
        _CONTENT,
        entities.default_predefined_content,
        _new_text,
    ),
    "predefined_categories": Kind(
        "le-categories/categories", 2, _NAMED, entities.predefined_categories, lambda text: {"name": text}
    ),
    "agent_status_reasons": Kind(
        "le-agents/status-reasons",
        None,
        None,
        entities.agent_status_reasons,
        lambda text: {"text": text},
        undocumented=("v", "select", "fields", "field_set"),
    ),
    "working_hours": Kind("ac-common/workinghours", 1, _SHORT, entities.working_hours, version_required=True),
    "special_occasions": Kind(
        "ac-common/specialoccasion", 1, _SHORT, entities.special_occasions, version_required=True
    ),
    "agent_surveys": Kind(
        "ac-common/agent_surveys", None, _SHORT, entities.agent_surveys, undocumented=("v",)
    ),
    "automatic_messages": Kind(
        "engagement-window/auto-messages", 2, ("id", *_MESSAGE), entities.automatic_messages, _new_text
    ),
    "unified_automatic_messages": Kind(
        "engagement-window/unified-auto-messages",
        2,
        (*_MESSAGE, "contexts"),
        entities.unified_automatic_messages,
        lambda text: {"data": [{"lang": "en-US", "msg": text}]},
    ),
    "campaigns": Kind("le-campaigns/campaigns", 3.4, ("id", "name", "isDeleted"), entities.campaigns),
}
"""Dataset to what it is a collection of."""
