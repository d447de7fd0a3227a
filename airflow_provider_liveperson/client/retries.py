"""How often and how long the request loop waits."""

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
    """The bounds of the request loop.

    :param waits: seconds before each repeat after a 5xx, a broken connection or an unreadable answer.
    :param rate_limit_repeats: how often a 429 is waited out.
    :param longest_wait: the most seconds to wait at once, whatever an answer asks for.
    """

    waits: tuple[float, ...] = (5.0, 10.0, 15.0)
    rate_limit_repeats: int = 6
    longest_wait: float = 120.0

    def server_wait(self, repeat: int, *, asked: float | None = None) -> float:
        """Seconds to wait after the ``repeat``-th failure, the first being 1.

        :param asked: what the answer's ``Retry-After`` asks for, if there was one: it is not undercut.
        """
        wait = self.waits[min(repeat, len(self.waits)) - 1] if self.waits else 0.0
        return wait if asked is None else max(wait, min(asked, self.longest_wait))

    def rate_limit_wait(self, repeat: int, *, shortest: float, asked: float | None) -> float:
        """Seconds to wait after the ``repeat``-th 429 in a row, the first being 1.

        :param shortest: the least LivePerson wants (1 second; 5 for a login).
        :param asked: what the answer's ``Retry-After`` asks for, if there was one.
        """
        if asked is not None:
            return min(max(asked, shortest), self.longest_wait)
        return min(shortest * 2.0 ** (repeat - 1) * random.uniform(1.0, 1.5), self.longest_wait)  # noqa: S311


NO_RETRIES = RetrySchedule(waits=(), rate_limit_repeats=0)


class Waking(Protocol):
    """What can end a wait."""

    def wait(self, seconds: float) -> bool:
        """Wait for it, but no longer than so many seconds."""


def pause(seconds: float, stop: Waking | None = None) -> None:
    """Sleep, unless waits are switched off.

    :param seconds: how long.
    :param stop: wakes up before.
    """
    if not _waiting:
        return
    if stop is None:
        time.sleep(seconds)
    else:
        stop.wait(seconds)


@contextmanager
def without_waits() -> Iterator[None]:
    """Switch every wait of this process off, for tests: retries then follow each other at once."""
    global _waiting
    before, _waiting = _waiting, False
    try:
        yield
    finally:
        _waiting = before
