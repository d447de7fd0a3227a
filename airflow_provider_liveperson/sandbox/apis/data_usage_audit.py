"""Data Usage Audit API: who read conversations through history APIs (LivePerson pages ``data-usage-audit-api-*``).

Everything here begins with single reads: one user, one API, one conversation. A record sums up the reads of an hour.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.shapes import PagedSearch, Parameters
from airflow_provider_liveperson.sandbox.apis.shapes.parameters import message_only
from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches, switch
from airflow_provider_liveperson.sandbox.world import World, midnight_ms, milliseconds

APIS = ("msg_search", "chat_search", "chat_export")
EVERYBODY = "all"

_HOUR_MS = 3_600_000
_MAX_READS = 6


class DataUsageAuditSwitches(Switches):
    """Switches of the Data Usage Audit."""

    usage_records: int = switch(
        600, "data usage records in total, spread evenly over the days", minimum=0, fixed=True
    )
    usage_auth: frozenset[CredentialName] = switch(
        frozenset({"oauth1"}), "credential kinds that the Data Usage Audit accepts"
    )
    usage_limit_max: int = switch(10, "the largest `limit` of data usage records", minimum=1)
    usage_over_limit: Literal["reject", "clamp"] = switch(
        "reject", "what a larger `limit` gets: a 400, or silently the largest"
    )
    usage_longest_days: int = switch(30, "the longest range in days between `from` and `to`", minimum=1)
    usage_range: Literal["hours", "reads"] = switch(
        "hours",
        "what `from` and `to` choose: the records of hours that begin between them, or single reads, so that an hour"
        " may be summed up in part",
    )
    usage_to: Literal["exclusive", "inclusive"] = switch(
        "exclusive", "whether what is at the very moment `to` is in the answer"
    )
    usage_order: Literal["oldest", "newest"] = switch("oldest", "which data usage records come first")
    usage_total: Literal["absent", "stated"] = switch(
        "absent", "whether an answer says how many records there are on all pages"
    )
    usage_unknown_parameters: Literal["ignore", "reject"] = switch(
        "ignore", "what parameters get that the page does not name: nothing, or a 400"
    )


class Read(NamedTuple):
    """One conversation that was read once."""

    moment: int
    """UTC epoch milliseconds."""
    api: str
    consumer: str
    """The agent's id, or the app key of an API key."""
    login_name: str
    interaction: str

    @property
    def record(self) -> tuple[int, str, str]:
        """What tells the record that it is summed up in from others: the hour, the API and the consumer."""
        return self.moment // _HOUR_MS * _HOUR_MS, self.api, self.consumer


