"""Messaging Operations: how conversations, queues, skills and agents were doing in the last 24 hours, and now.

Most of it comes in intervals of 5 minutes. CSAT has none, and is that of a time which ends with the request.

LivePerson pages: `messaging-operations-api-*`. Long because they are eight methods, with a hundred metrics.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
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
from airflow_provider_liveperson.records.columns import INTEGER, NUMBER, TEXT, TIMESTAMP, Column
from airflow_provider_liveperson.window import Window

SERVICE = "leDataReporting"
WAIT_SERVICE = "msgEwtAPI"
FOLDER = "/operations/api/account/{account_id}"
REACH = timedelta(hours=24)
INTERVAL = timedelta(minutes=5)
DAY_MINUTES = 1440
MAX_WAITS = 300

# LivePerson's pages write both names.
TOTALS = ("metricsTotal", "metricsTotals")

# The overview names API keys only.
API_KEY_ONLY = Access(kinds=(CredentialKind.API_KEY,))
# For the current queue health, LivePerson documents v=1 for API keys and v=2 for OAuth 2.0. The other methods with
# a v=2 are read in the same way.
BY_VERSION = Access(kinds=(CredentialKind.API_KEY, CredentialKind.APP_JWT_V2))

CURSORS = (Cursor("interval", "Each interval once, in the window in which it begins.", "_interval_start"),)
# An interval can be had once it has ended.
LIMITS = Limits(max_range=REACH, retention=REACH, lag=INTERVAL)
# As far back as v=1 counts waits; v=2 takes up to 72 hours.
CURRENT_RANGE = TimeRange(start="fromMillis", end="toMillis")
INTERVALS: dict[str, Column] = {"_interval_start": TIMESTAMP, "_interval_end": TIMESTAMP}
SKILLS: Filter = Texts(description="Only these skills. Default: all.")
AGENTS: Filter = Texts(description="Only these agents. Default: all.")
USER_TYPE: Filter = Text(
    description="Only segments of people (human), or of bots (bot). Default: all.",
    choices=("human", "bot", "all"),
)

# The samples have the first name, the tables the second.
_SKILLS_OF_AGENTS = ("skillsMetricsPerAgent", "skillsMetrics")

BY_SKILL_AND_AGENT = (
    # Beside skills and agents there are no totals of their own. Those of the skills count conversations without an
    # agent, too.
    Section(
        "account",
        tuple(
            f"{place}{totals}"
            for place in (*(f"{name}." for name in _SKILLS_OF_AGENTS), "", "agentsMetrics.")
            for totals in TOTALS
        ),
    ),
    Section(
        "skill",
        tuple(
            f"{name}.metricsPerSkill.{{skill_id}}.{totals}" for name in _SKILLS_OF_AGENTS for totals in TOTALS
        ),
    ),
    Section("agent", ("agentsMetrics.metricsPerAgent.{agent_id}",)),
    Section(
        "skill_agent",
        tuple(
            f"{name}.metricsPerSkill.{{skill_id}}.metricsPerAgent.{{agent_id}}" for name in _SKILLS_OF_AGENTS
        ),
    ),
)
BY_SKILL = (Section("account", TOTALS), Section("skill", ("skillsMetrics.{skill_id}",)))

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

MESSAGING_CONVERSATION_METRICS = Dataset(
    name="messaging_conversation_metrics",
    title="Conversations resolved every 5 minutes",
    page="messaging-operations-api-methods-messaging-conversation.html",
    request=RequestTemplate(service=SERVICE, path=f"{FOLDER}/msgconversation"),
    access=API_KEY_ONLY,
    reader=Intervals(
        sections=BY_SKILL_AND_AGENT,
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
        **dict.fromkeys(CONVERSATION_METRICS, NUMBER),
    },
    filters={
        "skillIds": SKILLS,
        "agentIds": AGENTS,
        "groupIds": Texts(description="Only agents of these groups. Default: all."),
    },
)

MESSAGING_CSAT_DISTRIBUTION = Dataset(
    name="messaging_csat_distribution",
    title="CSAT answers of the last 24 hours",
    page="messaging-operations-api-methods-messaging-csat-distribution.html",
    request=RequestTemplate(service=SERVICE, path=f"{FOLDER}/msgcsatdistribution", params={"v": "1"}),
    access=API_KEY_ONLY,
    # There are no intervals: the numbers are those of a time that ends with the request.
    reader=AnswerSnapshot(
        sections=BY_SKILL_AND_AGENT,
        arguments={"timeframe": DAY_MINUTES, "skillIds": "all", "agentIds": "all"},
        timeframe="timeframe",
        grid=INTERVAL,
    ),
    primary_key=("_level", "_skill_id", "_agent_id"),
    limits=Limits(has_history=False),
    columns={
        PULLED_AT: TIMESTAMP,
        **INTERVALS,
        "_level": TEXT,
        "_skill_id": TEXT,
        "_agent_id": TEXT,
        **{f"csat_score{score}_answers": INTEGER for score in range(1, 6)},
        "total_answers": INTEGER,
        "positive_answers": INTEGER,
        # LivePerson calls it a percentage; a client found a fraction.
        "csat_score": NUMBER,
    },
    filters={
        "timeframe": WholeNumber(
            description="How many minutes back from now the numbers reach. Default: 1440.",
            minimum=1,
            maximum=DAY_MINUTES,
        ),
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

MESSAGING_QUEUE_HEALTH = Dataset(
    name="messaging_queue_health",
    title="Messaging queues every 5 minutes, by skill and in total",
    page="messaging-operations-api-methods-messaging-queue-health.html",
    request=RequestTemplate(service=SERVICE, path=f"{FOLDER}/msgqueuehealth"),
    access=BY_VERSION,
    reader=Intervals(
        sections=BY_SKILL,
        arguments={"skillIds": "all"},
        length=INTERVAL,
        reach=REACH,
        frames={CredentialKind.API_KEY: UntilNow("1")},
        frame=Between("2"),
    ),
    cursors=CURSORS,
    primary_key=("_interval_start", "_level", "_skill_id"),
    limits=LIMITS,
    columns={**INTERVALS, "_level": TEXT, "_skill_id": TEXT, **dict.fromkeys(QUEUE_METRICS, NUMBER)},
    filters={"skillIds": SKILLS},
)


class CurrentQueues(AnswerSnapshot):
    """The queues as they are now. API keys use the declared version; for all others, ``v=2`` needs a range of time."""

    def request(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        made, now = super().request(dataset, query, slice_), snapshot.now()
        frame = CURRENT_RANGE.arguments(Window(now - REACH, now))
        other = {**made.params, "v": "2", **{name: str(value) for name, value in frame.items()}}
        return replace(made, params=other).for_kinds({CredentialKind.API_KEY: made.params})


MESSAGING_QUEUE_HEALTH_CURRENT = Dataset(
    name="messaging_queue_health_current",
    title="Messaging queues as they are now",
    page="messaging-operations-api-methods-messaging-current-queue-health.html",
    request=RequestTemplate(service=SERVICE, path=f"{FOLDER}/msgqueuehealth/current/", params={"v": "1"}),
    access=BY_VERSION,
    reader=CurrentQueues(
        sections=BY_SKILL,
        arguments={"skillIds": "all", "metrics": "all", "overdueConversations": True, "breakdown": True},
    ),
    primary_key=("_level", "_skill_id"),
    limits=Limits(has_history=False),
    columns={
        PULLED_AT: TIMESTAMP,
        "_level": TEXT,
        "_skill_id": TEXT,
        "time": TIMESTAMP,
        **dict.fromkeys(QUEUE_METRICS, NUMBER),
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

MESSAGING_QUEUE_HEALTH_BY_GROUP = Dataset(
    name="messaging_queue_health_by_group",
    title="Messaging queues now, by skill and agent group",
    page="messaging-operations-api-methods-messaging-queue-health-by-group.html",
    request=RequestTemplate(
        service=SERVICE, path=f"{FOLDER}/msgqueuehealthbygroup/current/", params={"v": "1"}
    ),
    access=API_KEY_ONLY,
    # There are no totals.
    reader=AnswerSnapshot(
        sections=(Section("skill_group", ("skillGroupMetrics.{skill_id}.{group_id}",)),),
        arguments={"skillIds": "all", "allocatedAgentGroupIds": "all"},
    ),
    primary_key=("_level", "_skill_id", "_group_id"),
    limits=Limits(has_history=False),
    columns={
        PULLED_AT: TIMESTAMP,
        "_level": TEXT,
        "_skill_id": TEXT,
        "_group_id": TEXT,
        **dict.fromkeys(GROUP_METRICS, INTEGER),
    },
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

MESSAGING_SKILL_SEGMENTS = Dataset(
    name="messaging_skill_segments",
    title="Skills' segments of conversations every 5 minutes",
    page="messaging-operations-api-methods-messaging-skill-segment.html",
    request=RequestTemplate(service=SERVICE, path=f"{FOLDER}/msgskillsegments"),
    access=BY_VERSION,
    reader=Intervals(
        sections=BY_SKILL,
        arguments={"skillIds": "all", "userType": "all"},
        length=INTERVAL,
        reach=REACH,
        frames={CredentialKind.API_KEY: UntilNow("1")},
        frame=Between("2"),
    ),
    cursors=CURSORS,
    primary_key=("_interval_start", "_level", "_skill_id"),
    limits=LIMITS,
    columns={**INTERVALS, "_level": TEXT, "_skill_id": TEXT, **dict.fromkeys(SKILL_SEGMENT_METRICS, NUMBER)},
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

MESSAGING_AGENT_SEGMENTS = Dataset(
    name="messaging_agent_segments",
    title="Agents' segments of conversations every 5 minutes",
    page="messaging-operations-api-methods-messaging-agent-segment.html",
    request=RequestTemplate(service=SERVICE, path=f"{FOLDER}/msgagentsegments"),
    access=API_KEY_ONLY,
    reader=Intervals(
        sections=(
            Section("account", TOTALS),
            Section("agent", ("agentsMetrics.metricsPerAgent.{agent_id}",)),
            # Only where skills are asked for; they have no totals.
            Section("skill_agent", ("metricsPerSkill.{skill_id}.metricsPerAgent.{agent_id}",)),
        ),
        arguments={"agentIds": "all", "userType": "all", "metrics": "all"},
        length=INTERVAL,
        reach=REACH,
        frame=UntilNow("1"),
        # Here `source` is where conversations began: the caller's label would leave none.
        has_source=False,
    ),
    cursors=CURSORS,
    primary_key=("_interval_start", "_level", "_skill_id", "_agent_id"),
    limits=LIMITS,
    columns={
        **INTERVALS,
        "_level": TEXT,
        "_skill_id": TEXT,
        "_agent_id": TEXT,
        **dict.fromkeys(AGENT_SEGMENT_METRICS, NUMBER),
    },
    filters={
        "agentIds": AGENTS,
        "skillIds": Texts(
            description="Only these skills, with rows of each skill's agents; ['all'] for all. Default: all, without."
        ),
        "groupIds": Texts(description="Only agents of these groups. Default: all."),
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
