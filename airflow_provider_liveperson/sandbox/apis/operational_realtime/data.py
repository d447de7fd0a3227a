"""Invented chats, queues and agents' hours, in cells of five minutes.

Nothing is kept but what was changed: the same seed and cell always give the same numbers.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from airflow_provider_liveperson.sandbox.apis.shapes.intervals import MINUTE_MS
from airflow_provider_liveperson.sandbox.world import World

CELL_MS = 5 * MINUTE_MS
CELL_SECONDS = CELL_MS // 1000

STATUSES = {"2": "Online", "3": "Back in 5", "4": "Away", "-1": "Logged in"}
"""The statuses of agents, with their names as in LivePerson's sample."""

_CHAT_SKILLS, _CHAT_AGENTS = 4, 3
_ONLINE, _AWAY = "2", "4"
_REASONS = ("61001", "61002")

Numbers = dict[str, Any]


class Chat(NamedTuple):
    """A chat that was answered."""

    wait: int
    """For how many seconds it had waited."""
    agent: str
    group: str
    handled: int
    """For how many seconds it was handled in the cell."""
    is_interactive: bool


class ChatFloor:
    """The queues, and those who answer.

    :param world: the company.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._added: Counter[tuple[str, int]] = Counter()

    @cached_property
    def skills(self) -> list[str]:
        """The skills that have chats."""
        return [str(skill["id"]) for skill in self._world.skills if not skill["deleted"]][:_CHAT_SKILLS]

    @cached_property
    def agents(self) -> dict[str, str]:
        """The agents who chat, and the group of each."""
        return _agents(self._world)

    def add(self, what: str, cell: int) -> None:
        """Have one more of something in a cell.

        :param what: a dataset's name.
        :param cell: the cell's start, epoch milliseconds.
        """
        with self._lock:
            self._added[what, cell] += 1

    def chats(self, skill: str, cell: int) -> Sequence[Chat]:
        """Return the chats of a skill that were answered in a cell.

        :param skill: the skill.
        :param cell: the cell's start, epoch milliseconds.
        """
        return _chats(self._world, skill, cell)

    # -- queue health ----------------------------------------------------------------------------------

    def queue(self, skills: Iterable[str], cells: Sequence[int]) -> Numbers:
        """Return the queue health of some skills together.

        :param skills: the skills.
        :param cells: the cells; none for a time without data.
        """
        skills = list(skills)
        if not cells:
            return {}
        number = self._world.number
        waits = [chat.wait for skill in skills for cell in cells for chat in self.chats(skill, cell)]
        left = [
            1 + number(f"left/{skill}/{cell}/wait", 90)
            for skill in skills
            for cell in cells
            if number(f"left/{skill}/{cell}", 9) == 0
        ]
        more = sum(self._added["chat_queue_health", cell] for cell in cells) * (self.skills[0] in skills)
        entered = len(waits) + len(left) + more
        made: Numbers = {
            "enteredQEng": entered,
            "connectedEng": len(waits),
            "abandonedEng": len(left),
            "abandonmentRate": round(len(left) / entered, 4) if entered else 0.0,
            "totalTimeToAnswer": sum(waits),
            "avgTimeToAnswer": round(sum(waits) / len(waits), 2) if waits else -1.0,
            "totalTimeToAbandon": sum(left),
            "avgTimeToAbandon": round(sum(left) / len(left), 2) if left else -1.0,
        }
        for what, most in (("QueueSize", 5), ("AvailableSlots", 12)):
            sizes = [number(f"{what}/{skill}/{cell}", most) for skill in skills for cell in cells]
            name = what[0].lower() + what[1:]
            made |= {
                f"max{what}": max(sizes, default=-1),
                f"min{what}": min(sizes, default=-1),
                f"average{what}": round(sum(sizes) / len(sizes), 2) if sizes else -1.0,
                f"{name}Sum": sum(sizes),
                f"{name}Count": len(sizes),
                f"current{what}": -1,
            }
        return made

    # -- engagement activity ---------------------------------------------------------------------------

    def engagements(self, skills: Iterable[str], agent: str | None, cells: Sequence[int]) -> Numbers:
        """Return the engagement activity of some skills together; zeros where there was none.

        :param skills: the skills.
        :param agent: one of the agents; None for all of them.
        :param cells: the cells.
        """
        chats = [
            chat
            for skill in skills
            for cell in cells
            for chat in self.chats(skill, cell)
            if agent is None or chat.agent == agent
        ]
        interactive = [chat.handled for chat in chats if chat.is_interactive]
        others = [chat.handled for chat in chats if not chat.is_interactive]
        more = (
            0 if agent is not None else sum(self._added["chat_engagement_activity", cell] for cell in cells)
        )
        return {
            "totalInteractiveChats": len(interactive),
            "totalNonInteractiveChats": len(others),
            "totalHandlingTime": sum(interactive),
            "nonInteractiveTotalHandlingTime": sum(others),
            "connectedEngagements": len(chats) + more,
        }

    def agents_of(self, skill: str, cells: Sequence[int]) -> list[str]:
        """Return who chatted for a skill, in the order of their ids.

        :param skill: the skill.
        :param cells: the cells.
        """
        return sorted({chat.agent for cell in cells for chat in self.chats(skill, cell)}, key=int)

    # -- agent activity --------------------------------------------------------------------------------

    def statuses(self, agent: str, cells: Sequence[int]) -> list[Numbers]:
        """Return an agent's seconds by status.

        :param agent: the agent.
        :param cells: the cells.
        """
        more = sum(self._added["chat_agent_activity", cell] for cell in cells)
        made = []
        for status, name in STATUSES.items():
            value = _added_up([self._seconds(agent, status, cell) for cell in cells])
            one: Numbers = {"id": int(status), "name": name, "value": value}
            if status == _AWAY:
                reason = _REASONS[self._world.number(f"reason/{agent}/{cells[0]}", len(_REASONS) - 1)]
                one = {"reasons": [{"id": reason, "value": value}] if value["total"] else [], **one}
            if status == _ONLINE:
                value["chattingInMaxConcurrency"] += more
            made.append(one)
        return made

    def _seconds(self, agent: str, status: str, cell: int) -> Numbers:
        number = self._world.number
        # Now and then somebody was not online all the time.
        away = number(f"away/{agent}/{cell}", 1_200)
        other = min(CELL_SECONDS, away) if away < 600 else 0
        total = {
            _ONLINE: CELL_SECONDS - other,
            "3": other if away < 300 else 0,
            _AWAY: other if away >= 300 else 0,
            "-1": CELL_SECONDS,
        }[status]
        chatting = number(f"chatting/{agent}/{status}/{cell}", total)
        return {
            "total": total,
            "chatting": chatting,
            "notChatting": total - chatting,
            "chattingInMaxConcurrency": chatting // 3,
        }

    # -- how it is now, and service levels -------------------------------------------------------------

    def state(self, skill: str, cell: int) -> Numbers:
        """Return how the queue of a skill is; -1 where nobody is there for it.

        :param skill: the skill.
        :param cell: the cell of the present.
        """
        number = self._world.number
        if skill == self.skills[-1]:
            return {"currentAvailableSlots": -1, "currentQueueSize": -1, "currentMaxWaitTimeInQueue": -1}
        size = number(f"queue now/{skill}/{cell}", 5)
        size += (skill == self.skills[0]) * sum(
            count for (what, _), count in self._added.items() if what == "chat_queue_state"
        )
        return {
            "currentAvailableSlots": number(f"slots now/{skill}/{cell}", 12),
            "currentQueueSize": size,
            "currentMaxWaitTimeInQueue": number(f"wait now/{skill}/{cell}", 240_000) if size else -1,
        }

    def histogram(self, starts: Sequence[int], chats: Iterable[Chat]) -> dict[str, Numbers]:
        """Return how many chats waited how long.

        :param starts: where the ranges begin, in seconds, in order.
        :param chats: the chats.
        """
        counts: Counter[int] = Counter()
        for chat in chats:
            counts[max((start for start in starts if start <= chat.wait), default=starts[0])] += 1
        counts[starts[0]] += sum(count for (what, _), count in self._added.items() if what == "chat_sla")
        total, so_far = sum(counts.values()), 0
        made = {}
        for start in starts:
            so_far += counts[start]
            made[str(start)] = {
                "accumulated": round(so_far / total, 4) if total else 0.0,
                "percentageFromTotal": round(counts[start] / total, 4) if total else 0.0,
                "chats": counts[start],
            }
        return made

    def every_chat(self, skills: Iterable[str], cells: Sequence[int]) -> Iterator[Chat]:
        """Return the chats of some skills.

        :param skills: the skills.
        :param cells: the cells.
        """
        for skill in skills:
            for cell in cells:
                yield from self.chats(skill, cell)


def _added_up(values: Sequence[Numbers]) -> Numbers:
    return {name: sum(value[name] for value in values) for name in values[0]}


@lru_cache
def _agents(world: World) -> dict[str, str]:
    people = [user for user in world.people if not user["deleted"]][:_CHAT_AGENTS]
    return {str(user["id"]): str(user["memberOf"]["agentGroupId"]) for user in people}


@lru_cache(maxsize=50_000)
def _chats(world: World, skill: str, cell: int) -> Sequence[Chat]:
    """Invent the chats of a skill in a cell; remembered, because a day has thousands of them."""
    number, groups = world.number, _agents(world)
    agents, made = list(groups), []
    for place in range(max(0, number(f"chats/{skill}/{cell}", 4) - 2)):
        label = f"chat/{skill}/{cell}/{place}"
        agent = agents[number(label, len(agents) - 1)]
        made.append(
            Chat(
                wait=number(f"{label}/wait", 150),
                agent=agent,
                group=groups[agent],
                handled=number(f"{label}/handled", CELL_SECONDS),
                is_interactive=number(f"{label}/interactive", 5) > 0,
            )
        )
    return made
