"""Operational Realtime: how chats, their queues and agents were doing, in intervals of the last 24 hours, and now.

LivePerson pages: `operational-realtime-api-*`. They are about chats; for messaging, see Messaging Operations.
"""

from __future__ import annotations

from datetime import timedelta

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import Filter, Text, Texts, WholeNumber
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.readers.answer import Section
from airflow_provider_liveperson.datasets.readers.intervals import Intervals, UntilNow
from airflow_provider_liveperson.datasets.readers.snapshot import PULLED_AT, AnswerSnapshot
from airflow_provider_liveperson.records.columns import (
    INTEGER,
    NUMBER,
    TEXT,
    TIMESTAMP,
    Array,
    Column,
    Struct,
)

SERVICE = "leDataReporting"
FOLDER = "/operations/api/account/{account_id}"
REACH = timedelta(hours=24)
INTERVAL = timedelta(minutes=5)
DAY_MINUTES = 1440

ACCESS = Access(kinds=(CredentialKind.API_KEY,))
CURSORS = (Cursor("interval", "Each interval once, in the window in which it begins.", "_interval_start"),)
# An interval can be had once it has ended.
LIMITS = Limits(max_range=REACH, retention=REACH, lag=INTERVAL)
INTERVALS: dict[str, Column] = {"_interval_start": TIMESTAMP, "_interval_end": TIMESTAMP}
SKILLS: Filter = Texts(description="Only these skills. Default: all.")
AGENTS: Filter = Texts(description="Only these agents. Default: all.")

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

CHAT_QUEUE_HEALTH = Dataset(
    name="chat_queue_health",
    title="Chat queues every 5 minutes, by skill and in total",
    page="operational-realtime-api-methods-queue-health.html",
    request=RequestTemplate(service=SERVICE, path=f"{FOLDER}/queuehealth"),
    access=ACCESS,
    reader=Intervals(
        sections=(
            Section("account", ("metricsTotals", "metricsTotal")),
            Section("skill", ("skillsMetrics.{skill_id}",)),
        ),
        arguments={"skillIds": "all"},
        named_by="end",
        length=INTERVAL,
        reach=REACH,
        frame=UntilNow("1"),
    ),
    cursors=CURSORS,
    primary_key=("_interval_start", "_level", "_skill_id"),
    limits=LIMITS,
    columns={**INTERVALS, "_level": TEXT, "_skill_id": TEXT, **dict.fromkeys(QUEUE_METRICS, NUMBER)},
    filters={"skillIds": SKILLS, "chatCenterId": Text(description="Only this chat center. Default: all.")},
)

# LivePerson's table has the second name, its sample the first.
_BY_SKILL = ("skillsMetricsPerAgent", "skillsMetrics")

CHAT_ENGAGEMENT_ACTIVITY = Dataset(
    name="chat_engagement_activity",
    title="Chats every 5 minutes, by skill, agent and in total",
    page="operational-realtime-api-methods-engagement-activity.html",
    request=RequestTemplate(service=SERVICE, path=f"{FOLDER}/engactivity"),
    access=ACCESS,
    reader=Intervals(
        sections=(
            Section(
                "account",
                (
                    *(f"{name}.metricsTotals" for name in _BY_SKILL),
                    "metricsTotals",
                    "agentsMetrics.metricsTotals",
                ),
            ),
            Section(
                "skill", tuple(f"{name}.metricsPerSkill.{{skill_id}}.metricsTotals" for name in _BY_SKILL)
            ),
            Section("agent", ("agentsMetrics.metricsPerAgent.{agent_id}",)),
            Section(
                "skill_agent",
                tuple(
                    f"{name}.metricsPerSkill.{{skill_id}}.metricsPerAgent.{{agent_id}}" for name in _BY_SKILL
                ),
            ),
        ),
        arguments={"skillIds": "all", "agentIds": "all"},
        named_by="end",
        length=INTERVAL,
        reach=REACH,
        frame=UntilNow("1"),
    ),
    cursors=CURSORS,
    primary_key=("_interval_start", "_level", "_skill_id", "_agent_id"),
    limits=LIMITS,
    columns={
        **INTERVALS,
        "_level": TEXT,
        "_skill_id": TEXT,
        "_agent_id": TEXT,
        "totalInteractiveChats": NUMBER,
        "totalNonInteractiveChats": NUMBER,
        "totalHandlingTime": NUMBER,
        "nonInteractiveTotalHandlingTime": NUMBER,
        "connectedEngagements": NUMBER,
    },
    filters={"skillIds": SKILLS, "agentIds": AGENTS},
)

