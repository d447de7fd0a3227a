"""Collections that come whole, in one answer, with a revision."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.reader import Pager, Reader
from airflow_provider_liveperson.exceptions import InvalidResponseError, RequestRejectedError
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.values import identifier

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset

log = logging.getLogger(__name__)

ANY_REVISION = "-1"


class _Entity(msgspec.Struct):
    id: msgspec.Raw = msgspec.Raw(b"null")


_COLLECTION = msgspec.json.Decoder(list[msgspec.Raw])
_ENTITIES = msgspec.json.Decoder(list[_Entity])


@dataclass(frozen=True, kw_only=True)
class Collection(Reader):
    """Reads a bare array of all entities as they are now.

    Its revision, where it is still the one that has landed before, answers 304 to ``If-Match``, which is the inverse
    of what HTTP means by that header.

    :param arguments: what is asked for beside the template's parameters, such as deleted entities and all fields.
    :param smallest: the arguments that make the answer as small as can be, to see whether it can be read.
    """

    shape: ClassVar[str] = "whole collection with a revision"

    arguments: Mapping[str, str] = field(default_factory=dict)
    smallest: Mapping[str, str] = field(default_factory=dict)

    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> CollectionPager:
        return CollectionPager(
            request=lambda known: dataset.make_request(
                params=self.arguments, headers={"If-Match": known or ANY_REVISION}
            ),
            parse_records=_parse_records,
            known_revision=query.known_revision,
        )

    def probe(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        return dataset.make_request(
            params={**self.arguments, **self.smallest}, headers={"If-Match": ANY_REVISION}
        )

    def describe(self, dataset: Dataset, query: Query) -> dict[str, Any]:
        return {**dataset.request.params, **self.arguments}


def _parse_records(answer: Answer) -> list[tuple[str | None, bytes]]:
    page = raw.read(_COLLECTION, answer.body, answer.content_type)
    records = list(map(page.copy, page.content))
    if not all(record.startswith(b"{") for record in records):
        raise InvalidResponseError("the answer is a list, but not of objects", status=answer.status)
    entities = raw.read(_ENTITIES, answer.body, answer.content_type)
    names = [identifier(raw.values(entity.id)) for entity in entities.content]
    keys = [None if name is None else entities.key(name).decode() for name in names]
    return list(zip(keys, records, strict=True))


_Collection = tuple[Sequence[tuple[str | None, bytes]] | None, str | None]


class CollectionPager(Pager):
    """Reads a collection that comes in one answer, unless it is still at the revision that is known.

    Of records with the same key, the last one stands in the place of the first, as if each replaced the one before.

    :param request: makes the request, for a known revision.
    :param parse_records: makes the records of an answer, each with its key, or None where it has none.
    :param known_revision: the revision that has landed before, if any.
    """

    def __init__(
        self,
        *,
        request: Callable[[str | None], ApiRequest],
        parse_records: Callable[[Answer], Sequence[tuple[str | None, bytes]]],
        known_revision: str | None,
    ) -> None:
        self._request = request
        self._parse_records = parse_records
        self._known_revision = known_revision
        self._asked = False

    def next_request(self) -> ApiRequest | None:
        if self._asked:
            return None
        self._asked = True
        return self._request(self._known_revision)

    def parse(self, answer: Answer) -> _Collection:
        revision = answer.headers.get("ac-revision") or answer.headers.get("ETag")
        if answer.status == 304:
            if self._known_revision is None:
                raise InvalidResponseError("the answer is 304 although no revision was sent", status=304)
            return None, self._known_revision
        try:
            return self._parse_records(answer), revision.strip().removeprefix("W/").strip(
                '"'
            ) if revision else None
        except msgspec.DecodeError as error:
            raise InvalidResponseError(
                f"the answer is not what LivePerson documents ({error})", status=answer.status
            ) from error

    def accept(self, parsed: _Collection) -> Iterable[bytes]:
        records, self.revision = parsed
        if records is None:
            self.is_unchanged = True
            return []
        found: dict[str | int, bytes] = {}
        replaced = 0
        for number, (key, line) in enumerate(records):
            place = number if key is None else key
            replaced += found.get(place, line) != line
            found[place] = line
        self.received, self.repeated = len(found), len(records) - len(found)
        if replaced:
            log.warning(
                "%d record(s) came more than once, and not alike; the last one of each is kept", replaced
            )
        return found.values()

    def refused(self, error: RequestRejectedError) -> None:
        if self._known_revision is None or error.status != 412:
            raise error
        self._known_revision, self._asked = None, False  # this server takes If-Match as HTTP does