class DataUsageAuditApi(Api[DataUsageAuditSwitches]):
    """Who read which conversations, hour by hour."""

    name, title, prefix = "data_usage_audit", "Data Usage Audit", "usage"
    switches_type = DataUsageAuditSwitches
    services = ("auditlog",)
    datasets = ("data_usage_audit",)
    data: list[Read]

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
        return [Endpoint("/lp-auditlogapi/{account}", self.records, reads="data usage")]

    def records(self, call: Call) -> Answer:
        """``GET /lp-auditlogapi/{account}``: a page of records; all of them in version 1.

        :param call: the request.
        """
        switches = self.switches
        parameters = Parameters(call.parameters, message_only)
        version = parameters.choice("v", ("1", "2"), "1")
        parameters.require("agentId", "api")
        start, end = parameters.window("from", "to", max_range=timedelta(days=switches.usage_longest_days))
        api = parameters.choice("api", APIS, APIS[0])
        pages = PagedSearch(
            default_limit=10,
            max_limit=switches.usage_limit_max,
            over_limit=switches.usage_over_limit,
            offset_ignored=self.sandbox.settings.offset_ignored,
        )
        bounds = pages.bounds(parameters)
        known = ("from", "to", "agentId", "agentName", "api", "v", "limit", "offset")
        parameters.unknown(known, switches.usage_unknown_parameters)
        parameters.check()
        if call.insertion is not None and version == "2":
            self._insert_while_read(call, start, end, api, bounds.offset)
        found = self._answered(call, start, end, api)
        answer: dict[str, Any] = {"recordslist": bounds.cut(found) if version == "2" else found}
        if switches.usage_total == "stated":
            answer["total"] = len(found)
        return json_answer(answer)

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return the records of the hours that begin in the window, each with the API by which it is found."""
        first, last = milliseconds(start), milliseconds(end)
        return [
            {**row, "_api": row["apiType"].lower()}
            for row in self._rows(read for read in self.data if first <= read.record[0] < last)
        ]

    def insert(self, dataset: str, count: int, when: datetime | None = None) -> list[Any]:
        """Add reads of users who had read nothing before: each is a new record."""
        moment = milliseconds(when) if when is not None else int(self.sandbox.now() * 1000)
        return self._insert(count, moment)

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        """Have one more conversation read by the first of those who read something in an hour."""
        moment = milliseconds(when) if when is not None else int(self.sandbox.now() * 1000)
        hour = moment // _HOUR_MS * _HOUR_MS
        first = next((read for read in self.data if read.record[0] == hour), None)
        if first is None:
            raise ValueError("Nothing was read in that hour")
        self._add([first._replace(moment=moment, interaction=f"changed-{len(self.data)}")])
        return self._rows(read for read in self.data if read.record == first.record)[0]

    def reset(self) -> None:
        """Make the first reads."""
        self._lock = threading.Lock()
        self._inserted = 0
        self.data = sorted(
            read
            for day, count in self.world.spread(self.switches.usage_records)
            for read in reads_of_day(self.world, midnight_ms(day), count)
        )

    def sizes(self) -> dict[str, int]:
        """Return how many records there are."""
        return {"usage_records": len({read.record for read in self.data})}

    def summary(self) -> str:
        """Say how many records there are."""
        return f"{self.sizes()['usage_records']} data usage records"

    def _answered(self, call: Call, start: int, end: int, api: str) -> list[dict[str, Any]]:
        """Return the records that a request asks for, in the order of the switch."""
        switches = self.switches
        end += switches.usage_to == "inclusive"
        agent, name = call.parameters["agentId"], call.parameters.get("agentName")
        found = self._rows(
            read
            for read in self.data
            if start <= (read.record[0] if switches.usage_range == "hours" else read.moment) < end
            and read.api == api
            and agent in (EVERYBODY, read.consumer)
            and name in (None, read.login_name)
        )
        return found[::-1] if switches.usage_order == "newest" else found

    def _rows(self, reads: Iterable[Read]) -> list[dict[str, Any]]:
        """Sum reads up to records, as they are answered, oldest first."""
        summed: dict[tuple[int, str, str], list[str]] = {}
        for read in reads:
            summed.setdefault(read.record, []).append(read.interaction)
        return [
            {
                "accountId": self.world.account_id,
                "apiConsumerid": consumer,
                "apiType": api.upper(),
                "time": str(hour),
                "interactions": interactions,
            }
            for (hour, api, consumer), interactions in sorted(summed.items())
        ]

    def _insert_while_read(self, call: Call, start: int, end: int, api: str, offset: int) -> None:
        assert call.insertion is not None
        found = self._answered(call, start, end, api)
        if not found:
            return
        late = int(found[min(offset // 2, len(found) - 1)]["time"])
        moment = late if call.insertion.when == "late" else int(self.sandbox.now() * 1000)
        self._insert(call.insertion.rows, moment, api)

    def _insert(self, count: int, moment: int, api: str | None = None) -> list[dict[str, Any]]:
        made = []
        for _ in range(count):
            self._inserted += 1
            number = self._inserted
            # Users of their own, whose ids come among those of the others.
            made.append(
                Read(
                    moment=moment,
                    api=api or APIS[number % len(APIS)],
                    consumer=str(70_010_000 + 3 * number),
                    login_name=f"late{number}@acme.test",
                    interaction=f"late-{number}",
                )
            )
        self._add(made)
        return self._rows(made)

    def _add(self, reads: list[Read]) -> None:
        with self._lock:
            self.data = sorted([*self.data, *reads])


def reads_of_day(world: World, midnight: int, count: int) -> list[Read]:
    """Invent the reads of a day (UTC) that are summed up in a number of records.

    :param world: who may have read.
    :param midnight: the day's start, epoch milliseconds.
    :param count: how many records they make.
    """
    source = world.source(f"usage/{midnight}")
    consumers = [(str(user["id"]), user["loginName"]) for user in world.people]
    # Programs read with API keys: an app key stands for the agent.
    consumers += [(f"{source.getrandbits(128):032x}", "") for _ in range(max(2, count // 24))]
    reads: list[Read] = []
    seen: set[tuple[int, str, str]] = set()
    while len(seen) < count:
        consumer, login_name = source.choice(consumers)
        api = source.choice(APIS)
        hour = midnight + source.randrange(24) * _HOUR_MS
        read = Read(hour, api, consumer, login_name, "")
        if read.record in seen:
            continue
        seen.add(read.record)
        for _ in range(1 + source.randrange(_MAX_READS)):
            reads.append(
                read._replace(
                    moment=hour + source.randrange(_HOUR_MS),
                    interaction=f"{source.getrandbits(64):016x}-{source.getrandbits(32):08x}",
                )
            )
    return reads
