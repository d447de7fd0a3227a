"""How the queues are now: what the methods without a history answer from."""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import Any

from airflow_provider_liveperson.sandbox.apis.messaging_operations.events import UNASSIGNED, Numbers
from airflow_provider_liveperson.sandbox.world import World

QUEUE = (
    "unassignedConversations",
    "actionableConversations",
    "notActionableConversations",
)
BREAKDOWN = (
    "actionableAndManualSla",
    "actionableAndDuringTransfer",
    "actionableAndConsumerLastMessage",
    "notActionableDuringTransfer",
    "notActionableAndManualSla",
    "unassignedConversationsAndFirstTimeConsumer",
)
WAITS = (
    "avgWaitTimeForAgentAssignment_NewConversation",
    "avgWaitTimeForAgentAssignment_AfterTransfer",
    "avgWaitTimeForAgentAssignment_AfterTransferFromAgent",
    "maxWaitTimeForAgentAssignment",
    "maxWaitTimeForAgentAssignment_AfterTransferFromAgent",
    "waitTimeForAgentAssignment_50thPercentile",
    "waitTimeForAgentAssignment_90thPercentile",
)
OVERDUE = ("overdueConversationsInQueue", "overdueConversationsAssigned", "overdueConversationsTotal")
CURRENT_METRICS = (*QUEUE, *BREAKDOWN, *WAITS, *OVERDUE)
GROUP_METRICS = (
    "unassignedConversations",
    "unassignedConversationsAndFirstTimeConsumer",
    "actionableConversations",
    "actionableAndDuringTransferToAgent",
    "actionableAndDuringTransferToSkill",
    "actionableAndDuringBackToQueue",
    "notActionableConversations",
    "notActionableAndDuringTransferToAgent",
    "notActionableAndDuringTransferToSkill",
    "notActionableAndDuringBackToQueue",
)
_DAY_HOURS = 24


