"""Conversations by their ids, or of a consumer, without a window."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.datasets.messaging_interactions.info import parse_whole
from airflow_provider_liveperson.datasets.messaging_interactions.requests import (
    CONSUMER_CONTENT,
    CONTENT,
    MAX_PAGE_SIZE,
    STATUSES,
    by_consumer,
    by_ids,
)
from airflow_provider_liveperson.datasets.readers.offset_pages import OffsetPager
from airflow_provider_liveperson.datasets.readers.pages import Record
from airflow_provider_liveperson.datasets.readers.reader import PagesMovedError
from airflow_provider_liveperson.exceptions import IncompletePullError
from airflow_provider_liveperson.records.line import Line

if TYPE_CHECKING:
    from airflow_provider_liveperson.client.client import LivePersonClient

log = logging.getLogger(__name__)


def conversations_by_ids(
    client: LivePersonClient, conversation_ids: Iterable[str], content: Sequence[str] = CONTENT
) -> Generator[bytes, None, None]:
    """Conversations by their ids, as LivePerson sent them; those it does not know are left out.

    :param client: asks LivePerson.
    :param conversation_ids: any number of ids; they are asked for 100 at a time.
    :param content: the sections to retrieve.
    :raises LivePersonError: for a refusal or a failure, after all repeats.
    """
    ids = iter(dict.fromkeys(conversation_ids))
    while batch := list(islice(ids, MAX_PAGE_SIZE)):
        found: dict[bytes, Record] = {}
        for record in client.call(by_ids(batch, content), parse_whole).records:
            found.setdefault(record.key, record)
        _warn_of_partial(found.values())
        for record in found.values():
            yield bytes(record.line)


def _warn_of_partial(found: Iterable[Record]) -> None:
    if count := sum(not record.is_complete for record in found):
        log.warning("%d conversation(s) came in part (isPartial), even when asked for by id", count)


def conversations_by_consumer(
    client: LivePersonClient,
    consumer_id: str,
    *,
    status: Sequence[str] = STATUSES,
    content: Sequence[str] = CONSUMER_CONTENT,
) -> Generator[bytes, None, None]:
    """A consumer's conversations, as LivePerson sent them.

    :param client: asks LivePerson.
    :param consumer_id: ``consumerParticipants[].participantId``.
    :param status: of which states.
    :param content: the sections to retrieve.
    :raises LivePersonError: for a refusal or a failure, after all repeats.
    """
    pages = _ConsumerPager(
        page_request=lambda offset, limit: by_consumer(consumer_id, status, content, offset, limit),
        parse_page=parse_whole,
        page_size=MAX_PAGE_SIZE,
    )
    try:
        while (request := pages.next_request()) is not None:
            yield from map(bytes, pages.accept(client.call(request, pages.parse)))
        pages.finish()
    except PagesMovedError as error:
        raise IncompletePullError(
            f"the conversations of a consumer do not add up ({error}): they changed while they were read, or LivePerson"
            " contradicts itself; request them again; if it happens again, report it to LivePerson"
        ) from error
    in_part = pages.in_part
    keys = iter(list(in_part))
    while batch := [key.decode() for key in islice(keys, MAX_PAGE_SIZE)]:
        for record in client.call(by_ids(batch, content), parse_whole).records:
            if record.key in in_part:
                in_part[record.key] = record
    _warn_of_partial(in_part.values())
    for record in in_part.values():
        yield bytes(record.line)


class _ConsumerPager(OffsetPager):
    """Keeps what came in part, instead of handing it on.

    :ivar in_part: the record of each key.
    """

    def __init__(self, **choices: Any) -> None:
        super().__init__(**choices)
        self.in_part: dict[bytes, Record] = {}

    def _take_partial(self, line: Line, key: bytes, taken: list[Line]) -> None:
        self.in_part[key] = Record(line=bytes(line), key=key, in_slice=True, is_complete=False)
