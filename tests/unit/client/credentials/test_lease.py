"""The lease: never two at once, whatever is late and whoever dies, in a world whose time is made here."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.client.credentials.lease import Lease
from airflow_provider_liveperson.exceptions import ServiceUnavailableError

SETTLE = 1.0
LIFETIME = 60.0
SLOWEST = 4 * SETTLE


class DeadError(BaseException):
    """What a process meets at whatever it does after its death."""


class World:
    """Runs processes one at a time, each until it waits, in the order of a clock that only they move."""

    def __init__(self) -> None:
        self.time = 0.0
        self.cell: str | None = None
        self._waiting: list[tuple[float, int, threading.Event]] = []
        self._number = 0
        self._back = threading.Event()

    def wait(self, seconds: float) -> None:
        turn = threading.Event()
        self._number += 1
        heapq.heappush(self._waiting, (self.time + seconds, self._number, turn))
        self._back.set()
        turn.wait()

    def run(self, *processes: Callable[[], None]) -> None:
        def live(process: Callable[[], None]) -> None:
            self.wait(0)
            try:
                process()
            except DeadError:
                pass
            finally:
                self._back.set()

        for process in processes:
            self._back.clear()
            threading.Thread(target=live, args=(process,), daemon=True).start()
            self._back.wait()
        while self._waiting:
            self.time, _, turn = heapq.heappop(self._waiting)
            self._back.clear()
            turn.set()
            self._back.wait()


class Process:
    """Wants the lease again and again.

    :param delays: seconds that each access to the cell takes, half before and half after its effect.
    :param dies_at: the number of the step at which it dies.
    """

    def __init__(self, world: World, delays: list[float], stays: float, dies_at: int, rounds: int) -> None:
        self.world = world
        self.delays = self._for_ever(delays)
        self.stays = stays
        self.steps_left = dies_at
        self.rounds = rounds
        self.inside: list[tuple[float, float]] = []
        self.gave_up = False
        self.lease = Lease(
            self,
            "lease",
            settle=SETTLE,
            lifetime=LIFETIME,
            poll=2.0,
            patience=5 * LIFETIME,
            now=lambda: world.time,
            sleep=self.step,
        )

    @staticmethod
    def _for_ever(delays: list[float]) -> Iterator[float]:
        while True:
            yield from delays

    def __call__(self) -> None:
        for _ in range(self.rounds):
            try:
                with self.lease.held() as alone:
                    assert alone
                    entered = self.world.time
                    self.inside.append((entered, entered))
                    try:
                        self.step(self.stays)
                    finally:
                        self.inside[-1] = (entered, self.world.time)
            except ServiceUnavailableError:  # who is always late never gets in, and keeps others waiting
                self.gave_up = True
                return

    def step(self, seconds: float) -> None:
        self.steps_left -= 1
        if self.steps_left < 0:
            raise DeadError
        self.world.wait(seconds)

    def get(self, name: str) -> str | None:
        delay = next(self.delays)
        self.step(delay / 2)
        value = self.world.cell
        self.step(delay / 2)
        return value

    def put(self, name: str, value: str) -> None:
        delay = next(self.delays)
        self.step(delay / 2)
        self.world.cell = value
        self.step(delay / 2)

    def delete(self, name: str) -> None:
        delay = next(self.delays)
        self.step(delay / 2)
        self.world.cell = None
        self.step(delay / 2)


delays = st.lists(
    st.one_of(st.floats(0, 0.2), st.sampled_from([0.0, SETTLE / 2, SETTLE, SETTLE * 1.01, SLOWEST])),
    min_size=1,
    max_size=12,
)
processes = st.lists(
    st.tuples(
        delays,
        st.one_of(st.floats(0, 5), st.just(LIFETIME - 2 * SLOWEST - SETTLE)),
        st.one_of(st.just(10**9), st.integers(0, 40)),
        st.integers(1, 2),
    ),
    min_size=2,
    max_size=4,
)


@settings(max_examples=300)
@given(processes)
def test_there_are_never_two_inside(chosen):
    world = World()
    made = [Process(world, *one) for one in chosen]
    world.run(*made)
    stays = sorted(stay for process in made for stay in process.inside)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(stays)), stays
    for process in made:
        assert process.steps_left < 0 or process.gave_up or len(process.inside) == process.rounds


@pytest.mark.parametrize("dies_at", range(12))
def test_who_dies_is_waited_for_no_longer_than_a_lifetime(dies_at):
    world = World()
    dead = Process(world, [0.1], 1.0, dies_at, 1)
    other = Process(world, [0.1], 1.0, 10**9, 1)
    world.run(dead, other)
    assert other.inside
    assert other.inside[0][0] < LIFETIME + 5 * SETTLE


def test_without_contention_it_costs_the_settling_time():
    world = World()
    alone = Process(world, [0.01], 0.0, 10**9, 1)
    world.run(alone)
    assert alone.inside[0][0] == pytest.approx(SETTLE, abs=0.1)
    assert not world.cell


def test_nobody_waits_on_for_what_is_done():
    world = World()
    world.cell = "somebody"
    looks = iter([False, False, True])
    waiter = Process(world, [0.01], 0.0, 10**9, 1)
    told: list[bool] = []

    def wait() -> None:
        with waiter.lease.held(unless=lambda: next(looks)) as alone:
            told.append(alone)

    world.run(wait)
    assert told == [False]
    assert world.time < 5
    assert world.cell == "somebody"


def test_patience_ends_with_a_sentence():
    world = World()
    waiter = Process(world, [0.01], 0.0, 10**9, 1)
    waiter.lease._patience = 5.0
    told: list[str] = []

    def wait() -> None:
        world.cell = "somebody"
        with (
            pytest.raises(ServiceUnavailableError, match="other processes have been renewing") as caught,
            waiter.lease.held(),
        ):
            pass
        told.append(str(caught.value))

    world.run(wait)
    assert told


def test_whoever_never_finds_his_own_claim_gives_up():
    """Such as a task of another team than the one that Airflow lets read the cell."""
    time = 0.0

    class Invisible:
        def get(self, name: str) -> str | None:
            return None

        def put(self, name: str, value: str) -> None: ...

        def delete(self, name: str) -> None: ...

    def sleep(seconds: float) -> None:
        nonlocal time
        time += seconds

    lease = Lease(Invisible(), "lease", patience=60.0, now=lambda: time, sleep=sleep)
    with pytest.raises(ServiceUnavailableError, match="try again later"), lease.held():
        pytest.fail("it is not held")
    assert 60.0 < time < 70.0
