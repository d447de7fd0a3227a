"""Invented chats, the same for the same seed and day. What their records say is made in :mod:`.content`."""

from __future__ import annotations

import random
from typing import NamedTuple

from airflow_provider_liveperson.sandbox.world import World, midnight_ms

DAY_MS = 86_400_000
MINUTE_MS = 60_000

_ON_THE_EDGE = (0, 5 * 3_600_000, 5 * 3_600_000 - 1, DAY_MS - 1)
"""Starts of every day that sit on an edge: of the day, and of the ten minutes to which searches round."""
_TIES = (5, 6)
"""Chats of every day that start in the same millisecond."""


class Chat(NamedTuple):
    """What is known about a chat without its record. Moments are UTC epoch milliseconds."""

    number: str
    """From which its content is invented, and its id is made."""
    start: int
    end: int
    visitor: str
    agent: int
    """The user's place among the account's people."""
    skill: int
    """The skill's place among the account's skills; -1 for none."""
    channel: int
    lines: int
    score: int
    """The Meaningful Connection Score, 0 to 100."""
    is_interactive: bool
    co_browse: int
    """For how many seconds a co-browse session lasted; 0 for none."""
    long_reading: float
    """In [0, 1): below the share of partial records, a search gives only a part of it."""

    @property
    def duration(self) -> int:
        """Its length in seconds."""
        return (self.end - self.start) // 1000

    @property
    def alert(self) -> int:
        """Whether its score is worth an alert, and for better or worse."""
        return -1 if self.score < 30 else 1 if self.score > 80 else 0


def chats_of(world: World, total: int) -> list[Chat]:
    """Invent all chats, in the order in which they started.

    :param world: the company.
    :param total: how many.
    """
    made = []
    for day, count in world.spread(total):
        midnight = midnight_ms(day)
        source = world.source(f"engagements/{midnight}")
        for index in range(count):
            number = f"{midnight // DAY_MS}{index:05d}"
            if index < len(_ON_THE_EDGE):
                start = midnight + _ON_THE_EDGE[index]
            elif index in _TIES:
                start = midnight + DAY_MS // 2
            else:
                start = midnight + source.randrange(DAY_MS)
            made.append(invent(source, number, start))
    return sorted(made, key=lambda chat: (chat.start, chat.number))


def invent(source: random.Random, number: str, start: int) -> Chat:
    """Invent one chat.

    :param source: the source of chance.
    :param number: tells it from others.
    :param start: when it started, epoch milliseconds.
    """
    is_interactive = source.random() < 0.85
    lines = 2 + source.randrange(8) if is_interactive else source.randrange(2)
    return Chat(
        number=number,
        start=start,
        # One at the end of a day is over at midnight, when the sandbox's data end.
        end=min(start + 20_000 + source.randrange(25 * MINUTE_MS), start // DAY_MS * DAY_MS + DAY_MS),
        visitor=f"V{source.randrange(10**9):09d}",
        agent=source.randrange(10**6),
        skill=source.randrange(10**6) if source.random() < 0.9 else -1,
        channel=source.choice((1, 1, 1, 1, 2, -1)),
        lines=lines,
        score=source.randrange(101),
        is_interactive=is_interactive,
        co_browse=source.randrange(30, 600) if source.random() < 0.1 else 0,
        long_reading=source.random(),
    )
