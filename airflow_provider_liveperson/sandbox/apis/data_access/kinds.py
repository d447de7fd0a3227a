"""The kinds of files, and what is invented in them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from airflow_provider_liveperson.sandbox.apis.data_access.attributes import achieved_goal, attribute
from airflow_provider_liveperson.sandbox.apis.data_access.bodies import Body, Typed
from airflow_provider_liveperson.sandbox.world import World

Invent = Callable[[World, random.Random, int], list[Body]]
"""Invents what one line of a file holds, from a company, a source of chance and the moment (epoch milliseconds) at
which it was seen."""

MINUTE_MS = 60_000

_QUESTIONS = (
    ("How satisfied are you?", ("1", "2", "3", "4", "5"), 0, 3.5),
    ("What can we do better?", ("Nichts, danke", "もっと早く", 'Less "hold"', "two\nlines", "🚀"), 1, -1.0),
    ("Was your question answered?", ("Yes", "No"), 2, -1.0),
)
_LINES = ("Hello", "Où est mon colis ?", "ありがとう", 'It says "no"', "two\nlines", "👍", "")
_PAGES = ("/", "/cart?item=7&q=%C3%A9", "/hilfe/rückgabe", "/検索")
_PLACES = (
    ("New Zealand", "NZ", "Auckland", "AUK"),
    ("Deutschland", "DE", "Köln", None),
    ("日本", "JP", "東京", "13"),
)


@dataclass(frozen=True, kw_only=True)
class FileKind:
    """One kind of files.

    :param dataset: the dataset that is read from them.
    :param path: the last part of the list's path.
    :param prefix: what the names of its files begin with.
    :param data_type: what a file says of itself.
    :param size: the switch for how many lines there are in all.
    :param noun: what a line is of, for sources of chance and for people.
    :param invent: invents what a line holds.
    :param hours: the hour of a day's first file, and how many hours after it the next one is made.
    """

    dataset: str
    path: str
    prefix: str
    data_type: str
    size: str
    noun: str
    invent: Invent
    hours: tuple[int, int] = (23, 5)

    def hour(self, number: int) -> int:
        """Return the hour of a day in which a line is made.

        :param number: which line of the day, from zero.
        """
        first, step = self.hours
        return (first + step * number) % 24


def _survey(world: World, chance: random.Random, seen_at: int) -> list[Body]:
    visit = "" if chance.random() < 0.1 else f"{chance.getrandbits(48):012x}"
    contents: list[Any] = []
    for question, answers, answer_type, threshold in _QUESTIONS[: chance.randint(1, 3)]:
        contents.append(
            Typed(
                "SurveyContent",
                {
                    "question": question,
                    "answer": chance.choice(answers),
                    "answerSubmitTime": seen_at + 1000 * (1 + len(contents)),
                    "surveyName": "Après-chat",
                    "answerType": answer_type,
                    "csatThreshold": threshold,
                },
            )
        )
    header = _visitor(chance, visit)
    survey = {
        "id": 3200 + chance.randrange(4),
        "type": chance.choice((1, 2, 3, 4)),
        "viewTime": seen_at,
        "conversationId": f"{chance.getrandbits(128):032x}",
        "contents": contents,
    }
    return [Body(name="SurveyData", header=header, payload="surveys", rows=[Typed("Survey", survey)])]


def _agent_session(world: World, chance: random.Random, seen_at: int) -> list[Body]:
    agent = chance.choice(world.people)
    rows = []
    state, chats = 0, 0
    count = chance.randint(2, 6)
    for place in range(count):
        is_edge = place in (0, count - 1)
        before, chats_before = state, chats
        event = 3 if place == 0 else 4 if is_edge else chance.choice((1, 1, -1))
        state = 0 if is_edge else chance.choice((1, 2, 3, 4))
        chats = 0 if is_edge else chance.randrange(4)
        rows.append(
            Typed(
                "AgentSessionData",
                {
                    "agentID": agent["id"],
                    "type": event,
                    "state": state,
                    "timestamp": seen_at - (count - 1 - place) * 20 * MINUTE_MS - chance.randrange(MINUTE_MS),
                    "prevState": before if place else -1,
                    "agentEmployeeId": agent["employeeId"] or None,
                    "agentUsername": agent["nickname"],
                    "agentNickname": agent["nickname"],
                    "agentLoginname": agent["loginName"],
                    "prevConcurrentEng": chats_before,
                    "concurrentEng": chats,
                    "maxConcurrentEng": -9 if is_edge else agent["maxChats"],
                    "agentGroupID": agent["memberOf"]["agentGroupId"],
                    "userProfileIDs": list(agent["profileIds"]),
                },
            )
        )
    session = f"{world.account_id}-{chance.randrange(10**9)}"
    header = Typed("AgentHeader", {"agentSessionId": session})
    return [Body(name="AgentActivityData", header=header, payload="agentSessionsData", rows=rows)]


def _web_session(world: World, chance: random.Random, seen_at: int) -> list[Body]:
    header = _visitor(chance, f"{chance.getrandbits(48):012x}")
    begun = seen_at - chance.randrange(1, 40) * MINUTE_MS
    country, code, city, state = chance.choice(_PLACES)
    geo = {
        "iPV4": f"203.0.113.{chance.randrange(256)}",
        "iPV6": chance.choice((None, "2001:db8::7")),
        "country": country,
        "city": city,
        "state": state,
        "org": chance.choice((None, "Beispiel & Töchter")),
        "isp": "Beispiel & Söhne",
        "countryCode": code,
    }
    session = {
        "sessionStartTime": begun,
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64)",
        "deviceOS": chance.choice(("NA", "WINDOWS", "MAC_OS", "IOS")),
        "deviceFamily": chance.choice(("NA", "DESKTOP", "MOBILE")),
        "siteControlGroup": "NA",
        **chance.choice(
            (
                {"searchEngine": None, "searchEngineKey": None},
                {"searchEngine": "search.test", "searchEngineKey": "größe 42 shoes"},
            )
        ),
    }
    engagement, campaign, goal = _campaign(world, chance)

    def body(kind: str, payload: str, rows: list[Typed], *, has_no_sample: bool = False) -> Body:
        name = f"WebSession{kind}Data"
        return Body(name=name, header=header, payload=payload, rows=rows, has_no_sample=has_no_sample)

    moments = sorted(chance.randrange(begun, seen_at) for _ in range(chance.randint(1, 3)))
    bodies = [
        body("Geo", "geoData", [Typed("Geo", geo)], has_no_sample=True),
        body("Info", "sessionInfo", [Typed("SessionInfo", session)], has_no_sample=True),
        body("Navigation", "navigationData", [_navigation(chance, moment) for moment in moments]),
    ]
    if chance.random() < 0.6:
        bodies.append(body("EngAttrs", "engagementAttributes", [attribute(chance, at) for at in moments]))
    if chance.random() < 0.6:
        eligible = {
            "campaign": campaign,
            "engagements": [Typed(engagement.name, engagement.fields)],
            "goal": goal,
            "controlGroupType": "NA",
        }
        row = {"eligibleCampaigns": [Typed("EligibleCampaign", eligible)], "timestamp": moments[0]}
        bodies.append(body("Eligibility", "eligibilityData", [Typed("Eligibility", row)]))
        impression = {
            "engagementInstanceId": str(chance.randrange(9)),
            "impressionType": chance.choice(("Show", "Accept", "Close", "Timeout")),
            "state": chance.choice(("content", "chatonline", "chatoffline")),
            "engagement": engagement,
            "campaign": campaign,
            "goal": goal,
            **({"timestamp": moments[-1]} if chance.random() < 0.7 else {}),
        }
        bodies.append(body("Impression", "impressions", [Typed("Impression", impression)]))
    if chance.random() < 0.6:
        goals = [achieved_goal(chance, at, engagement, campaign) for at in moments]
        bodies.append(body("GoalAchieved", "achievedGoals", goals))
    return bodies


def _engagement(world: World, chance: random.Random, seen_at: int) -> list[Body]:
    agent = chance.choice(world.people)
    is_chat = chance.random() < 0.5
    begun = seen_at - chance.randrange(2, 300) * MINUTE_MS
    lines = chance.randint(0, 4)
    transcripts = [
        Typed(
            "Message",
            {
                "text": chance.choice(_LINES),
                "timestamp": begun + place * MINUTE_MS // 2,
                "by": agent["nickname"] if place % 2 else "info",
                "type": "1" if place % 2 else "2",
                "controlType": None if place % 2 else "4",
                "agentId": str(agent["id"]) if place % 2 else "0",
                "contentFormat": "Text" if is_chat else "TEXT_PLAIN",
                "messageId": f"{chance.getrandbits(64):016x}",
                "dialogId": None if is_chat else f"{chance.getrandbits(64):016x}",
                **_attached(chance),
                "mcs": None if is_chat else chance.randrange(101),
            },
        )
        for place in range(lines)
    ]
    skills = [skill["id"] for skill in chance.sample(world.skills, chance.randint(1, 2))]
    transfer = {
        "timestamp": begun + MINUTE_MS,
        "skillId": skills[0],
        "targetSkillId": skills[-1],
        "agentId": str(agent["id"]),
        "targetAgentId": chance.choice((None, str(agent["id"]))),
        "reason": 101,
        "queueStartTime": begun + MINUTE_MS,
        "queueEndTime": chance.choice((None, begun + 2 * MINUTE_MS)),
    }
    conversation = {
        "type": "LIVE_CHAT" if is_chat else "MESSAGING",
        "conversationId": f"{chance.getrandbits(128):032x}",
        "conversationStartTime": begun,
        "interactionStartTime": begun + 5_000,
        "conversationEndTime": seen_at,
        "consumerId": None if is_chat else f"{chance.getrandbits(64):016x}",
        "isInteractive": bool(lines),
        "sourceOrigin": "Web",
        "sourceDevice": chance.choice((None, "NA", "DESKTOP", "MOBILE")),
        "endReasonId": chance.choice((101, 201, 205)),
        "campaignData": None
        if chance.random() < 0.4
        else Typed("CampaignData", {"campaignId": 3_000_000_107, "campaignEngagementId": 3_000_000_210}),
        "agentId": str(agent["id"]),
        "skillID": skills[-1],
        "skills": skills,
        "startReasonId": 0,
        "startPage": None if chance.random() < 0.5 else "Größen & Maße",
        "startUrl": None if chance.random() < 0.5 else "https://shop.acme.test/cart?q=%C3%A9",
        "transcripts": transcripts,
        "transfers": [Typed("Transfer", transfer)] if len(skills) > 1 else [],
        "secureForms": [],
        "mcs": None if is_chat else chance.randrange(101),
        "queueStartTime": begun,
        "queueEndTime": begun + 5_000,
    }
    return [
        Body(
            name="EngagementData",
            header=_visitor(chance, "" if chance.random() < 0.3 else f"{chance.getrandbits(48):012x}"),
            payload="engagements",
            rows=[Typed("Conversation", conversation, is_union=True)],
        )
    ]


def _visitor(chance: random.Random, visit: str) -> Typed:
    return Typed(
        "VisitorHeader",
        {
            "visitId": visit,
            "visitorId": "" if not visit else f"{chance.getrandbits(64):016x}",
            "contextId": None if chance.random() < 0.3 else "1",
        },
    )


def _campaign(world: World, chance: random.Random) -> tuple[Typed, Typed, Typed]:
    """An engagement, its campaign, and the campaign's goal."""
    skill = chance.choice([*world.skills, None])
    behavior = Typed("VisitorBehavior", {"id": 126_225_110, "revision": 33})
    engagement = {
        "id": 3_000_000_210,
        "channel": chance.choice(("1", "100")),
        "type": chance.choice(("1", "5")),
        "visitorBehaviors": [behavior],
        "skillId": -1 if skill is None else skill["id"],
        "skillName": None if skill is None else skill["name"],
        "surveySkills": None
        if skill is None
        else [Typed("SurveySkill", {"id": skill["id"], "name": skill["name"]})],
        "isOffsiteEngagement": False,
        "availabilityPolicy": None if skill is None else "0",
        "interactionType": 1,
        "renderingType": None if skill is None else 0,
    }
    profile = Typed("VisitorProfile", {"id": 156_579_410, "revision": 111})
    return (
        Typed("Engagement", engagement, is_union=True),
        Typed("Campaign", {"id": 3_000_000_107, "visitorProfiles": [profile]}, is_union=True),
        Typed("Goal", {"id": 126_222_610, "type": 4, "indicatorType": 3}, is_union=True),
    )


