"""Visits: the sandbox's side."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.shapes import (
    PAGE_FAULTS,
    CollectionRules,
    Collections,
    FileListing,
    Interval,
    IntervalMetrics,
    KeyedPages,
    PagedSearch,
    Parameters,
    Snapshot,
    StoredFile,
)
from airflow_provider_liveperson.sandbox.apis.shapes.files import gzipped, json_lines
from airflow_provider_liveperson.sandbox.apis.shapes.intervals import MINUTE_MS, grid
from airflow_provider_liveperson.sandbox.apis.shapes.pages import drifted, link, paging
from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches, switch

_INTERNAL = "http://visits.internal:8080"
_PATH = "/visits/api/account/{account}/"
_CHANNELS = ("web", "app")
_QUARTER_MS = 15 * MINUTE_MS
_HOUR_MS = 60 * MINUTE_MS


class VisitsSwitches(Switches):
    """What LivePerson's pages leave open about visits."""

    visits: int = switch(200, "visits in total, spread over the days", minimum=0, fixed=True)
    visits_auth: frozenset[CredentialName] = switch(frozenset({"oauth1"}), "credential kinds that it accepts")
    visits_limit_max: int = switch(100, "the largest page", minimum=1)
    visits_count: Literal["count", "total"] = switch("count", "name of the count")


