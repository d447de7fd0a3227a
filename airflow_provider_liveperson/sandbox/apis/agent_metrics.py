"""Agent Metrics API: the agents who are logged in now (LivePerson pages ``agent-metrics-api-*``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.shapes import PAGE_FAULTS, PagedSearch, Parameters, Snapshot
from airflow_provider_liveperson.sandbox.apis.shapes.pages import drifted
from airflow_provider_liveperson.sandbox.instants import offset_text
from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches, switch

_STATUSES = ("ONLINE", "AWAY", "BACK_SOON", "OFFLINE")
_CONNECTIONS = ("CONNECTED", "DISCONNECTED")


class AgentMetricsSwitches(Switches):
    """What LivePerson's pages leave open about Agent Metrics."""

    agent_metrics_auth: frozenset[CredentialName] = switch(
        frozenset({"oauth1", "bearer"}), "credential kinds that Agent Metrics accepts"
    )
    agent_metrics_limit_max: int = switch(
        1000, "the largest `limit` of agents; 2500 on older pages", minimum=1
    )
    agent_metrics_limit_over: Literal["clamp", "reject"] = switch(
        "clamp", "what a larger `limit` gets: silently the largest, or a 400"
    )
    agent_metrics_ids: Literal["strings", "numbers"] = switch("strings", "how ids of agents are written")
    agent_metrics_id_filter: Literal["any", "numbers"] = switch(
        "any", "how `agentIds` may be written: as text or as numbers, or as numbers only"
    )
    agent_metrics_status_name: Literal["status", "Status"] = switch(
        "status",
        "name of the filter by status: as in LivePerson's text, or as in its table; another is passed over",
    )
    agent_metrics_loads: Literal["fractions", "percent"] = switch(
        "fractions", "how the summary writes loads: as on its newest page, or as on older ones"
    )
    agent_metrics_offline: bool = switch(
        True, "whether the list shows agents who are offline, which LivePerson makes a matter of permissions"
    )
    agent_metrics_source: Literal["strict", "lenient"] = switch(
        "lenient", "as `source_rule`, for Agent Metrics, whose page does not name `source`"
    )


