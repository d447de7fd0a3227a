"""Outbound Configuration API: handoffs of Proactive Messaging.

LivePerson page: ``outbound-configuration-api-overview``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.shapes import PagedSearch, Parameters, Snapshot
from airflow_provider_liveperson.sandbox.apis.shapes.parameters import message_only
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches, switch

CHANNELS = ("wa", "sms-twilio", "apple-twilio", "googlercs", "inapp")

_FIRST = datetime(2025, 1, 6, 9, tzinfo=UTC)
_NAMES = (
    "Order shipped",
    "Rappel de rendez-vous",
    "お支払いのお願い",
    "Win-back “VIP”",
    "Ödeme, 2. hatırlatma",
)
_LANGUAGES = ("en_US", "fr_CA", "ja", "tr")


class OutboundConfigurationSwitches(Switches):
    """Switches of Outbound Configuration."""

    handoff_count: int = switch(40, "handoffs of Proactive Messaging", minimum=0, fixed=True)
    handoff_auth: frozenset[CredentialName] = switch(
        frozenset({"oauth1", "app_jwt_v1", "bearer"}), "credential kinds that Outbound Configuration accepts"
    )
    handoff_limit_max: int = switch(
        100, "the largest `limit` of handoffs, which LivePerson's page does not name", minimum=1
    )
    handoff_over_limit: Literal["reject", "clamp"] = switch(
        "reject", "what a larger `limit` gets: a 400, or silently the largest"
    )
    handoff_single: Literal["list", "object"] = switch(
        "list", "whether a page with one handoff is a list of it, or that handoff by itself"
    )
    handoff_order: Literal["oldest", "newest"] = switch("oldest", "which handoffs come first")


class OutboundConfigurationApi(Api[OutboundConfigurationSwitches]):
    """Handoffs, with their channels and templates."""

    name, title, prefix = "outbound_configuration", "Outbound Configuration", "handoff"
    switches_type = OutboundConfigurationSwitches
    hosts = ("outboundConfiguration",)
    datasets = ("outbound_handoffs",)
    data: Snapshot

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
        path = "/api/account/{account}/app/prmsg/handoffs/list"
        return [
            Endpoint(path, self.handoffs, reads="handoffs"),
            Endpoint(f"{path}/channel/{{channel}}", self.handoffs, reads="handoffs"),
        ]

    def handoffs(self, call: Call) -> Answer:
        """``GET /api/account/{account}/app/prmsg/handoffs/list[/channel/{channel}]?v=1``: a page of handoffs.

        :param call: the request.
        """
        switches = self.switches
        channel = call.places.get("channel")
        if channel is not None and channel not in CHANNELS:
            raise Refusal(404, {"message": f"There is no channel {channel!r}"})
        parameters = Parameters(call.parameters, message_only)
        if call.parameters.get("v") != "1":
            parameters.wrong("v", "must be 1")
        bounds = PagedSearch(
            default_limit=30,
            max_limit=switches.handoff_limit_max,
            over_limit=switches.handoff_over_limit,
            offset_ignored=self.sandbox.settings.offset_ignored,
        ).bounds(parameters)
        parameters.check()
        rows = [
            row
            for row in self.data.read()
            if channel is None or any(one["type"] == channel for one in row["channels"])
        ]
        page = bounds.cut(rows[::-1] if switches.handoff_order == "newest" else rows)
        is_single = len(page) == 1 and switches.handoff_single == "object"
        return json_answer(page[0] if is_single else list(page))

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return the handoffs as they are now, whatever the window."""
        return self.data.read()

    def insert(self, dataset: str, count: int, when: datetime | None = None) -> list[Any]:
        """Add handoffs."""
        have = len(self.data)
        return self.data.add([self._invent(have + number) for number in range(count)])

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        """Have a handoff look back a day longer."""
        return self.data.change(lambda row, number: {"lookbackPeriodDay": row["lookbackPeriodDay"] + 1})

    def reset(self) -> None:
        """Make the first handoffs."""
        self.data = Snapshot([self._invent(number) for number in range(self.switches.handoff_count)], "id")

    def sizes(self) -> dict[str, int]:
        """Return how many handoffs there are."""
        return {"handoff_count": len(self.data)}

    def summary(self) -> str:
        """Say how many handoffs there are."""
        return f"{len(self.data)} handoffs"

    def _invent(self, number: int) -> dict[str, Any]:
        chance = self.world.source(f"handoff/{number}")
        created = _FIRST + timedelta(minutes=chance.randrange(500_000))
        kinds = chance.sample(CHANNELS, k=chance.choice((1, 1, 2)))
        return {
            "id": f"H{10_000 + number}",
            "name": f"{chance.choice(_NAMES)} {number}",
            "lookbackPeriodDay": chance.randrange(8),
            "lookbackPeriodHour": chance.randrange(24),
            "routeAllWithinLookback": chance.random() < 0.5,
            "createdAt": _text(created),
            "updatedAt": _text(created + timedelta(hours=chance.randrange(2_000))),
            "channels": [self._channel(kind, number) for kind in kinds],
        }

    def _channel(self, kind: str, number: int) -> dict[str, Any]:
        chance = self.world.source(f"handoff/{number}/{kind}")
        channel: dict[str, Any] = {"type": kind, "outboundnumber": f"1555{chance.randrange(10_000_000):07d}"}
        if kind == "inapp":
            return {"type": kind, "appNames": ["Acme iOS", "Acme Android"][: chance.randint(1, 2)]}
        if kind == "apple-twilio":
            channel["appName"] = "Acme"
        if kind == "googlercs":
            channel |= {"cardOrientation": "VERTICAL", "serviceAccountName": "acme-rcs"}
        body: dict[str, Any] = {"type": "BODY", "content": "Hi {{1}},\nyour order…", "variables": ["name"]}
        components = [body]
        if kind == "wa":
            channel |= {
                "language": chance.choice(_LANGUAGES),
                "namespace": f"{chance.getrandbits(64):016x}",
                "templatename": f"template_{number}",
            }
            components += [
                {"type": "BUTTON", "sub_type": "URL", "index": 0, "url": "https://acme.test/{{1}}"},
                {"type": "BUTTON", "sub_type": "PHONE_NUMBER", "index": 1, "phone_number": "+18005550100"},
                {"type": "FOOTER", "content": "Reply STOP", "optOut": True},
            ]
        return {**channel, "messageComponents": components}


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
