"""Invented metrics: the same for the same window and key, whatever else is asked for."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import Any

from airflow_provider_liveperson.sandbox.world import BOT, SYSTEM, Entity, World

MINUTE_MS = 60_000
STEP_MS = 5 * MINUTE_MS

BY_TIME = (
    "avg_wait_time",
    "avg_wait_time_first_response",
    "avg_time_to_response",
    "avg_time_to_first_response_first_assignment",
    "closed_conversations",
    "closed_by_agent",
    "closed_by_consumer",
    "auto_closed",
    "concluded_conversations",
    "csat",
    "avg_conversations_duration",
)
NEW_BY_TIME = (
    "total_wait_time_first_response",
    "total_time_to_first_response_all_assignments",
    "agent_responses_outside_sl",
    "total_num_of_agent_responses",
    "agent_responses_outside_sl_rate",
)
NOW = (
    "assigned_conversations",
    "unassigned_conversations",
    "active_conversations",
    "agent_load",
    "human_agent_load",
    "human_online_load",
    "human_away_load",
    "online_agents",
    "back_soon_agents",
    "away_agents",
    "available_slots",
    "open_conversations",
    "overdue_conversations_in_queue",
    "overdue_conversations_assigned",
    "overdue_conversations_total",
    "queue_wait_time_50th_percentile",
    "queue_wait_time_90th_percentile",
)
AGENT_BY_TIME = (
    "closed_conversations",
    "avg_wait_time",
    "avg_wait_time_first_response",
    "avg_time_to_response",
    "avg_time_to_first_response_first_assignment",
    "avg_time_to_first_response_all_assignments",
    "transfer_rate",
    "close_rate",
    "concluded_conversations",
    "transfers",
    "back_to_queue",
    "agent_status_duration",
    "agent_status_with_reason_duration",
    "agent_login_duration",
    "agent_online_duration",
    "closed_by_agent",
    "closed_by_consumer",
    "auto_closed",
    "intent_matched_rate",
    "fcr",
    "nps",
    "csat",
    "avg_conversations_duration",
)
NEW_AGENT_BY_TIME = (
    "closed_rate",
    "total_wait_time_first_response",
    "total_time_to_first_response_all_assignments",
    "fcr_without_skip",
)
AGENT_NOW = (
    "active_conversations",
    "assigned_conversations",
    "agent_load",
    "agent_current_status",
    "agent_current_status_start_time",
    "agent_current_status_reason",
    "agent_current_status_reason_start_time",
    "pending_agent_response",
    "pending_agent_response_rate",
    "available_slots",
    "max_slots",
)
HISTORY = ("transfers", "concluded_conversations", "closed_conversations")
STATUSES = ("ONLINE", "BACK_SOON", "AWAY", "OFFLINE")

_CLOSINGS = ("closed_by_agent", "closed_by_consumer", "auto_closed")
_RATES = ("csat", "load", "rate", "fcr", "fcr_without_skip")
_REASONS = ("NA", "501", "502")


def camel(name: str) -> str:
    """Return the name that a metric has in answers.

    :param name: its name in requests.
    """
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


class Numbers:
    """Metrics of windows. Moments are UTC epoch milliseconds.

    :param world: the company.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._closed: tuple[int, ...] = ()

    def close_one(self, moment: int) -> None:
        """Let an agent close one conversation more.

        :param moment: when.
        """
        with self._lock:
            self._closed = (*self._closed, moment)

    @property
    def skills(self) -> list[Entity]:
        """The skills that have metrics."""
        return [skill for skill in self._world.skills if not skill["deleted"]]

    @property
    def groups(self) -> list[Entity]:
        """The groups that have agents."""
        used = {agent["memberOf"]["agentGroupId"] for agent in self.agents}
        return [group for group in self._world.agent_groups if group["id"] in used]

    @property
    def agents(self) -> list[Entity]:
        """The agents who can be given a conversation."""
        return [user for user in self._world.users if not user["deleted"] and user["userTypeId"] != SYSTEM]

    def account(self, start: int, end: int, names: Collection[str]) -> dict[str, Any]:
        """Return the account's metrics of a window; counts are those of all skills together.

        :param start: where it begins.
        :param end: where it ends.
        :param names: which metrics.
        """
        made = self.of("account", start, end, names, is_first=False)
        counts = [name for name in names if name in _CLOSINGS or name == "closed_conversations"]
        if counts:
            each = [self.of_key("skillId", skill, start, end, counts) for skill in self.skills]
            made |= {camel(name): sum(one[camel(name)] for one in each) for name in counts}
        return made

    def of_key(
        self, group_by: str, entity: Entity, start: int, end: int, names: Collection[str]
    ) -> dict[str, Any]:
        """Return the metrics of a skill or a group.

        :param group_by: ``skillId`` or ``agentGroupId``.
        :param entity: the skill or the group.
        :param start: where the window begins.
        :param end: where it ends.
        :param names: which metrics.
        """
        first = (self.skills if group_by == "skillId" else self.groups)[0]
        label = f"{group_by}/{entity['id']}"
        return self.of(label, start, end, names, is_first=entity["id"] == first["id"])

    def of(
        self, label: str, start: int, end: int, names: Collection[str], *, is_first: bool
    ) -> dict[str, Any]:
        """Return metrics of a window, but for averages of nothing, which are missing.

        :param label: whose.
        :param start: where it begins.
        :param end: where it ends.
        :param names: which metrics.
        :param is_first: whether what was added later belongs to it.
        """
        made: dict[str, Any] = {}
        for name in names:
            number = self._world.number(f"kmm/{name}/{label}/{start}/{end}", 9_999)
            if name.startswith("avg_"):
                if number % 9:
                    made[camel(name)] = number * 12 if name == "avg_conversations_duration" else number * 12.5
            elif name.startswith("total_") and "time" in name:
                made[camel(name)] = float(number * 120)
            elif name.endswith(_RATES):
                made[camel(name)] = number / 10_000
            elif name.endswith("percentile"):
                made[camel(name)] = number * 30
            elif name == "nps":
                made[camel(name)] = number % 200 - 100
            else:
                made[camel(name)] = number % 40
        if "closed_conversations" in names or any(name in names for name in _CLOSINGS):
            made |= self._closings(label, start, end, names, is_first)
        return made

    def agent(
        self, agent: Entity, start: int, end: int, names: Collection[str], close_rate: str, reason: str
    ) -> dict[str, Any]:
        """Return an agent's metrics of a window.

        :param agent: the agent.
        :param start: where it begins.
        :param end: where it ends.
        :param names: which metrics.
        :param close_rate: the name of that metric in answers.
        :param reason: the name of the status's reason in answers.
        """
        label = f"agent/{agent['id']}"
        special = {name for name in names if name.startswith("agent_") and name != "agent_load"}
        special |= {"closed_rate", "close_rate", "max_slots"}
        plain = [name for name in names if name not in special]
        made = self.of(label, start, end, plain, is_first=agent["id"] == self.agents[0]["id"])
        status, since = self.status(agent), start - self._world.number(f"kmm since/{agent['id']}", 3_600_000)
        why = _REASONS[self._world.number(f"kmm reason/{agent['id']}", 2)] if status == "AWAY" else "NA"
        if "closed_rate" in names or "close_rate" in names:
            made[close_rate] = self._world.number(f"kmm/close rate/{label}/{start}/{end}", 100) / 100
        if "max_slots" in names:
            made["maxSlots"] = self._world.number(f"kmm slots/{agent['id']}", 7) + 1
        if "agent_current_status" in names:
            made["agentCurrentStatus"] = status
        if "agent_current_status_start_time" in names:
            made["agentCurrentStatusStartTime"] = since
        if "agent_current_status_reason" in names:
            made[reason] = why
        if "agent_current_status_reason_start_time" in names and why != "NA":
            made["agentCurrentStatusReasonStartTime"] = since
        if agent["userTypeId"] == BOT:
            return made
        parts = {
            one: self._world.number(f"kmm/{one}/{label}/{start}/{end}", (end - start) // 4)
            for one in STATUSES[:3]
        }
        if "agent_login_duration" in names:
            made["loginDuration"] = sum(parts.values())
        if "agent_online_duration" in names:
            made["onlineDuration"] = parts["ONLINE"]
        spent = [{"agentStatus": one, "agentStatusDuration": part} for one, part in parts.items()]
        if "agent_status_duration" in names:
            made["agentStatusDurationList"] = spent
        if "agent_status_with_reason_duration" in names:
            made["agentStatusWithReasonDurationList"] = [
                {**one, "agentStatusReasonId": why if one["agentStatus"] == "AWAY" else "NA"} for one in spent
            ]
        return made

    def status(self, agent: Entity) -> str:
        """Return an agent's present status.

        :param agent: the agent.
        """
        return STATUSES[self._world.number(f"kmm status/{agent['id']}", 3)]

    def step(self, start: int, end: int, names: Sequence[str]) -> dict[str, float]:
        """Return the metrics of a step of ``historical``.

        :param start: where it begins, a multiple of five minutes.
        :param end: where it ends.
        :param names: which metrics.
        """
        cells = range(start // STEP_MS * STEP_MS, end, STEP_MS)
        added = sum(start <= moment < end for moment in self._closed)
        return {
            camel(name): float(
                sum(self._world.number(f"kmm/{name}/{cell}", 9) for cell in cells)
                + added * (name == "closed_conversations")
            )
            for name in names
        }

    def _closings(
        self, label: str, start: int, end: int, names: Collection[str], is_first: bool
    ) -> dict[str, int]:
        """Return the conversations that were closed, which add up."""
        each = {name: self._world.number(f"kmm/{name}/{label}/{start}/{end}", 40) for name in _CLOSINGS}
        if is_first:
            each["closed_by_agent"] += sum(start <= moment < end for moment in self._closed)
        every = {**each, "closed_conversations": sum(each.values())}
        return {camel(name): number for name, number in every.items() if name in names}