_SECONDS: dict[str, Column] = {
    "total": NUMBER,
    "chatting": NUMBER,
    "notChatting": NUMBER,
    "chattingInMaxConcurrency": NUMBER,
}

CHAT_AGENT_ACTIVITY = Dataset(
    name="chat_agent_activity",
    title="Agents' seconds in each status every 5 minutes",
    page="operational-realtime-api-methods-agent-activity.html",
    request=RequestTemplate(service=SERVICE, path=f"{FOLDER}/agentactivity"),
    access=ACCESS,
    reader=Intervals(
        sections=(Section("", ("agentsMetrics.metricsPerAgent.{agent_id}.[id]",), unfold="value"),),
        arguments={"agentIds": "all"},
        named_by="end",
        length=INTERVAL,
        reach=REACH,
        frame=UntilNow("1"),
    ),
    cursors=CURSORS,
    primary_key=("_interval_start", "_agent_id", "id"),
    limits=LIMITS,
    columns={
        **INTERVALS,
        "_agent_id": TEXT,
        # 2 online, 3 back soon, 4 away, -1 logged in.
        "id": TEXT,
        "name": TEXT,
        **_SECONDS,
        "reasons": Array(Struct({"id": TEXT, "value": Struct(_SECONDS)})),
    },
    filters={"agentIds": AGENTS},
)

CHAT_QUEUE_STATE = Dataset(
    name="chat_queue_state",
    title="Chat queues as they are now, by skill and in total",
    page="operational-realtime-api-methods-current-queue-state.html",
    request=RequestTemplate(service=SERVICE, path=f"{FOLDER}/queuestate", params={"v": "2"}),
    access=ACCESS,
    reader=AnswerSnapshot(
        sections=(Section("account", ("totals",)), Section("skill", ("skills.{skill_id}",))),
        arguments={"skillIds": "all"},
    ),
    primary_key=("_level", "_skill_id"),
    limits=Limits(has_history=False),
    columns={
        PULLED_AT: TIMESTAMP,
        "_level": TEXT,
        "_skill_id": TEXT,
        "currentAvailableSlots": INTEGER,
        "currentQueueSize": INTEGER,
        "currentMaxWaitTimeInQueue": INTEGER,
    },
    filters={"skillIds": SKILLS},
)

CHAT_SLA = Dataset(
    name="chat_sla",
    title="How long chats of the last 24 hours waited, by ranges of seconds",
    page="operational-realtime-api-methods-sla-histogram.html",
    request=RequestTemplate(service=SERVICE, path=f"{FOLDER}/sla", params={"v": "1"}),
    access=ACCESS,
    # There are no intervals: the numbers are those of a time that ends with the request.
    reader=AnswerSnapshot(
        sections=(Section("", ("slaDataRange.{range}",)),),
        arguments={"timeframe": DAY_MINUTES, "skillIds": "all"},
        timeframe="timeframe",
    ),
    primary_key=("_range",),
    limits=Limits(has_history=False),
    columns={
        PULLED_AT: TIMESTAMP,
        **INTERVALS,
        "_range": TEXT,
        "accumulated": NUMBER,
        "percentageFromTotal": NUMBER,
        "chats": INTEGER,
    },
    filters={
        "timeframe": WholeNumber(
            description="How many minutes back from now the numbers reach. Default: 1440.",
            minimum=5,
            maximum=DAY_MINUTES,
        ),
        "skillIds": SKILLS,
        "groupIds": Texts(description="Only agents of these groups. Default: all."),
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
