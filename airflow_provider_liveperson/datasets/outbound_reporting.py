"""Outbound Reporting: the messages of Proactive Messaging and Connect to Messaging, one by one.

LivePerson page: `outbound-reporting-api-overview.html`, transactions of version 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow_provider_liveperson.client.messages import ApiRequest
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import Filter, Texts
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.ranges import TimeRange
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.model.slices import Partition, Query, Slice
from airflow_provider_liveperson.datasets.readers.offset_pages import OffsetPages
from airflow_provider_liveperson.records.columns import TEXT, TIMESTAMP, Personal

SERVICE = "outboundReporting"
MAX_PAGE_SIZE = 5000
MAX_PER_SECOND = 10
PRODUCTS = ("prmsg", "c2m")

FILTERS: dict[str, Filter] = {
    "product": Texts(
        description="Only these products: prmsg is Proactive Messaging, c2m Connect to Messaging. Default: both.",
        choices=PRODUCTS,
    ),
    "channels": Texts(description="Only messages through these channels.", choices=("sms", "wa", "inapp")),
    "skills": Texts(description="Only messages of these skills, by their names."),
    "messagestatus": Texts(
        description="Only messages in these states.",
        choices=("FAILED", "SKIPPED", "SENT", "DELIVERED", "READ", "RESPONDED"),
    ),
    "transactionids": Texts(description="Only these messages."),
}


class Transactions(OffsetPages):
    """Messages. Their range of time is in the query; filters and the page's place are in the body."""

    def request(self, dataset: Dataset, query: Query, slice_: Slice, place: Mapping[str, Any]) -> ApiRequest:
        filters = self.filters(query)
        return dataset.make_request(
            places=slice_.partition,
            params={name: str(value) for name, value in self.range_arguments(query, slice_).items()},
            json={**place, "filters": filters} if filters else dict(place),
        )


OUTBOUND_TRANSACTIONS = Dataset(
    name="outbound_transactions",
    title="Messages of Proactive Messaging and Connect to Messaging",
    page="outbound-reporting-api-overview.html",
    request=RequestTemplate(
        service=SERVICE,
        method="POST",
        path="/api/account/{account_id}/app/{product}/transactions/",
        params={"v": "2.0"},
    ),
    access=Access(kinds=(CredentialKind.API_KEY, CredentialKind.APP_JWT_V1, CredentialKind.LOGIN)),
    reader=Transactions(
        records="transactions",
        count=("page.count",),
        page_size=MAX_PAGE_SIZE,
        range=TimeRange(start="attemptedStartTime", end="attemptedEndTime"),
        partition=Partition(name="product", values=PRODUCTS, column="_product", is_in_path=True),
    ),
    cursors=(
        Cursor(
            "attemptedTime",
            "Each message once, in the window in which it was attempted, as it is when pulled. Its state changes for"
            " days: pull the last seven days again, and upsert.",
        ),
    ),
    primary_key=("_product", "transactionId"),
    limits=Limits(
        max_range=timedelta(days=1),
        retention=timedelta(days=397),
        lag=timedelta(minutes=20),
        max_per_second=MAX_PER_SECOND,
    ),
    columns={
        "transactionId": TEXT,
        "channel": TEXT,
        "skill": TEXT,
        "initialChannel": TEXT,
        "initialSkill": TEXT,
        "attemptedTime": TIMESTAMP,
        "eligibleTime": TIMESTAMP,
        "inviteTime": TIMESTAMP,
        "sentTime": TIMESTAMP,
        "deliveredTime": TIMESTAMP,
        "readTime": TIMESTAMP,
        "failedTime": TIMESTAMP,
        "skippedTime": TIMESTAMP,
        "cancelledTime": TIMESTAMP,
        "optInsTime": TIMESTAMP,
        "optOutsTime": TIMESTAMP,
        "conversationsCreatedTime": TIMESTAMP,
        "conversationsClosedTime": TIMESTAMP,
        "conversationId": TEXT,
        # The phone number, with most channels.
        "consumerId": Personal(TEXT),
        "proactiveCampaignId": TEXT,
        "handOffId": TEXT,
        "ivrNumber": TEXT,
        "errorCode": TEXT,
        "errorMessage": TEXT,
        "errorSource": TEXT,
        "messageStatus": TEXT,
        "_product": TEXT,
    },
    filters=FILTERS,
)

DATASETS = (OUTBOUND_TRANSACTIONS,)
