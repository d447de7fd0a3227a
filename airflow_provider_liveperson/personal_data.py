"""Fields with personal data, as far as LivePerson documents them: for ``drop_fields`` and ``hash_fields``.

>>> from airflow_provider_liveperson.personal_data import CONVERSATION_CONTENT, CONVERSATION_IDS
>>> LivePersonToS3Operator(  # doctest: +SKIP
...     dataset="messaging_interactions", drop_fields=CONVERSATION_CONTENT, hash_fields=CONVERSATION_IDS, ...
... )

What LivePerson does not document cannot be listed: a section or field that it adds later, or that an account's own
engagement attributes contain, is landed until it is listed.
"""

from __future__ import annotations

_AGENT = ("FullName", "LoginName", "Nickname")
_PARTICIPANTS = ("agentParticipants", "agentParticipantsLeave", "agentParticipantsActive")
_SURVEYS = ("latestAgentSurvey", "previouslySubmittedAgentSurveys")

CONVERSATION_CONTENT: tuple[str, ...] = (
    # Who the consumer is.
    *(
        f"consumerParticipants.{name}"
        for name in ("firstName", "lastName", "consumerName", "email", "phone", "token", "avatarURL")
    ),
    "sdes",
    "unAuthSdes",
    # Where the consumer is, and what they looked at.
    "info.ipAddress",
    *(
        f"monitoring.{name}"
        for name in (
            "ipAddress",
            "city",
            "state",
            "isp",
            "org",
            "conversationStartPage",
            "conversationStartPageTitle",
        )
    ),
    # What was written.
    "messageRecords.messageData",
    "messageRecords.contextData",
    "summary.text",
    "conversationSurveys.surveyData.answer",
    *(f"{survey}.submittedAnswers.answers.answer" for survey in _SURVEYS),
    "transfers.contextData",
    *(f"{participants}.contextData" for participants in _PARTICIPANTS),
    # Who the agents are.
    *(f"info.latestAgent{name}" for name in ("LoginName", "Nickname", "FullName")),
    *(f"{participants}.agent{name}" for participants in _PARTICIPANTS for name in _AGENT),
    *(f"transfers.{role}Agent{name}" for role in ("source", "assigned") for name in _AGENT),
    "transfers.by",
    *(f"interactions.{agent}{name}" for agent in ("assignedAgent", "agent") for name in _AGENT),
    *(
        f"{survey}.{role}Agent{name}"
        for survey in _SURVEYS
        for role in ("assigned", "performedBy")
        for name in _AGENT
    ),
)
"""Of ``messaging_interactions``: names, addresses and whereabouts of consumers, names of agents, and all free text."""

CONVERSATION_IDS: tuple[str, ...] = (
    "consumerParticipants.participantId",
    "messageRecords.participantId",
    "messageStatuses.participantId",
    "info.sessionId",
    "info.interactionContextId",
    "info.latestAgentId",
    *(f"{participants}.agentId" for participants in _PARTICIPANTS),
    "transfers.sourceAgentId",
    "transfers.assignedAgentId",
    "interactions.assignedAgentId",
    *(f"{survey}.{role}AgentId" for survey in _SURVEYS for role in ("assigned", "performedBy")),
    "coBrowseSessions.coBrowseSessionsList.agentId",
)
"""Of ``messaging_interactions``: ids of consumers, visits and agents. Hashed, they can still be counted and joined."""
