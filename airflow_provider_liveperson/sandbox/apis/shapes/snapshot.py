"""How things are now, without history."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

Row = dict[str, Any]


class Snapshot:
    """Records of which only the present state can be read; their truth is that of the present, whatever the window.

    :param rows: the first state.
    :param key: name of the field that identifies a record.
    """

    def __init__(self, rows: Sequence[Row], key: str) -> None:
        self._lock = threading.Lock()
        self._rows = tuple(rows)
        self._key = key
        self._changes = 0

    def __len__(self) -> int:
        return len(self._rows)

    def read(self) -> list[Row]:
        """Return the records as they are now, in their order."""
        return list(self._rows)

    def change(self, edit: Callable[[Row, int], Row]) -> Row:
        """Change one record; a later call changes the next one.

        :param edit: takes the record and the number of the change, from one; gives the fields that are new.
        :return: the record as it is now.
        :raises ValueError: if there is no record.
        """
        with self._lock:
            if not self._rows:
                raise ValueError("There is no record that could change")
            place = self._changes % len(self._rows)
            self._changes += 1
            changed = {**self._rows[place], **edit(self._rows[place], self._changes)}
            # One assignment, so that a reader never sees half of a change.
            self._rows = (*self._rows[:place], changed, *self._rows[place + 1 :])
        return changed

    def add(self, rows: Sequence[Row]) -> list[Any]:
        """Add records after the others.

        :param rows: the records.
        :return: their keys.
        """
        with self._lock:
            self._rows = (*self._rows, *rows)
        return [row[self._key] for row in rows]

    def remove(self, key: Any) -> None:
        """Remove a record.

        :param key: its key.
        :raises KeyError: if there is no such record.
        """
        with self._lock:
            left = tuple(row for row in self._rows if row[self._key] != key)
            if len(left) == len(self._rows):
                raise KeyError(f"There is no record {key!r}")
            self._rows = left
