"""Outbound Reporting: the messages of Proactive Messaging and Connect to Messaging, one by one and summed up by day.

LivePerson page: `outbound-reporting-api-overview.html`, transactions of version 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_liveperson.client.messages import ApiRequest
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import Filter, Texts, milliseconds
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.months import Months
from airflow_provider_liveperson.datasets.model.ranges import TimeRange
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.model.slices import Partition, Query, Slice
from airflow_provider_liveperson.datasets.readers.offset_pages import OffsetPages
from airflow_provider_liveperson.datasets.readers.whole_list import WholeList
from airflow_provider_liveperson.records.columns import INTEGER, JSON, NUMBER, TEXT, TIMESTAMP, Personal

SERVICE = "outboundReporting"
MAX_PAGE_SIZE = 5000
MAX_PER_SECOND = 10
PRODUCTS = ("prmsg", "c2m")

PRODUCT_FILTER = Texts(
    description="Only these products: prmsg is Proactive Messaging, c2m Connect to Messaging. Default: both.",
    choices=PRODUCTS,
)
CHANNELS_FILTER = Texts(description="Only messages through these channels.", choices=("sms", "wa", "inapp"))
SKILLS_FILTER = Texts(description="Only messages of these skills, by their names.")

FILTERS: dict[str, Filter] = {
    "product": PRODUCT_FILTER,
    "channels": CHANNELS_FILTER,
    "skills": SKILLS_FILTER,
    "messagestatus": Texts(
        description="Only messages in these states.",
        choices=("FAILED", "SKIPPED", "SENT", "DELIVERED", "READ", "RESPONDED"),
    ),
    "transactionids": Texts(description="Only these messages."),
}
ANALYTICS_FILTERS: dict[str, Filter] = {
    "product": PRODUCT_FILTER,
    "channels": CHANNELS_FILTER,
    "skills": SKILLS_FILTER,
    "handoffids": Texts(description="Only messages of these handoffs; each then has rows of its own."),
    "source": Texts(
        description="Only messages that were sent by these ways; each then has rows of its own.",
        choices=("API", "UI", "LPWF"),
    ),
}
ACCESS = Access(kinds=(CredentialKind.API_KEY, CredentialKind.APP_JWT_V1, CredentialKind.LOGIN))
DAY = timedelta(days=1)
RETENTION = Months(13)
LAG = timedelta(minutes=20)


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
    access=ACCESS,
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
        max_range=DAY,
        retention=RETENTION,
        lag=LAG,
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
        "ivrNumber": Personal(TEXT),
        "errorCode": TEXT,
        # It may repeat the phone number.
        "errorMessage": Personal(TEXT),
        "errorSource": TEXT,
        "messageStatus": TEXT,
        "_product": TEXT,
    },
    filters=FILTERS,
)


def day_ms(value: object) -> int | None:
    """The start of a day that is written ``MM-DD-YYYY``, in epoch milliseconds; None for anything else."""
    try:
        day = datetime.strptime(str(value), "%m-%d-%Y").replace(tzinfo=UTC)
    except ValueError:
        return None
    return milliseconds(day)


@dataclass(frozen=True, kw_only=True)
class Analytics(WholeList):
    """Sums of whole days. Without filters they are read by GET; filters go to the body of a POST.

    LivePerson does not say whether a range includes its end. A message of the next midnight is in another day's row,
    which is outside the window.
    """

    def request(self, dataset: Dataset, query: Query, slice_: Slice, place: Mapping[str, Any]) -> ApiRequest:
        filters = self.filters(query)
        made = dataset.make_request(
            places=slice_.partition,
            params={name: str(value) for name, value in self.range_arguments(query, slice_).items()},
        )
        return replace(made, method="POST", json=filters) if filters else made

    def keeps_repeats(self, query: Query) -> bool:
        # Two handoffs may have equal sums, and nothing says that a row names its handoff.
        return True


OUTBOUND_ANALYTICS = Dataset(
    name="outbound_analytics",
    title="Outbound messages by day, channel and skill",
    page="outbound-reporting-api-overview.html",
    request=RequestTemplate(service=SERVICE, path="/api/account/{account_id}/app/{product}/analytics/"),
    access=ACCESS,
    reader=Analytics(
        records="analytics",
        range=TimeRange(start="attemptedStartTime", end="attemptedEndTime"),
        partition=Partition(name="product", values=PRODUCTS, column="_product", is_in_path=True),
        sends_source=False,
        read_time=day_ms,
    ),
    cursors=(
        Cursor(
            "transactionday",
            "Each UTC day's sums, in the window that holds the day; windows are whole UTC days. They change for days:"
            " pull the last seven days again.",
        ),
    ),
    primary_key=("_product", "transactionday", "channel", "skill"),
    limits=Limits(
        max_range=timedelta(days=60),
        retention=RETENTION,
        lag=LAG,
        grid=DAY,
        max_per_second=MAX_PER_SECOND,
    ),
    columns={
        "channel": TEXT,
        "skill": TEXT,
        "transactionday": TEXT,
        "attempted": INTEGER,
        "eligible": INTEGER,
        "skipped": INTEGER,
        "sent": INTEGER,
        "failed": INTEGER,
        "delivered": INTEGER,
        "read": INTEGER,
        "conversationscreated": INTEGER,
        "conversationsclosed": INTEGER,
        "csat": NUMBER,
        "error_aggregation": JSON,
        "_product": TEXT,
    },
    filters=ANALYTICS_FILTERS,
)

DATASETS = (OUTBOUND_TRANSACTIONS, OUTBOUND_ANALYTICS)
