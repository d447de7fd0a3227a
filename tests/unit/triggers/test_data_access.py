"""The watcher's trigger: each hour fires, at least once, and not again and again."""

from __future__ import annotations

import asyncio
import json
import runpy
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine

from airflow_provider_liveperson.commands.examples import FOLDER
from airflow_provider_liveperson.datasets.data_access import DATASETS
from airflow_provider_liveperson.exceptions import ConfigurationError, ServiceUnavailableError
from airflow_provider_liveperson.hooks import consents
from airflow_provider_liveperson.triggers import data_access
from airflow_provider_liveperson.triggers.data_access import LivePersonDataAccessTrigger
from tests.unit.triggers.test_data_ready import restarted

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# After all files that the sandbox has invented; an hour whose files are not complete yet.
NOW = datetime(2026, 2, 3, 10, 30, tzinfo=UTC)
LAG = DATASETS[0].limits.lag
NAME = "liveperson_watermark.liveperson_default.data_access_survey"

pytestmark = pytest.mark.usefixtures("airflow_connections")


def hour(number: int, day: int = 3) -> datetime:
    return datetime(2026, 2, day, number, tzinfo=UTC)


def trigger(**choices) -> LivePersonDataAccessTrigger:
    return LivePersonDataAccessTrigger(**{"dataset": "data_access_survey", **choices})


@pytest.fixture
def variables(monkeypatch) -> dict[str, str]:
    """What is in the Variables."""
    values: dict[str, str] = {}

    class Store:
        def get(self, name):
            return values.get(name)

        def put(self, name, value):
            values[name] = value

    monkeypatch.setattr(consents, "VariableStore", Store)
    return values


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


class Stopped(BaseException):
    """The triggerer stops."""


