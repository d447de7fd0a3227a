"""Messaging Interactions: conversations with their messages, participants, transfers, surveys and the rest.

LivePerson pages: `messaging-interactions-api-methods-conversations.html` and
`messaging-interactions-api-methods-get-conversation-by-conversation-id.html`. What shapes this module:

* Every search needs a range of start times, of at most three months, whatever it searches by. Conversations
  live for up to 13 months, so a window by another cursor is asked for in several ranges of start times.
  Those ranges, and what they are split into, are disjoint by fields that never change: no conversation can be
  in two of them.
* Ranges are rounded outward to ten minutes; records are trimmed to the exact window by their ``…L`` fields.
* ``endTime`` is rewritten when a survey is submitted or times out. The window by ``end`` is therefore that of
  ``conversationEndTimeL``, which is not, and conversations whose ``endTime`` may have moved out of the window
  are asked for as well.
* No field tells when a conversation was updated, and ``latestUpdateTime`` has no upper bound.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_liveperson.client.messages import SOURCE, Answer, ApiRequest
from airflow_provider_liveperson.client.paging import PagesMovedError
from airflow_provider_liveperson.datasets.dataset import Dataset, Query, Slice
from airflow_provider_liveperson.datasets.filters import (
    Fields,
    Filter,
    Flag,
    InstantRange,
    Range,
    Text,
    Texts,
    from_milliseconds,
    milliseconds,
)
from airflow_provider_liveperson.datasets.messaging_columns import CONVERSATION
from airflow_provider_liveperson.datasets.pages import Contents, CountedPages, Record, one_record
from airflow_provider_liveperson.exceptions import ConfigurationError, InvalidResponseError
from airflow_provider_liveperson.lines import Line, lines
from airflow_provider_liveperson.window import Window

if TYPE_CHECKING:
    from airflow_provider_liveperson.client.client import LivePersonClient

SERVICE = "msgHist"
PATH = "/messaging_history/api/account/{account_id}/conversations"
LARGEST_PAGE = 100
LONGEST_RANGE = timedelta(days=80)  # three months are 89 days at least, and both ends are rounded outward
LONGEST_LIFE = timedelta(days=397)
SURVEY_TIME = timedelta(days=1)
MILLISECOND = timedelta(milliseconds=1)

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

CURSORS = {
    "end": "Each closed conversation once, in the window in which it ended, without what a survey adds later.",
    "full_dialog_end": "Each closed conversation once, in the window in which its survey ended, if it had one.",
    "start": "Each conversation once, in the window in which it started, open or closed, as it is when pulled.",
    "updated": "Every conversation touched since the window's start, again in each window that it is touched in:"
    " upsert by conversationId. For running loads, not for backfills, because LivePerson takes no upper bound.",
}
_PLACES = ("start", "end", "full_dialog_end")
_SEARCHED = {"end": "end", "full_dialog_end": "fullDialogEndTime", "start": "start"}

_RANGE = timedelta(days=92)
_SDES = (
    "personalInfo",
    "customerInfo",
    "userUpdate",
    "marketingCampaignInfo",
    "lead",
    "purchase",
    "viewedProduct",
    "cartStatus",
    "serviceActivity",
    "visitorError",
    "searchContent",
)
FILTERS: dict[str, Filter] = {
    "start": InstantRange(
        description="Only conversations that started in this range, both ends inside, at most three months. Not"
        " with the cursor start.",
        longest=_RANGE,
    ),
    "end": InstantRange(
        description="Only conversations that ended in this range, both ends inside, at most three months. Not with"
        " the cursor end.",
        longest=_RANGE,
    ),
    "fullDialogEndTime": InstantRange(
        description="Only conversations that ended in this range, survey included. Not with the cursor"
        " full_dialog_end.",
        longest=_RANGE,
    ),
    "latestUpdateTime": InstantRange(
        description="Only conversations updated since. Not with the cursor updated.", bounds=("from",)
    ),
    "status": Texts(
        description="Only conversations of these states. Default: those that the cursor can find.",
        choices=STATUSES,
    ),
    "skillIds": Texts(description="Only conversations that any of these skills took part in."),
    "latestSkillIds": Texts(
        description="Only conversations whose last skill is one of these; -1: unassigned."
    ),
    "agentIds": Texts(description="Only conversations of these agents; see userPermissions."),
    "latestAgentIds": Texts(description="Only conversations whose last agent is one of these."),
    "agentGroupIds": Texts(description="Only conversations of agents in these groups."),
    "userPermissions": Texts(
        description="In which part agentIds took part.",
        choices=("ASSIGNED_AGENT", "AGENT", "AGENT_MANGER", "READER"),
    ),
    "keyword": Text(description="Only conversations with this word, or quoted phrase, in a message."),
    "summary": Text(description="Only conversations with this word, or quoted phrase, in the summary."),
    "duration": Range(
        description="Only conversations that lasted this long, in seconds.", maximum=13 * 31 * 86_400
    ),
    "mcs": Range(description="Only conversations with such a Meaningful Connection Score.", maximum=100),
    "csat": Range(
        description="Only conversations with such a customer satisfaction.", minimum=1, maximum=5, whole=False
    ),
    "nps": Range(description="Only conversations with such a net promoter score.", maximum=10, whole=False),
    "alertedMcsValues": Texts(
        description="Only conversations with such an alert of the score.", choices=("-1", "0", "1")
    ),
    "source": Texts(
        description="Only conversations from these channels.",
        choices=("APP", "SHARK", "AGENT", "SMS", "FACEBOOK", "Apple Business Chat", "WhatsApp Business"),
    ),
    "device": Texts(
        description="Only conversations from such devices.", choices=("DESKTOP", "TABLET", "MOBILE", "NA")
    ),
    "messageContentTypes": Texts(
        description="Only conversations with such messages.",
        choices=(
            "TEXT_PLAIN",
            "TEXT_HTML",
            "LINK",
            "HOSTED_FILE",
            "IMG",
            "SECURE_FORM_INVITATION",
            "SECURE_FORM_SUBMIT",
            "RICH_CONTENT",
        ),
    ),
    "latestConversationQueueState": Text(
        description="Only conversations in this state.", choices=("IN_QUEUE", "ACTIVE")
    ),
    "sdeSearch": Fields(
        description="Only conversations with such engagement attributes; searchable after two hours.",
        names=_SDES,
    ),
    "responseTime": InstantRange(
        description="Only conversations in which the agent's answer was due in this range."
    ),
    "questionBrick": Text(description="Survey: the name of the question's brick."),
    "answerText": Texts(description="Survey: only conversations with such an answer."),
    "surveyIds": Texts(description="Survey: only conversations with one of these surveys."),
    "fcr": Texts(description="Survey: first contact resolution.", choices=("yes", "no", "1", "0")),
    "invalidFreeTextAnswer": Text(
        description="Survey: only conversations with an invalid free text.",
        choices=("INVALID_FREE_TEXT_ANSWER",),
    ),
    "surveyBotConversations": Text(
        description="Survey: only conversations with a survey bot.", choices=("SURVEY_BOT",)
    ),
    "questionTypeAndFormatToRetrieve": Fields(
        description="Survey: only answers of this type (custom, csat, nps, fcr) and format (single, open).",
        names=("type", "format"),
    ),
    "selectedIntentOnly": Flag(description="Leave out all classifications but the selected. Default: false."),
    "conversationsWithStepUpOnly": Flag(
        description="Only conversations that were stepped up. Default: false."
    ),
    "agentSurveySearch": Fields(
        description="Only conversations with such an agent survey.",
        names=(
            "pendingAgentSurvey",
            "questionId",
            "questionName",
            "questionKeywords",
            "answerKeywords",
            "surveyId",
        ),
    ),
    "annotationStates": Texts(
        description="Only conversations with such annotations.", choices=("OPEN", "SUBMITTED", "VETTED")
    ),
    "contentToRetrieve": Texts(
        description="Only these sections of each conversation, beside info. Default: all of them.",
        choices=CONTENT,
    ),
}


class _Info(msgspec.Struct, gc=False):
    conversationId: str
    startTimeL: int = -1
    endTimeL: int = -1
    conversationEndTimeL: int | None = None
    fullDialogEndTimeL: int | None = None
    fullDialogStatus: str | None = None
    isPartial: bool = False


class _Conversation(msgspec.Struct):
    info: _Info


class _Shards(msgspec.Struct):
    partialResult: bool = False


class _Metadata(msgspec.Struct):
    count: int | None = None
    shardsStatusResult: _Shards | None = None


class _Search(msgspec.Struct):
    metadata: _Metadata = msgspec.field(name="_metadata")
    conversationHistoryRecords: list[msgspec.Raw] = []


_SEARCH = msgspec.json.Decoder(_Search)
_CONVERSATION = msgspec.json.Decoder(_Conversation)
_INFO = msgspec.json.Decoder(_Info)
_BEGIN = b'{"info":'
_BEGUN = len(_BEGIN)
_HEAD = 4096


def _search(answer: Answer) -> _Search:
    found = _SEARCH.decode(answer.body)
    if found.metadata.shardsStatusResult and found.metadata.shardsStatusResult.partialResult:
        raise InvalidResponseError(
            "only part of LivePerson's search engine answered (partialResult)", status=answer.status
        )
    return found


def _info(raw: msgspec.Raw) -> _Info:
    """What tells where a conversation belongs.

    It comes first, and no object is inside it, so that the rest, most of the bytes, need not be read once more: what
    ends with the first brace is the whole object, or no JSON.
    """
    head = bytes(memoryview(raw)[:_HEAD])
    if head.startswith(_BEGIN):
        try:
            return _INFO.decode(head[_BEGUN : head.find(b"}") + 1])
        except msgspec.DecodeError:
            pass
    return _CONVERSATION.decode(raw).info


def _instants(info: _Info) -> tuple[int, int, int]:
    """The instants by which a conversation belongs to ranges, as :data:`_PLACES` names them.

    What it has not reached is before all time.
    """
    closed, whole = info.conversationEndTimeL, info.fullDialogEndTimeL
    if closed is None or closed < 0:
        closed = info.endTimeL
    if whole is None or whole < 0:
        whole = info.endTimeL
    if info.fullDialogStatus == "OPEN":
        whole = -1
    return info.startTimeL, closed, whole


class ConversationReader(CountedPages):
    """Reads one slice of conversations; those that come in part are asked for again by their ids, at its end.

    Where one page holds all of a slice, they are known, and asked for, before that page's turn.

    :param dataset: the declaration.
    :param query: the window, the filters and the cursor.
    :param piece: the slice.
    """

    def __init__(self, dataset: Dataset, query: Query, piece: Slice) -> None:
        self._dataset = dataset
        self._body = _body(query, piece)
        self._bounds = [
            (_PLACES.index(name), bound.start_ms, bound.end_ms) for name, bound in piece.bounds.items()
        ]
        self._to_ask: list[bytes] | None = None  # the keys of those that came in part, once all are known
        self._by_ids: deque[list[bytes]] = deque()
        super().__init__(
            ask=self._ask_page, cut=self._cut_page, limit=LARGEST_PAGE, may_grow=query.cursor == "updated"
        )

    def next_request(self) -> ApiRequest | None:
        if self._to_ask is None and self.pages_are_in:
            self._to_ask = self._partial
        if self._to_ask is None:
            return super().next_request()
        if not self._to_ask:
            return None
        ids, self._to_ask = self._to_ask[:LARGEST_PAGE], self._to_ask[LARGEST_PAGE:]
        self._by_ids.append(ids)
        return by_ids([key.decode() for key in ids], self._body["contentToRetrieve"])

    def expect(self, parsed: Contents) -> None:
        super().expect(parsed)
        if self._expected == len(parsed.records):
            self._to_ask = [record.key for record in parsed.records if record.belongs and not record.is_whole]

    def accept(self, parsed: Contents) -> Sequence[Line]:
        return super().accept(parsed) if self._asked else self._accept_by_ids(parsed)

    def finish(self) -> None:
        super().finish()
        if self._by_ids or (self._partial if self._to_ask is None else self._to_ask):
            raise PagesMovedError("the reading ended before all conversations were whole")

    def _accept_by_ids(self, parsed: Contents) -> Sequence[Line]:
        wanted = self._by_ids.popleft()
        found = {record.key: record for record in parsed.records}
        missing = [key for key in wanted if key not in found]
        if missing:
            raise PagesMovedError(
                f"{len(missing)} of {len(wanted)} conversations that came in part were not found by their ids"
            )
        return [found[key].line for key in wanted if found[key].belongs]

    def _ask_page(self, offset: int, limit: int) -> ApiRequest:
        return ApiRequest(
            method=self._dataset.method,
            service=self._dataset.service,
            path=self._dataset.path,
            params={
                "offset": str(offset),
                "limit": str(limit),
                "sort": "start:asc",
                "v": "2",
                "source": SOURCE,
            },
            json=self._body,
        )

    def _cut_page(self, answer: Answer) -> Contents:
        found, line = _search(answer), lines(answer.body)
        records = []
        for raw in found.conversationHistoryRecords:
            info = _info(raw)
            instants = _instants(info)
            belongs = True
            for place, start, end in self._bounds:
                if not start <= instants[place] < end:
                    belongs = False
            records.append(Record(line(raw), info.conversationId.encode(), belongs, not info.isPartial))
        return Contents(records, total=found.metadata.count)


def slices(dataset: Dataset, query: Query) -> list[Slice]:
    """Cut a query into ranges of start times, each with the range of its cursor, in the order of start times.

    For a cursor other than ``start``, the ranges reach back as far as a conversation may have started.
    """
    window = query.window
    if query.cursor == "start":
        return [Slice(bounds={"start": part}) for part in window.cut(LONGEST_RANGE)]
    given = query.filters.get("start")
    first, last = window.start - LONGEST_LIFE, window.end
    if given is not None:
        first = max(first, from_milliseconds(given["from"]))
        last = min(last, from_milliseconds(given["to"]) + MILLISECOND)
        if first >= last:
            return []
    # Most of what ended in the window also started in it: a cut there saves splitting the range before.
    cuts = [first, *([window.start] if first < window.start < last else []), last]
    starts = [part for a, b in pairwise(cuts) for part in Window(a, b).cut(LONGEST_RANGE)]
    if query.cursor == "updated":
        return [Slice(bounds={"start": start}) for start in starts]
    return [
        Slice(bounds={"start": start, query.cursor: end})
        for end in window.cut(LONGEST_RANGE)
        for start in starts
        if start.start < end.end and end.start - LONGEST_LIFE < start.end
    ]


def _range(window: Window) -> dict[str, int]:
    # Both ends are inside, and rounded outward to ten minutes.
    return {"from": window.start_ms, "to": window.end_ms - 1}


def _body(query: Query, piece: Slice) -> dict[str, Any]:
    body: dict[str, Any] = {"status": list(STATUSES), "contentToRetrieve": list(CONTENT), **query.filters}
    body["start"] = _range(piece.bounds["start"])
    if query.cursor in ("end", "full_dialog_end"):
        ended = piece.bounds[query.cursor]
        # What ended in a range is found under a later end once its survey has rewritten that.
        late = SURVEY_TIME if query.cursor == "end" else timedelta(0)
        body[_SEARCHED[query.cursor]] = _range(Window(ended.start, ended.end + late))
        if "status" not in query.filters:
            body["status"] = ["CLOSE"]
    elif query.cursor == "updated":
        body["latestUpdateTime"] = {"from": milliseconds(query.window.start)}
    return body


def check_cursor(query: Query) -> None:
    """Refuse a filter that is the cursor's own business.

    :raises ConfigurationError: naming it.
    """
    own = {**_SEARCHED, "updated": "latestUpdateTime"}[query.cursor]
    if own in query.filters:
        raise ConfigurationError(
            f"filters: {own} is what the cursor {query.cursor!r} searches by; give the window as start and end of"
            " the operator instead",
            field="filters",
        )


def by_ids(conversation_ids: Sequence[str], content: Sequence[str] = CONTENT) -> ApiRequest:
    """The request for conversations by their ids, at most 100."""
    return ApiRequest(
        method="POST",
        service=SERVICE,
        path=f"{PATH}/conversation/search",
        params={"v": "2", "source": SOURCE},
        json={"conversationIds": list(conversation_ids), "contentToRetrieve": list(content)},
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

    :param given: those that the caller wants, or None for all.
    :param known: those that the method has.
    :raises ConfigurationError: for one that it has not.
    """
    if given is None:
        return known
    return Texts(description="", choices=tuple(known)).read("content_to_retrieve", list(given))


