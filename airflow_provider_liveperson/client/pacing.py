"""Keeps the request rates that LivePerson documents for some services, across threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from airflow_provider_liveperson.client import retries


class Pacer:
    """Spaces requests evenly, so that no second holds more of them than allowed.

    Evenly rather than in bursts, because what counts is when requests arrive. Each service has a schedule of its own,
    shared by all threads of a client.

    :param now: a monotonic clock, in seconds.
    """

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}

    def reserve(self, key: str, per_second: float) -> float:
        """Reserve the next slot.

        :param key: what the rate applies to, such as a service.
        :param per_second: how many requests per second are allowed.
        :returns: the seconds to wait until the slot; 0 for at once.
        """
        with self._lock:
            now = self._now()
            slot = max(now, self._next.get(key, now))
            self._next[key] = slot + 1.0 / per_second
        return slot - now

    def wait_turn(self, key: str, per_second: float, *, stop: retries.Interrupt) -> None:
        """Reserve the next slot and wait for it.

        :param key: what the rate applies to.
        :param per_second: how many requests per second are allowed.
        :param stop: ends the wait.
        """
        seconds = self.reserve(key, per_second)
        if seconds > 0:
            retries.pause(seconds, stop)
