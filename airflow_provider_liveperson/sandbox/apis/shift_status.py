"""Shift Status API: which skills are on shift now (LivePerson pages ``shift-status-api-*``)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.shapes import Snapshot
from airflow_provider_liveperson.sandbox.instants import iso_text
from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches, switch

_OLDER = "asyncMessagingEnt"
_NEWER = "shiftstatus"


class ShiftStatusSwitches(Switches):
    """What LivePerson's pages leave open about Shift Status."""

    shift_auth: frozenset[CredentialName] = switch(
        frozenset({"bearer"}), "credential kinds that Shift Status accepts"
    )
    shift_service: Literal["new", "old"] = switch(
        "new",
        f"whether the Domain API lists `{_NEWER}`; `{_OLDER}`, as older pages call the service, is always listed",
    )
    shift_times: Literal["iso", "milliseconds"] = switch(
        "iso", "how `nextOn` and `nextOff` are written: ISO 8601, or epoch milliseconds"
    )
    shift_order: Literal["id", "reversed"] = switch("id", "in which order skills come")


class ShiftStatusApi(Api[ShiftStatusSwitches]):
    """Skills, each on shift or not."""

    name, title, prefix = "shift_status", "Shift Status", "shift"
    switches_type = ShiftStatusSwitches
    services = (_NEWER,)
    datasets = ("shift_status",)
    data: Snapshot

    @classmethod
    def listed_services(cls, switches: Any) -> Iterable[str]:
        """Return the services that the Domain API lists for it."""
        return cls.services if switches.shift_service == "new" else ()

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
        return [Endpoint("/api/account/{account}/shift-status", self.status, reads="the shift status")]

    def status(self, call: Call) -> Answer:
        """``GET /api/account/{account}/shift-status``: all skills.

        :param call: the request.
        """
        rows = [self._written(row) for row in self.data.read()]
        return json_answer(rows[::-1] if self.switches.shift_order == "reversed" else rows)

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return the skills as they are now, whatever the window."""
        return [self._written(row) for row in self.data.read()]

    def insert(self, dataset: str, count: int, when: datetime | None = None) -> list[Any]:
        """Add skills."""
        have = len(self.data)
        return self.data.add([self._invent(990_000 + have + number) for number in range(count)])

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        """Have a skill begin its shift, or end it."""
        return self.data.change(lambda row, number: {"onShift": not row["onShift"]})

    def reset(self) -> None:
        """Make the first state."""
        skills = [self._invent(int(skill["id"])) for skill in self.world.skills if not skill["deleted"]]
        self.data = Snapshot(skills, "skill")

    def _written(self, row: dict[str, Any]) -> dict[str, Any]:
        if self.switches.shift_times == "milliseconds":
            return row
        return {
            name: iso_text(value) if name in ("nextOn", "nextOff") else value for name, value in row.items()
        }

    def _invent(self, skill: int) -> dict[str, Any]:
        chance = self.world.source(f"shift/{skill}")
        last = self.world.days[-1]
        end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
        on_shift = chance.random() < 0.6
        row: dict[str, Any] = {"skill": skill, "onShift": on_shift}
        ends, begins = (
            int((end + timedelta(minutes=15 * chance.randrange(1, 96)) + days).timestamp() * 1000)
            for days in (timedelta(0), timedelta(days=1))
        )
        if chance.random() < 0.2:  # always on shift, or never
            return row
        if on_shift:
            row["nextOff"] = ends
        if not on_shift or chance.random() < 0.5:
            row["nextOn"] = begins
        return row
