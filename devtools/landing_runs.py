"""Runs that land a window and can be paused at each store request, for tests of how two runs interleave."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from airflow_provider_liveperson.datasets.model.slices import Slice
from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.landing.destination import Destination
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.errors import ConcurrentRunError
from airflow_provider_liveperson.landing.landing import Landing
from airflow_provider_liveperson.landing.manifest import (
    Counts,
    Manifest,
    ManifestHead,
    Selection,
    SliceCounts,
)
from airflow_provider_liveperson.landing.parts import Part
from airflow_provider_liveperson.landing.stores import RefusedError
from airflow_provider_liveperson.pull import checkpoints
from airflow_provider_liveperson.pull.checkpoints import Finished, parts_of

FOLDER = "lake/window"
MAX_COMMIT_ATTEMPTS = 3
PATIENCE = 30.0
HEAD = ManifestHead(
    selection=Selection(
        dataset="d", account_id="1", window_start="a", window_end="b", cursor="start", filters={}
    ),
    request={},
    file_format="jsonl",
    compression="gzip",
)

Slices = tuple[tuple[bytes, ...], ...]


class KilledError(BaseException):
    """The process is gone and does nothing more."""


class Stepped:
    """Something that is done in its own thread, whose store requests are let through one by one.

    It is itself the store that it gives to what is done.

    :param store: the store that it shares with others.
    :param act: what is done; takes the store.
    :param fails_at: the number of the request that fails, if any.
    :param loses_answer: whether that request takes effect nevertheless.
    """

    def __init__(
        self,
        store: Any,
        act: Callable[[Any], object],
        *,
        fails_at: int | None = None,
        loses_answer: bool = False,
    ) -> None:
        self._store = store
        self._act = act
        self._fails_at = fails_at
        self._loses_answer = loses_answer
        self._condition = threading.Condition()
        self._may_go: float = 0
        self._waiting = 0
        self._under_way = 0
        self._is_killed = False
        self.requests = 0
        self.ended = False
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __getattr__(self, name: str) -> Any:
        """Return a method of the store, which waits until it is let through."""
        method = getattr(self._store, name)
        if name == "uri":
            return method

        def request(*arguments: Any) -> Any:
            with self._condition:
                self._waiting += 1
                self._condition.notify_all()
                assert self._condition.wait_for(lambda: self._may_go > 0, PATIENCE)
                self._may_go -= 1
                self._waiting -= 1
                self._under_way += 1
                number, self.requests = self.requests, self.requests + 1
            try:
                if self._is_killed:
                    raise KilledError
                if number == self._fails_at:
                    if self._loses_answer:
                        method(*arguments)
                        raise StorageError("no answer came")
                    raise RefusedError("no")
                return method(*arguments)
            finally:
                with self._condition:
                    self._under_way -= 1
                    self._condition.notify_all()

        return request

    def advance(self, requests: int) -> None:
        """Let some requests through, and return when they are done, and the run waits for the next one or has ended."""
        with self._condition:
            self._may_go += requests
            self._condition.notify_all()
            assert self._condition.wait_for(
                lambda: self.ended or (self._may_go == self._under_way == 0 and self._waiting > 0), PATIENCE
            )

    def finish(self) -> None:
        """Let everything through."""
        with self._condition:
            self._may_go = float("inf")
            self._condition.notify_all()
        self._thread.join(PATIENCE)
        assert self.ended

    def kill(self) -> None:
        self._is_killed = True
        self.finish()

    def _run(self) -> None:
        try:
            self._act(self)
        except BaseException as error:
            self.error = error
        with self._condition:
            self.ended = True
            self._condition.notify_all()


class SteppedRun(Stepped):
    """A run that lands a window.

    :param store: the store that it shares with other runs.
    :param slices: the records that it lands.
    :param choices: see :class:`Stepped`.
    """

    def __init__(self, store: Any, slices: Slices, **choices: Any) -> None:
        self._slices = slices
        self._spent: set[str] = set()
        super().__init__(store, lambda _: self._land_again(), **choices)

    def _land_again(self) -> None:
        for attempt in range(MAX_COMMIT_ATTEMPTS):
            try:
                return self._land()
            except ConcurrentRunError:
                if attempt == MAX_COMMIT_ATTEMPTS - 1:
                    raise

    def _land(self) -> None:
        """Do what a pull does, one slice after the other."""
        destination = Destination(store=self, prefix="lake", encoding=Encoding())
        with Landing(destination, FOLDER, head=HEAD, spent=self._spent) as landing:
            fingerprint = repr(self._slices)
            checkpoint = checkpoints.recall(landing, fingerprint, not_before=0.0)
            finished = list(checkpoint.finished) if checkpoint else []
            for number in range(len(finished), len(self._slices)):
                writer = landing.writer(len(parts_of(finished)))
                writer.write(self._slices[number])
                parts = [part.result() for part in writer.finish()]
                finished.append(Finished(counts=counts(len(self._slices[number])), parts=parts))
                remaining = [Slice(bounds={})] * (len(self._slices) - len(finished))
                if remaining and landing.has_uploaded(parts):
                    checkpoints.remember(landing, fingerprint, finished, remaining, now=1.0)
            landing.commit(manifest(parts_of(finished)))


def counts(kept: int) -> SliceCounts:
    return SliceCounts(slice="s", reported=kept, received=kept, outside_window=0, kept=kept, repeated=0)


def manifest(parts: list[Part]) -> Manifest:
    kept = sum(part.records for part in parts)
    return Manifest.of(
        HEAD,
        complete=True,
        counts=Counts(reported=kept, received=kept, outside_window=0, kept=kept, repeated=0),
        parts=parts,
        versions={},
    )
