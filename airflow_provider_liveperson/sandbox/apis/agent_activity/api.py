"""Agent Activity API: agents' status changes, version 2, and interval metrics (``agent-activity-api-*``)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_liveperson.sandbox.apis.agent_activity.log import ActivityLog, ActivityQuery
from airflow_provider_liveperson.sandbox.apis.agent_activity.metrics import GROUPINGS, METRICS, Work, WorkLog
from airflow_provider_liveperson.sandbox.apis.agent_activity.switches import AgentActivitySwitches
from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.shapes import Bounds, KeyedPages, PagedSearch, Parameters
from airflow_provider_liveperson.sandbox.apis.shapes.pages import KeyedPage, link, paging
from airflow_provider_liveperson.sandbox.instants import offset_text

DEFAULT_LIMIT = 1000

# The links in LivePerson's answers point to machines that only LivePerson can reach.
_INTERNAL = "http://agent-activity-service.internal:8080"

_FILTERS = ("agentId", "empId", "groupId")
_LINKS = ("self", "first", "next", "previous", "last")


class AgentActivityApi(Api[AgentActivitySwitches]):
    """Agents' status changes, and their work in intervals."""

    name, title, prefix = "agent_activity", "Agent Activity", "activity"
    switches_type = AgentActivitySwitches
    services = ("agentActivityDomain",)
    datasets = ("agent_status_changes", "interval_metrics")
    alias = "activity"
    data: ActivityLog
    work: WorkLog

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
        changes, metrics = (
            "/api/v2/account/{account}/status-changes",
            "/api/account/{account}/interval-metrics",
        )
        return [
            Endpoint(changes, self.status_changes, reads="agent status changes"),
            Endpoint(metrics, self.interval_metrics, reads="interval metrics"),
        ]

    def status_changes(self, call: Call) -> Answer:
        """``GET /api/v2/account/{account}/status-changes``: a page of status changes.

        :param call: the request.
        """
        query, window, bounds = self._read(call)
        if call.insertion:
            self.data.insert_late_or_new(query, call.insertion, offset=bounds.offset, now=self.sandbox.now())
        changes, total = self.data.page(query, offset=bounds.offset, limit=bounds.limit)
        return json_answer(
            {
                "_metadata": self._metadata(call, bounds, total),
                "timeframe": _timeframe(*window),
                "stateChanges": changes,
            }
        )

    def interval_metrics(self, call: Call) -> Answer:
        """``GET /api/account/{account}/interval-metrics``: a page of numbers of intervals.

        :param call: the request.
        """
        switches = self.switches
        parameters = Parameters(call.parameters)
        source = call.source_error(self.sandbox.settings.source_rule)
        if source is not None:
            parameters.causes.append(source)
        parameters.require("v", "metrics")
        parameters.choice("v", ("1",), "1")
        window = self._interval_window(parameters)
        known = METRICS if switches.interval_metrics_known == "all" else METRICS[:5]
        metrics = parameters.words("metrics", known) or frozenset()
        grouping = parameters.words("grouping", GROUPINGS) or frozenset({"skill", "agent"})
        minutes = int(parameters.choice("intervalDuration", ("15", "30", "60", "1440"), "15"))
        parameters.choice("handleTimeModel", ("IFT", "EHT"), "IFT")
        rows = self.work.rows(
            *window,
            now=self.present,
            grouping=[name for name in GROUPINGS if name in grouping],
            minutes=minutes,
            metrics=[name for name in METRICS if name in metrics],
            keep=_filter(parameters),
        )
        page = KeyedPages(
            max_size=switches.interval_metrics_size_max,
            over_size=switches.interval_metrics_over_size,
            empty_pages=switches.interval_metrics_empty_pages,
        ).page(call, parameters, rows)
        parameters.check()
        in_progress = any(row["status"] != "Done" for row in page.rows)
        return json_answer(
            {
                "metadata": {
                    "v": 1,
                    "timeframe": {"fromL": window[0], "toL": window[1]},
                    "paging": self._paging(page, call),
                    "query": {"intervalDuration": minutes, "grouping": sorted(grouping)},
                    "filters": {},
                    "count": len(page.rows),
                },
                "intervals": page.rows,
            },
            status=202 if in_progress and switches.interval_metrics_status == "202" else 200,
        )

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return what a complete read must give, oldest first."""
        if dataset == "interval_metrics":
            return self.work.truth(start, end, self.present)
        return self.data.truth(start, end)

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        """Change an interval's numbers; status changes never change."""
        if dataset != "interval_metrics":
            return super().change(dataset, when)
        self.work.change(when or datetime.fromtimestamp(self.present, UTC))
        return None

    def insert(self, dataset: str, count: int, when: datetime | None = None) -> list[Any]:
        """Add status changes, as when they reached the store late."""
        if dataset != "agent_status_changes":
            return super().insert(dataset, count, when)
        return self.data.insert(count, when or datetime.fromtimestamp(self.sandbox.now(), UTC))

    def reset(self) -> None:
        """Make the first data."""
        self.data = ActivityLog(self.world, lambda: self.switches)
        self.work = WorkLog(self.world, lambda: self.switches)

    def sizes(self) -> dict[str, int]:
        """Return how many status changes and interval metrics there are."""
        return {"status_changes": len(self.data), "interval_metrics": len(self.work)}

    def summary(self) -> str:
        """Say how many status changes there are."""
        return f"{len(self.data)} agent status changes"

    def _read(self, call: Call) -> tuple[ActivityQuery, tuple[int, int], Bounds]:
        """Read a request's parameters: what is searched for, the window as it was given, and the page."""
        switches, http = self.switches, self.sandbox.settings
        parameters = Parameters(call.parameters)
        source = call.source_error(http.source_rule)
        if source is not None:
            parameters.causes.append(source)
        present = int(self.sandbox.now() * 1000)
        window = parameters.window(
            "from",
            "to",
            max_range=timedelta(days=switches.activity_longest_days),
            read="instant",
            default=(present - 86_400_000, present),
        )
        bounds = PagedSearch(
            default_limit=DEFAULT_LIMIT,
            max_limit=switches.activity_limit_max,
            over_limit=switches.activity_over_limit,
            offset_ignored=http.offset_ignored,
        ).bounds(parameters)
        kept = timedelta(days=switches.activity_kept_days)
        if window[0] and window[0] < self.present * 1000 - kept / timedelta(milliseconds=1):
            parameters.wrong("from", f"must be within the last {kept.days} days")
        given = [name for name in _FILTERS if name in parameters]
        if len(given) > 1:
            parameters.wrong(", ".join(given), "only one of them may be given")
        agents, employees, groups = (parameters.words(name) for name in _FILTERS)
        parameters.check()
        start, end = window
        query = ActivityQuery(
            start=start,
            end=end + (switches.activity_to == "inclusive"),
            agents=agents,
            employees=employees,
            groups=groups,
        )
        return query, window, bounds

    def _interval_window(self, parameters: Parameters) -> tuple[int, int]:
        """Read ``fromL`` and ``toL``, or ``from`` and ``to``."""
        reach = timedelta(days=self.switches.interval_metrics_reach_days)
        if "fromL" in parameters or "toL" in parameters:
            start, end = parameters.window("fromL", "toL", max_range=reach)
        else:
            start, end = parameters.window("from", "to", max_range=reach, read="instant")
        if start and start < self.present * 1000 - reach / timedelta(milliseconds=1):
            parameters.wrong("from", f"must be within the last {reach.days} days")
        return start, end

    def _paging(self, page: KeyedPage[Any], call: Call) -> dict[str, Any]:
        named, style = paging(page, call), self.switches.interval_metrics_next
        if style in ("link", "link_object"):
            named.pop("nextPageKey", None)
        if style == "link_object":
            named["refs"] = {rel: {"rel": rel, "href": href} for rel, href in named["refs"].items()}
        if style == "key":
            named["refs"].pop("next", None)
        return named

    def _metadata(self, call: Call, bounds: Bounds, total: int) -> dict[str, Any]:
        """Return the links to other pages. There is no count among them, nor anywhere else in the answer."""
        style = self.switches.activity_links
        if style == "absent":
            return {}
        links = bounds.links(total, first=True, previous="previous")
        after = bounds.offset + bounds.limit
        if style == "always_next" or (style == "next_on_full_page" and after == total):
            links["next"] = after
        return {
            "references": [
                {"rel": rel, "href": link(_INTERNAL, call, bounds, links[rel])}
                for rel in _LINKS
                if rel in links
            ]
        }


def _filter(parameters: Parameters) -> Callable[[Work], bool]:
    agents, skills, groups = (parameters.words(name) for name in ("agentId", "skillId", "agentGroupId"))

    def keeps(work: Work) -> bool:
        return (
            (agents is None or str(work.agent["id"]) in agents)
            and (skills is None or str(work.skill["id"]) in skills)
            and (groups is None or str(work.agent["memberOf"]["agentGroupId"]) in groups)
        )

    return keeps


def _timeframe(start: int, end: int) -> dict[str, Any]:
    return {
        "startTime": offset_text(start),
        "endTime": offset_text(end),
        # LivePerson's sample shows these two as text, unlike every other field whose name ends in L.
        "startTimeL": str(start),
        "endTimeL": str(end),
    }
