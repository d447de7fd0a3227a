"""Net Handle Time API: how much work a skill's conversations were, in intervals (``net-handle-time-api-*``)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.shapes import PAGE_FAULTS, PagedSearch, Parameters
from airflow_provider_liveperson.sandbox.apis.shapes.pages import drifted, references
from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches, switch
from airflow_provider_liveperson.sandbox.world import Entity, midnight_ms, milliseconds

QUARTER_MS = 900_000
HOUR_MS = 3_600_000
_INTERNAL = "http://localhost:8080"
# A skill is worked on in four hours of a day; the others have no intervals.
_SHIFT = 6

Row = dict[str, Any]


class NetHandleTimeSwitches(Switches):
    """Switches of Net Handle Time."""

    net_handle_time_auth: frozenset[CredentialName] = switch(
        frozenset({"oauth1"}), "credential kinds that Net Handle Time accepts"
    )
    net_handle_time_end: Literal["inside", "outside"] = switch(
        "inside", "whether the interval that begins at the end of the range is in the answer, as in a sample"
    )
    net_handle_time_no_data: Literal["-1", "0"] = switch(
        "-1", "how a number is written for which there is no data"
    )
    net_handle_time_ids: Literal["numbers", "strings"] = switch("numbers", "how ids of skills are written")
    net_handle_time_limit_max: int = switch(10, "the largest `limit` of skills", minimum=1)
    net_handle_time_over_limit: Literal["reject", "clamp"] = switch(
        "reject", "what a larger `limit` gets: a 400, or silently the largest"
    )


class NetHandleTimeApi(Api[NetHandleTimeSwitches]):
    """How much work a skill's conversations were."""

    name, title, prefix = "net_handle_time", "Net Handle Time", "net_handle_time"
    switches_type = NetHandleTimeSwitches
    services = ("leDataReporting",)
    datasets = ("net_handle_time",)
    faults = {"count_drift": PAGE_FAULTS["count_drift"]}

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
        return [Endpoint("/operations/api/account/{account}/nht", self.nht, reads="net handle time")]

    def nht(self, call: Call) -> Answer:
        """``GET /operations/api/account/{account}/nht``: a page of skills; all of them in version 1.

        :param call: the request.
        """
        switches, parameters = self.switches, Parameters(call.parameters)
        if source := call.source_error(self.sandbox.settings.source_rule):
            parameters.causes.append(source)
        version = parameters.choice("v", ("1", "2"), "1")
        start, end = self._window(parameters, call.parameters)
        minutes = int(parameters.choice("interval", ("15", "30", "60"), "60"))
        wanted = parameters.words("skillIds")
        bounds = PagedSearch(
            default_limit=10,
            max_limit=switches.net_handle_time_limit_max,
            over_limit=switches.net_handle_time_over_limit,
            offset_ignored=self.sandbox.settings.offset_ignored,
        ).bounds(parameters)
        parameters.check()
        skills = [skill for skill in self._skills if wanted is None or str(skill["id"]) in wanted]
        answer: Row = {
            "timeframe": {
                "fromDate": _text(start, "seconds"), "toDate": _text(end, "seconds"),
                "fromMillis": start, "toMillis": end,
            },
            "interval": minutes,
            "skillInfo": [
                {
                    "skillId": self._id(skill),
                    "metricsByIntervals": list(self._intervals(skill, start, end, minutes)),
                }
                for skill in (bounds.cut(skills) if version == "2" else skills)
            ],
        }  # fmt: skip
        if version == "2":
            answer["_metadata"] = {
                "count": drifted(len(skills), call.fault),
                "references": references(_INTERNAL, call, bounds, len(skills)),
            }
        return json_answer(answer)

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return the intervals of a quarter of an hour that begin in the window, as rows."""
        first, last = milliseconds(start), milliseconds(end)
        return [
            {
                "_skill_id": str(skill["id"]),
                "_interval_start": f"{_text(at, 'seconds')}Z",
                "_interval_end": f"{_text(at + QUARTER_MS, 'seconds')}Z",
                **row,
            }
            for skill in self._skills
            for row in self._intervals(skill, first, last, 15)
            if first <= (at := row["epochTimestamp"]) < last
        ]

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        """Let one conversation more arrive in the first interval that is not before a moment."""
        moment = int(self.present * 1000) if when is None else milliseconds(when)
        skill, at = min(
            ((skill, at) for skill in self._skills for at in self._quarters(skill) if at >= moment),
            key=lambda found: found[1],
        )
        with self._lock:
            key = (skill["id"], at)
            self._more[key] = self._more.get(key, 0) + 1
        return {"skillId": skill["id"], "epochTimestamp": at}

    def reset(self) -> None:
        """Return to the first numbers."""
        self._lock = threading.Lock()
        self._more: dict[tuple[int, int], int] = {}

    @property
    def _skills(self) -> Sequence[Entity]:
        return [skill for skill in self.world.skills if not skill["deleted"]]

    def _window(self, parameters: Parameters, given: Mapping[str, str]) -> tuple[int, int]:
        """Read the range: as milliseconds, or as text without a zone."""
        names = [name for name in ("fromMillis", "toMillis", "fromDate", "toDate") if name in parameters]
        if any(name.endswith("Millis") for name in names) and any(name.endswith("Date") for name in names):
            parameters.wrong(", ".join(names), "give the range in milliseconds or as dates, not both")
        week = timedelta(days=7)
        if "fromDate" in names or "toDate" in names:
            start, end = _dates(parameters, given, week)
        else:
            start, end = parameters.window("fromMillis", "toMillis", max_range=week)
        if start and start < self.present * 1000 - timedelta(weeks=9) / timedelta(milliseconds=1):
            parameters.wrong("fromMillis", "must be within the last 9 weeks")
        return start, end

    def _intervals(self, skill: Entity, start: int, end: int, minutes: int) -> Iterator[Row]:
        """The intervals of a skill from the one in which a range begins, as an answer has them."""
        length = minutes * 60_000
        last = end + (self.switches.net_handle_time_end == "inside")
        found: dict[int, list[int]] = {}
        for quarter in self._quarters(skill, start // length * length, last + length):
            found.setdefault(quarter // length * length, []).append(quarter)
        for at, quarters in found.items():
            if at < last:
                yield self._row(skill, at, quarters)

    def _quarters(self, skill: Entity, start: int = 0, end: int = 1 << 62) -> Iterator[int]:
        days = [midnight_ms(day) for day in self.world.days]
        first = max(start // QUARTER_MS * QUARTER_MS, days[0])
        for at in range(first, min(end, days[-1] + 24 * HOUR_MS), QUARTER_MS):
            if (at // HOUR_MS + skill["id"]) % _SHIFT == 0:
                yield at

    def _row(self, skill: Entity, at: int, quarters: Sequence[int]) -> Row:
        none = int(self.switches.net_handle_time_no_data)
        number = self.world.number

        def quarterly(name: str, maximum: int) -> int:
            return sum(number(f"nht/{name}/{skill['id']}/{quarter}", maximum) for quarter in quarters)

        def hourly(name: str, maximum: int) -> float:
            return number(f"nht/{name}/{skill['id']}/{at // HOUR_MS}", maximum) / 100

        has_hour = bool(number(f"nht/hour/{skill['id']}/{at // HOUR_MS}", 4))
        arrivals = quarterly("arrivals", 5) + sum(
            self._more.get((skill["id"], quarter), 0) for quarter in quarters
        )
        total = quarterly("total", 9_000)
        return {
            "timestamp": _text(at, "minutes"),
            "epochTimestamp": at,
            "arrivals": arrivals,
            "avgAgentSegmentDuration": total / 4 if total else none,
            "totalAgentSegmentDuration": total or none,
            "avgTimeInQueue": quarterly("queue", 120) + 0.5,
            "netHandleTime": hourly("nht", 200_000) if has_hour else none,
            "handledSegments": int(hourly("handled", 900)) if has_hour else none,
            "avgAvailableLoad": hourly("load", 100) if has_hour else none,
            "avgSegmentWorkTime": hourly("work", 50_000) if has_hour else none,
            "messagesSent": int(hourly("sent", 5_000)) if has_hour else none,
        }

    def _id(self, skill: Entity) -> Any:
        return str(skill["id"]) if self.switches.net_handle_time_ids == "strings" else skill["id"]


def _dates(parameters: Parameters, given: Mapping[str, str], longest: timedelta) -> tuple[int, int]:
    parameters.require("fromDate", "toDate")
    read = []
    for name in ("fromDate", "toDate"):
        try:
            read.append(milliseconds(datetime.fromisoformat(given[name]).replace(tzinfo=UTC)))
        except (KeyError, ValueError):
            parameters.wrong(name, "must be a date and time without a zone, such as 2025-07-05T05:00:00")
            return 0, 0
    start, end = read
    if not 0 <= end - start <= longest / timedelta(milliseconds=1):
        parameters.wrong("fromDate, toDate", "the range must be at most 7 days")
    return start, end


def _text(moment: int, exact: Literal["minutes", "seconds"]) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).replace(tzinfo=None).isoformat(timespec=exact)
