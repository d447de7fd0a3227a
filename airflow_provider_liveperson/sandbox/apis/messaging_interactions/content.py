"""What a conversation's record says."""

from __future__ import annotations

from typing import Any

from airflow_provider_liveperson.sandbox.apis.messaging_interactions.data import (
    MINUTE_MS,
    NEVER,
    Agent,
    Conversation,
    Staff,
)
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.messages import Talk
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.participants import Participants
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.sections import (
    SDE_KEYS,
    SURVEY_ID,
    Rendered,
    rendered,
)
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.texts import (
    BROWSERS,
    CITIES,
    DELETED,
    INTENTS,
    LANGUAGES,
)
from airflow_provider_liveperson.sandbox.instants import offset_text


def render(conversation: Conversation, account_id: str, staff: Staff) -> Rendered:
    """Render everything that a record can hold.

    :param conversation: the conversation.
    :param account_id: the account.
    :param staff: who answers.
    """
    return rendered(_Writer(Talk(conversation, account_id, staff)).sections())


class _Writer:
    """Writes one record.

    :param talk: what was said.
    """

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._about = talk.about
        self._agents = talk.agents

    def sections(self) -> dict[str, Any]:
        """Return every section that has content."""
        talk, people = self._talk, Participants(self._talk)
        return {
            "info": self._info(),
            "campaign": self._campaign(),
            "messageRecords": talk.messages(),
            **people.agents(),
            "consumerParticipants": people.consumers(),
            "transfers": people.transfers(),
            "interactions": people.interactions(),
            "dialogs": people.dialogs(),
            "messageScores": talk.scores(),
            "messageStatuses": talk.statuses(),
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
                {"skillId": str(skill), "skillName": talk.skill(skill), "timeL": moment}
                for skill, moment in zip(self._about.skills, talk.turns(len(self._about.skills)), strict=True)
            ],
            **self._intents(),
            **self._agent_surveys(),
        }

    def _info(self) -> dict[str, Any]:
        about = self._about
        agent = self._agents[-1] if self._agents else None
        group = agent.group_id if agent else -1
        browser, version, system = BROWSERS[about.language % len(BROWSERS)]
        info = {
            "startTime": offset_text(about.start),
            "startTimeL": about.start,
            "endTime": "undefined",
            "endTimeL": NEVER,
            "duration": about.duration,
            "conversationId": about.conversation_id,
            "brandId": self._talk.account_id,
            "latestAgentId": about.latest_agent,
            "latestAgentNickname": agent.nickname if agent else "NA",
            "latestAgentFullName": agent.nickname if agent else "NA",
            "latestAgentLoginName": agent.login if agent else "NA",
            "agentDeleted": bool(agent and agent.deleted),
            "latestSkillId": about.skills[-1],
            "latestSkillName": self._talk.skill(about.skills[-1]),
            "source": about.source,
            "mcs": about.mcs,
            "alertedMCS": about.alerted_mcs,
            "status": about.status,
            "fullDialogStatus": about.status,
            "firstConversation": self._talk.source.random() < 0.5,
            "csatRate": about.csat,
            "device": about.device,
            "deviceModel": "NA",
            "browser": browser,
            "browserVersion": version,
            "operatingSystem": system,
            "operatingSystemVersion": "undefined",
            "latestAgentGroupId": group,
            "latestAgentGroupName": self._talk.group(group),
            "latestQueueState": about.queue_state,
            "isPartial": False,
            "sessionId": f"{self._talk.number}-s",
            "interactionContextId": f"{self._talk.number}-i",
            "timeZone": "America/Toronto",
            "features": ["CO_BROWSE", "PHOTO_SHARING", "SECURE_FORMS"],
            "language": LANGUAGES[about.language % len(LANGUAGES)],
            "integration": "mobile-sdk" if about.source == "APP" else "web-sdk",
            "integrationVersion": "3.0.42",
            "appId": "webAsync",
            "appVersion": "null",
            "ipAddress": f"192.0.2.{about.language % 256}",
            "wasStepUp": about.step_up,
            "pendingAgentSurvey": about.language % 10 == 1,
            "firstIntentName": INTENTS[about.language % len(INTENTS)][0],
            "firstIntentLabel": INTENTS[about.language % len(INTENTS)][1],
        }
        if about.csat is None:
            del info["csatRate"]
        if not about.is_open:
            info |= {
                "closeReason": ("AGENT", "CONSUMER", "SYSTEM")[about.language % 3],
                "closeReasonDescription": ("MANUAL_CLOSE", "MANUAL_CLOSE", "AUTO_CLOSE")[about.language % 3],
                "endTime": offset_text(about.end),
                "endTimeL": about.end,
                "conversationEndTime": offset_text(about.close),
                "conversationEndTimeL": about.close,
                "fullDialogEndTime": offset_text(about.end),
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
            text = DELETED if self._talk.is_masked else 'Très bien!\nBut "slow" …'
            answers.append(_answer("4", "Anything else?", text, "custom", "open"))
        return [
            {
                "surveyType": "PostSurvey",
                "surveyStatus": "FILLED" if about.survey_answered else "EXPIRED",
                "dialogId": self._talk.survey_dialog,
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
                    "sessionId": f"cb-{self._talk.number}",
                    "startTime": offset_text(about.start + MINUTE_MS),
                    "startTimeL": about.start + MINUTE_MS,
                    "endTime": offset_text(about.start + 2 * MINUTE_MS),
                    "endTimeL": about.start + 2 * MINUTE_MS,
                    "interactiveTime": offset_text(about.start + MINUTE_MS + 500),
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
            return {"text": f"Edited: order {self._talk.number} – geklärt", "lastUpdatedTime": about.touched}
        if about.is_open or about.language % 2:
            return None
        return {"text": f"Consumer asked about order {self._talk.number}.", "lastUpdatedTime": about.close}

    def _attributes(self) -> dict[str, Any]:
        about = self._about
        moment = str(about.start + 300)
        stamps = {"serverTimeStamp": moment, "originalTimeStamp": moment}
        first, last = self._talk.person()
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
            add("purchase", {"total": 42.0, "currency": "EUR", "orderId": self._talk.number})
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
        country, code, state, city = CITIES[about.language % len(CITIES)]
        browser, version, system = BROWSERS[about.language % len(BROWSERS)]
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
            "conversationStartPage": f"https://shop.acme.test/orders/{self._talk.number}?q=a%20b&x=1",
            "conversationStartPageTitle": "Bestellungen – Übersicht",
        }

    def _intents(self) -> dict[str, Any]:
        found = [line for line in self._talk.lines if line.is_consumer][:2]
        made = []
        unique = {}
        for line in found:
            name, label = INTENTS[(self._about.language + line.seq) % len(INTENTS)]
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
            "surveyId": f"as-{self._talk.number}",
            "acSurveyId": "61",
            "acSurveyName": "Wrap-up",
            "acSurveyRevision": 4,
            "surveySkillId": about.skills[-1],
            "surveySkillName": self._talk.skill(about.skills[-1]),
            **_agent_fields("assignedAgent", agent),
            **_agent_fields("performedByAgent", agent),
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


def _agent_fields(name: str, agent: Agent) -> dict[str, Any]:
    return {
        f"{name}Id": agent.agent_id,
        f"{name}FullName": agent.nickname,
        f"{name}LoginName": agent.login,
        f"{name}Nickname": agent.nickname,
    }


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
