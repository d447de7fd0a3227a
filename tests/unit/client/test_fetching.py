"""Requests ahead of their use: how many, how large, and in whose hands their results end."""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.client import fetching
from airflow_provider_liveperson.client.exchange import Stop
from airflow_provider_liveperson.client.fetching import AdaptiveLimit, Fetcher, InFlightRequest
from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.client.responses import Action
from airflow_provider_liveperson.exceptions import InvalidResponseError, RateLimitedError

LONG = 30.0  # seconds after which a test that hangs fails


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds

    def tick(self, seconds: float = 1.0) -> float:
        self.seconds += seconds
        return self.seconds


# -- the limit -------------------------------------------------------------------------------------


def round_trip(limit: AdaptiveLimit, clock: Clock, seconds: float | None = 0.1) -> None:
    """As many good answers as there may be requests under way."""
    started = clock()
    clock.tick()
    for _ in range(limit.limit):
        limit.answered(started, seconds)


def test_it_doubles_in_each_round_trip_up_to_the_most():
    clock = Clock()
    limit, seen = AdaptiveLimit(11, now=clock), []
    for _ in range(5):
        seen.append(limit.limit)
        round_trip(limit, clock)
    assert seen == [4, 8, 11, 11, 11]


@pytest.mark.parametrize("most", [1, 2])
def test_it_begins_with_no_more_than_the_most(most):
    assert AdaptiveLimit(most).limit == most


def test_a_429_halves_it_and_then_it_grows_by_about_one_in_each_round_trip():
    clock = Clock()
    limit, seen = AdaptiveLimit(64, now=clock), []
    for _ in range(2):
        round_trip(limit, clock)
    assert limit.limit == 16
    limit.refused(clock())
    for _ in range(11):
        seen.append(limit.limit)
        round_trip(limit, clock)
    assert seen[0] == 8
    assert all(after - one in (0, 1) for one, after in pairwise(seen))
    assert seen[-1] >= 16


def test_a_burst_of_setbacks_counts_once():
    clock = Clock()
    limit = AdaptiveLimit(64, now=clock)
    for _ in range(2):
        round_trip(limit, clock)
    started = [clock.tick(0.1) for _ in range(16)]
    clock.tick()
    for at in started:
        limit.refused(at)
    assert limit.limit == 8
    limit.refused(clock.tick())  # left after the halving, and was refused all the same
    assert limit.limit == 4


def test_it_never_falls_below_one():
    clock = Clock()
    limit = AdaptiveLimit(8, now=clock)
    for _ in range(10):
        limit.refused(clock.tick())
    assert limit.limit == 1
    round_trip(limit, clock)
    assert limit.limit == 2


def test_answers_that_take_twice_as_long_as_the_best_halve_it():
    clock = Clock()
    limit = AdaptiveLimit(64, now=clock)
    for _ in range(4):
        round_trip(limit, clock, seconds=0.5)
    before = limit.limit
    for _ in range(8):
        limit.answered(clock.tick(), 2.0)
    assert limit.limit < before


@pytest.mark.parametrize(
    ("first", "then"),
    [(0.5, 0.9), (0.01, 0.2), (0.5, None)],
    ids=["not twice as long", "short all the same", "tells nothing"],
)
def test_what_is_no_rise_does_not_slow_it_down(first, then):
    clock = Clock()
    limit = AdaptiveLimit(64, now=clock)
    for _ in range(4):
        round_trip(limit, clock, seconds=first)
    before = limit.limit
    for _ in range(10):
        limit.answered(clock.tick(), then)
    assert limit.limit >= before


@given(
    st.integers(1, 64),
    st.lists(
        st.tuples(st.booleans(), st.none() | st.floats(0, 10), st.floats(0, 5), st.floats(0, 5)), max_size=200
    ),
)
def test_it_stays_within_its_bounds_whatever_happens(most, events):
    clock = Clock()
    limit = AdaptiveLimit(most, now=clock)
    for is_good, seconds, later, before in events:
        clock.tick(later)
        if is_good:
            limit.answered(clock() - before, seconds)
        else:
            limit.refused(clock() - before)
        assert 1 <= limit.limit <= most


