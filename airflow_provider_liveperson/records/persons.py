"""Whose records these are: the ids of conversations and of consumers in a record, by the declared columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Raw

from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.records.branch import is_covered, is_masked
from airflow_provider_liveperson.records.columns import Column, paths
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.records.raw import UNREADABLE, Buffer, plain
from airflow_provider_liveperson.records.salt import Salt


class Kind(StrEnum):
    """What an id is the id of."""

    CONVERSATION = "conversation"
    PARTICIPANT = "participant"


NAMES: Mapping[str, Kind] = {
    "conversationId": Kind.CONVERSATION,
    "info.engagementId": Kind.CONVERSATION,  # elsewhere it is the id of a campaign's engagement
    "participantId": Kind.PARTICIPANT,
    "consumerId": Kind.PARTICIPANT,
    "visitorId": Kind.PARTICIPANT,
}
"""What declared paths that hold such ids end in. A new dataset has nothing more to say."""
_ROLES = ("sentby", "participanttype")
_AGENT = "agent"

_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_items = msgspec.json.Decoder(list[Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode


@dataclass(frozen=True)
class IdPath:
    """A field that holds ids.

    :param path: its dotted path.
    :param kind: of the ids.
    :param is_hashed: whether they landed as hashes.
    """

    path: str
    kind: Kind
    is_hashed: bool = False


def id_paths(columns: Mapping[str, Column]) -> list[IdPath]:
    """The declared fields that hold ids of conversations or consumers, in order.

    :param columns: a dataset's declared columns.
    """
    return [
        IdPath(path, kind)
        for path, _ in paths(columns)
        for name, kind in NAMES.items()
        if path == name or path.endswith(f".{name}")
    ]


def landed_id_paths(found: Iterable[IdPath], masking: Mapping[str, Any] | None) -> list[IdPath]:
    """Those that landed in a form in which ids can be found, with the form.

    :param found: the declared ones.
    :param masking: what a manifest says about masking.
    """
    if masking is None:
        return list(found)
    kept = masking.get("keep_fields")
    hashed = masking.get("hash_fields") or ()
    by_itself = {path.casefold() for path in hashed}
    return [
        IdPath(one.path, one.kind, one.path.casefold() in by_itself)
        for one in found
        if not is_masked(one.path, masking.get("drop_fields") or ())
        and (kept is None or is_covered(one.path, kept))
        and (one.path.casefold() in by_itself or not is_masked(one.path, hashed))
    ]


@dataclass(frozen=True, kw_only=True)
class Hashes:
    """Ids as hashes, by what they are ids of.

    :param conversations: of conversations.
    :param participants: of consumers and visitors.
    """

    conversations: Set[str] = field(default=frozenset(), repr=False)
    participants: Set[str] = field(default=frozenset(), repr=False)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.conversations or self.participants)

    def of(self, kind: Kind) -> Set[str]:
        """Those of one kind."""
        return self.conversations if kind is Kind.CONVERSATION else self.participants


@dataclass
class _Level:
    """What is of interest in an object: ids in its fields, and objects further down. By names without casing."""

    ids: dict[str, IdPath] = field(default_factory=dict)
    below: dict[str, _Level] = field(default_factory=dict)


class PersonFinder:
    """Finds records that hold any of some ids.

    A participant is looked for in fields that end in ``participantId``, ``consumerId`` or ``visitorId``, but not where
    the object says that it is about an agent: an agent's id would find every conversation of that agent.

    :param found: the fields that hold ids.
    :param hashes: the ids that are looked for.
    :param salt: makes hashes of ids that are not hashed.
    """

    def __init__(self, found: Iterable[IdPath], hashes: Hashes, salt: Salt) -> None:
        self._hashes = hashes
        self._salt = salt
        self._root = _Level()
        self._paths = list(found)
        for one in self._paths:
            *way, name = one.path.casefold().split(".")
            level = self._root
            for step in way:
                level = level.below.setdefault(step, _Level())
            level.ids[name] = one
        self.conversations: set[str] = set()
        """The hashes of the conversations of all records that were found."""

    @property
    def fields(self) -> set[str]:
        """The paths of all fields that it looks at, without casing; what is not there is not missed."""
        ids = {one.path.casefold() for one in self._paths}
        beside = {path.rpartition(".")[0] for path in ids}
        return ids | {f"{above}.{role}" if above else role for above in beside for role in _ROLES}

    def finds(self, record: Line) -> bool:
        """Whether a record holds any of the ids.

        :param record: a JSON object.
        :raises InvalidResponseError: for what is not one, because it cannot be known what is in it.
        """
        try:
            try:
                return self._finds_in(_decode_fields(record))
            except UNREADABLE:
                return self._finds_in(_decode_fields(plain(record)))
        except UNREADABLE:
            raise InvalidResponseError(
                "a record cannot be read as a JSON object, so it cannot be known whose it is; it was not written"
            ) from None

    def _finds_in(self, fields: Mapping[str, Raw]) -> bool:
        conversations: list[str] = []
        is_found = self._look_at(fields, self._root, conversations)
        if is_found:
            self.conversations.update(conversations)
        return is_found

    def _look_at(self, fields: Mapping[str, Any], level: _Level, conversations: list[str]) -> bool:
        is_found = False
        is_agent: bool | None = None
        for name, raw in fields.items():
            folded = name.casefold()
            if (below := level.below.get(folded)) is not None:
                is_found |= self._look_below(raw, below, conversations)
            elif (one := level.ids.get(folded)) is not None:
                if one.kind is Kind.PARTICIPANT:
                    is_agent = _is_agent(fields) if is_agent is None else is_agent
                    if is_agent:
                        continue
                for value in _texts(raw):
                    hashed = value if one.is_hashed else self._salt.hash_of(value.encode("utf-8", "replace"))
                    is_found |= hashed in self._hashes.of(one.kind)
                    if one.kind is Kind.CONVERSATION:
                        conversations.append(hashed)
        return is_found

    def _look_below(self, raw: Buffer, level: _Level, conversations: list[str]) -> bool:
        first = bytes(raw[:1]) if isinstance(raw, bytes) else bytes(memoryview(raw)[:1])
        if first == b"{":
            return self._look_at(_decode_fields(raw), level, conversations)
        is_found = False
        if first == b"[":
            for item in _decode_items(raw):
                is_found |= self._look_below(item, level, conversations)
        return is_found


def _is_agent(fields: Mapping[str, Any]) -> bool:
    """Whether an object says that it is about an agent."""
    return any(
        text.casefold() == _AGENT
        for name, raw in fields.items()
        if name.casefold() in _ROLES
        for text in _texts(raw)
    )


def _texts(raw: Buffer) -> list[str]:
    """The texts and numbers in a value, each as its text."""
    value = bytes(raw)
    if value.startswith(b'"'):
        return [_decode_text(value)]
    if value.startswith(b"["):
        return [text for item in _decode_items(value) for text in _texts(item)]
    return [] if value.startswith(b"{") or value in (b"null", b"true", b"false") else [value.decode()]
