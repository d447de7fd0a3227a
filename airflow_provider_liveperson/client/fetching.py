"""Requests ahead of their use: a bounded pool that asks for more while LivePerson answers well, for less when not."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any, Generic, NamedTuple, Self, TypeVar

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.memory import share_one_arena
from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.client.responses import Action

T = TypeVar("T")

AHEAD_BYTES = 28 * 1024 * 1024
_FIRST_LIMIT = 4
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


class Fetched(NamedTuple, Generic[T]):
    """An answer, parsed."""

    parsed: T
    size: int


class _Waiting(NamedTuple):
    future: Future[Any]
    request: ApiRequest
    parse: Callable[[Answer], Any]


class Fetcher:
    """Sends requests from a pool of threads, in the order in which they were handed over. Use it as a context manager.

    What has been handed over and not yet been taken is bounded, in number and in bytes, so that one slow page
    does not let the pages behind it pile up. Twice as many as may be under way, and two, wait at most: so the
    next one leaves as soon as one has come, whatever its taker is doing.

    :param client: asks LivePerson.
    :param most: the most requests under way at once.
    """

    def __init__(self, client: LivePersonClient, most: int) -> None:
        share_one_arena()
        self._client = client
        # One more than may be under way, for the answer that is being parsed.
        self._pool = ThreadPoolExecutor(most + 1, thread_name_prefix="liveperson-fetch")
        self._limit = AdaptiveLimit(most)
        self._outstanding: set[Future[Any]] = set()
        self._largest = 0
        self._changed = threading.Condition()
        self._waiting: deque[_Waiting] = deque()
        self._under_way = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drop(list(self._outstanding))
        # Not waited for: a request that nobody needs any more may take as long as its time-out.
        self._pool.shutdown(wait=False)

    @property
    def has_room(self) -> bool:
        """Whether one more request may be handed over now."""
        return len(self._outstanding) < max(2, min(2 * self._limit.limit + 2, self._fitting(AHEAD_BYTES)))

    @property
    def most_first_pages(self) -> int:
        """How many answers may wait at most for slices that are not read yet."""
        return max(1, min(self._limit.limit, self._fitting(AHEAD_BYTES // 4)))

    def _fitting(self, size: int) -> int:
        return size // max(1, self._largest)

    def submit(
        self, request: ApiRequest, parse: Callable[[Answer], T], *, urgent: bool = False
    ) -> Future[Fetched[T]]:
        """Let a request leave as soon as it may.

        :param request: what to ask.
        :param parse: makes the result, in a thread of the pool.
        :param urgent: whether it leaves before those that wait already.
        """
        future: Future[Fetched[T]] = Future()
        self._outstanding.add(future)
        with self._changed:
            waiting = _Waiting(future, request, parse)
            if urgent:
                self._waiting.appendleft(waiting)
            else:
                self._waiting.append(waiting)
            self._start()
        return future

    def take(self, future: Future[Fetched[T]]) -> T:
        """Give the result of a request, and make room.

        :raises LivePersonError: what the request ended in.
        """
        try:
            return future.result().parsed
        finally:
            self._outstanding.discard(future)

    def wait(self) -> None:
        """Wait until any request ends that was under way."""
        pending = [future for future in self._outstanding if not future.done()]
        if pending:
            wait(pending, return_when=FIRST_COMPLETED)

    def drop(self, futures: Sequence[Future[Any]]) -> None:
        """Forget requests whose results nobody needs."""
        for future in futures:
            future.cancel()
            self._outstanding.discard(future)

    def _start(self) -> None:
        """Let leave what may; the lock is held."""
        while self._waiting and self._under_way < self._limit.limit:
            waiting = self._waiting.popleft()
            if waiting.future.set_running_or_notify_cancel():
                self._under_way += 1
                self._pool.submit(self._run, waiting)

    def _come_back(self) -> None:
        """Let the next one leave in place of one that has come."""
        with self._changed:
            self._under_way -= 1
            self._start()
            self._changed.notify()

    def _leave_again(self) -> None:
        """Wait until a request may leave that is to be repeated after it had come."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way < self._limit.limit)
            self._under_way += 1

    def _run(self, waiting: _Waiting) -> None:
        try:
            waiting.future.set_result(self._fetch(waiting.request, waiting.parse))
        except BaseException as error:
            waiting.future.set_exception(error)

    def _fetch(self, request: ApiRequest, parse: Callable[[Answer], T]) -> Fetched[T]:
        started = time.monotonic()
        failed, has_come, size = False, False, 0

        def notice(action: Action) -> None:
            nonlocal failed, has_come
            failed = True
            if action is Action.WAIT:
                self._limit.refused(started)
            if has_come:
                self._leave_again()
                has_come = False

        def measure_and_parse(answer: Answer) -> T:
            # While this one is being parsed, the next may be on its way.
            nonlocal has_come, size
            size = len(answer.body)
            if not failed:
                self._largest = max(self._largest, size)
                telling = size * 2 >= self._largest
                self._limit.answered(started, time.monotonic() - started if telling else None)
            self._come_back()
            has_come = True
            return parse(answer)

        try:
            return Fetched(self._client.call(request, measure_and_parse, notice=notice), size)
        finally:
            if not has_come:
                self._come_back()
