"""Work beside the main thread."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest

from airflow_provider_liveperson.landing.bounded_worker import BoundedWorker

LONG = 30.0  # seconds after which a test that hangs fails


def test_things_are_done_in_the_order_in_which_they_came():
    done: list[int] = []
    with closing(BoundedWorker("worker", room=1000)) as worker:
        futures = [worker.submit(lambda number=number: done.append(number) or number) for number in range(50)]
        worker.finish()
    assert done == [future.result() for future in futures] == list(range(50))


def test_what_has_no_room_waits_until_enough_is_done():
    free, done = threading.Semaphore(0), []

    def act(number: int) -> None:
        assert free.acquire(timeout=LONG)
        done.append(number)

    with closing(BoundedWorker("worker", room=10)) as worker:
        worker.submit(lambda: act(0), size=6)
        worker.submit(lambda: act(1), size=4)  # fits beside it: nobody waits
        assert done == []
        threading.Thread(target=free.release).start()
        worker.submit(lambda: act(2), size=5)
        assert done == [0]
        free.release(5)
        worker.submit(lambda: act(3), size=1000)  # larger than all the room: once nothing else is there
        assert done[:3] == [0, 1, 2]
        worker.finish()
    assert done == [0, 1, 2, 3]


@pytest.mark.parametrize("ask", ["submit", "finish"])
def test_what_failed_is_told_to_who_comes_next(ask):
    def fail() -> None:
        raise OSError("disk full")

    with closing(BoundedWorker("worker", room=10)) as worker:
        worker.submit(fail, size=10)
        with pytest.raises(OSError, match="disk full"):
            worker.submit(lambda: None, size=10) if ask == "submit" else worker.finish()
