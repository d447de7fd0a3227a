"""Outbound Configuration: handoffs, which lead the answers to outbound messages into conversations.

LivePerson page: `outbound-configuration-api-overview.html`, which documents them for Proactive Messaging only. Its
sample of the whole list shows an object, that of a channel's list an array: both are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_liveperson.client.messages import ApiRequest
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import Filter, Text
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.linked_pages import LinkedPages
from airflow_provider_liveperson.records.columns import (
    BOOLEAN,
    INTEGER,
    TEXT,
    TIMESTAMP,
    Array,
    Personal,
    Struct,
)

SERVICE = "outboundConfiguration"
PAGE_SIZE = 30
"""LivePerson names no largest page; this is the size without ``limit``."""

FILTERS: dict[str, Filter] = {
    "channel": Text(
        description="Only handoffs of this channel. Default: all.",
        choices=("wa", "sms-twilio", "apple-twilio", "googlercs", "inapp"),
    ),
}

COMPONENT = Struct(
    {
        "type": TEXT,
        "sub_type": TEXT,
        "content": TEXT,
        "variables": Array(TEXT),
        "optOut": BOOLEAN,
        "index": INTEGER,
        "url": TEXT,
        "phone_number": Personal(TEXT),
    }
)
CHANNEL = Struct(
    {
        "type": TEXT,
        "appName": TEXT,
        "appNames": Array(TEXT),
        "outboundnumber": Personal(TEXT),
        "language": TEXT,
        "namespace": TEXT,
        "templatename": TEXT,
        "messageComponents": Array(COMPONENT),
        "cardOrientation": TEXT,
        "serviceAccountName": TEXT,
    }
)


@dataclass(frozen=True, kw_only=True)
class Handoffs(LinkedPages):
    """Handoffs. Those of a channel have a path of their own."""

    def request(self, dataset: Dataset, query: Query, slice_: Slice, place: Mapping[str, Any]) -> ApiRequest:
        made = super().request(dataset, query, slice_, place)
        channel = query.filters.get("channel")
        return replace(made, path=f"{made.path}/channel/{channel}") if channel else made

    def filters(self, query: Query) -> dict[str, Any]:
        return {}


OUTBOUND_HANDOFFS = Dataset(
    name="outbound_handoffs",
    title="Handoffs of Proactive Messaging, with channels and templates",
    page="outbound-configuration-api-overview.html",
    request=RequestTemplate(
        service=SERVICE, path="/api/account/{account_id}/app/prmsg/handoffs/list", params={"v": "1"}
    ),
    access=Access(kinds=(CredentialKind.API_KEY, CredentialKind.APP_JWT_V1, CredentialKind.LOGIN)),
    reader=Handoffs(page_size=PAGE_SIZE, single="id", sends_source=False),
    primary_key=("id",),
    limits=Limits(has_history=False),
    columns={
        "id": TEXT,
        "name": TEXT,
        "lookbackPeriodDay": INTEGER,
        "lookbackPeriodHour": INTEGER,
        "routeAllWithinLookback": BOOLEAN,
        "createdAt": TIMESTAMP,
        "updatedAt": TIMESTAMP,
        "channels": Array(CHANNEL),
    },
    filters=FILTERS,
)

DATASETS = (OUTBOUND_HANDOFFS,)
