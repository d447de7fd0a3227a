"""Avro's JSON encoding, in which a nullable value stands in an object that names its type.

``{"long": 1}``, ``{"string": "x"}``, ``{"array": […]}``, ``{"com.liveperson.dataaccess.X": {…}}``: these objects are
taken away. Whatever is inside stays byte for byte as it was sent.
"""

from __future__ import annotations

import msgspec

_TYPES = frozenset(("string", "int", "long", "float", "double", "boolean", "bytes", "array", "map"))
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


def fields(value: msgspec.Raw | bytes) -> dict[str, msgspec.Raw]:
    """The fields of an object, or of the object in an object that names its class.

    :param value: JSON.
    :raises msgspec.DecodeError: for what is not an object.
    """
    found = _OBJECT.decode(value)
    while (tag := _tag(found)) is not None:
        found = _OBJECT.decode(found[tag])
    return found


def items(value: msgspec.Raw | bytes) -> list[msgspec.Raw]:
    """The items of a list, or of the list in an object that names its type.

    :param value: JSON; null for no items.
    :raises msgspec.DecodeError: for what is neither.
    """
    while is_object(value):
        found = _OBJECT.decode(value)
        tag = _tag(found)
        if tag is None:
            raise msgspec.ValidationError("a list is an object")
        value = found[tag]
    return [] if bytes(value) == b"null" else _LIST.decode(value)


def untagged(value: msgspec.Raw | bytes) -> bytes:
    """A value without the objects that name types, at any depth.

    :param value: JSON.
    :raises RecursionError: for what is nested too deeply.
    """
    changed = _untagged(value)
    return bytes(value) if changed is None else changed


def _untagged(value: msgspec.Raw | bytes) -> bytes | None:
    """The value without tags; None where it has none, so that it stays as it was sent."""
    if is_object(value):
        found = _OBJECT.decode(value)
        tag = _tag(found)
        if tag is not None:
            return untagged(found[tag])
        changed = {name: _untagged(inner) for name, inner in found.items()}
        if all(inner is None for inner in changed.values()):
            return None
        return joined({name: changed[name] or bytes(inner) for name, inner in found.items()})
    if memoryview(value)[0] == ord("["):
        inside = _LIST.decode(value)
        parts = [_untagged(inner) for inner in inside]
        if all(part is None for part in parts):
            return None
        return b"[%b]" % b",".join(part or bytes(inner) for part, inner in zip(parts, inside, strict=True))
    return None


def joined(values: dict[str, bytes]) -> bytes:
    """An object of values that are JSON already.

    :param values: name to JSON.
    """
    return b"{%b}" % b",".join(
        b"%b:%b" % (msgspec.json.encode(name), value) for name, value in values.items()
    )


def _tag(found: dict[str, msgspec.Raw]) -> str | None:
    """The name of the type, if an object only names one."""
    if len(found) != 1:
        return None
    (name,) = found
    return name if name in _TYPES or "." in name else None


def is_object(value: msgspec.Raw | bytes) -> bool:
    """Whether a value is an object.

    :param value: JSON.
    """
    return memoryview(value)[0] == ord("{")
