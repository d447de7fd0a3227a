"""When a window is ready, and which will never be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.datasets.readers.files import Files
from airflow_provider_liveperson.exceptions import ConfigurationError, WindowOutOfRangeError
from airflow_provider_liveperson.readiness import Readiness
from airflow_provider_liveperson.window import Window

NOON = datetime(2026, 1, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SNAPSHOTS = sorted(name for name, dataset in DATASETS.items() if dataset.is_snapshot)
WITHOUT_FILES = sorted(
    name
    for name, dataset in DATASETS.items()
    if not dataset.is_snapshot and not isinstance(dataset.reader, Files)
)


def unused():
    raise AssertionError("no connection is needed")


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_what_shows_the_present_only_is_refused_with_the_remedy(name):
    with pytest.raises(
        ConfigurationError, match=f"{name}.*only as it is now.*Pull it without the sensor"
    ) as raised:
        Readiness.read(name, Window(NOON - HOUR, NOON))
    assert raised.value.field == "dataset"


@pytest.mark.parametrize("name", WITHOUT_FILES)
def test_a_window_is_ready_when_the_lag_has_passed_without_a_request(name):
    dataset = DATASETS[name]
    length = dataset.limits.grid or HOUR
    readiness = Readiness.read(name, dataset.limits.on_grid(Window(NOON - length, NOON)))
    end = readiness.query.window.end
    assert readiness.complete_at == end + dataset.limits.lag
    assert not readiness.is_ready(readiness.complete_at - timedelta(microseconds=1), unused)
    assert readiness.is_ready(readiness.complete_at, unused)


def test_a_window_that_is_gone_or_going_is_refused_with_the_reason():
    kept = DATASETS["data_access_survey"].limits.retention
    readiness = Readiness.read("data_access_survey", Window(NOON - HOUR, NOON))
    with pytest.raises(
        WindowOutOfRangeError, match="keeps data_access_survey for 30 days, so nothing of it is left"
    ):
        readiness.is_ready(NOON + kept, unused)
    with pytest.raises(WindowOutOfRangeError, match="starts at 2026-01-30T11:00:00Z, but LivePerson keeps"):
        readiness.is_ready(NOON + kept - HOUR / 2, unused)
    with pytest.raises(WindowOutOfRangeError, match="or pull what is left with allow_out_of_range=True"):
        readiness.is_ready(NOON + kept - HOUR / 2, unused)


def test_a_window_longer_than_the_reach_fails_before_it_has_ended():
    week = Readiness.read("messaging_queue_health", Window(NOON, NOON + timedelta(days=7)))
    with pytest.raises(WindowOutOfRangeError, match="LivePerson keeps messaging_queue_health for"):
        week.is_ready(NOON, unused)


def test_a_window_that_no_pull_would_take_is_refused():
    with pytest.raises(ConfigurationError, match="must be between 1970"):
        Readiness.read("audit_trail", Window(datetime(1960, 1, 1, tzinfo=UTC), NOON))
    with pytest.raises(ConfigurationError, match="dataset is 'audit_trial'; did you mean audit_trail"):
        Readiness.read("audit_trial", Window(NOON - HOUR, NOON))
