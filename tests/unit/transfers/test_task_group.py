"""A whole account in one call: which tasks there are, with which arguments, and what is refused at once."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pendulum
import pytest
from airflow.sdk import DAG, Asset, AssetAlias

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.personal_data import PERSONAL_FIELDS
from airflow_provider_liveperson.transfers.liveperson_to_object_storage import (
    LivePersonToObjectStorageOperator,
)
from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator
from airflow_provider_liveperson.transfers.task_group import liveperson_task_group

try:
    from airflow.sdk import CronDataIntervalTimetable
except ImportError:  # Airflow 3.1
    from airflow.timetables.interval import CronDataIntervalTimetable

DAILY, HALF_HOURLY, HOURLY = "0 0 * * *", "*/30 * * * *", "0 * * * *"


def account(datasets, cron=DAILY, **choices) -> DAG:
    timetable = None if cron is None else CronDataIntervalTimetable(cron, timezone="UTC")
    with DAG("account", schedule=timetable, start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
        liveperson_task_group(datasets, **{"bucket": "lake", **choices})
    return dag


def task(dag: DAG, name: str):
    return dag.get_task(f"liveperson.{name}")


def pulls(dag: DAG) -> dict[str, dict]:
    """The arguments of what a whole account's first task chooses from, by dataset."""
    return {pull["dataset"]: pull for pull in task(dag, "readable").pulls}


# -- a list of datasets ----------------------------------------------------------------------------


def test_each_dataset_is_a_task_and_all_have_the_same_arguments():
    dag = account(
        ["users", "audit_trail"], prefix="raw", liveperson_conn_id="lp", pool="liveperson", retries=4
    )
    assert dag.task_ids == ["liveperson.users", "liveperson.audit_trail"]
    for name in ("users", "audit_trail"):
        made = task(dag, name)
        assert type(made) is LivePersonToS3Operator
        assert (made.dataset, made.bucket, made.prefix) == (name, "lake", "raw")
        assert (made.liveperson_conn_id, made.pool, made.retries) == ("lp", "liveperson", 4)
        assert made.shift_by_lag is True
        assert made.outlets == [Asset(f"s3://lake/raw/{name}")]


def test_a_path_is_for_any_other_store():
    made = task(account(["users"], bucket=None, path="gs://my_conn@lake/raw/"), "users")
    assert type(made) is LivePersonToObjectStorageOperator
    assert made.path == "gs://my_conn@lake/raw/"
    assert [outlet.uri for outlet in made.outlets] == ["gs://lake/raw/users"]


def test_without_assets():
    assert task(account(["users"], assets=False, bucket="{{ var.value.bucket }}"), "users").outlets == []


def test_each_dataset_takes_the_paths_that_it_declares():
    dag = account(
        ["users", "skills", "audit_trail"], hash_fields=["email", "originator"], drop_fields=["name"]
    )
    assert task(dag, "users").hash_fields == ["email"]
    assert task(dag, "audit_trail").hash_fields == ["originator"]
    assert task(dag, "skills").hash_fields == ()
    assert task(dag, "skills").drop_fields == ["name"]


def test_all_personal_fields_are_dropped_by_a_mapping():
    dag = account(["users", "skills"], drop_fields=PERSONAL_FIELDS)
    assert task(dag, "users").drop_fields == list(PERSONAL_FIELDS["users"])
    assert task(dag, "skills").drop_fields == ()


def test_windows_are_pulled_again_by_mapped_tasks():
    dag = account(["users", "outbound_transactions"], refresh={"outbound_transactions": 2})
    mapped = task(dag, "outbound_transactions")
    assert mapped.is_mapped
    assert mapped.expand_input.value == [{"windows_back": back} for back in (2, 1, 0)]
    assert mapped.partial_kwargs["outlets"] == [Asset("s3://lake/liveperson/outbound_transactions")]
    assert not task(dag, "users").is_mapped


