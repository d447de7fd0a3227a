"""Agents' work in intervals, invented in quarters of an hour, and added up as a request wants it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from airflow_provider_liveperson.sandbox.apis.agent_activity.switches import AgentActivitySwitches
from airflow_provider_liveperson.sandbox.instants import iso_seconds, iso_text
from airflow_provider_liveperson.sandbox.world import Entity, World, midnight_ms, milliseconds

QUARTER_MS = 900_000
DAY_MS = 86_400_000
METRICS = (
    "handleTime",
    "handledConversations",
    "repliedConversations",
    "consumerMessages",
    "agentMessages",
    "workTime",
    "arrivals",
    "closedConversations",
)
GROUPINGS = ("skill", "agent", "agentGroup")


@dataclass(frozen=True, slots=True)
class Work:
    """What one agent did for one skill in a quarter of an hour.

    :param start: where the quarter begins, UTC epoch milliseconds.
    :param skill: the skill.
    :param agent: the agent.
    :param numbers: by the names of :data:`METRICS`.
    """

    start: int
    skill: Entity
    agent: Entity
    numbers: dict[str, int]


class WorkLog:
    """Work in order of time.

    :param world: the agents and skills, and the days that hold data.
    :param switches: returns the switches as they are now.
    """

    def __init__(self, world: World, switches: Callable[[], AgentActivitySwitches]) -> None:
        self._world = world
        self._switches = switches
        self._lock = threading.Lock()
        self._work: list[Work] = [
            work
            for day, count in world.spread(switches().interval_metrics)
            for work in _work_of_day(world, day, count)
        ]

    def rows(
        self,
        start: int,
        end: int,
        *,
        now: float,
        grouping: Sequence[str] = ("skill", "agent"),
        minutes: int = 15,
        metrics: Sequence[str] = METRICS,
        keep: Callable[[Work], bool] = lambda work: True,
    ) -> list[dict[str, Any]]:
        """Add up the work in a half-open range of time, as it is answered, oldest first.

        :param start: epoch milliseconds.
        :param end: epoch milliseconds.
        :param now: the moment for which a row is final, or not yet, in epoch seconds.
        :param grouping: by what; some of :data:`GROUPINGS`.
        :param minutes: length of an interval.
        :param metrics: which numbers.
        :param keep: whether to count some work.
        """
        length = minutes * 60_000
        summed: dict[tuple[Any, ...], tuple[Work, dict[str, int]]] = {}
        for work in self._work:
            if not start <= work.start < end or not keep(work):
                continue
            begins = work.start // length * length
            key = (begins, *(_group(work, name) for name in grouping))
            _, numbers = summed.setdefault(key, (replace(work, start=begins), dict.fromkeys(metrics, 0)))
            for name in metrics:
                numbers[name] += work.numbers[name]
        return [self._row(work, numbers, grouping, length, now) for work, numbers in summed.values()]

    def truth(self, start: datetime, end: datetime, now: float) -> list[dict[str, Any]]:
        """Return what a complete read by skill and agent must give, oldest first.

        :param start: first moment of the half-open window, aware.
        :param end: first moment after the window, aware.
        :param now: the moment for which a row is final, or not yet, in epoch seconds.
        """
        bounds = milliseconds(start), milliseconds(end)
        # By skill and agent, each piece of work is a row.
        starts = [work.start for work in self._work if bounds[0] <= work.start < bounds[1]]
        return [
            {**row, "_interval_start": iso_seconds(at)}
            for at, row in zip(starts, self.rows(*bounds, now=now), strict=True)
        ]

    def change(self, when: datetime) -> None:
        """Have an agent handle one conversation more in the quarter of an hour that is nearest to a moment.

        :param when: the moment, aware.
        :raises ValueError: if there is no work at all.
        """
        moment = milliseconds(when)
        with self._lock:
            if not self._work:
                raise ValueError("There is no work that could change")
            place = min(range(len(self._work)), key=lambda at: abs(self._work[at].start - moment))
            work = self._work[place]
            handled = work.numbers["handledConversations"] + 1
            changed = replace(work, numbers={**work.numbers, "handledConversations": handled})
            self._work = [*self._work[:place], changed, *self._work[place + 1 :]]

    def __len__(self) -> int:
        return len(self._work)

    def _row(
        self, work: Work, numbers: dict[str, int], grouping: Sequence[str], length: int, now: float
    ) -> dict[str, Any]:
        switches = self._switches()
        settled = work.start + length + switches.interval_metrics_settle_minutes * 60_000 <= now * 1000
        row: dict[str, Any] = {"timeframe": self._timeframe(work.start, work.start + length)}
        if "skill" in grouping:
            row |= {"skillId": work.skill["id"], "skillName": work.skill["name"]}
        agent = work.agent
        if "agentGroup" in grouping or "agent" in grouping:
            row["agentGroupId"] = agent["memberOf"]["agentGroupId"]
            row["agentGroupName"] = _group_name(self._world, row["agentGroupId"])
        if "agent" in grouping:
            row |= {"agentId": agent["id"], "agentName": agent["nickname"], "agentLogin": agent["loginName"]}
        return {**row, "metrics": numbers, "status": "Done" if settled else "In Progress"}

    def _timeframe(self, start: int, end: int) -> dict[str, Any]:
        if self._switches().interval_metrics_timeframe == "milliseconds":
            return {"fromL": start, "toL": end}
        if self._switches().interval_metrics_timeframe == "start_time":
            return {
                "startTime": iso_text(start), "endTime": iso_text(end), "startTimeL": start, "endTimeL": end
            }  # fmt: skip
        return {"from": iso_text(start), "to": iso_text(end), "fromL": start, "toL": end}


def _work_of_day(world: World, day: date, count: int) -> list[Work]:
    """Invent one calendar day (UTC), oldest first; no two rows are of the same quarter, skill and agent."""
    source = world.source(f"interval metrics/{day.isoformat()}")
    skills = [skill for skill in world.skills if not skill["deleted"]]
    every = 96 * len(skills) * len(world.people)
    made = []
    for place in source.sample(range(every), min(count, every)):
        rest, agent = divmod(place, len(world.people))
        quarter, skill = divmod(rest, len(skills))
        start = midnight_ms(day) + quarter * QUARTER_MS
        made.append(Work(start, skills[skill], world.people[agent], _numbers(source)))
    return sorted(made, key=lambda work: (work.start, work.skill["id"], work.agent["id"]))


def _numbers(source: random.Random) -> dict[str, int]:
    arrivals = source.randrange(12)
    return {
        "handleTime": source.randrange(900_000),
        "handledConversations": arrivals + source.randrange(4),
        "repliedConversations": arrivals,
        "consumerMessages": source.randrange(40),
        "agentMessages": source.randrange(40),
        "workTime": source.randrange(900_000),
        "arrivals": arrivals,
        "closedConversations": source.randrange(6),
    }


def _group(work: Work, name: str) -> Any:
    if name == "agentGroup":
        return work.agent["memberOf"]["agentGroupId"]
    return attrgetter(name)(work)["id"]


def _group_name(world: World, number: int) -> str:
    names: Iterator[str] = (group["name"] for group in world.agent_groups if group["id"] == number)
    return next(names, "")
