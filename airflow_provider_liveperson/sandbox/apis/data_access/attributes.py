"""What is invented of web sessions that may be of many types: engagement attributes, and goals."""

from __future__ import annotations

import random
from typing import Any

from airflow_provider_liveperson.sandbox.apis.data_access.bodies import Typed


def _cart() -> dict[str, Any]:
    product = Typed("Product", {"name": "Stiefel “Ötzi”", "category": "shoes", "sku": "S-7", "price": 42.5})
    return {
        "total": 42.5,
        "currency": "EUR",
        "numItems": 1,
        "products": [Typed("ProductQuantity", {"quantity": 1, "product": product})],
    }


def attribute(chance: random.Random, moment: int) -> Typed:
    """Invent an engagement attribute, of any type.

    :param chance: a source of chance.
    :param moment: when it was set, epoch milliseconds.
    """
    data: dict[str, dict[str, Any]] = {
        "CustomerInfo": {
            "customerStatus": "gold",
            "customerType": chance.choice((None, "private")),
            "balance": -12.5,
            "currency": "EUR",
            "customerId": f"C-{chance.randrange(10**6)}",
            "socialId": "S-1",
            "imei": "490154203237518",
            "userName": "Zoë",
            "companySize": 7,
            "companyBranch": "Köln",
            "accountName": "O'Brien & Söhne",
            "role": "buyer",
            "lastPaymentDate": Typed("YMDDate", {"year": 2025, "month": 12, "day": 31}),
            "registrationDate": Typed("YMDDate", {"year": 2013, "month": 5, "day": 23}),
            "storeZipCode": "20505",
            "storeNumber": "123865",
            "loginStatus": "1",
        },
        "PersonalInfo": {
            "name": "Zoë",
            "surname": "O'Brien",
            "gender": chance.choice((None, "OTHER")),
            "company": "Acme",
            "customerAge": Typed(
                "CustomerAge",
                {
                    "customerAgeInYears": 35,
                    "customerYearOfBirth": 1990,
                    "customerMonthOfBirth": 4,
                    "customerDateOfBirth": 15,
                },
            ),
            "contacts": [
                Typed("Contact", {"email": "zoe@mail.test", "phone": chance.choice((None, "+49 30 000000"))})
            ],
            "language": "de-DE",
        },
        "Lead": {"topic": "Größe", "leadId": "L-1", "value": 0.5, "currency": "EUR"},
        "CartStatus": _cart(),
        "Purchase": {
            "total": 42.5,
            "currency": "EUR",
            "orderId": "O-1",
            "cart": Typed("CartStatus", _cart()),
        },
        "ServiceActivity": {"topic": "reset", "status": 0, "category": "account", "serviceId": "S-1"},
        "VisitorError": {
            "contextId": "address",
            "message": "ZIP?",
            "code": "er1",
            "level": 2,
            "resolved": True,
        },
        "MarketingCampaignInfo": {
            "originatingChannel": 2,
            "affiliate": "newsletter",
            "campaignId": "S-26",
        },
        "SearchContent": {"keywords": ["boots", "größe 42"]},
    }
    name = chance.choice(list(data))
    about = {"isAuthenticated": True, "authenticatedConversationId": f"{chance.getrandbits(64):016x}"}
    content = Typed(name, {**data[name], **about}, is_union=True)
    return Typed("EngagementAttribute", {"timestamp": moment, "data": content})


def achieved_goal(chance: random.Random, moment: int, engagement: Typed, campaign: Typed) -> Typed:
    """Invent a goal that a visitor has reached, of any type.

    :param chance: a source of chance.
    :param moment: when, epoch milliseconds.
    :param engagement: the engagement that a goal may be about.
    :param campaign: its campaign.
    """
    reached: dict[str, dict[str, Any]] = {
        "ReduceAbandonmentGoalMetadata": {"numberOfPages": 2},
        "UrlGoalMetadata": {"url": "https://shop.acme.test/thanks"},
        "PurchaseGoalMetadata": {"total": 42.5, "orderId": "O-1", "cartStatus": Typed("CartStatus", _cart())},
        "EngagementGoalMetadata": {"engagement": engagement, "campaign": campaign},
        "LeadGoalMetadata": {"topic": "Größe", "leadId": "L-1", "value": 0.5},
        "ServiceGoalMetadata": {
            "topic": "reset",
            "status": 0,
            "category": "account",
            "serviceId": "S-1",
        },
    }
    name = chance.choice(list(reached))
    return Typed(
        "AchievedGoal",
        {
            "id": f"{chance.getrandbits(128):032x}",
            "timestamp": moment,
            "campaignGoalRevision": 13,
            "campaignGoalId": 153_250_510,
            "campaignGoalType": 1,
            "goalMetaData": Typed(name, reached[name], is_union=True),
        },
    )
