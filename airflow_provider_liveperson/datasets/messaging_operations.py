"""Messaging Operations: how queues, skills and agents were doing, in intervals of the last 24 hours.

LivePerson pages: `messaging-operations-api-*`.
"""

from __future__ import annotations

from datetime import timedelta

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import Texts
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.readers.answer import Section
from airflow_provider_liveperson.datasets.readers.intervals import Between, Intervals, UntilNow
from airflow_provider_liveperson.records.columns import NUMBER, TEXT, TIMESTAMP

SERVICE = "leDataReporting"
REACH = timedelta(hours=24)
INTERVAL = timedelta(minutes=5)

# LivePerson's pages write both names.
TOTALS = ("metricsTotal", "metricsTotals")

QUEUE_HEALTH_METRICS = (
    "unassignedConversations",
    "actionableConversations",
    "notActionableConversations",
    "actionableAndManualSla",
    "actionableAndDuringTransfer",
    "actionableAndConsumerLastMessage",
    "notActionableDuringTransfer",
    "notActionableAndManualSla",
    "unassignedConversationsAndFirstTimeConsumer",
    "avgWaitTimeForAgentAssignment_NewConversation",
    "avgWaitTimeForAgentAssignment_AfterTransfer",
    "avgWaitTimeForAgentAssignment_AfterTransferFromBot",
    "avgWaitTimeForAgentAssignment_AfterTransferFromAgent",
    "maxWaitTimeForAgentAssignment",
    "maxWaitTimeForAgentAssignment_AfterTransferFromAgent",
    "waitTimeForAgentAssignment_50thPercentile",
    "waitTimeForAgentAssignment_90thPercentile",
)

MESSAGING_QUEUE_HEALTH = Dataset(
    name="messaging_queue_health",
    title="Messaging queues every 5 minutes, by skill and in total",
    page="messaging-operations-api-methods-queue-health.html",
    request=RequestTemplate(service=SERVICE, path="/operations/api/account/{account_id}/msgqueuehealth"),
    # For the method beside it, LivePerson documents v=1 for API keys and v=2 for OAuth 2.0.
    access=Access(kinds=(CredentialKind.API_KEY, CredentialKind.APP_JWT_V2)),
    reader=Intervals(
        sections=(
            Section("account", TOTALS),
            Section("skill", ("skillsMetrics.{skill_id}",)),
        ),
        arguments={"skillIds": "all"},
        length=INTERVAL,
        reach=REACH,
        frames={CredentialKind.API_KEY: UntilNow("1")},
        frame=Between("2"),
    ),
    cursors=(Cursor("interval", "Each interval once, in the window in which it begins.", "_interval_start"),),
    primary_key=("_interval_start", "_level", "_skill_id"),
    # An interval can be had once it has ended.
    limits=Limits(max_range=REACH, retention=REACH, lag=INTERVAL),
    columns={
        "_interval_start": TIMESTAMP,
        "_interval_end": TIMESTAMP,
        "_level": TEXT,
        "_skill_id": TEXT,
        **dict.fromkeys(QUEUE_HEALTH_METRICS, NUMBER),
    },
    filters={"skillIds": Texts(description="Only these skills. Default: all.")},
)

DATASETS = (MESSAGING_QUEUE_HEALTH,)
