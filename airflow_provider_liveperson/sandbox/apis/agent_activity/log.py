"""The agents' status changes, in order of time, and the ways they are read."""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from airflow_provider_liveperson.sandbox.apis.agent_activity.data import (
    StatusChange,
    changes_of_day,
)
from airflow_provider_liveperson.sandbox.apis.agent_activity.switches import AgentActivitySwitches
from airflow_provider_liveperson.sandbox.apis.api import Insertion
from airflow_provider_liveperson.sandbox.instants import iso_text
from airflow_provider_liveperson.sandbox.world import World, milliseconds

_by_moment = attrgetter("moment")


@dataclass(frozen=True, kw_only=True, slots=True)
class ActivityQuery:
    """What a request searches for.

    :param start: first epoch millisecond that matches.
    :param end: first epoch millisecond that no longer matches.
    :param agents: agent ids; None for all.
    :param employees: employee ids; None for all.
    :param groups: agent group ids; None for all.
    """

    start: int
    end: int
    agents: frozenset[str] | None = None
    employees: frozenset[str] | None = None
    groups: frozenset[str] | None = None

    @property
    def filters(self) -> bool:
        """Whether anything but the time matters."""
        return (self.agents, self.employees, self.groups) != (None, None, None)

    def fits(self, change: StatusChange) -> bool:
        """Return whether a change in the window is searched for.

        :param change: the change.
        """
        return (
            (self.agents is None or str(change.agent_id) in self.agents)
            and (self.employees is None or change.employee_id in self.employees)
            and (self.groups is None or str(change.group_id) in self.groups)
        )


class ActivityLog:
    """Status changes sorted by time.

    :param world: the agents, and the days that hold data.
    :param switches: returns the switches as they are now; at first those that shape the data.
    """

    def __init__(self, world: World, switches: Callable[[], AgentActivitySwitches]) -> None:
        self._world = world
        self._switches = switches
        self._lock = threading.Lock()
        self._inserted = 0
        self._changes: list[StatusChange] = []
        for day, count in world.spread(switches().status_changes):
            self._changes += changes_of_day(world.seed, day, count, world.people)

    def __len__(self) -> int:
        return len(self._changes)

    def insert(self, n: int, when: datetime) -> list[dict[str, Any]]:
        """Add changes at one time, as when they reached the store late.

        :param n: how many.
        :param when: their time, aware.
        :return: the new rows, as they are answered.
        :raises ValueError: if the time has no zone.
        """
        return self.rows(self._insert(n, milliseconds(when)))

    def insert_late_or_new(
        self, query: ActivityQuery, insertion: Insertion, *, offset: int, now: float
    ) -> None:
        """Add changes while they are being read.

        :param query: what is being read.
        :param insertion: how many, dated now or like a change that was already read.
        :param offset: how many rows were already read.
        :param now: the sandbox's clock, epoch seconds.
        """
        matching = self._matching(query)
        if not matching:
            return
        newest_first = self._switches().activity_order == "newest"
        rank = min(offset // 2, len(matching) - 1)
        model = matching[-1 - rank if newest_first else rank]
        moment = model.moment if insertion.when == "late" else int(now * 1000)
        self._insert(insertion.rows, moment, model)

    def page(self, query: ActivityQuery, *, offset: int, limit: int) -> tuple[list[dict[str, Any]], int]:
        """Read some of the matching changes, in the order of the switch ``activity_order``.

        :param query: what matches.
        :param offset: how many to leave out at the front.
        :param limit: how many to give at most.
        :return: the rows, and how many match in all.
        """
        matching = self._matching(query)
        if self._switches().activity_order == "newest":
            matching.reverse()
        return self.rows(matching[offset : offset + limit]), len(matching)

    def truth(self, start: datetime, end: datetime) -> list[dict[str, Any]]:
        """Return what a complete read must give, oldest first.

        :param start: first moment of the half-open window, aware.
        :param end: first moment after the window, aware.
        :raises ValueError: if either has no zone.
        """
        return self.rows(self._matching(ActivityQuery(start=milliseconds(start), end=milliseconds(end))))

    def rows(self, changes: list[StatusChange]) -> list[dict[str, Any]]:
        """Render changes as they are answered.

        :param changes: the changes.
        """
        switches = self._switches()
        identity: type[str] | type[int] = str if switches.activity_ids == "strings" else int
        none: tuple[int, str | None] = (0, "") if switches.activity_no_reason == "sample" else (-1, None)
        rows: list[dict[str, Any]] = []
        for change in changes:
            reason_id, reason_text = change.reason or none
            rows.append(
                {
                    "agentId": identity(change.agent_id),
                    "employeeId": change.employee_id,
                    "agentLoginName": change.login_name,
                    "agentUserName": change.user_name,
                    "agentGroupId": identity(change.group_id),
                    "time": iso_text(change.moment),
                    "sessionId": identity(change.session_id),
                    "sequenceNumber": change.sequence,
                    "statusType": change.status,
                    "statusSubType": change.sub_status,
                    "statusReasonId": reason_id,
                    "statusReasonText": reason_text,
                    "prevStatusChangeTime": None if change.previous is None else iso_text(change.previous),
                }
            )
        return rows

    def _insert(self, n: int, moment: int, model: StatusChange | None = None) -> list[StatusChange]:
        with self._lock:
            if model is None:
                model = self._changes[0] if self._changes else self._first()
            made = []
            for _ in range(n):
                self._inserted += 1
                # Sessions and numbers of their own keep them apart from each other and from everything else.
                made.append(
                    model._replace(
                        moment=moment,
                        session_id=8_000_000_000 + self._inserted,
                        sequence=1_000 + self._inserted,
                        status=1,
                        sub_status=2,
                        reason=None,
                        previous=moment - 1,
                    )
                )
            changes = list(self._changes)
            for change in made:
                insort(changes, change, key=_by_moment)
            self._changes = changes
        return made

    def _first(self) -> StatusChange:
        day = self._world.days[-1] + timedelta(days=1)
        return changes_of_day(self._world.seed, day, 1, self._world.people)[0]

    def _matching(self, query: ActivityQuery) -> list[StatusChange]:
        changes = self._changes
        low = bisect_left(changes, query.start, key=_by_moment)
        high = bisect_left(changes, query.end, low, key=_by_moment) if query.end > query.start else low
        found = changes[low:high]
        return [change for change in found if query.fits(change)] if query.filters else found
