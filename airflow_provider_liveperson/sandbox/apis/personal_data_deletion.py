"""Personal Data Deletion API: the list of requests (LivePerson pages ``personal-data-deletion-api-*``)."""

from __future__ import annotations

import re
import threading
import uuid
from datetime import UTC, date, datetime
from typing import Any, Literal

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.shapes import Parameters
from airflow_provider_liveperson.sandbox.apis.shapes.parameters import message_only
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.instants import iso_text
from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches, switch
from airflow_provider_liveperson.sandbox.world import midnight_ms, milliseconds

STATES = ("NOT_STARTED", "IN_PROGRESS", "CANCELED", "DONE")

_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class PersonalDataDeletionSwitches(Switches):
    """What LivePerson's pages leave open about Personal Data Deletion."""

    deletion_requests: int = switch(
        60, "requests to delete personal data, spread evenly over the days", minimum=0, fixed=True
    )
    deletion_auth: frozenset[CredentialName] = switch(
        frozenset({"oauth1", "bearer"}), "credential kinds that Personal Data Deletion accepts"
    )
    deletion_to: Literal["inclusive", "exclusive"] = switch(
        "inclusive", "whether requests of the day `toDate` are in the answer"
    )
    deletion_zone_hours: int = switch(
        0, "hours east of UTC of the zone in which `fromDate` and `toDate` are taken", minimum=-12
    )
    deletion_site: Literal["siteid", "siteId"] = switch(
        "siteid", "name of the account's field: as in the page's sample, or as in its table"
    )
    deletion_order: Literal["oldest", "newest"] = switch("oldest", "which requests come first")


class PersonalDataDeletionApi(Api[PersonalDataDeletionSwitches]):
    """Requests to delete personal data, with their state."""

    name, title, prefix = "personal_data_deletion", "Personal Data Deletion", "deletion"
    switches_type = PersonalDataDeletionSwitches
    services = ("rtbf",)
    datasets = ("personal_data_deletion_requests",)
    data: list[dict[str, Any]]
    """Oldest first, with their moments in epoch milliseconds."""

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
        path = "/api/account/{account}/personal-data-deletion"
        return [
            Endpoint(path, self.requests, reads="requests to delete personal data"),
            Endpoint(f"{path}/{{request}}", self.request, reads="requests to delete personal data"),
        ]

    def requests(self, call: Call) -> Answer:
        """``GET /api/account/{account}/personal-data-deletion``: all requests of some days.

        :param call: the request; ``status``, ``fromDate`` and ``toDate`` are optional.
        """
        switches = self.switches
        parameters = Parameters(call.parameters, message_only)
        status = parameters.choice("status", STATES, "")
        days = {name: _date(parameters, call, name) for name in ("fromDate", "toDate")}
        first, last = days["fromDate"], days["toDate"]
        if first is not None and last is not None and first > last:
            parameters.wrong("fromDate", "must not be after toDate")
        parameters.check()
        ahead = switches.deletion_zone_hours * _HOUR_MS
        start = 0 if first is None else midnight_ms(first) - ahead
        end = milliseconds(datetime(9999, 1, 1, tzinfo=UTC))
        if last is not None:
            end = midnight_ms(last) - ahead + _DAY_MS * (switches.deletion_to == "inclusive")
        rows = [
            self._written(row)
            for row in self.data
            if start <= row["request_time"] < end and status in ("", row["status"])
        ]
        return json_answer(rows[::-1] if switches.deletion_order == "newest" else rows)

    def request(self, call: Call) -> Answer:
        """``GET /api/account/{account}/personal-data-deletion/{request}``: a list of one request.

        :param call: the request.
        """
        found = [row for row in self.data if row["request_id"] == call.places["request"]]
        if not found:
            raise Refusal(404, {"message": f"There is no request {call.places['request']!r}"})
        return json_answer([self._written(row) for row in found])

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return the requests that were made in the window."""
        first, last = milliseconds(start), milliseconds(end)
        return [self._written(row) for row in self.data if first <= row["request_time"] < last]

    def insert(self, dataset: str, count: int, when: datetime | None = None) -> list[Any]:
        """Make requests."""
        moment = milliseconds(when) if when is not None else int(self.sandbox.now() * 1000)
        with self._lock:
            have = len(self.data)
            rows = [self._invent(f"late/{have + number}", moment) for number in range(count)]
            self.data = sorted([*self.data, *rows], key=_place)
        return [self._written(row) for row in rows]

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        """Have the last request until a moment reach its next state."""
        moment = milliseconds(when) if when is not None else int(self.sandbox.now() * 1000)
        with self._lock:
            before = [row for row in self.data if row["request_time"] <= moment]
            if not before:
                raise ValueError("Nothing was requested until then")
            status = STATES[(STATES.index(before[-1]["status"]) + 1) % len(STATES)]
            later = self.data[len(before) :]
            self.data = [*before[:-1], {**before[-1], "status": status}, *later]
        return before[-1]["request_id"]

    def reset(self) -> None:
        """Make the first requests."""
        self._lock = threading.Lock()
        self.data = [
            row
            for day, count in self.world.spread(self.switches.deletion_requests)
            for row in self._of_day(midnight_ms(day), count)
        ]

    def sizes(self) -> dict[str, int]:
        """Return how many requests there are."""
        return {"deletion_requests": len(self.data)}

    def summary(self) -> str:
        """Say how many requests there are."""
        return f"{len(self.data)} requests to delete personal data"

    def _written(self, row: dict[str, Any]) -> dict[str, Any]:
        return {
            "request_id": row["request_id"],
            self.switches.deletion_site: self.world.account_id,
            "request_time": iso_text(row["request_time"]),
            "requested_by": row["requested_by"],
            "status": row["status"],
        }

    def _of_day(self, midnight: int, count: int) -> list[dict[str, Any]]:
        # The first one of a day comes with its first instant.
        chance = self.world.source(f"deletion/{midnight}")
        moments = [midnight + (chance.randrange(_DAY_MS) if number else 0) for number in range(count)]
        rows = [self._invent(f"{midnight}/{number}", moment) for number, moment in enumerate(moments)]
        return sorted(rows, key=_place)

    def _invent(self, label: str, moment: int) -> dict[str, Any]:
        chance = self.world.source(f"deletion/{label}")
        return {
            "request_id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            "request_time": moment,
            "requested_by": chance.choice(self.world.people)["loginName"],
            "status": chance.choice(STATES),
        }


def _date(parameters: Parameters, call: Call, name: str) -> date | None:
    text = call.parameters.get(name)
    if text is None:
        return None
    try:
        if not _DATE.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        parameters.wrong(name, "must be a date as yyyy-mm-dd")
        return None


def _place(row: dict[str, Any]) -> tuple[int, str]:
    return row["request_time"], row["request_id"]
