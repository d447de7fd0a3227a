"""Key Messaging Metrics API (LivePerson pages ``key-messaging-metrics-api-*``)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.key_messaging_metrics import numbers
from airflow_provider_liveperson.sandbox.apis.key_messaging_metrics.numbers import (
    MINUTE_MS,
    STATUSES,
    Numbers,
    camel,
)
from airflow_provider_liveperson.sandbox.apis.key_messaging_metrics.switches import (
    KeyMessagingMetricsSwitches,
)
from airflow_provider_liveperson.sandbox.apis.shapes import PAGE_FAULTS, Bounds, PagedSearch, Parameters
from airflow_provider_liveperson.sandbox.apis.shapes.pages import drifted, link
from airflow_provider_liveperson.sandbox.instants import iso_seconds
from airflow_provider_liveperson.sandbox.world import BOT, Entity, midnight_ms, milliseconds

DAY_MS = 86_400_000
MAX_STEPS = 100
TYPES = ("HUMAN", "BOT", "SYSTEM")
LISTS = ("metricsToRetrieveByTime", "metricsToRetrieveCurrentValue")

Row = dict[str, Any]
Window = tuple[int, int]


class KeyMessagingMetricsApi(Api[KeyMessagingMetricsSwitches]):
    """Metrics of windows: of the account, skills, groups and agents, and of the account in steps."""

    name, title, prefix = "key_messaging_metrics", "Key Messaging Metrics", "kmm"
    switches_type = KeyMessagingMetricsSwitches
    services = ("agentManagerWorkspace",)
    datasets = ("key_messaging_metrics", "agent_view", "key_messaging_metrics_history")
    faults: ClassVar[Mapping[str, str]] = {"count_drift": PAGE_FAULTS["count_drift"]}
    data: Numbers

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
        folder = "/manager_workspace/api/account/{account}"
        methods = {"metrics": self.metrics, "agent_view": self.agent_view, "historical": self.historical}
        return [
            Endpoint(f"{folder}/{name}", answer, method="POST", reads="key messaging metrics")
            for name, answer in methods.items()
        ]

    def metrics(self, call: Call) -> Answer:
        """``POST /manager_workspace/api/account/{account}/metrics``: the account's metrics, and those of each key.

        :param call: the request.
        """
        document = call.document()
        parameters = self._parameters(call, document, ("groupBy", "responseSections"))
        filters = self._filters(document, parameters, ("agentIds", "agentGroupIds", "skillIds"), TYPES[:2])
        by_time = (*numbers.BY_TIME, *self._newer(numbers.NEW_BY_TIME))
        names = self._names(document, parameters, by_time, numbers.NOW)
        bounds = self._bounds(parameters)
        beside = Parameters(document)
        group_by = beside.choice("groupBy", ("skillId", "agentGroupId"), "")
        sections = beside.words("responseSections", ("all", "groupBy")) or {"all", "groupBy"}
        sort = self._sort(parameters, "key")
        parameters.causes += [*beside.causes, *filters.causes]
        parameters.check()
        start, end = self._window(filters)
        rows = self._keys(group_by, (start, end), names, filters) if group_by else []
        made: dict[str, Any] = {"metadata": self._metadata(call, bounds, len(rows))}
        if "groupBy" in sections and group_by:
            ordered = sorted(rows, key=lambda row: sort(row["metrics"], row["key"]), reverse=_is_down(call))
            made["groupBy"] = {"groupByField": group_by, "groups": bounds.cut(ordered)}
        if "all" in sections:
            account = self.data.account(start, end, names) if self._has_data(start) else {}
            made["all"] = {"metrics": account} if self.switches.kmm_all == "wrapped" else account
        return json_answer({**made, "metadata": self._drifted(made["metadata"], call)})

    def agent_view(self, call: Call) -> Answer:
        """``POST /manager_workspace/api/account/{account}/agent_view``: the metrics of each agent.

        :param call: the request.
        """
        document = call.document()
        parameters = self._parameters(call, document, ("includeAgentMetadata",))
        filters = self._filters(
            document,
            parameters,
            ("agentIds", "agentGroupIds", "agentSkillIds", "effectiveAgentStatus"),
            TYPES,
        )
        newer = self._newer(numbers.NEW_AGENT_BY_TIME)
        names = self._names(document, parameters, (*numbers.AGENT_BY_TIME, *newer), numbers.AGENT_NOW)
        bounds = self._bounds(parameters)
        beside = Parameters(document)
        with_metadata = beside.flag("includeAgentMetadata", True)
        sort = self._sort(parameters, "agentId")
        parameters.causes += [*beside.causes, *filters.causes]
        parameters.check()
        start, end = self._window(filters)
        agents = [agent for agent in self._agents(start) if self._is_wanted(agent, filters)]
        rows = [self._agent(agent, start, end, names, with_metadata=with_metadata) for agent in agents]
        rows.sort(key=lambda row: sort(row, row["agentId"]), reverse=_is_down(call))
        metadata = self._drifted(self._metadata(call, bounds, len(rows)), call)
        return json_answer({"metadata": metadata, "agentViewRecords": bounds.cut(rows)})

    def historical(self, call: Call) -> Answer:
        """``POST /manager_workspace/api/account/{account}/historical``: the account's metrics in steps.

        :param call: the request.
        """
        document = call.document()
        parameters = self._parameters(call, document, ())
        filters = self._filters(
            document, parameters, ("agentIds", "agentGroupIds", "skillIds"), TYPES[:2], kept_days=1
        )
        names = self._names(document, parameters, numbers.HISTORY, ())
        minutes = parameters.number("interval", 0)
        start, end = self._window(filters)
        span = (end - start) // MINUTE_MS
        minutes = minutes or next((one for one in (5, 60) if span <= 12 * one), max(1, span // 12))
        if span > MAX_STEPS * minutes:
            parameters.wrong("interval", f"must make at most {MAX_STEPS} steps")
        parameters.causes += filters.causes
        parameters.check()
        steps = []
        length = minutes * MINUTE_MS
        for first in range(start - self.switches.kmm_first_step * length, end, length):
            last = min(first + length, end)
            if not self._has_data(first) or last > self.present * 1000:
                continue
            is_exact = last == end and self.switches.kmm_last_step == "exact"
            stamp = filters.milliseconds("to") if is_exact else last
            steps.append({"timestamp": stamp, "values": self.data.step(first, last, names)})
        return json_answer({"historicalMetricsIntervals": steps})

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return the rows that a complete read must give: one for each key and UTC day, or part of a day."""
        if dataset == "key_messaging_metrics_history":
            return self._steps(milliseconds(start), milliseconds(end))
        rows = []
        for first, last in _days(milliseconds(start), milliseconds(end)):
            if self._has_data(first):
                about = {"_interval_start": iso_seconds(first), "_interval_end": iso_seconds(last)}
                made = self._agent_rows if dataset == "agent_view" else self._metric_rows
                rows += [{**row, **about} for row in made(first, last)]
        return rows

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        """Let an agent close one conversation more."""
        moment = int(self.present * 1000) - MINUTE_MS if when is None else milliseconds(when)
        self.data.close_one(moment)
        return iso_seconds(moment)

    def reset(self) -> None:
        """Forget what was changed."""
        self.data = Numbers(self.world)

    # -- what is asked ---------------------------------------------------------------------------------

    def _parameters(self, call: Call, document: Row, beside: tuple[str, ...]) -> Parameters:
        parameters = Parameters(call.parameters)
        source = call.source_error(self.switches.kmm_source)
        if source is not None:
            parameters.causes.append(source)
        for name in document:
            if name not in ("filters", *LISTS, *beside):
                parameters.wrong(name, "there is no such parameter")
        return parameters

    def _filters(
        self,
        document: Row,
        parameters: Parameters,
        lists: tuple[str, ...],
        types: tuple[str, ...],
        kept_days: int | None = None,
    ) -> Parameters:
        """Read and check ``filters``, with ``from`` and ``to`` of its time beside the others."""
        given = document.get("filters")
        time = given.get("time") if isinstance(given, dict) else None
        if not isinstance(given, dict) or not isinstance(time, dict):
            parameters.wrong("filters.time", "the parameter is required")
            parameters.check()
        assert isinstance(given, dict)
        assert isinstance(time, dict)
        filters = Parameters({**{name: value for name, value in given.items() if name != "time"}, **time})
        filters.unknown(("from", "to", "userTypes", "includeSubGroups", *lists), "reject")
        first, _ = filters.window("from", "to", max_range=timedelta(hours=24))
        kept = self.switches.kmm_kept_days if kept_days is None else kept_days
        if first and first < self.present * 1000 - kept * DAY_MS - MINUTE_MS:
            filters.wrong("from", f"metrics are kept for {kept} days")
        for name in lists:
            filters.words(name, STATUSES if name == "effectiveAgentStatus" else None)
        filters.words("userTypes", types)
        filters.flag("includeSubGroups", False)
        return filters

    def _window(self, filters: Parameters) -> Window:
        """Return the window, rounded outward to whole minutes."""
        start, end = filters.milliseconds("from") or 0, filters.milliseconds("to") or 0
        one_more = self.switches.kmm_to == "whole_minute" and end % MINUTE_MS == 0
        return start // MINUTE_MS * MINUTE_MS, (-(-end // MINUTE_MS) + one_more) * MINUTE_MS

    def _newer(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return names if self.switches.kmm_known == "newest" else ()

    def _names(
        self, document: Row, parameters: Parameters, by_time: Collection[str], now: Collection[str]
    ) -> list[str]:
        """Return the metrics that are asked for, in the order of the pages."""
        given = Parameters(document)
        names: list[str] = []
        for name, known in zip(LISTS, (by_time, now), strict=True):
            wanted = given.words(name, known) or frozenset()
            names += [one for one in known if one in wanted]
        parameters.causes += given.causes
        if not names and not given.causes:
            parameters.wrong(" and ".join(LISTS), "at least one metric is required")
        return names

    def _bounds(self, parameters: Parameters) -> Bounds:
        switches = self.switches
        return PagedSearch(
            default_limit=50,
            max_limit=switches.kmm_limit_max,
            over_limit=switches.kmm_limit_over,
            deep_limit=switches.kmm_deep_limit,
            offset_ignored=self.sandbox.settings.offset_ignored,
        ).bounds(parameters)

    def _sort(self, parameters: Parameters, default: str) -> Callable[[Row, str], Any]:
        """Read ``sort``, and return what rows are ordered by."""
        every = {camel(name) for name in (*numbers.BY_TIME, *numbers.NEW_BY_TIME, *numbers.NOW)}
        every |= {
            camel(name) for name in (*numbers.AGENT_BY_TIME, *numbers.NEW_AGENT_BY_TIME, *numbers.AGENT_NOW)
        }
        every |= {"agentName", "agentStatus", "agentChannelType"}
        if self.switches.kmm_sort_default:
            every.add(default)
        choices = [f"{name}:{order}" for name in every for order in ("asc", "desc")]
        by = parameters.choice("sort", choices, f"{default}:asc").partition(":")[0]
        return lambda row, key: (0 if by == default else row.get(by, 0), key)

    def _is_wanted(self, agent: Entity, filters: Parameters) -> bool:
        groups = filters.words("agentGroupIds")
        if groups is not None and self.switches.kmm_subgroups:
            groups |= {
                str(one["id"]) for one in self.world.agent_groups if str(one["parentGroupId"]) in groups
            }
        kind = "BOT" if agent["userTypeId"] == BOT else "HUMAN"
        skills = {str(skill) for skill in agent["skillIds"]}
        agents, types, wanted = (filters.words(name) for name in ("agentIds", "userTypes", "agentSkillIds"))
        return (
            self.data.status(agent) in (filters.words("effectiveAgentStatus") or STATUSES[:3])
            and (groups is None or str(agent["memberOf"]["agentGroupId"]) in groups)
            and (agents is None or str(agent["id"]) in agents)
            and (types is None or kind in types)
            and (wanted is None or bool(wanted & skills))
        )

    # -- what is answered ------------------------------------------------------------------------------

    def _metadata(self, call: Call, bounds: Bounds, count: int) -> Row:
        host = "http://agent-manager.internal:8080"
        return {
            "count": count,
            **{
                rel: {"rel": rel, "href": link(host, call, bounds, offset)}
                for rel, offset in bounds.links(count, first=True).items()
            },
        }

    def _drifted(self, metadata: Row, call: Call) -> Row:
        return {**metadata, "count": drifted(metadata["count"], call.fault)}

    def _has_data(self, moment: int) -> bool:
        return midnight_ms(self.world.days[0]) <= moment < self.present * 1000

    def _keys(
        self, group_by: str, window: Window, names: Collection[str], filters: Parameters | None = None
    ) -> list[Row]:
        """Return the metrics of each skill or group."""
        if not self._has_data(window[0]):
            return []
        every = self.data.skills if group_by == "skillId" else self.data.groups
        wanted = filters and filters.words("skillIds" if group_by == "skillId" else "agentGroupIds")
        return [
            {
                "key": str(one["id"]),
                # Every so often LivePerson does not know the name.
                "keyDescription": one["name"] if one["id"] % 5 else "NA",
                "metrics": self.data.of_key(group_by, one, *window, names),
            }
            for one in every
            if not wanted or str(one["id"]) in wanted
        ]

    def _agents(self, start: int) -> list[Entity]:
        return self.data.agents if self._has_data(start) else []

    def _agent(
        self, agent: Entity, start: int, end: int, names: Collection[str], *, with_metadata: bool = True
    ) -> Row:
        switches = self.switches
        group = agent["memberOf"]["agentGroupId"]
        made = {
            "agentId": str(agent["id"]),
            "agentGroupId": str(group) if switches.kmm_group_ids == "strings" else group,
            **self.data.agent(agent, start, end, names, switches.kmm_close_rate, switches.kmm_reason),
        }
        if with_metadata:
            made["agentMetadata"] = self._metadata_of(agent)
        return made

    def _metadata_of(self, agent: Entity) -> Row:
        group = agent["memberOf"]["agentGroupId"]
        names = {one["id"]: one["name"] for one in (*self.world.agent_groups, *self.world.skills)}
        return {
            "agentName": agent["nickname"],
            "agentNickname": agent["nickname"],
            "agentLoginName": agent["loginName"],
            "agentGroupName": names.get(group, "NA"),
            **({} if agent["pictureUrl"] is None else {"agentPictureUrl": agent["pictureUrl"]}),
            "configuredMaxSlots": agent["maxAsyncChats"],
            "agentSkills": [
                {"skillId": skill, "skillName": names.get(skill, "NA")} for skill in agent["skillIds"]
            ],
        }

    # -- what is true ----------------------------------------------------------------------------------

    def _metric_rows(self, start: int, end: int) -> Iterator[Row]:
        names = (*numbers.BY_TIME, *self._newer(numbers.NEW_BY_TIME), *numbers.NOW)
        yield {"_level": "account", **self.data.account(start, end, names)}
        for level, group_by in (("skill", "skillId"), ("group", "agentGroupId")):
            for row in self._keys(group_by, (start, end), names):
                metrics = row.pop("metrics")
                yield {"_level": level, f"_{level}_id": row["key"], **row, **metrics}

    def _agent_rows(self, start: int, end: int) -> Iterator[Row]:
        newer = self._newer(numbers.NEW_AGENT_BY_TIME)
        for agent in self._agents(start):
            yield self._agent(agent, start, end, (*numbers.AGENT_BY_TIME, *newer, *numbers.AGENT_NOW))

    def _steps(self, start: int, end: int) -> list[Row]:
        first = -(-start // numbers.STEP_MS) * numbers.STEP_MS
        return [
            {
                "_interval_start": iso_seconds(moment),
                "_interval_end": iso_seconds(moment + numbers.STEP_MS),
                **self.data.step(moment, moment + numbers.STEP_MS, numbers.HISTORY),
            }
            for moment in range(first, end, numbers.STEP_MS)
            if self._has_data(moment) and moment + numbers.STEP_MS <= self.present * 1000
        ]


def _is_down(call: Call) -> bool:
    return call.parameters.get("sort", "").endswith(":desc")


def _days(start: int, end: int) -> Iterator[Window]:
    """Cut a window at UTC midnights."""
    while start < end:
        midnight = (start // DAY_MS + 1) * DAY_MS
        yield start, min(midnight, end)
        start = midnight
