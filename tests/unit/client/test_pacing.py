"""Request rates that LivePerson documents, kept across threads."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.client import pacing
from airflow_provider_liveperson.client.exchange import Stop
from airflow_provider_liveperson.client.messages import ApiRequest
from airflow_provider_liveperson.client.pacing import Pacer


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_requests_are_spaced_evenly(clock):
    pacer = Pacer(now=clock)
    assert [pacer.reserve("s", 10) for _ in range(4)] == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_a_slot_that_nobody_used_is_not_saved_for_later(clock):
    pacer = Pacer(now=clock)
    pacer.reserve("s", 10)
    clock.seconds += 60
    assert [pacer.reserve("s", 10) for _ in range(3)] == pytest.approx([0.0, 0.1, 0.2])


def test_each_service_has_its_own_schedule(clock):
    pacer = Pacer(now=clock)
    pacer.reserve("one", 1)
    assert pacer.reserve("other", 1) == 0.0
    assert pacer.reserve("one", 1) == pytest.approx(1.0)


@given(
    per_second=st.integers(1, 50),
    gaps=st.lists(st.floats(0, 0.5, allow_nan=False), min_size=1, max_size=200),
)
def test_no_second_holds_more_than_the_rate(per_second, gaps):
    clock = Clock()
    pacer, sent = Pacer(now=clock), []
    for gap in gaps:
        clock.seconds += gap
        sent.append(clock.seconds + pacer.reserve("s", per_second))
    assert sent == sorted(sent)
    for first, beyond in zip(sent, sent[per_second:], strict=False):
        assert beyond - first >= 1 - 1e-6


def test_threads_share_one_schedule(clock):
    pacer, waits, start = Pacer(now=clock), [], threading.Barrier(8)

    def reserve() -> None:
        start.wait(30)
        waits.append(pacer.reserve("s", 10))

    threads = [threading.Thread(target=reserve) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(waits) == pytest.approx([number / 10 for number in range(8)])


def test_a_turn_is_waited_for_until_the_stop(clock, monkeypatch):
    waited = []
    monkeypatch.setattr(pacing.retries, "pause", lambda seconds, stop: waited.append((seconds, stop)))
    pacer, stop = Pacer(now=clock), Stop()
    pacer.wait_turn("s", 4, stop=stop)
    pacer.wait_turn("s", 4, stop=stop)
    assert waited == [(pytest.approx(0.25), stop)]


def test_a_client_paces_the_requests_that_declare_a_rate(connect, audit_request, monkeypatch):
    turns = []
    monkeypatch.setattr(Pacer, "wait_turn", lambda self, key, rate, *, stop: turns.append((key, rate)))
    client = connect()
    paced = ApiRequest(**{**vars(audit_request), "max_per_second": 10.0})
    for request in (paced, audit_request, paced):
        assert client.call(request, lambda answer: answer.status) == 200
    assert turns == [("accountConfigReadOnly", 10.0)] * 2


def test_a_repeated_request_waits_for_a_turn_of_its_own(connect, sandbox, audit_request, monkeypatch):
    turns = []
    monkeypatch.setattr(Pacer, "wait_turn", lambda self, key, rate, *, stop: turns.append(key))
    sandbox.faults.add(kind="status", match="/metadata/audit", status=503, times=2)
    paced = ApiRequest(**{**vars(audit_request), "max_per_second": 10.0})
    assert connect().call(paced, lambda answer: answer.status) == 200
    assert len(turns) == 3
