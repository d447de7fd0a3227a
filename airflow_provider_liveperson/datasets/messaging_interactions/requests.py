"""What is sent: searches, and conversations by their ids or consumer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from airflow_provider_liveperson.client.messages import SOURCE, ApiRequest
from airflow_provider_liveperson.datasets.model.filters import Texts, milliseconds
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.window import DAY, Window

SERVICE = "msgHist"
PATH = "/messaging_history/api/account/{account_id}/conversations"
MAX_PAGE_SIZE = 100
MAX_RANGE = timedelta(days=80)  # three months are 89 days at least, and both ends are rounded outward
MAX_LIFE = timedelta(days=397)  # thirteen months at most
# LivePerson closes a survey that hangs after 48 hours, in a cleanup that may be late.
SURVEY_TIME = timedelta(hours=49)
# A list of sections has to name one, and hardly any conversation has these; `info` comes with whatever is named.
HEADS = ("coBrowseSessions",)
HEAD_FULLNESS = 0.05

CONTENT = (
    "campaign",
    "messageRecords",
    "agentParticipants",
    "agentParticipantsLeave",
    "agentParticipantsActive",
    "consumerParticipants",
    "transfers",
    "interactions",
    "messageScores",
    "messageStatuses",
    "conversationSurveys",
    "coBrowseSessions",
    "summary",
    "sdes",
    "unAuthSdes",
    "monitoring",
    "dialogs",
    "responseTime",
    "skillChanges",
    "intents",
    "uniqueIntents",
    "latestAgentSurvey",
    "previouslySubmittedAgentSurveys",
)
CONSUMER_CONTENT = tuple(
    name
    for name in CONTENT
    if name
    not in (
        "dialogs",
        "skillChanges",
        "intents",
        "uniqueIntents",
        "conversationSurveys",
        "latestAgentSurvey",
        "previouslySubmittedAgentSurveys",
    )
)
STATUSES = ("OPEN", "CLOSE")
SEARCHED = {"end": "end", "full_dialog_end": "fullDialogEndTime", "start": "start"}


def _range(window: Window) -> dict[str, int]:
    # Both ends are inside, and rounded outward to ten minutes.
    return {"from": window.start_ms, "to": window.end_ms - 1}


def search_body(query: Query, slice_: Slice) -> dict[str, Any]:
    """The body of a search.

    :param query: the window, the filters and the cursor.
    :param slice_: the slice.
    """
    body: dict[str, Any] = {"status": list(STATUSES), "contentToRetrieve": list(CONTENT), **query.filters}
    body["start"] = _range(slice_.bounds["start"])
    if query.cursor in ("end", "full_dialog_end"):
        body[SEARCHED[query.cursor]] = _range(slice_.bounds[query.cursor])
        if "status" not in query.filters:
            body["status"] = ["CLOSE"]
    elif query.cursor == "updated":
        body["latestUpdateTime"] = {"from": milliseconds(query.window.start)}
    return body


def ends_to_search(slice_: Slice) -> tuple[Window | None, Window]:
    """The ranges of ends by which the conversations that closed in a slice are found.

    A survey moves an end by up to :data:`SURVEY_TIME`. So some are found under a later end. Of those that started
    before the range, some closed before it, too, and only their surveys ended in it: in ranges shorter than a day,
    too many to download them whole.

    :param slice_: the slice.
    :returns: the range that is searched for whole conversations, if any, and the one that is searched for heads.
    """
    started, closed = slice_.bounds["start"], slice_.bounds["end"]
    later = Window(closed.end, closed.end + SURVEY_TIME)
    if started.end <= closed.start and closed.end - closed.start < DAY:
        return None, Window(closed.start, later.end)
    return closed, later


def end_body(body: Mapping[str, Any], ended: Window, content: Sequence[str]) -> dict[str, Any]:
    """The body of a search by ends.

    :param body: that of the slice.
    :param ended: the range of ends.
    :param content: the sections to retrieve.
    """
    return {**body, "end": _range(ended), "contentToRetrieve": list(content)}


def by_ids(conversation_ids: Sequence[str], content: Sequence[str] = CONTENT) -> ApiRequest:
    """The request for conversations by their ids, at most 100."""
    return ApiRequest(
        method="POST",
        service=SERVICE,
        path=f"{PATH}/conversation/search",
        params={"v": "2", "source": SOURCE},
        json={"conversationIds": list(conversation_ids), "contentToRetrieve": list(content)},
        fullness=len(conversation_ids) / MAX_PAGE_SIZE,
    )


def by_consumer(
    consumer_id: str, status: Sequence[str], content: Sequence[str], offset: int, limit: int
) -> ApiRequest:
    """The request for a page of a consumer's conversations."""
    return ApiRequest(
        method="POST",
        service=SERVICE,
        path=f"{PATH}/consumer/search",
        params={"offset": str(offset), "limit": str(limit), "v": "2", "source": SOURCE},
        json={"consumer": consumer_id, "status": list(status), "contentToRetrieve": list(content)},
    )


def content(given: Sequence[str] | None, known: Sequence[str]) -> Sequence[str]:
    """The sections to retrieve.

    :param given: those that the user wants, or None for all.
    :param known: those that the method has.
    :raises ConfigurationError: for one that it does not have.
    """
    if given is None:
        return known
    sections = given if isinstance(given, str) else list(given)
    return Texts(description="", choices=tuple(known)).read("content_to_retrieve", sections)
