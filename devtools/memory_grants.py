"""A grant store in memory, for one process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from airflow_provider_liveperson.client.credentials.grants import Grant


class MemoryGrantStore:
    """Keeps a grant for the threads of one process.

    :param grant: the initial grant.
    """

    def __init__(self, grant: Grant | None = None) -> None:
        self.grant = grant
        self._alone = threading.Lock()

    def load(self) -> Grant | None:
        return self.grant

    def save(self, grant: Grant) -> None:
        self.grant = grant

    def delete(self) -> None:
        self.grant = None

    @contextmanager
    def renewing(self, unless: Callable[[], bool] = lambda: False) -> Iterator[bool]:
        with self._alone:
            yield True

    def __getstate__(self) -> dict[str, object]:
        return {"grant": self.grant}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.grant, self._alone = state["grant"], threading.Lock()  # type: ignore[assignment]
