"""The rest of an invented company's configuration: what users, skills and groups refer to, and what agents may write.

Each function makes one collection from a source of chance of its own, when it is first asked for. Ids are numbers here.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_liveperson.sandbox.world import LOBS, PERMISSION_GROUPS, PROFILES, Entity, World

_FIRST_DAY = datetime(2024, 2, 5, 8, 30)
_ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo")
_CATEGORIES = (801, 802, 803, 804)
_GREETINGS = (
    ("Greeting", "Hi {{visitor.name}}, how can I help?", "Grüße", "Hallo, wie kann ich helfen?"),
    ("Please hold", "One moment,\nplease.", "Warten", "Einen Moment bitte …"),
    ("Goodbye 👋", 'Thanks! "See you"', "Au revoir", "Merci, à bientôt !"),
    ("Shipping, costs", "It's free above $50; else €4,90", "送料", "送料は無料です。"),
)
_EVENTS = (
    "QUEUE_WELCOME", "FIRST_TIME_VISITOR", "AGENT_ASSIGNED", "OFF_HOURS", "CONSUMER_IDLE", "AUTO_CLOSE", "TRANSFER",
    "SPECIAL_OCCASION",
)  # fmt: skip


def lobs(world: World) -> list[Entity]:
    """Lines of business. One without a description has no such field."""
    chance = world.source("configuration/lobs")
    names = ("Retail", "Geschäftskunden", "Old brand")
    return [
        {
            "id": number,
            "deleted": name == "Old brand",
            "name": name,
            **({} if name == "Retail" else {"description": f"All of “{name}”"}),
            "dateUpdated": _updated(chance),
        }
        for number, name in zip((*LOBS, 3309), names, strict=True)
    ]


def profiles(world: World) -> list[Entity]:
    """Profiles: what users of a role may do."""
    chance = world.source("configuration/profiles")
    made = []
    for place, (number, name) in enumerate(zip((*PROFILES, 209), PERMISSION_GROUPS, strict=True)):
        role = (2, 3, 1, 4)[place]
        made.append(
            {
                "id": number,
                "deleted": number == 209,
                "name": name,
                "description": "" if place % 2 else f"{name}: défaut",
                "roleTypeId": role,
                **({"roleTypeName": name.upper().replace(" ", "_")} if place != 1 else {}),
                "dateUpdated": _updated(chance),
                "numOfAssignedUsers": sum(number in user["profileIds"] for user in world.users),
                "permissionPackages": [
                    {
                        "id": package,
                        "isDisplayed": chance.random() < 0.8,
                        "featureKeys": [] if package == 10006 else ["Common.AuditTrail", "Common.Users"],
                        "isEnabled": chance.random() < 0.5,
                    }
                    for package in (10006, 10015, 30009)
                ],
                "permissions": sorted(chance.sample(range(1, 400), 5 * place)),
                "isAssignedToLPA": role == 1,
            }
        )
    return made


def predefined_content(world: World) -> list[Entity]:
    """What agents can send with a few keys, in one or two languages."""
    chance = world.source("configuration/predefined content")
    skills = [skill["id"] for skill in world.skills]
    return [
        {
            **_content(number, 610_000 + number, chance),
            "categoriesIds": sorted(chance.sample(_CATEGORIES, number % 3)),
            "skillIds": sorted(chance.sample(skills, number % 4)),
            "lobIds": list(LOBS[: number % 3]),
        }
        for number in range(10)
    ]


def default_predefined_content(world: World) -> list[Entity]:
    """What LivePerson gives every account to begin with."""
    chance = world.source("configuration/default predefined content")
    return [
        {**_content(number, 100 + number, chance), "categoriesIds": [], "skillIds": [], "lobIds": []}
        for number in range(3)
    ]


def _content(number: int, key: int, chance: random.Random) -> Entity:
    title, text, other_title, other_text = _GREETINGS[number % len(_GREETINGS)]
    language = "en-US" if number % 2 else "en-us"
    data = [{"title": title, "msg": text, "lang": language, "isDefault": True}]
    if number % 3:
        data.append({"title": other_title, "msg": other_text, "lang": "de-DE", "isDefault": False})
    return {
        "id": key,
        "deleted": number % 8 == 2,
        "enabled": chance.random() < 0.8,
        "type": 0,
        "hotkey": None if number % 4 == 3 else {"prefix": "/", "suffix": f"{number}"},
        "data": data,
        "templateId": f"t{key}" if number % 2 else None,
        "attributes": [{"name": "source", "value": "import"}] if number % 3 == 0 else [],
    }


def predefined_categories(world: World) -> list[Entity]:
    """Categories of predefined content."""
    names = ("Welcome", "Livraison", "FAQ, all", "Old")
    return [
        {"id": number, "deleted": name == "Old", "name": name, "order": place, "proposed": place == 2}
        for place, (number, name) in enumerate(zip(_CATEGORIES, names, strict=True))
    ]


def agent_status_reasons(world: World) -> list[Entity]:
    """Why agents are away."""
    reasons = ("Lunch", "Coaching", "Réunion", "休憩", "Smoking")
    return [
        {
            "id": 900 + number,
            "text": text,
            "state": "Back soon" if number % 2 else "Away",
            "enabled": number != 1,
            "deleted": text == "Smoking",
        }
        for number, text in enumerate(reasons)
    ]


def working_hours(world: World) -> list[Entity]:
    """When skills are staffed, week by week."""
    made = []
    for place, (name, days) in enumerate(
        (("Weekdays", "MO,TU,WE,TH,FR"), ("Täglich", "MO,TU,WE,TH,FR,SA,SU"), ("Old shift", "SA"))
    ):
        zone = _ZONES[place]
        made.append(
            {
                "id": 61 + place,
                "name": name,
                "deleted": name == "Old shift",
                "isDefault": place == 0,
                "description": "" if place == 1 else f"{name} in {zone}",
                "events": [
                    _event(f"2024-01-08T{start:02d}:00:00", f"2024-01-08T{end:02d}:00:00", zone, days)
                    for start, end in ((8, 12), (13, 18))[: place + 1]
                ],
            }
        )
    return made


def _event(start: str, end: str, zone: str, days: str) -> dict[str, Any]:
    return {
        "start": {"dateTime": start, "timeZone": zone},
        "end": {"dateTime": end, "timeZone": zone},
        "recurrence": [f"RRULE:FREQ=WEEKLY;BYDAY={days}"],
    }


def special_occasions(world: World) -> list[Entity]:
    """Holidays, and days with other hours; a day may be written without a time."""
    zone = _ZONES[0]
    days = {
        "Feiertage": [
            ("2026-12-25", "2026-12-27", "Weihnachten", False),
            ("2027-01-01", "2027-01-02", "", False),
        ],
        "Sales 🎉": [("2026-11-27T06:00:00", "2026-11-27T23:00:00", "Black Friday", True)],
        "Old": [],
    }
    return [
        {
            "id": 71 + place,
            "name": name,
            "deleted": name == "Old",
            "isDefault": place == 0,
            **({"description": "All skills"} if place == 0 else {}),
            "events": [
                {
                    "start": {"dateTime": start, "timeZone": zone},
                    "end": {"dateTime": end, "timeZone": zone},
                    "recurrence": ["RRULE:FREQ=DAILY;COUNT=2;INTERVAL=1"] if is_working else [],
                    "meta": {"working": is_working, "name": title},
                }
                for start, end, title, is_working in events
            ],
        }
        for place, (name, events) in enumerate(days.items())
    ]


def agent_surveys(world: World) -> list[Entity]:
    """What agents are asked at the end of a conversation."""
    made = []
    for place, name in enumerate(("Wrap-up", "Abschluss", "Old survey")):
        first = 5000 + 10 * place
        replies = [
            {
                "id": first + 5 + number,
                "text": text,
                "next": None if number else first + 1,
                "nextInOrder": not number,
            }
            for number, text in enumerate(("Resolved", "Nicht gelöst", "Callback, later"))
        ]
        made.append(
            {
                "id": 4100 + place,
                "name": name,
                "description": "" if place else "For all skills",
                "deleted": place == 2,
                "enabled": place != 1,
                "isDefault": place == 0,
                "root": first,
                "defaultTimeoutInMinutes": 15 * (place + 1),
                "questions": [
                    {
                        "id": first,
                        "orderId": 1,
                        "text": "What was the outcome?",
                        "next": first + 1,
                        "nextInOrder": True,
                        "required": True,
                        "category": "radio_button",
                        "questionDefinition": "conversation_outcome",
                        "replies": replies,
                    },
                    {
                        "id": first + 1,
                        "orderId": 2,
                        "text": "Anmerkungen?",
                        "next": None,
                        "nextInOrder": False,
                        "required": False,
                        "category": "free_text",
                        "questionDefinition": "conversation_topic" if place else "regular_question",
                        "maxCharacters": 500,
                        "engagementAttribute": {"type": "service", "field": "topic"} if place else {},
                        "replies": [],
                    },
                ],
            }
        )
    return made


def automatic_messages(world: World) -> list[Entity]:
    """What is sent by itself when something happens."""
    chance = world.source("configuration/automatic messages")
    return [
        {
            "id": 7700 + number,
            "deleted": number == 5,
            "enabled": chance.random() < 0.7,
            "messageEventId": event,
            "templateId": str(300 + number),
            "data": _texts(event, number),
            "attributes": [{"name": "timer", "value": str(30 * number)}] if number % 2 else [],
        }
        for number, event in enumerate(_EVENTS)
    ]


def unified_automatic_messages(world: World) -> list[Entity]:
    """The same, without ids: an event may have a message for the account, and others for some skills."""
    made: list[Entity] = [
        {
            "messageEventId": event,
            "deleted": number == 5,
            "enabled": number % 3 != 1,
            "data": [{"lang": one["lang"], "msg": one["msg"]} for one in _texts(event, number)],
            "attributes": [{"timer": str(30 * number)}, {"escalate": "true"}][: number % 3],
            "contexts": {"ACCOUNT": [world.account_id]},
        }
        for number, event in enumerate(_EVENTS)
    ]
    for number, skill in enumerate(world.skills[:2]):
        made.append({**made[number], "contexts": {"SKILL": [skill["id"]], "ACCOUNT": [world.account_id]}})
    return made


def _texts(event: str, number: int) -> list[dict[str, Any]]:
    word = event.replace("_", " ").capitalize()
    texts = [{"msg": f"{word}: please wait, “{number}” before you", "lang": "en-US", "isDefault": True}]
    if number % 2:
        texts.append({"msg": f"Bitte warten …\n({number})", "lang": "de-DE", "isDefault": False})
    return texts


def campaigns(world: World) -> list[Entity]:
    """Campaigns with their engagements. One that does not end has no ``expirationDate``."""
    chance = world.source("configuration/campaigns")
    return [_campaign(world, number, chance) for number in range(6)]


def _campaign(world: World, number: int, chance: random.Random) -> Entity:
    key = 310_220 + 10 * number
    start = _FIRST_DAY + timedelta(days=30 * number)
    end = start + timedelta(days=365)
    offset = chance.choice((-18_000_000, 0, 3_600_000))
    ends = {
        "expirationDate": end.isoformat(" "),
        "expirationDateTimeZoneOffset": offset,
        "expirationTimeInMinutes": int((end - datetime(1970, 1, 1)).total_seconds()) // 60,
    }
    return {
        "id": key,
        "accountId": world.account_id,
        "name": ("Winter", "Été", "Sale, 50%", "VIP\tonly", "セール", "Old")[number],
        "description": "" if number % 2 else f"Campaign {number}",
        "startDate": start.isoformat(" "),
        "startDateTimeZoneOffset": offset,
        "startTimeInMinutes": int((start - datetime(1970, 1, 1)).total_seconds()) // 60,
        **(ends if number % 3 else {}),
        "goalId": 5100 + number,
        "lobId": LOBS[number % 2],
        "status": int(number != 1),
        "isDeleted": number == 5,
        "deleted": number == 5,
        "priority": number,
        "weight": 100.0 if number else 33.3,
        "timeZone": chance.choice(_ZONES),
        "type": 1 if number == 2 else 0,
        "createdDate": start.isoformat(" "),
        "modifiedDate": _updated(chance),
        "visitorProfiles": [8801, 8802][: number % 3],
        "controlGroup": {"percentage": 10 * (number % 2)},
        **({"engaged": 1200 + number, "conversion": 31} if number % 2 else {}),
        "engagementIds": [key + 1, key + 2],
        "engagements": [_engagement(world, key + place, chance) for place in (1, 2)],
    }


def _engagement(world: World, key: int, chance: random.Random) -> Entity:
    skill = chance.choice(world.skills)
    return {
        "id": key,
        "name": f"Engagement {key}",
        "description": "",
        "deleted": False,
        "enabled": chance.random() < 0.8,
        "createdDate": _FIRST_DAY.isoformat(" "),
        "modifiedDate": _FIRST_DAY.isoformat(" "),
        "channel": 1,
        "type": chance.choice((6, 13)),
        "subType": 14,
        "source": 0,
        "language": "en-US",
        "onsiteLocations": [7301],
        "visitorBehaviors": [7401, 7402],
        "displayInstances": [
            {
                "displayInstanceType": 1,
                "enabled": True,
                "events": {"click": {"enabled": True}},
                "presentation": {"elements": {"labels": [{"text": "Chat now"}]}},
                "macros": [],
            }
        ],
        "position": {"left": 0, "top": 120, "type": 4},
        "skillId": skill["id"],
        "skillName": skill["name"],
        "timeInQueue": 60,
        "followMePages": 0,
        "followMeTime": 0,
        "windowId": 9901,
        "isPopOut": False,
        "isUnifiedWindow": True,
        "useSystemRouting": False,
        "allowUnauthMsg": True,
        "zones": [{"id": 1}],
        "connectorId": 7601 if key % 2 else None,
        "availabilityPolicy": 0,
        "availabilityPolicyForMessaging": 1,
        "renderingType": 0,
        "conversationType": 1,
        "appInstallationId": None if key % 2 else "7c1d9a90-0000-4000-8000-000000000002",
        "weight": 50.0,
        "showSmsPreSurveyOnMobile": False,
        "externalTargets": [],
        "viewErrors": [],
    }


def _updated(chance: random.Random) -> str:
    return (_FIRST_DAY + timedelta(seconds=int(chance.random() * 40_000_000))).isoformat(" ")
