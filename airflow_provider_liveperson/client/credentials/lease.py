"""One renewer at a time, among processes that share nothing but a key-value store.

Airflow's workers reach their Variables by get, put and delete only; there is no compare-and-swap. What remains is
Fischer's timed mutual exclusion (Lamport, "A fast mutual exclusion algorithm", 1987): see that the key is free, write
your own name, wait until every process that saw it free at the same time has written too, and read it back. The last
writer finds its own name and is alone.

What happens when a write is late is explained in :class:`Lease`; the reasons for this algorithm are in
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


class KeyValueStore(Protocol):
    """Texts by key, shared by several processes."""

    def get(self, name: str) -> str | None:
        """The current value of a key, or None; never a stale one, and never None because of a failure."""

    def put(self, name: str, value: str) -> None:
        """Write a value."""

    def delete(self, name: str) -> None:
        """Delete a key; nothing happens if it is absent."""


class Lease:
    """The exclusive right to do something, for at most ``lifetime`` seconds.

    No clock is compared with another machine's: a claim that has not changed for ``lifetime`` seconds, by the clock of
    the process that waits, is dead.

    :param store: where the claim is stored.
    :param name: its key.
    :param settle: seconds within which a process that saw the key free must have written to it.
    :param lifetime: seconds for which a claim holds; what is done under it must take less.
    :param patience: seconds after which to stop waiting.
    :param poll: seconds between two reads of a key that is not free.
    :param now: a monotonic clock in seconds.
    :param sleep: waits for seconds.
    """

    def __init__(
        self,
        store: KeyValueStore,
        name: str,
        *,
        settle: float = SETTLE,
        lifetime: float = LIFETIME,
        patience: float = PATIENCE,
        poll: float = POLL,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
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

        :param unless: called before each read of a key that is not free; ends the wait once it returns True.
        :returns: whether the lease is held; False after ``unless`` returned True.
        :raises ServiceUnavailableError: when others have held it for longer than ``patience``.
        """
        claim = self._claim(unless)
        if claim is None:
            yield False
            return
        holder, claimed_at = claim
        try:
            yield True
        finally:
            # Late, another process may claim it before the write arrives: then the claim is left to expire.
            if self._now() - claimed_at < self._lifetime / 2 and self._store.get(self._name) == holder:
                # Emptied, not deleted: the key stays visible to all processes that could see it so far.
                self._store.put(self._name, _FREE)

    def _claim(self, unless: Callable[[], bool]) -> tuple[str, float] | None:
        began = self._now()
        seen: str | None = None
        seen_since = began
        while True:
            looked_at = self._now()
            claim = self._store.get(self._name) or None
            if claim != seen:
                seen, seen_since = claim, self._now()
            if claim is None or self._now() - seen_since >= self._lifetime:
                holder = secrets.token_hex(16)
                self._store.put(self._name, holder)
                written_at = self._now()
                if written_at - looked_at <= self._settle:
                    self._sleep(self._settle)
                    if self._store.get(self._name) == holder:
                        return holder, written_at
                    self._check_patience(began)
                else:
                    # So late that another process may already hold the lease, and this claim has overwritten its own.
                    # It belongs to no process, and keeps all others out until that one has surely finished.
                    seen, seen_since = holder, written_at
            elif unless():
                return None
            else:
                self._check_patience(began)
                self._sleep(self._poll)

    def _check_patience(self, began: float) -> None:
        if self._now() - began > self._patience:
            raise ServiceUnavailableError(
                f"other processes have been renewing LivePerson's tokens for {self._patience:.0f} s (Variable"
                f" {self._name!r}); try again later"
            )
