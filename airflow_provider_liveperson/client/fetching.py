"""Requests ahead of their use: a bounded pool that sends more at once while LivePerson answers well, fewer if not."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
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

AHEAD_BYTES = 6 * 1024 * 1024
AHEAD_BYTES_A_SECOND = 52 * 1024 * 1024
MAX_AHEAD_BYTES = 32 * 1024 * 1024
_FIRST_LIMIT = 4
_SPARE = 4
_MAX_ANSWERED = 3  # for each request that may wait
_RECENT = 8
_REMEMBERED = 64
_RISE = 2.0
_NOTABLE_RISE = 0.25


class AdaptiveLimit:
    """How many requests may be under way at once.

    It begins low and grows by one with every good answer, so that it doubles in each round trip, until the first
    setback; from then on it grows by one in each round trip. A setback halves it: a 429, or answers that take more than
    twice as long as the best recent ones. Setbacks of requests that were sent before the last halving are ignored.

    :param upper: the upper bound.
    :param now: a monotonic clock, in seconds.
    """

    def __init__(self, upper: int, *, now: Callable[[], float] = time.monotonic) -> None:
        self._upper = upper
        self._now = now
        self._limit = float(min(_FIRST_LIMIT, upper))
        self._steep = True
        self._halved_at = float("-inf")
        self._seconds: deque[float] = deque(maxlen=_REMEMBERED)
        self._lock = threading.Lock()

    @property
    def limit(self) -> int:
        """The current limit, at least 1."""
        return int(self._limit)

    @property
    def quickest(self) -> float:
        """The seconds of the quickest recent good answer; 0 before any."""
        with self._lock:
            return min(self._seconds, default=0.0)

    def answered(self, started: float, seconds: float | None) -> None:
        """Record a good answer.

        :param started: when its request was sent.
        :param seconds: how long it took, or None where that means nothing, as for a small answer.
        """
        with self._lock:
            if seconds is not None:
                self._seconds.append(seconds)
                if self._is_rising():
                    self._halve(started)
                    return
            self._limit = min(self._upper, self._limit + (1.0 if self._steep else 1.0 / self._limit))

    def refused(self, started: float) -> None:
        """Record a 429.

        :param started: when its request was sent.
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
    """A request that was submitted to a :class:`Fetcher`.

    :param request: the request.
    :param parse: makes the result of the answer.
    """

    def __init__(self, request: ApiRequest, parse: Callable[[Answer], T]) -> None:
        self.request = request
        self.parse = parse
        self.answer: Future[Answer] = Future()
        self.result: Future[T] = Future()
        self.size: int | None = None  # of the answer, in bytes, once it has come

    @property
    def is_answered(self) -> bool:
        """Whether its answer has arrived, or the request has failed."""
        return self.answer.done()


class _Workers:
    """Threads that run jobs, as many as needed up to a limit.

    A process waits for the threads of ``concurrent.futures`` before it ends, for as long as a request takes.

    :param max_threads: the limit.
    """

    def __init__(self, max_threads: int) -> None:
        self._max_threads = max_threads
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._threads = 0

    def submit(self, job: Callable[[], None]) -> None:
        """Run a job; called by one thread at a time."""
        self._jobs.put(job)
        if not self._idle.acquire(blocking=False) and self._threads < self._max_threads:
            self._threads += 1
            threading.Thread(target=self._work, name="liveperson-fetch", daemon=True).start()

    def dismiss(self) -> None:
        """Let the threads end once they have done their jobs, without waiting."""
        for _ in range(self._max_threads):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            del job
            self._idle.release()


