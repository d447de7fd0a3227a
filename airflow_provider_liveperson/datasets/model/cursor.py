"""By what a record belongs to a window."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cursor:
    """A field by which records belong to windows.

    :param name: what operators call it.
    :param use: when to use it, in a sentence or two.
    :param field: the dotted path of the field in a record, where that is not its name.
    :param open_ended: whether LivePerson takes no upper bound for it, so that a record comes in every window that
        begins before the record was changed. Such a window is not cut into days.
    """

    name: str
    use: str
    field: str = ""
    open_ended: bool = False
