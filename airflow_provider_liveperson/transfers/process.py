"""Settings of the whole process, for a task that pulls. Only a task's ``execute`` makes them."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import sys
from functools import cache

TUNE_PROCESS = "LIVEPERSON_TUNE_PROCESS"

# malloc.h
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8

_KEPT_BYTES = 32 * 1024 * 1024
_SWITCH_SECONDS = 0.001


def tune_process() -> None:
    """Tune this process for a pull, once, unless the deployment's configuration says otherwise.

    It is switched off by ``tune_process`` in the section ``[liveperson]`` of Airflow's configuration, or by the
    environment variable ``LIVEPERSON_TUNE_PROCESS``, which takes precedence.
    """
    if _is_enabled():
        _freeze_loaded_objects()
        _share_and_keep_memory()
        _switch_threads_sooner()


def _is_enabled() -> bool:
    if (word := os.environ.get(TUNE_PROCESS, "").strip().lower()) in _WORDS:
        return _WORDS[word]
    from airflow.configuration import conf

    return bool(conf.getboolean("liveperson", "tune_process", fallback=True))


_WORDS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


@cache
def _freeze_loaded_objects() -> None:
    """Have the garbage collector skip everything that is loaded by now, as Airflow's executors do.

    Once in a process: otherwise each pull would freeze what the previous one has left, for good. A process that has
    been frozen already is left as it is.
    """
    if not gc.get_freeze_count():
        gc.freeze()


@cache
def _share_and_keep_memory() -> None:
    """Have the threads that start from now on share one pool of memory, and keep the memory that pages need.

    By default glibc gives each thread a pool of its own, which keeps the memory of its largest answers. Python's
    threads take turns anyway, so separate pools gain nothing. And glibc returns a page's memory to the system, only to
    request as much again for the next page, which the system has to clear first. Other C libraries have no such
    settings and need none.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


def _switch_threads_sooner() -> None:
    """Have a thread that is ready to send its next request wait for Python's lock a fifth as long as by default.

    While one thread reads a page of 2 MB, others wait for up to 5 ms, which is as long as a request takes where
    LivePerson answers at once.
    """
    sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_SECONDS))