class CurrentState:
    """The present state, invented when it is asked for. A change makes one queue longer by a conversation.

    :param world: the company.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._longer = 0

    def change(self) -> None:
        """Have one conversation more wait."""
        with self._lock:
            self._longer += 1

    def skills(self, wanted: Collection[str] | None = None) -> list[str]:
        """Return the skills that are in use.

        :param wanted: their ids; None for all.
        """
        every = [str(skill["id"]) for skill in self._world.skills if not skill["deleted"]]
        return [skill for skill in every if wanted is None or skill in wanted]

    def queues(
        self, names: Collection[str], skills: Collection[str] | None, groups: Collection[str] | None
    ) -> dict[str, Numbers]:
        """Return the numbers of queues by skill.

        :param names: the metrics.
        :param skills: only these; None for all.
        :param groups: count assigned conversations of these agent groups only; None for all.
        """
        found = {}
        for skill in [UNASSIGNED, *self.skills()]:
            if skills is not None and skill not in skills:
                continue
            numbers: Numbers = {
                name: self._number(f"now/{name}/{skill}", 20) for name in (*QUEUE, *BREAKDOWN)
            }
            numbers["actionableConversations"] += self._longer * (skill == UNASSIGNED)
            numbers["unassignedConversations"] = (
                numbers["actionableConversations"] + numbers["notActionableConversations"]
            )
            for name in WAITS:
                wait = self._number(f"now/{name}/{skill}", 600_000)
                numbers[name] = wait if wait % 4 else -1
            numbers["overdueConversationsInQueue"] = self._number(f"overdue/{skill}", 5)
            numbers["overdueConversationsAssigned"] = sum(
                self._number(f"overdue/{skill}/{group}", 2)
                for group in self._groups()
                if groups is None or group in groups
            )
            numbers["overdueConversationsTotal"] = (
                numbers["overdueConversationsInQueue"] + numbers["overdueConversationsAssigned"]
            )
            found[skill] = {name: number for name, number in numbers.items() if name in names}
        return found

    def totals(self, queues: dict[str, Numbers]) -> Numbers:
        """Return the totals of queues: waits are the longest, all else is added up.

        :param queues: their numbers by skill.
        """
        totals: Numbers = {}
        for numbers in queues.values():
            for name, number in numbers.items():
                if name in WAITS:
                    totals[name] = max(totals.get(name, -1), number)
                else:
                    totals[name] = totals.get(name, 0) + number
        return totals

    def by_group(
        self,
        *,
        names: Collection[str] | None = None,
        skills: Collection[str] | None = None,
        groups: Collection[str] | None = None,
        with_subgroups: bool = False,
        hours: int = _DAY_HOURS,
    ) -> dict[str, dict[str, Numbers]]:
        """Return the numbers of queues by skill, and for each by agent group. There are no totals.

        :param names: only these metrics; None for all.
        :param skills: only these; None for all.
        :param groups: only these agent groups; None for all.
        :param with_subgroups: whether a group's numbers hold those of the groups below it.
        :param hours: how far back conversations count that were not changed since.
        """
        found: dict[str, dict[str, Numbers]] = {}
        for skill in self.skills(skills):
            for group in self._groups():
                members = [group, *(self._below(group) if with_subgroups else [])]
                own = [it for it in members if self._number(f"allocated/{skill}/{it}", 3) == 0]
                if not own or (groups is not None and group not in groups):
                    continue
                each = [self._of_group(skill, it, hours) for it in own]
                found.setdefault(skill, {})[group] = {
                    name: sum(numbers[name] for numbers in each)
                    for name in GROUP_METRICS
                    if names is None or name in names
                }
        return found

    def waits(self, skills: Collection[str] | None) -> dict[str, int]:
        """Return the estimated wait by skill, in seconds; -1 where too few conversations are assigned to tell.

        :param skills: only these; None for all.
        """
        found = {}
        for place, skill in enumerate(self.skills()):
            seconds = self._number(f"estimated wait/{skill}", 900)
            found[skill] = -1 if seconds % 3 == 0 else seconds
            if place == 0:
                found[skill] = seconds + self._longer
        unknown = {skill: -1 for skill in sorted(skills or ()) if skill not in found}
        return {
            **{skill: wait for skill, wait in found.items() if skills is None or skill in skills},
            **unknown,
        }

    def _of_group(self, skill: str, group: str, hours: int) -> Numbers:
        numbers: Numbers = {}
        for name in GROUP_METRICS:
            number = self._number(f"group/{name}/{skill}/{group}", 20)
            numbers[name] = number * min(hours, _DAY_HOURS) // _DAY_HOURS
        if skill == self.skills()[0]:
            numbers["actionableConversations"] += self._longer
        numbers["unassignedConversations"] = (
            numbers["actionableConversations"] + numbers["notActionableConversations"]
        )
        return numbers

    def _groups(self) -> list[str]:
        return [str(group["id"]) for group in self._world.agent_groups if not group["deleted"]]

    def _below(self, group: str) -> list[str]:
        found: list[str] = []
        for one in self._world.agent_groups:
            if str(one["parentGroupId"]) == group and not one["deleted"]:
                found += [str(one["id"]), *self._below(str(one["id"]))]
        return found

    def _number(self, label: str, maximum: int) -> int:
        return self._world.number(f"present/{label}", maximum)


def current_metrics(metrics: Collection[str], *, breakdown: bool, overdue: bool) -> tuple[str, ...]:
    """Return the metrics of the current queue health that a request asks for.

    :param metrics: ``queue``, ``waittimes``, ``overdue`` or ``all``.
    :param breakdown: whether to say why conversations can or cannot be taken.
    :param overdue: whether to count overdue conversations in any case.
    """
    names: list[str] = []
    everything = "all" in metrics
    if everything or "queue" in metrics:
        names += [*QUEUE, *(BREAKDOWN if breakdown else ())]
    if everything or "waittimes" in metrics:
        names += WAITS
    if everything or overdue or "overdue" in metrics:
        names += OVERDUE
    return tuple(names)


def listed(waits: dict[str, int], timestamp: int, names: tuple[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Make the answer about estimated waits.

    :param waits: seconds by skill.
    :param timestamp: when they were estimated, epoch milliseconds.
    :param names: the name of the list, and that of the seconds.
    """
    rows, seconds = names
    return {
        rows: [
            {"skillId": int(skill), seconds: wait, "timestamp": timestamp} for skill, wait in waits.items()
        ]
    }
