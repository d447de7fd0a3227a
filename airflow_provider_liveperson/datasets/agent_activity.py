"""Agent Activity: agents' logins, logouts and changes of status.

LivePerson page: `agent-activity-api-methods-get-status-changes.html`, version 2.
"""

from __future__ import annotations

from datetime import timedelta

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import Filter, Text
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.ranges import ISO_MINUTES, TimeRange
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.model.slices import Query
from airflow_provider_liveperson.datasets.readers.linked_pages import LinkedPages
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.records.columns import INTEGER, TEXT, TIMESTAMP

SERVICE = "agentActivityDomain"
MAX_PAGE_SIZE = 5000

FILTERS: dict[str, Filter] = {
    "agentId": Text(description="Only this agent. Not with empId or groupId."),
    "empId": Text(description="Only the agent with this employee ID. Not with agentId or groupId."),
    "groupId": Text(description="Only this agent group. Not with agentId or empId."),
}


class StatusChanges(LinkedPages):
    """Status changes, which take one filter at a time."""

    def check(self, query: Query) -> None:
        if len(query.filters) > 1:
            raise ConfigurationError(
                f"filters: {' and '.join(query.filters)} exclude each other; give one of them",
                field="filters",
            )


AGENT_STATUS_CHANGES = Dataset(
    name="agent_status_changes",
    title="Agents' logins, logouts and status changes",
    page="agent-activity-api-methods-get-status-changes.html",
    request=RequestTemplate(service=SERVICE, path="/api/v2/account/{account_id}/status-changes"),
    access=Access(
        kinds=(CredentialKind.API_KEY, CredentialKind.APP_JWT_V2),
        permission="Data → Workforce Management → Agent Status Changes (in older keys: Agent Activity API)",
    ),
    reader=StatusChanges(
        records="stateChanges",
        next="_metadata.references",
        page_size=MAX_PAGE_SIZE,
        # Whether the ends are inside is not documented.
        range=TimeRange(start="from", end="to", clock=ISO_MINUTES),
    ),
    cursors=(Cursor("time", "Each change once, in the window in which it was made."),),
    primary_key=("agentId", "time", "statusType", "statusSubType", "sequenceNumber"),
    limits=Limits(max_range=timedelta(days=7), retention=timedelta(days=180), lag=timedelta(hours=1)),
    columns={
        "agentId": TEXT,
        "employeeId": TEXT,
        "agentLoginName": TEXT,
        "agentUserName": TEXT,
        "agentGroupId": TEXT,
        "time": TIMESTAMP,
        "sessionId": TEXT,
        "sequenceNumber": INTEGER,
        "statusType": INTEGER,
        "statusSubType": INTEGER,
        "statusReasonId": TEXT,
        "statusReasonText": TEXT,
        "prevStatusChangeTime": TIMESTAMP,
    },
    filters=FILTERS,
)

DATASETS = (AGENT_STATUS_CHANGES,)
