"""What was said in a conversation."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

from airflow_provider_liveperson.sandbox.apis.messaging_interactions.data import (
    NEVER,
    Agent,
    Conversation,
    Staff,
)
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.texts import (
    ADVICE,
    DELETED,
    INTENTS,
    NAMES,
    RAW_METADATA,
    TALK,
)
from airflow_provider_liveperson.sandbox.instants import offset_text
from airflow_provider_liveperson.sandbox.world import BOT


class Line(NamedTuple):
    """One message."""

    message_id: str
    seq: int
    dialog_id: str
    participant: str
    is_consumer: bool
    moment: int
    text: str
    kind: str
    agent: Agent | None


class Talk:
    """The messages of one conversation, and what else is invented from the same source of chance.

    :param conversation: what it is about.
    :param account_id: the account.
    :param staff: who answers.
    """

    def __init__(self, conversation: Conversation, account_id: str, staff: Staff) -> None:
        self.about = conversation
        self.account_id = account_id
        self.staff = staff
        self.source = random.Random(f"{conversation.key}/content")  # noqa: S311
        self.number = str(int(self.source.random() * 10_000_000))
        self.agents = [staff.agents[agent] for agent in conversation.agents]
        self.survey_dialog = str(uuid.UUID(int=self.source.getrandbits(128), version=4))
        self.is_masked = self.source.random() < 0.01
        self.lines = list(self._talk())

    def messages(self) -> list[dict[str, Any]]:
        """Return the section ``messageRecords``."""
        return [self._message(line) for line in self.lines]

    def skill(self, skill: int) -> str:
        """Return a skill's name.

        :param skill: its id.
        """
        return self.staff.skills.get(skill, "Unassigned")

    def group(self, group: int) -> str:
        """Return a group's name.

        :param group: its id.
        """
        return self.staff.groups.get(group, "Unassigned")

    def turns(self, count: int) -> list[int]:
        """Return the moments at which a new agent or skill has its turn; the first is the start.

        :param count: how many there are.
        """
        about = self.about
        return [
            about.start + (about.last_message - about.start) * place // (count + 1) for place in range(count)
        ]

    def person(self) -> tuple[str, str]:
        """Return the consumer's first and last name."""
        if self.is_masked:
            return DELETED, DELETED
        return NAMES[int(self.about.consumer[:4], 16) % len(NAMES)]

    def scores(self) -> list[dict[str, Any]]:
        """Return the section ``messageScores``."""
        mcs = self.about.mcs
        return [
            {
                "messageId": line.message_id,
                "messageRawScore": line.seq * 37 % 101 - 50,
                "mcs": (mcs + line.seq) % 101,
                "time": offset_text(line.moment),
                "timeL": line.moment,
            }
            for line in self.lines
            if line.is_consumer
        ]

    def statuses(self) -> list[dict[str, Any]]:
        """Return the section ``messageStatuses``."""
        made = []
        latest = next((agent.agent_id for agent in self.agents), "-1")
        for line in self.lines:
            if line.agent is not None:
                latest = line.agent.agent_id
            moment = line.moment + 900
            made.append(
                {
                    "messageId": line.message_id,
                    "seq": line.seq,
                    "messageDeliveryStatus": "READ" if line.seq % 3 else "ACCEPT",
                    "participantId": latest if line.is_consumer else self.about.consumer,
                    "participantType": "Agent" if line.is_consumer else "Consumer",
                    "time": offset_text(moment),
                    "timeL": moment,
                    "dialogId": line.dialog_id,
                }
            )
        return made

    def _talk(self) -> Iterator[Line]:
        about, chance = self.about, self.source.random
        talk = TALK[about.language % len(TALK)]
        first = about.start + 887
        step = max(0, about.last_message - first) / max(1, about.messages - 1)
        seq = 0
        for number in range(about.messages):
            is_consumer = number % 2 == 0 or not self.agents
            agent = None if is_consumer else self.agents[number * len(self.agents) // about.messages]
            pair = talk[number // 2 % len(talk)]
            text = pair[0 if is_consumer else 1]
            moment = min(int(first + step * number), max(first, about.last_message))
            if "{" in text:
                text = text.format(
                    number=self.number,
                    agent=agent.nickname if agent else "?",
                    time=offset_text(moment)[11:16],
                )
            kind = "TEXT_PLAIN"
            if chance() < 0.08:
                kind = ("LINK", "HOSTED_FILE")[number % 4 // 2] if is_consumer else "RICH_CONTENT"
                if not is_consumer and number % 8 == 3:
                    kind = "SECURE_FORM_INVITATION"
            dialog = about.conversation_id
            yield Line(
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
            dialog = self.survey_dialog
            asked = min(about.close + 400, about.survey)
            bot = next(iter(self.staff.bots), self.staff.people[0])
            yield Line(
                f"ms::dialog:{dialog}::msg:0", 0, dialog, bot.agent_id, False, asked,
                "How satisfied were you, from 1 to 5?", "RICH_CONTENT", bot,
            )  # fmt: skip
            if about.survey_answered:
                yield Line(
                    f"ms::dialog:{dialog}::msg:2", 2, dialog, about.consumer, True, about.survey,
                    str(about.csat), "TEXT_PLAIN", None,
                )  # fmt: skip

    def _message(self, line: Line) -> dict[str, Any]:
        text = DELETED if self.is_masked else line.text
        if line.kind == "TEXT_PLAIN":
            data: dict[str, Any] = {"msg": {"text": text}}
        elif line.kind == "RICH_CONTENT":
            data = {"richContent": {"content": ADVICE.format(number=self.number)}}
        elif line.kind == "LINK":
            data = {"link": {"externalFileLink": f"https://maps.acme.test/?q={self.number}", "caption": text}}
        elif line.kind == "HOSTED_FILE":
            path = f"/v1/storage/{self.account_id}/{line.message_id[-40:]}.jpeg"
            data = {"file": {"relativePath": path, "fileType": "JPEG", "caption": text}}
        else:
            data = {
                "secureForm": {
                    "formId": "7711",
                    "formName": "Address",
                    "invitationId": f"inv-{self.number}",
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
            "source": self.about.source,
            "time": offset_text(line.moment),
            "timeL": line.moment,
            "device": self.about.device,
            "sentBy": "Consumer" if line.is_consumer else "Agent",
        }
        if line.agent is not None and line.agent.user_type == BOT:
            intent, _ = INTENTS[line.seq % len(INTENTS)]
            message["contextData"] = {
                "rawMetadata": RAW_METADATA.format(number=self.number),
                "structuredMetadata": [
                    {
                        "botResponse": {
                            "externalConversationId": f"bot-{self.number}",
                            "businessCases": ["tracking"],
                            "intents": [
                                {"id": intent, "name": intent, "confidence": "HIGH", "confidenceScore": 0.875}
                            ],
                        }
                    }
                ],
            }
        return message
