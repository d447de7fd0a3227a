"""One client for everything that uses a hook."""

from __future__ import annotations

import copy
import pickle
import threading

import pytest

from airflow_provider_liveperson.hooks.shared_client import SharedClient


class Client:
    """Counts how often it is closed."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def made() -> list[Client]:
    return []


@pytest.fixture
def make(made):
    def make() -> Client:
        made.append(Client())
        return made[-1]

    return make


def test_the_client_is_made_once(make, made):
    shared = SharedClient()
    assert shared.get(make) is shared.get(make)
    assert len(made) == 1


def test_threads_get_the_same(make, made):
    shared, start, got = SharedClient(), threading.Barrier(8), []

    def get() -> None:
        start.wait(30)
        got.append(shared.get(make))

    threads = [threading.Thread(target=get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(made) == 1
    assert got == made * 8


def test_the_last_borrower_closes_it(make, made):
    shared = SharedClient()
    with shared.borrowed(make) as outer:
        with shared.borrowed(make) as inner:
            assert inner is outer
        assert outer.closed == 0
    assert made[0].closed == 1
    assert shared.get(make) is not made[0]


def test_a_client_that_is_kept_survives_its_borrowers(make, made):
    shared = SharedClient()
    shared.is_kept = True
    with shared.borrowed(make):
        pass
    assert made[0].closed == 0
    shared.close()
    assert made[0].closed == 1
    assert not shared.is_kept


def test_a_borrower_that_fails_gives_it_back(make, made):
    shared = SharedClient()
    with pytest.raises(ZeroDivisionError), shared.borrowed(make):
        raise ZeroDivisionError
    assert made[0].closed == 1


def test_closed_while_borrowed_it_is_closed_once(make, made):
    shared = SharedClient()
    with shared.borrowed(make):
        shared.close()
    assert made[0].closed == 1


def test_close_without_a_client_is_harmless():
    SharedClient().close()


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_a_copy_has_no_client(make, made, duplicate):
    shared = SharedClient()
    shared.is_kept = True
    shared.get(make)
    other = duplicate(shared)
    assert not other.is_kept
    assert other.get(make) is not made[0]
