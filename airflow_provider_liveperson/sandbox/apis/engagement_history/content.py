"""What the record of a chat says."""

from __future__ import annotations

import random
from typing import Any, Literal

from airflow_provider_liveperson.sandbox.apis.engagement_history.data import MINUTE_MS, Chat
from airflow_provider_liveperson.sandbox.instants import offset_text
from airflow_provider_liveperson.sandbox.world import Entity, World

Record = dict[str, Any]

NEEDS_ENRICHMENT = ("campaign", "visitorInfo", "sdes")
"""The sections that a chat does not have until LivePerson has completed it."""

_TALK = (
    ("Hi, is the blue one still in stock?", "Hello! Let me look … yes, “size 42” is."),
    ("Wo bleibt meine Bestellung?\r\nIch warte seit Montag.", "Guten Tag, sie ist unterwegs: 3 Werktage."),
    ("請求書が届きません。", "確認いたします。少々お待ちください。"),
    ("אפשר לשנות כתובת?", "כמובן, מה הכתובת החדשה?"),
    ("=1+1 \\ and \t tabs 🚀", "Sorry, could you say that again?"),
)
_VISITORS = ("Zoë", "O'Brien", "", "山田 太郎", "יעל", "Max “Moritz”")
_PLACES = (
    ("United States", "US", "Texas", "Austin"),
    ("Germany", "DE", "Nordrhein-Westfalen", "Köln"),
    ("Japan", "JP", "東京都", "千代田区"),
)
_STARTS = (("0", "Visitor"), ("1", "Transfer"), ("3", "ACD attempt"), ("6", "Skill reassign"), ("8", "A2A"))
_ENDS = (("101", "Visitor closed"), ("106", "Agent closed"), ("201", "Timeout"), ("210", "Transferred"))
_NESTED = frozenset({"customerInfo", "lead", "marketingCampaignInfo", "serviceActivity"})
"""Attributes that repeat their name inside, in LivePerson's sample."""


