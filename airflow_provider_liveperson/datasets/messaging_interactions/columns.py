"""The columns of conversation records of LivePerson's Messaging Interactions API.

They follow LivePerson's page `messaging-interactions-api-methods-conversations.html` and its samples. All ids are
text, because the same id comes as a number here and as a string there. Fields whose name ends in ``L`` are
milliseconds since 1970, and -1 where there is no such time. What LivePerson does not document, or shapes
differently from type to type, is kept as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_liveperson.records.columns import (
    BOOLEAN,
    INTEGER,
    JSON,
    NUMBER,
    TEXT,
    TIMESTAMP,
    Array,
    Column,
    Personal,
    Struct,
)

_NAME = Personal(TEXT)


def _each(column: Column, *names: str) -> dict[str, Column]:
    return dict.fromkeys(names, column)


def _times(*names: str) -> dict[str, Column]:
    """Each time as an instant and, with an L, as milliseconds."""
    both: dict[str, Column] = {}
    for name in names:
        both |= {name: TIMESTAMP, f"{name}L": INTEGER}
    return both


_INFO = Struct(
    {
        **_each(TEXT, "conversationId", "brandId", "status", "fullDialogStatus"),
        **_times("startTime", "endTime", "conversationEndTime", "fullDialogEndTime"),
        "duration": INTEGER,
        **_each(TEXT, "closeReason", "closeReasonDescription"),
        "firstConversation": BOOLEAN,
        **_each(NUMBER, "csat", "csatRate", "mcs"),
        "alertedMCS": INTEGER,
        **_each(TEXT, "source", "device", "deviceModel"),
        **_each(TEXT, "latestSkillId", "latestSkillName"),
        "latestAgentId": TEXT,
        **_each(_NAME, "latestAgentLoginName", "latestAgentNickname", "latestAgentFullName"),
        "agentDeleted": BOOLEAN,
        **_each(TEXT, "latestAgentGroupId", "latestAgentGroupName", "latestQueueState"),
        **_each(TEXT, "browser", "browserVersion", "operatingSystem", "operatingSystemVersion"),
        "isPartial": BOOLEAN,
        **_each(TEXT, "sessionId", "interactionContextId", "timeZone"),
        "features": Array(TEXT),
        **_each(TEXT, "language", "integration", "integrationVersion", "appId", "appVersion"),
        "ipAddress": Personal(TEXT),
        **_each(BOOLEAN, "wasStepUp", "pendingAgentSurvey"),
        **_each(TEXT, "firstIntentName", "firstIntentLabel"),
    }
)

_CAMPAIGN = Struct(
    {
        **_each(TEXT, "campaignId", "campaignName", "campaignEngagementId", "campaignEngagementName"),
        **_each(TEXT, "goalId", "goalName", "lobId", "lobName", "locationId", "locationName"),
        **_each(TEXT, "visitorBehaviorId", "visitorBehaviorName", "visitorProfileId", "visitorProfileName"),
        **_each(TEXT, "engagementApplicationId", "engagementApplicationName"),
        **_each(TEXT, "engagementApplicationTypeId", "engagementApplicationTypeName"),
        **_each(TEXT, "engagementSource", "engagementAgentNote"),
        **_each(BOOLEAN, "profileSystemDefault", "behaviorSystemDefault"),
    }
)

_MONITORING = Struct(
    {
        **_each(TEXT, "country", "countryCode"),
        **_each(Personal(TEXT), "state", "city", "isp", "org"),
        "device": TEXT,
        "ipAddress": Personal(TEXT),
        **_each(TEXT, "browser", "operatingSystem"),
        **_each(Personal(TEXT), "conversationStartPage", "conversationStartPageTitle"),
    }
)

_MESSAGE = Struct(
    {
        "messageId": TEXT,
        "seq": INTEGER,
        **_each(TEXT, "dialogId", "type"),
        "messageData": Personal(JSON),
        **_each(TEXT, "participantId", "sentBy", "audience"),
        **_times("time"),
        **_each(TEXT, "source", "device"),
        "contextData": Personal(JSON),
    }
)

_AGENT = Struct(
    {
        "agentId": TEXT,
        **_each(_NAME, "agentFullName", "agentNickname", "agentLoginName"),
        "agentDeleted": BOOLEAN,
        **_each(TEXT, "userType", "userTypeName", "role", "permission", "agentGroupId", "agentGroupName"),
        **_times("time"),
        "dialogId": TEXT,
        "contextData": Personal(JSON),
    }
)

_CONSUMER = Struct(
    {
        "participantId": TEXT,
        **_each(Personal(TEXT), "firstName", "lastName", "email", "phone", "token", "avatarURL"),
        "consumerName": _NAME,
        **_times("time", "joinTime"),
        "dialogId": TEXT,
    }
)

_ASSIGNED_AGENT: dict[str, Column] = {
    "assignedAgentId": TEXT,
    **_each(_NAME, "assignedAgentFullName", "assignedAgentLoginName", "assignedAgentNickname"),
}

_TRANSFER = Struct(
    {
        **_times("time"),
        "reason": TEXT,
        "by": _NAME,
        **_each(TEXT, "sourceSkillId", "sourceSkillName", "targetSkillId", "targetSkillName"),
        "sourceAgentId": TEXT,
        **_each(_NAME, "sourceAgentFullName", "sourceAgentLoginName", "sourceAgentNickname"),
        **_ASSIGNED_AGENT,
        "dialogId": TEXT,
        "contextData": Personal(JSON),
    }
)

_INTERACTION = Struct(
    {
        "interactiveSequence": INTEGER,
        **_times("interactionTime"),
        **_ASSIGNED_AGENT,
        # LivePerson's table has these names, its samples those above.
        **_each(_NAME, "agentLoginName", "agentNickname", "agentFullName"),
        "dialogId": TEXT,
    }
)

_DIALOG = Struct(
    {
        **_each(TEXT, "dialogId", "status", "dialogType", "dialogChannelType"),
        **_times("startTime", "endTime"),
        **_each(TEXT, "closeReason", "closeReasonDescription", "skillId", "skillName"),
    }
)

_MESSAGE_SCORE = Struct(
    {"messageId": TEXT, "messageRawScore": NUMBER, "mcs": NUMBER, **_times("time")},
)

_MESSAGE_STATUS = Struct(
    {
        "messageId": TEXT,
        "seq": INTEGER,
        **_each(TEXT, "dialogId", "participantId", "participantType", "messageDeliveryStatus"),
        **_times("time"),
    }
)

_CONVERSATION_SURVEY = Struct(
    {
        **_each(TEXT, "surveyType", "surveyStatus", "dialogId", "surveyId"),
        "surveyData": Array(
            Struct(
                {
                    "question": TEXT,
                    "answer": Personal(TEXT),
                    **_each(TEXT, "questionId", "answerId", "questionType", "questionFormat"),
                    "answerSeq": INTEGER,
                    "isValidAnswer": BOOLEAN,
                }
            )
        ),
    }
)

_CO_BROWSE_SESSION = Struct(
    {
        "sessionId": TEXT,
        **_times("startTime", "endTime", "interactiveTime"),
        **_each(BOOLEAN, "interactive", "isInteractive"),
        "endReason": TEXT,
        "duration": INTEGER,
        "type": TEXT,
        "capabilities": Array(TEXT),
        "agentId": TEXT,
    }
)

_CLASSIFICATION = Struct(
    {
        **_each(TEXT, "intentName", "intentLabel"),
        "confidenceScore": NUMBER,
        "versions": Array(Struct(_each(TEXT, "modelName", "modelVersion"))),
    }
)

_AGENT_SURVEY = Struct(
    {
        **_each(TEXT, "surveyStatus", "statusReason", "dialogId", "surveyId"),
        **_each(TEXT, "acSurveyId", "acSurveyName", "acSurveyRevision", "surveySkillId", "surveySkillName"),
        **_ASSIGNED_AGENT,
        "performedByAgentId": TEXT,
        **_each(_NAME, "performedByAgentFullName", "performedByAgentLoginName", "performedByAgentNickname"),
        "lastUpdateTime": TIMESTAMP,
        "submittedAnswers": Array(
            Struct(
                {
                    **_each(TEXT, "questionText", "questionId", "questionDefinition", "questionCategory"),
                    "answers": Array(Struct({"answer": Personal(TEXT), "answerId": TEXT})),
                }
            )
        ),
    }
)

# The payload of an event has another shape for each of its types.
_ATTRIBUTES = Struct({"events": Array(JSON)})

CONVERSATION: Mapping[str, Column] = {
    "info": _INFO,
    "campaign": _CAMPAIGN,
    "monitoring": _MONITORING,
    "messageRecords": Array(_MESSAGE),
    "agentParticipants": Array(_AGENT),
    "agentParticipantsLeave": Array(_AGENT),
    "agentParticipantsActive": Array(_AGENT),
    "consumerParticipants": Array(_CONSUMER),
    "transfers": Array(_TRANSFER),
    "interactions": Array(_INTERACTION),
    "dialogs": Array(_DIALOG),
    "messageScores": Array(_MESSAGE_SCORE),
    "messageStatuses": Array(_MESSAGE_STATUS),
    "conversationSurveys": Array(_CONVERSATION_SURVEY),
    "coBrowseSessions": Struct({"coBrowseSessionsList": Array(_CO_BROWSE_SESSION)}),
    "sdes": Personal(_ATTRIBUTES),
    "unAuthSdes": Personal(_ATTRIBUTES),
    "summary": Struct({"text": Personal(TEXT), "lastUpdatedTime": TIMESTAMP}),
    "responseTime": Struct(_each(INTEGER, "latestEffectiveResponseDueTime", "configuredResponseTime")),
    "intents": Array(
        Struct(
            {
                "messageId": TEXT,
                "selectedClassification": _CLASSIFICATION,
                "allClassifications": Array(_CLASSIFICATION),
            }
        )
    ),
    "uniqueIntents": Array(Struct(_each(TEXT, "intentName", "intentLabel"))),
    "skillChanges": JSON,
    "latestAgentSurvey": _AGENT_SURVEY,
    "previouslySubmittedAgentSurveys": Array(_AGENT_SURVEY),
}
"""The columns of one conversation."""
