"""One answer for a whole slice, whose nested parts become rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.pages import parse_body
from airflow_provider_liveperson.datasets.readers.reader import Pager, Reader
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.records.values import identifier

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset

Object = dict[str, msgspec.Raw]

_OBJECT: msgspec.json.Decoder[Object | None] = msgspec.json.Decoder(Object | None)
_LIST: msgspec.json.Decoder[list[msgspec.Raw] | None] = msgspec.json.Decoder(list[msgspec.Raw] | None)
_ENVELOPE = "body"
_BLANK = b" \t\r\n"


class Row(NamedTuple):
    """One row of an answer.

    :param key: the columns that tell it from others, in order: name to value.
    :param line: its JSON.
    :param in_slice: whether it lies within the slice.
    """

    key: tuple[tuple[str, str], ...]
    line: Line
    in_slice: bool = True


@dataclass(frozen=True)
class Section:
    """Where an answer holds the numbers of one level, as objects.

    :param level: the value of ``_level``: ``account``, ``skill``, ``agent``, ``skill_agent``, ``skill_group``; empty to
        leave the column out, where a dataset has one level only.
    :param paths: the dotted paths of the objects; the first one under which there are any counts. A step ``{skill_id}``
        stands for each name that is there, and the name becomes the column ``_skill_id``. A step ``[id]`` stands for
        each object of a list; their field ``id`` tells them apart. An empty path stands for the answer itself.
    :param unfold: a field of the objects that is an object itself, and whose fields take its place.
    """

    level: str
    paths: tuple[str, ...]
    unfold: str = ""

    def rows(self, top: Object) -> Iterator[tuple[dict[str, str], msgspec.Raw]]:
        """What tells each object from the others, and the object.

        Names that begin with an underscore are columns; the others are fields that the object has.

        :param top: the object that holds the section.
        :raises msgspec.DecodeError: for something else in the place of an object or a list on the way.
        """
        for path in self.paths:
            if not path:
                yield {}, msgspec.Raw(msgspec.json.encode(top))
                return
            found = list(_walk(top, path.split("."), {}))
            if found:
                yield from found
                return

    def is_in(self, top: Object) -> bool:
        """Whether an answer has a place for the section, with or without anything in it.

        :param top: the object that holds the section.
        """
        names = (path.partition(".")[0] or self.unfold for path in self.paths)
        return any(name.startswith("{") or name in top for name in names)

    def members(self, found: bytes) -> bytes:
        """The members of an object as they came, those of the unfolded field in its place.

        :param found: the object, stripped of blanks.
        """
        if not self.unfold:
            return _members(found)
        parts = []
        for name, value in inner(msgspec.Raw(found)).items():
            stripped = bytes(value).strip(_BLANK)
            if name == self.unfold and stripped.startswith(b"{"):
                parts.append(_members(stripped))
            else:
                parts.append(b"%b:%b" % (msgspec.json.encode(name), stripped))
        return b",".join(part for part in parts if part)


@dataclass(frozen=True, kw_only=True)
class AnswerReader(Reader):
    """A reader of one answer, made into rows by code.

    The numbers of a row are the bytes that LivePerson sent; the underscore columns stand before them. An answer may
    come in an envelope, ``{"meta": …, "body": …}``.

    :param sections: where the rows are, by level.
    :param arguments: what is always sent.
    """

    sections: tuple[Section, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> Pager:
        return AnswerPager(
            request=lambda: self.request(dataset, query, slice_),
            parse_rows=lambda answer: self.rows(answer, query, slice_),
        )

    def describe(self, dataset: Dataset, query: Query) -> dict[str, Any]:
        return {**dataset.request.params, **self.arguments, **query.filters}

    @abstractmethod
    def request(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        """The request for a slice."""

    @abstractmethod
    def rows(self, answer: Answer, query: Query, slice_: Slice) -> Sequence[Row]:
        """The rows of an answer, in an order that does not depend on the server's.

        :raises InvalidResponseError: for an answer of another shape.
        :raises msgspec.DecodeError: for one that is not JSON.
        """

    def sectioned(
        self, page: raw.Page[Any], top: Object, columns: Mapping[str, str], *, in_slice: bool = True
    ) -> Iterator[Row]:
        """The rows of all sections, each level sorted by its ids.

        :param page: the answer.
        :param top: the object that holds the sections.
        :param columns: the underscore columns that all of them have.
        :param in_slice: whether they lie within the slice.
        """
        for section in self.sections:
            found = []
            for ids, numbers in section.rows(top):
                stripped = bytes(numbers).strip(_BLANK)
                if stripped == b"[]":  # an empty list stands for no numbers, too
                    continue
                if not stripped.startswith(b"{"):
                    raise InvalidResponseError(f"the numbers at {section.paths[0]} are not an object")
                members = section.members(stripped)
                if members:  # without a number it says nothing
                    found.append((ids, members))
            level = {"_level": section.level} if section.level else {}
            for ids, members in sorted(found, key=lambda one: [_order(value) for value in one[0].values()]):
                every = {**columns, **level, **ids}
                shown = {name: value for name, value in every.items() if name.startswith("_")}
                head = msgspec.json.encode(shown)[:-1] + b"," if shown else b"{"
                line = b"%b%b}" % (head, members)
                yield Row(tuple(every.items()), page.copy(msgspec.Raw(line)), in_slice)


class AnswerPager(Pager):
    """Reads one answer. Of rows with the same key the first one stands.

    :param request: makes the request.
    :param parse_rows: makes the rows of the answer.
    """

    def __init__(
        self, *, request: Callable[[], ApiRequest], parse_rows: Callable[[Answer], Sequence[Row]]
    ) -> None:
        self._request = request
        self._parse_rows = parse_rows
        self._asked = False

    def next_request(self) -> ApiRequest | None:
        if self._asked:
            return None
        self._asked = True
        return self._request()

    def parse(self, answer: Answer) -> Sequence[Row]:
        return parse_body(answer, self._parse_rows)

    def accept(self, parsed: Sequence[Row]) -> Iterable[Line]:
        seen: set[tuple[tuple[str, str], ...]] = set()
        taken = []
        for row in parsed:
            if row.key in seen:
                self.repeated += 1
                continue
            seen.add(row.key)
            if row.in_slice:
                taken.append(row.line)
        self.received = len(seen)
        return taken


def read_object(answer: Answer) -> tuple[raw.Page[Any], Object]:
    """Read an answer that is an object, out of its envelope where it has one.

    :raises msgspec.DecodeError: for what is not an object.
    """
    page = raw.read(_OBJECT, answer.body, answer.content_type)
    top = page.content or {}
    if _ENVELOPE in top and "meta" in top:
        top = inner(top[_ENVELOPE])
    return page, top


def inner(value: msgspec.Raw) -> Object:
    """The fields of an object inside an answer; none for null.

    :raises msgspec.DecodeError: for what is not an object.
    """
    return _OBJECT.decode(value) or {}


def as_text(value: Any) -> str:
    """An argument as it stands in a query: a list with commas, a flag in lower case."""
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _walk(
    value: msgspec.Raw | Object, steps: Sequence[str], ids: dict[str, str]
) -> Iterator[tuple[dict[str, str], msgspec.Raw]]:
    if not steps:
        assert not isinstance(value, dict)
        if bytes(value).strip(_BLANK) != b"null":
            yield ids, value
        return
    step, *below = steps
    if step.startswith("["):
        assert not isinstance(value, dict)
        name = step[1:-1]
        for one in _LIST.decode(value) or []:
            item = inner(one)
            found = {**ids, name: identifier(raw.values(item[name])) or ""} if name in item else ids
            yield from _walk(one, below, found)
        return
    top = value if isinstance(value, dict) else inner(value)
    if not step.startswith("{"):
        if step in top:
            yield from _walk(top[step], below, ids)
        return
    for name, each in top.items():
        yield from _walk(each, below, {**ids, f"_{step[1:-1]}": name})


def _members(found: bytes) -> bytes:
    """What is between the braces of an object."""
    return found[1:-1].strip(_BLANK)


def _order(value: str) -> tuple[int, str]:
    """Ids in the order of their numbers, others behind them."""
    is_number = value.isascii() and value.removeprefix("-").isdigit() and len(value) < 19
    return (int(value), value) if is_number else (1 << 62, value)
