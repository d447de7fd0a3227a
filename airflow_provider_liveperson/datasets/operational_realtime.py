"""Operational Realtime: how chats, their queues and agents were doing, in intervals of the last 24 hours, and now.

LivePerson pages: `operational-realtime-api-*`. They are about chats; for messaging, see Messaging Operations.
"""

from __future__ import annotations

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.le_data_reporting import (
    AGENTS,
    AGENTS_OF_GROUPS,
    BY_SKILL,
    BY_SKILL_AND_AGENT,
    DAY_MINUTES,
    PER_SKILL,
    PER_SKILL_AND_AGENT,
    SKILLS,
    as_of_now,
    in_intervals,
    timeframe,
)
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.filters import Text, Texts
from airflow_provider_liveperson.datasets.readers.answer import Section
from airflow_provider_liveperson.datasets.readers.intervals import Intervals, UntilNow
from airflow_provider_liveperson.datasets.readers.snapshot import AnswerSnapshot
from airflow_provider_liveperson.records.columns import INTEGER, NUMBER, TEXT, Array, Column, Struct

ACCESS = Access(kinds=(CredentialKind.API_KEY,), permission="Operational Realtime, Read")

# Times are in seconds.
QUEUE_METRICS = (
    "enteredQEng",
    "connectedEng",
    "abandonedEng",
    "abandonmentRate",
    "totalTimeToAnswer",
    "avgTimeToAnswer",
    "totalTimeToAbandon",
    "avgTimeToAbandon",
    "maxQueueSize",
    "minQueueSize",
    "averageQueueSize",
    "queueSizeSum",
    "queueSizeCount",
    "maxAvailableSlots",
    "minAvailableSlots",
    "averageAvailableSlots",
    "availableSlotsSum",
    "availableSlotsCount",
    "currentQueueSize",
    # LivePerson writes either name.
    "currentQueueState",
    "currentAvailableSlots",
)

CHAT_QUEUE_HEALTH = in_intervals(
    name="chat_queue_health",
    title="Chat queues every 5 minutes, by skill and in total",
    page="operational-realtime-api-methods-queue-health.html",
    method="queuehealth",
    access=ACCESS,
    reader=Intervals(
        sections=BY_SKILL,
        arguments={"skillIds": "all"},
        named_by="end",
        frame=UntilNow("1"),
    ),
    ids=PER_SKILL,
    columns=dict.fromkeys(QUEUE_METRICS, NUMBER),
    filters={"skillIds": SKILLS, "chatCenterId": Text(description="Only this chat center. Default: all.")},
)

# Times are in seconds.
ACTIVITY_METRICS = (
    "totalInteractiveChats",
    "totalNonInteractiveChats",
    "totalHandlingTime",
    "nonInteractiveTotalHandlingTime",
    "connectedEngagements",
)

CHAT_ENGAGEMENT_ACTIVITY = in_intervals(
    name="chat_engagement_activity",
    title="Chats every 5 minutes, by skill, agent and in total",
    page="operational-realtime-api-methods-engagement-activity.html",
    method="engactivity",
    access=ACCESS,
    reader=Intervals(
        sections=BY_SKILL_AND_AGENT,
        arguments={"skillIds": "all", "agentIds": "all"},
        named_by="end",
        frame=UntilNow("1"),
    ),
    ids=PER_SKILL_AND_AGENT,
    columns=dict.fromkeys(ACTIVITY_METRICS, NUMBER),
    filters={"skillIds": SKILLS, "agentIds": AGENTS},
)

_SECONDS: dict[str, Column] = dict.fromkeys(
    ("total", "chatting", "notChatting", "chattingInMaxConcurrency"), NUMBER
)

CHAT_AGENT_ACTIVITY = in_intervals(
    name="chat_agent_activity",
    title="Agents' seconds in each status every 5 minutes",
    page="operational-realtime-api-methods-agent-activity.html",
    method="agentactivity",
    access=ACCESS,
    reader=Intervals(
        sections=(Section("", ("agentsMetrics.metricsPerAgent.{agent_id}.[id]",), unfold="value"),),
        arguments={"agentIds": "all"},
        named_by="end",
        frame=UntilNow("1"),
    ),
    # The id is the status: 2 online, 3 back soon, 4 away, -1 logged in.
    ids=("_agent_id", "id"),
    columns={
        "name": TEXT,
        **_SECONDS,
        "reasons": Array(Struct({"id": TEXT, "value": Struct(_SECONDS)})),
    },
    filters={"agentIds": AGENTS},
)

CHAT_QUEUE_STATE = as_of_now(
    name="chat_queue_state",
    title="Chat queues as they are now, by skill and in total",
    page="operational-realtime-api-methods-current-queue-state.html",
    method="queuestate",
    version="2",
    access=ACCESS,
    reader=AnswerSnapshot(
        sections=(Section("account", ("totals",)), Section("skill", ("skills.{skill_id}",))),
        arguments={"skillIds": "all"},
    ),
    ids=PER_SKILL,
    columns={
        "currentAvailableSlots": INTEGER,
        "currentQueueSize": INTEGER,
        "currentMaxWaitTimeInQueue": INTEGER,
    },
    filters={"skillIds": SKILLS},
)

CHAT_SLA = as_of_now(
    name="chat_sla",
    title="How long chats of the last 24 hours waited, by ranges of seconds",
    page="operational-realtime-api-methods-sla-histogram.html",
    method="sla",
    access=ACCESS,
    reader=AnswerSnapshot(
        sections=(Section("", ("slaDataRange.{range}",)),),
        arguments={"timeframe": DAY_MINUTES, "skillIds": "all"},
        timeframe="timeframe",
    ),
    ids=("_range",),
    columns={
        "accumulated": NUMBER,
        "percentageFromTotal": NUMBER,
        "chats": INTEGER,
    },
    filters={
        "timeframe": timeframe(5),
        "skillIds": SKILLS,
        "groupIds": AGENTS_OF_GROUPS,
        "histogram": Texts(
            description="Where the ranges begin, in seconds, multiples of 5. Default: 0, 15, 30, 45, 60, 90, 120."
        ),
    },
)

DATASETS = (
    CHAT_QUEUE_HEALTH,
    CHAT_ENGAGEMENT_ACTIVITY,
    CHAT_AGENT_ACTIVITY,
    CHAT_QUEUE_STATE,
    CHAT_SLA,
)
