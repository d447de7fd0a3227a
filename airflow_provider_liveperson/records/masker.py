"""How fields are hashed or dropped in a record's JSON, while every other value keeps its bytes.

Only the objects along the declared paths are decoded, and their other values stay raw. That is most of the work saved:
a loop that decodes, hashes and encodes whole records takes two to three times as long (``docs/decisions/0038``).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from enum import Enum, IntEnum
from typing import Any

import msgspec
from msgspec import Raw

from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.records.raw import UNREADABLE, Buffer, Marks


class Action(Enum):
    """What becomes of a field, by the argument that says so."""

    HASH = "hash_fields"
    DROP = "drop_fields"


Tree = dict[str, "Action | Tree"]
"""Fields by name: what becomes of each, or which of the fields below it are meant."""


class _State(IntEnum):
    """What has become of an object."""

    UNMET = 0  # it has none of the fields
    UNCHANGED = 1  # it has some, whose values stay as they are
    CHANGED = 2


# Ids repeat within a conversation and from one to the next; long texts do not, and would only take memory.
_MAX_CACHED = 8192
_MAX_CACHED_BYTES = 100
_NULL = b"null"
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

    :param tree: what becomes of which field; arrays on the way need no mark.
    :param key: the HMAC's key.
    """

    def __init__(self, tree: Mapping[str, Action | Tree], key: bytes) -> None:
        self._tree = tree
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
            masked = self._object(record, self._tree, bytes)
            return record if masked is None else _encode(masked)
        except UNREADABLE:
            marks = Marks.of(record)
        masked = self._object(marks.text, self._tree, marks.plain)
        return record if masked is None else marks.line(_encode(masked))

    def hash_of(self, text: bytes) -> str:
        """The HMAC-SHA256 of a text, in hexadecimal digits."""
        state = self._keyed.copy()
        state.update(text)
        return state.hexdigest()

    def _object(self, raw: Buffer, tree: Mapping[str, Action | Tree], plain: _Plain) -> dict[str, Any] | None:
        """An object's fields, masked, or None if it stays as it is.

        :param plain: returns the bytes of a value that are hashed.
        """
        fields = _decode_fields(raw)
        state = self._mask_fields(fields, tree, plain)
        if state is _State.CHANGED or (state is _State.UNCHANGED and _has_doubles(raw, fields)):
            return fields
        return None

    def _array(
        self, raw: Buffer, tree: Mapping[str, Action | Tree], plain: _Plain
    ) -> list[dict[str, Any] | list[Any] | Raw] | None:
        """An array's elements, masked, or None if all stay as they are."""
        try:
            objects = _decode_objects(raw)
        except msgspec.ValidationError:  # some are no objects
            items = _decode_items(raw)
            masked = [self._value(item, tree, plain) for item in items]
            if all(item is None for item in masked):
                return None
            return [old if new is None else new for old, new in zip(items, masked, strict=True)]
        states = [self._mask_fields(fields, tree, plain) for fields in objects]
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

    def _value(
        self, raw: Raw, tree: Mapping[str, Action | Tree], plain: _Plain
    ) -> dict[str, Any] | list[Any] | None:
        """What a path leads through, masked, or None if it stays as it is."""
        first = memoryview(raw)[0]
        if first == _OBJECT:
            return self._object(raw, tree, plain)
        return self._array(raw, tree, plain) if first == _ARRAY else None

    def _mask_fields(
        self, fields: dict[str, Any], tree: Mapping[str, Action | Tree], plain: _Plain
    ) -> _State:
        """Mask an object's fields in place."""
        state = _State.UNMET
        for name, what in tree.items():
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
                new = self._value(raw, what, plain)
            if new is not None:
                fields[name] = new
                state = _State.CHANGED
            elif not state:
                state = _State.UNCHANGED
        return state

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
