"""Messaging Operations API (LivePerson pages ``messaging-operations-api-*``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.messaging_operations.current import (
    CURRENT_METRICS,
    GROUP_METRICS,
    CurrentState,
    current_metrics,
    listed,
)
from airflow_provider_liveperson.sandbox.apis.messaging_operations.events import (
    Choice,
    Event,
    Numbers,
    agent_segment_numbers,
    by,
    skill_segment_numbers,
)
from airflow_provider_liveperson.sandbox.apis.messaging_operations.forms import (
    AGENT_SEGMENTS,
    CONVERSATIONS,
    QUEUE_HEALTH,
    SKILL_SEGMENTS,
    Form,
    Sections,
)
from airflow_provider_liveperson.sandbox.apis.messaging_operations.log import CELL_MS, OperationsLog
from airflow_provider_liveperson.sandbox.apis.messaging_operations.switches import MessagingOperationsSwitches
from airflow_provider_liveperson.sandbox.apis.shapes import Frame, Interval, IntervalMetrics, Parameters
from airflow_provider_liveperson.sandbox.apis.shapes.intervals import MINUTE_MS, grid
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.instants import iso_seconds
from airflow_provider_liveperson.sandbox.world import milliseconds

FOLDER = "/operations/api/account/{account}/"
READS = "messaging operations"
DAY_MS = 24 * 60 * MINUTE_MS
PRESENT = ("messaging_queue_health_current", "messaging_queue_health_by_group", "estimated_wait_time")
EWT_NAMES = {
    "table": ("estimatedWaitTimeResponse", "estimatedWaitTime"),
    "sample": ("estimatedWaitTimeResponse", "ewt"),
    "older": ("ewtResponses", "ewt"),
}


class MessagingOperationsApi(Api[MessagingOperationsSwitches]):
    """What happened in cells of five minutes, from the first day with data to the present, and the present state."""

    name, title, prefix = "messaging_operations", "Messaging Operations", "operations"
    switches_type = MessagingOperationsSwitches
    services = ("leDataReporting", "msgEwtAPI")
    datasets = (
        "messaging_conversation_metrics",
        "messaging_csat_distribution",
        "messaging_queue_health",
        "messaging_queue_health_current",
        "messaging_queue_health_by_group",
        "messaging_skill_segments",
        "messaging_agent_segments",
        "estimated_wait_time",
    )

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
        both = {
            "msgqueuehealth": self.queue_health,
            "msgqueuehealth/current/": self.current_queue_health,
            "msgqueuehealth/current": self.current_queue_health,
            "msgskillsegments": self.skill_segments,
        }
        first = {
            "msgconversation": self.conversations,
            "msgcsatdistribution": self.csat,
            "msgqueuehealthbygroup/current/": self.queue_health_by_group,
            "msgqueuehealthbygroup/current": self.queue_health_by_group,
            "msgagentsegments": self.agent_segments,
        }
        only_first = partial(Endpoint, reads=READS, auth="operations_v1_auth")
        return [
            *(Endpoint(FOLDER + path, handler, reads=READS) for path, handler in both.items()),
            *(only_first(FOLDER + path, handler) for path, handler in first.items()),
            only_first(f"{FOLDER}msgconversation", self.conversations, method="POST"),
            only_first("/lp-messaging-ewt-app/api/account/{account}/ewt", self.estimated_wait_time),
        ]

    def conversations(self, call: Call) -> Answer:
        """``GET`` or ``POST /operations/api/account/{account}/msgconversation``: resolved conversations.

        A POST has the parameters in its body, as strings.

        :param call: the request.
        """
        parameters = Parameters(self._strings(call) if call.method == "POST" else call.parameters)
        choice = Choice(
            skill=_list(parameters, "skillIds"),
            agent=_list(parameters, "agentIds"),
            group=_list(parameters, "groupIds"),
        )
        sections = partial(
            self._per_skill_and_agent,
            "messaging_conversation_metrics",
            choice,
            "skillIds" in parameters,
            "agentIds" in parameters,
        )
        return self._in_frame(call, parameters, CONVERSATIONS, sections)

    def csat(self, call: Call) -> Answer:
        """``GET /operations/api/account/{account}/msgcsatdistribution``: CSAT answers, without intervals.

        :param call: the request.
        """
        parameters = Parameters(call.parameters)
        choice = Choice(skill=_list(parameters, "skillIds"), agent=_list(parameters, "agentIds"))
        sections = partial(
            self._per_skill_and_agent,
            "messaging_csat_distribution",
            choice,
            "skillIds" in parameters,
            "agentIds" in parameters,
        )
        return self._in_frame(call, parameters, CONVERSATIONS, sections, has_intervals=False)

    def queue_health(self, call: Call) -> Answer:
        """``GET /operations/api/account/{account}/msgqueuehealth``: numbers of the queues of a time frame.

        :param call: the request.
        """
        parameters = Parameters(call.parameters)
        skills = _list(parameters, "skillIds")
        return self._in_frame(
            call, parameters, QUEUE_HEALTH, lambda interval: self._of_queues(interval, skills)
        )

    def skill_segments(self, call: Call) -> Answer:
        """``GET /operations/api/account/{account}/msgskillsegments``: segments of conversations by skill.

        :param call: the request.
        """
        parameters = Parameters(call.parameters)
        choice = Choice(skill=_list(parameters, "skillIds"), user_type=_user_type(parameters))

        def sections(interval: Interval) -> Sections:
            cells = self._log.cells(interval)
            found = self._log.events("messaging_skill_segments", cells, choice)
            return {
                "skillsMetrics": {
                    skill: skill_segment_numbers(those) for skill, those in by("skill", found).items()
                },
                SKILL_SEGMENTS.name_of_totals(self.switches): skill_segment_numbers(found) if cells else {},
            }

        return self._in_frame(call, parameters, SKILL_SEGMENTS, sections)

    def agent_segments(self, call: Call) -> Answer:
        """``GET /operations/api/account/{account}/msgagentsegments``: segments of conversations by agent.

        ``source`` is where conversations began. There are no totals by skill.

        :param call: the request.
        """
        parameters = Parameters(call.parameters)
        choice = Choice(
            skill=_list(parameters, "skillIds"),
            agent=_list(parameters, "agentIds"),
            group=_list(parameters, "groupIds"),
            user_type=_user_type(parameters),
            source=_list(parameters, "source"),
        )
        metrics = _list(parameters, "metrics")
        unknown = sorted((metrics or frozenset()) - set(agent_segment_numbers([])))
        if unknown:
            parameters.wrong("metrics", f"there is no {unknown[0]}")
        has_skills = "skillIds" in parameters

        def numbers(those: Sequence[Event]) -> Numbers:
            return {
                name: number
                for name, number in agent_segment_numbers(those).items()
                if metrics is None or name in metrics or name == "totalAgentConversationSegments"
            }

        def per_agent(those: Sequence[Event]) -> Sections:
            return {"metricsPerAgent": {agent: numbers(own) for agent, own in by("agent", those).items()}}

        def sections(interval: Interval) -> Sections:
            cells = self._log.cells(interval)
            found = self._log.events("messaging_agent_segments", cells, choice)
            skills = {skill: per_agent(those) for skill, those in by("skill", found).items()}
            return {
                **({"metricsPerSkill": skills} if has_skills else {}),
                "agentsMetrics": per_agent(found),
                AGENT_SEGMENTS.name_of_totals(self.switches): numbers(found) if cells else {},
            }

        return self._in_frame(call, parameters, AGENT_SEGMENTS, sections)

    def current_queue_health(self, call: Call) -> Answer:
        """``GET /operations/api/account/{account}/msgqueuehealth/current/``: the queues as they are now.

        :param call: the request.
        """
        parameters = Parameters(call.parameters)
        parameters.require("v")
        version = parameters.choice("v", ("1", "2"), "1")
        skills, groups = _list(parameters, "skillIds"), _list(parameters, "groupIds")
        metrics = parameters.words("metrics", ("queue", "waittimes", "overdue", "all"))
        names = current_metrics(
            metrics or {"queue", "waittimes"},
            breakdown=parameters.flag("breakdown", True),
            overdue=parameters.flag("overdueConversations", False),
        )
        if version == "2":
            IntervalMetrics(max_timeframe=72 * 60).frame_between(parameters, self.present)
        parameters.check()
        self._check_version(call, version)
        return self._answer(self._current(names, skills, groups))

    def queue_health_by_group(self, call: Call) -> Answer:
        """``GET /operations/api/account/{account}/msgqueuehealthbygroup/current/``: the same by agent group.

        :param call: the request.
        """
        parameters = Parameters(call.parameters)
        parameters.require("v")
        parameters.choice("v", ("1",), "1")
        skills, groups = _list(parameters, "skillIds"), _list(parameters, "allocatedAgentGroupIds")
        names = parameters.words("metrics", GROUP_METRICS)
        with_subgroups = parameters.flag("includeSubGroups", False)
        hours = parameters.number("timeframe", 24, minimum=1)
        parameters.check()
        found = self._by_group(
            names=names, skills=skills, groups=groups, with_subgroups=with_subgroups, hours=hours
        )
        return self._answer({"skillGroupMetrics": found})

    def estimated_wait_time(self, call: Call) -> Answer:
        """``GET /lp-messaging-ewt-app/api/account/{account}/ewt``: how long a conversation will wait, by skill.

        :param call: the request.
        """
        parameters = Parameters(call.parameters)
        parameters.choice("v", ("1",), "1")
        skills = parameters.words("skills")
        if any(not skill.isascii() or not skill.removeprefix("-").isdigit() for skill in skills or ()):
            parameters.wrong("skills", "must be numbers")
        parameters.check()
        return json_answer(self._estimated(skills))

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return the rows that a complete read must give: of intervals, or of the present whatever the window."""
        if dataset == "messaging_queue_health_current":
            current = self._current(CURRENT_METRICS, None, None)
            totals = current[QUEUE_HEALTH.name_of_totals(self.switches)]
            return [
                *([{"_level": "account", **totals}] if totals else []),
                *(
                    {"_level": "skill", "_skill_id": skill, **numbers}
                    for skill, numbers in current["skillsMetrics"].items()
                ),
            ]
        if dataset == "messaging_queue_health_by_group":
            return [
                {"_level": "skill_group", "_skill_id": skill, "_group_id": group, **numbers}
                for skill, groups in self._by_group().items()
                for group, numbers in groups.items()
            ]
        if dataset == "estimated_wait_time":
            (rows,) = self._estimated(None).values()
            return list(rows)
        if dataset == "messaging_csat_distribution":
            last = int(self.present * 1000)
            day = CONVERSATIONS.shape(self.switches).whole(Frame(last - DAY_MS, last))
            return [
                {"_level": level, **ids, **numbers} for level, ids, numbers in self._log.rows(dataset, day)
            ]
        return [
            {
                "_interval_start": iso_seconds(interval.start),
                "_interval_end": iso_seconds(interval.end),
                "_level": level,
                **ids,
                **numbers,
            }
            for interval in grid(milliseconds(start), milliseconds(end), CELL_MS)
            for level, ids, numbers in self._log.rows(dataset, interval)
        ]

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        """Have one more of what is counted in the cell of a moment; in a snapshot, now."""
        if dataset in PRESENT:
            self._state.change()
            return iso_seconds(int(self.present * 1000))
        moment = self.present * 1000 - CELL_MS if when is None else milliseconds(when)
        return iso_seconds(self._log.add(dataset, int(moment)))

    def reset(self) -> None:
        """Forget what was changed."""
        self._log = OperationsLog(self.world, lambda: self.switches, lambda: self.present)
        self._state = CurrentState(self.world)

    def _in_frame(
        self,
        call: Call,
        parameters: Parameters,
        form: Form,
        sections: Callable[[Interval], Sections],
        *,
        has_intervals: bool = True,
    ) -> Answer:
        """Answer with the numbers of a frame, in intervals where the request names their length."""
        parameters.require("v")
        version = parameters.choice("v", form.versions, "1")
        shape = form.shape(self.switches)
        by_length = self.switches.operations_timeframe == "any" and "timeframe" in parameters
        read_frame = shape.frame if version == "1" or by_length else shape.frame_between
        frame = read_frame(parameters, self.present)
        parameters.check()
        if len(form.versions) > 1:
            self._check_version(call, version)
        if not has_intervals:
            frame = Frame(frame.start, frame.end)
        return self._answer(form.rendered(self.switches, frame, sections))

    def _per_skill_and_agent(
        self, dataset: str, choice: Choice, has_skills: bool, has_agents: bool, interval: Interval
    ) -> Sections:
        """Return the sections of resolved conversations and of CSAT."""
        cells = self._log.cells(interval)
        if not cells:
            return {}
        found = self._log.events(dataset, cells, choice)
        numbers = self._log.numbers(dataset)
        totals = CONVERSATIONS.name_of_totals(self.switches)

        def per_agent(those: Sequence[Event]) -> Sections:
            agents = {agent: numbers(own) for agent, own in by("agent", those).items()}
            return {"metricsPerAgent": agents, totals: numbers(those)}

        sections: Sections = {}
        if has_skills:
            skills = {skill: per_agent(those) for skill, those in by("skill", found).items()}
            name = self.switches.operations_skills_section
            sections[name] = {"metricsPerSkill": skills, totals: numbers(found)}
        if has_agents and (self.switches.operations_agents_section or not has_skills):
            sections["agentsMetrics"] = per_agent(found)
        return sections or {totals: numbers(found)}

    def _of_queues(self, interval: Interval, skills: frozenset[str] | None) -> Sections:
        health = self._log.queues
        cells = [cell for cell in interval.buckets(CELL_MS) if self._log.has_queues(cell)]
        return {
            "skillsMetrics": {skill: health.numbers(cells, skill) for skill in health.skills(skills)}
            if cells
            else {},
            QUEUE_HEALTH.name_of_totals(self.switches): health.total(cells, skills) if cells else {},
        }

    def _current(
        self, names: Sequence[str], skills: frozenset[str] | None, groups: frozenset[str] | None
    ) -> Sections:
        totals = QUEUE_HEALTH.name_of_totals(self.switches)
        if not self.switches.operations_logged_in:
            return {"skillsMetrics": {}, totals: {}}
        queues = self._state.queues(names, skills, groups)
        fresh = int(self.present) // 10 * 10_000
        return {
            "skillsMetrics": {skill: {"time": fresh, **numbers} for skill, numbers in queues.items()},
            totals: self._state.totals(queues),
        }

    def _by_group(self, **chosen: Any) -> dict[str, dict[str, Numbers]]:
        return self._state.by_group(**chosen) if self.switches.operations_logged_in else {}

    def _estimated(self, skills: frozenset[str] | None) -> dict[str, list[dict[str, Any]]]:
        names = EWT_NAMES[self.switches.operations_ewt_names]
        waits = self._state.waits(skills)
        most = dict(list(waits.items())[: self.switches.operations_ewt_skills_max])
        return listed(most, int(self.present) // 10 * 10_000, names)

    def _answer(self, payload: dict[str, Any]) -> Answer:
        if self.switches.operations_envelope == "meta_body":
            return json_answer({"meta": {"responseCode": 200}, "body": payload})
        return json_answer(payload)

    def _check_version(self, call: Call, version: str) -> None:
        """Refuse a version that does not go with the credential, for methods that have two."""
        is_key = call.headers.get("authorization", "").lower().startswith("oauth ")
        if self.switches.operations_versions == "bound" and is_key is not (version == "1"):
            kind = "OAuth 1.0" if is_key else "OAuth 2.0"
            raise Refusal(401, {"message": f"v={version} does not accept {kind}"})

    @staticmethod
    def _strings(call: Call) -> Mapping[str, str]:
        document = call.document()
        for name, value in document.items():
            if not isinstance(value, str):
                raise Refusal(400, {"message": f"{name}: must be a string"})
        return document


def _list(parameters: Parameters, name: str) -> frozenset[str] | None:
    """Read a list of ids or words; ``all`` is the same as nothing."""
    words = parameters.words(name)
    return None if words is None or "all" in words else words


def _user_type(parameters: Parameters) -> frozenset[str] | None:
    chosen = parameters.choice("userType", ("human", "bot", "all"), "all")
    return None if chosen == "all" else frozenset({chosen})
