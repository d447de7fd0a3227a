"""When a window is complete: what the pull asks a dataset."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.datasets.catalog import DATASETS, dataset_named
from airflow_provider_liveperson.exceptions import WindowOutOfRangeError
from airflow_provider_liveperson.pull.completeness import check_complete
from airflow_provider_liveperson.window import Window

DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
HOUR = Window(DAY.end - timedelta(hours=1), DAY.end)  # which can be had of every dataset, a day cannot
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_a_window_can_be_complete_from_then_on(name):
    dataset = dataset_named(name)
    moment = dataset.limits.complete_at(HOUR)
    assert moment >= HOUR.end
    assert dataset.limits.can_be_complete(HOUR, moment)
    assert not dataset.limits.can_be_complete(HOUR, moment - MOMENT)


def test_a_window_that_can_be_complete_needs_no_warning(caplog):
    dataset = dataset_named("audit_trail")
    assert check_complete(dataset, DAY, DAY.end, allow_out_of_range=True)
    assert check_complete(dataset, DAY, DAY.end, allow_out_of_range=False)
    assert caplog.text == ""


def test_a_window_that_cannot_is_refused_unless_it_is_allowed(caplog):
    dataset = dataset_named("audit_trail")
    with pytest.raises(WindowOutOfRangeError, match="allow_out_of_range=True"):
        check_complete(dataset, DAY, DAY.end - MOMENT, allow_out_of_range=False)
    assert caplog.text == ""
    assert not check_complete(dataset, DAY, DAY.end - MOMENT, allow_out_of_range=True)
    assert "cannot be complete, and its manifest says so" in caplog.text
    assert "allow_out_of_range" not in caplog.text  # which is set already


def test_the_warning_about_a_window_that_has_begun_to_go_says_only_what_is_so(caplog):
    dataset = dataset_named("messaging_queue_health")
    assert not check_complete(dataset, DAY, DAY.end + timedelta(hours=1), allow_out_of_range=True)
    assert "LivePerson keeps messaging_queue_health for 1 day" in caplog.text
    assert "allow_out_of_range" not in caplog.text
