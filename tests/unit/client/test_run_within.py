"""Jobs that may hang are given up, not waited for."""

from __future__ import annotations

import threading

from airflow_provider_liveperson.client.run_within import run_within


def test_each_gives_what_it_returned_or_raised_in_order():
    def fail() -> int:
        raise ZeroDivisionError

    first, failed, last = run_within([lambda: 1, fail, lambda: 3], max_threads=2, seconds=60)
    assert (first, last) == (1, 3)
    assert isinstance(failed, ZeroDivisionError)


def test_nothing_to_do_takes_no_time():
    assert run_within([], max_threads=4, seconds=60) == []


def test_what_hangs_is_given_up_and_what_waits_behind_it_does_not_begin():
    release, begun = threading.Event(), threading.Event()
    assert run_within([release.wait, begun.set], max_threads=1, seconds=0.2) == [None, None]
    release.set()
    for thread in threading.enumerate():
        if thread.name == "liveperson-check":
            thread.join()
    assert not begun.is_set()


def test_no_more_at_once_than_wanted():
    under_way, most_seen, lock = 0, 0, threading.Lock()
    both = threading.Barrier(2, timeout=60)

    def job() -> None:
        nonlocal under_way, most_seen
        with lock:
            under_way += 1
            most_seen = max(most_seen, under_way)
        both.wait()  # passes only when two are under way
        with lock:
            under_way -= 1

    run_within([job] * 8, max_threads=2, seconds=60)
    assert most_seen == 2
