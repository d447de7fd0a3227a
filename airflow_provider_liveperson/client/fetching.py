"""Requests ahead of their use: a bounded pool that asks for more while LivePerson answers well, for less when not."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.exchange import Stop
from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.client.responses import Action
from airflow_provider_liveperson.exceptions import LivePersonError

T = TypeVar("T")

AHEAD_BYTES = 12 * 1024 * 1024
AHEAD_BYTES_A_SECOND = 80 * 1024 * 1024
MAX_AHEAD_BYTES = 32 * 1024 * 1024
_FIRST_LIMIT = 4
_SPARE = 4
_RECENT = 8
_REMEMBERED = 64
_RISE = 2.0
_NOTABLE_RISE = 0.25


class AdaptiveLimit:
    """How many requests may be under way at once.

    It begins low and grows by one with every good answer, so that it doubles in each round trip, until the
    first setback; from then on by one in each round trip. A setback halves it: a 429, or answers that take
    more than twice as long as the best of late. Setbacks of requests that left before the last halving say
    nothing new, and are passed over.

    :param most: the upper bound.
    :param now: a monotonic clock, in seconds.
    """

    def __init__(self, most: int, *, now: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._now = now
        self._limit = float(min(_FIRST_LIMIT, most))
        self._steep = True
        self._halved_at = float("-inf")
        self._seconds: deque[float] = deque(maxlen=_REMEMBERED)
        self._lock = threading.Lock()

    @property
    def limit(self) -> int:
        """The limit as it is now, at least 1."""
        return int(self._limit)

    @property
    def quickest(self) -> float:
        """The seconds of the quickest of the latest good answers; 0 before any."""
        with self._lock:
            return min(self._seconds, default=0.0)

    def answered(self, started: float, seconds: float | None) -> None:
        """Take note of a good answer.

        :param started: when its request left.
        :param seconds: how long it took, or None where that tells nothing, as for a small answer.
        """
        with self._lock:
            if seconds is not None:
                self._seconds.append(seconds)
                if self._is_rising():
                    self._halve(started)
                    return
            self._limit = min(self._most, self._limit + (1.0 if self._steep else 1.0 / self._limit))

    def refused(self, started: float) -> None:
        """Take note of a 429.

        :param started: when its request left.
        """
        with self._lock:
            self._halve(started)

    def _is_rising(self) -> bool:
        if len(self._seconds) < _RECENT:
            return False
        recent = sum(list(self._seconds)[-_RECENT:]) / _RECENT
        return recent > _RISE * min(self._seconds) + _NOTABLE_RISE

    def _halve(self, started: float) -> None:
        self._steep = False
        if started >= self._halved_at:
            self._limit = max(1.0, self._limit / 2)
            self._halved_at = self._now()


class InFlightRequest(Generic[T]):
    """A request that was handed over to a :class:`Fetcher`.

    :param request: what is asked.
    :param parse: makes the result of the answer.
    """

    def __init__(self, request: ApiRequest, parse: Callable[[Answer], T]) -> None:
        self.request = request
        self.parse = parse
        self.answer: Future[Answer] = Future()
        self.result: Future[T] = Future()

    @property
    def has_come(self) -> bool:
        """Whether its answer is there, or what the request ended in."""
        return self.answer.done()


class _Workers:
    """Threads that do jobs, as many as are needed and at most so many.

    Those of ``concurrent.futures`` are waited for before the process may end, for as long as a request takes.

    :param most: the most threads.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._threads = 0

    def submit(self, job: Callable[[], None]) -> None:
        """Have a job done; called by one thread at a time."""
        self._jobs.put(job)
        if not self._idle.acquire(blocking=False) and self._threads < self._most:
            self._threads += 1
            threading.Thread(target=self._work, name="liveperson-fetch", daemon=True).start()

    def dismiss(self) -> None:
        """Let the threads end once they have done their jobs; nobody waits for it."""
        for _ in range(self._most):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            del job
            self._idle.release()


