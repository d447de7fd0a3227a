"""Who took part in a conversation, and how it went from one to another."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from airflow_provider_liveperson.sandbox.apis.messaging_interactions.data import NEVER, Agent
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.messages import Talk
from airflow_provider_liveperson.sandbox.instants import offset_text
from airflow_provider_liveperson.sandbox.world import BOT


class Participants:
    """Writes the sections about agents, consumers, transfers and dialogs.

    :param talk: the conversation's messages.
    """

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._about = talk.about
        self._agents = talk.agents

    def agents(self) -> dict[str, list[dict[str, Any]]]:
        """Return the three sections about agents."""
        about = self._about
        joined = list(zip(self._agents, self._talk.turns(len(self._agents)), strict=True))
        assigned = [self._participant(agent, "ASSIGNED_AGENT", moment) for agent, moment in joined]
        readers = [self._talk.staff.agents[reader] for reader in about.readers]
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
            "agentGroupName": self._talk.group(agent.group_id),
            "agentGroupId": agent.group_id,
            "time": offset_text(moment),
            "timeL": moment,
            "permission": permission,
            "dialogId": self._about.conversation_id,
            **(
                {"contextData": self._reason("assignment")}
                if agent.user_type == BOT or not moment % 4
                else {}
            ),
        }

    def _reason(self, name: str) -> dict[str, Any]:
        """Return what a bot notes about what it did."""
        return {
            "rawMetadata": json.dumps([{"type": "ActionReason", "reason": name}]),
            "structuredMetadata": [{"actionReason": {"reason": name}}],
        }

    def consumers(self) -> list[dict[str, Any]]:
        """Return the section ``consumerParticipants``."""
        about = self._about
        first, last = self._talk.person()
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
                "time": offset_text(joined),
                "timeL": joined,
                "joinTime": offset_text(joined),
                "joinTimeL": joined,
                "consumerName": f"{first} {last}",
                "dialogId": about.conversation_id,
            }
        ]

    def transfers(self) -> list[dict[str, Any]]:
        """Return the section ``transfers``."""
        skills = self._about.skills
        made = []
        turns = list(zip(self._agents, self._talk.turns(len(self._agents)), strict=True))
        for place, ((source, _), (target, moment)) in enumerate(pairwise(turns)):
            before, after = skills[min(place, len(skills) - 1)], skills[min(place + 1, len(skills) - 1)]
            made.append(
                {
                    "timeL": moment,
                    "time": offset_text(moment),
                    "assignedAgentId": target.agent_id,
                    "assignedAgentNickname": target.nickname,
                    "assignedAgentFullName": target.nickname,
                    "assignedAgentLoginName": target.login,
                    "targetSkillId": after,
                    "targetSkillName": self._talk.skill(after),
                    "reason": "Skill" if before != after else "Agent",
                    "by": source.agent_id,
                    "sourceSkillId": before,
                    "sourceSkillName": self._talk.skill(before),
                    "sourceAgentId": source.agent_id,
                    "sourceAgentNickname": source.nickname,
                    "sourceAgentFullName": source.nickname,
                    "sourceAgentLoginName": source.login,
                    "dialogId": self._about.conversation_id,
                    **({"contextData": self._reason("transfer")} if source.user_type == BOT else {}),
                }
            )
        return made

    def interactions(self) -> list[dict[str, Any]]:
        """Return the section ``interactions``."""
        turns = zip(self._agents, self._talk.turns(len(self._agents)), strict=True)
        return [
            {
                "assignedAgentId": agent.agent_id,
                "assignedAgentNickname": agent.nickname,
                "assignedAgentFullName": agent.nickname,
                "assignedAgentLoginName": agent.login,
                "interactionTimeL": moment + 5_000,
                "interactionTime": offset_text(moment + 5_000),
                "interactiveSequence": place,
                "dialogId": self._about.conversation_id,
            }
            for place, (agent, moment) in enumerate(turns, 1)
        ]

    def dialogs(self) -> list[dict[str, Any]]:
        """Return the section ``dialogs``."""
        about = self._about
        made = [self._dialog(about.conversation_id, "MAIN", about.start, about.close)]
        if about.survey != NEVER:
            made.append(self._dialog(self._talk.survey_dialog, "POST_SURVEY", about.close, about.survey))
        return made

    def _dialog(self, dialog: str, kind: str, start: int, end: int) -> dict[str, Any]:
        skill = self._about.skills[-1]
        made = {
            "dialogId": dialog,
            "status": "OPEN" if end == NEVER else "CLOSE",
            "dialogType": kind,
            "dialogChannelType": "MESSAGING",
            "startTime": offset_text(start),
            "startTimeL": start,
            "skillId": skill,
            "skillName": self._talk.skill(skill),
        }
        if end != NEVER:
            made |= {
                "endTime": offset_text(end),
                "endTimeL": end,
                "closeReason": "AGENT",
                "closeReasonDescription": "MANUAL_CLOSE",
            }
        return made
