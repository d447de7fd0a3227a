"""A number of requests per second, and a 429 beyond."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_liveperson.sandbox.http.refusal import Refusal


class RateLimit:
    """Counts the requests of the last second.

    :param clock: returns seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._times: deque[float] = deque()

    def check(self, per_second: int | None, payload: Any, headers: Mapping[str, str] | None = None) -> None:
        """Count a request, or refuse it.

        :param per_second: how many may come within a second; None for any number.
        :param payload: the JSON body of the 429.
        :param headers: its further headers, such as ``Retry-After``.
        :raises Refusal: a 429.
        """
        if per_second is None:
            return
        with self._lock:
            now = self._clock()
            while self._times and self._times[0] <= now - 1:
                self._times.popleft()
            if len(self._times) >= per_second:
                raise Refusal(429, payload, headers)
            self._times.append(now)
