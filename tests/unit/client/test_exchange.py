"""Requests under way, and how other threads end them."""

from __future__ import annotations

import contextlib
import gc
import socket
import threading
import time
import weakref

import pytest

from airflow_provider_liveperson.client.exchange import Exchange, Stop, Watchdog, current_exchange

LONG = 30.0  # seconds after which a test that hangs fails


@pytest.fixture
def pair():
    """Two connected sockets."""
    here, there = socket.socketpair()
    here.settimeout(LONG)
    with here, there:
        yield here, there


def exchange(seconds: float = LONG) -> Exchange:
    return Exchange(time.monotonic() + seconds)


class TestExchange:
    @pytest.mark.parametrize("overdue", [True, False])
    def test_a_cut_wakes_the_thread_that_reads(self, pair, overdue):
        made, received = exchange(), []
        made.use_socket(pair[0])
        reader = threading.Thread(target=lambda: received.append(pair[0].recv(1)))
        reader.start()
        made.cut(overdue=overdue)
        reader.join(LONG)
        assert received == [b""]
        assert made.is_cut
        assert (made.is_overdue, made.is_stopped) == (overdue, not overdue)

    def test_a_socket_that_comes_after_the_cut_is_shut_too(self, pair):
        made = exchange()
        made.cut(overdue=False)
        made.use_socket(pair[0])
        assert pair[0].recv(1) == b""

    def test_a_finished_exchange_leaves_its_socket_alone(self, pair):
        made = exchange()
        made.use_socket(pair[0])
        made.finish()
        made.cut(overdue=True)
        pair[1].send(b"x")
        assert pair[0].recv(1) == b"x"

    def test_a_socket_that_is_closed_already_does_no_harm(self, pair):
        made = exchange()
        made.use_socket(pair[0])
        pair[0].close()
        made.cut(overdue=True)
        assert made.is_overdue


class TestStop:
    def test_it_ends_what_is_under_way(self):
        stop, made = Stop(), exchange()
        with stop.ending(made):
            stop.set()
            assert made.is_stopped
        assert stop.is_set

    def test_it_ends_at_once_what_begins_too_late(self):
        stop, made = Stop(), exchange()
        stop.set()
        with stop.ending(made):
            assert made.is_stopped

    def test_it_leaves_alone_what_has_ended(self):
        stop, made = Stop(), exchange()
        with stop.ending(made):
            pass
        stop.set()
        assert not made.is_cut

    def test_a_parent_stops_its_children_but_no_child_its_parent(self):
        parent = Stop()
        first, second = Stop(parent), Stop(parent)
        first.set()
        assert (parent.is_set, second.is_set) == (False, False)
        parent.set()
        assert second.is_set

    def test_a_child_of_a_stop_that_is_set_is_set(self):
        parent = Stop()
        parent.set()
        assert Stop(parent).is_set

    def test_a_parent_does_not_keep_its_children(self):
        parent = Stop()
        child = weakref.ref(Stop(parent))
        gc.collect()
        assert child() is None

    def test_a_wait_ends_with_it(self):
        stop = Stop()
        assert not stop.wait(0)
        setter = threading.Thread(target=stop.set)
        setter.start()
        assert stop.wait(LONG)
        setter.join(LONG)


class TestWatchdog:
    def test_it_ends_what_is_overdue(self, pair):
        dog, made = Watchdog(), exchange(0.0)
        with dog.watching(made):
            made.use_socket(pair[0])
            assert pair[0].recv(1) == b""
        assert made.is_overdue

    def test_an_earlier_deadline_is_noticed_while_it_waits_for_a_later_one(self, pair):
        dog, late, early = Watchdog(), exchange(), exchange(0.0)
        with dog.watching(late), dog.watching(early):
            early.use_socket(pair[0])
            assert pair[0].recv(1) == b""
            assert not late.is_cut

    def test_an_exchange_is_that_of_its_thread_only_inside(self):
        dog, outer, inner = Watchdog(), exchange(), exchange()
        seen = []
        with dog.watching(outer):
            with dog.watching(inner):
                assert current_exchange() is inner
                other = threading.Thread(target=lambda: seen.append(current_exchange()))
                other.start()
                other.join(LONG)
            assert current_exchange() is outer
        assert current_exchange() is None
        assert seen == [None]

    def test_it_lets_go_of_what_has_failed(self, pair):
        dog, made = Watchdog(), exchange()
        with contextlib.suppress(ZeroDivisionError), dog.watching(made):
            made.use_socket(pair[0])
            raise ZeroDivisionError
        assert current_exchange() is None
        made.cut(overdue=True)
        pair[1].send(b"x")
        assert pair[0].recv(1) == b"x"

    def test_its_thread_ends_when_nothing_is_under_way(self):
        dog = Watchdog()
        with dog.watching(exchange()):
            thread = dog._thread
            assert thread is not None
            assert thread.daemon
        dog.close()
        thread.join(LONG)
        assert not thread.is_alive()
        with dog.watching(exchange(0.0)) as _:
            assert dog._thread is not thread
