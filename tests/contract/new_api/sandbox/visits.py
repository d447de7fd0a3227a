"""Visits: the sandbox's side."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.shapes import (
    PAGE_FAULTS,
    CollectionRules,
    Collections,
    KeyedPages,
    PagedSearch,
    Parameters,
    Snapshot,
)
from airflow_provider_liveperson.sandbox.apis.shapes.pages import drifted, link, paging
from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches, switch

_INTERNAL = "http://visits.internal:8080"
_PATH = "/visits/api/account/{account}/"


class VisitsSwitches(Switches):
    """What LivePerson's pages leave open about visits."""

    visits: int = switch(200, "visits in total, spread evenly over the days", minimum=0, fixed=True)
    visits_auth: frozenset[CredentialName] = switch(frozenset({"oauth1"}), "credential kinds that it accepts")
    visits_limit_max: int = switch(100, "the largest page", minimum=1)
    visits_count: Literal["count", "total"] = switch("count", "name of the count")


class VisitsApi(Api[VisitsSwitches]):
    """Visits by search and as they came, rooms, and who is there now."""

    name, title, prefix = "visits", "Visits", "visits"
    switches_type = VisitsSwitches
    services = ("visitsDomain",)
    datasets = ("visit_log", "visit_feed", "visit_stream", "visit_rooms", "visit_now")
    faults = PAGE_FAULTS

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(_PATH + "search", self.search, method="POST", reads="visits"),
            Endpoint(_PATH + "feed", self.feed, reads="visits"),
            Endpoint(_PATH + "stream", self.stream, reads="visits"),
            Endpoint(_PATH + "rooms", self.read_rooms, reads="visits"),
            Endpoint(_PATH + "now", self.read_now, reads="visits"),
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
        channel = parameters.choice("channel", ("web", "app"), "web")
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

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        if dataset == "visit_rooms":
            return self.rooms.truth("visit_rooms")
        if dataset == "visit_now":
            return self.visitors.read()
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
                at = midnight + timedelta(seconds=86_399 * number / max(1, count))
                self.log.append(self._visit(f"{day:%m%d}{number}", at))
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

    def _visit(self, key: str, at: datetime) -> dict[str, Any]:
        return {"id": key, "at": f"{at:%Y-%m-%dT%H:%M:%S}Z", "name": f"Visitor {key}"}


def _channel(visit: dict[str, Any]) -> str:
    return "app" if str(visit["id"])[-1] in "02468" else "web"


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
