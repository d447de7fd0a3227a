"""Shift Status: which skills are on shift at the moment, by their working hours.

LivePerson page: `shift-status-api-overview.html`. There is no history: what is not pulled is gone. Its service was
called `asyncMessagingEnt` before, and nothing says that every account has the new one.
"""

from __future__ import annotations

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.readers.snapshot import PULLED_AT, SnapshotList
from airflow_provider_liveperson.records.columns import BOOLEAN, TEXT, TIMESTAMP

SERVICE = "shiftstatus"
OLDER_SERVICE = "asyncMessagingEnt"

SHIFT_STATUS = Dataset(
    name="shift_status",
    title="Skills that are on shift now",
    page="shift-status-api-overview.html",
    request=RequestTemplate(
        service=SERVICE, fallback_service=OLDER_SERVICE, path="/api/account/{account_id}/shift-status"
    ),
    access=Access(kinds=(CredentialKind.LOGIN,)),
    reader=SnapshotList(sends_source=False),
    primary_key=("skill",),
    limits=Limits(has_history=False),
    columns={
        "skill": TEXT,
        "onShift": BOOLEAN,
        "nextOn": TIMESTAMP,
        "nextOff": TIMESTAMP,
        PULLED_AT: TIMESTAMP,
    },
)

DATASETS = (SHIFT_STATUS,)