class Writer:
    """Writes records.

    :param world: the company.
    :param lob: how the id of no line of business is written.
    :param nested: which attributes repeat their name inside, and by which names they come.
    :param between: what stands between the date and the time of texts.
    """

    def __init__(
        self,
        world: World,
        *,
        lob: Literal["number", "text"] = "number",
        nested: Literal["sample", "nested", "table"] = "sample",
        between: str = " ",
    ) -> None:
        self._world = world
        self._lob: int | str = -1 if lob == "number" else "-1"
        self._nested = nested
        self._between = between

    def record(self, chat: Chat, *, is_enriched: bool = True) -> Record:
        """Write the whole record of a chat.

        :param chat: the chat.
        :param is_enriched: whether LivePerson has all of its data.
        """
        source = self._world.source(f"engagement/{chat.number}")
        agent = self._world.people[chat.agent % len(self._world.people)]
        lines = self._lines(chat, agent, source)
        made: Record = {
            "info": self._info(chat, agent, source, is_enriched),
            "visitorInfo": self._visitor(source),
            "campaign": self._campaign(source),
            "transcript": {"lines": lines},
            "lineScores": [
                {
                    "lineSeq": line["lineSeq"],
                    "lineRawScore": source.randint(-2, 2),
                    "mcs": source.randrange(101),
                }
                for line in lines
                if line["source"] == "visitor"
            ],
            "surveys": self._surveys(chat, source),
            "sdes": {"events": self._events(chat, source)},
        }
        if chat.co_browse:
            made["coBrowseSessions"] = {"coBrowseSessionsList": [self._co_browse(chat, agent, source)]}
        if not is_enriched:
            made = {name: content for name, content in made.items() if name not in NEEDS_ENRICHMENT}
        return made

    def _text(self, moment: int) -> str:
        return offset_text(moment).replace(" ", self._between)

    def _time(self, name: str, moment: int) -> Record:
        return {name: self._text(moment), f"{name}L": moment}

    def _info(self, chat: Chat, agent: Entity, source: random.Random, is_enriched: bool) -> Record:
        skills = self._world.skills
        skill = skills[chat.skill % len(skills)] if chat.skill >= 0 else None
        group = agent["memberOf"]["agentGroupId"]
        start, end = source.choice(_STARTS), source.choice(_ENDS)
        made = {
            **self._time("startTime", chat.start),
            **self._time("endTime", chat.end),
            "duration": chat.duration,
            "visitorId": chat.visitor,
            "visitorName": source.choice(_VISITORS),
            "agentId": str(agent["id"]),
            "agentFullName": agent["nickname"],
            "agentLoginName": agent["loginName"],
            "agentNickName": agent["nickname"],
            "agentDeleted": agent["deleted"],
            "agentGroupId": group,
            "agentGroupName": next(one["name"] for one in self._world.agent_groups if one["id"] == group),
            "skillId": skill["id"] if skill else -1,
            "skillName": skill["name"] if skill else "Unassigned",
            "channel": chat.channel,
            "startReason": start[0],
            "startReasonDesc": start[1],
            "endReason": end[0],
            "endReasonDesc": end[1],
            "engagementId": f"{self._world.account_id}{chat.number}",
            "sharkEngagementId": f"{source.getrandbits(64):016x}",
            "accountId": self._world.account_id,
            "engagementSet": 3,
            "engagementSequence": 1 + source.randrange(3),
            **self._time("chatRequestedTime", chat.start - 1000 - source.randrange(90_000)),
            "chatStartUrl": f"https://shop.acme.test/s?q=a%20b&order={source.randrange(10**6)}",
            "chatStartPage": source.choice(("Home – Shop", "Warenkorb", "")),
            "isInteractive": chat.is_interactive,
            "interactive": chat.is_interactive,
            "ended": True,
            "isPreChatSurvey": False,
            "isPostChatSurvey": False,
            "isAgentSurvey": False,
            "alertedMCS": chat.alert,
            "chatMCS": chat.score,
            "mcs": chat.alert,
            "isPartial": False,
            "chatDataEnriched": is_enriched,
        }
        if source.random() < 0.1:
            del made["sharkEngagementId"]
        if source.random() < 0.1:
            made["visitorName"] = None
        return made

    def _lines(self, chat: Chat, agent: Entity, source: random.Random) -> list[Record]:
        talk = source.choice(_TALK)
        moment, made = chat.start, []
        step = max(1, (chat.end - chat.start) // (chat.lines + 2))
        for number in range(chat.lines):
            moment += step
            who = ("visitor", "agent")[number % 2] if source.random() < 0.9 else "system"
            line: Record = {
                **self._time("time", moment),
                "textType": "plain",
                "text": talk[number % 2] if who != "system" else "The line was busy",
                "by": {"agent": agent["nickname"], "visitor": "Visitor"}.get(who, "info"),
                "source": who,
                "controlType": 0,
                "subType": "REGULAR" if source.random() < 0.9 else "ONLY_TO_REP",
                "cannedAnswerType": 0 if source.random() < 0.8 else 4711,
                "lineSeq": str(2 * number),
                "agentId": agent["id"] if who == "agent" else 0,
            }
            if who == "agent" and source.random() < 0.1:
                del line["text"]
                line |= {"textType": "rich-content", "json": {"type": "button", "title": "Buy “it”"}}
            made.append(line)
        return made

    def _visitor(self, source: random.Random) -> Record:
        country, code, state, city = source.choice(_PLACES)
        return {
            "country": country,
            "countryCode": code,
            "state": state,
            "city": city,
            "isp": "Example Net",
            "org": "Example Net",
            "device": source.choice(("DESKTOP", "MOBILE", "TABLET")),
            "ipAddress": f"192.0.2.{source.randrange(256)}",
            "browser": "Firefox 140.0",
            "browserType": "FIREFOX",
            "operatingSystem": source.choice(("WINDOWS", "LINUX", "OSX")),
        }

    def _campaign(self, source: random.Random) -> Record:
        number = source.randrange(4)
        has_lob = source.random() < 0.5
        return {
            "campaignId": str(2200 + number),
            "campaignName": ("Spring 🌱 sale", "Cart, abandoned", "Été", 'The "big" one')[number],
            "campaignEngagementId": str(3300 + number),
            "campaignEngagementName": f"Engagement “{number}”",
            "goalId": str(1100 + number),
            "goalName": "More sales",
            "lobId": 3301 if has_lob else self._lob,
            "lobName": "Retail" if has_lob else "NA",
            "visitorBehaviorId": str(900 + number),
            "visitorBehaviorName": "All visitors",
            "visitorProfileId": str(700 + number),
            "visitorProfileName": "Everyone",
            "engagementSource": source.choice(("WEB_SITE", "EMAIL")),
            "engagementAgentNote": "",
            "engagementApplicationId": "e9b7c2d0-0000-4000-8000-000000000001",
            "engagementApplicationName": "Shop",
            "engagementApplicationTypeId": "15",
            "engagementApplicationTypeName": "Web",
            "locationId": str(500 + number),
            "locationName": "Entire site",
            "behaviorSystemDefault": True,
            "profileSystemDefault": False,
        }

    def _surveys(self, chat: Chat, source: random.Random) -> Record:
        made: Record = {}
        before, after = chat.start - MINUTE_MS, chat.end
        if source.random() < 0.5:
            made["preChat"] = [
                self._answer("Pre-Chat", 71, "How can we help?", ["Order, “late”"], before, source),
                self._answer(
                    "Pre-Chat",
                    72,
                    "E-mail",
                    [f"visitor{source.randrange(999)}@mail.acme.test"],
                    before,
                    source,
                ),
            ]
        if source.random() < 0.3:
            made["postChat"] = [self._answer("Exit", 81, "Topics", ["Price", "Größe"], after, source)]
        if source.random() < 0.2:
            made["operator"] = [self._answer("Agent", 91, "What was it about?", ["Delivery"], after, source)]
        return made

    def _answer(
        self, kind: str, question: int, name: str, values: list[str], at: int, source: random.Random
    ) -> Record:
        return {
            "scope": "session",
            "source": kind,
            "displayName": name,
            "value": values[0],
            "values": values,
            "answersId": [source.choice((0, 5, -1, -2)) for _ in values],
            "name": name,
            # As in LivePerson's samples, the text is not of the same moment.
            "time": self._text(at - 3_600_000),
            "timeL": at,
            "questionID": question,
            "surveyID": 60,
        }

    def _co_browse(self, chat: Chat, agent: Entity, source: random.Random) -> Record:
        start = chat.start + 5_000
        return {
            "sessionId": f"cb-{chat.number}",
            **self._time("startTime", start),
            **self._time("endTime", start + chat.co_browse * 1000),
            "endReason": source.choice(("UNKOWN", "SERVER", "VISITOR", "AGENT", "TIMEOUT")),
            "duration": chat.co_browse * 1000,
            "interactive": True,
            **self._time("interactiveTime", start + 700),
            "type": "web",
            "agentId": str(agent["id"]),
        }

    def _events(self, chat: Chat, source: random.Random) -> list[Record]:
        moment = str(chat.start + 300)
        product = {
            "name": "Boots “Ötzi”",
            "category": "shoes",
            "sku": f"S-{source.randrange(999)}",
            "price": "42.5",
        }
        products = [{"quantity": source.choice(("1", None)), "product": product}]
        cart = {"total": "42.5", "currency": "EUR", "numItems": "1", "products": products}
        stamps = {"serverTimeStamp": moment, "originalTimeStamp": moment}
        contents: dict[str, Record] = {
            "customerInfo": {
                "customerId": f"C-{chat.visitor[-6:]}",
                "customerStatus": "active",
                "customerType": "gold",
                "balance": "-400.99",
                "currency": "EUR",
                "socialId": f"S-{chat.visitor[-4:]}",
                "imei": "490154203237518",
                "userName": "dana",
                "accountName": "Müller & Töchter",
                "role": "buyer",
                "lastPaymentDate": {"year": "2025", "month": "12", "day": "31"},
                "registrationDate": {"year": "2013", "month": "5", "day": "23"},
                "companySize": "500",
                "companyBranch": "Köln",
                "storeZipCode": "20505",
                "storeNumber": "123865",
                "loginStatus": "1",
            },
            "personalInfo": {
                "name": "Dana",
                "surname": "Müller",
                "gender": "OTHER",
                "company": "Acme",
                "customerAge": {
                    "customerAgeInYears": "35.0",
                    "customerYearOfBirth": "1990",
                    "customerMonthOfBirth": "4",
                    "customerDateOfBirth": "15",
                },
                "contacts": [
                    {
                        "personalContact": {
                            "email": f"dana{source.randrange(999)}@mail.acme.test",
                            "phone": "+49 30 000000",
                            "address": {"country": "DE", "region": "Berlin", "zipCode": "10115"},
                        }
                    }
                ],
                "language": "de-DE",
            },
            "cartStatus": cart,
            "purchase": {
                "total": "42.5",
                "currency": source.choice((None, "EUR")),
                "orderId": f"O-{chat.number}",
                "cart": {**stamps, **cart},
            },
            "marketingCampaignInfo": {
                "originatingChannel": "2",
                "affiliate": "newsletter",
                "campaignId": "S-26",
            },
            "searchContent": {"keywords": ["boots", "größe 42"]},
            "viewProduct": {
                "products": products,
                "currency": "EUR",
                "statusInStock": "low",
                "quantityInStock": "3",
            },
            "formFillingError": {
                "visitorError": {
                    "contextId": "address",
                    "message": {"string": "ZIP?"},
                    "code": {"string": "er1"},
                    "level": "2",
                    "resolved": "true",
                }
            },
            "lead": {"topic": "quote", "value": "22.22", "currency": "USD", "leadId": "L-1"},
            "serviceActivity": {"topic": "reset", "status": "0", "category": "account", "serviceId": "S-1"},
        }
        names = source.sample(list(contents), source.randrange(4))
        return [self._event(name, contents[name], moment) for name in names]

    def _event(self, name: str, content: Record, moment: str) -> Record:
        stamps = {"serverTimeStamp": moment, "originalTimeStamp": moment}
        if self._nested == "table":
            name, content = _as_in_table(name, content)
            is_nested = False
        else:
            is_nested = name != "formFillingError" and (self._nested == "nested" or name in _NESTED)
        inside = {**stamps, name: content} if is_nested else {**stamps, **content}
        kind = "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in name)
        return {name: inside, "sdeType": kind, "serverTimeStamp": moment, "isAuthenticated": True}


def _as_in_table(name: str, content: Record) -> tuple[str, Record]:
    """Return an attribute with the name that LivePerson's table has for it, and its content by that name."""
    if name == "formFillingError":
        return "visitorError", content["visitorError"]
    return ("viewedProduct" if name == "viewProduct" else name), content


def shortened(record: Record) -> Record:
    """Return a record as a search gives one that is too long for it: with a part of its transcript.

    :param record: the whole record.
    """
    lines = record["transcript"]["lines"]
    return {
        **record,
        "info": {**record["info"], "isPartial": True},
        "transcript": {"lines": lines[: len(lines) // 2]},
    }
