"""What reading in many threads does to memory, and what is done about it."""

from __future__ import annotations

import contextlib
import ctypes
from functools import cache

_M_ARENA_MAX = -8  # malloc.h


@cache
def share_one_arena() -> None:
    """Have the threads that start from now on share one pool of memory.

    By itself, glibc gives each thread a pool of its own, in which it keeps what the largest answers took. Python's
    threads take turns anyway, so nothing is gained by that. Other C libraries have no such setting, and need none.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
