"""The datasets of Key Messaging Metrics."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.key_messaging_metrics.agents import (
    STATUS,
    STATUSES,
    USER_TYPE,
    USER_TYPES,
    AgentView,
)
from airflow_provider_liveperson.datasets.key_messaging_metrics.columns import (
    AGENT,
    AGENT_BY_TIME,
    AGENT_NOW,
    HISTORY_BY_TIME,
    INTERVAL,
    METRICS,
    METRICS_BY_TIME,
    METRICS_NOW,
)
from airflow_provider_liveperson.datasets.key_messaging_metrics.history import History
from airflow_provider_liveperson.datasets.key_messaging_metrics.metrics import LEVEL, Metrics
from airflow_provider_liveperson.datasets.key_messaging_metrics.question import BY_TIME, NOW, Question
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import Filter, Flag, Texts
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.ranges import TimeRange
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.readers.answer import Section
from airflow_provider_liveperson.datasets.readers.intervals import Between
from airflow_provider_liveperson.records.columns import NUMBER, TEXT

SERVICE = "agentManagerWorkspace"
FOLDER = "/manager_workspace/api/account/{account_id}"
DAY = timedelta(days=1)
KEPT = timedelta(days=14)
STEP = timedelta(minutes=5)

ACCESS = Access(
    kinds=(CredentialKind.API_KEY, CredentialKind.APP_JWT_V2, CredentialKind.LOGIN),
    permission="Data → Key Messaging Metrics",
)
WHOLE = Cursor(
    "interval",
    "One row for each key and window: the metrics of the whole window, at most those of a UTC day. Windows begin and"
    " end with a minute.",
    "_interval_start",
)
# Numbers are about a minute late, and LivePerson rounds to whole minutes.
LIMITS = Limits(max_range=DAY, retention=KEPT, lag=timedelta(minutes=2), refuses_older=True)

AGENTS: Filter = Texts(description="Only these agents. Default: all.")
GROUPS: Filter = Texts(description="Only these agent groups. Default: all.")
SKILLS: Filter = Texts(description="Only these skills. Default: all.")
USERS: Filter = Texts(
    description="Only these types of users. Default: LivePerson's.", choices=("HUMAN", "BOT")
)


def chosen(by_time: tuple[str, ...], now: tuple[str, ...]) -> dict[str, Filter]:
    """The filters that choose metrics.

    :param by_time: the metrics of the window.
    :param now: the metrics of the moment of the request.
    """
    alone = "Default: all, or none where only the others are chosen."
    return {
        BY_TIME: Texts(description=f"Only these metrics of the window. {alone}", choices=by_time),
        NOW: Texts(description=f"Only these metrics of the moment of the pull. {alone}", choices=now),
    }


KEY_MESSAGING_METRICS = Dataset(
    name="key_messaging_metrics",
    title="Messaging metrics by skill, by group and in total",
    page="key-messaging-metrics-api-methods-metrics.html",
    request=RequestTemplate(service=SERVICE, method="POST", path=f"{FOLDER}/metrics"),
    access=ACCESS,
    reader=Metrics(
        question=Question(by_time=METRICS_BY_TIME, now=METRICS_NOW, unsent=frozenset({LEVEL.name}))
    ),
    cursors=(WHOLE,),
    primary_key=("_interval_start", "_interval_end", "_level", "_skill_id", "_group_id"),
    limits=replace(LIMITS, max_records=1000),
    columns={
        **INTERVAL,
        "_level": TEXT,
        "_skill_id": TEXT,
        "_group_id": TEXT,
        "key": TEXT,
        "keyDescription": TEXT,
        **METRICS,
    },
    filters={
        LEVEL.name: Texts(description="Only rows of these levels. Default: all.", choices=LEVEL.values),
        "agentIds": AGENTS,
        "agentGroupIds": GROUPS,
        "skillIds": SKILLS,
        USER_TYPE: USERS,
        "includeSubGroups": Flag(
            description="Count the groups below a group with it. Default: LivePerson's."
        ),
        **chosen(METRICS_BY_TIME, METRICS_NOW),
    },
)

AGENT_VIEW = Dataset(
    name="agent_view",
    title="Messaging metrics by agent",
    page="key-messaging-metrics-api-methods-agent-view.html",
    request=RequestTemplate(service=SERVICE, method="POST", path=f"{FOLDER}/agent_view"),
    access=ACCESS,
    reader=AgentView(
        question=Question(
            by_time=AGENT_BY_TIME,
            now=AGENT_NOW,
            # Agents who went offline since the window began come only where they are asked for.
            filters={STATUS: list(STATUSES)},
            beside=frozenset({"includeAgentMetadata"}),
        ),
        groups=Metrics(question=Question(by_time=("closed_conversations",), now=("online_agents",))),
        groups_at=KEY_MESSAGING_METRICS.request,
    ),
    cursors=(WHOLE,),
    primary_key=("_interval_start", "_interval_end", "agentId"),
    limits=LIMITS,
    columns={**AGENT, **INTERVAL},
    filters={
        "agentIds": AGENTS,
        "agentGroupIds": GROUPS,
        "agentSkillIds": Texts(description="Only agents with one of these skills. Default: all."),
        USER_TYPE: Texts(description="Only these types of users. Default: LivePerson's.", choices=USER_TYPES),
        STATUS: Texts(
            description="Only agents who have one of these statuses now. Default: all.", choices=STATUSES
        ),
        "includeAgentMetadata": Flag(description="Include names, groups and skills. Default: true."),
        **chosen(AGENT_BY_TIME, AGENT_NOW),
    },
)

KEY_MESSAGING_METRICS_HISTORY = Dataset(
    name="key_messaging_metrics_history",
    title="Closings and transfers every 5 minutes",
    page="key-messaging-metrics-api-methods-historical.html",
    request=RequestTemplate(service=SERVICE, method="POST", path=f"{FOLDER}/historical"),
    access=ACCESS,
    reader=History(
        question=Question(by_time=HISTORY_BY_TIME),
        sections=(Section("", ("values",)),),
        intervals="historicalMetricsIntervals",
        named_by="end",
        wrapper="",
        # Both ends of a frame are inside, so that its last step may be named a millisecond too early.
        slack=STEP / 2,
        length=STEP,
        reach=DAY,
        frame=Between("", TimeRange(start="from", end="to", end_is_inside=True)),
    ),
    cursors=(Cursor("interval", "Each interval once, in the window in which it begins.", "_interval_start"),),
    primary_key=("_interval_start",),
    # LivePerson returns at most 100 steps; an interval can be had once it has ended.
    limits=Limits(max_range=timedelta(hours=8), retention=DAY, lag=STEP, refuses_older=True),
    columns={
        **INTERVAL,
        "transfers": NUMBER,
        "concludedConversations": NUMBER,
        "closedConversations": NUMBER,
    },
    filters={
        "agentIds": AGENTS,
        "agentGroupIds": GROUPS,
        "skillIds": SKILLS,
        USER_TYPE: USERS,
        BY_TIME: Texts(description="Only these metrics. Default: all.", choices=HISTORY_BY_TIME),
    },
)

DATASETS = (KEY_MESSAGING_METRICS, AGENT_VIEW, KEY_MESSAGING_METRICS_HISTORY)
