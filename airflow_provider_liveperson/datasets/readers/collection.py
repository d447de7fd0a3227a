"""Collections that come whole, in one answer, with a revision."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import msgspec

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.paths import PathDecoder
from airflow_provider_liveperson.datasets.readers.reader import Pager, Reader
from airflow_provider_liveperson.exceptions import InvalidResponseError, RequestRejectedError
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.values import identifier

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset

log = logging.getLogger(__name__)

_COLLECTION = msgspec.json.Decoder(list[msgspec.Raw])


class RevisionHeaders(NamedTuple):
    """How a collection's revision is asked for, and where it comes.

    :param asks: the request's header that holds the known revision.
    :param answers: the answer's headers that may hold the revision; the first that is there counts.
    :param unknown: what is sent where no revision is known; None to send no such header.
    """

    asks: str = "If-Match"
    answers: tuple[str, ...] = ("ac-revision", "ETag")
    unknown: str | None = "-1"

    def sent(self, known: str | None) -> dict[str, str]:
        """The headers of a request.

        :param known: the revision that has landed before, if any.
        """
        value = known or self.unknown
        return {} if value is None else {self.asks: value}

    def read(self, answer: Answer) -> str | None:
        """The revision of an answer, if it says so.

        :param answer: the answer.
        """
        revision = next(filter(None, map(answer.headers.get, self.answers)), None)
        return revision.strip().removeprefix("W/").strip('"') if revision else None


IF_MATCH = RevisionHeaders()


@dataclass(frozen=True, kw_only=True)
class Collection(Reader):
    """Reads a bare array of all entities as they are now.

    Its revision, where it is still the one that has landed before, answers 304 to ``If-Match``, which is the inverse
    of what HTTP means by that header.

    LivePerson sends few fields unless all are asked for, and its pages leave open how that is done. So there may be
    several ways, each of which is tried where the one before is answered with a 400, or without content.

    :param arguments: what is asked for beside the template's parameters, such as deleted entities.
    :param ways: further arguments: the ways to ask for all fields, the best one first.
    :param content: a field that is not among the few: records have come without content where none has it.
    :param smallest: the arguments that make the answer as small as can be, to see whether it can be read.
    :param revision: the headers of the revision.
    """

    shape: ClassVar[str] = "whole collection with a revision"

    arguments: Mapping[str, str] = field(default_factory=dict)
    ways: tuple[Mapping[str, str], ...] = ({},)
    content: str = ""
    smallest: Mapping[str, str] = field(default_factory=dict)
    revision: RevisionHeaders = IF_MATCH

    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> CollectionPager:
        decoder = PathDecoder((*dataset.primary_key, self.content or dataset.primary_key[0]))

        asked = self._asked(query)

        def request(known: str | None, way: Mapping[str, str]) -> ApiRequest:
            return dataset.make_request(params={**asked, **way}, headers=self.revision.sent(known))

        return CollectionPager(
            request=request,
            parse_records=lambda answer: _parse_records(answer, decoder),
            known_revision=query.known_revision,
            ways=self.ways,
            content=self.content or dataset.primary_key[0],
            revision=self.revision,
        )

    def probe(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        return self.probes(dataset, query, slice_)[0]

    def probes(self, dataset: Dataset, query: Query, slice_: Slice) -> Sequence[ApiRequest]:
        fields = [dict(fields) for fields in self.ways]
        fewest = [{**one, **self.smallest} for one in fields]
        asked = [{**self._asked(query), **one} for one in (*fewest, *fields)]
        return [
            dataset.make_request(params=params, headers=self.revision.sent(None))
            for number, params in enumerate(asked)
            if params not in asked[:number]
        ]

    def describe(self, dataset: Dataset, query: Query) -> dict[str, Any]:
        return {**dataset.request.params, **self._asked(query), **self.ways[0]}

    def _asked(self, query: Query) -> dict[str, str]:
        """What is asked for, apart from the fields; several values of a filter are one text with commas."""
        filters = {
            name: ",".join(value) if isinstance(value, list) else str(value)
            for name, value in query.filters.items()
        }
        return {**self.arguments, **filters}


class Entity(NamedTuple):
    """One record of a collection.

    :param key: what tells it from others, or None where it has nothing.
    :param line: its bytes.
    :param has_content: whether it has a field by which all fields can be told from few.
    """

    key: str | None
    line: bytes
    has_content: bool = True


def _parse_records(answer: Answer, decoder: PathDecoder) -> list[Entity]:
    page = raw.read(_COLLECTION, answer.body, answer.content_type)
    records = list(map(page.copy, page.content))
    if not all(record.startswith(b"{") for record in records):
        raise InvalidResponseError("the answer is a list, but not of objects", status=answer.status)
    found = []
    for value, record in zip(page.content, records, strict=True):
        *names, content = decoder.read(value)
        key = _key(page, list(map(_name, names)), record)
        found.append(Entity(key, record, content is not None))
    return found


def _name(value: Any) -> str | None:
    """A part of a key; that of an object or a list is its JSON, whatever the order of its members."""
    if isinstance(value, dict | list) and value:
        return msgspec.json.encode(value, order="sorted").decode()
    return identifier(value)


def _key(page: raw.Page[Any], names: list[str | None], record: bytes) -> str | None:
    if all(name is None for name in names):
        return None
    if None in names:
        return record.decode(errors="surrogateescape")  # equal records are one
    return "\0".join(page.key(str(name)).decode() for name in names)


class _Parsed(NamedTuple):
    """An answer that has been read.

    :param entities: its records, in order; None for a 304.
    :param revision: its revision, if it says so.
    """

    entities: Sequence[Entity] | None
    revision: str | None

    @property
    def has_content(self) -> bool:
        """Whether there is anything that can land: a record with content, or no record at all."""
        return not self.entities or any(entity.has_content for entity in self.entities)

    @property
    def size(self) -> int:
        return sum(len(entity.line) for entity in self.entities or ())


class CollectionPager(Pager):
    """Reads a collection that comes in one answer, unless it is still at the revision that is known.

    Of records with the same key, the last one stands in the place of the first, as if each replaced the one before.
    Where no way to ask brings content, there is none, and the longest answer counts.

    :param request: makes the request, for a known revision and a way to ask.
    :param parse_records: makes the records of an answer.
    :param known_revision: the revision that has landed before, if any.
    :param ways: the further arguments of each way, the best one first.
    :param content: the field that shows whether records have content, for the log.
    :param revision: the headers of the revision.
    """

    def __init__(
        self,
        *,
        request: Callable[[str | None, Mapping[str, str]], ApiRequest],
        parse_records: Callable[[Answer], Sequence[Entity]],
        known_revision: str | None,
        ways: Sequence[Mapping[str, str]] = ({},),
        content: str = "id",
        revision: RevisionHeaders = IF_MATCH,
    ) -> None:
        self._request = request
        self._parse_records = parse_records
        self._known_revision = known_revision
        self._content = content
        self._headers = revision
        self._way, *self._others = ways
        self._asked = False
        self._longest: tuple[Mapping[str, str], _Parsed] | None = None
        self._is_last = False

    def next_request(self) -> ApiRequest | None:
        if self._asked:
            return None
        self._asked = True
        return self._request(self._known_revision, self._way)

    def parse(self, answer: Answer) -> _Parsed:
        if answer.status == 304:
            if self._known_revision is None:
                raise InvalidResponseError("the answer is 304 although no revision was sent", status=304)
            return _Parsed(None, self._known_revision)
        try:
            return _Parsed(self._parse_records(answer), self._headers.read(answer))
        except msgspec.DecodeError as error:
            raise InvalidResponseError(
                f"the answer is not what LivePerson documents ({error})", status=answer.status
            ) from error

    def accept(self, parsed: _Parsed) -> Iterable[bytes]:
        if parsed.entities is None:
            self.revision, self.is_unchanged = parsed.revision, True
            return []
        if not parsed.has_content and not self._is_last:
            if self._longest is None or parsed.size > self._longest[1].size:
                self._longest = self._way, parsed
            if self._try_another("is answered without content"):
                return []
            parsed = self._longest[1]
        if not parsed.has_content:
            log.warning("no record has %s, in whatever way it was asked for", self._content)
        return self._hand_on(parsed.entities or (), parsed.revision)

    def _hand_on(self, entities: Sequence[Entity], revision: str | None) -> Iterable[bytes]:
        self.revision = revision
        found: dict[str | int, bytes] = {}
        replaced = 0
        for number, (key, line, _) in enumerate(entities):
            place = number if key is None else key
            replaced += found.get(place, line) != line
            found[place] = line
        self.received, self.repeated = len(found), len(entities) - len(found)
        if replaced:
            log.warning(
                "%d record(s) came more than once, and not alike; the last one of each is kept", replaced
            )
        return found.values()

    def refused(self, error: RequestRejectedError) -> None:
        if error.status == 412 and self._known_revision is not None:
            self._known_revision, self._asked = None, False  # this server takes If-Match as HTTP does
            return
        if error.status != 400:
            raise error
        if self._try_another("is rejected"):
            return
        if self._longest is None or self._is_last:
            raise error
        # There is no content, but there are records; they come from the way that brought the most.
        self._way, self._asked, self._is_last = self._longest[0], False, True

    def _try_another(self, why: str) -> bool:
        """Turn to the next way to ask, if there is one left."""
        if not self._others or self._is_last:
            return False
        asked = "&".join(f"{name}={value[:30]}" for name, value in self._way.items())
        log.info("%s %s by LivePerson; asking in another way", asked or "no further argument", why)
        self._way, self._asked = self._others.pop(0), False
        return True
