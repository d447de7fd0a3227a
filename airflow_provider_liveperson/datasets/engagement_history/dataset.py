"""The declaration."""

from __future__ import annotations

from datetime import timedelta

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.engagement_history.columns import ENGAGEMENT
from airflow_provider_liveperson.datasets.engagement_history.reader import SEARCH_AREAS, Engagements
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import (
    Fields,
    Filter,
    Flag,
    Range,
    Text,
    Texts,
    WholeNumber,
)
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.months import Months
from airflow_provider_liveperson.datasets.model.request import RequestTemplate

# A month is 28 days at least, and both ends are rounded outward.
MAX_RANGE = timedelta(days=27)
MAX_PAGE_SIZE = 100

FILTERS: dict[str, Filter] = {
    "interactive": Flag(
        description="Only chats in which the visitor wrote: true, the only value. Default: all chats."
    ),
    "skillIds": Texts(description="Only chats of these skills."),
    "agentIds": Texts(description="Only chats of these agents."),
    "agentGroupIds": Texts(description="Only chats of agents in these groups."),
    "channel": Text(
        description="Only chats of this channel: 1 web, 2 voice, -1 unknown.", choices=("-1", "1", "2")
    ),
    "duration": Range(description="Only chats that lasted this long, in seconds.", both=True),
    "coBrowseDuration": Range(
        description="Only chats with a co-browse session that lasted this long, in seconds.", both=True
    ),
    "keyword": Text(description="Only chats with this word; see keyword_search_area."),
    "keyword_search_area": Fields(
        description=f"Where the keyword is looked for: some of {', '.join(SEARCH_AREAS)}. Default: all texts.",
        names=("types",),
    ),
    "visitor": Text(description="Only chats of this visitor."),
    "engagementId": Text(description="Only this chat."),
    "alertedMcsValues": Texts(
        description="Only chats with such an alert of the Meaningful Connection Score.",
        choices=("-1", "0", "1"),
    ),
    "chatMCS": Range(description="Only chats with such a Meaningful Connection Score.", maximum=100),
    "mcs": WholeNumber(
        description="The same of older chats: 1 positive, 0 neutral, -1 negative.", minimum=-1, maximum=1
    ),
    "hasCoBrowse": Flag(description="Only chats with, or without, a co-browse session."),
    "hasInteractiveCoBrowse": Flag(
        description="Only chats with, or without, an interactive co-browse session."
    ),
    "lineContentTypes": Texts(description="Only chats with such lines.", choices=("RICH_CONTENT",)),
}

ENGAGEMENT_HISTORY = Dataset(
    name="engagement_history",
    title="Chats that have ended, with their transcripts",
    page="engagement-history-api-methods.html",
    request=RequestTemplate(
        service="engHistDomain",
        method="POST",
        path="/interaction_history/api/account/{account_id}/interactions/search",
    ),
    access=Access(
        kinds=(CredentialKind.API_KEY, CredentialKind.APP_JWT_V2, CredentialKind.LOGIN),
        permission="Data → Conversation History / Messaging Interactions (in older keys: Engagement History)",
        scope="data.services.enghist",
    ),
    reader=Engagements(
        records="interactionHistoryRecords",
        count=("_metadata.count",),
        partial="_metadata.shardsStatusResult.partialResult",
        page_size=MAX_PAGE_SIZE,
    ),
    cursors=(
        Cursor(
            "start",
            "Each chat once, in the window in which it started, if it has ended when pulled. Pull the day before again"
            " for chats that last longer than two hours, and upsert.",
            field="info.startTimeL",
        ),
    ),
    primary_key=("info.engagementId",),
    limits=Limits(
        max_range=MAX_RANGE,
        max_records=10_000,
        split_by="start",
        retention=Months(13),
        lag=timedelta(hours=2),
    ),
    columns=ENGAGEMENT,
    filters=FILTERS,
)
