"""Jobs that may hang: done at once in threads that nobody waits for longer than a given time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def run_within(
    jobs: Sequence[Callable[[], T]], *, most: int, seconds: float, name: str = "liveperson-check"
) -> list[T | Exception | None]:
    """Do jobs, but give up those that are not done in time, whatever hangs: name resolution, dripping bytes.

    What has been given up goes on in threads that do not keep the process alive.

    :param jobs: what to do.
    :param most: how many at once.
    :param seconds: how long to wait for all of them together.
    :param name: the threads' name.
    :returns: for each job what it returned or raised, or None when it was not done by then.
    """
    waiting: SimpleQueue[tuple[int, Callable[[], T]]] = SimpleQueue()
    ended: SimpleQueue[tuple[int, T | Exception]] = SimpleQueue()
    results: list[T | Exception | None] = [None] * len(jobs)
    for numbered in enumerate(jobs):
        waiting.put(numbered)

    def work() -> None:
        while True:
            try:
                at, job = waiting.get_nowait()
            except Empty:
                return
            try:
                ended.put((at, job()))
            except Exception as error:
                ended.put((at, error))

    deadline = time.monotonic() + seconds
    for _ in range(min(most, len(jobs))):
        Thread(target=work, name=name, daemon=True).start()
    try:
        for _ in jobs:
            at, result = ended.get(timeout=max(0.0, deadline - time.monotonic()))
            results[at] = result
    except Empty:
        while not waiting.empty():  # what has not begun need not begin
            try:
                waiting.get_nowait()
            except Empty:
                break
    return results
