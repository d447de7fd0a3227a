"""The operator: its arguments, what it returns, and what it reports."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk import DAG

from airflow_provider_liveperson.exceptions import ConfigurationError, EmptyWindowError
from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
from airflow_provider_liveperson.operators.recount import LivePersonRecountOperator
from airflow_provider_liveperson.window import Window, stamp
from tests.unit.transfers.failing import fails_at_once

START, END = datetime(2026, 1, 29, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
NOON = DAY.start + timedelta(hours=12)

pytestmark = pytest.mark.usefixtures("within_a_year", "airflow_connections")


@pytest.fixture
def place(tmp_path, sandbox):
    """Three days of chats that have landed."""
    path = f"file://{tmp_path}/lake"
    with LivePersonHook.for_connection("liveperson_default") as hook:
        hook.land("engagement_history", path=path, start=START, end=END)
    return path


def operator(uri, **choices) -> LivePersonRecountOperator:
    return LivePersonRecountOperator(
        **{
            "task_id": "recount",
            "uri": uri,
            "dataset": "engagement_history",
            "start": START,
            "end": END,
            **choices,
        }
    )


def run(uri, **choices):
    """What it returns, and its report."""
    pushed = {}
    ti = SimpleNamespace(xcom_push=lambda key, value: pushed.update({key: value}))
    returned = operator(uri, **choices).execute({"ti": ti})
    assert json.loads(json.dumps(pushed)) == pushed
    return returned, pushed["report"]


def test_it_returns_the_windows_that_differ_as_arguments_and_reports_the_numbers(place, sandbox):
    returned, report = run(place)
    assert returned == []
    assert report == {
        "dataset": "engagement_history",
        "account_id": sandbox.settings.account_id,
        "start": stamp(START),
        "end": stamp(END),
        "same": 3,
        "differ": [],
        "not_counted": {},
        "gaps": 0,
    }
    sandbox.insert("engagement_history", 2, NOON)
    returned, report = run(place, start=stamp(START), end=stamp(END), more_only="false")
    assert returned == [{"start": stamp(DAY.start), "end": stamp(DAY.end)}]
    (one,) = report["differ"]
    assert one == {**returned[0], "landed": one["landed"], "counted": one["landed"] + 2}
    assert report["same"] == 2


def test_what_liveperson_has_deleted_is_returned_unless_only_more_is_wanted(place, sandbox):
    for choices, count in (({}, 1), ({"more_only": True}, 0)):
        sandbox.faults.add(kind="count_drift", rows=-1, match="/interaction_history/")
        returned, report = run(place, **choices)
        assert (len(returned), len(report["differ"])) == (count, 1)


def test_without_a_range_the_days_before_the_runs_interval_ends_are_counted(place):
    task = operator(place, start=None, end=None, days="2")
    pushed = {}
    ti = SimpleNamespace(xcom_push=lambda key, value: pushed.update(value))
    task.execute({"ti": ti, "data_interval_end": END + timedelta(hours=6)})
    assert (pushed["start"], pushed["end"]) == (stamp(END - timedelta(days=2)), stamp(END))
    # Nothing has landed of the last days before now, and all of them are gaps.
    task.days = 7
    task.execute({"ti": ti})
    assert (pushed["same"], pushed["gaps"]) == (0, 7)


@pytest.mark.parametrize("dataset", ["audit_trail", "users", "data_access_survey", "nothing"])
def test_a_dataset_without_a_count_is_refused_while_the_dag_is_parsed(dataset):
    with pytest.raises(ConfigurationError) as raised:
        operator("s3://lake", dataset=dataset)
    assert raised.value.field == "dataset"


def test_a_dataset_from_a_template_is_refused_when_it_runs(tmp_path):
    with DAG("any"):
        task = operator(f"file://{tmp_path}", dataset="{{ params.dataset }}")
    task.render_template_fields({"params": {"dataset": "audit_trail"}})
    with fails_at_once(ConfigurationError, "cannot be counted again"):
        task.execute({})


@pytest.mark.parametrize(
    ("choices", "error", "field"),
    [
        ({"days": 0}, ConfigurationError, "days"),
        ({"days": "many"}, ConfigurationError, "days"),
        ({"more_only": "perhaps"}, ConfigurationError, "more_only"),
        ({"start": "2026-01-29"}, ConfigurationError, "start"),
        ({"uri": 1.5}, ConfigurationError, "uri"),
        ({"start": END, "end": START}, EmptyWindowError, None),
    ],
    ids=lambda value: json.dumps(value, default=str) if isinstance(value, dict) else "",
)
def test_bad_arguments_are_refused_before_any_request(place, sandbox, choices, error, field):
    before = len(sandbox.requests)
    task = operator(**{"uri": place, **choices})
    with fails_at_once(error, r"\w") as raised:
        task.execute({})
    assert field in (None, raised.value.__cause__.field)
    assert len(sandbox.requests) == before


def test_another_accounts_connection_is_refused(tmp_path, place, sandbox, monkeypatch):
    connection = json.loads(os.environ["AIRFLOW_CONN_LIVEPERSON_DEFAULT"])
    connection["extra"]["account_id"] = "70000009"
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", json.dumps(connection))
    with fails_at_once(ConfigurationError, "of account 70000009"):
        operator(place, liveperson_conn_id="other").execute({})