class Triggerer:
    """Runs a trigger through some looks."""

    def __init__(self, monkeypatch, clock) -> None:
        self.sleeps: list[float] = []
        self._clock = clock
        self._left = 0
        monkeypatch.setattr(data_access.asyncio, "sleep", self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self._left -= 1
        if not self._left:
            raise Stopped
        self._clock.shift(seconds)

    def run(self, made: LivePersonDataAccessTrigger, looks: int) -> list[dict]:
        """The payloads of the events that fire in so many looks; it stops while it sleeps after the last one."""
        self._left = looks
        fired = []

        async def take():
            async for event in made.run():
                fired.append(event.payload)

        with pytest.raises(Stopped):
            asyncio.run(take())
        return fired


@pytest.fixture
def triggerer(monkeypatch, clock, variables) -> Triggerer:
    return Triggerer(monkeypatch, clock)


def windows(payloads: list[dict]) -> list[str]:
    return [payload["window_start"] for payload in payloads]


def lists(sandbox) -> int:
    return len([one for one in sandbox.requests if one.path.endswith("/survey")])


# -- what fires ------------------------------------------------------------------------------------


def test_an_hour_fires_once_when_it_is_complete(sandbox, triggerer, clock, variables):
    made = trigger()
    sandbox.insert("data_access_survey", 1, hour(7))
    sandbox.insert("data_access_survey", 2, hour(8))
    sandbox.insert("data_access_survey", 1, hour(8))
    assert triggerer.run(made, 1) == []
    assert variables == {NAME: "2026-02-03T08:00:00Z"}
    assert lists(sandbox) == 0

    clock.move_to(hour(9) + LAG - timedelta(seconds=1))
    assert triggerer.run(made, 1) == []
    clock.move_to(hour(9) + LAG)
    fired = triggerer.run(made, 5)
    assert fired == [
        {
            "dataset": "data_access_survey",
            "account_id": "70000001",
            "window_start": "2026-02-03T08:00:00Z",
            "window_end": "2026-02-03T09:00:00Z",
            "files": 2,
        }
    ]
    assert variables == {NAME: "2026-02-03T09:00:00Z"}
    assert lists(sandbox) == 1
    assert triggerer.sleeps[-1] == 300


def test_since_brings_what_is_there_already_and_the_last_hours_come_in_order(sandbox, triggerer):
    since = hour(20, day=2)
    for number, day in ((21, 2), (23, 2), (1, 3), (6, 3)):
        sandbox.insert("data_access_survey", 1, hour(number, day))
    sandbox.insert("data_access_survey", 1, hour(19, day=2))
    fired = triggerer.run(trigger(since=since), 3)
    assert windows(fired) == [
        "2026-02-02T21:00:00Z",
        "2026-02-02T23:00:00Z",
        "2026-02-03T01:00:00Z",
        "2026-02-03T06:00:00Z",
    ]


def test_files_that_are_listed_late_fire_within_a_day(sandbox, triggerer, clock):
    made = trigger(since=hour(6))
    assert triggerer.run(made, 2) == []
    clock.move_to(NOW + 20 * HOUR)
    sandbox.insert("data_access_survey", 1, hour(7))
    assert windows(triggerer.run(made, 2)) == ["2026-02-03T07:00:00Z"]
    clock.move_to(NOW + 4 * DAY)
    assert triggerer.run(made, 2) == []
    sandbox.insert("data_access_survey", 1, hour(8))
    assert triggerer.run(restarted(made), 2) == []


def test_it_does_not_ask_for_what_liveperson_does_not_keep(sandbox, triggerer, clock):
    clock.move_to(NOW + 40 * DAY)
    sandbox.insert("data_access_survey", 1, hour(8))
    sandbox.insert("data_access_survey", 1, NOW + 39 * DAY)
    assert len(triggerer.run(trigger(since=hour(0)), 6)) == 1


# -- at least once, and not for ever ---------------------------------------------------------------


def test_after_a_restart_it_goes_on_where_it_was(sandbox, triggerer, clock):
    made = trigger(since=hour(5))
    sandbox.insert("data_access_survey", 1, hour(5))
    assert windows(triggerer.run(made, 2)) == ["2026-02-03T05:00:00Z"]
    assert triggerer.run(restarted(made), 3) == []
    sandbox.insert("data_access_survey", 1, hour(9))
    clock.move_to(NOW + 3 * HOUR)
    assert windows(triggerer.run(restarted(made), 1)) == ["2026-02-03T09:00:00Z"]


def test_events_that_may_not_have_been_stored_fire_again_once(sandbox, triggerer):
    """The triggerer stores events some time after they have fired, and it may stop before."""
    made = trigger(since=hour(5))
    sandbox.insert("data_access_survey", 1, hour(5))
    first = triggerer.run(made, 1)
    again = triggerer.run(restarted(made), 2)
    assert windows(first) == windows(again) == ["2026-02-03T05:00:00Z"]
    assert triggerer.run(restarted(made), 2) == []


def test_nothing_is_lost_while_it_is_down(sandbox, triggerer, clock):
    made = trigger()
    assert triggerer.run(made, 1) == []
    for number in range(40):
        sandbox.insert("data_access_survey", 1, hour(8) + number * 2 * HOUR)
    clock.move_to(NOW + 5 * DAY)
    fired = triggerer.run(restarted(made), 2)
    assert len(fired) == 40
    assert set(Counter(windows(fired)).values()) == {1}


def test_a_failed_look_fires_nothing_and_loses_nothing(sandbox, triggerer):
    made = trigger(since=hour(5))
    sandbox.insert("data_access_survey", 1, hour(5))
    sandbox.faults.add(match="/le/survey", kind="status", status=503, times=5)
    assert len(triggerer.run(made, 6)) == 1
    assert triggerer.sleeps == [600, 1200, 2400, 3600, 3600, 300]
    assert lists(sandbox) == 6


def test_a_watcher_that_has_failed_for_months_still_looks_once_an_hour(triggerer, monkeypatch):
    def fail(*_):
        raise ServiceUnavailableError("no answer")

    made = trigger()
    monkeypatch.setattr(made, "_look", fail)
    assert triggerer.run(made, 1_100) == []
    assert set(triggerer.sleeps[3:]) == {3600}


def test_a_watcher_that_has_much_to_catch_up_with_looks_at_a_week_at_a_time(sandbox, triggerer, clock):
    """The requests of a look have a limit of time: one for all that LivePerson keeps might never end within it."""
    for day in (3, 12, 20):
        sandbox.insert("data_access_survey", 1, hour(8, day))
    clock.move_to(hour(11, day=28))
    made = trigger(since=hour(0))
    assert windows(triggerer.run(made, 1)) == ["2026-02-03T08:00:00Z"]
    assert lists(sandbox) <= 8
    assert windows(triggerer.run(restarted(made), 6)) == [
        "2026-02-03T08:00:00Z",
        "2026-02-12T08:00:00Z",
        "2026-02-20T08:00:00Z",
    ]


def test_a_watermark_that_cannot_be_written_is_no_reason_to_fire(sandbox, triggerer, monkeypatch, variables):
    class Broken(consents.VariableStore):
        def put(self, name, value):
            raise ServiceUnavailableError("no database")

    monkeypatch.setattr(consents, "VariableStore", Broken)
    sandbox.insert("data_access_survey", 1, hour(5))
    assert triggerer.run(trigger(since=hour(5)), 3) == []
    assert lists(sandbox) == 0


def test_a_watermark_that_cannot_be_read_is_said_until_it_is_corrected(sandbox, triggerer, variables):
    variables[NAME] = "last tuesday"
    sandbox.insert("data_access_survey", 1, hour(5))
    assert triggerer.run(trigger(), 2) == []
    variables[NAME] = "2026-02-03T05:00:00Z"
    assert windows(triggerer.run(trigger(), 2)) == ["2026-02-03T05:00:00Z"]


def test_watchers_have_a_watermark_each():
    names = [
        trigger(**choices).variable
        for choices in (
            {},
            {"dataset": "data_access_engagement"},
            {"liveperson_conn_id": "other"},
            {"since": hour(5)},
            {"since": hour(6)},
        )
    ]
    assert len(set(names)) == len(names)
    assert trigger(poll_interval=60).variable == trigger().variable == NAME


# -- in a DAG --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choices", "says", "field"),
    [
        ({"dataset": "data_access_surveys"}, "must be one of data_access_agent_activity", "dataset"),
        ({"dataset": "users"}, "must be one of data_access_agent_activity", "dataset"),
        ({"since": "2026-02-03T05:00:00"}, "has no time zone", "since"),
        ({"since": "tuesday"}, "not a valid ISO 8601", "since"),
        ({"poll_interval": 0}, "positive number of seconds", "poll_interval"),
        ({"poll_interval": float("nan")}, "positive number of seconds", "poll_interval"),
        ({"poll_interval": float("inf")}, "positive number of seconds", "poll_interval"),
        ({"poll_interval": "5"}, "positive number of seconds", "poll_interval"),
    ],
)
def test_what_is_wrong_is_said_when_the_dag_is_parsed(choices, says, field):
    with pytest.raises(ConfigurationError, match=says) as raised:
        trigger(**choices)
    assert raised.value.field == field