# -- the pool --------------------------------------------------------------------------------------


class Client:
    """Answers each request when it is told to.

    :param size: bytes of each answer.
    """

    def __init__(self, size: int = 10) -> None:
        self.size = size
        self.stop = Stop()
        self.failures: dict[str, Callable[[Callable[[Action], None]], None]] = {}
        self.sent: list[str] = []
        self.under_way = 0
        self.most_under_way = 0
        self._changed = threading.Condition()
        self._answered: set[str] = set()

    def call(
        self,
        request: ApiRequest,
        parse: Callable[[Answer], Any],
        *,
        notice: Callable[[Action], None],
        answer: Answer | None = None,
        stop: Stop | None = None,
    ) -> Any:
        if answer is not None:
            try:
                return parse(answer)
            except InvalidResponseError:
                notice(Action.RETRY)
        with self._changed:
            self.sent.append(request.path)
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            self._changed.notify_all()
            assert self._changed.wait_for(
                lambda: request.path in self._answered or "*" in self._answered, LONG
            )
            self.under_way -= 1
        self.failures.get(request.path, lambda notice: None)(notice)
        return parse(Answer(status=200, headers={}, body=request.path.encode().ljust(self.size)))

    def answer(self, *paths: str) -> None:
        """Let requests be answered; ``*`` for all, now and later."""
        with self._changed:
            self._answered.update(paths)
            self._changed.notify_all()

    def wait_until_sent(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.sent) >= count, LONG)


def request(path: str) -> ApiRequest:
    return ApiRequest(method="GET", service="s", path=path)


def text(answer: Answer) -> str:
    return answer.body.decode().strip()


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client()
    yield made
    made.answer("*")


def fill(fetcher: Fetcher, first: int = 0) -> list:
    """Let requests leave as long as there is room."""
    handed: list = []
    while fetcher.has_room:
        handed.append(fetcher.submit(request(f"/{first + len(handed)}"), text))
    return handed


def test_results_are_taken_in_the_order_of_the_requests_however_they_come(client):
    with Fetcher(client, 8) as fetcher:
        handed = fill(fetcher)
        client.wait_until_sent(4)
        seen = fetcher.arrived
        client.answer("/1")
        fetcher.wait(seen)
        assert handed[1].is_answered
        assert not handed[0].is_answered
        client.answer("*")
        assert [fetcher.take(asked) for asked in handed] == [f"/{number}" for number in range(len(handed))]


def test_what_is_not_taken_makes_no_room_for_more(client):
    """One slow page does not let the pages behind it pile up."""
    with Fetcher(client, 2) as fetcher:
        handed = fill(fetcher)
        assert len(handed) <= 2 * 2 + 4
        while fetcher.has_room:  # the first page is slow, those behind it are answered
            handed += fill(fetcher, len(handed))
            client.answer(*(f"/{number}" for number in range(1, len(handed))))
            for asked in handed[1:]:
                asked.answer.result(LONG)
        assert len(handed) <= 4 * (2 * 2 + 4)
        client.answer("*")
        fetcher.take(handed[0])
        for asked in handed:
            asked.answer.result(LONG)
        assert fetcher.has_room


def test_no_more_are_under_way_than_allowed(client):
    client.answer("*")
    with Fetcher(client, 3) as fetcher:
        handed: list = []
        for _ in range(30):
            handed += fill(fetcher, len(handed))
            for asked in handed:
                asked.answer.result(LONG)
                fetcher.take(asked)
            handed = []
    assert 1 <= client.most_under_way <= 3


