"""How answers of Messaging Interactions are parsed, and by which instants a conversation is placed."""

from __future__ import annotations

import contextlib
from typing import Any, NamedTuple

import msgspec

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.datasets.readers.pages import NO_CONTENT, Page, Record
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.values import (
    epoch_ms,
    flag,
    identifier,
    is_no_value,
    stated_total,
    whole_number,
)

PLACES = ("start", "end", "full_dialog_end")


class Info(msgspec.Struct, gc=False):
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
    info: Info


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
_INFO = msgspec.json.Decoder(Info)
_LOOSE_INFO = msgspec.json.Decoder(_LooseInfo)
_BEGIN = b'{"info":'
_BEGUN = len(_BEGIN)
_HEAD = 4096
_NULL = len(b"null")
_NOT_YET = -1


class Found(NamedTuple):
    page: raw.Page[Any]
    total: int | None
    has_next: bool
    records: list[msgspec.Raw]


def read_search(answer: Answer) -> Found:
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
    return Found(page, found.metadata.count, has_next, found.conversationHistoryRecords or [])


def _loose_search(answer: Answer) -> Found:
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
    return Found(page, total, isinstance(metadata.get("next"), dict), records)


def _check_shards(are_partial: bool, answer: Answer) -> None:
    if are_partial:
        raise InvalidResponseError(
            "only part of LivePerson's search engine answered (partialResult)", status=answer.status
        )


def read_info(value: msgspec.Raw) -> Info:
    """What tells where a conversation belongs.

    It comes first, and no object is inside it, so that the rest, most of the bytes, need not be read once more: what
    ends with the first brace is the whole object, or no JSON.
    """
    head = bytes(memoryview(value)[:_HEAD])
    if head.startswith(_BEGIN):
        info = head[_BEGUN : head.find(b"}") + 1]
        try:
            return _INFO.decode(info)
        except msgspec.ValidationError:
            with contextlib.suppress(msgspec.DecodeError):
                return _spelled(_LOOSE_INFO.decode(info))
        except msgspec.DecodeError:
            pass
    try:
        return _CONVERSATION.decode(value).info
    except msgspec.ValidationError:
        return read_loose_info(value)


def read_loose_info(value: msgspec.Raw) -> Info:
    """The same, in whatever spelling it came; where a time has no number, by its text."""
    return _spelled(raw.convert(_LooseConversation, value).info)


def _spelled(info: _LooseInfo) -> Info:
    """What is meant.

    :raises InvalidResponseError: for a conversation without an id.
    """
    name = identifier(info.conversationId)
    if name is None:
        raise InvalidResponseError("a conversation has no conversationId")

    def at(number: object, text: object) -> int | None:
        found = epoch_ms(number)
        return epoch_ms(text) if found is None else found

    return Info(
        conversationId=name,
        startTimeL=at(info.startTimeL, info.startTime),
        endTimeL=at(info.endTimeL, info.endTime),
        conversationEndTimeL=at(info.conversationEndTimeL, info.conversationEndTime),
        fullDialogEndTimeL=at(info.fullDialogEndTimeL, info.fullDialogEndTime),
        status=identifier(info.status),
        fullDialogStatus=identifier(info.fullDialogStatus),
        isPartial=flag(info.isPartial) is not False,
    )


def instants(info: Info) -> tuple[int | None, int | None, int | None]:
    """The instants by which a conversation belongs to ranges, as :data:`PLACES` names them.

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


def parse_whole(answer: Answer) -> Page:
    if answer.status == 204:
        return NO_CONTENT
    found = read_search(answer)
    page = found.page
    records = []
    for value in found.records:
        info = read_info(value)
        records.append(Record(page.line(value), page.key(info.conversationId), True, not info.isPartial))
    return Page(records, total=found.total, has_next=found.has_next)
