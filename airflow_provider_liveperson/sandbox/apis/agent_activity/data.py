"""Invented agent status changes, the same for the same seed and day.

Agents log in, change their state some times and log out. A day's first *n* rows, in the order in which they
are invented, never depend on how many rows the day has.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from airflow_provider_liveperson.sandbox.world import Entity, midnight_ms

DAY_MS = 86_400_000

CHANGE, LOGIN, LOGOUT = 1, 3, 4
OFFLINE, ONLINE, OCCUPIED, AWAY = 1, 2, 3, 4

_REASONS = (
    (501, "Lunch"),
    (502, "Coaching"),
    (503, "Réunion d'équipe"),
    (504, "休憩"),
    (505, 'Call, "urgent"'),
)


class StatusChange(NamedTuple):
    """One change of one agent's state."""

    moment: int
    """UTC epoch milliseconds."""
    agent_id: int
    employee_id: str
    login_name: str
    user_name: str
    group_id: int
    session_id: int
    sequence: int
    status: int
    sub_status: int
    reason: tuple[int, str] | None
    previous: int | None
    """Epoch milliseconds of the change before; None where the session begins."""


def changes_of_day(seed: int, day: date, count: int, agents: Sequence[Entity]) -> list[StatusChange]:
    """Invent one calendar day (UTC) of status changes, oldest first, no two of them the same.

    :param seed: the sandbox's seed.
    :param day: the day.
    :param count: how many changes the day has; the last session may be cut short by it.
    :param agents: who works; at least one.
    """
    source = random.Random(f"{seed}/activity/{day.isoformat()}")  # noqa: S311
    midnight = midnight_ms(day)
    last = midnight + DAY_MS - 1
    changes: list[StatusChange] = []
    seen: set[tuple[int, ...]] = set()
    begins = midnight
    session = 0
    while len(changes) < count:
        # The first session begins with the day; others begin together, as at the start of a shift.
        if session and source.random() < 0.7:
            begins = midnight + int(source.random() * DAY_MS)
        rows = _session(source, agents[source.randrange(len(agents))], begins, last, ends_day=session == 1)
        for row in rows[: count - len(changes)]:
            unique = row
            while _key(unique) in seen:
                unique = unique._replace(moment=midnight + int(source.random() * DAY_MS))
            seen.add(_key(unique))
            changes.append(unique)
        session += 1
    changes.sort(key=lambda change: change.moment)
    return changes


def _key(change: StatusChange) -> tuple[int, ...]:
    return (change.agent_id, change.moment, change.status, change.sub_status, change.sequence)


def _session(
    source: random.Random, agent: Entity, begins: int, last: int, *, ends_day: bool
) -> list[StatusChange]:
    def change(moment: int, sequence: int, status: int, sub_status: int) -> StatusChange:
        away = status == CHANGE and sub_status == AWAY
        return StatusChange(
            moment=moment,
            agent_id=agent["id"],
            employee_id=agent["employeeId"],
            login_name=agent["loginName"],
            user_name=agent["nickname"],
            group_id=agent["memberOf"]["agentGroupId"],
            # The real service does not know the session yet when it notes the login and the first state.
            session_id=session_id if sequence > 1 else -1,
            sequence=sequence,
            status=status,
            sub_status=sub_status,
            reason=_REASONS[source.randrange(len(_REASONS))] if away and source.random() < 0.8 else None,
            previous=rows[-1].moment if sequence > 1 else None,
        )

    session_id = 9_000_000_000 + source.randrange(1_000_000_000)
    rows: list[StatusChange] = []
    rows.append(change(begins, -1, LOGIN, 0))
    rows.append(change(begins, 1, CHANGE, OFFLINE))
    moment = begins
    for sequence in range(2, 3 + source.randrange(5)):
        moment = min(moment + 1 + int(source.random() * 5_400_000), last)
        rows.append(
            change(moment, sequence, CHANGE, source.choice((ONLINE, ONLINE, OCCUPIED, AWAY, OFFLINE)))
        )
    moment = last if ends_day else min(moment + 1 + int(source.random() * 900_000), last)
    rows.append(change(moment, rows[-1].sequence + 1, LOGOUT, 0))
    return rows