def test_large_answers_leave_room_for_fewer_ahead(client, monkeypatch):
    monkeypatch.setattr(fetching, "AHEAD_BYTES", 300)
    monkeypatch.setattr(fetching, "AHEAD_BYTES_A_SECOND", 0)
    client.size = 100
    client.answer("*")
    with Fetcher(client, 64) as fetcher:
        for _ in range(6):  # so that the limit has grown far beyond
            for asked in fill(fetcher):
                fetcher.take(asked)
        handed: list = []
        while fetcher.has_room:
            handed.append(fetcher.submit(request("/x"), text))
            handed[-1].answer.result(LONG)
        assert len(handed) == 3
        client.size = 10_000  # larger than all that may wait: two, so that it still goes on
        for asked in handed:
            fetcher.take(asked)
        fetcher.take(fetcher.submit(request("/y"), text))
        handed = []
        while fetcher.has_room:
            handed.append(fetcher.submit(request("/x"), text))
            handed[-1].answer.result(LONG)
        assert len(handed) == 2


def test_small_answers_leave_room_for_more_ahead(client, monkeypatch):
    """Those that have come count with their size, and those to come with what is expected of them."""
    monkeypatch.setattr(fetching, "AHEAD_BYTES", 300)
    monkeypatch.setattr(fetching, "AHEAD_BYTES_A_SECOND", 0)
    client.size = 100
    client.answer("*")
    with Fetcher(client, 64) as fetcher:
        for _ in range(6):
            fill_and_take(fetcher)
        client.size = 10
        assert fill_and_take(fetcher) == 30
        client._answered.clear()
        assert len(fill(fetcher)) == 3
        fetcher.drop(list(fetcher._outstanding))
        small = replace(request("/small"), fullness=0.1)
        waiting = []
        while fetcher.has_room:
            waiting.append(fetcher.submit(small, text))
        assert len(waiting) in (30, 31)  # as sums of 0.1 go
        client.answer("*")


def test_answers_are_parsed_by_whoever_takes_them_and_once(client):
    """A thread that parses would hold up the requests that are to be under way meanwhile."""
    client.answer("*")
    parsed: list[str] = []

    def parse(answer: Answer) -> str:
        parsed.append(threading.current_thread().name)
        return text(answer)

    with Fetcher(client, 2) as fetcher:
        asked = fetcher.submit(request("/0"), parse)
        assert asked.answer.result(LONG).body.strip() == b"/0"
        assert parsed == []
        assert [fetcher.read(asked), fetcher.read(asked), fetcher.take(asked)] == ["/0"] * 3
    assert parsed == [threading.current_thread().name]


def test_what_cannot_be_read_is_asked_for_again_in_its_turn(client):
    """Not beside as many others as may be under way."""
    tries: list[Answer] = []
    is_to_be_repeated = threading.Event()

    def parse(answer: Answer) -> str:
        tries.append(answer)
        if len(tries) <= 2:  # once more to say what was asked
            if len(tries) == 2:
                is_to_be_repeated.set()
            raise InvalidResponseError("cut short")
        return text(answer)

    taken: list[str] = []
    with Fetcher(client, 1) as fetcher:
        spoilt, other = fetcher.submit(request("/0"), parse), fetcher.submit(request("/1"), text)
        client.answer("/0")
        client.wait_until_sent(2)  # the other one is under way
        taker = threading.Thread(target=lambda: taken.append(fetcher.take(spoilt)))
        taker.start()
        assert is_to_be_repeated.wait(LONG)
        client.answer("/1")
        taker.join(LONG)
        assert fetcher.take(other) == "/1"
    assert taken == ["/0"]
    assert client.sent == ["/0", "/1", "/0"]
    assert client.most_under_way == 1


def test_a_file_that_nobody_will_read_is_closed():
    file = io.BytesIO()

    class Filing(Client):
        def call(self, request: ApiRequest, parse: Callable[[Answer], Any], **kwargs: Any) -> Any:
            return Answer(status=200, headers={}, file=file)

    with Fetcher(Filing(), 1) as fetcher:
        fetcher.submit(request("/0"), text).answer.result(LONG)
        assert not file.closed
    assert file.closed