class VisitsApi(Api[VisitsSwitches]):
    """Visits by search, as they came, in numbers and in files; rooms, and who is there now."""

    name, title, prefix = "visits", "Visits", "visits"
    switches_type = VisitsSwitches
    services = ("visitsDomain",)
    datasets = (
        "visit_log",
        "visit_feed",
        "visit_stream",
        "visit_rooms",
        "visit_now",
        "visit_load",
        "visit_intervals",
        "visit_files",
    )
    faults = PAGE_FAULTS

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(_PATH + "search", self.search, method="POST", reads="visits"),
            Endpoint(_PATH + "feed", self.feed, reads="visits"),
            Endpoint(_PATH + "stream", self.stream, reads="visits"),
            Endpoint(_PATH + "rooms", self.read_rooms, reads="visits"),
            Endpoint(_PATH + "now", self.read_now, reads="visits"),
            Endpoint(_PATH + "load", self.read_load, reads="visits"),
            Endpoint(_PATH + "intervals", self.read_intervals, reads="visits"),
            Endpoint(_PATH + "files", self.list_files, reads="visits"),
            Endpoint(_PATH + "files/{file}", self.read_file, reads="visits"),
        ]

    def search(self, call: Call) -> Answer:
        parameters = Parameters(call.document())
        bounds = self._pages().bounds(parameters)
        start, end = parameters.window("from", "to", max_range=timedelta(days=31))
        parameters.check()
        found = self._between(start, end)
        count = {self.switches.visits_count: drifted(len(found), call.fault)}
        return json_answer({"_metadata": count, "visits": bounds.cut(found)})

    def feed(self, call: Call) -> Answer:
        parameters = Parameters(call.parameters)
        bounds = self._pages().bounds(parameters)
        start, end = parameters.window("from", "to", max_range=timedelta(days=31), read="instant")
        parameters.check()
        found = self._between(start, end)
        links = bounds.links(len(found), first=True)
        references = [
            {"rel": rel, "href": link(_INTERNAL, call, bounds, offset)} for rel, offset in links.items()
        ]
        return json_answer({"_metadata": {"references": references}, "visits": bounds.cut(found)})

    def stream(self, call: Call) -> Answer:
        parameters = Parameters(call.parameters)
        start, end = parameters.window("from", "to", max_range=timedelta(days=31))
        channel = parameters.choice("channel", _CHANNELS, "web")
        shape = KeyedPages(max_size=self.switches.visits_limit_max, over_size="clamp", empty_pages=True)
        rows = [visit for visit in self._between(start, end) if _channel(visit) == channel]
        page = shape.page(call, parameters, rows)
        parameters.check()
        return json_answer({"paging": paging(page, call), "visits": page.rows})

    def read_rooms(self, call: Call) -> Answer:
        return CollectionRules(newest_version=1, summary=("id",)).answer(call, self.rooms.read("visit_rooms"))

    def read_now(self, call: Call) -> Answer:
        parameters = Parameters(call.parameters)
        bounds = self._pages().bounds(parameters)
        parameters.check()
        rows = self.visitors.read()
        return json_answer({"count": drifted(len(rows), call.fault), "visitors": bounds.cut(rows)})

    def read_load(self, call: Call) -> Answer:
        return json_answer(self._load())

    def read_intervals(self, call: Call) -> Answer:
        parameters = Parameters(call.parameters)
        shape = IntervalMetrics(min_interval=15)
        frame = shape.frame_between(parameters, self.present, "from", "to")
        parameters.check()
        return json_answer({"metricsByIntervals": shape.rendered(frame, self._numbers)})

    def list_files(self, call: Call) -> Answer:
        parameters = Parameters(call.parameters)
        start, end = parameters.window("from", "to", max_range=timedelta(days=31))
        parameters.check()
        files = [{"name": file.name, "begins": file.start} for file in self._files().overlapping(start, end)]
        return json_answer({"files": files})

    def read_file(self, call: Call) -> Answer:
        content = self._files().find(call.places["file"]).content()
        return Answer(body=gzipped(content), media_type="application/gzip")

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        if dataset == "visit_rooms":
            return self.rooms.truth("visit_rooms")
        if dataset == "visit_now":
            return self.visitors.read()
        if dataset == "visit_load":
            load = self._load()
            channels = [
                {"_level": "channel", "_channel": name, **found}
                for name, found in sorted(load["channels"].items())
            ]
            return [{"_level": "account", **load["total"]}, *channels]
        if dataset == "visit_intervals":
            return [row for one in grid(_ms(start), _ms(end), _QUARTER_MS) for row in self._rows(one)]
        if dataset == "visit_files":
            return [
                visit
                for file in self._files().beginning(_ms(start), _ms(end))
                for visit in self._between(file.start, file.end)
            ]
        found = self._between(_ms(start), _ms(end))
        if dataset == "visit_stream":
            return [{**visit, "_channel": _channel(visit)} for visit in found]
        return found

    def insert(self, dataset: str, count: int, when: datetime | None = None) -> list[Any]:
        at = when or datetime.fromtimestamp(self.sandbox.now(), UTC)
        made = [self._visit(f"late{len(self.log) + number}", at) for number in range(count)]
        self.log = sorted([*self.log, *made], key=lambda visit: str(visit["at"]))
        return [visit["id"] for visit in made]

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        if dataset == "visit_rooms":
            return self.rooms.change("visit_rooms")
        return self.visitors.change(lambda row, number: {"pages": row["pages"] + 1})

    def reset(self) -> None:
        self.log = []
        for day, count in self.world.spread(self.switches.visits):
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
            for number in range(count):
                # Visitors come in four hours of the day, so that there are few files.
                later = timedelta(seconds=3_600 * (number // 4) / (count // 4 + 1))
                at = midnight + timedelta(hours=6 * (number % 4)) + later
                self.log.append(self._visit(f"{day:%m%d}{number}", at))
        self.log.sort(key=lambda visit: str(visit["at"]))
        self.rooms = Collections(
            {"visit_rooms": self.world.skills}, source=self.world.source("visits"), now=self.sandbox.now
        )
        self.visitors = Snapshot([{"id": f"v{n}", "name": f"Sam {n}", "pages": n} for n in range(30)], "id")

    def _pages(self) -> PagedSearch:
        return PagedSearch(
            max_limit=self.switches.visits_limit_max, offset_ignored=self.sandbox.settings.offset_ignored
        )

    def _between(self, start: int, end: int) -> list[Any]:
        return [visit for visit in self.log if start <= _ms(datetime.fromisoformat(visit["at"])) < end]

    def _numbers(self, interval: Interval) -> dict[str, Any]:
        """The visits of an interval, in total and by channel; no numbers where nobody came."""
        found = Counter(map(_channel, self._between(interval.start, interval.end)))
        return {
            "total": {"visits": found.total()} if found else {},
            "channels": {channel: {"visits": found[channel]} for channel in _CHANNELS if found[channel]},
        }

    def _load(self) -> dict[str, Any]:
        """The pages that visitors have open, in total and by channel."""
        found: Counter[str] = Counter()
        for row in self.visitors.read():
            found[_channel(row)] += row["pages"]
        return {
            "total": {"pages": found.total()},
            "channels": {channel: {"pages": found[channel]} for channel in _CHANNELS},
        }

    def _rows(self, interval: Interval) -> list[dict[str, Any]]:
        numbers = self._numbers(interval)
        when = {"_interval_start": _text(interval.start), "_interval_end": _text(interval.end)}
        rows = [{**when, "_level": "account", **numbers["total"]}] if numbers["total"] else []
        return rows + [
            {**when, "_level": "channel", "_channel": channel, **found}
            for channel, found in sorted(numbers["channels"].items())
        ]

    def _files(self) -> FileListing:
        starts = sorted(
            {_ms(datetime.fromisoformat(visit["at"])) // _HOUR_MS * _HOUR_MS for visit in self.log}
        )
        return FileListing(
            StoredFile(
                name=f"visits-{start}.json.gz",
                start=start,
                end=start + _HOUR_MS,
                content=lambda start=start: json_lines(self._between(start, start + _HOUR_MS)),
            )
            for start in starts
        )

    def _visit(self, key: str, at: datetime) -> dict[str, Any]:
        return {"id": key, "at": f"{at:%Y-%m-%dT%H:%M:%S}Z", "name": f"Visitor {key}"}


def _channel(visit: dict[str, Any]) -> str:
    return "app" if str(visit["id"])[-1] in "02468" else "web"


def _text(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment / 1000, UTC):%Y-%m-%dT%H:%M:%S}Z"


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