def test_single_datasets_have_arguments_of_their_own():
    dag = account(
        ["users", "messaging_interactions"],
        file_format="csv",
        overrides={"messaging_interactions": {"cursor": "start", "file_format": "jsonl"}},
    )
    assert (task(dag, "users").file_format, task(dag, "users").cursor) == ("csv", None)
    made = task(dag, "messaging_interactions")
    assert (made.file_format, made.cursor) == ("jsonl", "start")


def test_several_groups_stand_in_one_dag():
    with DAG("account", schedule=None) as dag:
        liveperson_task_group(["users"], bucket="lake")
        liveperson_task_group(["shift_status"], bucket="lake", group_id="bearer", liveperson_conn_id="login")
    assert dag.task_ids == ["liveperson.users", "bearer.shift_status"]


# -- a whole account -------------------------------------------------------------------------------


def test_a_whole_account_is_what_the_connection_can_read():
    dag = account(
        "all readable", liveperson_conn_id="lp", pool="liveperson", retries=4, exclude=["campaigns"]
    )
    assert dag.task_ids == ["liveperson.readable", "liveperson.pull"]
    readable, pull = task(dag, "readable"), task(dag, "pull")
    assert (readable.liveperson_conn_id, readable.pool, readable.retries) == ("lp", "liveperson", 4)
    assert pull.is_mapped
    assert pull.operator_class is LivePersonToS3Operator
    assert pull.partial_kwargs["outlets"] == [AssetAlias("s3://lake/liveperson")]
    assert pull.partial_kwargs["map_index_template"] == "{{ task.dataset }}"
    assert "campaigns" not in pulls(dag)


def test_what_no_run_could_land_is_left_out_of_a_whole_account():
    daily, half_hourly, by_hand = (
        pulls(account("all readable", cron)) for cron in (DAILY, HALF_HOURLY, None)
    )
    assert set(DATASETS) - set(daily) == {
        name for name, dataset in DATASETS.items() if str(dataset.limits.retention) == "1 day, 0:00:00"
    }
    assert set(DATASETS) - set(half_hourly) == {"outbound_analytics"}
    assert set(by_hand) == set(DATASETS)


def test_a_whole_account_has_masks_windows_and_overrides_too():
    dag = account(
        "all readable",
        drop_fields=PERSONAL_FIELDS,
        refresh={"outbound_transactions": 1},
        file_format="csv",
        overrides={"users": {"file_format": "parquet"}},
    )
    assert pulls(dag)["users"] == {
        "dataset": "users",
        "drop_fields": list(PERSONAL_FIELDS["users"]),
        "file_format": "parquet",
    }
    assert pulls(dag)["skills"] == {"dataset": "skills", "file_format": "csv"}
    again = [pull for pull in task(dag, "readable").pulls if pull["dataset"] == "outbound_transactions"]
    assert [pull["windows_back"] for pull in again] == [1, 0]
    assert "file_format" not in task(dag, "pull").partial_kwargs


def test_no_request_is_made_and_no_connection_read_while_a_dag_is_parsed(sandbox):
    account("all readable", liveperson_conn_id="there_is_no_such_connection")
    assert list(sandbox.requests) == []


def test_the_ten_lines_of_the_documentation_are_a_dag():
    text = (Path(__file__).parents[3] / "docs" / "account.md").read_text()
    (code,) = (
        block
        for block in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        if "all readable" in block
    )
    names = {"DAG": DAG, "pendulum": pendulum, "CronDataIntervalTimetable": CronDataIntervalTimetable}
    code = re.sub(r"^(?:from airflow\.sdk|import pendulum).*\n", "", code, flags=re.MULTILINE)
    exec(re.sub(r"\):\n", r") as dag:\n", code, count=1), names)
    assert names["dag"].task_ids == ["liveperson.readable", "liveperson.pull"]


