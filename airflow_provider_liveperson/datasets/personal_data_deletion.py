"""Personal Data Deletion: requests to delete personal data, which say for which days data has to be pulled again.

LivePerson page: `personal-data-deletion-api-methods-get-deletion-request.html`. The range filter takes dates. In which
zone these are, and whether `toDate` is inside, is not documented; so a day more is asked for at both ends, and the
requests are trimmed by their own instant.
"""

from __future__ import annotations

from datetime import timedelta

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import Filter, Text
from airflow_provider_liveperson.datasets.model.ranges import ISO_DAYS, TimeRange
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.readers.whole_list import WholeList
from airflow_provider_liveperson.records.columns import TEXT, TIMESTAMP, Personal

SERVICE = "rtbf"

FILTERS: dict[str, Filter] = {
    "status": Text(
        description="Only requests in this state. Default: in any state.",
        choices=("NOT_STARTED", "IN_PROGRESS", "CANCELED", "DONE"),
    ),
}

PERSONAL_DATA_DELETION_REQUESTS = Dataset(
    name="personal_data_deletion_requests",
    title="Requests to delete personal data",
    page="personal-data-deletion-api-methods-get-deletion-request.html",
    request=RequestTemplate(service=SERVICE, path="/api/account/{account_id}/personal-data-deletion"),
    access=Access(
        kinds=(CredentialKind.API_KEY, CredentialKind.LOGIN), permission="Personal Data Deletion, Read"
    ),
    reader=WholeList(
        range=TimeRange(start="fromDate", end="toDate", clock=ISO_DAYS, margin=timedelta(days=1)),
        sends_source=False,
    ),
    cursors=(
        Cursor(
            "request_time",
            "Each request once, in the window in which it was made, with its state when pulled. A request is final"
            " after five days and done within twenty more: pull the last 25 days again, and upsert.",
        ),
    ),
    primary_key=("request_id",),
    columns={
        "request_id": TEXT,
        "siteid": TEXT,
        "request_time": TIMESTAMP,
        "requested_by": Personal(TEXT),
        "status": TEXT,
    },
    filters=FILTERS,
)

DATASETS = (PERSONAL_DATA_DELETION_REQUESTS,)
