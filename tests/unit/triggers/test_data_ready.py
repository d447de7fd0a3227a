"""The sensor's trigger: it looks outside the event loop, and goes on in another triggerer."""

from __future__ import annotations

import asyncio
import importlib
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.triggers import looking
from airflow_provider_liveperson.triggers.data_ready import LivePersonDataReadyTrigger

HOUR = timedelta(hours=1)
START = datetime(2026, 2, 3, 10, tzinfo=UTC)
END = START + HOUR
LAG = DATASETS["data_access_survey"].limits.lag

pytestmark = pytest.mark.usefixtures("airflow_connections")


def trigger(**choices) -> LivePersonDataReadyTrigger:
    return LivePersonDataReadyTrigger(
        **{
            "dataset": "data_access_survey",
            "start": START.isoformat(),
            "end": END.isoformat(),
            "liveperson_conn_id": "liveperson_default",
            "poke_interval": 30.0,
            **choices,
        }
    )


def restarted(made: LivePersonDataReadyTrigger) -> LivePersonDataReadyTrigger:
    """The same trigger as another triggerer makes it, of what Airflow stores."""
    from airflow.models.trigger import Trigger

    stored = Trigger.from_object(made)
    module, _, name = stored.classpath.rpartition(".")
    return getattr(importlib.import_module(module), name)(**Trigger._decrypt_kwargs(stored.encrypted_kwargs))


@pytest.fixture
def clock():
    with time_machine.travel(END, tick=False) as clock:
        yield clock


@pytest.fixture
def slept(monkeypatch, clock):
    """The seconds of each sleep, during which the clock moves on; after each, ``slept.then`` is called."""
    seconds = Sleeps()

    async def sleep(delay):
        seconds.append(delay)
        clock.shift(delay)
        seconds.then(len(seconds))

    monkeypatch.setattr(looking.asyncio, "sleep", sleep)
    return seconds


class Sleeps(list):
    then = staticmethod(lambda count: None)


async def fired(made) -> list:
    return [event.payload async for event in made.run()]


def test_it_sleeps_until_the_lag_has_passed_and_then_looks_until_the_files_are_listed(sandbox, slept):
    def then(count):
        if count * 60 < LAG.total_seconds():
            assert sandbox.requests == []
        if sum(slept) >= LAG.total_seconds() + 60:
            sandbox.insert("data_access_survey", 1, START)

    slept.then = then
    events = asyncio.run(fired(trigger()))
    assert sum(slept) == LAG.total_seconds() + 60
    assert events == [
        {"dataset": "data_access_survey", "window_start": START.isoformat(), "window_end": END.isoformat()}
    ]
    assert len([one for one in sandbox.requests if one.path.endswith("/survey")]) == 3


def test_it_goes_on_in_another_triggerer(sandbox, slept):
    class Stopped(BaseException):
        pass

    def stop(count):
        if sum(slept) >= HOUR.total_seconds():
            raise Stopped

    slept.then = stop
    made = trigger()
    with pytest.raises(Stopped):
        asyncio.run(fired(made))
    slept.then = lambda count: None
    sandbox.insert("data_access_survey", 1, START)
    again = restarted(made)
    assert again.serialize() == made.serialize()
    assert len(asyncio.run(fired(again))) == 1
    assert sum(slept) == LAG.total_seconds()


def test_no_look_is_taken_in_the_event_loop(sandbox, slept, monkeypatch):
    seen = []
    look = LivePersonDataReadyTrigger._look
    monkeypatch.setattr(
        LivePersonDataReadyTrigger, "_look", lambda *given: seen.append(threading.get_ident()) or look(*given)
    )
    sandbox.insert("data_access_survey", 1, START)
    asyncio.run(fired(trigger()))
    assert len(seen) == 2
    assert threading.get_ident() not in seen


def test_several_look_at_the_same_time(sandbox, slept):
    """A look that waits for an answer holds up nobody else."""
    sandbox.insert("data_access_survey", 1, START)
    both = threading.Barrier(2, timeout=30)

    class Meeting(LivePersonDataReadyTrigger):
        def _look(self, is_first):
            both.wait()
            return None

    async def together():
        return await asyncio.gather(*(fired(Meeting(**trigger().serialize()[1])) for _ in range(2)))

    assert [len(events) for events in asyncio.run(together())] == [1, 1]


def test_what_cannot_heal_wakes_the_task_and_what_can_is_looked_at_again(sandbox, slept, clock):
    clock.move_to(END + LAG)
    sandbox.faults.add(match="/le/survey", kind="status", status=503, times=1)
    sandbox.faults.add(match="/le/survey", kind="status", status=403, times=1)
    assert len(asyncio.run(fired(trigger()))) == 1
    assert slept == [30.0]
    assert len([one for one in sandbox.requests if one.path.endswith("/survey")]) == 2
    assert len(asyncio.run(fired(trigger(dataset="there_is_none")))) == 1


def test_what_liveperson_refuses_to_the_triggerer_only_wakes_no_task_without_a_pause(sandbox, slept, clock):
    """The task has looked a moment ago, and waits again when it is awake: both would go round and round."""
    clock.move_to(END + LAG)
    for _ in range(3):
        slept.clear()
        sandbox.faults.add(match="/le/survey", kind="status", status=403, times=2)
        assert len(asyncio.run(fired(trigger()))) == 1
        assert slept == [30.0]


def test_nothing_secret_is_stored(sandbox):
    about = sandbox.settings
    text = repr(trigger()) + repr(trigger().serialize())
    for secret in (about.app_secret, about.access_token, about.access_token_secret):
        assert secret not in text
