"""What the APIs of LivePerson's service ``leDataReporting`` have in common: numbers of the last 24 hours, and of now.

Messaging Operations are about conversations, Operational Realtime is about chats. Both return the same levels, in
intervals of 5 minutes or for one time that ends with the request.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import Filter, Texts, WholeNumber
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.readers.answer import Section
from airflow_provider_liveperson.datasets.readers.intervals import END, START, Intervals
from airflow_provider_liveperson.datasets.readers.snapshot import PULLED_AT, AnswerSnapshot
from airflow_provider_liveperson.records.columns import TEXT, TIMESTAMP, Column

SERVICE = "leDataReporting"
FOLDER = "/operations/api/account/{account_id}"
REACH = timedelta(hours=24)
INTERVAL = timedelta(minutes=5)
DAY_MINUTES = 1440

API_KEY_ONLY = Access(kinds=(CredentialKind.API_KEY,))
CURSORS = (Cursor("interval", "Each interval once, in the window in which it begins.", START),)

SKILLS: Filter = Texts(description="Only these skills. Default: all.")
AGENTS: Filter = Texts(description="Only these agents. Default: all.")
AGENTS_OF_GROUPS: Filter = Texts(description="Only agents of these groups. Default: all.")

# LivePerson's pages write both names.
TOTALS = ("metricsTotal", "metricsTotals")
# The samples have the first name, the tables the second.
_SKILLS_OF_AGENTS = ("skillsMetricsPerAgent", "skillsMetrics")

BY_SKILL = (Section("account", TOTALS), Section("skill", ("skillsMetrics.{skill_id}",)))
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
PER_SKILL = ("_level", "_skill_id")
PER_SKILL_AND_AGENT = (*PER_SKILL, "_agent_id")

_INTERVAL: Mapping[str, Column] = {START: TIMESTAMP, END: TIMESTAMP}


def timeframe(minimum: int) -> Filter:
    """The filter that says how far back the numbers of a dataset without intervals reach.

    :param minimum: the fewest minutes.
    """
    return WholeNumber(
        description="How many minutes back from now the numbers reach. Default: 1440.",
        minimum=minimum,
        maximum=DAY_MINUTES,
    )


def in_intervals(
    *,
    name: str,
    title: str,
    page: str,
    method: str,
    reader: Intervals,
    ids: tuple[str, ...],
    columns: Mapping[str, Column],
    filters: Mapping[str, Filter],
    access: Access = API_KEY_ONLY,
) -> Dataset:
    """Declare a dataset whose numbers come in intervals.

    :param name: the dataset's name.
    :param title: what people call it.
    :param page: LivePerson's page.
    :param method: the last part of the path. The version is the reader's.
    :param reader: how the intervals come.
    :param ids: the text columns that tell the rows of an interval apart.
    :param columns: the other columns.
    :param filters: name to filter.
    :param access: the credentials that LivePerson's pages name.
    """
    return Dataset(
        name=name,
        title=title,
        page=page,
        request=RequestTemplate(service=SERVICE, path=f"{FOLDER}/{method}"),
        access=access,
        reader=reader,
        cursors=CURSORS,
        primary_key=(START, *ids),
        # An interval can be had once it has ended.
        limits=Limits(max_range=REACH, retention=REACH, lag=INTERVAL),
        columns={**_INTERVAL, **dict.fromkeys(ids, TEXT), **columns},
        filters=filters,
    )


def as_of_now(
    *,
    name: str,
    title: str,
    page: str,
    method: str,
    version: str = "1",
    reader: AnswerSnapshot,
    ids: tuple[str, ...],
    columns: Mapping[str, Column],
    filters: Mapping[str, Filter],
    access: Access = API_KEY_ONLY,
) -> Dataset:
    """Declare a dataset whose numbers are those of the request's moment, or of a time that ends with it.

    :param version: the value of ``v``.
    :param ids: the text columns that tell the rows apart.

    The other parameters are those of :func:`in_intervals`.
    """
    return Dataset(
        name=name,
        title=title,
        page=page,
        request=RequestTemplate(service=SERVICE, path=f"{FOLDER}/{method}", params={"v": version}),
        access=access,
        reader=reader,
        primary_key=ids,
        limits=Limits(has_history=False),
        columns={
            PULLED_AT: TIMESTAMP,
            **(_INTERVAL if reader.timeframe else {}),
            **dict.fromkeys(ids, TEXT),
            **columns,
        },
        filters=filters,
    )