class AgentMetricsApi(Api[AgentMetricsSwitches]):
    """Agents, with their status and load as they are now."""

    name, title, prefix = "agent_metrics", "Agent Metrics", "agent_metrics"
    switches_type = AgentMetricsSwitches
    services = ("msgHist", "agentManagerWorkspace")
    datasets = ("agent_metrics_status", "agent_metrics_list", "agent_metrics_summary")
    faults = PAGE_FAULTS
    data: Snapshot

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves: two methods have moved, and clients still know where they were."""
        old, new = (
            "/messaging_history/api/account/{account}/agent-view",
            ("/manager_workspace/api/account/{account}/agent_view"),
        )
        methods = [(f"{old}/status", self.status)]
        methods += [(f"{place}/list", self.eligible) for place in (new, old)]
        methods += [(f"{place}/summary", self.summarize) for place in (new, old)]
        return [Endpoint(path, answer, method="POST", reads="agent metrics") for path, answer in methods]

    def status(self, call: Call) -> Answer:
        """``POST /messaging_history/api/account/{account}/agent-view/status``: a page of agents.

        :param call: the request.
        """
        wanted = Parameters(call.document())
        connections = wanted.words("connectionStates", _CONNECTIONS)
        presence = wanted.flag("agentPresence", True)
        since = _since(wanted, call.document().get("timestamp"))
        rows = [
            row
            for row in self._chosen(call, wanted)
            if (connections is None or row["currentConnectionState"] in connections)
            and presence is (row["agentPresence"] == "true")
            and (since is None or row["lastUpdatedTimeL"] >= since)
        ]
        return self._page(call, wanted, rows)

    def eligible(self, call: Call) -> Answer:
        """``POST /manager_workspace/api/account/{account}/agent_view/list``: a page of agents who can be given work.

        :param call: the request.
        """
        wanted = Parameters(call.document())
        skills = wanted.words("skillIds")
        return self._page(call, wanted, [row for row in self._available() if _has_skill(row, skills)])

    def summarize(self, call: Call) -> Answer:
        """``POST /manager_workspace/api/account/{account}/agent_view/summary``: all agents together.

        :param call: the request.
        """
        parameters = Parameters(call.parameters)
        self._check_source(call, parameters)
        wanted = Parameters(call.document())
        rows = self._chosen(call, wanted)
        parameters.causes += wanted.causes
        parameters.check()
        (row,) = self._summary(rows)
        account = row.pop("accountID")
        return json_answer({"accountID": account, "summaryResults": row})

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return the agents as they are now, whatever the window."""
        if dataset == "agent_metrics_summary":
            return self._summary(self.data.read())
        rows = self._available() if dataset == "agent_metrics_list" else self.data.read()
        return [self._written(row) for row in rows]

    def insert(self, dataset: str, count: int, when: datetime | None = None) -> list[Any]:
        """Let agents log in."""
        have = len(self.data)
        return self.data.add([self._invent(90_000_000 + have + number) for number in range(count)])

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        """Let an agent take one conversation more."""
        return self.data.change(
            lambda row, number: {"openAssignedConversations": row["openAssignedConversations"] + 1}
        )

    def reset(self) -> None:
        """Make the first state."""
        rows = [self._invent(int(user["id"]), user) for user in self.world.people if not user["deleted"]]
        self.data = Snapshot(rows, "agentId")

    def summary(self) -> str:
        """Say how many agents there are."""
        return f"{len(self.data)} agents at work"

    def _check_source(self, call: Call, parameters: Parameters) -> None:
        source = call.source_error(self.switches.agent_metrics_source)
        if source is not None:
            parameters.causes.append(source)

    def _page(self, call: Call, wanted: Parameters, rows: Sequence[dict[str, Any]]) -> Answer:
        """Answer with a page of the agents that a request wants."""
        switches = self.switches
        parameters = Parameters(call.parameters)
        self._check_source(call, parameters)
        bounds = PagedSearch(
            max_limit=switches.agent_metrics_limit_max,
            over_limit=switches.agent_metrics_limit_over,
            offset_ignored=self.sandbox.settings.offset_ignored,
        ).bounds(parameters)
        parameters.causes += wanted.causes
        parameters.check()
        page = bounds.cut(rows)
        is_partial = call.fault is not None and call.fault.kind == "partial_result"
        return json_answer(
            {
                "_metadata": {
                    "count": drifted(len(rows), call.fault),
                    "self": {"rel": "self", "href": f"http://localhost:4080{call.path}"},
                    "shardsStatusResult": {"partialResult": is_partial},
                },
                "accountID": self.world.account_id,
                "agentStatusRecords": [self._written(row) for row in page],
            }
        )

    def _available(self) -> list[dict[str, Any]]:
        """Return the agents who can be given a conversation."""
        shown = self.switches.agent_metrics_offline
        return [row for row in self.data.read() if shown or row["currentStatus"] != "OFFLINE"]

    def _chosen(self, call: Call, wanted: Parameters) -> list[dict[str, Any]]:
        """Return the agents whom the filters that two methods share leave."""
        statuses = wanted.words(self.switches.agent_metrics_status_name, _STATUSES)
        if self.switches.agent_metrics_id_filter == "numbers" and _has_text(call.document().get("agentIds")):
            wanted.wrong("agentIds", "must be a list of numbers")
        agents, groups = wanted.words("agentIds"), wanted.words("agentGroupIds")
        skills = wanted.words("skillIds")
        return [
            row
            for row in self.data.read()
            if (statuses is None or row["currentStatus"] in statuses)
            and (agents is None or row["agentId"] in agents)
            and (groups is None or str(row["agentGroupId"]) in groups)
            and _has_skill(row, skills)
        ]

    def _summary(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        statuses = Counter(row["currentStatus"] for row in rows)
        slots = [row["configuredMaxSlots"] for row in rows]
        loads = [row["busySlots"] / row["configuredMaxSlots"] for row in rows]
        weighted = sum(row["busySlots"] for row in rows) / max(1, sum(slots))
        whole = 100 if self.switches.agent_metrics_loads == "percent" else 1
        return [
            {
                "accountID": self.world.account_id,
                "openAssignedConversations": sum(row["openAssignedConversations"] for row in rows),
                "weightedAvgLoad": round(whole * weighted, 4),
                "minLoad": round(whole * min(loads, default=0), 4),
                "maxLoad": round(whole * max(loads, default=0), 4),
                "minConfiguredMaxSlots": min(slots, default=0),
                "maxConfiguredMaxSlots": max(slots, default=0),
                "numAwayAgents": statuses["AWAY"],
                "numBackSoonAgents": statuses["BACK_SOON"],
                "numOnlineAgents": statuses["ONLINE"],
            }
        ]

    def _written(self, row: dict[str, Any]) -> dict[str, Any]:
        if self.switches.agent_metrics_ids == "strings":
            return row
        return {**row, "agentId": int(row["agentId"])}

    def _invent(self, agent: int, user: dict[str, Any] | None = None) -> dict[str, Any]:
        chance = self.world.source(f"agent metrics/{agent}")
        last = self.world.days[-1]
        since = datetime(last.year, last.month, last.day, tzinfo=UTC).timestamp() * 1000
        status = chance.choice(_STATUSES)
        started = int(since) + chance.randrange(86_400_000)
        slots = chance.randint(1, 8)
        skills = chance.sample(self.world.skills, k=min(3, len(self.world.skills)))
        return {
            "agentId": str(agent),
            "agentName": (user or {}).get("fullName", f"Agent {agent}"),
            "agentNickname": (user or {}).get("nickname", f"agent {agent}"),
            "agentLoginName": (user or {}).get("loginName", f"agent{agent}@acme.test"),
            "agentPictureURL": f"https://pictures.acme.test/{agent}.png",
            "agentGroupId": chance.choice(self.world.agent_groups)["id"],
            "agentGroupName": "Support",
            "agentSkills": [{"skillId": str(skill["id"]), "skillName": skill["name"]} for skill in skills],
            "currentStatus": status,
            "currentStatusStartTime": offset_text(started),
            "currentStatusStartTimeL": started,
            "currentStatusDuration": chance.randrange(3_600_000),
            **(_reason(started) if status == "AWAY" else {}),
            "load": chance.choice([0, 0.25, 50, 100]),
            "configuredMaxSlots": slots,
            "busySlots": chance.randint(0, slots),
            "ringingSlots": 0,
            "openAssignedConversations": chance.randint(0, 9),
            "intenseConversations": 0,
            "lastUpdatedTime": offset_text(started),
            "lastUpdatedTimeL": started,
            "agentPresence": "true",
            "currentConnectionState": chance.choice(_CONNECTIONS),
        }


def _reason(started: int) -> dict[str, Any]:
    """Why an agent is away."""
    return {
        "currentStatusReason": "Mittagspause",
        "currentStatusReasonStartTime": offset_text(started),
        "currentStatusReasonStartTimeL": started,
        "currentStatusReasonDuration": 900_000,
    }


def _has_skill(row: dict[str, Any], skills: frozenset[str] | None) -> bool:
    return skills is None or any(skill["skillId"] in skills for skill in row["agentSkills"])


def _has_text(given: Any) -> bool:
    return isinstance(given, list) and any(isinstance(one, str) for one in given)


def _since(wanted: Parameters, given: Any) -> int | None:
    """Read ``timestamp``, an object with ``from``; what is wrong is noted in the parameters."""
    if given is None:
        return None
    since = Parameters(given if isinstance(given, dict) else {})
    since.require("from")
    found = since.milliseconds("from")
    wanted.causes += [f"timestamp.{cause}" for cause in since.causes]
    return found