class Fetcher:
    """Sends requests from a pool of threads, in the order in which they were submitted. Use it as a context manager.

    Requests submitted but not yet taken are bounded, in number and in bytes, so that pages do not pile up behind a slow
    one. At most twice as many as may be under way, plus a few, wait for an answer: so the next request is sent as soon
    as one arrives, whatever the caller is doing. Answers count with their size, and those to come with that of the
    largest so far.

    The threads of the pool only send requests. Answers are parsed by the caller that takes them: while one thread
    parses, no other can run Python, and requests would be sent late.

    :param client: sends the requests.
    :param max_concurrency: at most how many requests are under way at once.
    """

    def __init__(self, client: LivePersonClient, max_concurrency: int) -> None:
        self._client = client
        self._workers = _Workers(max_concurrency)
        self._stop = Stop(client.stop)
        self._limit = AdaptiveLimit(max_concurrency)
        self._outstanding: set[InFlightRequest[Any]] = set()
        self._largest = 0
        self._answered = 0  # of those outstanding, how many have been answered, and with how many bytes
        self._answered_bytes = 0
        self._arrived = 0
        self._expected = 0.0  # the answers to come, as a multiple of the largest
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
        """Whether one more request may be submitted now."""
        return self.may_take(1.0)

    def may_take(self, share: float) -> bool:
        """Whether one more request may be submitted now, if only a share of the room is to be taken.

        :param share: the share, from 0 to 1.
        """
        with self._changed:
            waiting = len(self._outstanding) - self._answered
            held = self._answered_bytes + self._expected * self._largest
        if len(self._outstanding) < 2:
            return True
        room = (2 * self._limit.limit + _SPARE) * share
        return waiting < room and self._answered < _MAX_ANSWERED * room and held < self._ahead_bytes * share

    @property
    def limit(self) -> int:
        """How many requests may be under way at once, at present."""
        return self._limit.limit

    @property
    def latency(self) -> float:
        """The seconds that the quickest recent answer has taken; 0 before any."""
        return self._limit.quickest

    @property
    def _ahead_bytes(self) -> int:
        """How many bytes may wait: the more, the longer an answer takes."""
        return min(MAX_AHEAD_BYTES, AHEAD_BYTES + int(AHEAD_BYTES_A_SECOND * self.latency))

    def submit(
        self, request: ApiRequest, parse: Callable[[Answer], T], *, urgent: bool = False
    ) -> InFlightRequest[T]:
        """Send a request as soon as the limits permit.

        :param request: the request.
        :param parse: makes the result; an InvalidResponseError from it has the request repeated.
        :param urgent: whether it is sent before those that wait already.
        """
        in_flight = InFlightRequest(request, parse)
        with self._changed:
            self._outstanding.add(in_flight)
            self._expected += in_flight.request.fullness
            if urgent:
                self._waiting.appendleft(in_flight)
            else:
                self._waiting.append(in_flight)
            self._start()
        return in_flight

    def read(self, in_flight: InFlightRequest[T]) -> T:
        """Wait for the result of a request, and keep it.

        :raises LivePersonError: when the request has failed.
        """
        if not in_flight.result.done():
            answer = in_flight.answer.result()
            try:
                in_flight.result.set_result(self._parse(in_flight, answer))
            except LivePersonError as error:
                in_flight.result.set_exception(error)
        return in_flight.result.result()

    def take(self, in_flight: InFlightRequest[T]) -> T:
        """Wait for the result of a request, and make room.

        :raises LivePersonError: when the request has failed.
        """
        try:
            return self.read(in_flight)
        finally:
            self._forget(in_flight)

    def release(self, in_flight: InFlightRequest[Any]) -> None:
        """Make room by forgetting the answer and the result of a request that has been read.

        The request itself stays in its place: :meth:`take` then returns None.
        """
        in_flight.answer, in_flight.result = Future(), Future()
        in_flight.answer.set_result(_NOTHING)
        in_flight.result.set_result(None)
        self._forget(in_flight)

    @property
    def arrived(self) -> int:
        """How many answers have arrived so far."""
        return self._arrived

    def wait(self, seen: int) -> None:
        """Wait until another answer arrives.

        :param seen: how many had arrived when the caller began to look at them: what has come since may have been
            missed, and does not have it wait.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._arrived != seen or self._answered == len(self._outstanding))

    def drop(self, requests: Sequence[InFlightRequest[Any]]) -> None:
        """Drop requests whose results are not needed."""
        for in_flight in requests:
            if not in_flight.answer.cancel():
                in_flight.answer.add_done_callback(_close_file)
            self._forget(in_flight)

    def _start(self) -> None:
        """Send waiting requests up to the limit; the lock is held."""
        while self._waiting and self._under_way < self._limit.limit:
            in_flight = self._waiting.popleft()
            if in_flight.answer.set_running_or_notify_cancel():
                self._under_way += 1
                self._workers.submit(partial(self._run, in_flight))

    def _end(self) -> None:
        """Send the next request in place of one that has ended."""
        with self._changed:
            self._under_way -= 1
            self._start()
            self._changed.notify_all()

    def _begin(self) -> None:
        """Wait until a request outside the pool may be sent."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way < self._limit.limit)
            self._under_way += 1

    def _run(self, in_flight: InFlightRequest[Any]) -> None:
        try:
            answer = self._fetch(in_flight.request)
        except BaseException as error:
            in_flight.answer.set_exception(error)
            self._note(in_flight, 0)
        else:
            in_flight.answer.set_result(answer)
            self._note(in_flight, len(answer.body))

    def _note(self, in_flight: InFlightRequest[Any], size: int) -> None:
        """Take note of an answer that has arrived, and of how much room it takes."""
        with self._changed:
            if in_flight in self._outstanding:
                in_flight.size = size
                self._expected -= in_flight.request.fullness
                self._answered += 1
                self._answered_bytes += in_flight.size
            self._arrived += 1
            self._changed.notify_all()

    def _forget(self, in_flight: InFlightRequest[Any]) -> None:
        """Make the room of a request free."""
        with self._changed:
            if in_flight not in self._outstanding:
                return
            self._outstanding.remove(in_flight)
            if in_flight.size is None:
                self._expected -= in_flight.request.fullness
            else:
                self._answered -= 1
                self._answered_bytes -= in_flight.size

    def _fetch(self, request: ApiRequest) -> Answer:
        started = time.monotonic()
        failed = False

        def notice(action: Action) -> None:
            nonlocal failed
            failed = True
            if action is Action.WAIT:
                self._limit.refused(started)

        try:
            answer = self._client.call(request, _unparsed, notice=notice, stop=self._stop)
            if not failed:
                size = len(answer.body)
                self._largest = max(self._largest, size)
                # The time of a small answer says little, and that of a paced one includes the wait for its turn.
                is_telling = size * 2 >= self._largest and request.max_per_second is None
                self._limit.answered(started, time.monotonic() - started if is_telling else None)
            return answer
        finally:
            self._end()

    def _parse(self, in_flight: InFlightRequest[T], answer: Answer) -> T:
        """Parse an answer; if it cannot be parsed, the request is sent again."""
        try:
            return in_flight.parse(answer)
        except LivePersonError:
            return self._send_again(in_flight, answer)

    def _send_again(self, in_flight: InFlightRequest[T], answer: Answer) -> T:
        is_under_way = False

        def notice(action: Action) -> None:
            nonlocal is_under_way
            if not is_under_way:
                self._begin()
                is_under_way = True

        try:
            return self._client.call(
                in_flight.request, in_flight.parse, notice=notice, answer=answer, stop=self._stop
            )
        finally:
            if is_under_way:
                self._end()


_NOTHING = Answer(status=204, headers={})


def _unparsed(answer: Answer) -> Answer:
    return answer


def _close_file(future: Future[Answer]) -> None:
    """Close the file of an answer that will not be read."""
    if not future.cancelled() and future.exception() is None and (file := future.result().file) is not None:
        file.close()
