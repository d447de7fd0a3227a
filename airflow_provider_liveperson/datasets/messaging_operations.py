"""Messaging Operations: how conversations, queues, skills and agents were doing in the last 24 hours, and now.

Most of it comes in intervals of 5 minutes. CSAT has none, and is that of a time which ends with the request.

LivePerson pages: `messaging-operations-api-*`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.le_data_reporting import (
    AGENTS,
    AGENTS_OF_GROUPS,
    API_KEY_ONLY,
    BY_SKILL,
    BY_SKILL_AND_AGENT,
    DAY_MINUTES,
    INTERVAL,
    PER_SKILL,
    PER_SKILL_AND_AGENT,
    REACH,
    SKILLS,
    TOTALS,
    as_of_now,
    in_intervals,
    timeframe,
)
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import Filter, Flag, Text, Texts, WholeNumber
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.ranges import TimeRange
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers import snapshot
from airflow_provider_liveperson.datasets.readers.answer import Row, Section
from airflow_provider_liveperson.datasets.readers.intervals import Between, Intervals, UntilNow
from airflow_provider_liveperson.datasets.readers.snapshot import PULLED_AT, AnswerSnapshot
from airflow_provider_liveperson.exceptions import IncompletePullError
from airflow_provider_liveperson.records.columns import INTEGER, NUMBER, TEXT, TIMESTAMP
from airflow_provider_liveperson.window import Window

WAIT_SERVICE = "msgEwtAPI"
MAX_WAITS = 300

# LivePerson documents v=1 for API keys and v=2 for OAuth 2.0, but for the current queue health only. Of the other
# methods with a v=2 it does not say who may use it: all but API keys are tried with it.
BY_VERSION = Access(kinds=(CredentialKind.API_KEY, CredentialKind.APP_JWT_V2))
BY_KIND: Mapping[str, Any] = {"frames": {CredentialKind.API_KEY: UntilNow("1")}, "frame": Between("2")}

# As far back as v=1 counts waits; v=2 takes up to 72 hours.
CURRENT_RANGE = TimeRange(start="fromMillis", end="toMillis")
USER_TYPE: Filter = Text(
    description="Only segments of people (human), or of bots (bot). Default: all.",
    choices=("human", "bot", "all"),
)

# Times are in milliseconds.
CONVERSATION_METRICS = (
    "resolvedConversations_byCCP",
    "resolvedConversations_byConsumer",
    "resolvedConversations_bySystem",
    "totalResolvedConversations",
    "totalHandlingTime_resolvedConversations",
    "totalHandlingTime_resolvedConversations_byCCP",
    "totalHandlingTime_resolvedConversations_byConsumer",
    "totalHandlingTime_resolvedConversations_bySystem",
    "avgTime_resolvedConversations",
    "avgTime_resolvedConversations_byCCP",
    "avgTime_resolvedConversations_byConsumer",
    "avgTime_resolvedConversations_bySystem",
)

MESSAGING_CONVERSATION_METRICS = in_intervals(
    name="messaging_conversation_metrics",
    title="Conversations resolved every 5 minutes",
    page="messaging-operations-api-methods-messaging-conversation.html",
    method="msgconversation",
    reader=Intervals(
        sections=BY_SKILL_AND_AGENT,
        arguments={"skillIds": "all", "agentIds": "all"},
        named_by="end",
        frame=UntilNow("1"),
    ),
    ids=PER_SKILL_AND_AGENT,
    columns=dict.fromkeys(CONVERSATION_METRICS, NUMBER),
    filters={
        "skillIds": SKILLS,
        "agentIds": AGENTS,
        "groupIds": AGENTS_OF_GROUPS,
    },
)

MESSAGING_CSAT_DISTRIBUTION = as_of_now(
    name="messaging_csat_distribution",
    title="CSAT answers of the last 24 hours",
    page="messaging-operations-api-methods-messaging-csat-distribution.html",
    method="msgcsatdistribution",
    reader=AnswerSnapshot(
        sections=BY_SKILL_AND_AGENT,
        arguments={"timeframe": DAY_MINUTES, "skillIds": "all", "agentIds": "all"},
        timeframe="timeframe",
        grid=INTERVAL,
    ),
    ids=PER_SKILL_AND_AGENT,
    columns={
        **{f"csat_score{score}_answers": INTEGER for score in range(1, 6)},
        "total_answers": INTEGER,
        "positive_answers": INTEGER,
        # LivePerson calls it a percentage; a client found a fraction.
        "csat_score": NUMBER,
    },
    filters={
        "timeframe": timeframe(1),
        "skillIds": SKILLS,
        "agentIds": AGENTS,
    },
)

QUEUE_METRICS = (
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

MESSAGING_QUEUE_HEALTH = in_intervals(
    name="messaging_queue_health",
    title="Messaging queues every 5 minutes, by skill and in total",
    page="messaging-operations-api-methods-messaging-queue-health.html",
    method="msgqueuehealth",
    reader=Intervals(
        sections=BY_SKILL,
        arguments={"skillIds": "all"},
        **BY_KIND,
    ),
    ids=PER_SKILL,
    columns=dict.fromkeys(QUEUE_METRICS, NUMBER),
    filters={"skillIds": SKILLS},
)


class CurrentQueues(AnswerSnapshot):
    """The queues as they are now. API keys use the declared version; for all others, ``v=2`` needs a range of time."""

    def request(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        made, now = super().request(dataset, query, slice_), snapshot.now()
        frame = CURRENT_RANGE.arguments(Window(now - REACH, now))
        other = {**made.params, "v": "2", **{name: str(value) for name, value in frame.items()}}
        return replace(made, params=other).for_kinds({CredentialKind.API_KEY: made.params})


# Its page has all that queue health has, but for this one.
CURRENT_METRICS = tuple(
    name for name in QUEUE_METRICS if name != "avgWaitTimeForAgentAssignment_AfterTransferFromBot"
)

MESSAGING_QUEUE_HEALTH_CURRENT = as_of_now(
    name="messaging_queue_health_current",
    title="Messaging queues as they are now",
    page="messaging-operations-api-methods-messaging-current-queue-health.html",
    method="msgqueuehealth/current/",
    access=BY_VERSION,
    reader=CurrentQueues(
        sections=BY_SKILL,
        arguments={"skillIds": "all", "metrics": "all", "overdueConversations": True, "breakdown": True},
    ),
    ids=PER_SKILL,
    columns={
        "time": TIMESTAMP,
        **dict.fromkeys(CURRENT_METRICS, NUMBER),
        "overdueConversationsInQueue": NUMBER,
        "overdueConversationsAssigned": NUMBER,
        "overdueConversationsTotal": NUMBER,
    },
    filters={
        "skillIds": SKILLS,
        "groupIds": Texts(
            description="Count overdue assigned conversations of these agent groups only. Default: all."
        ),
        "metrics": Texts(
            description="Only these kinds of metrics. Default: all.",
            choices=("queue", "waittimes", "overdue", "all"),
        ),
        "overdueConversations": Flag(description="Count overdue conversations. Default: true."),
        "breakdown": Flag(description="Say why conversations can be taken, or cannot. Default: true."),
    },
)

GROUP_METRICS = (
    "unassignedConversations",
    "unassignedConversationsAndFirstTimeConsumer",
    "actionableConversations",
    "actionableAndDuringTransferToAgent",
    "actionableAndDuringTransferToSkill",
    "actionableAndDuringBackToQueue",
    "notActionableConversations",
    "notActionableAndDuringTransferToAgent",
    "notActionableAndDuringTransferToSkill",
    "notActionableAndDuringBackToQueue",
)

MESSAGING_QUEUE_HEALTH_BY_GROUP = as_of_now(
    name="messaging_queue_health_by_group",
    title="Messaging queues now, by skill and agent group",
    page="messaging-operations-api-methods-messaging-queue-health-by-group.html",
    method="msgqueuehealthbygroup/current/",
    # There are no totals.
    reader=AnswerSnapshot(
        sections=(Section("skill_group", ("skillGroupMetrics.{skill_id}.{group_id}",)),),
        arguments={"skillIds": "all", "allocatedAgentGroupIds": "all"},
    ),
    ids=("_level", "_skill_id", "_group_id"),
    columns=dict.fromkeys(GROUP_METRICS, INTEGER),
    filters={
        "skillIds": SKILLS,
        "allocatedAgentGroupIds": Texts(description="Only these agent groups. Default: all."),
        "includeSubGroups": Flag(
            description="Count a group's conversations with those of its subgroups. Default: false."
        ),
        "metrics": Texts(description="Only these metrics. Default: all.", choices=GROUP_METRICS),
        "timeframe": WholeNumber(
            description="Count conversations that began or changed in the last hours, this many. Default: 24.",
            minimum=1,
            maximum=8760,
        ),
    },
)

# The time is in milliseconds.
SKILL_SEGMENT_METRICS = (
    "totalSkillConversationSegments",
    "skillSegmentsAbandonedByConsumers",
    "skillSegmentsAbandonedByConsumersInQueue",
    "skillSegmentsWithNonResponsiveConsumers",
    "skillSegmentsWithNonResponsiveAgents",
    "interactiveSkillSegments",
    "avgTimetoFirstAgentMessageFromAgentAssignment",
)

MESSAGING_SKILL_SEGMENTS = in_intervals(
    name="messaging_skill_segments",
    title="Skills' segments of conversations every 5 minutes",
    page="messaging-operations-api-methods-messaging-skill-segment.html",
    method="msgskillsegments",
    reader=Intervals(
        sections=BY_SKILL,
        arguments={"skillIds": "all", "userType": "all"},
        **BY_KIND,
    ),
    ids=PER_SKILL,
    columns=dict.fromkeys(SKILL_SEGMENT_METRICS, NUMBER),
    filters={"skillIds": SKILLS, "userType": USER_TYPE},
)

# Times are in milliseconds.
AGENT_SEGMENT_METRICS = (
    "totalAgentConversationSegments",
    "avgAgentMessagesinAgentSegment",
    "avgAgentSegmentDuration",
    "interactiveAgentSegments",
    "agentSegmentsAbandonedByConsumers",
    "agentSegmentsWithNonResponsiveConsumers",
    "agentSegmentsWithNonResponsiveAgents",
    "avgTimetoFirstAgentMessageFromAgentAssignment",
    "avgTimetoFirstAgentMessageFromAgentAssignment_AfterTransfer",
    "avgTimetoFirstAgentMessageFromAgentAssignment_NewConversation",
    "avgTimeToResponseFromAgentAssignment",
)

MESSAGING_AGENT_SEGMENTS = in_intervals(
    name="messaging_agent_segments",
    title="Agents' segments of conversations every 5 minutes",
    page="messaging-operations-api-methods-messaging-agent-segment.html",
    method="msgagentsegments",
    reader=Intervals(
        sections=(
            Section("account", TOTALS),
            Section("agent", ("agentsMetrics.metricsPerAgent.{agent_id}",)),
            # Only where skills are asked for; they have no totals.
            Section("skill_agent", ("metricsPerSkill.{skill_id}.metricsPerAgent.{agent_id}",)),
        ),
        arguments={"agentIds": "all", "userType": "all", "metrics": "all"},
        frame=UntilNow("1"),
        # Here `source` is where conversations began: the caller's label would leave none.
        has_source=False,
    ),
    ids=PER_SKILL_AND_AGENT,
    columns=dict.fromkeys(AGENT_SEGMENT_METRICS, NUMBER),
    filters={
        "agentIds": AGENTS,
        "skillIds": Texts(
            description="Only these skills, with rows of each skill's agents; ['all'] for all. Default: all, without."
        ),
        "groupIds": AGENTS_OF_GROUPS,
        "userType": USER_TYPE,
        "source": Text(
            description="Only conversations that began there, such as WEB, APP, SMS or FACEBOOK. Default: all."
        ),
        "metrics": Texts(
            description="Only these metrics, and totalAgentConversationSegments. Default: all.",
            choices=AGENT_SEGMENT_METRICS,
        ),
    },
)


class EstimatedWaits(AnswerSnapshot):
    """Estimated wait times. LivePerson returns so many skills at most; where more are named, it takes more requests."""

    def partitions(self, query: Query) -> Iterable[Mapping[str, str]]:
        skills = list(dict.fromkeys(query.filters.get("skills", ())))
        batches = [skills[at : at + MAX_WAITS] for at in range(0, len(skills), MAX_WAITS)]
        return [{"skills": ",".join(batch)} for batch in batches] or ({},)

    def request(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        made = super().request(dataset, query, slice_)
        # LivePerson wants to be asked for a skill once in 10 seconds.
        return replace(made, params={**made.params, **slice_.partition}, shortest_wait=10.0)

    def rows(self, answer: Answer, query: Query, slice_: Slice) -> Sequence[Row]:
        rows = super().rows(answer, query, slice_)
        if not slice_.partition and len(rows) >= MAX_WAITS:
            raise IncompletePullError(
                f"LivePerson returned the waits of {len(rows)} skills, and never returns more than {MAX_WAITS}, so"
                " others may be missing; name all skills in filters={'skills': […]}",
                field="filters",
            )
        return rows


ESTIMATED_WAIT_TIME = Dataset(
    name="estimated_wait_time",
    title="Estimated wait time of a new conversation, by skill",
    page="messaging-operations-api-methods-messaging-estimated-wait-time.html",
    request=RequestTemplate(
        service=WAIT_SERVICE, path="/lp-messaging-ewt-app/api/account/{account_id}/ewt", params={"v": "1"}
    ),
    access=API_KEY_ONLY,
    reader=EstimatedWaits(
        sections=(Section("", ("estimatedWaitTimeResponse.[skillId]", "ewtResponses.[skillId]")),)
    ),
    primary_key=("skillId",),
    limits=Limits(has_history=False),
    columns={
        PULLED_AT: TIMESTAMP,
        "skillId": TEXT,
        # In seconds; -1 where LivePerson cannot tell. Its table has the first name, its sample the second.
        "estimatedWaitTime": INTEGER,
        "ewt": INTEGER,
        "timestamp": TIMESTAMP,
    },
    filters={"skills": Texts(description="Only these skills. Default: all.")},
)

DATASETS = (
    MESSAGING_CONVERSATION_METRICS,
    MESSAGING_CSAT_DISTRIBUTION,
    MESSAGING_QUEUE_HEALTH,
    MESSAGING_QUEUE_HEALTH_CURRENT,
    MESSAGING_QUEUE_HEALTH_BY_GROUP,
    MESSAGING_SKILL_SEGMENTS,
    MESSAGING_AGENT_SEGMENTS,
    ESTIMATED_WAIT_TIME,
)
