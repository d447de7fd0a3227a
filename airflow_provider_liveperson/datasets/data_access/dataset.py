"""Data Access: hourly files of what happened in an account.

LivePerson pages: `data-access-api-overview.html`, and `data-access-api-methods-….html` of `agent-activity`,
`web-session`, `engagement` and `survey`. The hosts are fixed, one in each region, and LivePerson switches the API on,
for each kind of file, on request.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.data_access.reader import HEADER, TYPE, DataAccessFiles
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.ranges import TimeRange
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
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

SERVICE = "dataAccess"

ACCESS = Access(kinds=(CredentialKind.API_KEY,), permission="Data Access, Read")
# A file whose scope begins just before the window's end is made an hour later, which takes a while.
LAG = timedelta(hours=2)
READER = DataAccessFiles(
    # By LivePerson's pages, files may be listed by their scope or by when they were made.
    range=TimeRange(start="startTime", end="endTime", late=LAG),
    no_files="No Available Files",
)
# Its table has the first name, its sample the second.
AGENT_READER = replace(READER, renamed={"agentUserName": "agentUsername"})
CURSORS = (
    Cursor(
        "scopeStartDate",
        "Each file once, in the window that holds the start of its scope: the hour in which LivePerson made it,"
        " which is up to 6 hours after a session is closed.",
    ),
)
LIMITS = Limits(max_range=timedelta(days=1), retention=timedelta(days=30), lag=LAG)
VISITOR: dict[str, Column] = {
    HEADER: Struct({"visitId": TEXT, "visitorId": TEXT, "contextId": TEXT}),
    TYPE: TEXT,
}

AGENT_ACTIVITY = Dataset(
    name="data_access_agent_activity",
    title="Agents' logins, states and chats, from files",
    page="data-access-api-methods-agent-activity.html",
    request=RequestTemplate(service=SERVICE, path="/data_access_le/account/{account_id}/le/agentActivity"),
    access=ACCESS,
    reader=AGENT_READER,
    cursors=CURSORS,
    primary_key=("agentID", "timestamp", "type"),
    limits=LIMITS,
    columns={
        "agentID": TEXT,
        "type": INTEGER,
        "state": INTEGER,
        "timestamp": TIMESTAMP,
        "prevState": INTEGER,
        "agentEmployeeId": TEXT,
        "agentUsername": Personal(TEXT),
        "agentNickname": Personal(TEXT),
        "agentLoginname": Personal(TEXT),
        "prevConcurrentEng": INTEGER,
        "concurrentEng": INTEGER,
        "maxConcurrentEng": INTEGER,
        "agentGroupID": TEXT,
        "userProfileIDs": Array(TEXT),
        HEADER: Struct({"agentSessionId": TEXT}),
        TYPE: TEXT,
    },
)

_REVISED = Struct({"id": TEXT, "revision": INTEGER})
_ENGAGEMENT: dict[str, Column] = {
    "id": TEXT,
    "channel": TEXT,
    "type": TEXT,
    "visitorBehaviors": Array(_REVISED),
    "skillId": TEXT,
    "skillName": TEXT,
    "surveySkills": Array(Struct({"id": TEXT, "name": TEXT})),
    "isOffsiteEngagement": BOOLEAN,
    "availabilityPolicy": TEXT,
    "interactionType": INTEGER,
    "renderingType": INTEGER,
}
_CAMPAIGN = Struct({"id": TEXT, "visitorProfiles": Array(_REVISED)})
_GOAL = Struct({"id": TEXT, "type": INTEGER, "indicatorType": INTEGER})
_DAY = Struct({"year": INTEGER, "month": INTEGER, "day": INTEGER})
_PRODUCTS = Array(
    Struct(
        {
            "quantity": INTEGER,
            "product": Struct({"name": TEXT, "category": TEXT, "sku": TEXT, "price": NUMBER}),
        }
    )
)
_CART: dict[str, Column] = {"total": NUMBER, "currency": TEXT, "numItems": INTEGER, "products": _PRODUCTS}
# The fields of all types of attributes: the object that names the type is taken away, and the fields tell it.
_ATTRIBUTE = Struct(
    {
        # of several types
        "isAuthenticated": BOOLEAN,
        "authenticatedConversationId": TEXT,
        **_CART,
        "topic": TEXT,
        # purchase
        "orderId": TEXT,
        "cart": Struct(_CART),
        # lead
        "leadId": TEXT,
        "value": NUMBER,
        # customer info
        "customerStatus": TEXT,
        "customerType": TEXT,
        "balance": Personal(NUMBER),
        "customerId": TEXT,
        "socialId": Personal(TEXT),
        "imei": Personal(TEXT),
        "userName": Personal(TEXT),
        "companySize": INTEGER,
        "companyBranch": TEXT,
        "accountName": Personal(TEXT),
        "role": TEXT,
        "lastPaymentDate": _DAY,
        "registrationDate": _DAY,
        "storeZipCode": TEXT,
        "storeNumber": TEXT,
        "loginStatus": INTEGER,
        # personal info
        "name": Personal(TEXT),
        "surname": Personal(TEXT),
        "gender": Personal(TEXT),
        "company": Personal(TEXT),
        "customerAge": Personal(
            Struct(
                {
                    "customerAgeInYears": INTEGER,
                    "customerYearOfBirth": INTEGER,
                    "customerMonthOfBirth": INTEGER,
                    "customerDateOfBirth": INTEGER,
                }
            )
        ),
        "contacts": Personal(Array(Struct({"email": TEXT, "phone": TEXT}))),
        "language": TEXT,
        # service activity
        "status": INTEGER,
        "category": TEXT,
        "serviceId": TEXT,
        # visitor error
        "contextId": TEXT,
        "message": Personal(TEXT),
        "code": TEXT,
        "level": INTEGER,
        "resolved": BOOLEAN,
        # marketing campaign info; search content
        "originatingChannel": INTEGER,
        "affiliate": TEXT,
        "campaignId": TEXT,
        "keywords": Personal(Array(TEXT)),
    }
)

WEB_SESSION = Dataset(
    name="data_access_web_session",
    title="Web sessions, from Data Access files",
    page="data-access-api-methods-web-session.html",
    request=RequestTemplate(service=SERVICE, path="/data_access_le/account/{account_id}/le/webSession"),
    access=ACCESS,
    reader=READER,
    cursors=CURSORS,
    # Within a visit, records of one instant are not told apart by anything, and some have no instant.
    limits=LIMITS,
    columns={
        # of all classes but two
        "timestamp": TIMESTAMP,
        # where the visitor is
        "iPV4": Personal(TEXT),
        "iPV6": Personal(TEXT),
        "country": TEXT,
        "city": Personal(TEXT),
        "state": Personal(TEXT),  # of the country; of impressions, another one
        "org": Personal(TEXT),
        "isp": Personal(TEXT),
        "countryCode": TEXT,
        # the session
        "sessionStartTime": TIMESTAMP,
        "userAgent": Personal(TEXT),
        "deviceOS": TEXT,
        "deviceFamily": TEXT,
        "siteControlGroup": TEXT,
        "searchEngine": TEXT,
        "searchEngineKey": Personal(TEXT),
        # navigation
        "url": Personal(TEXT),
        "referrerUrl": Personal(TEXT),
        "sections": Array(TEXT),
        # engagement attributes
        "data": _ATTRIBUTE,
        # eligibility
        "eligibleCampaigns": Array(
            Struct(
                {
                    "campaign": _CAMPAIGN,
                    "engagements": Array(Struct(_ENGAGEMENT)),
                    "goal": _GOAL,
                    "controlGroupType": TEXT,
                }
            )
        ),
        # impressions
        "engagementInstanceId": TEXT,
        "impressionType": TEXT,
        "engagement": Struct(_ENGAGEMENT),
        "campaign": _CAMPAIGN,
        "goal": _GOAL,
        # goals achieved
        "id": TEXT,
        "campaignGoalId": TEXT,
        "campaignGoalRevision": INTEGER,
        "campaignGoalType": INTEGER,
        "goalMetaData": Struct(
            {
                "url": Personal(TEXT),
                "total": NUMBER,
                "orderId": TEXT,
                "cartStatus": Struct(_CART),
                "numberOfPages": INTEGER,
                "engagement": Struct(_ENGAGEMENT),
                "campaign": _CAMPAIGN,
                "topic": TEXT,
                "leadId": TEXT,
                "value": NUMBER,
                "status": INTEGER,
                "category": TEXT,
                "serviceId": TEXT,
            }
        ),
        **VISITOR,
    },
)

ENGAGEMENT = Dataset(
    name="data_access_engagement",
    title="Conversations with transcripts, from files",
    page="data-access-api-methods-engagement.html",
    request=RequestTemplate(service=SERVICE, path="/data_access_le/account/{account_id}/le/engagement"),
    access=ACCESS,
    reader=READER,
    cursors=CURSORS,
    primary_key=("conversationId",),
    limits=LIMITS,
    columns={
        "type": TEXT,
        "conversationId": TEXT,
        "conversationStartTime": TIMESTAMP,
        "interactionStartTime": TIMESTAMP,
        "conversationEndTime": TIMESTAMP,
        "consumerId": TEXT,
        "isInteractive": BOOLEAN,
        "sourceOrigin": TEXT,
        "sourceDevice": TEXT,
        "startReasonId": INTEGER,
        "endReasonId": INTEGER,
        "campaignData": Struct({"campaignId": TEXT, "campaignEngagementId": TEXT}),
        "agentId": TEXT,
        "skillID": TEXT,
        "skills": Array(TEXT),
        "startPage": Personal(TEXT),
        "startUrl": Personal(TEXT),
        "transcripts": Array(
            Struct(
                {
                    "text": Personal(TEXT),
                    "timestamp": TIMESTAMP,
                    "by": Personal(TEXT),
                    "type": TEXT,
                    "controlType": TEXT,
                    "agentId": TEXT,
                    "contentFormat": TEXT,
                    "messageId": TEXT,
                    "dialogId": TEXT,
                    "fileData": Personal(Struct({"caption": TEXT, "fileType": TEXT})),
                    "linkData": Personal(
                        Struct({"externalFileLink": TEXT, "fileType": TEXT, "caption": TEXT})
                    ),
                    "mcs": JSON,
                }
            )
        ),
        "transfers": Array(
            Struct(
                {
                    "timestamp": TIMESTAMP,
                    "skillId": TEXT,
                    "targetSkillId": TEXT,
                    "agentId": TEXT,
                    "targetAgentId": TEXT,
                    "reason": INTEGER,
                    "queueStartTime": TIMESTAMP,
                    "queueEndTime": TIMESTAMP,
                }
            )
        ),
        "secureForms": Personal(Array(JSON)),
        "mcs": JSON,
        "queueStartTime": TIMESTAMP,
        "queueEndTime": TIMESTAMP,
        **VISITOR,
    },
)

SURVEY = Dataset(
    name="data_access_survey",
    title="Surveys and their answers, from Data Access files",
    page="data-access-api-methods-survey.html",
    request=RequestTemplate(service=SERVICE, path="/data_access_le/account/{account_id}/le/survey"),
    access=ACCESS,
    reader=READER,
    cursors=CURSORS,
    primary_key=("_header.visitId", "conversationId", "id", "viewTime"),
    limits=LIMITS,
    columns={
        "id": TEXT,
        "type": INTEGER,
        "viewTime": TIMESTAMP,
        "conversationId": TEXT,
        "contents": Array(
            Struct(
                {
                    "question": TEXT,
                    "answer": Personal(TEXT),
                    "answerSubmitTime": TIMESTAMP,
                    "surveyName": TEXT,
                    "answerType": INTEGER,
                    "csatThreshold": NUMBER,
                }
            )
        ),
        **VISITOR,
    },
)

DATASETS = (AGENT_ACTIVITY, WEB_SESSION, ENGAGEMENT, SURVEY)
