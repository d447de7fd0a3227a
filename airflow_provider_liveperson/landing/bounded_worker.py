"""Jobs beside the main thread: in order, and bounded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class BoundedWorker:
    """Runs jobs one after the other in a thread of its own, while the next ones are prepared.

    :param name: of the thread.
    :param room: bytes that may be submitted and not be done; a single job may be larger.
    """

    def __init__(self, name: str, *, room: int) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._room = room
        self._taken = 0
        self._undone: deque[tuple[Future[Any], int]] = deque()

    def submit(self, job: Callable[[], T], *, size: int = 0) -> Future[T]:
        """Run a job once those submitted before are done; waits until there is room.

        :param job: the job.
        :param size: the bytes that it holds until it is done.
        :returns: its result, or what it raised.
        :raises Exception: what an earlier job raised.
        """
        while self._undone and (self._undone[0][0].done() or self._taken + size > self._room):
            self._take_next()
        future = self._thread.submit(job)
        self._undone.append((future, size))
        self._taken += size
        return future

    def finish(self) -> None:
        """Wait until everything is done.

        :raises Exception: what any job raised.
        """
        while self._undone:
            self._take_next()

    def close(self) -> None:
        """Wait for the jobs under way, whatever they end in."""
        self._thread.shutdown(wait=True)

    def _take_next(self) -> None:
        future, size = self._undone.popleft()
        self._taken -= size
        future.result()
