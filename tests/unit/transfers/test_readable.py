"""Which pulls are left when a run has asked what the connection can read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    EmptyWindowError,
    PermissionDeniedError,
    ServiceUnavailableError,
)
from airflow_provider_liveperson.transfers.readable import LivePersonReadableDatasetsOperator
from tests.unit.transfers.failing import fails_at_once

LONG_AGO = datetime(2026, 1, 30, tzinfo=UTC)
PULLS = [
    {"dataset": name}
    for name in ("messaging_interactions", "users", "skills", "audit_trail", "chat_queue_health")
]

pytestmark = pytest.mark.usefixtures("airflow_connections")


def run(*, start=None, length=timedelta(minutes=30), **choices) -> list[str]:
    start = start or datetime.now(UTC).replace(minute=0) - timedelta(hours=length // timedelta(hours=1) + 1)
    operator = LivePersonReadableDatasetsOperator(task_id="readable", **{"pulls": PULLS, **choices})
    context = {
        "data_interval_start": start,
        "data_interval_end": start + length,
        "dag_run": SimpleNamespace(),
    }
    return [pull["dataset"] for pull in operator.execute(context)]


def test_a_key_that_reads_everything_leaves_everything():
    assert run() == [pull["dataset"] for pull in PULLS]


def test_what_the_credential_may_not_read_is_left_out(sandbox, caplog):
    sandbox.configure(config_auth=["bearer"], audit_auth=["bearer"])
    assert run() == ["messaging_interactions", "chat_queue_health"]
    assert "audit_trail is left out: " in caplog.text


def test_all_windows_of_a_dataset_stay(sandbox):
    pulls = [{"dataset": "audit_trail", "windows_back": 1}, {"dataset": "audit_trail"}]
    assert run(pulls=pulls) == ["audit_trail", "audit_trail"]


@pytest.mark.parametrize("allow", [False, True])
def test_what_liveperson_cannot_serve_in_so_long_windows_is_left_out(allow, caplog):
    found = run(length=timedelta(days=1), allow_out_of_range=allow)
    assert ("chat_queue_health" in found) is allow
    assert ("chat_queue_health is left out: the schedule gives windows of 1 day" in caplog.text) is not allow


@pytest.mark.parametrize("allow", [False, True])
def test_of_the_past_what_shows_the_present_only_is_left_out(allow, caplog):
    found = run(start=LONG_AGO, allow_out_of_range=allow)
    assert ("users" in found) is ("skills" in found) is allow
    assert "messaging_interactions" in found
    assert ("users is left out: the window ended at 2026-01-30T00:30:00Z" in caplog.text) is not allow


def test_a_run_for_the_past_of_what_shows_the_present_only_has_nothing_to_ask(sandbox):
    assert run(start=LONG_AGO, pulls=[{"dataset": "users"}, {"dataset": "skills"}]) == []
    assert sandbox.requests == []


def test_what_may_be_readable_is_left_to_its_task(sandbox, caplog):
    sandbox.faults.add(kind="status", status=503, match="/skills", times=100)
    sandbox.faults.add(kind="status", status=404, match="/chat", times=100)
    sandbox.faults.add(kind="status", status=404, match="/operations", times=100)
    assert run() == ["messaging_interactions", "users", "skills", "audit_trail"]
    assert "skills is pulled all the same: " in caplog.text
    assert "chat_queue_health is left out: " in caplog.text


def test_a_wrong_secret_fails_at_once(sandbox, monkeypatch):
    made = sandbox.connections()["liveperson_api_key"]
    made.extra["access_token_secret"] = "0" * 32
    monkeypatch.setenv("AIRFLOW_CONN_WRONG", made.as_json())
    with fails_at_once(AuthenticationError, match="LivePerson rejected the credential"):
        run(liveperson_conn_id="wrong")


def test_nothing_readable_fails_at_once(sandbox):
    sandbox.faults.add(kind="status", status=403, match="/skills", times=100)
    with fails_at_once(PermissionDeniedError, match="skills cannot be read"):
        run(pulls=[{"dataset": "skills"}])


def test_a_liveperson_that_is_down_is_tried_again(sandbox):
    sandbox.faults.add(kind="status", status=503, times=1000)
    with pytest.raises(ServiceUnavailableError, match="The Domain API did not list the services"):
        run()


def test_a_run_without_a_window_says_so_before_any_request(sandbox):
    with fails_at_once(EmptyWindowError, match="CronDataIntervalTimetable"):
        run(length=timedelta(0))
    assert sandbox.requests == []
