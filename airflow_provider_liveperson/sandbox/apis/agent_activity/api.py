"""Agent Activity API, version 2: agents' status changes (LivePerson pages ``agent-activity-api-*``)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_liveperson.sandbox.apis.agent_activity.log import ActivityLog, ActivityQuery
from airflow_provider_liveperson.sandbox.apis.agent_activity.switches import AgentActivitySwitches
from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.shapes import Bounds, PagedSearch, Parameters
from airflow_provider_liveperson.sandbox.apis.shapes.pages import link

DEFAULT_LIMIT = 1000

# The links in LivePerson's answers point to machines that only LivePerson can reach.
_INTERNAL = "http://agent-activity-service.internal:8080"

_FILTERS = ("agentId", "empId", "groupId")
_LINKS = ("self", "first", "next", "previous", "last")


class AgentActivityApi(Api[AgentActivitySwitches]):
    """Agents' status changes."""

    name, title, prefix = "agent_activity", "Agent Activity", "activity"
    switches_type = AgentActivitySwitches
    services = ("agentActivityDomain",)
    datasets = ("agent_status_changes",)
    alias = "activity"
    data: ActivityLog

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
        path = "/api/v2/account/{account}/status-changes"
        return [Endpoint(path, self.status_changes, reads="agent status changes")]

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

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return what a complete read must give, oldest first."""
        return self.data.truth(start, end)

    def insert(self, dataset: str, count: int, when: datetime | None = None) -> list[Any]:
        """Add status changes, as when they reached the store late."""
        return self.data.insert(count, when or datetime.fromtimestamp(self.sandbox.now(), UTC))

    def reset(self) -> None:
        """Make the first data."""
        self.data = ActivityLog(self.world, lambda: self.switches)

    def sizes(self) -> dict[str, int]:
        """Return how many status changes there are."""
        return {"status_changes": len(self.data)}

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


def _timeframe(start: int, end: int) -> dict[str, Any]:
    return {
        "startTime": _text(start),
        "endTime": _text(end),
        # LivePerson's sample shows these two as text, unlike every other field whose name ends in L.
        "startTimeL": str(start),
        "endTimeL": str(end),
    }


def _text(moment: int) -> str:
    seconds, milliseconds = divmod(moment, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{milliseconds:03d}+0000"
