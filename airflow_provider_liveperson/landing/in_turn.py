"""Work beside the main thread, in order and bounded."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class InTurn:
    """Does one thing at a time in a thread of its own, while the next one is prepared: never does more than one wait.

    :param name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._last: Future[Any] | None = None

    def submit(self, act: Callable[[], T]) -> Future[T]:
        """Do something once what was handed over before is done.

        :raises Exception: what that ended in, which then is the end of all.
        """
        if self._last is not None:
            self._last.result()
        future = self._thread.submit(act)
        self._last = future
        return future

    def close(self) -> None:
        """Wait for what is under way."""
        self._thread.shutdown(wait=True)
