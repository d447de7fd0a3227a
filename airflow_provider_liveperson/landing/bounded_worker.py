"""Work beside the main thread, in order and bounded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class BoundedWorker:
    """Does one thing after the other in a thread of its own, while the next ones are prepared.

    :param name: of the thread.
    :param room: how much may be handed over and not be done, in bytes; a single thing may be larger.
    """

    def __init__(self, name: str, *, room: int) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._room = room
        self._taken = 0
        self._undone: deque[tuple[Future[Any], int]] = deque()

    def submit(self, act: Callable[[], T], *, size: int = 0) -> Future[T]:
        """Do something once what was handed over before is done; waits until there is room.

        :param act: what to do.
        :param size: how much it takes, in bytes.
        :raises Exception: what something handed over earlier ended in.
        """
        while self._undone and (self._undone[0][0].done() or self._taken + size > self._room):
            self._take_next()
        future = self._thread.submit(act)
        self._undone.append((future, size))
        self._taken += size
        return future

    def finish(self) -> None:
        """Wait until everything is done.

        :raises Exception: what any of it ended in.
        """
        while self._undone:
            self._take_next()

    def close(self) -> None:
        """Wait for what is under way, whatever becomes of it."""
        self._thread.shutdown(wait=True)

    def _take_next(self) -> None:
        future, size = self._undone.popleft()
        self._taken -= size
        future.result()
