"""An API of every shape, as somebody would add one."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.shapes import (
    CollectionRules,
    Collections,
    FileListing,
    IntervalMetrics,
    KeyedPages,
    PagedSearch,
    Parameters,
    Snapshot,
    StoredFile,
)
from airflow_provider_liveperson.sandbox.apis.shapes.files import json_lines, one_or_many
from airflow_provider_liveperson.sandbox.apis.shapes.pages import paging
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.switches import EVERY_CREDENTIAL, CredentialName, Switches, switch


class DummySwitches(Switches):
    """Switches of the dummy."""

    dummy_rows: int = switch(10, "rows of the dummy", minimum=0, fixed=True)
    dummy_auth: frozenset[CredentialName] = switch(EVERY_CREDENTIAL, "credential kinds that it accepts")
    dummy_empty_pages: Literal["some", "none"] = switch("some", "whether keys lead through empty pages")


class DummyApi(Api[DummySwitches]):
    """A path of each shape."""

    name, title, prefix = "dummy", "Dummy", "dummy"
    switches_type = DummySwitches
    services = ("dummyService",)
    datasets = ("dummy_rows",)
    faults = {"dummy_fault": "a page without rows"}

    def endpoints(self) -> list[Endpoint]:
        folder = "/dummy/{account}/"
        return [
            Endpoint(folder + "keyed", self.keyed),
            Endpoint(folder + "search", self.search, method="POST"),
            Endpoint(folder + "intervals", self.intervals),
            Endpoint(folder + "now", self.now),
            Endpoint(folder + "files", self.listing),
            Endpoint(folder + "files/{file}", self.file),
            Endpoint(folder + "collection", self.collection),
        ]

    def keyed(self, call: Call) -> Answer:
        parameters = Parameters(call.parameters)
        pages = KeyedPages(empty_pages=self.switches.dummy_empty_pages == "some")
        page = pages.page(call, parameters, self.rows)
        parameters.check()
        return json_answer({"paging": paging(page, call), "rows": page.rows})

    def search(self, call: Call) -> Answer:
        if call.fault is not None and call.fault.kind == "dummy_fault":
            return json_answer({"rows": [], "count": 0})
        parameters = Parameters(call.document())
        bounds = PagedSearch(max_limit=100, over_limit="reject").bounds(parameters)
        parameters.check()
        return json_answer({"rows": bounds.cut(self.rows), "count": len(self.rows)})

    def intervals(self, call: Call) -> Answer:
        parameters = Parameters(call.parameters)
        shape = IntervalMetrics(one_more=True)
        frame = shape.frame(parameters, self.sandbox.now())
        parameters.check()
        rendered = shape.rendered(frame, lambda interval: {"n": self.world.number(f"{interval.start}", 9)})
        return json_answer({"metricsByIntervals": rendered})

    def now(self, call: Call) -> Answer:
        return json_answer({"rows": self.agents.read()})

    def listing(self, call: Call) -> Answer:
        parameters = Parameters(call.parameters)
        start, end = parameters.milliseconds("startTime"), parameters.milliseconds("endTime")
        parameters.check()
        files = [{"name": file.name} for file in self.files.overlapping(start or 0, end or 0)]
        return json_answer({"file": one_or_many(files, single_as_object=True)})

    def file(self, call: Call) -> Answer:
        try:
            return Answer(body=self.files.find(call.places["file"]).content())
        except KeyError as error:
            raise Refusal(404, {"message": error.args[0]}) from None

    def collection(self, call: Call) -> Answer:
        rules = CollectionRules(newest_version=4, summary=("id",))
        return rules.answer(call, self.collections.read("skills"))

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        return self.rows

    def insert(self, dataset: str, count: int, when: datetime | None = None) -> list[Any]:
        made = [{"id": len(self.rows) + number} for number in range(count)]
        self.rows += made
        return [row["id"] for row in made]

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        return self.agents.read()[0]

    def reset(self) -> None:
        self.rows = [{"id": number} for number in range(self.switches.dummy_rows)]
        self.agents = Snapshot([{"id": 1, "load": 0}, {"id": 2, "load": 0}], "id")
        self.agents.change(lambda row, number: {"load": row["load"] + number})
        self.files = FileListing(
            [StoredFile(name="only.json", start=0, end=10, content=lambda: json_lines(self.rows[:1]))]
        )
        self.collections = Collections(
            {"skills": self.world.skills}, source=self.world.source("dummy"), now=self.sandbox.now
        )
