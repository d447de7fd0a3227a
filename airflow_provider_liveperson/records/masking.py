"""Removes personal data from records before anything is written: fields are hashed, dropped, or not among the kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_liveperson.exceptions import ConfigurationError, InvalidResponseError
from airflow_provider_liveperson.records.branch import Action, Branch, Tree, is_masked
from airflow_provider_liveperson.records.columns import JSON, TEXT, Array, Column, Struct, unmarked
from airflow_provider_liveperson.records.columns import paths as declared_paths
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.records.masker import Masker
from airflow_provider_liveperson.records.raw import UNREADABLE, is_text
from airflow_provider_liveperson.records.salt import Salt

if TYPE_CHECKING:
    from airflow_provider_liveperson.records.policy import Policy

_MAX_HINTS = 3
_LISTS = (Action.HASH, Action.DROP, Action.KEEP)
UNKNOWN_FIELDS = ("keep", "drop")
"""What may become of fields that a dataset does not declare."""


@dataclass(frozen=True)
class Masking:
    """Which fields of each record are hashed, which are dropped, and which alone are kept.

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

    With ``keep_fields`` or ``unknown_fields``, each field is compared with what the dataset declares, and each one that
    it does not declare is counted. Where unknown fields are dropped, so is whatever is not as declared and may have
    fields: null takes the place of an object where a text is declared, and of a text where only fields of an object
    are kept.

    :param hash_fields: paths of the fields to hash.
    :param drop_fields: paths of the fields to remove.
    :param salt: the secret that goes into each hash: the connection's extra ``hash_secret``. May be empty when
        nothing is hashed.
    :param keep_fields: paths of the only declared fields to keep, each with all declared fields below it; None for all.
    :param unknown_fields: ``keep`` or ``drop`` fields that the dataset does not declare; None: ``drop`` with
        ``keep_fields``, and else keep them without looking for them.
    :param declared: the dataset's declared columns, which only these two need.
    :raises ConfigurationError: for a path that is malformed or given twice, for settings that contradict each other or
        leave nothing, and for hashing without a salt.
    """

    hash_fields: Sequence[str] = ()
    drop_fields: Sequence[str] = ()
    salt: str = field(default="", repr=False)
    keep_fields: Sequence[str] | None = None
    unknown_fields: str | None = None
    declared: Mapping[str, Column] = field(default_factory=dict, repr=False, hash=False)
    _branch: Branch = field(init=False, repr=False, compare=False)
    _masker: Masker = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        masked: Tree = {}
        kept: Tree = {}
        for what in _LISTS:
            paths = getattr(self, what.value)
            if paths is None and what is Action.KEEP:
                continue
            if isinstance(paths, str) or not isinstance(paths, Sequence):
                raise ConfigurationError(
                    f"{what.value} must be a list of paths, not {paths!r}", field=what.value
                )
            for path in paths:
                _plant(kept if what is Action.KEEP else masked, path, what)
            object.__setattr__(self, what.value, tuple(dict.fromkeys(paths)))
        if self.unknown_fields not in (None, *UNKNOWN_FIELDS):
            raise ConfigurationError(
                f"unknown_fields is {self.unknown_fields!r}; it must be one of {', '.join(UNKNOWN_FIELDS)}",
                field="unknown_fields",
            )
        if self.keep_fields is not None:
            _check_kept(self, kept)
        if not isinstance(self.salt, str) or (self.hash_fields and not self.salt.strip()):
            raise ConfigurationError(
                "hash_fields needs a salt, and there is none; put a long random text into the connection's extra"
                " hash_secret, for example the output of `openssl rand -hex 32`, and keep it: another salt makes"
                " other hashes",
                field="hash_secret",
            )
        branch = Branch.of(masked)
        if self.looks_for_unknown:
            is_kept = self.unknown_fields == "keep"
            allowed = _declared_branch(unmarked(self.declared), "", is_kept=is_kept)
            if self.keep_fields is not None:
                allowed = _restricted(allowed, kept)
            branch = _masked_branch(allowed, masked)
        object.__setattr__(self, "_branch", branch)
        key = self.salt.encode("utf-8", "surrogatepass")
        object.__setattr__(self, "_masker", Masker(branch, key))

    @property
    def looks_for_unknown(self) -> bool:
        """Whether each field is compared with what the dataset declares."""
        return self.keep_fields is not None or self.unknown_fields is not None

    def take_undeclared(self) -> dict[str, int] | None:
        """How often which undeclared field has come since the last call, by its path; None where nobody looks."""
        found, self._masker.undeclared = self._masker.undeclared, {}
        return found if self.looks_for_unknown else None

    def apply(self, record: Line) -> Line:
        """Mask one record.

        :param record: a JSON object.
        :returns: the same object if there is nothing to do.
        :raises InvalidResponseError: for what is not a JSON object, because it cannot be known what is in it.
        """
        if not self._branch.fields and not self._branch.is_exhaustive:
            return record
        try:
            return self._masker.mask(record)
        except UNREADABLE:
            raise InvalidResponseError(
                "a record that is to be masked is not a JSON object that can be read; it was not written"
            ) from None

    def mask_keys(self, keys: Sequence[str], primary_key: Sequence[str]) -> list[str]:
        """Keys of records as far as they are in the masked records.

        :param keys: the keys, each as one text.
        :param primary_key: the paths of the fields of which a key is made.
        :returns: hashes where the only field is hashed; none where it, or any of several, does not stay as it is.
        """
        if len(primary_key) == 1:
            masked = (self._mask_key(key, primary_key[0]) for key in keys)
            return [key for key in masked if key is not None]
        is_kept = all(self._mask_key("", path) == "" for path in primary_key)
        return list(keys) if is_kept else []

    def _mask_key(self, key: str, path: str) -> str | None:
        """What a record would have at a path in place of a text; None for nothing."""
        value: Any = key
        for name in reversed(path.split(".")):
            value = {name: value}
        value = msgspec.json.decode(self.apply(msgspec.json.encode(value)))
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return value if isinstance(value, str) else None

    def columns(self, columns: Mapping[str, Column]) -> dict[str, Column]:
        """The columns of masked records, without marks: hashed fields are text, dropped ones are not there.

        :param columns: the dataset's declared columns.
        """
        return _masked_columns(unmarked(columns), self._branch)

    def refuse_undeclared(self, dataset: str, columns: Mapping[str, Column]) -> None:
        """Refuse paths that a dataset does not declare: a misspelled path masks nothing, and the data would land.

        Paths into a value that is kept as JSON are accepted: what it holds is not declared.

        :param dataset: the dataset's name.
        :param columns: its declared columns.
        :raises ConfigurationError: naming the argument, the paths, and those that look like them.
        """
        columns = unmarked(columns)
        for what in _LISTS:
            unknown = [path for path in getattr(self, what.value) or () if not _is_declared(columns, path)]
            if not unknown:
                continue
            known = [name for name, _ in declared_paths(columns)]
            named = []
            for path in unknown:
                close = _close_to(path, known)
                named.append(f"{path!r}" + (f" (did you mean {' or '.join(close)}?)" if close else ""))
            raise ConfigurationError(
                f"{what.value}: {dataset} declares no field {', '.join(named)};"
                f" nothing would be {'kept' if what is Action.KEEP else 'masked'} by that. Correct it,"
                " or set allow_undeclared_fields=True for a field that LivePerson sends but does not document",
                field=what.value,
                permanent=True,
            )

    def describe(self) -> dict[str, Any]:
        """What was masked, for a manifest.

        ``salt_id`` distinguishes salts without revealing them. It is null where nothing is hashed.
        """
        salt_id = Salt(self.salt).id if self.hash_fields else None
        about: dict[str, Any] = {
            "hash_fields": list(self.hash_fields),
            "drop_fields": list(self.drop_fields),
            "salt_id": salt_id,
        }
        if self.looks_for_unknown:
            about["keep_fields"] = None if self.keep_fields is None else list(self.keep_fields)
            about["unknown_fields"] = self.unknown_fields or "drop"
        return about


def masking_of(
    dataset: str,
    columns: Mapping[str, Column],
    asked: Policy,
    enforced: Policy,
    *,
    salt: str | None,
    allow_undeclared_fields: bool,
) -> Masking | None:
    """The masking that a caller asks for and the connection enforces, or None for none.

    :param dataset: the dataset's name.
    :param columns: its declared columns.
    :param asked: the caller's fields.
    :param enforced: the connection's.
    :param salt: the connection's ``hash_secret``.
    :param allow_undeclared_fields: whether to take paths of the caller that the dataset does not declare.
    :raises ConfigurationError: for such a path otherwise, a malformed one, settings that contradict each other or
        leave nothing, and for hashing without a salt.
    """
    if asked:
        own = asked.masking(columns, salt)
        if not allow_undeclared_fields:
            own.refuse_undeclared(dataset, columns)
    if enforced:
        try:
            enforced.masking(columns, salt)
        except ConfigurationError as error:
            raise ConfigurationError(
                f"the connection's extra {error.field} cannot be applied to {dataset}: {error}",
                field=error.field,
            ) from None
    if enforced.drops_unknown:
        asked = asked.of_declared(columns)
    strictest = asked.tightened_by(enforced)
    return strictest.masking(columns, salt) if strictest else None


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
        below = tree.setdefault(_spelled_in(tree, name, what), {})
        if not isinstance(below, dict):
            raise _given_twice(path, what)
        tree = below
    if tree.setdefault(_spelled_in(tree, last, what), what) is not what:
        raise _given_twice(path, what)


def _spelled_in(tree: Tree, name: str, what: Action) -> str:
    """The name by which a tree has a field already: in any casing if it is masked, since it is masked in any."""
    if what is Action.KEEP or name in tree:
        return name
    return next((known for known in tree if known.casefold() == name.casefold()), name)


def _given_twice(path: object, what: Action) -> ConfigurationError:
    verb = "kept" if what is Action.KEEP else "masked"
    return ConfigurationError(
        f"{what.value}: {path!r} is also {verb} by another path: the same one, one above it or one below it; name"
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


def _masked_columns(columns: Mapping[str, Column], branch: Branch) -> dict[str, Column]:
    masked: dict[str, Column] = {}
    for name, column in columns.items():
        what = branch.action_of(name)
        if what is Action.HASH:
            masked[name] = TEXT
        elif isinstance(what, Branch):
            masked[name] = _masked_column(column, what)
        elif what is not Action.DROP:
            masked[name] = column
    return masked


def _masked_column(column: Column, branch: Branch) -> Column:
    if isinstance(column, Array):
        return Array(_masked_column(column.items, branch))
    if isinstance(column, Struct):
        # An object all of whose fields are dropped is still there, as {}.
        fields = _masked_columns(column.fields, branch)
        return Struct(fields) if fields else JSON
    return column


def _check_kept(masking: Masking, kept: Tree) -> None:
    """Refuse masks that contradict what is kept.

    :param masking: has both.
    :param kept: what is kept.
    """
    if not kept:
        raise ConfigurationError(
            "keep_fields is empty, so nothing would land; list the fields to keep, or leave it out",
            field="keep_fields",
        )
    for path in masking.hash_fields:
        if not is_masked(path, masking.keep_fields or ()):
            raise ConfigurationError(
                f"hash_fields: {path!r} is not among keep_fields, so it is not kept; add it there, or leave it"
                " out here",
                field="hash_fields",
            )
    for path in masking.keep_fields or ():
        if is_masked(path, masking.drop_fields):
            raise ConfigurationError(
                f"keep_fields: {path!r} is also dropped by drop_fields; name it in one of them",
                field="keep_fields",
            )


def _declared_branch(columns: Mapping[str, Column], path: str, *, is_kept: bool) -> Branch:
    """A branch that keeps what is declared.

    :param columns: the declared fields, without marks.
    :param path: of the object that has them.
    :param is_kept: whether other fields are kept, too.
    """
    fields: dict[str, Action | Branch] = {}
    for name, column in columns.items():
        inner = column
        while isinstance(inner, Array):
            inner = inner.items
        below = f"{path}.{name}" if path else name
        if isinstance(inner, Struct):
            fields[name] = _declared_branch(inner.fields, below, is_kept=is_kept)
        else:
            fields[name] = Action.KEEP if inner is JSON or is_kept else Action.PLAIN
    return Branch(fields, others=Action.KEEP if is_kept else Action.DROP, counts_others=True, path=path)


def _restricted(branch: Branch, kept: Tree) -> Branch:
    """A branch that drops all declared fields but those of a tree.

    :param branch: keeps what is declared.
    :param kept: what is kept; what is not declared, too.
    """
    fields: dict[str, Action | Branch] = dict.fromkeys(branch.fields, Action.DROP)
    for name, below in kept.items():
        what = branch.fields.get(name)
        if not isinstance(below, dict):
            fields[name] = Action.KEEP if what is None else what
        elif isinstance(what, Branch):
            fields[name] = _restricted(what, below)
        else:  # of a value that is declared as JSON, or not at all
            nothing = Branch({}, others=Action.DROP, path=branch.path_of(name))
            fields[name] = _restricted(nothing, below)
    return Branch(fields, others=branch.others, counts_others=branch.counts_others, path=branch.path)


def _masked_branch(branch: Branch, masked: Tree) -> Branch:
    """A branch that also hashes and drops the fields of a tree.

    :param branch: what is kept.
    :param masked: what is hashed or dropped.
    """
    fields = dict(branch.fields)
    spelled = [
        (one, what)
        for name, what in masked.items()
        for one in [one for one in branch.fields if one.casefold() == name.casefold()] or [name]
    ]
    for name, what in spelled:
        there = fields.get(name)
        if there is Action.DROP or (there is None and what is Action.DROP):
            fields[name] = Action.DROP
        elif not isinstance(what, dict):
            fields[name] = what
        elif isinstance(there, Branch):
            fields[name] = _masked_branch(there, what)
        elif there is Action.PLAIN:
            continue  # it has no fields, and none will land
        else:
            others = branch.others if there is None else Action.KEEP
            fields[name] = _masked_branch(Branch({}, others=others, path=branch.path_of(name)), what)
    return Branch(fields, others=branch.others, counts_others=branch.counts_others, path=branch.path)


def _is_declared(fields: Mapping[str, Column], path: str) -> bool:
    name, _, rest = path.partition(".")
    column = fields.get(name)
    if not rest or column is None:
        return column is not None
    while isinstance(column, Array):
        column = column.items
    return _is_declared(column.fields, rest) if isinstance(column, Struct) else column is JSON
