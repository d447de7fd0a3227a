"""All that happened at the queues, and the rows that a complete read of it must give."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from airflow_provider_liveperson.sandbox.apis.messaging_operations.events import (
    Choice,
    Event,
    EventSource,
    Numbers,
    agent_segment_numbers,
    by,
    conversation_numbers,
    csat_numbers,
    skill_segment_numbers,
)
from airflow_provider_liveperson.sandbox.apis.messaging_operations.queue_health import QueueHealth
from airflow_provider_liveperson.sandbox.apis.messaging_operations.switches import MessagingOperationsSwitches
from airflow_provider_liveperson.sandbox.apis.shapes import Interval
from airflow_provider_liveperson.sandbox.apis.shapes.intervals import MINUTE_MS
from airflow_provider_liveperson.sandbox.world import World, midnight_ms

CELL_MS = 5 * MINUTE_MS

Row = tuple[str, dict[str, str], Numbers]
"""Level, ids and numbers."""


class OperationsLog:
    """What is counted in cells of five minutes, from the first day with data to the present.

    :param world: the company.
    :param switches: returns the switches as they are now.
    :param present: returns the present, epoch seconds.
    """

    def __init__(
        self,
        world: World,
        switches: Callable[[], MessagingOperationsSwitches],
        present: Callable[[], float],
    ) -> None:
        self._world = world
        self._switches = switches
        self._present = present
        self._lock = threading.Lock()
        self._added: Counter[tuple[str, int]] = Counter()
        self._events = EventSource(world)
        self.queues = QueueHealth(world, self._is_over)

    def add(self, dataset: str, moment: int) -> int:
        """Have one more of what a dataset counts.

        :param dataset: its name.
        :param moment: when, epoch milliseconds; queue health takes the next cell that has numbers.
        :return: where its cell begins.
        """
        cell = moment // CELL_MS * CELL_MS
        if dataset != "messaging_queue_health":
            with self._lock:
                self._added[dataset, cell] += 1
            return cell
        while not self.has_queues(cell) and cell < self._present() * 1000:
            cell += CELL_MS
        self.queues.add(cell)
        return cell

    def cells(self, interval: Interval) -> list[int]:
        """Return the cells of an interval that have begun, and lie in the days with data.

        :param interval: the interval.
        """
        first, last = midnight_ms(self._world.days[0]), self._present() * 1000
        return [cell for cell in interval.buckets(CELL_MS) if first <= cell < last]

    def events(self, dataset: str, cells: Sequence[int], choice: Choice | None = None) -> list[Event]:
        """Return what happened in some cells.

        :param dataset: the dataset that counts it.
        :param cells: where they begin.
        :param choice: only these; None for all.
        """
        return [
            one
            for cell in cells
            for one in self._events.of(dataset, cell, self._added[dataset, cell])
            if choice is None or one in choice
        ]

    def has_queues(self, cell: int) -> bool:
        """Return whether there are numbers of queues in a cell.

        :param cell: where it begins.
        """
        return self._switches().operations_logged_in and self.queues.has_data(cell)

    def numbers(self, dataset: str) -> Callable[[Sequence[Event]], Numbers]:
        """Return what makes the numbers of a dataset.

        :param dataset: its name.
        """
        if dataset == "messaging_csat_distribution":
            return partial(csat_numbers, percent=self._switches().operations_csat_score == "percent")
        return {
            "messaging_conversation_metrics": conversation_numbers,
            "messaging_skill_segments": skill_segment_numbers,
            "messaging_agent_segments": agent_segment_numbers,
        }[dataset]

    def rows(self, dataset: str, interval: Interval) -> list[Row]:
        """Return the rows of an interval, totals first.

        :param dataset: its name.
        :param interval: the interval.
        """
        cells = self.cells(interval)
        if dataset == "messaging_queue_health":
            return self._rows_of_queues([cell for cell in cells if self.has_queues(cell)])
        if not cells:
            return []
        found, numbers, levels = self.events(dataset, cells), self.numbers(dataset), self._levels(dataset)
        skills, agents = by("skill", found), by("agent", found)
        rows: list[Row] = [("account", {}, numbers(found))]
        if "skill" in levels:
            rows += [("skill", {"_skill_id": skill}, numbers(those)) for skill, those in skills.items()]
        if "agent" in levels:
            rows += [("agent", {"_agent_id": agent}, numbers(those)) for agent, those in agents.items()]
        if "skill_agent" in levels:
            rows += [
                ("skill_agent", {"_skill_id": skill, "_agent_id": agent}, numbers(those))
                for skill, own in skills.items()
                for agent, those in by("agent", own).items()
            ]
        return rows

    def _rows_of_queues(self, cells: list[int]) -> list[Row]:
        if not cells:
            return []
        skills = self.queues.skills(None)
        return [
            ("account", {}, self.queues.total(cells, None)),
            *(("skill", {"_skill_id": skill}, self.queues.numbers(cells, skill)) for skill in skills),
        ]

    def _levels(self, dataset: str) -> tuple[str, ...]:
        """Return the levels below the account's."""
        if dataset == "messaging_skill_segments":
            return ("skill",)
        if dataset == "messaging_agent_segments":
            return ("agent",)
        has_agents = self._switches().operations_agents_section
        return ("skill", "agent", "skill_agent") if has_agents else ("skill", "skill_agent")

    def _is_over(self, cell: int) -> bool:
        return midnight_ms(self._world.days[0]) <= cell and cell + CELL_MS <= self._present() * 1000