def conversations_by_ids(
    client: LivePersonClient, conversation_ids: Iterable[str], content: Sequence[str] = CONTENT
) -> Iterator[bytes]:
    """Conversations by their ids, as LivePerson sent them; those it does not know are left out.

    :param client: asks LivePerson.
    :param conversation_ids: any number of ids; they are asked for 100 at a time.
    :param content: the sections to retrieve.
    :raises LivePersonError: for a refusal or a failure, after all repeats.
    """
    ids = iter(dict.fromkeys(conversation_ids))
    while batch := list(islice(ids, LARGEST_PAGE)):
        for record in client.call(by_ids(batch, content), _whole).records:
            yield bytes(record.line)


def conversations_by_consumer(
    client: LivePersonClient,
    consumer_id: str,
    *,
    status: Sequence[str] = STATUSES,
    content: Sequence[str] = CONSUMER_CONTENT,
) -> Iterator[bytes]:
    """A consumer's conversations, as LivePerson sent them.

    :param client: asks LivePerson.
    :param consumer_id: ``consumerParticipants[].participantId``.
    :param status: of which states.
    :param content: the sections to retrieve.
    :raises LivePersonError: for a refusal or a failure, after all repeats.
    """
    pages = CountedPages(
        ask=lambda offset, limit: by_consumer(consumer_id, status, content, offset, limit),
        cut=_whole,
        limit=LARGEST_PAGE,
    )
    while (request := pages.next_request()) is not None:
        yield from map(bytes, pages.accept(client.call(request, pages.parse)))


