"""What a conversation's record says, rendered as JSON.

Every section is rendered by itself, with its name, so that a page is put together from ready bytes.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from airflow_provider_liveperson.sandbox.apis.messaging_interactions.data import (
    DAY_MS,
    MINUTE_MS,
    NEVER,
    Agent,
    Conversation,
    Staff,
)
from airflow_provider_liveperson.sandbox.world import BOT

ALWAYS = "info"
DEFAULT_SECTIONS = (
    "campaign",
    "messageRecords",
    "agentParticipants",
    "agentParticipantsLeave",
    "agentParticipantsActive",
    "consumerParticipants",
    "transfers",
    "interactions",
    "messageScores",
    "messageStatuses",
    "conversationSurveys",
    "coBrowseSessions",
    "summary",
    "sdes",
)
"""What comes if nothing is named."""

SECTIONS = (
    ALWAYS,
    *DEFAULT_SECTIONS,
    "unAuthSdes",
    "monitoring",
    "dialogs",
    "responseTime",
    "skillChanges",
    "intents",
    "uniqueIntents",
    "latestAgentSurvey",
    "previouslySubmittedAgentSurveys",
)
"""Every section, in the order in which a record has them."""

SDE_KEYS = {
    "personalInfo": "PERSONAL_INFO",
    "customerInfo": "CUSTOMER_INFO",
    "marketingCampaignInfo": "MARKETING_CAMPAIGN_INFO",
    "purchase": "PURCHASE",
    "cartStatus": "CART_STATUS",
}
"""Engagement attributes that are made: the name of their content to their type."""

SURVEY_ID = "811"

Rendered = tuple[bytes, ...]
"""A record's sections in the order of ``SECTIONS``; a section without content is empty."""

_DELETED = "** LP deleted data **"

_TALK: tuple[tuple[tuple[str, str], ...], ...] = (
    (
        ("Where is my parcel?", "Hello, I am {agent}. May I have your order number, please?"),
        (
            "It is {number}. I ordered a week ago.",
            'Thank you. The carrier says "out for delivery" since {time}.',
        ),
        (
            "And if nobody is at home?",
            "They leave a card.\nYou can then choose another day or a shop near you.",
        ),
        ("ok 👍🏽", "Is there anything else that I can do for you today?"),
    ),
    (
        ("Guten Tag, meine Rechnung {number} stimmt nicht.", "Guten Tag! Ich schaue mir das für Sie an …"),
        (
            "Es sind 12,50 € zu viel – größer als üblich.",
            "Stimmt: die Gebühr „Express“ wurde doppelt berechnet.",
        ),
        ("Und jetzt?", "Ich schreibe sie Ihnen gut; das dauert drei Werktage.\r\n\r\nViele Grüße\r\n{agent}"),
    ),
    (
        (
            "Bonjour, où en est ma commande n° {number} ?",
            "Bonjour, c’est {agent}. Je vérifie ça tout de suite.",
        ),
        ("Merci beaucoup !", "Elle a été expédiée hier ; voici le suivi : C:\\suivi\\{number}\\état"),
    ),
    (
        ("ログインできません。", "ご不便をおかけして申し訳ございません。{agent}が確認いたします。"),
        ("パスワードを忘れました。", "再設定用のメールをお送りしました。ご確認ください。"),
    ),
    (
        ("שלום, יש לי שאלה על החשבון {number}", "שלום! אשמח לעזור. מה השאלה?"),
        ("תודה רבה", "בשמחה, שיהיה יום נעים!\tלהתראות"),
    ),
    (
        (
            "¿Puedo cambiar la dirección de envío?",
            "Claro. ¿Cuál es la nueva dirección para el pedido {number}?",
        ),
        ('Calle Mayor 1, 3º "B", León', "Hecho. Recibirá una confirmación por correo en unos minutos."),
        ("=SUM(A1:A9)", "Perdone, no le he entendido. ¿Me lo puede explicar de otra manera?"),
    ),
)
_LANGUAGES = ("en-US", "de-DE", "fr-FR", "ja-JP", "he-IL", "es-ES")