# -- what is refused at once -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choices", "field", "said"),
    [
        ({"datasets": ["user"]}, "datasets", "did you mean users?"),
        ({"datasets": "users"}, "datasets", "must be a list of names of datasets, or 'all readable'"),
        ({"datasets": []}, "datasets", "there are none"),
        ({"datasets": [["users"]]}, "datasets", "must be a list of names of datasets"),
        ({"exclude": ["users"]}, "datasets", "all are excluded"),
        ({"exclude": ["skils"]}, "exclude", "did you mean skills?"),
        ({"exclude": "users"}, "exclude", "must be a list"),
        ({"bucket": None}, "bucket", "give a bucket, for S3, or a path"),
        ({"path": "file:///lake"}, "bucket", "not both"),
        ({"bucket": ["lake"]}, "bucket", "a string"),
        ({"bucket": None, "path": ["file:///lake"]}, "path", "a string"),
        ({"prefix": ["raw"]}, "prefix", "a string"),
        ({"bucket": "{{ var.value.bucket }}"}, "assets", "set assets to False"),
        ({"hash_fields": ["e-mail"]}, "hash_fields", "none of the datasets declares 'e-mail'"),
        ({"drop_fields": "email"}, "drop_fields", "must be a list"),
        ({"hash_fields": "email"}, "hash_fields", "hash_fields must be a list of paths, not 'email'"),
        (
            {"drop_fields": {"users": "email"}, "allow_undeclared_fields": True},
            "drop_fields",
            "drop_fields of users must be a list of paths, not 'email'",
        ),
        ({"drop_fields": {"users": ["e-mail"]}}, "drop_fields", "users: drop_fields: users declares no field"),
        ({"drop_fields": {"user": ["email"]}}, "drop_fields", "did you mean users?"),
        ({"keep_fields": {"users": []}}, "keep_fields", "users: keep_fields is empty"),
        ({"datasets": ["users", "skills"], "keep_fields": ["email"]}, "keep_fields", "be left of skills"),
        ({"hash_fields": ["email"], "drop_fields": ["email"]}, "drop_fields", "also masked by another path"),
        ({"refresh": {"skills": 3}}, "refresh", "skills is not pulled"),
        ({"refresh": {"users": 3}}, "refresh", "users has no past windows"),
        ({"refresh": 3}, "refresh", "must be a dict"),
        ({"datasets": ["audit_trail"], "refresh": {"audit_trail": -1}}, "refresh", "at least 0, not -1"),
        (
            {"datasets": ["audit_trail"], "refresh": {"audit_trail": 1}, "windows_back": 1},
            "refresh",
            "leave out start, end and windows_back",
        ),
        ({"overrides": {"skills": {}}}, "overrides", "skills is not pulled"),
        ({"overrides": {"users": {"fileformat": "csv"}}}, "overrides", "'fileformat' of users is not an argument"),
        ({"overrides": {"users": "csv"}}, "overrides", "must be a dict of arguments"),
        ({"overrides": {"users": {"filters": {"x": 1}}}}, "filters", "users: filters: users has no filter 'x'"),
        ({"cursor": "start"}, "cursor", "users: cursor is 'start'"),
        ({"file_format": "xml"}, "file_format", "must be one of jsonl, csv, parquet"),
        ({"compression": "lzma"}, "compression", "must be one of"),
        ({"overlap": "maybe"}, "overlap", "must be one of refuse, allow"),
        ({"raw": True}, "raw", "users: raw is True"),
        (
            {"datasets": ["data_access_survey"], "raw": True, "drop_fields": PERSONAL_FIELDS},
            "drop_fields",
            "nothing in them is read",
        ),
        ({"outlets": []}, "outlets", "see assets"),
        ({"dataset": "users"}, "dataset", "see datasets"),
        ({"datasets": ["chat_queue_health"]}, "schedule", "LivePerson keeps chat_queue_health for 1 day"),
        (
            {"datasets": ["agent_view"], "refresh": {"agent_view": 14}},
            "schedule",
            "which end 14 days before the run",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_while_the_dag_is_parsed(choices, field, said):
    choices = dict(choices)
    with pytest.raises(ConfigurationError) as raised:
        account(choices.pop("datasets", ["users"]), **choices)
    assert raised.value.field == field
    assert said in str(raised.value)
