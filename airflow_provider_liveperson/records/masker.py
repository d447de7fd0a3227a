"""How fields are hashed or dropped in a record's JSON, while every other value keeps its bytes.

Only the objects along the declared paths are decoded, and their other values stay raw. That is most of the work saved:
a loop that decodes, hashes and encodes whole records takes two to three times as long (``docs/decisions/0038``).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from enum import IntEnum
from typing import Any

import msgspec
from msgspec import Raw

from airflow_provider_liveperson.records.branch import Action, Branch
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.records.raw import UNREADABLE, Buffer, Marks


class _State(IntEnum):
    """What has become of an object."""

    UNMET = 0  # it has none of the fields
    UNCHANGED = 1  # it has some, whose values stay as they are
    CHANGED = 2


# Ids repeat within a conversation and from one to the next; long texts do not, and would only take memory.
_MAX_CACHED = 8192
_MAX_CACHED_BYTES = 100
MAX_UNDECLARED = 100
REST = "*"
"""Stands for the paths beyond those."""
_MAX_PATH = 200
_NULL = b"null"
_RAW_NULL = Raw(_NULL)
_OBJECT, _ARRAY = b"{["

_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_objects = msgspec.json.Decoder(list[dict[str, Raw]]).decode
_decode_items = msgspec.json.Decoder(list[Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode
_encode = msgspec.json.encode
_format = msgspec.json.format

_Plain = Callable[[Raw], bytes]


class Masker:
    """Masks records along a tree of fields.

    :param branch: what becomes of which field; arrays on the way need no mark.
    :param key: the HMAC's key.
    """

    def __init__(self, branch: Branch, key: bytes) -> None:
        self._branch = branch
        self.undeclared: dict[str, int] = {}
        """How often which undeclared field came, by its path; those beyond the first 100 paths are together ``*``."""
        self._met: list[str] = []
        # A copy of a keyed state costs less than a new HMAC.
        self._keyed = hmac.new(key, digestmod="sha256")
        self._cache: dict[bytes, Raw] = {}

    def mask(self, record: Line) -> Line:
        """Mask one record.

        :param record: a JSON object.
        :returns: the same object if there is nothing to do.
        :raises msgspec.DecodeError, RecursionError, UnicodeError: for what is not a JSON object that can be read.
        """
        try:
            masked, line = self._object(record, self._branch, bytes), None
        except UNREADABLE:
            self._met.clear()
            marks = Marks.of(record)
            masked, line = self._object(marks.text, self._branch, marks.plain), marks.line
        if self._met:
            self._count_met()
        if masked is None:
            return record
        return _encode(masked) if line is None else line(_encode(masked))

    def hash_of(self, text: bytes) -> str:
        """The HMAC-SHA256 of a text, in hexadecimal digits."""
        state = self._keyed.copy()
        state.update(text)
        return state.hexdigest()

    def _object(self, raw: Buffer, branch: Branch, plain: _Plain) -> dict[str, Any] | None:
        """An object's fields, masked, or None if it stays as it is.

        :param plain: returns the bytes of a value that are hashed.
        """
        fields = _decode_fields(raw)
        state = self._mask_fields(fields, branch, plain)
        if state is _State.CHANGED or (state is _State.UNCHANGED and _has_doubles(raw, fields)):
            return fields
        return None

    def _array(
        self, raw: Buffer, branch: Branch, plain: _Plain
    ) -> list[dict[str, Any] | list[Any] | Raw] | None:
        """An array's elements, masked, or None if all stay as they are."""
        try:
            objects = _decode_objects(raw)
        except msgspec.ValidationError:  # some are no objects
            items = _decode_items(raw)
            masked = [self._value(item, branch, plain) for item in items]
            if all(item is None for item in masked):
                return None
            return [old if new is None else new for old, new in zip(items, masked, strict=True)]
        states = [self._mask_fields(fields, branch, plain) for fields in objects]
        if not any(states):
            return None
        if all(state is _State.CHANGED for state in states):
            return objects  # type: ignore[return-value]
        raws = _decode_items(raw)
        are_changed = [
            state is _State.CHANGED or (state is _State.UNCHANGED and _has_doubles(item, fields))
            for state, item, fields in zip(states, raws, objects, strict=True)
        ]
        if not any(are_changed):
            return None
        return [
            new if is_changed else old
            for is_changed, new, old in zip(are_changed, objects, raws, strict=True)
        ]

    def _value(self, raw: Raw, branch: Branch, plain: _Plain) -> dict[str, Any] | list[Any] | Raw | None:
        """What a path leads through, masked, or None if it stays as it is."""
        first = memoryview(raw)[0]
        if first == _OBJECT:
            return self._object(raw, branch, plain)
        if first == _ARRAY:
            return self._array(raw, branch, plain)
        # Only fields of it are kept, and it has none.
        return _RAW_NULL if branch.others is Action.DROP and bytes(raw) != _NULL else None

    def _mask_fields(self, fields: dict[str, Any], branch: Branch, plain: _Plain) -> _State:
        """Mask an object's fields in place."""
        if branch.is_exhaustive:
            return self._mask_all(fields, branch, plain)
        if not branch.met.issuperset(fields):
            branch.meet(fields)
        state = _State.UNMET
        for name, what in branch.plan.items():
            raw = fields.get(name)
            if raw is None:
                continue
            new: Any
            if what is Action.HASH:
                new = self._hashed(plain(raw))
            elif what is Action.DROP:
                del fields[name]
                state = _State.CHANGED
                continue
            else:
                new = self._value(raw, what, plain)  # type: ignore[arg-type]  # all others are branches
            if new is not None:
                fields[name] = new
                state = _State.CHANGED
            elif not state:
                state = _State.UNCHANGED
        return state

    def _mask_all(self, fields: dict[str, Any], branch: Branch, plain: _Plain) -> _State:
        """Mask an object's fields in place, of which all have to be looked at."""
        if branch.counts_others and not fields.keys() <= branch.fields.keys():
            for name in fields:
                if name not in branch.fields:
                    self._met.append(_text_of(branch.path_of(name), plain))
        # Written anew in any case: a name that is there twice would hide what is in the first.
        state = _State.CHANGED if branch.others is Action.DROP else _State.UNMET
        for name, raw in list(fields.items()):
            what = branch.fields.get(name) or branch.action_of(name)
            if what is Action.KEEP:
                continue
            new: Any
            if what is Action.PLAIN:
                new = _without_objects(raw)
                if new is not None and branch.counts_others:
                    self._met.append(_text_of(branch.path_of(name), plain))
            elif what is Action.DROP:
                del fields[name]
                state = _State.CHANGED
                continue
            elif what is Action.HASH:
                new = self._hashed(plain(raw))
            else:
                new = self._value(raw, what, plain)
            if new is not None:
                fields[name] = new
                state = _State.CHANGED
            elif not state:
                state = _State.UNCHANGED
        return state

    def _count_met(self) -> None:
        """Count the undeclared fields of a record."""
        for path in self._met:
            if path not in self.undeclared and len(self.undeclared) >= MAX_UNDECLARED:
                path = REST
            self.undeclared[path] = self.undeclared.get(path, 0) + 1
        self._met.clear()

    def _hashed(self, value: bytes) -> Raw | None:
        """The JSON that takes a value's place, or None for null."""
        if (known := self._cache.get(value)) is not None:
            return known
        if value == _NULL:
            return None
        hashed = Raw(b'"%b"' % self.hash_of(_canonical(value)).encode())
        if len(value) <= _MAX_CACHED_BYTES:
            if len(self._cache) >= _MAX_CACHED:
                self._cache.clear()
            self._cache[value] = hashed
        return hashed


