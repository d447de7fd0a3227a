"""What becomes of each field of a record, level by level: what :class:`Masker` walks along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum


class Action(Enum):
    """What becomes of a field, by the argument that says so."""

    HASH = "hash_fields"
    DROP = "drop_fields"
    KEEP = "keep_fields"
    PLAIN = "plain"
    """It stays, but objects in it do not: it is declared as a value without fields."""


Tree = dict[str, "Action | Tree"]
"""Fields by name: what becomes of each, or which of the fields below it are meant."""

# Names that are data, such as ids, would be remembered without end.
_MAX_MET = 4096


class Branch:
    """What becomes of an object's fields.

    A name in another casing is masked like the name itself: LivePerson spells some names differently from one answer
    to the next. It is not kept like it, where only named fields are kept.

    :param fields: by name.
    :param others: what becomes of any other field: ``KEEP`` or ``DROP``.
    :param counts_others: whether any other field is undeclared, and therefore counted.
    :param path: of the object, with dots; empty for a record.
    """

    def __init__(
        self,
        fields: Mapping[str, Action | Branch],
        *,
        others: Action = Action.KEEP,
        counts_others: bool = False,
        path: str = "",
    ) -> None:
        self.fields = dict(fields)
        self.others = others
        self.counts_others = counts_others
        self.path = path
        self.is_exhaustive = others is Action.DROP or counts_others
        """Whether every field of an object has to be looked at."""
        self._folded: dict[str, Action | Branch] = {}
        for name, what in self.fields.items():
            if what is Action.DROP or what not in (Action.KEEP, Action.PLAIN):
                self._folded.setdefault(name.casefold(), what)
        self.met: set[str]
        self.plan: dict[str, Action | Branch]
        self._forget()

    @classmethod
    def of(cls, tree: Tree) -> Branch:
        """A branch that masks the fields of a tree, and keeps all others.

        :param tree: what becomes of which field.
        """
        return cls({name: cls.of(what) if isinstance(what, dict) else what for name, what in tree.items()})

    def meet(self, names: Mapping[str, object]) -> None:
        """Plan for names that have not been met: one that is masked in another casing is masked, too.

        :param names: of an object's fields.
        """
        if len(self.met) + len(names) > _MAX_MET:
            self._forget()
        for name in names:
            if name not in self.met:
                self.met.add(name)
                what = self._folded.get(name.casefold())
                if what is not None:
                    self.plan[name] = what

    def action_of(self, name: str) -> Action | Branch:
        """What becomes of a field.

        :param name: its name.
        """
        what = self.fields.get(name)
        if what is None and self.others is Action.KEEP:
            what = self._folded.get(name.casefold())
        return self.others if what is None else what

    def path_of(self, name: str) -> str:
        """The path of a field, with dots.

        :param name: its name.
        """
        return f"{self.path}.{name}" if self.path else name

    def _forget(self) -> None:
        self.met = set(self.fields)
        self.plan = {
            name: what for name, what in self.fields.items() if what not in (Action.KEEP, Action.PLAIN)
        }


def is_covered(path: str, by: Sequence[str]) -> bool:
    """Whether a path is one of some, or below one.

    :param path: the path.
    :param by: the others.
    """
    return any(path == other or path.startswith(f"{other}.") for other in by)


def is_masked(path: str, by: Sequence[str]) -> bool:
    """Whether a path is one of some, or below one, in any casing: as fields are masked.

    :param path: the path.
    :param by: the others.
    """
    return is_covered(path.casefold(), [other.casefold() for other in by])
