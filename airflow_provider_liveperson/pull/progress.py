"""How far a long pull is, for the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

PROGRESS_EVERY = 10.0


@dataclass
class Progress:
    """Says how far a long pull is, at most every ten seconds.

    :param name: the dataset's name.
    :param pages: pages read.
    :param records: records in the window.
    :param bytes: their size, as JSON.
    :param now: a monotonic clock, in seconds.
    """

    name: str
    pages: int = 0
    records: int = 0
    bytes: int = 0
    now: Callable[[], float] = time.monotonic
    last: float = field(init=False)

    def __post_init__(self) -> None:
        self.last = self.now()

    def page(self, read: Callable[[], tuple[str, str]]) -> None:
        """Count a page, and say how far it is if it is time to.

        :param read: says how many records have been read, of how many where that is known; and the same of the
            present slice, where only that is known.
        """
        self.pages += 1
        if self.now() - self.last >= PROGRESS_EVERY:
            self.last = self.now()
            records, slice_ = read()
            log.info(
                "%s: %s records read in %s pages, %s of them in the window (%s bytes)%s",
                self.name,
                records,
                f"{self.pages:,}",
                f"{self.records:,}",
                f"{self.bytes:,}",
                slice_ and f"; {slice_}",
            )