class Fetcher:
    """Sends requests from a pool of threads, in the order in which they were handed over. Use it as a context manager.

    What has been handed over and not yet been taken is bounded, in number and in bytes, so that one slow page
    does not let the pages behind it pile up. Twice as many as may be under way, and a few, wait at most: so the
    next one leaves as soon as one has come, whatever its taker is doing.

    The threads of the pool do nothing but ask. Answers are parsed by whoever takes them: a thread that parsed, which
    keeps all others of a Python from going on, would hold up the very requests that are to be under way meanwhile.

    :param client: asks LivePerson.
    :param most: the most requests under way at once.
    """

    def __init__(self, client: LivePersonClient, most: int) -> None:
        self._client = client
        self._workers = _Workers(most)
        self._stop = Stop(client.stop)
        self._limit = AdaptiveLimit(most)
        self._outstanding: set[InFlightRequest[Any]] = set()
        self._largest = 0
        self._changed = threading.Condition()
        self._waiting: deque[InFlightRequest[Any]] = deque()
        self._under_way = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drop(list(self._outstanding))
        self._stop.set()
        self._workers.dismiss()

    @property
    def has_room(self) -> bool:
        """Whether one more request may be handed over now."""
        most = min(2 * self._limit.limit + _SPARE, self._fitting(self._ahead_bytes))
        return len(self._outstanding) < max(2, most)

    @property
    def most_first_pages(self) -> int:
        """How many answers may wait at most for slices that are not read yet."""
        return max(1, min(self._limit.limit, self._fitting(self._ahead_bytes // 4)))

    @property
    def _ahead_bytes(self) -> int:
        """How much may wait: the longer an answer takes, the more, as that is what has to be bridged."""
        return min(MAX_AHEAD_BYTES, AHEAD_BYTES + int(AHEAD_BYTES_A_SECOND * self._limit.quickest))

    def _fitting(self, size: int) -> int:
        return size // max(1, self._largest)

    def submit(
        self, request: ApiRequest, parse: Callable[[Answer], T], *, urgent: bool = False
    ) -> InFlightRequest[T]:
        """Let a request leave as soon as it may.

        :param request: what to ask.
        :param parse: makes the result; an InvalidResponseError from it has the request repeated.
        :param urgent: whether it leaves before those that wait already.
        """
        asked = InFlightRequest(request, parse)
        self._outstanding.add(asked)
        with self._changed:
            if urgent:
                self._waiting.appendleft(asked)
            else:
                self._waiting.append(asked)
            self._start()
        return asked

    def read(self, asked: InFlightRequest[T]) -> T:
        """Give the result of a request, once it has come, and keep it.

        :raises LivePersonError: what the request ended in.
        """
        if not asked.result.done():
            answer = asked.answer.result()
            try:
                asked.result.set_result(self._parse(asked, answer))
            except LivePersonError as error:
                asked.result.set_exception(error)
        return asked.result.result()

    def take(self, asked: InFlightRequest[T]) -> T:
        """Give the result of a request, once it has come, and make room.

        :raises LivePersonError: what the request ended in.
        """
        try:
            return self.read(asked)
        finally:
            self._outstanding.discard(asked)

    def wait(self) -> None:
        """Wait until any request ends that was under way."""
        pending = [asked.answer for asked in self._outstanding if not asked.has_come]
        if pending:
            wait(pending, return_when=FIRST_COMPLETED)

    def drop(self, forgotten: Sequence[InFlightRequest[Any]]) -> None:
        """Forget requests whose results nobody needs."""
        for asked in forgotten:
            if not asked.answer.cancel():
                asked.answer.add_done_callback(_close_file)
            self._outstanding.discard(asked)

    def _start(self) -> None:
        """Let leave what may; the lock is held."""
        while self._waiting and self._under_way < self._limit.limit:
            asked = self._waiting.popleft()
            if asked.answer.set_running_or_notify_cancel():
                self._under_way += 1
                self._workers.submit(partial(self._run, asked))

    def _come_back(self) -> None:
        """Let the next one leave in place of one that has come."""
        with self._changed:
            self._under_way -= 1
            self._start()
            self._changed.notify()

    def _leave(self) -> None:
        """Wait until a request may leave that is none of the pool's."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way < self._limit.limit)
            self._under_way += 1

    def _run(self, asked: InFlightRequest[Any]) -> None:
        try:
            asked.answer.set_result(self._fetch(asked.request))
        except BaseException as error:
            asked.answer.set_exception(error)

    def _fetch(self, request: ApiRequest) -> Answer:
        started = time.monotonic()
        failed = False

        def notice(action: Action) -> None:
            nonlocal failed
            failed = True
            if action is Action.WAIT:
                self._limit.refused(started)

        try:
            answer = self._client.call(request, _as_it_is, notice=notice, stop=self._stop)
            if not failed:
                size = len(answer.body)
                self._largest = max(self._largest, size)
                # The time of a small answer says little, and that of a paced one includes the wait for its turn.
                is_telling = size * 2 >= self._largest and request.max_per_second is None
                self._limit.answered(started, time.monotonic() - started if is_telling else None)
            return answer
        finally:
            self._come_back()

    def _parse(self, asked: InFlightRequest[T], answer: Answer) -> T:
        """Read an answer; one that cannot be read is asked for again, in its turn."""
        try:
            return asked.parse(answer)
        except LivePersonError:
            return self._ask_again(asked, answer)

    def _ask_again(self, asked: InFlightRequest[T], answer: Answer) -> T:
        is_under_way = False

        def notice(action: Action) -> None:
            nonlocal is_under_way
            if not is_under_way:
                self._leave()
                is_under_way = True

        try:
            return self._client.call(
                asked.request, asked.parse, notice=notice, answer=answer, stop=self._stop
            )
        finally:
            if is_under_way:
                self._come_back()


def _as_it_is(answer: Answer) -> Answer:
    return answer


def _close_file(future: Future[Answer]) -> None:
    """Close what an answer holds that nobody will read."""
    if not future.cancelled() and future.exception() is None and (file := future.result().file) is not None:
        file.close()
