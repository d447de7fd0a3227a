"""Datasets in DAGs whose windows are longer than LivePerson keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from airflow.sdk import DAG, Asset
from dateutil.relativedelta import relativedelta

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator
from airflow_provider_liveperson.transfers.schedule import WindowLengths, window_lengths

try:
    from airflow.sdk import (
        CronDataIntervalTimetable,
        CronTriggerTimetable,
        DeltaDataIntervalTimetable,
        DeltaTriggerTimetable,
        MultipleCronTriggerTimetable,
    )
except ImportError:  # Airflow 3.1
    from airflow.timetables.interval import CronDataIntervalTimetable, DeltaDataIntervalTimetable
    from airflow.timetables.trigger import (
        CronTriggerTimetable,
        DeltaTriggerTimetable,
        MultipleCronTriggerTimetable,
    )

try:
    from airflow.sdk import CronPartitionTimetable
except ImportError:  # Airflow 3.1
    CronPartitionTimetable = None

HALF_HOUR, HOUR, DAY = timedelta(minutes=30), timedelta(hours=1), timedelta(days=1)


def cron(expression):
    return CronDataIntervalTimetable(expression, timezone="UTC")


def dag(schedule) -> DAG:
    return DAG("realtime", schedule=schedule, start_date=datetime(2026, 1, 1, tzinfo=UTC))


def pull(**choices) -> LivePersonToS3Operator:
    return LivePersonToS3Operator(task_id="pull", bucket="lake", **choices)


@pytest.mark.parametrize(
    ("schedule", "shortest", "longest"),
    [
        (cron("0 0 * * *"), DAY, DAY),
        (cron("@hourly"), HOUR, HOUR),
        (cron("*/30 * * * *"), HALF_HOUR, HALF_HOUR),
        (cron("*/30 8-18 * * *"), HALF_HOUR, timedelta(hours=13, minutes=30)),
        (cron("0 0 * * 1-5"), DAY, 3 * DAY),
        (cron("@monthly"), 28 * DAY, 31 * DAY),
        (timedelta(hours=1), None, None),  # a trigger by Airflow's default, whose interval is empty
        (DeltaDataIntervalTimetable(HOUR), HOUR, HOUR),
        (DeltaDataIntervalTimetable(relativedelta(months=1)), 28 * DAY, 31 * DAY),
        (CronTriggerTimetable("0 0 * * *", timezone="UTC", interval=DAY), DAY, DAY),
        (CronTriggerTimetable("0 0 * * *", timezone="UTC"), None, None),
        (DeltaTriggerTimetable(HOUR, interval=HALF_HOUR), HALF_HOUR, HALF_HOUR),
        (MultipleCronTriggerTimetable("0 0 * * *", timezone="UTC", interval=DAY), DAY, DAY),
        ("@daily", None, None),
        ("@once", None, None),
        (None, None, None),
        (Asset("s3://lake/upstream"), None, None),
    ],
    # The timetables of Airflow 3.1 have no text but their address, which differs in every process.
    ids=lambda value: type(value).__name__ if "Timetable" in type(value).__name__ else str(value),
)
def test_how_long_the_windows_of_a_schedule_are(schedule, shortest, longest):
    found = window_lengths(dag(schedule).timetable)
    assert found == (None if shortest is None else WindowLengths(shortest, longest))


@pytest.mark.skipif(CronPartitionTimetable is None, reason="Airflow 3.1 has no partitions")
@pytest.mark.parametrize(("key_format", "length"), [("%Y-%m-%d", DAY), ("%Y-%m-%dT%H", HOUR), ("%Y", None)])
def test_how_long_partitions_are(key_format, length):
    timetable = CronPartitionTimetable("0 0 * * *", timezone="UTC", key_format=key_format)
    assert window_lengths(timetable) == (length and WindowLengths(length, length))


def test_a_timetable_of_somebody_elses_may_do_anything():
    other = type("CronDataIntervalTimetable", (), {"expression": "0 0 * * *"})
    assert window_lengths(other()) is None


REALTIME = (
    "messaging_conversation_metrics",
    "messaging_queue_health",
    "messaging_skill_segments",
    "messaging_agent_segments",
    "key_messaging_metrics_history",
    "chat_queue_health",
    "chat_engagement_activity",
    "chat_agent_activity",
)


@pytest.mark.parametrize("dataset", REALTIME)
def test_what_is_kept_for_a_day_is_refused_in_a_daily_dag(dataset):
    with dag(cron("0 0 * * *")), pytest.raises(ConfigurationError) as raised:
        pull(dataset=dataset)
    assert raised.value.field == "schedule"
    assert f"LivePerson keeps {dataset} for 1 day" in str(raised.value)
    assert 'CronDataIntervalTimetable("*/30 * * * *"' in str(raised.value)
    assert "allow_out_of_range=True" in str(raised.value)


@pytest.mark.parametrize(
    ("schedule", "choices"),
    [
        (cron("*/30 * * * *"), {}),
        (cron("0 */12 * * *"), {}),
        ("@daily", {}),
        (None, {}),
        (cron("0 0 * * *"), {"allow_out_of_range": True}),
        (cron("0 0 * * *"), {"start": "{{ ts }}", "end": "{{ data_interval_end }}"}),
        (cron("0 0 * * *"), {"dataset": "{{ params.dataset }}"}),
        (cron("0 0 * * *"), {"dataset": "users"}),
        (cron("0 0 * * *"), {"dataset": "key_messaging_metrics"}),
        (cron("0 * * * *"), {"windows_back": 22}),
        (cron("0 * * * *"), {"windows_back": "{{ params.back }}"}),
    ],
)
def test_what_may_succeed_is_not_refused(schedule, choices, recwarn):
    with dag(schedule):
        pull(**{"dataset": "chat_queue_health", **choices})
    assert not recwarn


def test_windows_before_the_runs_are_reckoned_with():
    with dag(cron("0 * * * *")), pytest.raises(ConfigurationError) as raised:
        pull(dataset="chat_queue_health", windows_back=24)
    assert "which end 1 day before the run" in str(raised.value)
    assert "pull fewer windows before that of the run" in str(raised.value)
    assert 'at intervals of at most 57 minutes, such as CronDataIntervalTimetable("*/30' in str(raised.value)
    with dag(cron("0 * * * *")), pytest.raises(ConfigurationError) as raised:
        pull(dataset="chat_queue_health", windows_back=60)
    assert "at intervals of at most 23 minutes, or set" in str(raised.value)


def test_what_is_not_a_name_is_left_to_the_run_which_says_so():
    with dag(cron("0 0 * * *")):
        pull(dataset=["users"])


def test_an_operator_without_a_dag_is_not_refused():
    pull(dataset="chat_queue_health")


def test_some_windows_that_are_too_long_are_a_warning():
    with dag(cron("0 8-18 * * 1-5")), pytest.warns(UserWarning, match=r"some runs.* windows of 62 hours"):
        pull(dataset="chat_queue_health")


def test_sums_of_days_are_refused_in_an_hourly_dag():
    with (
        dag(cron("0 * * * *")),
        pytest.raises(ConfigurationError, match=r"sums up 1 day .* at intervals of 1 day"),
    ):
        pull(dataset="outbound_analytics")