def _navigation(chance: random.Random, moment: int) -> Typed:
    page = {
        "timestamp": moment,
        "url": f"https://shop.acme.test{chance.choice(_PAGES)}",
        "referrerUrl": chance.choice(("", "https://search.test/?q=shoes", None)),
        "sections": ["loginPages"] if chance.random() < 0.5 else [],
    }
    return Typed("Navigation", page)


def _attached(chance: random.Random) -> dict[str, Any]:
    """A file or a link, which some messages have."""
    file = Typed("FileData", {"caption": "Rücksendung.jpg", "fileType": "JPEG"})
    link = Typed(
        "LinkData",
        {"externalFileLink": "https://files.acme.test/a", "fileType": "PDF", "caption": "Quittung"},
    )
    which = chance.randrange(4)
    return {"fileData": file if which == 0 else None, "linkData": link if which == 1 else None}


KINDS = (
    FileKind(
        dataset="data_access_agent_activity",
        path="agentActivity",
        prefix="Agent",
        data_type="AgentActivity",
        size="data_access_agent_sessions",
        noun="agent session",
        invent=_agent_session,
    ),
    FileKind(
        dataset="data_access_web_session",
        path="webSession",
        prefix="WebSession",
        data_type="WebSession",
        size="data_access_web_sessions",
        noun="web session",
        invent=_web_session,
    ),
    FileKind(
        dataset="data_access_engagement",
        path="engagement",
        prefix="Engagement",
        data_type="Engagement",
        size="data_access_engagements",
        noun="engagement",
        invent=_engagement,
    ),
    FileKind(
        dataset="data_access_survey",
        path="survey",
        prefix="Survey",
        data_type="Survey",
        size="data_access_surveys",
        noun="survey",
        invent=_survey,
        hours=(0, 1),
    ),
)