def test_the_longer_an_answer_takes_the_more_may_wait(client, monkeypatch):
    """As that is what the pages ahead have to bridge."""
    monkeypatch.setattr(fetching, "AHEAD_BYTES", 300)
    monkeypatch.setattr(fetching, "AHEAD_BYTES_A_SECOND", 1000)
    monkeypatch.setattr(fetching, "MAX_AHEAD_BYTES", 900)
    client.size = 100
    client.answer("*")
    waiting = {}
    for seconds in (0.0, 0.25, 5.0):
        monkeypatch.setattr(AdaptiveLimit, "quickest", seconds)
        with Fetcher(client, 64) as fetcher:
            for _ in range(4):  # so that the limit has grown far beyond
                fill_and_take(fetcher)
            waiting[seconds] = fill_and_take(fetcher)
    assert waiting == {0.0: 3, 0.25: 6, 5.0: 9}


def test_the_quickest_of_the_latest_answers_counts():
    clock = Clock()
    limit = AdaptiveLimit(4, now=clock)
    assert limit.quickest == 0
    for seconds in (0.5, 0.2, None, 0.9):
        limit.answered(clock(), seconds)
    assert limit.quickest == 0.2
    for _ in range(64):
        limit.answered(clock(), 0.7)
    assert limit.quickest == 0.7


def test_an_error_is_given_to_whom_takes_the_result_and_makes_room(client):
    client.answer("*")

    def refuse(answer: Answer) -> str:
        raise InvalidResponseError("no")

    with Fetcher(client, 1) as fetcher:
        asked = fetcher.submit(request("/0"), refuse)
        with pytest.raises(InvalidResponseError, match="no"):
            fetcher.take(asked)
        assert fetcher.has_room


def fill_and_take(fetcher: Fetcher) -> int:
    """How many answers may wait to be taken."""
    handed: list = []
    while fetcher.has_room:
        handed.append(fetcher.submit(request("/n"), text))
        handed[-1].answer.result(LONG)
    for asked in handed:
        fetcher.take(asked)
    return len(handed)


def test_a_429_lets_fewer_leave_even_if_the_repeat_was_good(client):
    client.answer("*")
    with Fetcher(client, 16) as fetcher:
        while fetcher.limit < 16:
            fill_and_take(fetcher)
        client.failures["/late"] = lambda notice: notice(Action.WAIT)
        fetcher.take(fetcher.submit(request("/late"), text))
        assert fetcher.limit < 16


def test_a_failure_that_is_no_429_neither_slows_down_nor_speeds_up(client):
    client.answer("/slow")
    client.failures["/slow"] = lambda notice: notice(Action.RETRY)
    with Fetcher(client, 64) as fetcher:
        for _ in range(20):
            fetcher.take(fetcher.submit(request("/slow"), text))
        fill(fetcher)
        client.wait_until_sent(21 - 1 + 4)
        assert client.under_way == 4
        client.answer("*")


def test_what_nobody_needs_any_more_makes_room_and_is_not_asked_for(client):
    with Fetcher(client, 1) as fetcher:
        handed = fill(fetcher)
        client.wait_until_sent(1)
        assert not fetcher.has_room
        fetcher.drop(handed)
        assert fetcher.has_room
        client.answer("*")
        assert fetcher.take(fetcher.submit(request("/next"), text)) == "/next"
    assert client.sent == ["/0", "/next"]


def test_waiting_for_nothing_does_not_wait(client):
    with Fetcher(client, 2) as fetcher:
        fetcher.wait(fetcher.arrived)


def test_an_answer_that_came_unseen_is_not_missed(client):
    with Fetcher(client, 2) as fetcher:
        seen = fetcher.arrived
        slow, quick = (fetcher.submit(request(path), text) for path in ("/slow", "/quick"))
        client.answer("/quick")
        quick.answer.result(LONG)
        fetcher.wait(seen)
        assert not slow.is_answered
        client.answer("*")