_NAMES = (
    ("Dana", "Example"), ("Jürgen", "Groß"), ("Chloé", "d'Arc"), ("花子", "佐藤"), ("יעל", "כהן"), ("Íñigo", "Peña"),
    ("Nguyễn", "Văn An"), ("Robert'); --", "Tables"), ("Ada", "O’Hara"), ("Оля", "Петрова"),
)  # fmt: skip
_CITIES = (
    ("United States", "US", "Texas", "Austin"),
    ("Germany", "DE", "Nordrhein-Westfalen", "Köln"),
    ("Canada", "CA", "Québec", "Montréal"),
    ("Japan", "JP", "東京都", "千代田区"),
)
_BROWSERS = (("FIREFOX", "140.0", "WINDOWS"), ("CHROME", "140.0.1", "LINUX"), ("SAFARI", "19", "OSX"))
_INTENTS = (
    ("3f1c.where_is_my_order", "Where is my order"),
    ("77b0.billing_question", "Billing “question”"),
    ("a9d2.password_reset", "パスワード"),
    ("10fe.change_address", "Change address"),
)
_ADVICE = '{{"type":"vertical","elements":[{{"type":"text","text":"Order {number}"}},{{"type":"button","title":"Track “{number}”","click":{{"actions":[{{"type":"link","uri":"https://shop.acme.test/t/{number}"}}]}}}}]}}'
_RAW_METADATA = (
    '[{{"type":"BotResponse","externalConversationId":"bot-{number}","businessCases":["tracking"]}}]'
)

_encoder = msgspec.json.Encoder()
_RECORDS = SECTIONS.index("messageRecords")


def render(conversation: Conversation, account_id: str, staff: Staff) -> Rendered:
    """Render everything that a record can hold.

    :param conversation: the conversation.
    :param account_id: the account.
    :param staff: who answers.
    """
    sections = _Writer(conversation, account_id, staff).sections()
    return tuple(
        b"" if sections.get(name) is None else b'"%s":%s' % (name.encode(), _encoder.encode(sections[name]))
        for name in SECTIONS
    )