def _whole(answer: Answer) -> Contents:
    if answer.status == 204:
        return Contents([], total=0)
    found, line = _search(answer), lines(answer.body)
    records = [
        Record(line=line(raw), key=_info(raw).conversationId.encode(), belongs=True)
        for raw in found.conversationHistoryRecords
    ]
    return Contents(records, total=found.metadata.count)


def _describe(dataset: Dataset, query: Query) -> dict[str, Any]:
    asked: dict[str, Any] = {"v": "2", "sort": "start:asc", **query.filters}
    bodies = [_body(query, piece) for piece in slices(dataset, query)]
    if not bodies:
        return asked
    whole = {
        name: {
            "from": min(body[name]["from"] for body in bodies),
            "to": max(body[name]["to"] for body in bodies),
        }
        for name in ("start", _SEARCHED.get(query.cursor, "start"))
    }
    return {**asked, **bodies[-1], **whole}


def _one_head(dataset: Dataset, query: Query, piece: Slice) -> ApiRequest:
    body = {**_body(query, piece), "contentToRetrieve": ["campaign"]}
    return replace(one_record(dataset, query, piece), json=body)


MESSAGING_INTERACTIONS = Dataset(
    name="messaging_interactions",
    title="Messaging conversations",
    documentation="messaging-interactions-api-methods-conversations.html",
    service=SERVICE,
    method="POST",
    path=f"{PATH}/search",
    shape="pages with a count",
    cursors=CURSORS,
    key="info.conversationId",
    key_fields=("info.conversationId",),
    credentials=("API key", "App-JWT V2", "Login"),
    permission="Data → Conversation History / Messaging Interactions (in older keys: Engagement History)",
    probe=_one_head,
    read=ConversationReader,
    describe=_describe,
    check=check_cursor,
    columns=CONVERSATION,
    filters=FILTERS,
    slices=slices,
    longest_slice=LONGEST_RANGE,
    split_by="start",
    deep_paging_limit=10_000,
    retention=LONGEST_LIFE,
    lag=timedelta(minutes=15),
    open_ended_cursors=("updated",),
)
