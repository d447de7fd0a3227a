"""Data Usage Audit: who read which conversations through LivePerson's history APIs.

LivePerson page: `data-usage-audit-api-methods-retrieve-data-usage-logs.html`, version 2.
"""

from __future__ import annotations

from datetime import timedelta

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import Filter, Text, Texts, milliseconds
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.ranges import Clock, TimeRange
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.model.slices import Partition
from airflow_provider_liveperson.datasets.readers.linked_pages import LinkedPages
from airflow_provider_liveperson.records.columns import TEXT, TIMESTAMP, Array

SERVICE = "auditlog"
MAX_PAGE_SIZE = 10
HOUR = timedelta(hours=1)
APIS = ("msg_search", "chat_search", "chat_export")

# A record sums up an hour. Whole hours are asked for, so that none is summed up in part.
WHOLE_HOURS = Clock(milliseconds, HOUR)

FILTERS: dict[str, Filter] = {
    "api": Texts(description="Only what was read through these APIs. Default: all three.", choices=APIS),
    "agentId": Text(
        description="Only what this agent read: the agent's number, or the app key of an API key. Default: all."
    ),
    "agentName": Text(description="Only what the agent with this login name read, in exactly this case."),
}

DATA_USAGE_AUDIT = Dataset(
    name="data_usage_audit",
    title="Who read which conversations through the history APIs",
    page="data-usage-audit-api-methods-retrieve-data-usage-logs.html",
    request=RequestTemplate(service=SERVICE, path="/lp-auditlogapi/{account_id}", params={"v": "2"}),
    access=Access(kinds=(CredentialKind.API_KEY,), permission="Administration → AuditTrail"),
    reader=LinkedPages(
        records="recordslist",
        page_size=MAX_PAGE_SIZE,
        range=TimeRange(start="from", end="to", clock=WHOLE_HOURS),
        arguments={"agentId": "all"},
        partition=Partition(name="api", values=APIS, column="_api"),
        sends_source=False,
    ),
    cursors=(Cursor("time", "Each hour's reads once, in the window that holds the start of the hour."),),
    primary_key=("_api", "apiConsumerid", "time"),
    limits=Limits(
        # LivePerson takes 30 days; whole hours may be up to two hours longer than the range.
        max_range=timedelta(days=29),
        # An hour's record is final only when the hour is over, and LivePerson does not say how soon after that.
        lag=2 * HOUR,
    ),
    columns={
        "accountId": TEXT,
        "apiConsumerid": TEXT,
        "apiType": TEXT,
        "time": TIMESTAMP,
        "interactions": Array(TEXT),
        "_api": TEXT,
    },
    filters=FILTERS,
)

DATASETS = (DATA_USAGE_AUDIT,)
