"""The account's users, skills and agent groups, with the revision of each collection."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from airflow_provider_liveperson.sandbox.apis.account_config.switches import AccountConfigSwitches
from airflow_provider_liveperson.sandbox.world import FIRST_REVISION, Entity, World

COLLECTIONS = ("users", "skills", "agent_groups")

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


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection as it is at one revision.

    :param revision: grows with each change.
    :param entities: everything that exists or was deleted, with all fields.
    """

    revision: int
    entities: tuple[Entity, ...]


class AccountConfig:
    """Collections that tests may change while somebody reads them.

    :param world: the users, skills and agent groups before any change.
    :param switches: gives the switches as they are now.
    :param now: the sandbox's clock, epoch seconds.
    """

    def __init__(
        self, world: World, switches: Callable[[], AccountConfigSwitches], now: Callable[[], float]
    ) -> None:
        self._switches = switches
        self._now = now
        self._lock = threading.Lock()
        self._source = world.source("changes")
        self._account_revision = FIRST_REVISION
        made = (world.users, world.skills, world.agent_groups)
        self._collections = {
            name: Collection(FIRST_REVISION, tuple(entities))
            for name, entities in zip(COLLECTIONS, made, strict=True)
        }

    def read(self, collection: str) -> Collection:
        """Give a collection with ids as the switch ``config_ids`` writes them.

        :param collection: ``users``, ``skills`` or ``agent_groups``.
        :raises ValueError: for another name.
        """
        stored = self._stored(collection)
        style = self._switches().config_ids
        entities = tuple(
            {name: _written(name, value, style) for name, value in entity.items()}
            for entity in stored.entities
        )
        if style == "mixed" and collection == "users":
            entities = tuple({**entity, "id": str(entity["id"])} for entity in entities)
        return Collection(stored.revision, entities)

    def revision(self, collection: str) -> int:
        """Give a collection's revision.

        :param collection: ``users``, ``skills`` or ``agent_groups``.
        :raises ValueError: for another name.
        """
        return self._stored(collection).revision

    def change(self, collection: str) -> Entity:
        """Change one entity that was not deleted, and with it the collection's revision.

        :param collection: ``users``, ``skills`` or ``agent_groups``.
        :return: the entity as it is now.
        :raises ValueError: for another name, or if everything was deleted.
        """
        return self._edit(collection, lambda revision: {"description": f"changed at revision {revision}"})

    def delete(self, collection: str) -> Entity:
        """Mark one entity as deleted, and change the collection's revision.

        :param collection: ``users``, ``skills`` or ``agent_groups``.
        :return: the entity as it is now.
        :raises ValueError: for another name, or if everything was deleted.
        """
        return self._edit(collection, lambda _revision: {"deleted": True})

    def truth(self, collection: str) -> list[Entity]:
        """Give what a complete read must give: all entities, the deleted ones too, with all fields.

        :param collection: ``users``, ``skills`` or ``agent_groups``.
        :raises ValueError: for another name.
        """
        return list(self.read(collection).entities)

    def _stored(self, collection: str) -> Collection:
        try:
            return self._collections[collection]
        except KeyError:
            raise ValueError(
                f"There is no collection {collection!r}; known: {', '.join(COLLECTIONS)}"
            ) from None

    def _edit(self, collection: str, edit: Callable[[int], Entity]) -> Entity:
        with self._lock:
            entities = list(self._stored(collection).entities)
            living = [place for place, entity in enumerate(entities) if not entity["deleted"]]
            if not living:
                raise ValueError(f"Everything in {collection} was deleted already")
            place = self._source.choice(living)
            # Any change in the account takes the next number, so a collection's own numbers have gaps.
            self._account_revision += 1
            updated = datetime.fromtimestamp(int(self._now()), UTC).strftime("%Y-%m-%d %H:%M:%S")
            entities[place] = {**entities[place], **edit(self._account_revision), "dateUpdated": updated}
            # One assignment, so that a reader never sees entities and revision that do not belong together.
            self._collections[collection] = Collection(self._account_revision, tuple(entities))
            chosen = str(entities[place]["id"])
        return next(entity for entity in self.read(collection).entities if str(entity["id"]) == chosen)


def _written(name: str, value: Any, style: str) -> Any:
    """Write a field's ids as text where the switch says so, in nested objects too."""
    if isinstance(value, dict):
        return {inner: _written(inner, item, style) for inner, item in value.items()}
    if isinstance(value, list):
        return [_written(name, item, style) for item in value]
    if style == "strings" and name in _IDS and isinstance(value, int):
        return str(value)
    return value
