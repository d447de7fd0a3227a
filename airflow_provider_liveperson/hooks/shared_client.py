"""One client for everything that uses a hook, closed once nothing uses it any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_liveperson.client.client import LivePersonClient


class SharedClient:
    """A client that is made when it is needed. A copy of it, as part of a copied hook, has no client yet.

    :ivar is_kept: whether the client stays open until :meth:`close`, because a caller has it or will close it.
    """

    def __init__(self) -> None:
        self.is_kept = False
        self._lock = threading.Lock()
        self._client: LivePersonClient | None = None
        self._borrowers = 0

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return SharedClient, ()

    def get(self, make: Callable[[], LivePersonClient]) -> LivePersonClient:
        """The client.

        :param make: makes it, if there is none.
        """
        with self._lock:
            if self._client is None:
                self._client = make()
            return self._client

    @contextmanager
    def borrowed(self, make: Callable[[], LivePersonClient]) -> Iterator[LivePersonClient]:
        """The client, which the last to give it back closes, unless it is kept.

        :param make: makes it, if there is none.
        """
        with self._lock:
            if self._client is None:
                self._client = make()
            client = self._client
            self._borrowers += 1
        try:
            yield client
        finally:
            with self._lock:
                self._borrowers -= 1
                is_done = not self._borrowers and not self.is_kept
                unused, self._client = (self._client, None) if is_done else (None, self._client)
            if unused is not None:
                unused.close()

    def close(self) -> None:
        """Close the client, if there is one; the next :meth:`get` makes another."""
        with self._lock:
            client, self._client = self._client, None
            self.is_kept = False
        if client is not None:
            client.close()
