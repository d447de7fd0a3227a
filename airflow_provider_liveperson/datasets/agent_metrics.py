"""Agent Metrics: the agents who are logged in at the moment, and how busy they are.

LivePerson pages: `agent-metrics-api-methods-*`. There is no history: what is not pulled is gone. LivePerson moved two
of the three methods to another service, and recommends Key Messaging Metrics instead of the one that stayed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import Filter, Flag, InstantRange, Texts
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.answer import Section
from airflow_provider_liveperson.datasets.readers.fallback import FallbackPager
from airflow_provider_liveperson.datasets.readers.reader import Pager
from airflow_provider_liveperson.datasets.readers.snapshot import PULLED_AT, AnswerSnapshot, Snapshot
from airflow_provider_liveperson.records.columns import (
    INTEGER,
    NUMBER,
    TEXT,
    TIMESTAMP,
    Array,
    Column,
    Personal,
    Struct,
)

STATUS_SERVICE = "msgHist"
SERVICE = "agentManagerWorkspace"
MAX_PAGE_SIZE = 1000

ACCESS = Access(
    kinds=(CredentialKind.API_KEY,),
    permission="Data → Conversation History / Messaging Interactions (in older keys: Engagement History)",
)
# Clients read it with the bearer of a login, too.
STATUS_ACCESS = replace(ACCESS, seen=(CredentialKind.LOGIN,))

PAGES: Mapping[str, Any] = {
    "records": "agentStatusRecords",
    "count": ("_metadata.count",),
    "partial": "_metadata.shardsStatusResult.partialResult",
    "page_size": MAX_PAGE_SIZE,
    "body": {},
}

AGENT: Mapping[str, Column] = {
    "agentId": TEXT,
    "agentName": Personal(TEXT),
    "agentNickname": Personal(TEXT),
    "agentLoginName": Personal(TEXT),
    "agentPictureURL": Personal(TEXT),
    "agentGroupId": TEXT,
    "agentGroupName": TEXT,
    "agentSkills": Array(Struct({"skillId": TEXT, "skillName": TEXT})),
    "currentStatus": TEXT,
    "currentStatusStartTime": TIMESTAMP,
    "currentStatusStartTimeL": INTEGER,
    "currentStatusDuration": INTEGER,
    "currentStatusReason": TEXT,
    "currentStatusReasonStartTime": TIMESTAMP,
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
    "lastUpdatedTime": TIMESTAMP,
    "lastUpdatedTimeL": INTEGER,
    PULLED_AT: TIMESTAMP,
}

CHOICE: Mapping[str, Filter] = {
    "status": Texts(
        description="Only agents with one of these statuses. Default: all.",
        choices=("ONLINE", "AWAY", "BACK_SOON", "OFFLINE"),
    ),
    "agentIds": Texts(description="Only these agents. Default: all."),
    "skillIds": Texts(description="Only agents with one of these skills. Default: all."),
    "agentGroupIds": Texts(description="Only agents of these groups. Default: all."),
}


def _in_both_spellings(given: dict[str, Any]) -> dict[str, Any]:
    """Filters as they are sent: LivePerson's page spells one in two ways, and might pass over the wrong one."""
    return {**given, "Status": given["status"]} if "status" in given else given


def _with_ids(open_: Callable[[Query], Pager], query: Query) -> Pager:
    """A pager that asks for agents by ids as text, as LivePerson's older page has them, or numbers, as its newest.

    :param open_: makes the pager of a query.
    :param query: the window, the filters and the cursor.
    """
    ids = query.filters.get("agentIds", ())
    if not ids or not all(one.isascii() and one.isdigit() for one in ids):
        return open_(query)
    by_numbers = replace(query, filters={**query.filters, "agentIds": list(map(int, ids))})
    return FallbackPager(
        lambda fallback: open_(by_numbers if fallback else query), query, "with agentIds as numbers"
    )


class Agents(Snapshot):
    """Agents, of whom filters choose some."""

    def filters(self, query: Query) -> dict[str, Any]:
        return _in_both_spellings(super().filters(query))

    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> Pager:
        return _with_ids(lambda asked: Snapshot.open(self, dataset, asked, slice_), query)


class AgentsTogether(AnswerSnapshot):
    """What the agents are together, of whom filters choose some."""

    def filters(self, query: Query) -> dict[str, Any]:
        return _in_both_spellings(super().filters(query))

    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> Pager:
        return _with_ids(lambda asked: AnswerSnapshot.open(self, dataset, asked, slice_), query)


AGENT_METRICS_STATUS = Dataset(
    name="agent_metrics_status",
    title="Agents who are logged in now, with their status and load",
    page="agent-metrics-api-methods-agent-status.html",
    request=RequestTemplate(
        service=STATUS_SERVICE,
        method="POST",
        path="/messaging_history/api/account/{account_id}/agent-view/status",
    ),
    access=STATUS_ACCESS,
    reader=Agents(**PAGES),
    primary_key=("agentId",),
    limits=Limits(has_history=False),
    columns=AGENT,
    filters={
        **CHOICE,
        "agentPresence": Flag(description="Only agents who are present, or who are not. Default: present."),
        "connectionStates": Texts(
            description="Only agents in these states. Default: all.", choices=("CONNECTED", "DISCONNECTED")
        ),
        "timestamp": InstantRange(
            description="Only agents whose metrics were updated since. Default: LivePerson's, of 5 to 10 minutes.",
            bounds=("from",),
        ),
    },
)

AGENT_METRICS_LIST = Dataset(
    name="agent_metrics_list",
    title="Agents who can be given a conversation now, with their load",
    page="agent-metrics-api-methods-agent-list.html",
    request=RequestTemplate(
        service=SERVICE, method="POST", path="/manager_workspace/api/account/{account_id}/agent_view/list"
    ),
    access=ACCESS,
    reader=Snapshot(**PAGES),
    primary_key=("agentId",),
    limits=Limits(has_history=False),
    columns=AGENT,
    filters={
        "skillIds": Texts(description="Only agents to whom these skills can be transferred. Default: all.")
    },
)

AGENT_METRICS_SUMMARY = Dataset(
    name="agent_metrics_summary",
    title="Load and status of all agents together, now",
    page="agent-metrics-api-methods-summary.html",
    request=RequestTemplate(
        service=SERVICE, method="POST", path="/manager_workspace/api/account/{account_id}/agent_view/summary"
    ),
    access=ACCESS,
    reader=AgentsTogether(sections=(Section("", ("",), unfold="summaryResults"),), in_body=True),
    primary_key=("accountID",),
    limits=Limits(has_history=False),
    columns={
        "accountID": TEXT,
        "openAssignedConversations": INTEGER,
        # Fractions on LivePerson's newest page, percent on older ones.
        "weightedAvgLoad": NUMBER,
        "minLoad": NUMBER,
        "maxLoad": NUMBER,
        "minConfiguredMaxSlots": INTEGER,
        "maxConfiguredMaxSlots": INTEGER,
        "numAwayAgents": INTEGER,
        "numBackSoonAgents": INTEGER,
        "numOnlineAgents": INTEGER,
        PULLED_AT: TIMESTAMP,
    },
    filters=CHOICE,
)

DATASETS = (AGENT_METRICS_STATUS, AGENT_METRICS_LIST, AGENT_METRICS_SUMMARY)
