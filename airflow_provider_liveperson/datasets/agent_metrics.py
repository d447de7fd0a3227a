"""Agent Metrics: the agents who are logged in at the moment, and how busy they are.

LivePerson page: `agent-metrics-api-methods-agent-status.html`. There is no history: what is not pulled is gone.
"""

from __future__ import annotations

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.readers.snapshot import PULLED_AT, Snapshot
from airflow_provider_liveperson.records.columns import INTEGER, NUMBER, TEXT, Array, Personal, Struct

STATUS_SERVICE = "msgHist"
MAX_PAGE_SIZE = 1000

AGENT_METRICS_STATUS = Dataset(
    name="agent_metrics_status",
    title="Agents who are logged in now, with their status and load",
    page="agent-metrics-api-methods-agent-status.html",
    request=RequestTemplate(
        service=STATUS_SERVICE,
        method="POST",
        path="/messaging_history/api/account/{account_id}/agent-view/status",
    ),
    access=Access(
        kinds=(CredentialKind.API_KEY,),
        permission="Data → Conversation History / Messaging Interactions (in older keys: Engagement History)",
    ),
    reader=Snapshot(
        records="agentStatusRecords",
        count=("_metadata.count",),
        partial="_metadata.shardsStatusResult.partialResult",
        page_size=MAX_PAGE_SIZE,
        body={},
    ),
    primary_key=("agentId",),
    limits=Limits(has_history=False),
    columns={
        "agentId": TEXT,
        "agentName": Personal(TEXT),
        "agentNickname": Personal(TEXT),
        "agentLoginName": Personal(TEXT),
        "agentPictureURL": Personal(TEXT),
        "agentGroupId": TEXT,
        "agentGroupName": TEXT,
        "agentSkills": Array(Struct({"skillId": TEXT, "skillName": TEXT})),
        "currentStatus": TEXT,
        "currentStatusStartTime": TEXT,
        "currentStatusStartTimeL": INTEGER,
        "currentStatusDuration": INTEGER,
        "currentStatusReason": TEXT,
        "currentStatusReasonStartTime": TEXT,
        "currentStatusReasonStartTimeL": INTEGER,
        "currentStatusReasonDuration": INTEGER,
        "load": NUMBER,
        "configuredMaxSlots": INTEGER,
        "busySlots": INTEGER,
        "ringingSlots": INTEGER,
        "openAssignedConversations": INTEGER,
        "intenseConversations": INTEGER,
        "agentPresence": TEXT,
        "currentConnectionState": TEXT,
        "lastUpdatedTime": TEXT,
        "lastUpdatedTimeL": INTEGER,
        PULLED_AT: TEXT,
    },
)

DATASETS = (AGENT_METRICS_STATUS,)
