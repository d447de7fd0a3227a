"""Agent Activity: agents' logins, logouts and changes of status, and their work in intervals.

LivePerson pages: `agent-activity-api-methods-get-status-changes.html`, version 2, and
`agent-activity-api-methods-interval-metrics.html`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import Filter, Flag, Text, Texts
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.months import Months
from airflow_provider_liveperson.datasets.model.ranges import EPOCH_MS, ISO_MINUTES, TimeRange
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.intervals import START
from airflow_provider_liveperson.datasets.readers.keyed_pages import KeyedPages
from airflow_provider_liveperson.datasets.readers.linked_pages import LinkedPages
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.records.columns import INTEGER, NUMBER, TEXT, TIMESTAMP, Personal, Struct

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
    limits=Limits(
        max_range=timedelta(days=7), retention=Months(6), lag=timedelta(hours=1), refuses_older=True
    ),
    columns={
        "agentId": TEXT,
        "employeeId": TEXT,
        "agentLoginName": Personal(TEXT),
        "agentUserName": Personal(TEXT),
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

# Those of the page, and those that clients use beside them.
DOCUMENTED_METRICS = (
    "handleTime",
    "handledConversations",
    "repliedConversations",
    "consumerMessages",
    "agentMessages",
)
METRICS = (*DOCUMENTED_METRICS, "workTime", "arrivals", "closedConversations")
INTERVAL_MINUTES = 15


@dataclass(frozen=True, kw_only=True)
class Intervals(KeyedPages):
    """Interval metrics, asked for in whole intervals."""

    def asked(self, query: Query, slice_: Slice) -> dict[str, Any]:
        asked = super().asked(query, slice_)
        window = slice_.bounds.get(query.cursor)
        if self.range is None or window is None:
            return asked
        whole = self.range.in_whole(timedelta(minutes=int(asked["intervalDuration"])))
        return {**asked, **whole.arguments(window)}


INTERVAL_METRICS = Dataset(
    name="interval_metrics",
    title="Agents' work in intervals of 15 minutes, by skill and agent",
    page="agent-activity-api-methods-interval-metrics.html",
    request=RequestTemplate(
        service=SERVICE, path="/api/account/{account_id}/interval-metrics", params={"v": "1"}
    ),
    access=Access(
        kinds=(CredentialKind.API_KEY, CredentialKind.APP_JWT_V2),
        permission="Data → Workforce Management → Agent Status Changes (in older keys: Agent Activity API); opt-in",
    ),
    reader=Intervals(
        records="intervals",
        next_key="metadata.paging.nextPageKey",
        next_link="metadata.paging.refs.next",
        page_size=500,
        range=TimeRange(start="fromL", end="toL", clock=EPOCH_MS),
        times=(
            "timeframe.from",
            "timeframe.fromL",
            "timeframe.startTimeL",
            "timeframe.startTime",
            "timeframe.start",
        ),
        arguments={
            "metrics": METRICS,
            "grouping": ("skill", "agent"),
            "intervalDuration": INTERVAL_MINUTES,
        },
        fallback={"metrics": DOCUMENTED_METRICS},
        status="status",
    ),
    cursors=(Cursor("interval", "Each interval once, in the window in which it begins.", START),),
    primary_key=(START, "skillId", "agentId"),
    limits=Limits(
        max_range=timedelta(days=1), retention=timedelta(days=7), lag=timedelta(hours=1), refuses_older=True
    ),
    columns={
        START: TIMESTAMP,
        # LivePerson does not name its fields; Actual Handle Time has the second four.
        "timeframe": Struct(
            {
                "from": TIMESTAMP,
                "to": TIMESTAMP,
                "fromL": INTEGER,
                "toL": INTEGER,
                "startTime": TIMESTAMP,
                "endTime": TIMESTAMP,
                "startTimeL": INTEGER,
                "endTimeL": INTEGER,
            }
        ),
        "skillId": TEXT,
        "skillName": TEXT,
        "agentGroupId": TEXT,
        "agentGroupName": TEXT,
        "agentId": TEXT,
        "agentName": Personal(TEXT),
        "agentLogin": Personal(TEXT),
        "conversationId": TEXT,
        "metrics": Struct(dict.fromkeys(METRICS, NUMBER)),
        "status": TEXT,
    },
    filters={
        "metrics": Texts(description="Only these metrics. Default: all.", choices=METRICS),
        "handleTimeModel": Text(
            description="How handle time is counted: IFT, in focus; EHT, engaged. Default: LivePerson's.",
            choices=("IFT", "EHT"),
        ),
        "intervalDuration": Text(
            description="Length of an interval in minutes. Default: 15.", choices=("15", "30", "60", "1440")
        ),
        "agentId": Text(description="Only this agent."),
        "skillId": Text(description="Only this skill."),
        "agentGroupId": Text(description="Only this agent group."),
        "conversationId": Text(description="Only this conversation."),
        "includeBotSkills": Flag(description="Include the skills of bots. Default: LivePerson's."),
    },
)

DATASETS = (AGENT_STATUS_CHANGES, INTERVAL_METRICS)
