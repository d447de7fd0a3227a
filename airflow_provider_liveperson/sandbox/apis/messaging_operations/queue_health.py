"""The queues in cells of five minutes, from the first day with data to the present."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from airflow_provider_liveperson.sandbox.apis.messaging_operations.events import UNASSIGNED, Numbers
from airflow_provider_liveperson.sandbox.world import World

COUNTS = (
    "unassignedConversations",
    "actionableConversations",
    "notActionableConversations",
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
    "avgWaitTimeForAgentAssignment_AfterTransferFromBot",
    "avgWaitTimeForAgentAssignment_AfterTransferFromAgent",
    "maxWaitTimeForAgentAssignment",
    "maxWaitTimeForAgentAssignment_AfterTransferFromAgent",
    "waitTimeForAgentAssignment_50thPercentile",
    "waitTimeForAgentAssignment_90thPercentile",
)


class QueueHealth:
    """Numbers of queues, invented when they are asked for.

    :param world: the company.
    :param is_kept: whether there are numbers of a cell, given where it begins, in epoch milliseconds.
    """

    def __init__(self, world: World, is_kept: Callable[[int], bool]) -> None:
        self._world = world
        self._is_kept = is_kept
        self._lock = threading.Lock()
        self._added: Counter[int] = Counter()

    def add(self, cell: int) -> None:
        """Have one conversation more wait in a cell.

        :param cell: where it begins.
        """
        with self._lock:
            self._added[cell] += 1

    def has_data(self, cell: int) -> bool:
        """Return whether an agent was logged in during a cell, without which there are no numbers.

        :param cell: where it begins.
        """
        return self._is_kept(cell) and self._world.number(f"logged in/{cell}", 20) > 0

    def skills(self, wanted: frozenset[str] | None) -> list[str]:
        """Return the skills in use, and that of what has none.

        :param wanted: only these; None for all.
        """
        every = [UNASSIGNED, *(str(skill["id"]) for skill in self._world.skills if not skill["deleted"])]
        return [skill for skill in every if wanted is None or skill in wanted]

    def numbers(self, cells: Iterable[int], skill: str) -> Numbers:
        """Return the numbers of a skill: the counts of the cells added up, and the longest waits.

        :param cells: where the cells begin.
        :param skill: its id.
        """
        numbers: Numbers = {}
        for cell in cells:
            found = _invented(self._world, skill, cell)
            if numbers:
                for name in COUNTS:
                    numbers[name] += found[name]
                for name in WAITS:
                    numbers[name] = max(numbers[name], found[name])
            else:
                numbers = dict(found)
            numbers["unassignedConversations"] += self._added[cell] * (skill == UNASSIGNED)
        return numbers

    def total(self, cells: list[int], skills: frozenset[str] | None) -> Numbers:
        """Return the numbers of all skills: the counts added up, and the longest waits.

        :param cells: where the cells begin.
        :param skills: only these; None for all.
        """
        each = [self.numbers(cells, skill) for skill in self.skills(skills)]
        added = {name: sum(numbers[name] for numbers in each) for name in COUNTS}
        return {**added, **{name: max((numbers[name] for numbers in each), default=-1) for name in WAITS}}


@lru_cache(maxsize=50_000)
def _invented(world: World, skill: str, cell: int) -> Mapping[str, float]:
    """Invent the numbers of a skill in a cell; remembered, because a day has thousands of them."""
    waits = {name: world.number(f"{name}/{skill}/{cell}", 600_000) for name in WAITS}
    return {
        **{name: float(world.number(f"{name}/{skill}/{cell}", 20)) for name in COUNTS},
        # Every so often nobody waited, for which LivePerson writes -1.
        **{name: wait if wait % 5 else -1 for name, wait in waits.items()},
    }
