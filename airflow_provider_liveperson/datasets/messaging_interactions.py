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

import contextlib
import logging
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from airflow_provider_liveperson.client.messages import SOURCE, Answer, ApiRequest
from airflow_provider_liveperson.datasets.messaging_columns import CONVERSATION
from airflow_provider_liveperson.datasets.model.dataset import Dataset, Query, Slice
from airflow_provider_liveperson.datasets.model.filters import (
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
from airflow_provider_liveperson.datasets.readers.offset_pages import (
    NO_CONTENT,
    Contents,
    CountedPages,
    Record,
    one_record,
)
from airflow_provider_liveperson.datasets.readers.time_ordered import ContradictionError, PagesMovedError
from airflow_provider_liveperson.exceptions import (
    ConfigurationError,
    IncompletePullError,
    InvalidResponseError,
)
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.records.values import (
    LATEST_MS,
    epoch_ms,
    flag,
    identifier,
    is_no_value,
    stated_total,
    whole_number,
)
from airflow_provider_liveperson.window import Window

if TYPE_CHECKING:
    from airflow_provider_liveperson.client.client import LivePersonClient

log = logging.getLogger(__name__)

SERVICE = "msgHist"
PATH = "/messaging_history/api/account/{account_id}/conversations"
MAX_PAGE_SIZE = 100
MAX_RANGE = timedelta(days=80)  # three months are 89 days at least, and both ends are rounded outward
MAX_LIFE = timedelta(days=397)
SURVEY_TIME = timedelta(days=1)
MILLISECOND = timedelta(milliseconds=1)
MAX_MISSED = 2
MAX_SHOWN = 20

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
    startTimeL: int | None = None
    endTimeL: int | None = None
    conversationEndTimeL: int | None = None
    fullDialogEndTimeL: int | None = None
    status: str | None = None
    fullDialogStatus: str | None = None
    isPartial: bool | None = False


class _LooseInfo(msgspec.Struct):
    """The same in whatever spelling, and the texts of the times, for records whose numbers are missing."""

    conversationId: Any = None
    startTimeL: Any = None
    startTime: Any = None
    endTimeL: Any = None
    endTime: Any = None
    conversationEndTimeL: Any = None
    conversationEndTime: Any = None
    fullDialogEndTimeL: Any = None
    fullDialogEndTime: Any = None
    status: Any = None
    fullDialogStatus: Any = None
    isPartial: Any = None


class _Conversation(msgspec.Struct):
    info: _Info


class _LooseConversation(msgspec.Struct):
    info: _LooseInfo


class _Shards(msgspec.Struct):
    partialResult: bool | None = False


class _Metadata(msgspec.Struct):
    count: int | None = None
    next: msgspec.Raw = msgspec.Raw(b"")
    shardsStatusResult: _Shards | None = None


class _Search(msgspec.Struct):
    metadata: _Metadata = msgspec.field(name="_metadata")
    conversationHistoryRecords: list[msgspec.Raw] | None = None


class _LooseSearch(msgspec.Struct):
    metadata: Any = msgspec.field(name="_metadata")
    conversationHistoryRecords: list[msgspec.Raw] | str | float | None = None


_SEARCH = msgspec.json.Decoder(_Search)
_LOOSE_SEARCH = msgspec.json.Decoder(_LooseSearch)
_CONVERSATION = msgspec.json.Decoder(_Conversation)
_INFO = msgspec.json.Decoder(_Info)
_LOOSE_INFO = msgspec.json.Decoder(_LooseInfo)
_BEGIN = b'{"info":'
_BEGUN = len(_BEGIN)
_HEAD = 4096
_NULL = len(b"null")
_NOT_YET = -1


class _Found(NamedTuple):
    page: raw.Page[Any]
    total: int | None
    has_next: bool
    records: list[msgspec.Raw]


def _search(answer: Answer) -> _Found:
    try:
        page = raw.read(_SEARCH, answer.body, answer.content_type)
    except msgspec.ValidationError:
        return _loose_search(answer)
    found = page.content
    if found.metadata.count is not None and whole_number(found.metadata.count) is None:
        return _loose_search(answer)
    shards = found.metadata.shardsStatusResult
    _check_shards(shards is not None and bool(shards.partialResult), answer)
    has_next = len(found.metadata.next) > _NULL
    return _Found(page, found.metadata.count, has_next, found.conversationHistoryRecords or [])


def _loose_search(answer: Answer) -> _Found:
    page = raw.read(_LOOSE_SEARCH, answer.body, answer.content_type)
    found = page.content
    metadata = found.metadata if isinstance(found.metadata, dict) else {}
    records = found.conversationHistoryRecords
    if not isinstance(records, list):
        if not is_no_value(records):
            raise InvalidResponseError(
                "conversationHistoryRecords is not a list of conversations", status=answer.status
            )
        records = []
    shards = metadata.get("shardsStatusResult")
    partial = flag(shards.get("partialResult")) if isinstance(shards, dict) else False
    _check_shards(partial is not False, answer)
    count = metadata.get("count")
    total = stated_total(count) if isinstance(count, str) else whole_number(count)
    if total is None and not is_no_value(count):
        raise InvalidResponseError(f"the count {str(count)[:40]!r} is not a number", status=answer.status)
    return _Found(page, total, isinstance(metadata.get("next"), dict), records)


def _check_shards(are_partial: bool, answer: Answer) -> None:
    if are_partial:
        raise InvalidResponseError(
            "only part of LivePerson's search engine answered (partialResult)", status=answer.status
        )


def _info(value: msgspec.Raw) -> _Info:
    """What tells where a conversation belongs.

    It comes first, and no object is inside it, so that the rest, most of the bytes, need not be read once more: what
    ends with the first brace is the whole object, or no JSON.
    """
    head = bytes(memoryview(value)[:_HEAD])
    if head.startswith(_BEGIN):
        info = head[_BEGUN : head.find(b"}") + 1]
        with contextlib.suppress(msgspec.DecodeError):
            try:
                return _INFO.decode(info)
            except msgspec.ValidationError:
                return _spelled(_LOOSE_INFO.decode(info))
    try:
        return _CONVERSATION.decode(value).info
    except msgspec.ValidationError:
        return _loose_info(value)


def _loose_info(value: msgspec.Raw) -> _Info:
    """The same, in whatever spelling it came; where a time has no number, by its text."""
    return _spelled(raw.convert(_LooseConversation, value).info)


def _spelled(info: _LooseInfo) -> _Info:
    """What is meant.

    :raises InvalidResponseError: for a conversation without an id.
    """
    name = identifier(info.conversationId)
    if name is None:
        raise InvalidResponseError("a conversation has no conversationId")

    def at(number: object, text: object) -> int | None:
        found = epoch_ms(number)
        return epoch_ms(text) if found is None else found

    return _Info(
        conversationId=name,
        startTimeL=at(info.startTimeL, info.startTime),
        endTimeL=at(info.endTimeL, info.endTime),
        conversationEndTimeL=at(info.conversationEndTimeL, info.conversationEndTime),
        fullDialogEndTimeL=at(info.fullDialogEndTimeL, info.fullDialogEndTime),
        status=identifier(info.status),
        fullDialogStatus=identifier(info.fullDialogStatus),
        isPartial=flag(info.isPartial) is not False,
    )


def _instants(info: _Info) -> tuple[int | None, int | None, int | None]:
    """The instants by which a conversation belongs to ranges, as :data:`_PLACES` names them.

    What it has not reached is before all time; what it does not tell is None.
    """
    start, end = info.startTimeL, info.endTimeL
    closed, whole = info.conversationEndTimeL, info.fullDialogEndTimeL
    if start is not None and start < 0:
        start = None
    if end is None or end < 0:
        end = _NOT_YET if info.status == "OPEN" else None
    if closed is None or closed < 0:
        closed = end
    if whole is None or whole < 0:
        whole = end
    if info.fullDialogStatus == "OPEN":
        whole = _NOT_YET
    return start, closed, whole


class ConversationReader(CountedPages):
    """Reads one slice of conversations; those that come in part are asked for again by their ids, at its end.

    Where one page holds all of a slice, they are known, and asked for, before that page's turn.

    :param dataset: the declaration.
    :param query: the window, the filters and the cursor.
    :param slice_: the slice.
    """

    def __init__(self, dataset: Dataset, query: Query, slice_: Slice) -> None:
        self._dataset = dataset
        self._body = _body(query, slice_)
        self._bounds = [
            (_PLACES.index(name), bound.start_ms, bound.end_ms) for name, bound in slice_.bounds.items()
        ]
        self._to_ask: list[bytes] | None = None  # the keys of those that came in part, once all are known
        self._by_ids: deque[list[bytes]] = deque()
        self._not_found: list[bytes] = []  # of those, the ones that LivePerson does not know by their ids
        self._missed: Counter[bytes] = Counter()  # in how many readings before
        super().__init__(
            ask=self._ask_page, cut=self._cut_page, limit=MAX_PAGE_SIZE, may_grow=query.cursor == "updated"
        )

    def learn(self, before: ConversationReader) -> None:
        self._missed = before._missed
        # Where none of several is found, it is the search by ids that fails, and not theirs.
        if len(before._not_found) < max(2, len(before._partial)):
            self._missed = self._missed + Counter(before._not_found)

    def next_request(self) -> ApiRequest | None:
        if self._to_ask is None and self.pages_are_in:
            self._to_ask = self._partial
        if self._to_ask is None:
            return super().next_request()
        if not self._to_ask:
            return None
        ids, self._to_ask = self._to_ask[:MAX_PAGE_SIZE], self._to_ask[MAX_PAGE_SIZE:]
        self._by_ids.append(ids)
        return by_ids([raw.text_of(key) for key in ids], self._body["contentToRetrieve"])

    def peek(self, parsed: Contents) -> None:
        super().peek(parsed)
        if self._expected == len(parsed.records) < self._limit and not parsed.has_next:
            self._to_ask = [
                record.key
                for record in parsed.records
                if record.belongs and not record.is_complete and not self._is_given_up(record.key)
            ]

    def accept(self, parsed: Contents) -> Sequence[Line]:
        return super().accept(parsed) if self._asked else self._accept_by_ids(parsed)

    def finish(self) -> None:
        super().finish()
        if self._by_ids or (self._partial if self._to_ask is None else self._to_ask):
            raise PagesMovedError("the reading ended before all conversations were whole")
        if self._not_found:
            raise ContradictionError(
                f"{len(self._not_found)} of {len(self._partial)} conversations that came in part were not found by"
                " their ids"
            )

    def _is_given_up(self, key: bytes) -> bool:
        """Whether a conversation that comes in part has to be taken so: nobody knows it by its id."""
        return self._missed[key] >= MAX_MISSED

    def _take_partial(self, line: Line, key: bytes, taken: list[Line]) -> None:
        if self._is_given_up(key):
            taken.append(line)
            self.still_partial = [*self.still_partial, key.decode()]
        else:
            super()._take_partial(line, key, taken)

    def _count_undated(self, parsed: Contents) -> None:
        if parsed.undated:  # what came in part may come with its times when it is asked for
            later = {record.key for record in parsed.records if record.belongs and not record.is_complete}
            super()._count_undated(parsed._replace(undated=parsed.undated - later))

    def _accept_by_ids(self, parsed: Contents) -> Sequence[Line]:
        wanted = self._by_ids.popleft()
        found = {record.key: record for record in parsed.records}
        self._not_found += [key for key in wanted if key not in found]
        super()._count_undated(parsed._replace(undated=parsed.undated.intersection(wanted)))
        taken = [
            found[key] for key in wanted if key in found and found[key].belongs and key not in parsed.undated
        ]
        in_part = [record.key.decode() for record in taken if not record.is_complete]
        self.still_partial = [*self.still_partial, *in_part]
        return [record.line for record in taken]

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
        found = _search(answer)
        line, key_of = found.page.line, found.page.key
        records, undated = [], set()
        for value in found.records:
            info = _info(value)
            belongs = self._is_inside(_instants(info))
            if belongs is None:  # the numbers do not tell; the texts may
                belongs = self._is_inside(_instants(_loose_info(value)))
            key = key_of(info.conversationId)
            if belongs is None:
                undated.add(key)
                belongs = bool(info.isPartial) and not self._is_given_up(key)
            records.append(Record(line(value), key, belongs, not info.isPartial))
        return Contents(records, total=found.total, has_next=found.has_next, undated=frozenset(undated))

    def _is_inside(self, instants: tuple[int | None, int | None, int | None]) -> bool | None:
        """Whether a conversation lies within every bound of the slice; None where what is known does not tell."""
        inside: bool | None = True
        for place, start, end in self._bounds:
            at = instants[place]
            if at is not None and start <= at < end:
                continue
            if at is not None and at < LATEST_MS:
                return False
            inside = None
        return inside


def slices(dataset: Dataset, query: Query) -> list[Slice]:
    """Cut a query into ranges of start times, each with the range of its cursor, in the order of start times.

    For a cursor other than ``start``, the ranges reach back as far as a conversation may have started.
    """
    window = query.window
    if query.cursor == "start":
        return [Slice(bounds={"start": part}) for part in window.cut(MAX_RANGE)]
    given = query.filters.get("start")
    first, last = window.start - MAX_LIFE, window.end
    if given is not None:
        first = max(first, from_milliseconds(given["from"]))
        last = min(last, from_milliseconds(given["to"]) + MILLISECOND)
        if first >= last:
            return []
    # Most of what ended in the window also started in it: a cut there saves splitting the range before.
    cuts = [first, *([window.start] if first < window.start < last else []), last]
    starts = [part for a, b in pairwise(cuts) for part in Window(a, b).cut(MAX_RANGE)]
    if query.cursor == "updated":
        return [Slice(bounds={"start": start}) for start in starts]
    return [
        Slice(bounds={"start": start, query.cursor: end})
        for end in window.cut(MAX_RANGE)
        for start in starts
        if start.start < end.end and end.start - MAX_LIFE < start.end
    ]


def _range(window: Window) -> dict[str, int]:
    # Both ends are inside, and rounded outward to ten minutes.
    return {"from": window.start_ms, "to": window.end_ms - 1}


def _body(query: Query, slice_: Slice) -> dict[str, Any]:
    body: dict[str, Any] = {"status": list(STATUSES), "contentToRetrieve": list(CONTENT), **query.filters}
    body["start"] = _range(slice_.bounds["start"])
    if query.cursor in ("end", "full_dialog_end"):
        ended = slice_.bounds[query.cursor]
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
    while batch := list(islice(ids, MAX_PAGE_SIZE)):
        found: dict[bytes, Record] = {}
        for record in client.call(by_ids(batch, content), _whole).records:
            found.setdefault(record.key, record)
        _warn_of_partial([key for key, record in found.items() if not record.is_complete])
        for record in found.values():
            yield bytes(record.line)


def _warn_of_partial(keys: Sequence[bytes]) -> None:
    if keys:
        shown = ", ".join(key.decode() for key in keys[:MAX_SHOWN]) + (" …" if len(keys) > MAX_SHOWN else "")
        log.warning(
            "%d conversation(s) came in part (isPartial), even when asked for by id: %s", len(keys), shown
        )


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
    pages = _ConsumerPages(
        ask=lambda offset, limit: by_consumer(consumer_id, status, content, offset, limit),
        cut=_whole,
        limit=MAX_PAGE_SIZE,
    )
    try:
        while (request := pages.next_request()) is not None:
            yield from map(bytes, pages.accept(client.call(request, pages.parse)))
        pages.finish()
    except PagesMovedError as error:
        raise IncompletePullError(
            f"the conversations of a consumer do not add up ({error}): they changed while they were read, or LivePerson"
            " contradicts itself; ask for them again, and if it stays so, show it to LivePerson"
        ) from error
    in_part = pages.in_part
    keys = iter(list(in_part))
    while batch := [key.decode() for key in islice(keys, MAX_PAGE_SIZE)]:
        for record in client.call(by_ids(batch, content), _whole).records:
            if record.key in in_part:
                in_part[record.key] = record
    _warn_of_partial([key for key, record in in_part.items() if not record.is_complete])
    for record in in_part.values():
        yield bytes(record.line)


class _ConsumerPages(CountedPages):
    """Keeps what came in part, instead of handing it on.

    :ivar in_part: the record of each key.
    """

    def __init__(self, **choices: Any) -> None:
        super().__init__(**choices)
        self.in_part: dict[bytes, Record] = {}

    def _take_partial(self, line: Line, key: bytes, taken: list[Line]) -> None:
        self.in_part[key] = Record(line=bytes(line), key=key, belongs=True, is_complete=False)


def _whole(answer: Answer) -> Contents:
    if answer.status == 204:
        return NO_CONTENT
    found = _search(answer)
    page = found.page
    records = []
    for value in found.records:
        info = _info(value)
        records.append(Record(page.line(value), page.key(info.conversationId), True, not info.isPartial))
    return Contents(records, total=found.total, has_next=found.has_next)


def _describe(dataset: Dataset, query: Query) -> dict[str, Any]:
    asked: dict[str, Any] = {"v": "2", "sort": "start:asc", **query.filters}
    bodies = [_body(query, slice_) for slice_ in slices(dataset, query)]
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


def _one_head(dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
    body = {**_body(query, slice_), "contentToRetrieve": ["campaign"]}
    return replace(one_record(dataset, query, slice_), json=body)


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
    primary_key=("info.conversationId",),
    credentials=("API key", "App-JWT V2", "Login"),
    permission="Data → Conversation History / Messaging Interactions (in older keys: Engagement History)",
    probe=_one_head,
    read=ConversationReader,
    describe=_describe,
    check=check_cursor,
    columns=CONVERSATION,
    filters=FILTERS,
    slices=slices,
    max_range=MAX_RANGE,
    split_by="start",
    deep_paging_limit=10_000,
    retention=MAX_LIFE,
    lag=timedelta(minutes=15),
    open_ended_cursors=("updated",),
)
