"""Values at declared paths of a JSON text: decoded strictly first, in whatever spelling where that is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.values import is_no_value

_Tree = dict[str, Any]
_ANYTHING = msgspec.json.Decoder(msgspec.Raw)


class PathDecoder:
    """Reads the values at a few paths of an object, and nothing else of it.

    :param paths: dotted paths, such as ``info.conversationId``.
    :param kinds: path to the type that its value has as a rule; a value of any other type is read, too, but slower.
    """

    def __init__(self, paths: Sequence[str], kinds: Mapping[str, Any] | None = None) -> None:
        tree: _Tree = {}
        for path in paths:
            _plant(tree, path.split("."), (kinds or {}).get(path, Any))
        self._steps = [path.split(".") for path in paths]
        self._decoder = msgspec.json.Decoder(_struct(tree))
        self._getters = [_getter(tree, steps) for steps in self._steps]

    def read(self, value: raw.Buffer) -> list[Any]:
        """The values in the order of the paths; None for those that are not there.

        :param value: the JSON text of the object.
        :raises msgspec.DecodeError: for what is not an object.
        """
        try:
            found = self._decoder.decode(value)
        except raw.UNREADABLE:
            loose = raw.values(value)
            if not isinstance(loose, dict):
                raise msgspec.ValidationError("a record is not an object") from None
            return [at(loose, steps) for steps in self._steps]
        return [get(found) for get in self._getters]


class _Required(NamedTuple):
    """The type of a value without which an answer is of another shape."""

    kind: Any


class PageContent(NamedTuple):
    """What was read of an answer.

    :param page: makes lines and keys of its raw values.
    :param records: the raw records.
    :param values: what was at the other paths, in order.
    """

    page: raw.Page[Any]
    records: Sequence[msgspec.Raw]
    values: list[Any]


class PageDecoder:
    """Reads the records of an answer as raw values, and the values at a few other paths.

    :param records: the dotted path of the list of records; empty for an answer that is that list.
    :param others: the other paths.
    :param single: the field by which an answer that is an object instead of that list is one record by itself; empty
        where LivePerson documents no such answer.
    """

    def __init__(self, records: str, others: Sequence[str] = (), *, single: str = "") -> None:
        self._path = records
        self._single = PathDecoder((single,)) if single else None
        self._others = [path.split(".") for path in others]
        steps = records.split(".") if records else []
        strict: _Tree = {}
        loose: _Tree = {}
        if steps:
            _plant(strict, steps, _Required(list[msgspec.Raw] | None))
            _plant(loose, steps, _Required(list[msgspec.Raw] | str | float | None))
        for other in self._others:
            _plant(strict, other, Any)
        self._strict: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
            _struct(strict) if steps else list[msgspec.Raw]
        )
        self._loose: msgspec.json.Decoder[Any] | None = (
            msgspec.json.Decoder(_struct(loose)) if steps else None
        )
        self._records = _getter(strict, steps) if steps else _itself
        self._getters = [_getter(strict, other) for other in self._others]

    def read(self, answer: Answer) -> PageContent:
        """Read an answer.

        :param answer: the answer.
        :raises msgspec.DecodeError: for what is not JSON, or of another shape.
        :raises InvalidResponseError: where there is something else in the place of the records.
        """
        try:
            page = raw.read(self._strict, answer.body, answer.content_type)
        except msgspec.ValidationError:
            if self._loose is None:
                return self._read_single(answer)
            return self._read_loosely(answer, self._loose)
        return PageContent(
            page, self._records(page.content) or [], [get(page.content) for get in self._getters]
        )

    def _read_single(self, answer: Answer) -> PageContent:
        """Read one record that stands in the place of the list."""
        page = raw.read(_ANYTHING, answer.body, answer.content_type)
        found = [None] if self._single is None else self._single.read(page.content)
        if found == [None]:
            raise msgspec.ValidationError("it is not a list of records")
        return PageContent(page, [page.content], [None] * len(self._others))

    def _read_loosely(self, answer: Answer, decoder: msgspec.json.Decoder[Any]) -> PageContent:
        page = raw.read(decoder, answer.body, answer.content_type)
        records = self._records(page.content)
        if not isinstance(records, list):
            if not is_no_value(records):
                raise InvalidResponseError(f"{self._path} is not a list of records", status=answer.status)
            records = []
        content = raw.values(answer.body, answer.content_type)
        return PageContent(page, records, [at(content, steps) for steps in self._others])


def at(value: Any, steps: Sequence[str]) -> Any:
    """The value at a path, or None where it is not there.

    :param value: a decoded JSON value.
    :param steps: the names on the way.
    """
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _plant(tree: _Tree, steps: Sequence[str], leaf: Any) -> None:
    *inner, last = steps
    for step in inner:
        tree = tree.setdefault(step, {})
    tree[last] = leaf


def _struct(tree: _Tree) -> Any:
    """A type that takes the values of a tree. Its fields are numbered, as JSON's names need not be Python's."""
    required: list[tuple[str, Any, Any]] = []
    optional: list[tuple[str, Any, Any]] = []
    for place, (name, below) in enumerate(tree.items()):
        kind = _struct(below) if isinstance(below, dict) else below
        if isinstance(below, _Required) or (isinstance(below, dict) and _is_required(below)):
            kind = below.kind if isinstance(below, _Required) else kind
            required.append((f"f{place}", kind, msgspec.field(name=name)))
        else:
            kind = kind | None if isinstance(below, dict) else kind
            optional.append((f"f{place}", kind, msgspec.field(default=None, name=name)))
    return msgspec.defstruct("Values", [*required, *optional], gc=False)


def _is_required(tree: _Tree) -> bool:
    return any(
        isinstance(below, _Required) or (isinstance(below, dict) and _is_required(below))
        for below in tree.values()
    )


def _getter(tree: _Tree, steps: Sequence[str]) -> Callable[[Any], Any]:
    names = []
    below: Any = tree
    for step in steps:
        names.append(f"f{list(below).index(step)}")
        below = below[step]

    def get(found: Any) -> Any:
        for name in names:
            if found is None:
                return None
            found = getattr(found, name)
        return found

    return get


def _itself(found: Any) -> Any:
    return found
