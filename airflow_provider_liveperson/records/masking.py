"""Personal data out of records, before anything is written: fields are dropped, or replaced by a keyed hash."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum
from typing import Any

import msgspec
from msgspec import Raw

from airflow_provider_liveperson.exceptions import ConfigurationError, InvalidResponseError
from airflow_provider_liveperson.records.columns import JSON, TEXT, Array, Column, Struct
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.records.raw import UNREADABLE, Marks, is_text

_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_items = msgspec.json.Decoder(list[Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode
_encode = msgspec.json.encode
_format = msgspec.json.format

_MAX_HINTS = 3


class _Do(Enum):
    HASH = "hash_fields"
    DROP = "drop_fields"


_Tree = dict[str, "_Do | _Tree"]


@dataclass(frozen=True)
class Masking:
    """Which fields of each record are hashed and which are dropped.

    A path names the fields on the way, with dots between them: ``consumerParticipants.email``. Arrays on the way
    need no mark: the path holds for each of their elements. A path that a record does not have is no error. Text
    that itself is JSON, such as a rich message, is one value: paths do not reach into it.

    A hashed value becomes the HMAC-SHA256 of its canonical text, with the salt as the key, in 64 hexadecimal
    digits. The canonical text of a string is the string itself; of a number or boolean, its JSON as LivePerson
    wrote it, so that 7 and "7" hash alike; of an object or array, its JSON without spaces and with sorted keys.
    Null stays null. The same value has the same hash wherever it stands and whenever it is pulled, as long as
    the salt is the same: hashed fields can still be joined. Who knows the salt can tell whether a guessed
    value, such as a phone number, is behind a hash: treat it as a secret.

    Everything else stays as it was sent, digit for digit.

    :param hash_fields: paths of the fields to hash.
    :param drop_fields: paths of the fields to remove.
    :param salt: the secret that goes into each hash: the connection's extra ``hash_secret``. May be empty when
        nothing is hashed.
    :raises ConfigurationError: for a path that is malformed or there twice, and for hashing without a salt.
    """

    hash_fields: Sequence[str] = ()
    drop_fields: Sequence[str] = ()
    salt: str = field(default="", repr=False)
    _tree: _Tree = field(init=False, repr=False, compare=False)
    _key: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        tree: _Tree = {}
        for what in _Do:
            paths = getattr(self, what.value)
            if isinstance(paths, str) or not isinstance(paths, Sequence):
                raise ConfigurationError(
                    f"{what.value} must be a list of paths, not {paths!r}", field=what.value
                )
            for path in paths:
                _plant(tree, path, what)
            object.__setattr__(self, what.value, tuple(dict.fromkeys(paths)))
        if not isinstance(self.salt, str) or (self.hash_fields and not self.salt.strip()):
            raise ConfigurationError(
                "hash_fields needs a salt, and there is none; put a long random text into the connection's extra"
                " hash_secret, for example the output of `openssl rand -hex 32`, and keep it: another salt makes"
                " other hashes",
                field="hash_secret",
            )
        object.__setattr__(self, "_tree", tree)
        object.__setattr__(self, "_key", self.salt.encode("utf-8", "surrogatepass"))

    def apply(self, record: Line) -> Line:
        """Mask one record.

        :param record: a JSON object.
        :returns: the same object if there is nothing to do.
        :raises InvalidResponseError: for what is not a JSON object, because nobody can tell what is in it.
        """
        if not self._tree:
            return record
        try:
            return self._apply(record)
        except UNREADABLE:
            raise InvalidResponseError(
                "a record that is to be masked is not a JSON object that can be read; it was not written"
            ) from None

    def _apply(self, record: Line) -> Line:
        try:
            masked = self._fields(Raw(record), self._tree, bytes)
            return record if masked is None else bytes(masked)
        except UNREADABLE:
            marks = Marks.of(record)
        masked = self._fields(Raw(marks.text), self._tree, marks.plain)
        return record if masked is None else marks.line(masked)

    def columns(self, columns: Mapping[str, Column]) -> dict[str, Column]:
        """The columns of masked records: hashed fields are text, dropped ones are not there.

        :param columns: the dataset's declared columns.
        """
        return _masked_columns(columns, self._tree)

    def refuse_undeclared(self, dataset: str, columns: Mapping[str, Column]) -> None:
        """Refuse paths that a dataset does not declare: misspelt, they would mask nothing, and the data would land.

        Nothing is known of what lies within a value that is kept as JSON; paths into it are taken as they are.

        :param dataset: the dataset's name.
        :param columns: its declared columns.
        :raises ConfigurationError: naming the argument, the paths, and those that look like them.
        """
        for what in _Do:
            unknown = [path for path in getattr(self, what.value) if not _is_declared(columns, path)]
            if not unknown:
                continue
            known = list(_declared_paths(columns))
            told = []
            for path in unknown:
                close = _close_to(path, known)
                told.append(f"{path!r}" + (f" (did you mean {' or '.join(close)}?)" if close else ""))
            raise ConfigurationError(
                f"{what.value}: {dataset} declares no field {', '.join(told)}; nothing would be masked by that. Correct"
                " it, or set allow_undeclared_fields=True for a field that LivePerson sends without documenting it",
                field=what.value,
                permanent=True,
            )

    def describe(self) -> dict[str, Any]:
        """What was masked, for a manifest.

        ``salt_id`` tells one salt from another and does not reveal it. It is null where nothing is hashed.
        """
        salt_id = self._hash(b"airflow-provider-liveperson: salt_id")[:8] if self.hash_fields else None
        return {
            "hash_fields": list(self.hash_fields),
            "drop_fields": list(self.drop_fields),
            "salt_id": salt_id,
        }

    def _fields(self, raw: Raw, tree: _Tree, plain: Callable[[Raw], bytes]) -> Raw | None:
        """An object with its fields masked, or None if it has none of them.

        :param plain: gives the bytes of a value that are hashed.
        """
        fields = _decode_fields(raw)
        met = changed = False
        for name, what in tree.items():
            value = fields.get(name)
            if value is None:
                continue
            met = True
            if what is _Do.DROP:
                del fields[name]
            elif (masked := self._value(value, what, plain)) is not None:
                fields[name] = masked
            else:
                continue
            changed = True
        if not (changed or (met and _has_doubles(raw, fields))):
            return None
        return Raw(_encode(fields))

    def _value(self, raw: Raw, what: _Do | _Tree, plain: Callable[[Raw], bytes]) -> Raw | None:
        """A masked value, or None if it stays as it is."""
        first = bytes(memoryview(raw)[:1])
        if not isinstance(what, dict):
            if first == b"n":
                return None
            return Raw(b'"%b"' % self._hash(_canonical(Raw(plain(raw)))).encode())
        if first == b"{":
            return self._fields(raw, what, plain)
        if first == b"[":
            items = _decode_items(raw)
            masked = [self._value(item, what, plain) for item in items]
            if any(item is not None for item in masked):
                return Raw(
                    _encode([old if new is None else new for old, new in zip(items, masked, strict=True)])
                )
        return None

    def _hash(self, text: bytes) -> str:
        return hmac.digest(self._key, text, "sha256").hex()


def masking_of(
    dataset: str,
    columns: Mapping[str, Column],
    *,
    hash_fields: Sequence[str],
    drop_fields: Sequence[str],
    salt: str | None,
    allow_undeclared_fields: bool,
) -> Masking | None:
    """The masking that a caller wishes for a dataset, or None for none.

    :param dataset: the dataset's name.
    :param columns: its declared columns.
    :param hash_fields: paths of the fields to hash.
    :param drop_fields: paths of the fields to remove.
    :param salt: the connection's ``hash_secret``.
    :param allow_undeclared_fields: whether to take paths that the dataset does not declare.
    :raises ConfigurationError: for such a path otherwise, a malformed one, and for hashing without a salt.
    """
    if not hash_fields and not drop_fields:
        return None
    masking = Masking(hash_fields=hash_fields, drop_fields=drop_fields, salt=salt or "")
    if not allow_undeclared_fields:
        masking.refuse_undeclared(dataset, columns)
    return masking


def _plant(tree: _Tree, path: object, what: _Do) -> None:
    """Add a path to a tree."""
    names = path.split(".") if isinstance(path, str) else []
    if not names or any(not name or name != name.strip() for name in names):
        raise ConfigurationError(
            f"{what.value}: {path!r} is no path; write field names with dots between them, such as"
            " consumerParticipants.email",
            field=what.value,
        )
    if not is_text(path):
        raise ConfigurationError(
            f"{what.value}: {path!r} holds half of a surrogate pair, which no field name can be compared with",
            field=what.value,
        )
    if any(name == "*" or "[" in name for name in names):
        raise ConfigurationError(
            f"{what.value}: {path!r} marks an array; leave the mark out, a path holds for each element by itself",
            field=what.value,
        )
    *way, last = names
    for name in way:
        below = tree.setdefault(name, {})
        if not isinstance(below, dict):
            raise _twice(path, what)
        tree = below
    if tree.setdefault(last, what) is not what:
        raise _twice(path, what)


def _twice(path: object, what: _Do) -> ConfigurationError:
    return ConfigurationError(
        f"{what.value}: {path!r} is also masked by another path: the same one, one above it or one below it; say"
        " once what is to become of a field",
        field=what.value,
    )


def _has_doubles(raw: Raw, fields: dict[str, Raw]) -> bool:
    """Whether an object has a name twice: only the last is decoded, and what is to be masked may be in the others."""
    size, encoded = len(memoryview(raw)), _encode(fields)
    return len(encoded) < size and len(_format(encoded, indent=-1)) < len(_format(raw, indent=-1))


def _canonical(raw: Raw) -> bytes:
    """The text of a value that goes into its hash."""
    first = bytes(memoryview(raw)[:1])
    return _decode_text(raw).encode() if first == b'"' else _canonical_json(raw)


def _canonical_json(raw: Raw) -> bytes:
    first = bytes(memoryview(raw)[:1])
    if first == b'"':
        return _encode(_decode_text(raw))
    if first == b"{":
        return _encode(
            {name: Raw(_canonical_json(value)) for name, value in sorted(_decode_fields(raw).items())}
        )
    if first == b"[":
        return _encode([Raw(_canonical_json(item)) for item in _decode_items(raw)])
    return bytes(raw)


def _close_to(path: str, known: Sequence[str]) -> list[str]:
    """Declared paths that may be meant: those that end alike, else those that look alike."""
    by_folded = {name.casefold(): name for name in known}
    folded, last = path.casefold(), path.casefold().rpartition(".")[2]
    if folded in by_folded:
        return [by_folded[folded]]
    alike = [name for end, name in by_folded.items() if end.rpartition(".")[2] == last]
    return alike[:_MAX_HINTS] or [
        by_folded[end] for end in get_close_matches(folded, by_folded, n=_MAX_HINTS)
    ]


def _declared_paths(columns: Mapping[str, Column]) -> Iterator[str]:
    for name, column in columns.items():
        yield name
        while isinstance(column, Array):
            column = column.items
        if isinstance(column, Struct):
            yield from (f"{name}.{below}" for below in _declared_paths(column.fields))


def _masked_columns(columns: Mapping[str, Column], tree: _Tree) -> dict[str, Column]:
    masked: dict[str, Column] = {}
    for name, column in columns.items():
        what = tree.get(name)
        if what is None:
            masked[name] = column
        elif what is _Do.HASH:
            masked[name] = TEXT
        elif isinstance(what, dict):
            masked[name] = _masked_column(column, what)
    return masked


def _masked_column(column: Column, tree: _Tree) -> Column:
    if isinstance(column, Array):
        return Array(_masked_column(column.items, tree))
    if isinstance(column, Struct):
        # An object all of whose fields are dropped is still there, as {}.
        fields = _masked_columns(column.fields, tree)
        return Struct(fields) if fields else JSON
    return column


def _is_declared(fields: Mapping[str, Column], path: str) -> bool:
    name, _, rest = path.partition(".")
    column = fields.get(name)
    if not rest or column is None:
        return column is not None
    while isinstance(column, Array):
        column = column.items
    return _is_declared(column.fields, rest) if isinstance(column, Struct) else column is JSON
