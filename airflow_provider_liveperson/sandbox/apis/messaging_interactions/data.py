"""Invented messaging conversations, the same for the same seed and day.

A conversation belongs to a day (UTC): that on which it closed, was edited after its close, or, if it is open,
began. It depends on the seed, the day, its place in the day and the account's users alone, so sandboxes of
different sizes agree on what they share. This module invents what a conversation *is*; what its record says is
made in :mod:`.content`.
"""

from __future__ import annotations

import hashlib
import random
import uuid
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from airflow_provider_liveperson.sandbox.world import (
    BOT,
    HUMAN,
    World,
    midnight_ms,
)

DAY_MS = 86_400_000
MINUTE_MS = 60_000

NEVER = -1
"""A moment that did not come."""


class Agent(NamedTuple):
    """A user, or a bot, who answers consumers."""

    agent_id: str
    login: str
    nickname: str
    group_id: int
    user_type: int
    deleted: bool


class Staff(NamedTuple):
    """Who answers, and where they belong: the users, skills and groups of the account's configuration."""

    agents: dict[str, Agent]
    people: tuple[Agent, ...]
    bots: tuple[Agent, ...]
    skills: dict[int, str]
    groups: dict[int, str]


class Conversation(NamedTuple):
    """What is known about a conversation without its content. Moments are UTC epoch milliseconds."""

    key: str
    """From which the content is invented."""
    conversation_id: str
    start: int
    close: int
    """When it was closed; ``NEVER`` for an open one."""
    survey: int
    """When its survey was answered or timed out."""
    survey_answered: bool
    touched: int
    """When it was last edited after its end."""
    last_message: int
    messages: int
    consumer: str
    agents: tuple[str, ...]
    """Ids of the agents it was assigned to, in turn."""
    groups: tuple[str, ...]
    """Ids of their groups."""
    readers: tuple[str, ...]
    """Ids of the agents who only looked."""
    skills: tuple[int, ...]
    """Ids of the skills it went through; the last is its present one, ``-1`` for none."""
    queue_state: str
    source: str
    device: str
    language: int
    mcs: int
    alerted_mcs: int
    csat: int | None
    nps: int | None
    fcr: str | None
    step_up: bool
    response_due: int
    long_reading: float
    """In [0, 1): below the share of partial records, a search gives only a part of it."""

    @property
    def is_open(self) -> bool:
        """Whether it was not closed yet."""
        return self.close == NEVER

    @property
    def status(self) -> str:
        """``OPEN`` or ``CLOSE``."""
        return "OPEN" if self.close == NEVER else "CLOSE"

    @property
    def end(self) -> int:
        """When it ended with its survey, if it had one; this is what ``endTimeL`` and its like say."""
        return self.close if self.survey == NEVER else self.survey

    @property
    def updated(self) -> int:
        """When it last changed; no record says so."""
        return max(self.last_message, self.close, self.survey, self.touched)

    @property
    def duration(self) -> int:
        """From its start to its close, or to the last thing that happened."""
        return (self.updated if self.close == NEVER else self.close) - self.start

    @property
    def latest_skill(self) -> int:
        """Id of the skill it is in; ``-1`` for none."""
        return self.skills[-1]

    @property
    def latest_agent(self) -> str:
        """Id of the agent it is, or was last, assigned to; ``-1`` for none."""
        return self.agents[-1] if self.agents else "-1"


_SOURCES = (
    "SHARK",
    "SHARK",
    "SHARK",
    "APP",
    "APP",
    "WhatsApp Business",
    "Apple Business Chat",
    "SMS",
    "FACEBOOK",
)
_DEVICES = ("DESKTOP", "DESKTOP", "MOBILE", "MOBILE", "TABLET", "NA")
_CONSUMERS = 400

_CLOSINGS = {0: 0, 1: DAY_MS - 1, 2: 5 * 3_600_000, 3: 5 * 3_600_000 - 1, 4: DAY_MS - 5 * MINUTE_MS}
"""Closings of every day that sit on an edge: of the day, and of the ten minutes to which searches round."""

_TIES = (7, 8)
"""Conversations of every day that start in the same millisecond."""


def staff_of(world: World) -> Staff:
    """Return those who answer consumers.

    :param world: the account's users, skills and groups.
    """
    agents = [
        Agent(
            agent_id=str(user["id"]),
            login=user["loginName"],
            nickname=user["nickname"],
            group_id=user["memberOf"]["agentGroupId"],
            user_type=user["userTypeId"],
            deleted=user["deleted"],
        )
        for user in world.users
    ]
    return Staff(
        agents={agent.agent_id: agent for agent in agents},
        people=tuple(agent for agent in agents if agent.user_type == HUMAN),
        bots=tuple(agent for agent in agents if agent.user_type == BOT),
        skills={skill["id"]: skill["name"] for skill in world.skills},
        groups={group["id"]: group["name"] for group in world.agent_groups},
    )


def conversations_of_day(seed: int, day: date, count: int, messages: int, staff: Staff) -> list[Conversation]:
    """Invent the conversations that belong to one calendar day (UTC).

    :param seed: the sandbox's seed.
    :param day: the day.
    :param count: how many.
    :param messages: messages of a conversation on average.
    :param staff: who answers.
    """
    midnight = midnight_ms(day)
    made = []
    for index in range(count):
        key = f"{seed}/conversation/{day.isoformat()}/{index}"
        source = random.Random(key)  # noqa: S311
        made.append(_describe(seed, key, source, _moments(source, index, midnight), messages, staff))
    return made


