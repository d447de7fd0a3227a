"""Operational Realtime API: chats, queues and agents (LivePerson pages ``operational-realtime-api-*``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.operational_realtime.data import CELL_MS, ChatFloor, Numbers
from airflow_provider_liveperson.sandbox.apis.operational_realtime.switches import OperationalRealtimeSwitches
from airflow_provider_liveperson.sandbox.apis.shapes import Interval, IntervalMetrics, Parameters
from airflow_provider_liveperson.sandbox.apis.shapes.intervals import MINUTE_MS, grid
from airflow_provider_liveperson.sandbox.instants import iso_seconds
from airflow_provider_liveperson.sandbox.world import midnight_ms, milliseconds

_RANGES = (0, 15, 30, 45, 60, 90, 120)
_DAY_MINUTES = 1440
_FOLDER = "/operations/api/account/{account}/"


class OperationalRealtimeApi(Api[OperationalRealtimeSwitches]):
    """Chats in cells of five minutes, from the first day with data to the present, and the queues as they are now."""

    name, title, prefix = "operational_realtime", "Operational Realtime", "chat"
    switches_type = OperationalRealtimeSwitches
    services = ("leDataReporting",)
    datasets = (
        "chat_queue_health",
        "chat_engagement_activity",
        "chat_agent_activity",
        "chat_queue_state",
        "chat_sla",
    )
    data: ChatFloor

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
        made = {
            ("GET", "queuehealth"): self.queue_health,
            ("GET", "engactivity"): self.engagement_activity,
            ("GET", "agentactivity"): self.agents_at_work,
            ("POST", "agentactivity"): self.agents_at_work,
            ("GET", "queuestate"): self.queue_state,
            ("GET", "sla"): self.sla,
        }
        return [
            Endpoint(_FOLDER + path, answer, method=method, reads="operational realtime data")
            for (method, path), answer in made.items()
        ]

    # -- handlers --------------------------------------------------------------------------------------

    def queue_health(self, call: Call) -> Answer:
        """``GET /operations/api/account/{account}/queuehealth``: numbers of the queues of a time frame.

        :param call: the request.
        """
        parameters = self._parameters(call)
        wanted = parameters.words("skillIds")
        skills = self._chosen(wanted, self.data.skills)

        def sections(interval: Interval) -> dict[str, Any]:
            cells = self._cells(interval)
            return {
                "skillsMetrics": {skill: self.data.queue([skill], cells) for skill in skills}
                if cells
                else {},
                "metricsTotals": self.data.queue(skills, cells),
            }

        def whole(interval: Interval) -> dict[str, Any]:
            made = sections(interval)
            for skill, numbers in made["skillsMetrics"].items():
                now = self.data.state(skill, self._now_cell)
                numbers["currentAvailableSlots"] = now["currentAvailableSlots"]
                del numbers["currentQueueSize"]
                numbers[self.switches.chat_current_size] = now["currentQueueSize"]
            return made

        return self._framed(parameters, sections, whole, oldest_first=True)

    def engagement_activity(self, call: Call) -> Answer:
        """``GET /operations/api/account/{account}/engactivity``: chats of a time frame, by skill and by agent.

        :param call: the request.
        """
        parameters = self._parameters(call)
        by_skill, by_agent = parameters.words("skillIds"), parameters.words("agentIds")
        skills, agents = (
            self._chosen(by_skill, self.data.skills),
            self._chosen(by_agent, list(self.data.agents)),
        )

        def sections(interval: Interval) -> dict[str, Any]:
            cells = self._cells(interval)
            total = self.data.engagements(skills, None, cells) if cells else {}
            made: dict[str, Any] = {}
            if by_skill is not None:
                made[self.switches.chat_by_skill] = {
                    "metricsPerSkill": {
                        skill: {
                            "metricsPerAgent": self._by_agent([skill], agents, cells),
                            "metricsTotals": self.data.engagements([skill], None, cells),
                        }
                        for skill in self._busy(skills, cells)
                    },
                    "metricsTotals": total,
                }
            if by_agent is not None and (by_skill is None or self.switches.chat_agents_beside):
                made["agentsMetrics"] = {
                    "metricsPerAgent": self._by_agent(skills, agents, cells),
                    "metricsTotals": total,
                }
            return made or {"metricsTotals": total}

        return self._framed(parameters, sections, sections)

    def agents_at_work(self, call: Call) -> Answer:
        """``GET`` or ``POST /operations/api/account/{account}/agentactivity``: seconds of agents by status.

        :param call: the request; a POST has the parameters in its body, all as text.
        """
        given: Mapping[str, Any] = call.parameters
        if call.method == "POST":
            given = call.document()
        parameters = self._parameters(call, given)
        parameters.require("agentIds")
        if any(not isinstance(value, str) for value in given.values()):
            parameters.wrong("body", "all values must be strings")
        agents = self._chosen(parameters.words("agentIds"), list(self.data.agents))

        def sections(interval: Interval) -> dict[str, Any]:
            cells = self._cells(interval)
            by_agent = {agent: self.data.statuses(agent, cells) for agent in agents} if cells else {}
            return {"agentsMetrics": {"metricsPerAgent": by_agent, "metricsTotals": []}}

        def whole(interval: Interval) -> dict[str, Any]:
            # As in LivePerson's sample, there is nothing of the whole frame beside intervals.
            nothing: dict[str, Any] = {"agentsMetrics": {"metricsPerAgent": {}, "metricsTotals": []}}
            return nothing if "interval" in parameters else sections(interval)

        return self._framed(parameters, sections, whole)

    def queue_state(self, call: Call) -> Answer:
        """``GET /operations/api/account/{account}/queuestate``: the queues as they are now.

        :param call: the request.
        """
        parameters = self._parameters(call)
        skills = self._chosen(parameters.words("skillIds"), self.data.skills)
        parameters.check()
        states = {skill: self.data.state(skill, self._now_cell) for skill in skills}
        if call.parameters.get("v") != "2":
            for state in states.values():
                del state["currentMaxWaitTimeInQueue"]
        return self._answer({"skills": states, "totals": _totals(list(states.values()))})

    def sla(self, call: Call) -> Answer:
        """``GET /operations/api/account/{account}/sla``: how long the chats of a time frame waited.

        :param call: the request.
        """
        parameters = self._parameters(call)
        parameters.require("timeframe")
        minutes = parameters.number("timeframe", _DAY_MINUTES, minimum=1, maximum=_DAY_MINUTES)
        skills = self._chosen(parameters.words("skillIds"), self.data.skills)
        groups = parameters.words("groupIds")
        given = parameters.words("histogram")
        starts = (
            sorted({0, *(int(one) for one in given if one.isdigit())}) if given is not None else list(_RANGES)
        )
        if given is not None and (
            not all(one.isdigit() for one in given) or any(start % 5 for start in starts)
        ):
            parameters.wrong("histogram", "must be multiples of 5")
        parameters.check()
        present = int(self.present * 1000)
        first = (present - minutes * MINUTE_MS) // CELL_MS * CELL_MS
        chats = self.data.every_chat(skills, self._cells(Interval(first, present, first)))
        among = None if groups is None or "all" in groups else groups
        found = (chat for chat in chats if among is None or chat.group in among)
        return self._answer({"slaDataRange": self.data.histogram(starts, found)})

    # -- for tests -------------------------------------------------------------------------------------

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return the rows that a complete read must give, oldest first; of the present, whatever the window."""
        if dataset == "chat_queue_state":
            states = {skill: self.data.state(skill, self._now_cell) for skill in self.data.skills}
            return [
                {"_level": "account", **_totals(list(states.values()))},
                *({"_level": "skill", "_skill_id": skill, **state} for skill, state in states.items()),
            ]
        if dataset == "chat_sla":
            present = int(self.present * 1000)
            cells = self._cells(Interval(present - _DAY_MINUTES * MINUTE_MS, present, present))
            ranges = self.data.histogram(_RANGES, self.data.every_chat(self.data.skills, cells))
            return [{"_range": start, **numbers} for start, numbers in ranges.items()]
        rows_of = {
            "chat_queue_health": self._queue_rows,
            "chat_engagement_activity": self._engagement_rows,
            "chat_agent_activity": self._agent_rows,
        }[dataset]
        rows = []
        for interval in grid(milliseconds(start), milliseconds(end), CELL_MS):
            if self._has_data(interval.start):
                when = {
                    "_interval_start": iso_seconds(interval.start),
                    "_interval_end": iso_seconds(interval.end),
                }
                rows += [{**when, **row} for row in rows_of([interval.start])]
        return rows

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        """Have one more of something in the cell of a moment, or the next one with numbers."""
        moment = self.present * 1000 - CELL_MS if when is None else milliseconds(when)
        cell = int(moment) // CELL_MS * CELL_MS
        while not self._has_data(cell) and cell < self.present * 1000:
            cell += CELL_MS
        self.data.add(dataset, cell)
        return iso_seconds(cell)

    def reset(self) -> None:
        """Forget what was changed."""
        self.data = ChatFloor(self.world)

    def _queue_rows(self, cells: Sequence[int]) -> list[Numbers]:
        floor = self.data
        by_skill = [
            {"_level": "skill", "_skill_id": skill, **floor.queue([skill], cells)} for skill in floor.skills
        ]
        return [{"_level": "account", **floor.queue(floor.skills, cells)}, *by_skill]

    def _engagement_rows(self, cells: Sequence[int]) -> list[Numbers]:
        floor, skills = self.data, self._busy(self.data.skills, cells)
        rows = [{"_level": "account", **floor.engagements(floor.skills, None, cells)}]
        rows += [
            {"_level": "skill", "_skill_id": skill, **floor.engagements([skill], None, cells)}
            for skill in skills
        ]
        if self.switches.chat_agents_beside:
            by_agent = self._by_agent(floor.skills, list(floor.agents), cells)
            rows += [
                {"_level": "agent", "_agent_id": agent, **numbers} for agent, numbers in by_agent.items()
            ]
        for skill in skills:
            by_agent = self._by_agent([skill], list(floor.agents), cells)
            rows += [
                {"_level": "skill_agent", "_skill_id": skill, "_agent_id": agent, **numbers}
                for agent, numbers in by_agent.items()
            ]
        return rows

    def _agent_rows(self, cells: Sequence[int]) -> list[Numbers]:
        rows = []
        for agent in self.data.agents:
            for status in self.data.statuses(agent, cells):
                value = status.pop("value")
                rows.append({"_agent_id": agent, **status, **value})
        return rows

    # -- what answers are made of ----------------------------------------------------------------------

    def _parameters(self, call: Call, given: Mapping[str, Any] | None = None) -> Parameters:
        parameters = Parameters(call.parameters if given is None else given)
        if self.switches.chat_version == "required":
            parameters.require("v")
        parameters.choice("v", ("1", "2"), "1")
        return parameters

    def _framed(
        self, parameters: Parameters, sections: Any, whole: Any, *, oldest_first: bool = False
    ) -> Answer:
        """Answer for a time frame, with its intervals where the request asks for them."""
        switches = self.switches
        newest_first = (
            not oldest_first if switches.chat_order == "sample" else switches.chat_order == "newest"
        )
        shape = IntervalMetrics(
            stamp="end",
            rounded=switches.chat_rounded,
            one_more=switches.chat_one_more,
            newest_first=newest_first,
            wrapper=None if switches.chat_wrapper == "none" else switches.chat_wrapper,
        )
        frame = shape.frame(parameters, self.present)
        parameters.check()
        all_of_it = whole(shape.whole(frame))
        if frame.interval_ms is None:
            return self._answer(all_of_it)
        return self._answer({**all_of_it, "metricsByIntervals": shape.rendered(frame, sections)})

    def _answer(self, payload: dict[str, Any]) -> Answer:
        if self.switches.chat_envelope == "meta_body":
            return json_answer({"meta": {"responseCode": 200}, "body": payload})
        return json_answer(payload)

    def _by_agent(
        self, skills: Sequence[str], agents: Sequence[str], cells: Sequence[int]
    ) -> dict[str, Numbers]:
        busy = {agent for skill in skills for agent in self.data.agents_of(skill, cells)}
        return {
            agent: self.data.engagements(skills, agent, cells)
            for agent in sorted(busy, key=int)
            if agent in agents
        }

    def _busy(self, skills: Sequence[str], cells: Sequence[int]) -> list[str]:
        return [skill for skill in skills if self.data.agents_of(skill, cells)]

    @staticmethod
    def _chosen(wanted: frozenset[str] | None, every: Sequence[str]) -> list[str]:
        return [one for one in every if wanted is None or "all" in wanted or one in wanted]

    @property
    def _now_cell(self) -> int:
        return int(self.present * 1000) // CELL_MS * CELL_MS

    def _cells(self, interval: Interval) -> list[int]:
        return [cell for cell in interval.buckets(CELL_MS) if self._has_data(cell)]

    def _has_data(self, cell: int) -> bool:
        """Return whether a cell is over, and not before all data."""
        return midnight_ms(self.world.days[0]) <= cell and cell + CELL_MS <= self.present * 1000


def _totals(states: Sequence[Numbers]) -> Numbers:
    """Add up what is valid; -1 where nothing is."""
    names = states[0] if states else ()
    made: Numbers = {}
    for name in names:
        valid = [state[name] for state in states if state[name] >= 0]
        together = max if name == "currentMaxWaitTimeInQueue" else sum
        made[name] = together(valid) if valid else -1
    return made
