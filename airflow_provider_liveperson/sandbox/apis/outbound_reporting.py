"""Outbound Reporting API: messages that companies send first (LivePerson page ``outbound-reporting-api-overview``).

Version 2 of the transactions, and the analytics that sum them up by day, of Proactive Messaging and of Connect to
Messaging.

Long because the analytics are sums of the very messages that are answered one by one.
"""

from __future__ import annotations

import random
import threading
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.shapes import PAGE_FAULTS, PagedSearch, Parameters, RateLimit
from airflow_provider_liveperson.sandbox.apis.shapes.pages import drifted
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.instants import iso_seconds, iso_text
from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches, switch
from airflow_provider_liveperson.sandbox.world import World, midnight_ms, milliseconds

PRODUCTS = ("prmsg", "c2m")
CHANNELS = ("sms", "wa", "inapp")
SOURCES = ("API", "UI", "LPWF")
STATES = ("FAILED", "SKIPPED", "SENT", "DELIVERED", "READ", "RESPONDED")

_DAY_MS = 86_400_000
_ERRORS = {
    "sms": ("twilio", "30007", "Message filtered"),
    "wa": ("outbound_wa", "470", "Re-engagement: “24 h” passed"),
    "inapp": ("outbound", "408", "Délai dépassé"),
}
_TIMES = (
    *("eligibleTime", "inviteTime", "sentTime", "deliveredTime", "readTime", "failedTime", "skippedTime"),
    *("cancelledTime", "optInsTime", "optOutsTime", "conversationsCreatedTime", "conversationsClosedTime"),
)
_PASSED = {
    "FAILED": ("eligibleTime", "sentTime", "deliveredTime", "failedTime"),
    "SKIPPED": ("skippedTime", "cancelledTime"),
    "SENT": ("eligibleTime", "inviteTime", "sentTime"),
    "DELIVERED": ("eligibleTime", "inviteTime", "sentTime", "deliveredTime"),
    "READ": ("eligibleTime", "inviteTime", "sentTime", "deliveredTime", "readTime"),
    "RESPONDED": (
        *("eligibleTime", "inviteTime", "sentTime", "deliveredTime", "readTime"),
        *("conversationsCreatedTime", "conversationsClosedTime"),
    ),
}
"""The times that a message in a state has. In LivePerson's sample, messages that failed were delivered, too."""


class OutboundReportingSwitches(Switches):
    """Switches of Outbound Reporting."""

    outbound_messages: int = switch(
        600, "outbound messages in total, spread evenly over the days", minimum=0, fixed=True
    )
    outbound_auth: frozenset[CredentialName] = switch(
        frozenset({"oauth1", "app_jwt_v1", "bearer"}), "credential kinds that Outbound Reporting accepts"
    )
    outbound_per_second: int | None = switch(
        10, "how many requests it takes in a second, of each method; none for any number", minimum=1
    )
    outbound_limit_max: int = switch(5000, "the largest `limit` of outbound messages", minimum=1)
    outbound_over_limit: Literal["reject", "clamp"] = switch(
        "reject", "what a larger `limit` gets: a 400, or silently the largest"
    )
    outbound_longest_hours: int = switch(
        24, "the longest range in hours between `attemptedStartTime` and `attemptedEndTime`", minimum=1
    )
    outbound_analytics_longest_days: int = switch(
        60, "the longest range in days of outbound analytics", minimum=1
    )
    outbound_end: Literal["inclusive", "exclusive"] = switch(
        "inclusive", "whether a message attempted at the very moment `attemptedEndTime` is in the answer"
    )
    outbound_order: Literal["oldest", "newest"] = switch(
        "oldest", "which outbound messages, and which days of outbound analytics, come first"
    )
    outbound_analytics_groups: Literal["named", "unnamed"] = switch(
        "named",
        "whether a row of outbound analytics names its handoff or source where these filters have made it one of its"
        " own",
    )
    outbound_no_value: Literal["null", "absent"] = switch(
        "null", "`ivrNumber` and `handOffId` without a value are null, or missing"
    )
    outbound_seconds: Literal["milliseconds", "whole"] = switch(
        "milliseconds",
        "whether times are written with milliseconds, or in whole seconds where they are whole",
    )


class Message:
    """An outbound message, which LivePerson calls a transaction.

    :param moment: when it was attempted, epoch milliseconds.
    :param product: the product that sent it.
    :param fields: everything else, times as epoch milliseconds.
    """

    __slots__ = ("fields", "moment", "product")

    def __init__(self, moment: int, product: str, fields: Mapping[str, Any]) -> None:
        self.moment = moment
        self.product = product
        self.fields = fields

    @property
    def place(self) -> tuple[int, str]:
        """Where it is in the order."""
        return self.moment, str(self.fields["transactionId"])