def shortened(rendered: Rendered) -> Rendered:
    """Give a record as a search gives one that is too long for it: with a part of its messages.

    :param rendered: the whole record.
    """
    info = rendered[0].replace(b'"isPartial":false', b'"isPartial":true', 1)
    messages = content_of(rendered, "messageRecords")
    kept = _encoder.encode(messages[: (len(messages) + 1) // 2])
    return (info, *rendered[1:_RECORDS], b'"messageRecords":' + kept, *rendered[_RECORDS + 1 :])


def content_of(rendered: Rendered, section: str) -> Any:
    """Read one section back.

    :param rendered: a record.
    :param section: the section's name.
    :return: its content, or None if it has none.
    """
    content = rendered[SECTIONS.index(section)]
    return msgspec.json.decode(content[len(section) + 3 :]) if content else None


def record_of(rendered: Rendered) -> dict[str, Any]:
    """Read a record back.

    :param rendered: the record.
    """
    record: dict[str, Any] = msgspec.json.decode(b"{%s}" % b",".join(filter(None, rendered)))
    return record


class _Line(NamedTuple):
    message_id: str
    seq: int
    dialog_id: str
    participant: str
    is_consumer: bool
    moment: int
    text: str
    kind: str
    agent: Agent | None


class _Writer:
    """Writes one record.

    :param conversation: what it is about.
    :param account_id: the account.
    :param staff: who answers.
    """

    def __init__(self, conversation: Conversation, account_id: str, staff: Staff) -> None:
        self._about = conversation
        self._account_id = account_id
        self._staff = staff
        self._source = random.Random(f"{conversation.key}/content")  # noqa: S311
        self._number = str(int(self._source.random() * 10_000_000))
        self._agents = [staff.agents[agent] for agent in conversation.agents]
        self._survey_dialog = str(uuid.UUID(int=self._source.getrandbits(128), version=4))
        self._is_masked = self._source.random() < 0.01
        self._lines = list(self._talk())

    def sections(self) -> dict[str, Any]:
        """Give every section that has content."""
        return {
            "info": self._info(),
            "campaign": self._campaign(),
            "messageRecords": [self._message(line) for line in self._lines],
            **self._participants(),
            "consumerParticipants": self._consumers(),
            "transfers": self._transfers(),
            "interactions": self._interactions(),
            "dialogs": self._dialogs(),
            "messageScores": self._scores(),
            "messageStatuses": self._statuses(),
            "conversationSurveys": self._surveys(),
            "coBrowseSessions": self._cobrowse(),
            "summary": self._summary(),
            **self._attributes(),
            "monitoring": self._monitoring(),
            "responseTime": {
                "latestEffectiveResponseDueTime": self._about.response_due,
                "configuredResponseTime": 600_000,
            },
            "skillChanges": [
                {"skillId": str(skill), "skillName": self._skill(skill), "timeL": moment}
                for skill, moment in zip(
                    self._about.skills, self._turns(len(self._about.skills)), strict=True
                )
            ],
            **self._intents(),
            **self._agent_surveys(),
        }

    def _skill(self, skill: int) -> str:
        return self._staff.skills.get(skill, "Unassigned")

    def _group(self, group: int) -> str:
        return self._staff.groups.get(group, "Unassigned")

    def _turns(self, count: int) -> list[int]:
        """Give the moments at which a new agent or skill has its turn; the first is the start."""
        about = self._about
        return [
            about.start + (about.last_message - about.start) * place // (count + 1) for place in range(count)
        ]

    def _talk(self) -> Iterator[_Line]:
        about, chance = self._about, self._source.random
        talk = _TALK[about.language % len(_TALK)]
        first = about.start + 887
        step = max(0, about.last_message - first) / max(1, about.messages - 1)
        seq = 0
        for number in range(about.messages):
            is_consumer = number % 2 == 0 or not self._agents
            agent = None if is_consumer else self._agents[number * len(self._agents) // about.messages]
            pair = talk[number // 2 % len(talk)]
            text = pair[0 if is_consumer else 1]
            moment = min(int(first + step * number), max(first, about.last_message))
            if "{" in text:
                text = text.format(
                    number=self._number, agent=agent.nickname if agent else "?", time=_text_of(moment)[11:16]
                )
            kind = "TEXT_PLAIN"
            if chance() < 0.08:
                kind = ("LINK", "HOSTED_FILE")[number % 4 // 2] if is_consumer else "RICH_CONTENT"
                if not is_consumer and number % 8 == 3:
                    kind = "SECURE_FORM_INVITATION"
            dialog = about.conversation_id
            yield _Line(
                f"ms::dialog:{dialog}::msg:{seq}",
                seq,
                dialog,
                about.consumer if agent is None else agent.agent_id,
                is_consumer,
                moment,
                text,
                kind,
                agent,
            )
            seq += 1 + int(chance() * 3)
        if about.survey != NEVER:
            dialog = self._survey_dialog
            asked = min(about.close + 400, about.survey)
            bot = next(iter(self._staff.bots), self._staff.people[0])
            yield _Line(
                f"ms::dialog:{dialog}::msg:0", 0, dialog, bot.agent_id, False, asked,
                "How satisfied were you, from 1 to 5?", "RICH_CONTENT", bot,
            )  # fmt: skip
            if about.survey_answered:
                yield _Line(
                    f"ms::dialog:{dialog}::msg:2", 2, dialog, about.consumer, True, about.survey,
                    str(about.csat), "TEXT_PLAIN", None,
                )  # fmt: skip

    def _message(self, line: _Line) -> dict[str, Any]:
        text = _DELETED if self._is_masked else line.text
        if line.kind == "TEXT_PLAIN":
            data: dict[str, Any] = {"msg": {"text": text}}
        elif line.kind == "RICH_CONTENT":
            data = {"richContent": {"content": _ADVICE.format(number=self._number)}}
        elif line.kind == "LINK":
            data = {
                "link": {"externalFileLink": f"https://maps.acme.test/?q={self._number}", "caption": text}
            }
        elif line.kind == "HOSTED_FILE":
            path = f"/v1/storage/{self._account_id}/{line.message_id[-40:]}.jpeg"
            data = {"file": {"relativePath": path, "fileType": "JPEG", "caption": text}}
        else:
            data = {
                "secureForm": {
                    "formId": "7711",
                    "formName": "Address",
                    "invitationId": f"inv-{self._number}",
                    "submissionId": "",
                }
            }
        message = {
            "type": line.kind,
            "messageData": data,
            "messageId": line.message_id,
            "audience": "AGENTS_AND_MANAGERS" if line.seq % 41 == 40 else "ALL",
            "seq": line.seq,
            "dialogId": line.dialog_id,
            "participantId": line.participant,
            "source": self._about.source,
            "time": _text_of(line.moment),
            "timeL": line.moment,
            "device": self._about.device,
            "sentBy": "Consumer" if line.is_consumer else "Agent",
        }
        if line.agent is not None and line.agent.user_type == BOT:
            intent, _ = _INTENTS[line.seq % len(_INTENTS)]
            message["contextData"] = {
                "rawMetadata": _RAW_METADATA.format(number=self._number),
                "structuredMetadata": [
                    {
                        "botResponse": {
                            "externalConversationId": f"bot-{self._number}",
                            "businessCases": ["tracking"],
                            "intents": [
                                {"id": intent, "name": intent, "confidence": "HIGH", "confidenceScore": 0.875}
                            ],
                        }
                    }
                ],
            }
        return message

    def _info(self) -> dict[str, Any]:
        about = self._about
        agent = self._agents[-1] if self._agents else None
        group = agent.group_id if agent else -1
        browser, version, system = _BROWSERS[about.language % len(_BROWSERS)]
        info = {
            "startTime": _text_of(about.start),
            "startTimeL": about.start,
            "endTime": "undefined",
            "endTimeL": NEVER,
            "duration": about.duration,
            "conversationId": about.conversation_id,
            "brandId": self._account_id,
            "latestAgentId": about.latest_agent,
            "latestAgentNickname": agent.nickname if agent else "NA",
            "latestAgentFullName": agent.nickname if agent else "NA",
            "latestAgentLoginName": agent.login if agent else "NA",
            "agentDeleted": bool(agent and agent.deleted),
            "latestSkillId": about.skills[-1],
            "latestSkillName": self._skill(about.skills[-1]),
            "source": about.source,
            "mcs": about.mcs,
            "alertedMCS": about.alerted_mcs,
            "status": about.status,
            "fullDialogStatus": about.status,
            "firstConversation": self._source.random() < 0.5,
            "csatRate": about.csat,
            "device": about.device,
            "deviceModel": "NA",
            "browser": browser,
            "browserVersion": version,
            "operatingSystem": system,
            "operatingSystemVersion": "undefined",
            "latestAgentGroupId": group,
            "latestAgentGroupName": self._group(group),
            "latestQueueState": about.queue_state,
            "isPartial": False,
            "sessionId": f"{self._number}-s",
            "interactionContextId": f"{self._number}-i",
            "timeZone": "America/Toronto",
            "features": ["CO_BROWSE", "PHOTO_SHARING", "SECURE_FORMS"],
            "language": _LANGUAGES[about.language % len(_LANGUAGES)],
            "integration": "mobile-sdk" if about.source == "APP" else "web-sdk",
            "integrationVersion": "3.0.42",
            "appId": "webAsync",
            "appVersion": "null",
            "ipAddress": f"192.0.2.{about.language % 256}",
            "wasStepUp": about.step_up,
            "pendingAgentSurvey": about.language % 10 == 1,
            "firstIntentName": _INTENTS[about.language % len(_INTENTS)][0],
            "firstIntentLabel": _INTENTS[about.language % len(_INTENTS)][1],
        }
        if about.csat is None:
            del info["csatRate"]
        if not about.is_open:
            info |= {
                "closeReason": ("AGENT", "CONSUMER", "SYSTEM")[about.language % 3],
                "closeReasonDescription": ("MANUAL_CLOSE", "MANUAL_CLOSE", "AUTO_CLOSE")[about.language % 3],
                "endTime": _text_of(about.end),
                "endTimeL": about.end,
                "conversationEndTime": _text_of(about.close),
                "conversationEndTimeL": about.close,
                "fullDialogEndTime": _text_of(about.end),
                "fullDialogEndTimeL": about.end,
            }
        return info

    def _campaign(self) -> dict[str, Any]:
        number = self._about.language % 5
        return {
            "campaignEngagementId": str(3300 + number),
            "campaignEngagementName": f"Engagement “{number}”",
            "campaignId": str(2200 + number),
            "campaignName": ("Spring 🌱 sale", "Cart, abandoned", "Always on", "Été", 'The "big" one')[
                number
            ],
            "goalId": str(1100 + number),
            "goalName": "More sales",
            "engagementAgentNote": "",
            "engagementSource": "WEB_SITE",
            "visitorBehaviorId": str(900 + number),
            "visitorBehaviorName": "All visitors",
            "engagementApplicationId": "e9b7c2d0-0000-4000-8000-000000000001",
            "engagementApplicationName": "Shop",
            "engagementApplicationTypeId": "15",
            "engagementApplicationTypeName": "Web",
            "visitorProfileId": str(700 + number),
            "visitorProfileName": "Everyone",
            "lobId": 3301 + number % 2,
            "lobName": "Retail",
            "locationId": str(500 + number),
            "locationName": "Entire site",
            "profileSystemDefault": True,
            "behaviorSystemDefault": False,
        }

    def _participants(self) -> dict[str, list[dict[str, Any]]]:
        about = self._about
        joined = list(zip(self._agents, self._turns(len(self._agents)), strict=True))
        assigned = [self._participant(agent, "ASSIGNED_AGENT", moment) for agent, moment in joined]
        readers = [self._staff.agents[reader] for reader in about.readers]
        left = [
            self._participant(agent, "ASSIGNED_AGENT", moment) for (agent, _), (_, moment) in pairwise(joined)
        ]
        if not about.is_open and joined:
            left.append(self._participant(joined[-1][0], "ASSIGNED_AGENT", about.close))
        return {
            "agentParticipants": [
                *assigned,
                *(self._participant(reader, "READER", about.start + 60_000) for reader in readers),
            ],
            "agentParticipantsLeave": left,
            "agentParticipantsActive": assigned[-1:] if about.is_open else [],
        }

    def _participant(self, agent: Agent, permission: str, moment: int) -> dict[str, Any]:
        return {
            "agentFullName": agent.nickname,
            "agentNickname": agent.nickname,
            "agentLoginName": agent.login,
            "agentDeleted": agent.deleted,
            "agentId": agent.agent_id,
            "userType": str(agent.user_type),
            "userTypeName": "Bot" if agent.user_type == BOT else "Human",
            "role": "Agent",
            "agentGroupName": self._group(agent.group_id),
            "agentGroupId": agent.group_id,
            "time": _text_of(moment),
            "timeL": moment,
            "permission": permission,
            "dialogId": self._about.conversation_id,
        }

    def _consumers(self) -> list[dict[str, Any]]:
        about = self._about
        first, last = self._person()
        joined = about.start + 12
        return [
            {
                "participantId": about.consumer,
                "firstName": first,
                "lastName": last,
                "token": "",
                "email": f"consumer-{about.consumer[:8]}@mail.acme.test",
                "phone": f"+1 555 01{about.consumer[-8:-6]}",
                "avatarURL": "undefined",
                "time": _text_of(joined),
                "timeL": joined,
                "joinTime": _text_of(joined),
                "joinTimeL": joined,
                "consumerName": f"{first} {last}",
                "dialogId": about.conversation_id,
            }
        ]

    def _person(self) -> tuple[str, str]:
        if self._is_masked:
            return _DELETED, _DELETED
        return _NAMES[int(self._about.consumer[:4], 16) % len(_NAMES)]

    def _transfers(self) -> list[dict[str, Any]]:
        skills = self._about.skills
        made = []
        turns = list(zip(self._agents, self._turns(len(self._agents)), strict=True))
        for place, ((source, _), (target, moment)) in enumerate(pairwise(turns)):
            before, after = skills[min(place, len(skills) - 1)], skills[min(place + 1, len(skills) - 1)]
            made.append(
                {
                    "timeL": moment,
                    "time": _text_of(moment),
                    "assignedAgentId": target.agent_id,
                    "assignedAgentNickname": target.nickname,
                    "assignedAgentFullName": target.nickname,
                    "assignedAgentLoginName": target.login,
                    "targetSkillId": after,
                    "targetSkillName": self._skill(after),
                    "reason": "Skill" if before != after else "Agent",
                    "by": source.agent_id,
                    "sourceSkillId": before,
                    "sourceSkillName": self._skill(before),
                    "sourceAgentId": source.agent_id,
                    "sourceAgentNickname": source.nickname,
                    "sourceAgentFullName": source.nickname,
                    "sourceAgentLoginName": source.login,
                    "dialogId": self._about.conversation_id,
                }
            )
        return made

    def _interactions(self) -> list[dict[str, Any]]:
        turns = zip(self._agents, self._turns(len(self._agents)), strict=True)
        return [
            {
                "assignedAgentId": agent.agent_id,
                "assignedAgentNickname": agent.nickname,
                "assignedAgentFullName": agent.nickname,
                "assignedAgentLoginName": agent.login,
                "interactionTimeL": moment + 5_000,
                "interactionTime": _text_of(moment + 5_000),
                "interactiveSequence": place,
                "dialogId": self._about.conversation_id,
            }
            for place, (agent, moment) in enumerate(turns, 1)
        ]

    def _dialogs(self) -> list[dict[str, Any]]:
        about = self._about
        made = [self._dialog(about.conversation_id, "MAIN", about.start, about.close)]
        if about.survey != NEVER:
            made.append(self._dialog(self._survey_dialog, "POST_SURVEY", about.close, about.survey))
        return made

    def _dialog(self, dialog: str, kind: str, start: int, end: int) -> dict[str, Any]:
        skill = self._about.skills[-1]
        made = {
            "dialogId": dialog,
            "status": "OPEN" if end == NEVER else "CLOSE",
            "dialogType": kind,
            "dialogChannelType": "MESSAGING",
            "startTime": _text_of(start),
            "startTimeL": start,
            "skillId": skill,
            "skillName": self._skill(skill),
        }
        if end != NEVER:
            made |= {
                "endTime": _text_of(end),
                "endTimeL": end,
                "closeReason": "AGENT",
                "closeReasonDescription": "MANUAL_CLOSE",
            }
        return made

    def _scores(self) -> list[dict[str, Any]]:
        mcs = self._about.mcs
        return [
            {
                "messageId": line.message_id,
                "messageRawScore": line.seq * 37 % 101 - 50,
                "mcs": (mcs + line.seq) % 101,
                "time": _text_of(line.moment),
                "timeL": line.moment,
            }
            for line in self._lines
            if line.is_consumer
        ]

    def _statuses(self) -> list[dict[str, Any]]:
        made = []
        latest = next((agent.agent_id for agent in self._agents), "-1")
        for line in self._lines:
            if line.agent is not None:
                latest = line.agent.agent_id
            moment = line.moment + 900
            made.append(
                {
                    "messageId": line.message_id,
                    "seq": line.seq,
                    "messageDeliveryStatus": "READ" if line.seq % 3 else "ACCEPT",
                    "participantId": latest if line.is_consumer else self._about.consumer,
                    "participantType": "Agent" if line.is_consumer else "Consumer",
                    "time": _text_of(moment),
                    "timeL": moment,
                    "dialogId": line.dialog_id,
                }
            )
        return made

    def _surveys(self) -> list[dict[str, Any]]:
        about = self._about
        if about.survey == NEVER:
            return []
        answers = []
        if about.csat is not None:
            answers.append(_answer("1", "How satisfied were you?", str(about.csat), "csat", "single"))
        if about.nps is not None:
            answers.append(_answer("2", "Would you recommend us?", str(about.nps), "nps", "single"))
        if about.fcr is not None:
            answers.append(_answer("3", "Was it resolved?", about.fcr, "fcr", "single"))
        if answers and about.language % 4 == 0:
            text = _DELETED if self._is_masked else 'Très bien!\nBut "slow" …'
            answers.append(_answer("4", "Anything else?", text, "custom", "open"))
        return [
            {
                "surveyType": "PostSurvey",
                "surveyStatus": "FILLED" if about.survey_answered else "EXPIRED",
                "dialogId": self._survey_dialog,
                "surveyId": SURVEY_ID,
                "surveyData": answers,
            }
        ]

    def _cobrowse(self) -> dict[str, Any] | None:
        about = self._about
        if about.language % 25 or not self._agents:
            return None
        return {
            "coBrowseSessionsList": [
                {
                    "sessionId": f"cb-{self._number}",
                    "startTime": _text_of(about.start + MINUTE_MS),
                    "startTimeL": about.start + MINUTE_MS,
                    "endTimeL": about.start + 2 * MINUTE_MS,
                    "interactiveTimeL": about.start + MINUTE_MS + 500,
                    "interactive": True,
                    "endReason": "USER_TERMINATED",
                    "duration": MINUTE_MS,
                    "type": "web",
                    "capabilities": ["view", "scroll"],
                    "agentId": self._agents[0].agent_id,
                }
            ]
        }

    def _summary(self) -> dict[str, Any] | None:
        about = self._about
        if about.touched != NEVER:
            return {"text": f"Edited: order {self._number} – geklärt", "lastUpdatedTime": about.touched}
        if about.is_open or about.language % 2:
            return None
        return {"text": f"Consumer asked about order {self._number}.", "lastUpdatedTime": about.close}

    def _attributes(self) -> dict[str, Any]:
        about = self._about
        moment = str(about.start + 300)
        stamps = {"serverTimeStamp": moment, "originalTimeStamp": moment}
        first, last = self._person()
        events: list[dict[str, Any]] = []

        def add(name: str, content: dict[str, Any]) -> None:
            events.append(
                {"sdeType": SDE_KEYS[name], "serverTimeStamp": moment, name: {**stamps, name: content}}
            )

        add(
            "customerInfo",
            {
                "customerId": f"C-{about.consumer[:6]}",
                "customerType": "gold",
                "balance": 1234.5,
                "currency": "EUR",
            },
        )
        if about.language % 3 == 0:
            contacts = [{"personalContact": {"email": f"consumer-{about.consumer[:8]}@mail.acme.test"}}]
            add("personalInfo", {"name": first, "surname": last, "contacts": contacts})
        if about.language % 7 == 0:
            add("purchase", {"total": 42.0, "currency": "EUR", "orderId": self._number})
        unauthenticated = None
        if about.language % 5 == 0:
            content = {"originatingChannel": 2, "affiliate": "newsletter", "campaignId": "S-26"}
            unauthenticated = {
                "events": [
                    {
                        "sdeType": "MARKETING_CAMPAIGN_INFO",
                        "serverTimeStamp": moment,
                        "marketingCampaignInfo": {**stamps, "marketingCampaignInfo": content},
                    }
                ]
            }
        return {"sdes": {"events": events}, "unAuthSdes": unauthenticated}

    def _monitoring(self) -> dict[str, Any]:
        about = self._about
        country, code, state, city = _CITIES[about.language % len(_CITIES)]
        browser, version, system = _BROWSERS[about.language % len(_BROWSERS)]
        return {
            "country": country,
            "countryCode": code,
            "state": state,
            "city": city,
            "isp": "Example Net",
            "org": "Example Net",
            "device": about.device,
            "ipAddress": f"192.0.2.{about.language % 256}",
            "browser": f"{browser} {version}",
            "operatingSystem": system,
            "conversationStartPage": f"https://shop.acme.test/orders/{self._number}?q=a%20b&x=1",
            "conversationStartPageTitle": "Bestellungen – Übersicht",
        }

    def _intents(self) -> dict[str, Any]:
        found = [line for line in self._lines if line.is_consumer][:2]
        made = []
        unique = {}
        for line in found:
            name, label = _INTENTS[(self._about.language + line.seq) % len(_INTENTS)]
            unique[name] = label
            chosen = {
                "intentName": name,
                "intentLabel": label,
                "confidenceScore": 0.5 + line.seq % 4 / 8,
                "versions": [{"modelName": "shop", "modelVersion": "12"}],
            }
            made.append(
                {
                    "messageId": line.message_id,
                    "selectedClassification": chosen,
                    "allClassifications": [chosen],
                }
            )
        return {
            "intents": made,
            "uniqueIntents": [{"intentName": name, "intentLabel": label} for name, label in unique.items()],
        }

    def _agent_surveys(self) -> dict[str, Any]:
        about = self._about
        if about.language % 10 or about.is_open or not self._agents:
            return {"latestAgentSurvey": None, "previouslySubmittedAgentSurveys": None}
        agent = self._agents[-1]
        survey = {
            "surveyStatus": "SUBMITTED",
            "statusReason": "null",
            "dialogId": about.conversation_id,
            "surveyId": f"as-{self._number}",
            "acSurveyId": "61",
            "acSurveyName": "Wrap-up",
            "acSurveyRevision": 4,
            "assignedAgentId": agent.agent_id,
            "performedByAgentId": agent.agent_id,
            "lastUpdateTime": about.close,
            "submittedAnswers": [
                {
                    "questionText": "What was it about?",
                    "questionId": "q1",
                    "questionDefinition": "reason",
                    "questionCategory": "topic",
                    "answers": [{"answer": "Delivery", "answerId": "a1"}],
                }
            ],
        }
        return {"latestAgentSurvey": survey, "previouslySubmittedAgentSurveys": [survey]}


def _answer(question_id: str, question: str, answer: str, kind: str, style: str) -> dict[str, Any]:
    return {
        "question": question,
        "answer": answer,
        "questionId": question_id,
        "answerId": f"{question_id}-{answer}" if style == "single" else "undefined",
        "questionType": kind,
        "questionFormat": style,
        "answerSeq": 1,
        "isValidAnswer": True,
    }


def _text_of(moment: int) -> str:
    """Write a moment as LivePerson's samples do."""
    day, rest = divmod(moment, DAY_MS)
    seconds, milliseconds = divmod(rest, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{_day_text(day)} {hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}+0000"


@lru_cache(maxsize=1024)
def _day_text(day: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()
