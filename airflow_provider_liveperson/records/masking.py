"""Removes personal data from records before anything is written: fields are dropped, or replaced by a keyed hash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from airflow_provider_liveperson.exceptions import ConfigurationError, InvalidResponseError
from airflow_provider_liveperson.records.columns import JSON, TEXT, Array, Column, Struct, unmarked
from airflow_provider_liveperson.records.columns import paths as declared_paths
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.records.masker import Action, Masker, Tree
from airflow_provider_liveperson.records.raw import UNREADABLE, is_text

_MAX_HINTS = 3


@dataclass(frozen=True)
class Masking:
    """Which fields of each record are hashed and which are dropped.

    A path names the fields on the way, with dots between them: ``consumerParticipants.email``. Arrays on the way
    need no mark: the path applies to each of their elements. A path that a record does not have is no error. Text
    that itself is JSON, such as a rich message, is one value: paths do not reach into it.

    A hashed value becomes the HMAC-SHA256 of its canonical text, with the salt as the key, in 64 hexadecimal
    digits. The canonical text of a string is the string itself; of a number or boolean, its JSON as LivePerson
    wrote it, so that 7 and "7" hash alike; of an object or array, its JSON without spaces and with sorted keys.
    Null stays null. The same value has the same hash wherever it stands and whenever it is pulled, as long as
    the salt is the same: hashed fields can still be joined. Anyone who knows the salt can
    check whether a guessed value, such as a phone number, is behind a hash: treat it as a secret.

    Every other value keeps the bytes in which it was sent.

    :param hash_fields: paths of the fields to hash.
    :param drop_fields: paths of the fields to remove.
    :param salt: the secret that goes into each hash: the connection's extra ``hash_secret``. May be empty when
        nothing is hashed.
    :raises ConfigurationError: for a path that is malformed or given twice, and for hashing without a salt.
    """

    hash_fields: Sequence[str] = ()
    drop_fields: Sequence[str] = ()
    salt: str = field(default="", repr=False)
    _tree: Tree = field(init=False, repr=False, compare=False)
    _masker: Masker = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        tree: Tree = {}
        for what in Action:
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
        key = self.salt.encode("utf-8", "surrogatepass")
        object.__setattr__(self, "_masker", Masker(tree, key))

    def apply(self, record: Line) -> Line:
        """Mask one record.

        :param record: a JSON object.
        :returns: the same object if there is nothing to do.
        :raises InvalidResponseError: for what is not a JSON object, because it cannot be known what is in it.
        """
        if not self._tree:
            return record
        try:
            return self._masker.mask(record)
        except UNREADABLE:
            raise InvalidResponseError(
                "a record that is to be masked is not a JSON object that can be read; it was not written"
            ) from None

    def columns(self, columns: Mapping[str, Column]) -> dict[str, Column]:
        """The columns of masked records, without marks: hashed fields are text, dropped ones are not there.

        :param columns: the dataset's declared columns.
        """
        return _masked_columns(unmarked(columns), self._tree)

    def refuse_undeclared(self, dataset: str, columns: Mapping[str, Column]) -> None:
        """Refuse paths that a dataset does not declare: a misspelled path masks nothing, and the data would land.

        Paths into a value that is kept as JSON are accepted: what it holds is not declared.

        :param dataset: the dataset's name.
        :param columns: its declared columns.
        :raises ConfigurationError: naming the argument, the paths, and those that look like them.
        """
        columns = unmarked(columns)
        for what in Action:
            unknown = [path for path in getattr(self, what.value) if not _is_declared(columns, path)]
            if not unknown:
                continue
            known = [name for name, _ in declared_paths(columns)]
            named = []
            for path in unknown:
                close = _close_to(path, known)
                named.append(f"{path!r}" + (f" (did you mean {' or '.join(close)}?)" if close else ""))
            raise ConfigurationError(
                f"{what.value}: {dataset} declares no field {', '.join(named)}; nothing would be masked by that."
                " Correct it, or set allow_undeclared_fields=True for a field that LivePerson sends but does not"
                " document",
                field=what.value,
                permanent=True,
            )

    def describe(self) -> dict[str, Any]:
        """What was masked, for a manifest.

        ``salt_id`` distinguishes salts without revealing them. It is null where nothing is hashed.
        """
        salt_id = (
            self._masker.hash_of(b"airflow-provider-liveperson: salt_id")[:8] if self.hash_fields else None
        )
        return {
            "hash_fields": list(self.hash_fields),
            "drop_fields": list(self.drop_fields),
            "salt_id": salt_id,
        }


def masking_of(
    dataset: str,
    columns: Mapping[str, Column],
    *,
    hash_fields: Sequence[str],
    drop_fields: Sequence[str],
    salt: str | None,
    allow_undeclared_fields: bool,
) -> Masking | None:
    """The masking that a caller asks for, or None for none.

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


def declares(columns: Mapping[str, Column], path: str) -> bool:
    """Whether a dataset declares a field, or a value kept as JSON above it.

    :param columns: its declared columns.
    :param path: the field's dotted path.
    """
    return _is_declared(unmarked(columns), path)


def _plant(tree: Tree, path: object, what: Action) -> None:
    """Add a path to a tree."""
    names = path.split(".") if isinstance(path, str) else []
    if not names or any(not name or name != name.strip() for name in names):
        raise ConfigurationError(
            f"{what.value}: {path!r} is not a valid path; separate field names with dots, such as"
            " consumerParticipants.email",
            field=what.value,
        )
    if not is_text(path):
        raise ConfigurationError(
            f"{what.value}: {path!r} contains half of a surrogate pair, so no field name can match it",
            field=what.value,
        )
    if any(name == "*" or "[" in name for name in names):
        raise ConfigurationError(
            f"{what.value}: {path!r} marks an array; leave the mark out, a path applies to every element anyway",
            field=what.value,
        )
    *way, last = names
    for name in way:
        below = tree.setdefault(name, {})
        if not isinstance(below, dict):
            raise _given_twice(path, what)
        tree = below
    if tree.setdefault(last, what) is not what:
        raise _given_twice(path, what)


def _given_twice(path: object, what: Action) -> ConfigurationError:
    return ConfigurationError(
        f"{what.value}: {path!r} is also masked by another path: the same one, one above it or one below it; name"
        " each field once",
        field=what.value,
    )


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


def _masked_columns(columns: Mapping[str, Column], tree: Tree) -> dict[str, Column]:
    masked: dict[str, Column] = {}
    for name, column in columns.items():
        what = tree.get(name)
        if what is None:
            masked[name] = column
        elif what is Action.HASH:
            masked[name] = TEXT
        elif isinstance(what, dict):
            masked[name] = _masked_column(column, what)
    return masked


def _masked_column(column: Column, tree: Tree) -> Column:
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
