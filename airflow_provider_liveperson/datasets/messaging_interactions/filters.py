"""The filters of a search for conversations."""

from __future__ import annotations

from airflow_provider_liveperson.datasets.messaging_interactions.requests import CONTENT, STATUSES
from airflow_provider_liveperson.datasets.model.filters import (
    Fields,
    Filter,
    Flag,
    InstantRange,
    Range,
    Text,
    Texts,
)
from airflow_provider_liveperson.datasets.model.months import Months

_RANGE = Months(3)
_SDES = (
    "personalInfo",
    "customerInfo",
    "userUpdate",
    "marketingCampaignInfo",
    "lead",
    "purchase",
    "viewedProduct",
    "cartStatus",
    "serviceActivity",
    "visitorError",
    "searchContent",
)
FILTERS: dict[str, Filter] = {
    "start": InstantRange(
        description="Only conversations that started in this range, both ends inside, at most three months. Not"
        " with the cursor start.",
        longest=_RANGE,
    ),
    "end": InstantRange(
        description="Only conversations that ended in this range, both ends inside, at most three months. Not with"
        " the cursor end.",
        longest=_RANGE,
    ),
    "fullDialogEndTime": InstantRange(
        description="Only conversations that ended in this range, survey included. Not with the cursor"
        " full_dialog_end.",
        longest=_RANGE,
    ),
    "latestUpdateTime": InstantRange(
        description="Only conversations updated since. Not with the cursor updated.", bounds=("from",)
    ),
    "status": Texts(
        description="Only conversations of these states. Default: those that the cursor can find.",
        choices=STATUSES,
    ),
    "skillIds": Texts(description="Only conversations that any of these skills took part in."),
    "latestSkillIds": Texts(
        description="Only conversations whose last skill is one of these; -1: unassigned."
    ),
    "agentIds": Texts(description="Only conversations of these agents; see userPermissions."),
    "latestAgentIds": Texts(description="Only conversations whose last agent is one of these."),
    "agentGroupIds": Texts(description="Only conversations of agents in these groups."),
    "userPermissions": Texts(
        description="In which part agentIds took part.",
        choices=("ASSIGNED_AGENT", "AGENT", "AGENT_MANGER", "READER"),
    ),
    "keyword": Text(description="Only conversations with this word, or quoted phrase, in a message."),
    "summary": Text(description="Only conversations with this word, or quoted phrase, in the summary."),
    "duration": Range(
        description="Only conversations that lasted this long, in seconds.", maximum=13 * 31 * 86_400
    ),
    "mcs": Range(description="Only conversations with such a Meaningful Connection Score.", maximum=100),
    "csat": Range(
        description="Only conversations with such a customer satisfaction.", minimum=1, maximum=5, whole=False
    ),
    "nps": Range(description="Only conversations with such a net promoter score.", maximum=10, whole=False),
    "alertedMcsValues": Texts(
        description="Only conversations with such an alert of the score.", choices=("-1", "0", "1")
    ),
    "source": Texts(
        description="Only conversations from these channels.",
        choices=("APP", "SHARK", "AGENT", "SMS", "FACEBOOK", "Apple Business Chat", "WhatsApp Business"),
    ),
    "device": Texts(
        description="Only conversations from such devices.", choices=("DESKTOP", "TABLET", "MOBILE", "NA")
    ),
    "messageContentTypes": Texts(
        description="Only conversations with such messages.",
        choices=(
            "TEXT_PLAIN",
            "TEXT_HTML",
            "LINK",
            "HOSTED_FILE",
            "IMG",
            "SECURE_FORM_INVITATION",
            "SECURE_FORM_SUBMIT",
            "RICH_CONTENT",
        ),
    ),
    "latestConversationQueueState": Text(
        description="Only conversations in this state.", choices=("IN_QUEUE", "ACTIVE")
    ),
    "sdeSearch": Fields(
        description="Only conversations with such engagement attributes; searchable after two hours.",
        names=_SDES,
    ),
    "responseTime": InstantRange(
        description="Only conversations in which the agent's answer was due in this range."
    ),
    "questionBrick": Text(description="Survey: the name of the question's brick."),
    "answerText": Texts(description="Survey: only conversations with such an answer."),
    "surveyIds": Texts(description="Survey: only conversations with one of these surveys."),
    "fcr": Texts(description="Survey: first contact resolution.", choices=("yes", "no", "1", "0")),
    "invalidFreeTextAnswer": Text(
        description="Survey: only conversations with an invalid free text.",
        choices=("INVALID_FREE_TEXT_ANSWER",),
    ),
    "surveyBotConversations": Text(
        description="Survey: only conversations with a survey bot.", choices=("SURVEY_BOT",)
    ),
    "questionTypeAndFormatToRetrieve": Fields(
        description="Survey: only answers of this type (custom, csat, nps, fcr) and format (single, open).",
        names=("type", "format"),
    ),
    "selectedIntentOnly": Flag(description="Leave out all classifications but the selected. Default: false."),
    "conversationsWithStepUpOnly": Flag(
        description="Only conversations that were stepped up. Default: false."
    ),
    "agentSurveySearch": Fields(
        description="Only conversations with such an agent survey.",
        names=(
            "pendingAgentSurvey",
            "questionId",
            "questionName",
            "questionKeywords",
            "answerKeywords",
            "surveyId",
        ),
    ),
    "annotationStates": Texts(
        description="Only conversations with such annotations.", choices=("OPEN", "SUBMITTED", "VETTED")
    ),
    "contentToRetrieve": Texts(
        description="Only these sections of each conversation, beside info. Default: all of them.",
        choices=CONTENT,
    ),
}