def conversation_closed_at(seed: int, number: int, close: int, messages: int, staff: Staff) -> Conversation:
    """Invent one conversation more, of one or two minutes.

    :param seed: the sandbox's seed.
    :param number: distinguishes it from others of its kind.
    :param close: when it closed, epoch milliseconds.
    :param messages: messages of a conversation on average.
    :param staff: who answers.
    """
    key = f"{seed}/conversation/inserted/{number}"
    source = random.Random(key)  # noqa: S311
    start = close - MINUTE_MS - int(source.random() * MINUTE_MS)
    return _describe(seed, key, source, _Moments(start, close), messages, staff)


class _Moments(NamedTuple):
    start: int
    close: int = NEVER
    survey: int = NEVER
    survey_answered: bool = False
    touched: int = NEVER
    last_message: int = NEVER


def _moments(source: random.Random, index: int, midnight: int) -> _Moments:
    """Decide when things happened to a day's conversation."""
    chance, place = source.random(), source.random()
    if index in _TIES:
        start = midnight + DAY_MS // 2
        return _Moments(start, start + MINUTE_MS + int(place * 300 * MINUTE_MS))
    if index not in _CLOSINGS and chance < 0.05:
        start = midnight + int(place * DAY_MS)
        last = start + int(source.random() * (midnight + DAY_MS - start))
        return _Moments(start, last_message=last)
    close = touched = midnight + _CLOSINGS.get(index, int(place * DAY_MS))
    if index not in _CLOSINGS and chance < 0.10:
        # Edited on this day, one to six days after it closed.
        close -= int((1 + 5 * source.random()) * DAY_MS)
    else:
        touched = NEVER
    if 0.10 <= chance < 0.15:
        lasted = int((20 + 340 * source.random()) * DAY_MS)
    else:
        lasted = 2 * MINUTE_MS + int(600 * MINUTE_MS * source.random() ** 3)
    survey, answered = NEVER, False
    if index == 4 or chance > 0.65:
        survey = close + 5 * MINUTE_MS + int(source.random() * 55 * MINUTE_MS) + MINUTE_MS * (index == 4)
        answered = source.random() < 0.8
    return _Moments(close - lasted, close, survey, answered, touched)


def _describe(
    seed: int, key: str, source: random.Random, at: _Moments, messages: int, staff: Staff
) -> Conversation:
    """Decide everything else."""
    chance = source.random
    count = 1 + int(messages * (0.3 + 1.3 * chance()))
    if chance() < 0.01:
        count *= 4
    people, bots, skill_ids = staff.people, staff.bots, list(staff.skills)
    agents = [people[int(chance() * len(people))] for _ in range(1 + int(chance() * 2.3))]
    if chance() < 0.4 and bots:
        agents = [bots[int(chance() * len(bots))], *agents]
    agents = list(dict.fromkeys(agents))
    skills = tuple(dict.fromkeys(skill_ids[int(chance() * len(skill_ids))] for _ in agents))
    waiting = at.close == NEVER and chance() < 0.4
    if waiting:
        agents = agents[:-1]
        if chance() < 0.5:
            skills = (*skills, -1)
    reader = people[int(chance() * len(people))] if chance() < 0.1 else None
    mcs = int(chance() * 101)
    rated = at.survey_answered
    last = (
        at.last_message if at.close == NEVER else at.close - int(chance() * min(60_000, at.close - at.start))
    )
    return Conversation(
        key=key,
        conversation_id=str(uuid.UUID(int=source.getrandbits(128), version=4)),
        start=at.start,
        close=at.close,
        survey=at.survey,
        survey_answered=rated,
        touched=at.touched,
        last_message=last,
        messages=count,
        consumer=_consumer_id(seed, int(chance() ** 2 * _CONSUMERS)),
        agents=tuple(agent.agent_id for agent in agents),
        groups=tuple(str(agent.group_id) for agent in agents),
        readers=(reader.agent_id,) if reader and reader not in agents else (),
        skills=skills,
        queue_state="IN_QUEUE" if waiting else "ACTIVE",
        source=_SOURCES[int(chance() * len(_SOURCES))],
        device=_DEVICES[int(chance() * len(_DEVICES))],
        language=int(chance() * 1000),
        mcs=mcs,
        alerted_mcs=-1 if mcs < 30 else 1 if mcs > 80 else 0,
        csat=1 + int(chance() * 5) if rated else None,
        nps=int(chance() * 11) if rated and chance() < 0.5 else None,
        fcr=("yes", "no")[int(chance() * 2)] if rated and chance() < 0.5 else None,
        step_up=chance() < 0.05,
        response_due=last + 10 * MINUTE_MS if waiting else NEVER,
        long_reading=chance(),
    )


@lru_cache(maxsize=4 * _CONSUMERS)
def _consumer_id(seed: int, number: int) -> str:
    digest = hashlib.sha256(f"{seed}/consumer/{number}".encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))