def test_airflow_stores_it_and_knows_it_again(sandbox):
    from airflow.triggers.base import BaseEventTrigger

    made = trigger(since=hour(5))
    stored = restarted(made)
    assert stored.serialize() == made.serialize()
    assert BaseEventTrigger.hash(*stored.serialize()) == BaseEventTrigger.hash(*made.serialize())
    about = sandbox.settings
    for secret in (about.app_secret, about.access_token, about.access_token_secret):
        assert secret not in json.dumps(made.serialize()) + repr(made)


def test_the_run_of_the_example_pulls_the_hours_of_all_its_events_once():
    namespace = runpy.run_path(str(FOLDER / "liveperson_data_ready.py"))
    events = [
        SimpleNamespace(extra={"from_trigger": True, "payload": {"window_start": start, "window_end": end}})
        for start, end in (("b", "c"), ("a", "b"), ("b", "c"))
    ]
    triggering = SimpleNamespace(asset=namespace["FILES"], events=events)

    class ByAsset:
        """As Airflow hands it over; assets of Airflow 3.1 cannot be keys of a dict."""

        def __getitem__(self, asset):
            return triggering.events if asset is triggering.asset else []

    assert namespace["hours"].function(ByAsset()) == [{"start": "a", "end": "b"}, {"start": "b", "end": "c"}]
    (watcher,) = namespace["FILES"].watchers
    assert isinstance(watcher.trigger, LivePersonDataAccessTrigger)
