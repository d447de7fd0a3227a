"""Agent Activity API, version 2: agents' status changes (LivePerson pages ``agent-activity-api-*``)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from airflow_provider_liveperson.sandbox.apis.agent_activity.log import ActivityLog, ActivityQuery
from airflow_provider_liveperson.sandbox.apis.agent_activity.switches import AgentActivitySwitches
from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.http.settings import HttpSettings

DEFAULT_LIMIT = 1000

# The links in LivePerson's answers point to machines that only LivePerson can reach.
_INTERNAL = "http://agent-activity-service.internal:8080"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})", re.ASCII
)
_FILTERS = ("agentId", "empId", "groupId")


class AgentActivityApi(Api[AgentActivitySwitches]):
    """Agents' status changes."""

    name, title, prefix = "agent_activity", "Agent Activity", "activity"
    switches_type = AgentActivitySwitches
    services = ("agentActivityDomain",)
    datasets = ("agent_status_changes",)
    alias = "activity"
    data: ActivityLog

    def endpoints(self) -> list[Endpoint]:
        """Give every path that it serves."""
        path = "/api/v2/account/{account}/status-changes"
        return [Endpoint(path, self.status_changes, reads="agent status changes")]

    def status_changes(self, call: Call) -> Answer:
        """``GET /api/v2/account/{account}/status-changes``: a page of status changes.

        :param call: the request.
        """
        asked = _Asked(call, self.switches, self.sandbox.settings, self.sandbox.now())
        if asked.causes:
            raise Refusal(400, {"causes": asked.causes, "message": "The request's parameters are not valid"})
        if call.insertion:
            self.data.insert_late_or_new(
                asked.query, call.insertion, offset=asked.offset, now=self.sandbox.now()
            )
        changes, total = self.data.page(asked.query, offset=asked.offset, limit=asked.limit)
        return json_answer(
            {
                "_metadata": _metadata(asked, total, self.switches),
                "timeframe": _timeframe(asked),
                "stateChanges": changes,
            }
        )

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Give what a complete read must give, oldest first."""
        return self.data.truth(start, end)

    def insert(self, dataset: str, count: int, when: datetime | None = None) -> list[Any]:
        """Add status changes, as when they reached the store late."""
        return self.data.insert(count, when or datetime.fromtimestamp(self.sandbox.now(), UTC))

    def reset(self) -> None:
        """Make the first data."""
        self.data = ActivityLog(self.world, lambda: self.switches)

    def sizes(self) -> dict[str, int]:
        """Give how many status changes there are."""
        return {"status_changes": len(self.data)}

    def summary(self) -> str:
        """Say how many status changes there are."""
        return f"{len(self.data)} agent status changes"


class _Asked:
    """One request's parameters.

    :param call: the request.
    :param switches: limits, and what is left open.
    :param http: what is the same for every API.
    :param now: the sandbox's clock, epoch seconds.
    """

    def __init__(self, call: Call, switches: AgentActivitySwitches, http: HttpSettings, now: float) -> None:
        self._parameters = call.parameters
        self.path = call.path
        self.causes: list[str] = []
        """What is wrong, a sentence each."""
        source = call.source_error(http.source_rule)
        if source is not None:
            self.causes.append(source)
        self.start, self.end = self._window(switches, now)
        self.limit = self._number("limit", min(DEFAULT_LIMIT, switches.activity_limit_max), 1)
        if self.limit > switches.activity_limit_max:
            if switches.activity_over_limit == "reject":
                self.causes.append(f"limit: must be less than or equal to {switches.activity_limit_max}")
            self.limit = switches.activity_limit_max
        self.offset = 0 if http.offset_ignored else self._number("offset", 0, 0)
        filters = {name: self._parameters[name] for name in _FILTERS if name in self._parameters}
        if len(filters) > 1:
            self.causes.append(f"{', '.join(filters)}: only one of them may be given")
        agents, employees, groups = (_ids(filters.get(name)) for name in _FILTERS)
        self.query = ActivityQuery(
            start=self.start,
            end=self.end + (switches.activity_to == "inclusive"),
            agents=agents,
            employees=employees,
            groups=groups,
        )

    def link(self, *, offset: int) -> str:
        """Give the address of another page.

        :param offset: its first row.
        """
        given = {name: value for name, value in self._parameters.items() if name not in ("limit", "offset")}
        query = urlencode({**given, "limit": self.limit, "offset": offset})
        return f"{_INTERNAL}{self.path}?{query}"

    def _window(self, switches: AgentActivitySwitches, now: float) -> tuple[int, int]:
        present = int(now * 1000)
        given = [name for name in ("from", "to") if name in self._parameters]
        if not given:
            return present - 86_400_000, present
        if len(given) == 1:
            self.causes.append("from, to: both of them must be given, or neither")
            return 0, 0
        moments = [self._moment(name) for name in given]
        start, end = moments
        if start is None or end is None:
            return 0, 0
        if end < start:
            self.causes.append("from: must not be after to")
        elif end - start > timedelta(days=switches.activity_longest_days):
            self.causes.append(
                f"from, to: the range must be at most a month ({switches.activity_longest_days} days)"
            )
        return (start - _EPOCH) // _MILLISECOND, (end - _EPOCH) // _MILLISECOND

    def _moment(self, name: str) -> datetime | None:
        # A plus sign that was not percent-encoded arrives as a blank.
        text = self._parameters[name].replace(" ", "+")
        try:
            if not _INSTANT.fullmatch(text):
                raise ValueError
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            self.causes.append(f"{name}: must be a date and time as in RFC 3339")
            return None

    def _number(self, name: str, default: int, least: int) -> int:
        text = self._parameters.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) <= 9) or int(text) < least:
            self.causes.append(f"{name}: must be a whole number of at least {least}")
            return default
        return int(text)


def _ids(text: str | None) -> frozenset[str] | None:
    return None if text is None else frozenset(text.split(","))


def _metadata(asked: _Asked, total: int, switches: AgentActivitySwitches) -> dict[str, Any]:
    """Give the links to other pages. There is no count among them, nor anywhere else in the answer."""
    if switches.activity_links == "absent":
        return {}
    offset, limit = asked.offset, asked.limit
    offsets = {"self": offset, "first": 0}
    after = offset + limit
    full_last_page = after == total and switches.activity_links == "next_on_full_page"
    if after < total or full_last_page or switches.activity_links == "always_next":
        offsets["next"] = after
    if offset:
        offsets["previous"] = max(0, offset - limit)
    offsets["last"] = max(0, total - 1) // limit * limit
    return {"references": [{"rel": rel, "href": asked.link(offset=place)} for rel, place in offsets.items()]}


def _timeframe(asked: _Asked) -> dict[str, Any]:
    return {
        "startTime": _text(asked.start),
        "endTime": _text(asked.end),
        # LivePerson's sample shows these two as text, unlike every other field whose name ends in L.
        "startTimeL": str(asked.start),
        "endTimeL": str(asked.end),
    }


def _text(moment: int) -> str:
    seconds, milliseconds = divmod(moment, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{milliseconds:03d}+0000"
