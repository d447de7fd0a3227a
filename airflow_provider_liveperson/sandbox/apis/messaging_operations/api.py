"""Messaging Operations API: queue health (LivePerson pages ``messaging-operations-api-*``)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.messaging_operations.switches import MessagingOperationsSwitches
from airflow_provider_liveperson.sandbox.apis.shapes import Frame, Interval, IntervalMetrics, Parameters
from airflow_provider_liveperson.sandbox.apis.shapes.intervals import MINUTE_MS, grid
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.world import midnight_ms, milliseconds

CELL_MS = 5 * MINUTE_MS
UNASSIGNED = "-1"
"""The key of what has no skill."""

COUNTS = (
    "unassignedConversations",
    "actionableConversations",
    "notActionableConversations",
    "actionableAndManualSla",
    "actionableAndDuringTransfer",
    "actionableAndConsumerLastMessage",
    "notActionableDuringTransfer",
    "notActionableAndManualSla",
    "unassignedConversationsAndFirstTimeConsumer",
)
WAITS = (
    "avgWaitTimeForAgentAssignment_NewConversation",
    "avgWaitTimeForAgentAssignment_AfterTransfer",
    "avgWaitTimeForAgentAssignment_AfterTransferFromBot",
    "avgWaitTimeForAgentAssignment_AfterTransferFromAgent",
    "maxWaitTimeForAgentAssignment",
    "maxWaitTimeForAgentAssignment_AfterTransferFromAgent",
    "waitTimeForAgentAssignment_50thPercentile",
    "waitTimeForAgentAssignment_90thPercentile",
)

Numbers = dict[str, float]


class MessagingOperationsApi(Api[MessagingOperationsSwitches]):
    """Queue health, in cells of five minutes from the first day with data to the present."""

    name, title, prefix = "messaging_operations", "Messaging Operations", "operations"
    switches_type = MessagingOperationsSwitches
    services = ("leDataReporting",)
    datasets = ("messaging_queue_health",)

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
        path = "/operations/api/account/{account}/msgqueuehealth"
        return [Endpoint(path, self.queue_health, reads="messaging operations")]

    def queue_health(self, call: Call) -> Answer:
        """``GET /operations/api/account/{account}/msgqueuehealth``: numbers of the queues of a time frame.

        :param call: the request.
        """
        switches = self.switches
        parameters = Parameters(call.parameters)
        parameters.require("v")
        version = parameters.choice("v", ("1", "2"), "1")
        shape = IntervalMetrics(
            stamp=switches.operations_named_by,
            rounded=switches.operations_rounded,
            one_more=switches.operations_one_more,
            newest_first=switches.operations_order == "newest",
        )
        frame = (shape.frame if version == "1" else shape.frame_between)(parameters, self.present)
        skills = parameters.words("skillIds")
        parameters.check()
        self._check_version(call, version)
        wanted = None if skills is None or "all" in skills else skills
        whole = self._sections(shape.whole(frame), wanted)
        if frame.interval_ms is None:
            return self._answer(whole)
        return self._answer(
            {"metricsByIntervals": self._intervals(shape, frame, wanted), "timeframeSummary": whole}
        )

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return the rows that a complete read must give, oldest first, totals before skills."""
        rows = []
        for interval in grid(milliseconds(start), milliseconds(end), CELL_MS):
            if not self._has_data(interval.start):
                continue
            when = {"_interval_start": _text(interval.start), "_interval_end": _text(interval.end)}
            rows.append({**when, "_level": "account", **self._total([interval.start], None)})
            rows += [
                {**when, "_level": "skill", "_skill_id": skill, **self._numbers([interval.start], skill)}
                for skill in self._skills(None)
            ]
        return rows

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        """Have one conversation more wait in the cell of a moment, or the next one with numbers."""
        moment = self.present * 1000 - CELL_MS if when is None else milliseconds(when)
        cell = int(moment) // CELL_MS * CELL_MS
        while not self._has_data(cell) and cell < self.present * 1000:
            cell += CELL_MS
        with self._lock:
            self._added[cell] += 1
        return _text(cell)

    def reset(self) -> None:
        """Forget what was changed."""
        self._lock = threading.Lock()
        self._added: Counter[int] = Counter()

    def _answer(self, payload: dict[str, Any]) -> Answer:
        if self.switches.operations_envelope == "meta_body":
            return json_answer({"meta": {"responseCode": 200}, "body": payload})
        return json_answer(payload)

    def _check_version(self, call: Call, version: str) -> None:
        """Refuse a version that does not go with the credential."""
        is_key = call.headers.get("authorization", "").lower().startswith("oauth ")
        if self.switches.operations_versions == "bound" and is_key is not (version == "1"):
            kind = "OAuth 1.0" if is_key else "OAuth 2.0"
            raise Refusal(401, {"message": f"v={version} does not accept {kind}"})

    def _intervals(
        self, shape: IntervalMetrics, frame: Frame, skills: frozenset[str] | None
    ) -> list[dict[str, Any]]:
        """Return the intervals as they are answered."""
        wrapper = self.switches.operations_wrapper
        rendered = shape.rendered(frame, lambda interval: self._sections(interval, skills))
        made = []
        for number, interval in enumerate(rendered):
            moment = interval.pop("timestamp")
            as_text = self.switches.operations_timestamp == "text"
            wrapped = wrapper == "all" or (wrapper == "some" and number % 2 == 0)
            made.append(
                {
                    "timestamp": _text(moment)[:-1] if as_text else moment,
                    **({"metricsData": interval} if wrapped else interval),
                }
            )
        return made

    def _sections(self, interval: Interval, skills: frozenset[str] | None) -> dict[str, Any]:
        cells = [cell for cell in interval.buckets(CELL_MS) if self._has_data(cell)]
        return {
            "skillsMetrics": {skill: self._numbers(cells, skill) for skill in self._skills(skills)}
            if cells
            else {},
            self.switches.operations_totals: self._total(cells, skills) if cells else {},
        }

    def _skills(self, wanted: frozenset[str] | None) -> list[str]:
        every = [UNASSIGNED, *(str(skill["id"]) for skill in self.world.skills if not skill["deleted"])]
        return [skill for skill in every if wanted is None or skill in wanted]

    def _numbers(self, cells: Iterable[int], skill: str) -> Numbers:
        """Return the numbers of a skill: the counts of the cells added up, and the longest waits."""
        numbers: Numbers = {}
        for cell in cells:
            for name in COUNTS:
                numbers[name] = numbers.get(name, 0.0) + self.world.number(f"{name}/{skill}/{cell}", 20)
            numbers["unassignedConversations"] += self._added[cell] * (skill == UNASSIGNED)
            for name in WAITS:
                wait = self.world.number(f"{name}/{skill}/{cell}", 600_000)
                # Every so often nobody waited, for which LivePerson writes -1.
                numbers[name] = max(numbers.get(name, -1), wait if wait % 5 else -1)
        return numbers

    def _total(self, cells: list[int], skills: frozenset[str] | None) -> Numbers:
        each = [self._numbers(cells, skill) for skill in self._skills(skills)]
        added = {name: sum(numbers[name] for numbers in each) for name in COUNTS}
        return {**added, **{name: max((numbers[name] for numbers in each), default=-1) for name in WAITS}}

    def _has_data(self, cell: int) -> bool:
        """Return whether an agent was logged in during a cell, without which there are no numbers."""
        return (
            self.switches.operations_logged_in
            and midnight_ms(self.world.days[0]) <= cell
            and cell + CELL_MS <= self.present * 1000
            and self.world.number(f"logged in/{cell}", 20) > 0
        )


def _text(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment / 1000, UTC):%Y-%m-%dT%H:%M:%S}Z"
