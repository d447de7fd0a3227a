"""How often the request loop repeats a request, and how long it waits before."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

_waiting = True


@dataclass(frozen=True)
class RetrySchedule:
    """The limits of the request loop.

    :param waits: seconds before each repeat after a 5xx, a broken connection or an unreadable answer.
    :param rate_limit_repeats: how many times a request is repeated after a 429.
    :param max_wait: at most how many seconds to wait at once, whatever an answer asks for.
    """

    waits: tuple[float, ...] = (5.0, 10.0, 15.0)
    rate_limit_repeats: int = 6
    max_wait: float = 120.0

    def server_wait(self, repeat: int, *, retry_after: float | None = None) -> float:
        """Seconds to wait after the ``repeat``-th failure, the first being 1.

        :param retry_after: the seconds of the answer's ``Retry-After``, if there was one; the wait is not shorter.
        """
        wait = self.waits[min(repeat, len(self.waits)) - 1] if self.waits else 0.0
        return wait if retry_after is None else max(wait, min(retry_after, self.max_wait))

    def rate_limit_wait(self, repeat: int, *, shortest: float, retry_after: float | None) -> float:
        """Seconds to wait after the ``repeat``-th 429 in a row, the first being 1.

        :param shortest: the least number of seconds that LivePerson asks for (1; 5 for a login).
        :param retry_after: the seconds of the answer's ``Retry-After``, if there was one.
        """
        if retry_after is not None:
            return min(max(retry_after, shortest), self.max_wait)
        return min(shortest * 2.0 ** (repeat - 1) * random.uniform(1.0, 1.5), self.max_wait)  # noqa: S311


NO_RETRIES = RetrySchedule(waits=(), rate_limit_repeats=0)


class Interrupt(Protocol):
    """Can end a wait."""

    def wait(self, seconds: float) -> bool:
        """Wait until it is set, but at most that many seconds."""


def pause(seconds: float, stop: Interrupt | None = None) -> None:
    """Sleep, unless waits are switched off.

    :param seconds: how long.
    :param stop: ends the wait early.
    """
    if not _waiting:
        return
    if stop is None:
        time.sleep(seconds)
    else:
        stop.wait(seconds)


@contextmanager
def without_waits() -> Iterator[None]:
    """Switch off all waits of this process, for tests: retries then follow each other at once."""
    global _waiting
    before, _waiting = _waiting, False
    try:
        yield
    finally:
        _waiting = before
