"""The sensor: what it waits for, where, and how it ends."""

from __future__ import annotations

import asyncio
import json
import runpy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine
from airflow.sdk import DAG

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import (
    ConfigurationError,
    EmptyWindowError,
    LivePersonError,
    WindowOutOfRangeError,
)
from airflow_provider_liveperson.sensors import data_ready
from airflow_provider_liveperson.sensors.data_ready import LivePersonDataReadySensor
from airflow_provider_liveperson.triggers.data_ready import LivePersonDataReadyTrigger
from airflow_provider_liveperson.version_compat import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
)
from tests.unit.transfers.failing import fails_at_once

try:
    from airflow.sdk.exceptions import TaskDeferred
except ImportError:  # Airflow 3.1
    from airflow.exceptions import TaskDeferred

HOUR = timedelta(hours=1)
# After all files that the sandbox has invented.
START = datetime(2026, 2, 3, 10, tzinfo=UTC)
END = START + HOUR
LAG = DATASETS["data_access_survey"].limits.lag

pytestmark = pytest.mark.usefixtures("airflow_connections")


def context(start=START, end=END, **more):
    return {"data_interval_start": start, "data_interval_end": end, "dag_run": SimpleNamespace(), **more}


def sensor(**choices) -> LivePersonDataReadySensor:
    return LivePersonDataReadySensor(**{"task_id": "ready", "dataset": "data_access_survey", **choices})


@pytest.fixture
def at():
    """Sets the clock."""
    with time_machine.travel(END + LAG, tick=False) as clock:
        yield clock.move_to


# -- what it waits for -----------------------------------------------------------------------------


def test_it_waits_for_the_lag_and_then_for_the_files(sandbox, at):
    at(END + LAG - timedelta(seconds=10))
    assert sensor().poke(context()) is False
    assert sandbox.requests == []
    at(END + LAG)
    assert sensor().poke(context()) is False
    sandbox.insert("data_access_survey", 1, START)
    assert sensor().poke(context()) is True


@pytest.mark.parametrize(
    "choices",
    [
        {"start": START.isoformat(), "end": END.isoformat()},
        {"start": START, "end": END},
        {"start": START + HOUR, "end": END + HOUR, "windows_back": "1"},
    ],
)
def test_it_takes_the_window_as_the_operators_do(sandbox, at, choices):
    sandbox.insert("data_access_survey", 1, START)
    assert sensor(**choices).poke({}) is True
    keyed = context(None, None, dag_run=SimpleNamespace(partition_key="2026-02-03T10"))
    assert sensor().poke(keyed) is True
    with fails_at_once(EmptyWindowError, "no window"):
        sensor().poke(context(START, START))


def test_no_connection_is_needed_where_no_files_are_listed(sandbox, at):
    assert sensor(dataset="audit_trail", liveperson_conn_id="there_is_none").poke(context()) is True
    with pytest.raises(ConfigurationError, match="there is no connection 'there_is_none'"):
        sensor(liveperson_conn_id="there_is_none").poke(context())


def test_it_closes_what_it_opens(sandbox, at, monkeypatch):
    closed = []
    monkeypatch.setattr(
        "airflow_provider_liveperson.client.client.LivePersonClient.close", lambda self: closed.append(self)
    )
    assert sensor().poke(context()) is False
    sandbox.faults.add(match="/le/survey", kind="status", status=403, times=100)
    with pytest.raises(AirflowFailException):
        sensor().poke(context())
    assert len(closed) == 2


# -- what never will be ----------------------------------------------------------------------------


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_window_that_is_gone_fails_at_once_with_the_reason(sandbox, at, deferrable):
    at(END + timedelta(days=31))
    with fails_at_once(WindowOutOfRangeError, "for 30 days, so nothing of it is left"):
        sensor(deferrable=deferrable).execute(context())
    with pytest.raises(AirflowSkipException):
        sensor(deferrable=deferrable, soft_fail=True).execute(context())
    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("choices", "says", "field"),
    [
        ({"dataset": "data_access_surveys"}, "did you mean data_access_survey", "dataset"),
        ({"dataset": "users"}, "no window of it to wait for. Pull it without the sensor", "dataset"),
        ({"start": "2026-02-03"}, "end is missing", "end"),
        ({"start": "yesterday", "end": END}, "start is 'yesterday'", "start"),
        ({"start": datetime(2026, 2, 3), "end": END}, "has no time zone", "start"),
        ({"start": END, "end": START}, "must be before end", "end"),
        ({"dataset": "outbound_analytics", "start": START, "end": END}, "sums up 1 day", "start"),
        ({"windows_back": -1}, "windows_back must be a whole number", "windows_back"),
        ({"deferrable": "perhaps"}, "deferrable must be true or false", "deferrable"),
    ],
)
def test_what_is_wrong_is_said_when_the_dag_is_parsed(choices, says, field):
    with pytest.raises((ConfigurationError, EmptyWindowError), match=says) as raised:
        sensor(**choices)
    assert raised.value.field == field


