"""How far a check has come, for the command line and the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Literal

import msgspec

Step = Literal["check", "compare"]


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a check has come.

    :param step: ``check`` while each dataset is looked at, ``compare`` while records are compared.
    :param done: how many are done.
    :param total: how many there are.
    :param current: the datasets that are being worked on, in the order in which they were begun.
    """

    step: Step
    done: int
    total: int
    current: list[str]


OnProgress = Callable[[Progress], None]
"""Is called from several threads, but by one at a time; it must return quickly."""


class ProgressCounter:
    """Counts what is done and reports every change.

    :param step: what is done.
    :param total: how many there are.
    :param listener: is told of every change; None for nobody.
    """

    def __init__(self, step: Step, total: int, listener: OnProgress | None) -> None:
        self._step = step
        self._total = total
        self._listener = listener
        self._done = 0
        self._current: list[str] = []
        self._lock = Lock()
        with self._lock:
            self._report()

    @contextmanager
    def working_on(self, name: str) -> Iterator[None]:
        """Count a dataset as begun, and at the end as done.

        :param name: the dataset.
        """
        with self._lock:
            self._current.append(name)
            self._report()
        try:
            yield
        finally:
            with self._lock:
                self._current.remove(name)
                self._done += 1
                self._report()

    def skip(self, count: int) -> None:
        """Count datasets as done that need no work.

        :param count: how many.
        """
        with self._lock:
            self._done += count
            self._report()

    def close(self) -> None:
        """Report nothing more: what was given up may still go on."""
        with self._lock:
            self._listener = None

    def _report(self) -> None:
        if self._listener is not None:
            self._listener(
                Progress(
                    step=self._step,
                    done=self._done,
                    total=self._total,
                    current=list(dict.fromkeys(self._current)),
                )
            )
