"""How many requests a client has sent, for whoever reports it."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RequestCounts:
    """What the request loop has done.

    :param sent: requests, each attempt of each, those for tokens and hosts included.
    :param rate_limited: answers with the status 429.
    :param repeated: attempts that failed and were repeated, those after a 429 included.
    """

    sent: int = 0
    rate_limited: int = 0
    repeated: int = 0


class RequestTally:
    """Counts in all threads, from one :meth:`take` to the next."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent = self._rate_limited = self._repeated = 0

    def count(self, *, sent: int = 0, rate_limited: int = 0, repeated: int = 0) -> None:
        """Add to the counts; see :class:`RequestCounts`."""
        with self._lock:
            self._sent += sent
            self._rate_limited += rate_limited
            self._repeated += repeated

    def take(self) -> RequestCounts:
        """Return what was counted since the last time, so that nothing is reported twice."""
        with self._lock:
            counts = RequestCounts(sent=self._sent, rate_limited=self._rate_limited, repeated=self._repeated)
            self._sent = self._rate_limited = self._repeated = 0
            return counts