def end_in(ends: str, notice: Callable[[Action], None]) -> None:
    if ends == "refused once":
        notice(Action.WAIT)
    elif ends == "failed once":
        notice(Action.RETRY)
    elif ends == "failed":
        raise RateLimitedError("too many")


@settings(max_examples=60)
@given(
    st.integers(1, 8),
    st.lists(
        st.tuples(
            st.just("submit"),
            st.sampled_from(["well", "refused once", "failed once", "failed", "unreadable once"]),
        )
        | st.tuples(st.sampled_from(["answer", "take", "release", "drop"]), st.integers(0, 50)),
        max_size=60,
    ),
)
def test_whatever_becomes_of_some_requests_the_others_are_answered(most, steps):
    """None is left waiting for a place that nobody makes free, and nobody waits for what will not come."""
    client = Client()
    in_hand: list[InFlightRequest[str]] = []
    unreadable: set[str] = set()
    count = 0

    def parse(answer: Answer) -> str:
        if (path := text(answer)) in unreadable:
            unreadable.remove(path)
            raise InvalidResponseError("cut short")
        return path

    def take(asked: InFlightRequest[str]) -> None:
        with contextlib.suppress(RateLimitedError):
            assert fetcher.take(asked) == asked.request.path

    def take_all() -> None:
        while in_hand:
            seen = fetcher.arrived
            while not in_hand[0].is_answered:
                fetcher.wait(seen)
                seen = fetcher.arrived
            take(in_hand.pop(0))

    with Fetcher(client, most) as fetcher:
        for step, choice in steps:
            if step == "submit":
                path = f"/{count}"
                count += 1
                client.failures[path] = partial(end_in, choice)
                if choice == "unreadable once":
                    unreadable.add(path)
                in_hand.append(fetcher.submit(request(path), parse, urgent=count % 3 == 0))
            elif in_hand:
                asked = in_hand[choice % len(in_hand)]
                is_good = asked.is_answered and asked.request.path not in unreadable
                if step == "answer":
                    client.answer(asked.request.path)
                    if asked.answer.running():
                        asked.answer.exception(LONG)  # waits until it has come
                elif step == "drop":
                    fetcher.drop([asked])
                    in_hand.remove(asked)
                elif step == "take" and is_good:
                    take(asked)
                    in_hand.remove(asked)
                elif step == "release" and is_good and asked.answer.exception() is None:
                    fetcher.read(asked)
                    fetcher.release(asked)
                    assert fetcher.take(asked) is None
                    in_hand.remove(asked)
        client.answer("*")
        taker = threading.Thread(target=take_all, daemon=True)
        taker.start()
        taker.join(LONG)
        assert in_hand == []
        assert fetcher.has_room
        for asked in [fetcher.submit(request("/last"), text) for _ in range(2 * most)]:
            assert asked.answer.result(LONG)
    assert client.most_under_way <= most


def test_leaving_does_not_wait_for_what_is_under_way(client):
    with Fetcher(client, 1) as fetcher:
        waiting = [fetcher.submit(request(f"/{number}"), text) for number in range(2)]
        client.wait_until_sent(1)
    assert not waiting[0].is_answered
    assert waiting[1].answer.cancelled()


def test_an_error_of_the_client_reaches_the_taker_unchanged(client):
    client.answer("*")

    def give_up(notice: Callable[[Action], None]) -> None:
        notice(Action.WAIT)
        raise RateLimitedError("too many", retry_after=7)

    client.failures["/0"] = give_up
    with Fetcher(client, 4) as fetcher:
        asked = fetcher.submit(request("/0"), text)
        with pytest.raises(RateLimitedError) as caught:
            fetcher.take(asked)
    assert caught.value.retry_after == 7
