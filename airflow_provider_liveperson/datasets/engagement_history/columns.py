"""The columns of one chat of LivePerson's Engagement History API.

They follow LivePerson's pages `engagement-history-api-methods.html` and
`engagement-history-api-engagement-attributes.html`, their samples, and what clients read. All ids are text, because the
same id comes as a number here and as a string there. Fields whose name ends in ``L`` are milliseconds since 1970.
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

_PERSONAL = Personal(TEXT)


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
        **_each(TEXT, "engagementId", "sharkEngagementId", "accountId"),
        **_times("startTime", "endTime", "chatRequestedTime"),
        "duration": INTEGER,  # seconds
        "visitorId": TEXT,
        "visitorName": _PERSONAL,
        "agentId": TEXT,
        # LivePerson once wrote the first, and writes the others.
        **_each(_PERSONAL, "agentName", "agentNickName", "agentLoginName", "agentFullName"),
        "agentDeleted": BOOLEAN,
        **_each(TEXT, "skillId", "skillName", "agentGroupId", "agentGroupName"),
        "channel": INTEGER,
        **_each(TEXT, "startReason", "startReasonDesc", "endReason", "endReasonDesc"),
        **_each(INTEGER, "engagementSet", "engagementSequence"),
        **_each(BOOLEAN, "isInteractive", "interactive", "ended"),
        **_each(BOOLEAN, "isPreChatSurvey", "isPostChatSurvey", "isAgentSurvey"),
        **_each(NUMBER, "mcs", "chatMCS"),
        "alertedMCS": INTEGER,
        **_each(_PERSONAL, "chatStartUrl", "chatStartPage"),
        **_each(BOOLEAN, "isPartial", "chatDataEnriched"),
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

_VISITOR = Struct(
    {
        **_each(TEXT, "country", "countryCode"),
        **_each(_PERSONAL, "state", "city", "isp", "org", "ipAddress"),
        **_each(TEXT, "device", "browser", "browserType", "operatingSystem"),
    }
)

_LINE = Struct(
    {
        **_times("time"),
        **_each(TEXT, "lineSeq", "textType"),
        "text": _PERSONAL,
        "json": Personal(JSON),  # of a rich line, instead of a text
        "by": _PERSONAL,
        **_each(TEXT, "source", "agentId", "subType", "controlType", "cannedAnswerType"),
    }
)

_CO_BROWSE_SESSION = Struct(
    {
        "sessionId": TEXT,
        **_times("startTime", "endTime", "interactiveTime"),
        "interactive": BOOLEAN,
        "endReason": TEXT,
        "duration": INTEGER,  # milliseconds
        "type": TEXT,
        "agentId": TEXT,
    }
)

_ANSWER = Struct(
    {
        **_each(TEXT, "surveyID", "questionID", "scope", "source", "displayName", "name"),
        **_times("time"),
        "value": _PERSONAL,
        "values": Personal(Array(TEXT)),
        "answersId": Array(TEXT),
    }
)

_PRODUCTS = Array(
    Struct(
        {
            "quantity": INTEGER,
            "product": Struct({**_each(TEXT, "name", "category", "sku"), "price": NUMBER}),
        }
    )
)
_STAMPS: dict[str, Column] = {"originalTimeStamp": TIMESTAMP, "serverTimeStamp": TIMESTAMP}
_CART: dict[str, Column] = {"total": NUMBER, "currency": TEXT, "numItems": INTEGER, "products": _PRODUCTS}
_DATE = Struct(_each(INTEGER, "year", "month", "day"))


def _payload(name: str, fields: Mapping[str, Column]) -> Struct:
    """An event's content, whose fields LivePerson puts into it, or into a field of the same name inside it."""
    return Struct({**_STAMPS, **fields, name: Struct(fields)})


_CUSTOMER_INFO = _payload(
    "customerInfo",
    {
        **_each(TEXT, "customerStatus", "customerType"),
        "balance": NUMBER,
        **_each(TEXT, "currency", "customerId", "socialId", "imei", "userName", "accountName", "role"),
        **_each(_DATE, "lastPaymentDate", "registrationDate"),
        "companySize": INTEGER,
        **_each(TEXT, "companyBranch", "storeZipCode", "storeNumber"),
        "loginStatus": INTEGER,
    },
)
_ADDRESS = Struct(_each(TEXT, "country", "region", "zipCode"))
_PERSONAL_INFO = _payload(
    "personalInfo",
    {
        **_each(TEXT, "name", "surname", "gender", "company", "language"),
        "customerAge": Struct(
            _each(
                NUMBER,
                "customerAgeInYears",
                "customerYearOfBirth",
                "customerMonthOfBirth",
                "customerDateOfBirth",
            )
        ),
        "contacts": Array(
            Struct({"personalContact": Struct({**_each(TEXT, "email", "phone"), "address": _ADDRESS})})
        ),
    },
)
_VIEWED: dict[str, Column] = {
    "products": _PRODUCTS,
    "currency": TEXT,
    "statusInStock": TEXT,
    "quantityInStock": INTEGER,
}
# The message and the code may be objects, {"string": …}.
_ERROR: dict[str, Column] = {
    "contextId": TEXT,
    **_each(JSON, "message", "code"),
    "level": INTEGER,
    "resolved": TEXT,
}

# Whom they are about, and what they wrote, is in all of them.
_EVENT = Personal(
    Struct(
        {
            "sdeType": TEXT,
            "serverTimeStamp": TIMESTAMP,
            "isAuthenticated": BOOLEAN,
            "customerInfo": _CUSTOMER_INFO,
            "personalInfo": _PERSONAL_INFO,
            "cartStatus": _payload("cartStatus", _CART),
            "purchase": _payload(
                "purchase",
                {"total": NUMBER, "currency": TEXT, "orderId": TEXT, "cart": Struct({**_STAMPS, **_CART})},
            ),
            "marketingCampaignInfo": _payload(
                "marketingCampaignInfo",
                {"originatingChannel": INTEGER, "affiliate": TEXT, "campaignId": TEXT},
            ),
            "searchContent": _payload("searchContent", {"keywords": Array(TEXT)}),
            # LivePerson's table has the first name of each, its sample the second.
            "viewedProduct": _payload("viewedProduct", _VIEWED),
            "viewProduct": _payload("viewProduct", _VIEWED),
            "visitorError": _payload("visitorError", _ERROR),
            "formFillingError": Struct({**_STAMPS, "visitorError": Struct(_ERROR)}),
            "lead": _payload("lead", {"topic": TEXT, "value": NUMBER, "currency": TEXT, "leadId": TEXT}),
            "serviceActivity": _payload(
                "serviceActivity", {"topic": TEXT, "status": INTEGER, "category": TEXT, "serviceId": TEXT}
            ),
        }
    )
)

ENGAGEMENT: Mapping[str, Column] = {
    "info": _INFO,
    "campaign": _CAMPAIGN,
    "visitorInfo": _VISITOR,
    "transcript": Struct({"lines": Array(_LINE)}),
    "lineScores": Array(Struct({"lineSeq": TEXT, "lineRawScore": NUMBER, "mcs": NUMBER})),
    "coBrowseSessions": Struct({"coBrowseSessionsList": Array(_CO_BROWSE_SESSION)}),
    "surveys": Struct(_each(Array(_ANSWER), "preChat", "postChat", "operator")),
    "sdes": Struct({"events": Array(_EVENT)}),
}
"""The columns of one chat."""
