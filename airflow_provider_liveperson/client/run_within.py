"""Jobs that may hang: run in threads, and waited for no longer than a given time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def run_within(
    jobs: Sequence[Callable[[], T]], *, max_threads: int, seconds: float, name: str = "liveperson-check"
) -> list[T | Exception | None]:
    """Run jobs, but abandon those that are not done in time, whatever hangs: name resolution, dripping bytes.

    An abandoned job continues in a thread that does not keep the process alive.

    :param jobs: the jobs.
    :param max_threads: at most how many run at once.
    :param seconds: at most how long to wait for all of them together.
    :param name: the threads' name.
    :returns: for each job what it returned or raised, or None if it was not done in time.
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
    for _ in range(min(max_threads, len(jobs))):
        Thread(target=work, name=name, daemon=True).start()
    try:
        for _ in jobs:
            at, result = ended.get(timeout=max(0.0, deadline - time.monotonic()))
            results[at] = result
    except Empty:
        while not waiting.empty():  # jobs that have not begun need not begin
            try:
                waiting.get_nowait()
            except Empty:
                break
    return results
