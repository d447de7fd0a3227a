"""Agent Activity API, version 2: agents' status changes (LivePerson pages ``agent-activity-api-*``)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from airflow_provider_liveperson.sandbox.apis.agent_activity.log import ActivityQuery
from airflow_provider_liveperson.sandbox.http.caller import why_source_is_refused
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.identity.access import admit
from airflow_provider_liveperson.sandbox.settings import SandboxSettings
from airflow_provider_liveperson.sandbox.state import SandboxState

DEFAULT_LIMIT = 1000

# The links in LivePerson's answers point to machines that only LivePerson can reach.
_INTERNAL = "http://agent-activity-service.internal:8080"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})", re.ASCII
)
_FILTERS = ("agentId", "empId", "groupId")


async def status_changes(request: Request) -> Response:
    """``GET /api/v2/account/{account}/status-changes``: a page of status changes."""
    state: SandboxState = request.app.state.sandbox
    settings = state.settings
    admit(
        request, await request.body(), state, accepted=settings.activity_auth, to_read="agent status changes"
    )
    asked = _Asked(request, settings, state.now())
    if asked.causes:
        raise Refusal(400, {"causes": asked.causes, "message": "The request's parameters are not valid"})
    inserts = request.scope.get("sandbox.inserts")
    if inserts:
        rows, when = inserts
        state.activity.insert_late_or_new(
            asked.query, rows=rows, when=when, offset=asked.offset, now=state.now()
        )
    changes, total = state.activity.page(asked.query, offset=asked.offset, limit=asked.limit)
    payload = {
        "_metadata": _metadata(asked, total, settings),
        "timeframe": _timeframe(asked),
        "stateChanges": changes,
    }
    return Response(to_json(payload), media_type="application/json")


class _Asked:
    """One request's parameters.

    :param request: the request.
    :param settings: limits and switches.
    :param now: the sandbox's clock, epoch seconds.
    """

    def __init__(self, request: Request, settings: SandboxSettings, now: float) -> None:
        self._parameters = request.query_params
        self.path = request.url.path
        self.causes: list[str] = []
        """What is wrong, a sentence each."""
        source = why_source_is_refused(request, settings.source_rule)
        if source is not None:
            self.causes.append(source)
        self.start, self.end = self._window(settings, now)
        self.limit = self._number("limit", min(DEFAULT_LIMIT, settings.activity_limit_max), 1)
        if self.limit > settings.activity_limit_max:
            if settings.activity_over_limit == "reject":
                self.causes.append(f"limit: must be less than or equal to {settings.activity_limit_max}")
            self.limit = settings.activity_limit_max
        self.offset = 0 if settings.offset_ignored else self._number("offset", 0, 0)
        filters = {name: self._parameters[name] for name in _FILTERS if name in self._parameters}
        if len(filters) > 1:
            self.causes.append(f"{', '.join(filters)}: only one of them may be given")
        agents, employees, groups = (_ids(filters.get(name)) for name in _FILTERS)
        self.query = ActivityQuery(
            start=self.start,
            end=self.end + (settings.activity_to == "inclusive"),
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

    def _window(self, settings: SandboxSettings, now: float) -> tuple[int, int]:
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
        elif end - start > timedelta(days=settings.activity_longest_days):
            self.causes.append(
                f"from, to: the range must be at most a month ({settings.activity_longest_days} days)"
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


def _metadata(asked: _Asked, total: int, settings: SandboxSettings) -> dict[str, Any]:
    """Give the links to other pages. There is no count among them, nor anywhere else in the answer."""
    if settings.activity_links == "absent":
        return {}
    offset, limit = asked.offset, asked.limit
    offsets = {"self": offset, "first": 0}
    after = offset + limit
    full_last_page = after == total and settings.activity_links == "next_on_full_page"
    if after < total or full_last_page or settings.activity_links == "always_next":
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


ROUTES: list[BaseRoute] = [Route("/api/v2/account/{account}/status-changes", status_changes)]
