"""What reading in many threads does to memory, and what is done about it."""

from __future__ import annotations

import contextlib
import ctypes
from functools import cache

# malloc.h
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8

_KEPT = 32 * 1024 * 1024


@cache
def share_and_keep_memory() -> None:
    """Have the threads that start from now on share one pool of memory, and keep what pages need.

    By itself, glibc gives each thread a pool of its own, in which it keeps what the largest answers took. Python's
    threads take turns anyway, so nothing is gained by that. And it gives back to the system what a page took, only to
    ask for as much again for the next one, which the system has to clear first. Other C libraries have no such
    settings, and need none.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _KEPT)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
