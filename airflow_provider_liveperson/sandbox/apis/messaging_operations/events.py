"""What happened at the queues, cell by cell, and the numbers that Messaging Operations makes of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from airflow_provider_liveperson.sandbox.world import BOT, HUMAN, World

UNASSIGNED = "-1"
"""The key of what has no skill."""
SOURCES = ("WEB", "APP", "SMS", "FACEBOOK", "WHATSAPP")

Numbers = dict[str, float]

_MAX_IN_CELL = 2
_MAX_AGENTS = 12
_LUCK = (1 << 32) - 1
_BY = ("byCCP", "byConsumer", "bySystem")
_HOUR_MS = 3_600_000


class Event(NamedTuple):
    """One conversation, answer or segment.

    :param skill: its skill.
    :param agent: its agent.
    :param group: the agent's group.
    :param user_type: ``human`` or ``bot``.
    :param source: where the conversation began.
    :param luck: a number from which everything else about it follows.
    """

    skill: str
    agent: str
    group: str
    user_type: str
    source: str
    luck: int


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which events are wanted; None stands for all.

    :param skill: ids of skills.
    :param agent: ids of agents.
    :param group: ids of agent groups.
    :param user_type: kinds of agents.
    :param source: where conversations began.
    """

    skill: Collection[str] | None = None
    agent: Collection[str] | None = None
    group: Collection[str] | None = None
    user_type: Collection[str] | None = None
    source: Collection[str] | None = None

    def __contains__(self, one: Event) -> bool:
        return all(wanted is None or getattr(one, name) in wanted for name, wanted in vars(self).items())


class EventSource:
    """Invents what happened, the same for the same seed, when it is asked for.

    :param world: the company.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    @cached_property
    def skills(self) -> list[str]:
        """The skills that are in use, and that of what has none."""
        return [UNASSIGNED, *(str(skill["id"]) for skill in self._world.skills if not skill["deleted"])]

    @cached_property
    def _agents(self) -> list[tuple[str, str, str]]:
        users = [
            user for user in self._world.users if user["userTypeId"] in (HUMAN, BOT) and not user["deleted"]
        ]
        return [
            (
                str(user["id"]),
                str(user["memberOf"]["agentGroupId"]),
                "bot" if user["userTypeId"] == BOT else "human",
            )
            for user in users[:_MAX_AGENTS]
        ]

    def of(self, what: str, cell: int, added: int = 0) -> Iterator[Event]:
        """Return what happened in a cell.

        :param what: the dataset.
        :param cell: where the cell begins, epoch milliseconds.
        :param added: how many more there are than at first.
        """
        for number in range(self._world.number(f"{what}/{cell}", _MAX_IN_CELL) + added):
            luck = self._world.number(f"{what}/{cell}/{number}", _LUCK)
            agent, group, user_type = self._agents[luck // 7 % len(self._agents)]
            yield Event(
                skill=self.skills[luck // 1009 % len(self.skills)],
                agent=agent,
                group=group,
                user_type=user_type,
                source=SOURCES[luck // 20_011 % len(SOURCES)],
                luck=luck,
            )


def by(field: str, events: Iterable[Event]) -> dict[str, list[Event]]:
    """Sort events into groups, in the order of their numbers.

    :param field: what they have in common in a group, such as ``skill``.
    :param events: all of them.
    """
    groups: dict[str, list[Event]] = defaultdict(list)
    for one in events:
        groups[getattr(one, field)].append(one)
    return {name: groups[name] for name in sorted(groups, key=int)}


def conversation_numbers(events: Sequence[Event]) -> Numbers:
    """Return the numbers of ``msgconversation``, in milliseconds; zeros for none."""
    numbers: Numbers = {}
    for suffix, chosen in [
        *((f"_{one}", [it for it in events if _BY[it.luck % 3] == one]) for one in _BY),
        ("", list(events)),
    ]:
        time = sum(it.luck % _HOUR_MS for it in chosen)
        name = f"resolvedConversations{suffix}"
        numbers[name if suffix else "totalResolvedConversations"] = len(chosen)
        numbers[f"totalHandlingTime_{name}"] = time
        numbers[f"avgTime_{name}"] = round(time / len(chosen), 6) if chosen else 0
    return numbers


def csat_numbers(events: Sequence[Event], *, percent: bool = False) -> Numbers:
    """Return the numbers of ``msgcsatdistribution``; zeros for none.

    :param events: an answer each.
    :param percent: whether the score is a percentage, or a fraction.
    """
    scores = [1 + one.luck % 5 for one in events]
    positive = sum(score >= 4 for score in scores)
    share = positive / len(scores) if scores else 0
    return {
        **{f"csat_score{score}_answers": scores.count(score) for score in range(1, 6)},
        "total_answers": len(scores),
        "positive_answers": positive,
        "csat_score": round(share * 100 if percent else share, 6),
    }


def skill_segment_numbers(events: Sequence[Event]) -> Numbers:
    """Return the numbers of ``msgskillsegments``, in milliseconds; -1 for an average of nothing."""
    end = [one.luck % 5 for one in events]
    return {
        "totalSkillConversationSegments": len(end),
        "skillSegmentsAbandonedByConsumers": end.count(0) + end.count(1),
        "skillSegmentsAbandonedByConsumersInQueue": end.count(1),
        "skillSegmentsWithNonResponsiveConsumers": end.count(2),
        "skillSegmentsWithNonResponsiveAgents": end.count(3),
        "interactiveSkillSegments": end.count(4),
        "avgTimetoFirstAgentMessageFromAgentAssignment": _average(events, lambda one: one.luck % 5 == 4),
    }


def agent_segment_numbers(events: Sequence[Event]) -> Numbers:
    """Return the numbers of ``msgagentsegments``, in milliseconds; -1 for an average of nothing."""
    end = [one.luck % 4 for one in events]
    first = "avgTimetoFirstAgentMessageFromAgentAssignment"
    messages = sum(one.luck % 9 for one in events)
    return {
        "totalAgentConversationSegments": len(end),
        "avgAgentMessagesinAgentSegment": round(messages / len(end), 2) if end else -1,
        "avgAgentSegmentDuration": _average(events, lambda one: True),
        "interactiveAgentSegments": end.count(0),
        "agentSegmentsAbandonedByConsumers": end.count(1),
        "agentSegmentsWithNonResponsiveConsumers": end.count(2),
        "agentSegmentsWithNonResponsiveAgents": end.count(3),
        first: _average(events, lambda one: one.luck % 4 < 2),
        f"{first}_AfterTransfer": _average(events, lambda one: one.luck % 4 == 0),
        f"{first}_NewConversation": _average(events, lambda one: one.luck % 4 == 1),
        "avgTimeToResponseFromAgentAssignment": _average(events, lambda one: one.luck % 2 == 0),
    }


def _average(events: Iterable[Event], counts: Callable[[Event], bool]) -> int:
    times = [one.luck % _HOUR_MS for one in events if counts(one)]
    return sum(times) // len(times) if times else -1
