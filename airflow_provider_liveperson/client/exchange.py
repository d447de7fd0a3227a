"""Requests that are under way: how long they may take, and how other threads end them.

The timeout of a socket bounds the wait for the next byte, and never expires if a byte arrives every minute. So every
request also has a deadline. One thread per client watches all requests: it shuts the sockets of those that are overdue,
which wakes the threads that read from them. Requests are ended in the same way when a client is closed or a pull has
failed.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

_here = threading.local()


class Exchange:
    """One request, from its first byte to the last of its answer, in the thread that waits for it.

    :param ends_at: its deadline, in monotonic seconds.
    """

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self.is_overdue = False
        self.is_stopped = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()

    @property
    def is_cut(self) -> bool:
        """Whether another thread has ended it: what was read of the answer may be incomplete."""
        return self.is_overdue or self.is_stopped

    def use_socket(self, connected: socket.socket) -> None:
        """Record the socket that it is sent through, plain or secured."""
        with self._lock:
            self._sockets = [connected]
            cut = self.is_cut
        if cut:
            self._shut()

    def cut(self, *, overdue: bool) -> None:
        """End it: its thread wakes with an error or the end of the answer."""
        with self._lock:
            self.is_overdue = self.is_overdue or overdue
            self.is_stopped = self.is_stopped or not overdue
        self._shut()

    def finish(self) -> None:
        """Release its socket, which may serve another request now."""
        with self._lock:
            self._sockets = []

    def _shut(self) -> None:
        with self._lock:
            for one in self._sockets:
                # The method of the plain socket below TLS, whose state belongs to the thread that reads from it.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(one, socket.SHUT_RDWR)


def current_exchange() -> Exchange | None:
    """The exchange that this thread waits for now."""
    return getattr(_here, "exchange", None)


class Stop:
    """Stops a group of requests: ends those under way, and lets no further ones begin.

    :param parent: a stop that also sets this one.
    """

    def __init__(self, parent: Stop | None = None) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._under_way: set[Exchange] = set()
        self._children: weakref.WeakSet[Stop] = weakref.WeakSet()
        if parent is not None:
            parent._add_child(self)

    @property
    def is_set(self) -> bool:
        """Whether it is set: no further requests may begin."""
        return self._event.is_set()

    def set(self) -> None:
        """Stop, at once and for good."""
        with self._lock:
            self._event.set()
            ending = [*self._under_way]
            children = [*self._children]
        for exchange in ending:
            exchange.cut(overdue=False)
        for child in children:
            child.set()

    def wait(self, seconds: float) -> bool:
        """Wait until it is set, but at most that many seconds.

        :returns: whether it is set.
        """
        return self._event.wait(seconds)

    @contextmanager
    def ending(self, exchange: Exchange) -> Iterator[None]:
        """Inside, this stop ends the exchange when it is set."""
        with self._lock:
            self._under_way.add(exchange)
            late = self._event.is_set()
        if late:
            exchange.cut(overdue=False)
        try:
            yield
        finally:
            with self._lock:
                self._under_way.discard(exchange)

    def _add_child(self, child: Stop) -> None:
        with self._lock:
            self._children.add(child)
            late = self._event.is_set()
        if late:
            child.set()


class Watchdog:
    """Ends exchanges that are overdue.

    Its thread lives as long as there are exchanges, and does not keep the process alive.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._under_way: set[Exchange] = set()
        self._wakes_at = float("inf")
        self._thread: threading.Thread | None = None

    @contextmanager
    def watching(self, exchange: Exchange) -> Iterator[None]:
        """Inside, the exchange of this thread is watched."""
        with self._changed:
            self._under_way.add(exchange)
            if self._thread is None or not self._thread.is_alive():  # as after a fork
                self._thread = threading.Thread(target=self._watch, name="liveperson-watchdog", daemon=True)
                self._thread.start()
            elif exchange.ends_at < self._wakes_at:
                self._changed.notify()
        before, _here.exchange = current_exchange(), exchange
        try:
            yield
        finally:
            _here.exchange = before
            exchange.finish()
            with self._changed:
                self._under_way.discard(exchange)

    def close(self) -> None:
        """Let the thread end, once no requests are under way."""
        with self._changed:
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while self._under_way:
                now = time.monotonic()
                for exchange in [one for one in self._under_way if one.ends_at <= now]:
                    exchange.cut(overdue=True)
                    self._under_way.discard(exchange)
                if self._under_way:
                    self._wakes_at = min(one.ends_at for one in self._under_way)
                    self._changed.wait(max(0.0, self._wakes_at - now))
            self._wakes_at = float("inf")
            self._thread = None