class OutboundReportingApi(Api[OutboundReportingSwitches]):
    """Outbound messages, by product, and what they sum up to."""

    name, title, prefix = "outbound_reporting", "Outbound Reporting", "outbound"
    switches_type = OutboundReportingSwitches
    hosts = ("outboundReporting",)
    datasets = ("outbound_transactions", "outbound_analytics")
    faults = {"count_drift": PAGE_FAULTS["count_drift"]}
    data: list[Message]

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
        path = "/api/account/{account}/app/{product}"
        analytics = f"{path}/analytics/"
        return [
            Endpoint(f"{path}/transactions/", self.transactions, method="POST", reads="outbound messages"),
            Endpoint(analytics, self.analytics, reads="outbound analytics"),
            Endpoint(analytics, self.analytics, method="POST", reads="outbound analytics"),
        ]

    def transactions(self, call: Call) -> Answer:
        """``POST /api/account/{account}/app/{product}/transactions/?v=2.0``: a page of messages.

        :param call: the request.
        """
        switches = self.switches
        self.rate.check(switches.outbound_per_second, _error("Too many requests"))
        product = _product(call)
        query = Parameters(call.parameters, _first)
        if call.parameters.get("v") != "2.0":
            query.wrong("v", "must be 2.0")
        start, end = query.window(
            "attemptedStartTime",
            "attemptedEndTime",
            max_range=timedelta(hours=switches.outbound_longest_hours),
        )
        query.check()
        document = call.document()
        body = Parameters(document, _first)
        pages = PagedSearch(
            default_limit=100,
            max_limit=switches.outbound_limit_max,
            over_limit=switches.outbound_over_limit,
            offset_ignored=self.sandbox.settings.offset_ignored,
        )
        bounds = pages.bounds(body)
        given = document.get("filters") or {}
        if not isinstance(given, dict):
            body.wrong("filters", "must be an object")
            given = {}
        filters = Parameters(given, _first)
        wanted = {
            "channel": filters.words("channels", CHANNELS),
            "skill": filters.words("skills"),
            "messageStatus": filters.words("messagestatus", STATES),
            "transactionId": filters.words("transactionids"),
        }
        body.causes += filters.causes
        body.check()
        if call.insertion is not None:
            self._insert_while_read(call, product, start, end, bounds.offset)
        last = end + (switches.outbound_end == "inclusive")
        found = [
            message
            for message in self.data
            if message.product == product
            and start <= message.moment < last
            and all(among is None or message.fields[name] in among for name, among in wanted.items())
        ]
        if switches.outbound_order == "newest":
            found.reverse()
        page, count = list(bounds.cut(found)), len(found)
        return json_answer(
            {
                "requestMetadata": {
                    "accountId": call.places["account"],
                    "app": product,
                    "attemptedStartTime": str(start),
                    "attemptedEndTime": str(end),
                    "filters": given,
                },
                "page": {
                    "count": drifted(count, call.fault),
                    "offset": bounds.offset,
                    "limit": bounds.limit,
                },
                "transactions": [self._rendered(message) for message in page],
            }
        )

    def analytics(self, call: Call) -> Answer:
        """``GET`` or ``POST /api/account/{account}/app/{product}/analytics/``: sums by channel, skill and day.

        :param call: the request; only the body of a POST holds filters.
        """
        switches = self.switches
        self.analytics_rate.check(switches.outbound_per_second, _error("Too many requests"))
        product = _product(call)
        query = Parameters(call.parameters, _first)
        start, end = query.window(
            "attemptedStartTime",
            "attemptedEndTime",
            max_range=timedelta(days=switches.outbound_analytics_longest_days),
        )
        given = call.document() if call.method == "POST" else {}
        filters = Parameters(given, _first)
        wanted = {
            "channel": filters.words("channels", CHANNELS),
            "skill": filters.words("skills"),
            "handoffid": filters.words("handoffids"),
            "source": filters.words("source", SOURCES),
        }
        filters.unknown(("channels", "skills", "handoffids", "source"), "reject")
        query.causes += filters.causes
        query.check()
        last = end + (switches.outbound_end == "inclusive")
        rows = self._summed(product, start, last, wanted)
        return json_answer(
            {
                "requestMetadata": {
                    "accountId": call.places["account"],
                    "app": product,
                    "attemptedStartTime": str(start),
                    "attemptedEndTime": str(end),
                    "filters": given,
                    "proactiveCampaignId": None,
                },
                "analytics": rows[::-1] if switches.outbound_order == "newest" else rows,
            }
        )

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return the messages attempted in the window, or the sums of days that begin in it, each with its product."""
        first, last = milliseconds(start), milliseconds(end)
        if dataset == "outbound_analytics":
            first, last = (-(-moment // _DAY_MS) * _DAY_MS for moment in (first, last))
            return [
                {**row, "_product": product}
                for product in PRODUCTS
                for row in self._summed(product, first, last, {})
            ]
        return [
            {**self._rendered(message), "_product": message.product}
            for message in self.data
            if first <= message.moment < last
        ]

    def insert(self, dataset: str, count: int, when: datetime | None = None) -> list[Any]:
        """Add messages, of both products in turn."""
        moment = milliseconds(when) if when is not None else int(self.sandbox.now() * 1000)
        return self._insert(count, moment)

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        """Have the last message attempted until a moment be read, or no longer be read."""
        moment = milliseconds(when) if when is not None else int(self.sandbox.now() * 1000)
        with self._lock:
            place = max((at for at, one in enumerate(self.data) if one.moment <= moment), default=None)
            if place is None:
                raise ValueError("No message was attempted until then")
            before = self.data[place]
            is_read = before.fields["messageStatus"] == "READ"
            if dataset == "outbound_analytics":  # whose sums count times, not states
                is_read = before.fields["readTime"] is not None
            fields = dict(before.fields)
            fields |= {"messageStatus": "DELIVERED" if is_read else "READ"}
            fields |= {"readTime": None if is_read else before.moment + 60_000}
            self.data = [
                *self.data[:place],
                Message(before.moment, before.product, fields),
                *self.data[place + 1 :],
            ]
        return fields["transactionId"]

    def reset(self) -> None:
        """Make the first messages."""
        self._lock = threading.Lock()
        self._inserted = 0
        self.rate = RateLimit()
        self.analytics_rate = RateLimit()
        self.data = [
            message
            for day, count in self.world.spread(self.switches.outbound_messages)
            for message in messages_of_day(self.world, midnight_ms(day), count)
        ]

    def sizes(self) -> dict[str, int]:
        """Return how many messages there are."""
        return {"outbound_messages": len(self.data)}

    def summary(self) -> str:
        """Say how many messages there are."""
        return f"{len(self.data)} outbound messages"

    def _rendered(self, message: Message) -> dict[str, Any]:
        """Write a message as it is answered."""
        switches = self.switches
        row = {"transactionId": message.fields["transactionId"], **message.fields}
        row["attemptedTime"] = message.moment
        for name in ("attemptedTime", *_TIMES):
            row[name] = _text(row[name], whole=switches.outbound_seconds == "whole")
        if switches.outbound_no_value == "absent":
            row = {
                name: value
                for name, value in row.items()
                if value is not None or name not in ("ivrNumber", "handOffId")
            }
        return row

    def _summed(
        self, product: str, start: int, end: int, wanted: Mapping[str, frozenset[str] | None]
    ) -> list[dict[str, Any]]:
        """Sum up the messages of a range by day, channel and skill, and by handoff and source where asked for.

        :param product: the product.
        :param start: epoch milliseconds.
        :param end: the first millisecond after it.
        :param wanted: what a row may have, by the name of the group.
        """
        groups: dict[tuple[str, ...], list[Message]] = {}
        for message in self.data:
            if message.product != product or not start <= message.moment < end:
                continue
            of = {
                "channel": message.fields["channel"],
                "skill": message.fields["skill"],
                "handoffid": message.fields["handOffId"] or "",
                "source": SOURCES[zlib.crc32(str(message.fields["transactionId"]).encode()) % len(SOURCES)],
            }
            if any(among is not None and of[name] not in among for name, among in wanted.items()):
                continue
            day = f"{datetime.fromtimestamp(message.moment // 1000, UTC):%Y-%m-%d}"
            further = [of[name] if wanted.get(name) else "" for name in ("handoffid", "source")]
            groups.setdefault((day, of["channel"], of["skill"], *further), []).append(message)
        return [self._sums(product, group, messages) for group, messages in sorted(groups.items())]

    def _sums(self, product: str, group: tuple[str, ...], messages: list[Message]) -> dict[str, Any]:
        day, channel, skill, handoff, source = group

        def count(name: str) -> int:
            return sum(message.fields[name] is not None for message in messages)

        errors: dict[str, int] = {}
        for message in messages:
            if message.fields["errorCode"] is not None:
                error = f"{message.fields['errorSource']}_{message.fields['errorCode']}"
                errors[error] = errors.get(error, 0) + 1
        score = self.world.number(f"outbound csat/{product}/{day}/{channel}/{skill}", 50)
        year, month, number = day.split("-")
        row: dict[str, Any] = {
            "channel": channel,
            "skill": skill,
            "transactionday": f"{month}-{number}-{year}",
            "attempted": len(messages),
            "eligible": count("eligibleTime"),
            "skipped": count("skippedTime"),
            "sent": count("sentTime"),
            "failed": len(messages) - count("sentTime"),
            "delivered": count("deliveredTime"),
            "read": count("readTime"),
            "conversationscreated": count("conversationsCreatedTime"),
            "conversationsclosed": count("conversationsClosedTime"),
            # A text, or the number 0 where nobody has answered the survey.
            "csat": f"{score / 10:.1f}" if count("conversationsClosedTime") and score else 0,
            "error_aggregation": errors,
        }
        if self.switches.outbound_analytics_groups == "named":
            row |= {name: value for name, value in (("handoffid", handoff), ("source", source)) if value}
        return row

    def _insert_while_read(self, call: Call, product: str, start: int, end: int, offset: int) -> None:
        assert call.insertion is not None
        found = [one for one in self.data if one.product == product and start <= one.moment < end]
        if not found:
            return
        late = found[min(offset // 2, len(found) - 1)].moment
        moment = late if call.insertion.when == "late" else int(self.sandbox.now() * 1000)
        self._insert(call.insertion.rows, moment, product)

    def _insert(self, count: int, moment: int, product: str | None = None) -> list[dict[str, Any]]:
        with self._lock:
            made = []
            for _ in range(count):
                self._inserted += 1
                number = self._inserted
                source = self.world.source(f"outbound/late/{number}")
                chosen = product or PRODUCTS[number % len(PRODUCTS)]
                made.append(_invent(self.world, source, moment, chosen, f"late-{number:06d}"))
            self.data = sorted([*self.data, *made], key=lambda message: message.place)
        return [self._rendered(message) for message in made]


def messages_of_day(world: World, midnight: int, count: int) -> list[Message]:
    """Invent the messages of a day (UTC), oldest first; campaigns send several at the same moment.

    :param world: the skills.
    :param midnight: the day's start, epoch milliseconds.
    :param count: how many messages.
    """
    source = world.source(f"outbound/{midnight}")
    moment = midnight
    made = []
    for number in range(count):
        if number == 0 or source.random() < 0.6:
            moment = midnight + source.randrange(_DAY_MS) if number else midnight
        product = PRODUCTS[source.random() < 0.3]
        made.append(_invent(world, source, moment, product, f"{source.getrandbits(64):016x}"))
    return sorted(made, key=lambda message: message.place)


def _invent(world: World, source: random.Random, moment: int, product: str, name: str) -> Message:
    channel, state = source.choice(CHANNELS), source.choice(STATES)
    skill = source.choice(world.skills)["name"]
    at = moment
    times: dict[str, int | None] = dict.fromkeys(_TIMES)
    for step in _PASSED[state]:
        at += 1 + source.randrange(600_000)
        times[step] = at
    if state in ("READ", "RESPONDED"):  # consumers who read it may agree to more of them, or to none
        times[source.choice(("optInsTime", "optOutsTime"))] = at + 1
    is_call = product == "c2m"
    error = _ERRORS[channel] if state == "FAILED" else (None, None, None)
    return Message(
        moment,
        product,
        {
            "transactionId": name,
            "channel": channel,
            "skill": skill,
            "initialChannel": channel,
            "initialSkill": skill,
            "attemptedTime": moment,
            **times,
            "conversationId": f"{source.getrandbits(64):016x}" if state == "RESPONDED" else None,
            "consumerId": f"+1555{source.randrange(10_000_000):07d}",
            "proactiveCampaignId": None if is_call else str(9_000 + source.randrange(20)),
            "handOffId": f"H{source.randrange(100_000):05d}" if is_call else None,
            "ivrNumber": f"+1800{source.randrange(10_000_000):07d}" if is_call else None,
            "errorCode": error[1],
            "errorMessage": error[2],
            "errorSource": error[0],
            "messageStatus": state,
        },
    )


def _product(call: Call) -> str:
    product = call.places["product"]
    if product not in PRODUCTS:
        raise Refusal(404, _error(f"There is no app {product!r}"))
    return product


def _text(moment: int | None, *, whole: bool) -> str | None:
    if moment is None:
        return None
    return iso_seconds(moment) if whole and not moment % 1000 else iso_text(moment)


def _error(message: str) -> dict[str, Any]:
    return {"code": 0, "requestTraceId": "7d2f6a1c-5a0e-4d4c-9a53-1f0c7f6f2b11", "message": message}


def _first(causes: list[str]) -> dict[str, Any]:
    return _error(causes[0])