def _text_of(path: str, plain: _Plain) -> str:
    """A path without marks, as a manifest has it."""
    return _decode_text(plain(Raw(_encode(path))))[:_MAX_PATH]


def _without_objects(raw: Raw) -> Raw | list[Any] | None:
    """A value with null in place of each object in it, or None if there is none."""
    first = memoryview(raw)[0]
    if first == _OBJECT:
        return _RAW_NULL
    if first != _ARRAY or b"{" not in bytes(raw):
        return None
    items = _decode_items(raw)
    cleaned = [_without_objects(item) for item in items]
    if all(item is None for item in cleaned):
        return None
    return [old if new is None else new for old, new in zip(items, cleaned, strict=True)]


def _has_doubles(raw: Buffer, fields: dict[str, Any]) -> bool:
    """Whether an object has a name twice: only the last is decoded, and what is to be masked may be in the others."""
    size, encoded = len(memoryview(raw)), _encode(fields)
    return len(encoded) < size and len(_format(encoded, indent=-1)) < len(_format(raw, indent=-1))


def _canonical(value: bytes) -> bytes:
    """The text of a value that goes into its hash."""
    return _decode_text(value).encode() if value.startswith(b'"') else _canonical_json(value)


def _canonical_json(value: bytes) -> bytes:
    if value.startswith(b'"'):
        return _encode(_decode_text(value))
    if value.startswith(b"{"):
        fields = sorted(_decode_fields(value).items())
        return _encode({name: Raw(_canonical_json(bytes(raw))) for name, raw in fields})
    if value.startswith(b"["):
        return _encode([Raw(_canonical_json(bytes(raw))) for raw in _decode_items(value)])
    return value
