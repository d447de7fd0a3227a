"""The declaration."""

from __future__ import annotations

from datetime import timedelta

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.messaging_interactions.columns import CONVERSATION
from airflow_provider_liveperson.datasets.messaging_interactions.filters import FILTERS
from airflow_provider_liveperson.datasets.messaging_interactions.reader import Conversations
from airflow_provider_liveperson.datasets.messaging_interactions.requests import (
    MAX_RANGE,
    PATH,
    SERVICE,
)
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.months import Months
from airflow_provider_liveperson.datasets.model.request import RequestTemplate

CURSORS = (
    Cursor(
        "end",
        "Each closed conversation once, in the window in which it ended, without what a survey adds later.",
        field="info.conversationEndTimeL",
    ),
    Cursor(
        "full_dialog_end",
        "Each closed conversation once, in the window in which its survey ended, if it had one.",
        field="info.fullDialogEndTimeL",
    ),
    Cursor(
        "start",
        "Each conversation once, in the window in which it started, open or closed, as it is when pulled.",
        field="info.startTimeL",
    ),
    Cursor(
        "updated",
        "Every conversation touched since the window's start, again in each window that it is touched in: upsert by"
        " conversationId. For running loads, not for backfills, because LivePerson takes no upper bound.",
        open_ended=True,
    ),
)

MESSAGING_INTERACTIONS = Dataset(
    name="messaging_interactions",
    title="Messaging conversations",
    page="messaging-interactions-api-methods-conversations.html",
    request=RequestTemplate(service=SERVICE, method="POST", path=f"{PATH}/search"),
    access=Access(
        kinds=(CredentialKind.API_KEY, CredentialKind.APP_JWT_V2, CredentialKind.LOGIN),
        permission="Data → Conversation History / Messaging Interactions (in older keys: Engagement History)",
    ),
    reader=Conversations(),
    cursors=CURSORS,
    primary_key=("info.conversationId",),
    limits=Limits(
        max_range=MAX_RANGE,
        max_records=10_000,
        split_by="start",
        retention=Months(13),
        lag=timedelta(minutes=15),
    ),
    columns=CONVERSATION,
    filters=FILTERS,
)