def test_templates_are_read_in_the_run(sandbox, at):
    with DAG("d", schedule=None, start_date=START):
        made = sensor(
            dataset="{{ params.dataset }}",
            start="{{ data_interval_start.isoformat() }}",
            end="{{ data_interval_end.isoformat() }}",
            windows_back="{{ 0 }}",
            liveperson_conn_id="{{ 'liveperson_default' }}",
        )
    sandbox.insert("data_access_survey", 1, START)
    made.render_template_fields(context(params={"dataset": "data_access_survey"}))
    assert made.poke({}) is True
    made.dataset = "users"
    with fails_at_once(ConfigurationError, "Pull it without the sensor"):
        made.poke(context())


def test_what_may_heal_is_tried_again(sandbox, at):
    sandbox.faults.add(match="/le/survey", kind="status", status=503, times=100)
    with pytest.raises(LivePersonError):
        sensor().execute(context())


# -- in the triggerer ------------------------------------------------------------------------------


def deferred(made: LivePersonDataReadySensor, run=None, **resumed) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as raised:
        made.resume(run or context(), **resumed) if resumed else made.execute(run or context())
    return raised.value


def test_it_defers_and_goes_on_when_it_is_resumed(sandbox, at):
    made = sensor(deferrable=True, timeout=timedelta(hours=3), poke_interval=7)
    left = deferred(made)
    assert isinstance(left.trigger, LivePersonDataReadyTrigger)
    _, arguments = left.trigger.serialize()
    assert json.loads(json.dumps(arguments)) == {
        "dataset": "data_access_survey",
        "start": "2026-02-03T10:00:00Z",
        "end": "2026-02-03T11:00:00Z",
        "liveperson_conn_id": "liveperson_default",
        "poke_interval": 7.0,
    }
    assert json.loads(json.dumps(left.kwargs)) == left.kwargs
    assert left.timeout == timedelta(hours=3)

    sandbox.insert("data_access_survey", 1, START)
    assert getattr(made, left.method_name)(context(), event={}, **left.kwargs) is None


def test_time_in_the_triggerer_counts_for_the_timeout_also_after_it_was_resumed(sandbox, at):
    made = sensor(deferrable=True, timeout=HOUR)
    left = deferred(made)
    at(END + LAG + HOUR / 2)
    again = deferred(sensor(deferrable=True, timeout=HOUR), event={}, **left.kwargs)
    assert again.kwargs == left.kwargs
    assert again.timeout == HOUR / 2
    at(END + LAG + HOUR)
    with pytest.raises(AirflowSensorTimeout, match="not ready within 3600 seconds"):
        sensor(deferrable=True, timeout=HOUR).resume(context(), event={}, **left.kwargs)
    with pytest.raises(AirflowSkipException):
        sensor(deferrable=True, timeout=HOUR, soft_fail=True).resume(context(), event={}, **left.kwargs)


def test_dags_test_hands_on_the_event_only(sandbox, at):
    assert deferred(sensor(deferrable=True, timeout=HOUR), event={}).timeout == HOUR


def test_what_went_wrong_in_the_triggerer_is_raised_in_the_task(sandbox, at, monkeypatch):
    left = deferred(sensor(deferrable=True))
    at(END + timedelta(days=31))

    async def sleep_until(moment):
        at(moment)

    monkeypatch.setattr("airflow_provider_liveperson.triggers.data_ready.sleep_until", sleep_until)
    fired = asyncio.run(anext(aiter(left.trigger.run())))
    with fails_at_once(WindowOutOfRangeError, "nothing of it is left"):
        sensor(deferrable=True).resume(context(), event=fired.payload, **left.kwargs)


@pytest.mark.parametrize("configured", ["True", "False"])
def test_it_is_deferrable_if_the_deployment_says_so(monkeypatch, configured):
    monkeypatch.setenv("AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE", configured)
    fresh = runpy.run_path(str(Path(data_ready.__file__)))["LivePersonDataReadySensor"]
    assert fresh(task_id="ready", dataset="audit_trail").deferrable is (configured == "True")
    assert fresh(task_id="other", dataset="audit_trail", deferrable="False").deferrable is False
