"""One renewer at a time, among processes that share nothing but cells of text.

Airflow's workers reach their Variables by get, put and delete only; nothing compares and swaps. What is left is
Fischer's timed mutual exclusion (Lamport, "A fast mutual exclusion algorithm", 1987): see that the cell is free, write
one's own name into it, wait until whoever saw it free at the same time has written too, and read it back. The last
writer finds its own name and is alone.

What if a write is late is told beside it in :class:`Lease`; why this and not something else, in
`docs/decisions/0015-where-consents-are-kept.md`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from airflow_provider_liveperson.exceptions import ServiceUnavailableError

SETTLE = 3.0
LIFETIME = 120.0
PATIENCE = 600.0
POLL = 0.5
_FREE = ""


class Cells(Protocol):
    """Named texts that several processes share."""

    def get(self, name: str) -> str | None:
        """The text of a cell as it is now, or None; never an old one, and never None because of a failure."""

    def put(self, name: str, value: str) -> None:
        """Write a cell."""

    def delete(self, name: str) -> None:
        """Empty a cell; nothing happens if it is empty."""


class Lease:
    """The right to do something alone, for at most ``lifetime`` seconds.

    No clock is compared with another machine's: whose claim has stood unchanged for ``lifetime`` seconds by the clock
    of the one who waits is dead.

    :param cells: where the claim is kept.
    :param name: the cell.
    :param settle: seconds within which who saw the cell free has written into it.
    :param lifetime: seconds for which a claim holds; what is done under it must take less.
    :param patience: seconds after which waiting is given up.
    :param poll: seconds between two looks at a cell that is not free.
    :param now: a monotonic clock in seconds.
    :param sleep: waits for seconds.
    """

    def __init__(
        self,
        cells: Cells,
        name: str,
        *,
        settle: float = SETTLE,
        lifetime: float = LIFETIME,
        patience: float = PATIENCE,
        poll: float = POLL,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._cells = cells
        self._name = name
        self._settle = settle
        self._lifetime = lifetime
        self._patience = patience
        self._poll = poll
        self._now = now
        self._sleep = sleep

    @contextmanager
    def held(self, unless: Callable[[], bool] = lambda: False) -> Iterator[bool]:
        """Wait for the lease and hold it.

        :param unless: is asked before each look at a cell that is not free; once it says True, nobody waits on.
        :returns: whether the lease is held; False after ``unless`` said True.
        :raises ServiceUnavailableError: when others have held it for longer than one has patience.
        """
        claim = self._claim(unless)
        if claim is None:
            yield False
            return
        holder, claimed_at = claim
        try:
            yield True
        finally:
            # Late, the claim may be another's before the write arrives: then it is left to die of age.
            if self._now() - claimed_at < self._lifetime / 2 and self._cells.get(self._name) == holder:
                # Emptied, not deleted: a cell that is there stays everybody's who could see it so far.
                self._cells.put(self._name, _FREE)

    def _claim(self, unless: Callable[[], bool]) -> tuple[str, float] | None:
        began = self._now()
        seen: str | None = None
        seen_since = began
        while True:
            looked_at = self._now()
            claim = self._cells.get(self._name) or None
            if claim != seen:
                seen, seen_since = claim, self._now()
            if claim is None or self._now() - seen_since >= self._lifetime:
                holder = secrets.token_hex(16)
                self._cells.put(self._name, holder)
                written_at = self._now()
                if written_at - looked_at <= self._settle:
                    self._sleep(self._settle)
                    if self._cells.get(self._name) == holder:
                        return holder, written_at
                    self._be_patient(began)
                else:
                    # So late that somebody may already have found himself alone, and this claim stands over his. It
                    # is nobody's, and keeps everybody out until that one has surely finished.
                    seen, seen_since = holder, written_at
            elif unless():
                return None
            else:
                self._be_patient(began)
                self._sleep(self._poll)

    def _be_patient(self, began: float) -> None:
        if self._now() - began > self._patience:
            raise ServiceUnavailableError(
                f"others have been renewing LivePerson's tokens for {self._patience:.0f} s (Variable"
                f" {self._name!r}); try again later"
            )
