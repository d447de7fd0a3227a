"""The operators, with a LivePerson, an S3 and a hand-made context."""

from __future__ import annotations

import copy
import gzip
import inspect
import io
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from airflow.sdk import DAG, Asset, AssetAlias

from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    ConfigurationError,
    EmptyWindowError,
    LivePersonError,
    StorageError,
    WindowOutOfRangeError,
)
from airflow_provider_liveperson.hooks import telemetry
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.transfers.base import LivePersonTransferOperator
from airflow_provider_liveperson.transfers.liveperson_to_s3 import (
    AuditTrailToS3Operator,
    LivePersonToS3Operator,
)
from airflow_provider_liveperson.version_compat import AirflowFailException, AirflowSkipException
from tests.unit.transfers.failing import fails_at_once

DAY = (datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
FOLDER = "liveperson/audit_trail/account_id=70000001/dt=2026-01-30/20260130T000000Z_20260131T000000Z"
LIST = f"liveperson/_committed/{FOLDER.removeprefix('liveperson/')}.txt"


class Events:
    """What Airflow calls ``outlet_events``; assets of Airflow 3.1 cannot be keys of a dict."""

    def __init__(self) -> None:
        self.by_uri: dict[str, SimpleNamespace] = {}

    def __getitem__(self, asset: Asset) -> SimpleNamespace:
        return self.by_uri.setdefault(asset.uri, SimpleNamespace(extra={}))


def context(interval=DAY, **more):
    return {
        "data_interval_start": interval[0],
        "data_interval_end": interval[1],
        "outlet_events": Events(),
        "dag_run": SimpleNamespace(),
        **more,
    }


def operator(**choices) -> LivePersonToS3Operator:
    given = {"task_id": "pull", "bucket": "lake", "aws_conn_id": None, **choices}
    kind = LivePersonToS3Operator if "dataset" in given else AuditTrailToS3Operator
    return kind(**given)


def stored(s3) -> dict[str, bytes]:
    listed = s3.list_objects_v2(Bucket="lake").get("Contents", [])
    return {one["Key"]: s3.get_object(Bucket="lake", Key=one["Key"])["Body"].read() for one in listed}


def rows(objects: dict[str, bytes]) -> list[dict]:
    return [
        json.loads(line)
        for key, data in sorted(objects.items())
        if "/part-" in key
        for line in (gzip.decompress(data) if key.endswith(".gz") else data).splitlines()
    ]


pytestmark = pytest.mark.usefixtures("airflow_connections")


# -- what it does ----------------------------------------------------------------------------------


@pytest.mark.parametrize("conn_id", ["liveperson_default", "liveperson_app_jwt", "liveperson_login"])
def test_it_lands_the_runs_window_and_says_so(sandbox, s3, conn_id):
    summary = operator(liveperson_conn_id=conn_id).execute(context())
    objects = stored(s3)
    assert sorted(map(str, rows(objects))) == sorted(map(str, sandbox.audit.truth(*DAY)))
    assert list(summary) == [
        "dataset",
        "account_id",
        "window_start",
        "window_end",
        "records",
        "bytes",
        "manifest",
        "objects",
        "keys",
        "manifests",
        "windows",
        "complete",
        "reported",
        "changed",
    ]
    (part,) = (key for key in objects if "/part-" in key)
    assert summary == {
        "dataset": "audit_trail",
        "account_id": "70000001",
        "window_start": "2026-01-30T00:00:00Z",
        "window_end": "2026-01-31T00:00:00Z",
        "records": 60,
        "bytes": len(objects[part]),
        "manifest": f"s3://lake/{FOLDER}/_manifest.json",
        "objects": [f"s3://lake/{part}"],
        "keys": [part.removeprefix("liveperson/")],
        "manifests": [f"s3://lake/{FOLDER}/_manifest.json"],
        "windows": [
            {
                "window_start": "2026-01-30T00:00:00Z",
                "window_end": "2026-01-31T00:00:00Z",
                "records": 60,
                "reported": summary["reported"],
                "erased": 0,
                "complete": True,
            }
        ],
        "complete": True,
        "reported": json.loads(objects[f"{FOLDER}/_manifest.json"])["counts"]["reported"],
        "changed": True,
    }
    assert summary["reported"] >= 60
    assert objects[LIST].decode() == f"s3://lake/{part}\n"
    assert json.loads(objects[f"{FOLDER}/_manifest.json"])["entries"] == [
        {"url": f"s3://lake/{part}", "mandatory": True, "meta": {"content_length": len(objects[part])}}
    ]
    assert json.loads(json.dumps(summary)) == summary


@pytest.mark.parametrize(
    "name",
    [
        "allow_undeclared_fields",
        "allow_out_of_range",
        "skip_on_empty",
        "deferrable",
        "asset_partitions",
        "shift_by_lag",
    ],
)
def test_flags_as_texts_are_read_by_what_they_say(sandbox, s3, name):
    """As a Param or a template with text hands them over; ``"False"`` is not empty, and yet false."""
    if name == "allow_undeclared_fields":
        with pytest.raises(AirflowFailException, match="set allow_undeclared_fields=True"):
            operator(**{name: "False"}, drop_fields=["not_declared"]).execute(context())
        assert operator(**{name: "True"}, drop_fields=["not_declared"]).execute(context())["records"]
    else:
        assert operator(**{name: "False"}).execute(context())["records"]
    sent = len(sandbox.requests)
    with pytest.raises(AirflowFailException, match=f"{name} must be true or false, not 'maybe'"):
        operator(**{name: "maybe"}).execute(context())
    assert len(sandbox.requests) == sent


def test_it_logs_out_at_the_end(sandbox, s3):
    operator(liveperson_conn_id="liveperson_login").execute(context())
    assert sandbox.requests[-1].path.endswith("/logout")
    assert sandbox.logins.lasting == []


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 400}, {"kind": "status", "status": 503}])
def test_it_logs_out_when_it_fails(sandbox, s3, fault):
    sandbox.faults.add(match="/metadata/audit", times=1000, **fault)
    with pytest.raises((LivePersonError, AirflowFailException)):
        operator(liveperson_conn_id="liveperson_login").execute(context())
    assert any(one.path.endswith("/login") for one in sandbox.requests)
    assert sandbox.logins.lasting == []


def test_it_logs_out_when_the_store_fails(sandbox, s3):
    with pytest.raises(AirflowFailException):
        operator(liveperson_conn_id="liveperson_login", bucket="nowhere").execute(context())
    assert sandbox.logins.lasting == []


@pytest.mark.parametrize("dataset", ["audit_trail", "audit_trail_export"])
def test_the_general_operator_takes_any_dataset(s3, dataset):
    summary = operator(dataset=dataset, prefix="", compression="none").execute(context())
    assert summary["records"] == 60
    assert all(key.removeprefix("_committed/").startswith(f"{dataset}/account_id=") for key in stored(s3))
    assert len(rows(stored(s3))) == 60


def test_another_way_in_lands_the_same(s3, s3_calls):
    """So a connection may change its type under what has landed."""
    operator().execute(context())
    before = stored(s3)
    s3_calls.clear()
    for conn_id in ("liveperson_app_jwt", "liveperson_login"):
        operator(liveperson_conn_id=conn_id).execute(context())
    assert stored(s3) == before
    assert not [call for call, _ in s3_calls if call in ("PutObject", "DeleteObjects")]


def test_a_second_run_puts_nothing(s3, s3_calls):
    first = operator().execute(context())
    before = stored(s3)
    s3_calls.clear()
    assert operator().execute(context()) == {**first, "changed": False}
    assert {name for name, _ in s3_calls} <= {"GetObject", "HeadObject", "ListObjectsV2", "ListObjects"}
    assert stored(s3) == before


@pytest.mark.parametrize(
    ("size", "calls"),
    [
        (40_000_000, ["PutObject"]),
        (70_000_000, ["CreateMultipartUpload", "UploadPart", "UploadPart", "CompleteMultipartUpload"]),
    ],
)
def test_a_part_goes_up_in_as_few_requests_as_may_be(s3, s3_calls, size, calls):
    file = io.BytesIO(bytes(range(250)) * (size // 250))
    operator().destination(Encoding(compression="none")).store.create("part", file)
    assert [name for name, key in s3_calls if key == "part"] == calls
    assert s3.get_object(Bucket="lake", Key="part")["Body"].read() == file.getvalue()


def test_the_manifest_and_then_its_list_are_the_last_things_written(s3, s3_calls):
    operator().execute(context())
    written = [key for name, key in s3_calls if name in ("PutObject", "CompleteMultipartUpload")]
    assert written[1:] == [f"{FOLDER}/_manifest.json", LIST]


@pytest.mark.parametrize(
    ("choices", "more", "window"),
    [
        (
            {},
            {"dag_run": SimpleNamespace(partition_key="2026-01-29")},
            ("2026-01-29T00:00:00Z", "2026-01-30T00:00:00Z"),
        ),
        (
            {},
            {"dag_run": SimpleNamespace(partition_key=None)},
            ("2026-01-30T00:00:00Z", "2026-01-31T00:00:00Z"),
        ),
        ({}, {"dag_run": None}, ("2026-01-30T00:00:00Z", "2026-01-31T00:00:00Z")),
        (
            {"start": "2026-01-28T02:00:00+02:00", "end": datetime(2026, 1, 28, 1, tzinfo=UTC)},
            {"dag_run": SimpleNamespace(partition_key="2026-01-29")},
            ("2026-01-28T00:00:00Z", "2026-01-28T01:00:00Z"),
        ),
    ],
)
def test_the_window(s3, choices, more, window):
    summary = operator(**choices).execute(context(**more))
    assert (summary["window_start"], summary["window_end"]) == window


@pytest.mark.parametrize("key", [20260129, 1.5, ["2026-01-29"], date(2026, 1, 29), "x" * 5000])
def test_a_partition_key_of_another_type_is_named(sandbox, key):
    ran = context(dag_run=SimpleNamespace(partition_key=key))
    with pytest.raises(AirflowFailException, match=r"partition.key") as caught:
        operator().execute(ran)
    assert isinstance(caught.value.__cause__, ConfigurationError)
    assert len(str(caught.value)) < 600
    assert sandbox.requests == []


def test_assets_among_the_outlets_get_the_summary(s3):
    asset, other = Asset("s3://lake/audit"), Asset("s3://lake/other")
    ran = context()
    summary = operator(outlets=[asset, other]).execute(ran)
    assert {it.uri: ran["outlet_events"][it].extra for it in (asset, other)} == {
        "s3://lake/audit": summary,
        "s3://lake/other": summary,
    }


@pytest.mark.parametrize(
    ("hours", "choices", "keys"),
    [
        (24, {}, ["2026-01-30"]),
        (48, {}, ["2026-01-30", "2026-01-31"]),
        (30, {}, ["2026-01-30"]),
        (6, {}, []),
        (48, {"dataset": "users"}, ["2026-01-31"]),  # which lands once, in the last day
    ],
)
def test_an_asset_gets_an_event_for_each_day_if_asked_to(s3, hours, choices, keys):
    asset, told = Asset("s3://lake/audit"), []
    ran = context(start=DAY[0], outlet_events=Events())
    event = ran["outlet_events"][asset]
    given = {
        "start": DAY[0],
        "end": DAY[0] + timedelta(hours=hours),
        "outlets": [asset],
        "allow_out_of_range": True,
        **choices,
    }
    # Before Airflow 3.3 an event has no partitions.
    assert operator(asset_partitions=True, **given).execute(ran) == event.extra
    event.add_partitions = told.extend
    operator(**given).execute(ran)
    assert told == []
    operator(asset_partitions=True, **given).execute(ran)
    assert told == keys


def test_a_day_that_began_after_the_pull_did_gets_no_event(s3, monkeypatch):
    """It has not landed."""
    asset, told = Asset("s3://lake/audit"), []
    ran = context(start=DAY[0], outlet_events=Events())
    ran["outlet_events"][asset].add_partitions = told.extend
    with time_machine.travel(DAY[1] - timedelta(seconds=10)) as clock:
        land = telemetry.land

        def slowly(*args, **choices):
            landed = land(*args, **choices)
            clock.shift(timedelta(seconds=20))
            return landed

        monkeypatch.setattr(telemetry, "land", slowly)
        summary = operator(
            asset_partitions=True,
            start=DAY[0],
            end=DAY[1] + timedelta(days=1),
            outlets=[asset],
            allow_out_of_range=True,
        ).execute(ran)
    assert told == [one["window_start"][:10] for one in summary["windows"]] == ["2026-01-30"]


def test_a_rerun_says_whether_anything_has_changed(sandbox, s3):
    outlet = Asset("s3://lake/audit")

    def changed(interval=DAY) -> bool:
        ran = context(interval)
        summary = operator(outlets=[outlet]).execute(ran)
        assert ran["outlet_events"][outlet].extra["changed"] is summary["changed"]
        return summary["changed"]

    week = (DAY[0] - timedelta(days=3), DAY[0])
    assert [changed(), changed(), changed(week), changed(week)] == [True, False, True, False]
    sandbox.insert("audit_trail", 1, DAY[0])
    sandbox.insert("audit_trail", 1, DAY[0] - timedelta(hours=30))
    assert [changed(), changed(), changed(week), changed(week)] == [True, False, True, False]


@pytest.mark.parametrize("interval", [DAY, (None, None)], ids=["data interval", "partition key"])
def test_a_window_before_the_runs_own_is_as_long(s3, interval):
    ran = context(interval, dag_run=SimpleNamespace(partition_key=None if interval is DAY else "2026-01-30"))
    summary = operator(windows_back="2").execute(ran)
    assert (summary["window_start"], summary["window_end"]) == (
        "2026-01-28T00:00:00Z",
        "2026-01-29T00:00:00Z",
    )


@pytest.mark.usefixtures("within_a_year")
@pytest.mark.parametrize(
    ("dataset", "hours", "back"),
    [("audit_trail", 1, 0), ("engagement_history", 1, 2), ("engagement_history", 24, 0), ("users", 1, 0)],
)
def test_no_run_waits_for_longer_than_its_interval(s3, dataset, hours, back):
    start = datetime(2026, 1, 30, 12, tzinfo=UTC)
    window = (start, start + timedelta(hours=hours))
    made = operator(dataset=dataset, shift_by_lag="true", allow_out_of_range=True)
    assert (
        made.execute(context(window))["window_start"] == f"{start - timedelta(hours=back):%Y-%m-%dT%H:%M:%SZ}"
    )
    made = operator(dataset=dataset, shift_by_lag=True, windows_back=1, allow_out_of_range=True)
    earlier = start - (back + 1) * timedelta(hours=hours)
    assert made.execute(context(window))["window_start"] == f"{earlier:%Y-%m-%dT%H:%M:%SZ}"


def test_an_alias_gets_the_event_of_the_datasets_asset(s3):
    alias, added = AssetAlias("s3://lake/raw"), []
    events = {alias.name: SimpleNamespace(add=lambda asset, extra: added.append((asset, extra)))}
    ran = context(outlet_events=type("ByName", (), {"__getitem__": lambda self, key: events[key.name]})())
    summary = operator(prefix="raw", outlets=[alias]).execute(ran)
    assert added == [(Asset("s3://lake/raw/audit_trail"), summary)]


def test_windows_back_that_is_no_count_is_named_before_any_request(sandbox):
    with fails_at_once(ConfigurationError, match="windows_back must be a whole number of at least 0"):
        operator(windows_back=-1).execute(context())
    assert sandbox.requests == []


EMPTY = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 2, tzinfo=UTC))


@pytest.mark.parametrize("skip", [False, True])
def test_an_empty_window_lands_its_manifest_and_skips_if_told_to(s3, skip):
    run = operator(skip_on_empty=skip)
    if skip:
        with pytest.raises(AirflowSkipException, match="No records in audit_trail"):
            run.execute(context(EMPTY))
    else:
        assert run.execute(context(EMPTY))["objects"] == []
    assert [key.rpartition("/")[2] for key in stored(s3)] == [
        "20250101T000000Z_20250102T000000Z.txt",
        "_manifest.json",
    ]


def test_skip_on_empty_does_not_skip_what_is_not_empty(s3):
    assert operator(skip_on_empty=True).execute(context())["records"] == 60


# -- what it refuses -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choices", "error", "says"),
    [
        ({"dataset": "nothing"}, ConfigurationError, "audit_trail_export"),
        ({"filters": {"nothing": True}}, ConfigurationError, "nothing"),
        ({"filters": {"lpa": "yes"}}, ConfigurationError, "lpa"),
        ({"filters": "lpa"}, ConfigurationError, "filters must be a dict"),
        ({"cursor": "nothing"}, ConfigurationError, "changeDate"),
        ({"file_format": "xlsx"}, ConfigurationError, "file_format"),
        ({"compression": "zip"}, ConfigurationError, "compression"),
        ({"csv_formulas": "quote"}, ConfigurationError, "csv_formulas .* set file_format to 'csv'"),
        (
            {"file_format": "csv", "csv_formulas": "escape"},
            ConfigurationError,
            "csv_formulas .* keep, quote",
        ),
        ({"prefix": "a/../b"}, ConfigurationError, "prefix"),
        ({"bucket": "s3://lake"}, ConfigurationError, "bucket"),
        ({"bucket": ""}, ConfigurationError, "bucket"),
        ({"start": "2026-01-30"}, ConfigurationError, "end is missing"),
        ({"start": "2026-01-30", "end": "2026-01-31"}, ConfigurationError, "start .* no time zone"),
        ({"start": DAY[1], "end": DAY[0]}, EmptyWindowError, "before end"),
        ({"start": DAY[0], "end": datetime(2999, 1, 1, tzinfo=UTC)}, WindowOutOfRangeError, "run later"),
        ({"start": DAY[0], "end": datetime.max.replace(tzinfo=UTC)}, ConfigurationError, "end is 9999"),
        ({"start": datetime(1, 1, 1, tzinfo=UTC), "end": DAY[1]}, ConfigurationError, "start is 0001"),
        ({"liveperson_conn_id": "other"}, ConfigurationError, "has the type 'http'"),
    ],
    ids=lambda it: str(it)[:60] if isinstance(it, dict) else None,
)
def test_bad_input_is_refused_before_anything_is_asked(
    sandbox, s3, s3_calls, monkeypatch, choices, error, says
):
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", "http://example.test")
    s3_calls.clear()
    with fails_at_once(error, match=says):
        operator(**choices).execute(context())
    assert sandbox.requests == []
    assert s3_calls == []


def test_an_empty_data_interval_is_an_error_with_the_mend(sandbox, s3):
    with fails_at_once(EmptyWindowError, match="CronDataIntervalTimetable"):
        operator().execute(context((DAY[0], DAY[0])))
    with fails_at_once(EmptyWindowError, match="--logical-date"):
        operator().execute(context((None, None)))
    assert sandbox.requests == []


def test_a_missing_bucket_is_named_before_liveperson_is_asked(sandbox, s3):
    with pytest.raises(AirflowFailException, match="There is no bucket 'absent'") as caught:
        operator(bucket="absent").execute(context())
    assert isinstance(caught.value.__cause__, StorageError)
    assert sandbox.requests == []


def test_a_refused_write_leaves_nothing(s3, monkeypatch):
    from botocore.client import BaseClient
    from botocore.exceptions import ClientError

    call = BaseClient._make_api_call

    def answer(self, operation, parameters):
        if operation == "PutObject" and "_manifest" in parameters["Key"]:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)
        return call(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)
    with pytest.raises(AirflowFailException, match="s3:PutObject"):
        operator().execute(context())
    assert stored(s3) == {}


def test_a_failure_of_liveperson_leaves_nothing(sandbox, s3):
    sandbox.faults.add(kind="status", status=401, match="/metadata/audit", times=99)
    with fails_at_once(AuthenticationError):
        operator().execute(context())
    assert stored(s3) == {}


# -- masks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("argument", ["hash_fields", "drop_fields"])
def test_a_misspelled_field_is_refused_before_anything_is_asked(sandbox, s3, s3_calls, argument, monkeypatch):
    connection = json.loads(os.environ["AIRFLOW_CONN_LIVEPERSON_DEFAULT"])
    connection["extra"]["hash_secret"] = "a long secret"
    monkeypatch.setenv("AIRFLOW_CONN_LIVEPERSON_DEFAULT", json.dumps(connection))
    s3_calls.clear()
    with fails_at_once(ConfigurationError, match=f"{argument}: .*did you mean originatorLoginName"):
        operator(**{argument: ["originatorLoginname"]}).execute(context())
    assert sandbox.requests == []
    assert s3_calls == []
    operator(**{argument: ["originatorLoginname", "objectName"]}, allow_undeclared_fields=True).execute(
        context()
    )
    names = {row["objectName"] for row in sandbox.audit.truth(*DAY)}
    assert not names & {row.get("objectName") for row in rows(stored(s3))}


# -- days ------------------------------------------------------------------------------------------


def test_a_longer_window_lands_day_by_day(sandbox, s3):
    asset, ran = Asset("s3://lake/audit"), context((DAY[0] - timedelta(days=2), DAY[1]))
    summary = operator(outlets=[asset]).execute(ran)
    days = [f"2026-01-{day}" for day in (28, 29, 30)]
    assert [uri.partition("dt=")[2][:10] for uri in summary["manifests"]] == days
    assert summary["manifest"] == summary["manifests"][-1]
    assert (summary["window_start"], summary["window_end"]) == (
        "2026-01-28T00:00:00Z",
        "2026-01-31T00:00:00Z",
    )
    assert (
        summary["records"]
        == len(rows(stored(s3)))
        == len(sandbox.audit.truth(DAY[0] - timedelta(days=2), DAY[1]))
    )
    assert ran["outlet_events"][asset].extra == summary


def test_another_choice_about_formulas_lands_anew(s3, s3_calls):
    choices = {"dataset": "audit_trail", "file_format": "csv", "compression": "none"}
    plain = operator(**choices).execute(context())
    assert json.loads(stored(s3)[f"{FOLDER}/_manifest.json"])["csv_formulas"] is None
    before = stored(s3)
    for _ in range(2):
        s3_calls.clear()
        quoted = operator(**choices, csv_formulas="quote").execute(context())
        assert quoted["records"] == plain["records"]
        assert json.loads(stored(s3)[f"{FOLDER}/_manifest.json"])["csv_formulas"] == "quote"
    assert "PutObject" not in {name for name, _ in s3_calls}
    operator(**choices).execute(context())
    after = stored(s3)
    assert {key: value for key, value in after.items() if "/part-" in key} == {
        key: value for key, value in before.items() if "/part-" in key
    }
    assert json.loads(after[f"{FOLDER}/_manifest.json"])["csv_formulas"] is None


def test_what_overlaps_is_refused_unless_it_is_meant(sandbox, s3):
    operator().execute(context())
    asked, hour = len(sandbox.requests), (DAY[0], DAY[0] + timedelta(hours=1))
    with fails_at_once(ConfigurationError, match=f"s3://lake/{FOLDER}; records in both"):
        operator().execute(context(hour))
    assert len(sandbox.requests) == asked
    operator(overlap="allow").execute(context(hour))
    with fails_at_once(ConfigurationError, match="overlap is 'never'"):
        operator(overlap="never").execute(context(hour))


# -- what Airflow does with it ---------------------------------------------------------------------

ARGUMENTS = {
    "dataset": object(),
    "bucket": object(),
    "prefix": object(),
    "start": object(),
    "end": object(),
    "windows_back": object(),
    "shift_by_lag": object(),
    "filters": object(),
    "cursor": object(),
    "file_format": object(),
    "compression": object(),
    "csv_formulas": object(),
    "hash_fields": object(),
    "drop_fields": object(),
    "keep_fields": ["objectId"],
    "unknown_fields": "drop",
    "allow_undeclared_fields": object(),
    "skip_on_empty": object(),
    "allow_out_of_range": object(),
    "overlap": object(),
    "raw": object(),
    "deferrable": object(),
    "asset_partitions": object(),
    "liveperson_conn_id": object(),
    "aws_conn_id": object(),
    "extra_args": object(),
}


def test_the_constructor_only_assigns():
    made = LivePersonToS3Operator(task_id="pull", **ARGUMENTS)
    assert {name: getattr(made, name) for name in ARGUMENTS} == ARGUMENTS
    declared = [
        inspect.signature(kind.__init__).parameters
        for kind in (LivePersonToS3Operator, LivePersonTransferOperator)
    ]
    assert set(ARGUMENTS) == {name for names in declared for name in names} - {"self", "kwargs"}


def test_every_template_field_is_rendered():
    fields = LivePersonToS3Operator.template_fields
    assert set(ARGUMENTS) - set(fields) == {
        "shift_by_lag",
        "skip_on_empty",
        "allow_out_of_range",
        "allow_undeclared_fields",
        "raw",
        "deferrable",
        "asset_partitions",
    }
    made = LivePersonToS3Operator(
        task_id="pull",
        **{name: "{{ value }}" for name in fields if name != "filters"},
        filters={"users": ["{{ value }}"]},
    )
    made.render_template_fields({"value": "rendered"})
    assert {name: getattr(made, name) for name in fields} == {
        **dict.fromkeys(fields, "rendered"),
        "filters": {"users": ["rendered"]},
    }


@pytest.mark.parametrize("native", [False, True])
def test_every_argument_may_come_from_a_template_with_native_objects_or_without(sandbox, s3, native):
    with DAG("audit", schedule=None, start_date=DAY[0], render_template_as_native_obj=native):
        made = LivePersonToS3Operator(
            task_id="pull",
            dataset="{{ params.dataset }}",
            bucket="{{ params.bucket }}",
            prefix="{{ ds_nodash }}",
            start="{{ data_interval_start }}",
            end="{{ data_interval_end }}",
            filters="{{ params.filters }}",
            cursor="{{ params.cursor }}",
            drop_fields="{{ params.drop_fields }}",
            hash_fields="{{ params.hash_fields }}",
            overlap="{{ 'allow' }}",
            compression="{{ 'none' }}",
            aws_conn_id="{{ none }}",
            params={
                "dataset": "audit_trail",
                "bucket": "12345",
                "filters": {"lpa": False},
                "cursor": None,
                "drop_fields": ["objectName"],
                "hash_fields": [],
            },
        )
    s3.create_bucket(Bucket="12345")
    ran = context(ds_nodash="20260130", params=made.params.dump())
    made.render_template_fields(ran)
    assert isinstance(made.prefix, int) is native
    summary = made.execute(context((None, None)))
    assert summary["manifest"].startswith("s3://12345/20260130/audit_trail/")
    assert summary["records"] == len([row for row in sandbox.audit.truth(*DAY) if not row["originatorIsLpa"]])


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("prefix", datetime(2026, 1, 30, tzinfo=UTC)),
        ("prefix", 1.5),
        ("bucket", ["lake"]),
        ("bucket", None),
        ("dataset", {"a": 1}),
        ("compression", 1.5),
        ("file_format", None),
        ("liveperson_conn_id", ["liveperson_default"]),
        ("overlap", None),
        ("start", [1]),
        ("end", date(2026, 1, 31)),
        ("filters", ["lpa"]),
        ("cursor", 1.5),
        ("hash_fields", "originatorLoginName"),
        ("drop_fields", 5),
        ("aws_conn_id", 1.5),
    ],
)
def test_a_value_of_a_wrong_type_is_named_by_its_argument(sandbox, s3, argument, value):
    given = {"dataset": "audit_trail", "start": DAY[0], "end": DAY[1], argument: value}
    with fails_at_once(ConfigurationError, match=argument) as raised:
        operator(**given).execute(context())
    assert raised.value.__cause__.field == argument
    assert sandbox.requests == []


def test_times_pass_through_rendering():
    made = operator(start=DAY[0], end=DAY[1])
    made.render_template_fields({})
    assert (made.start, made.end) == DAY


def test_a_rendered_window_is_pulled(s3):
    made = operator(start="{{ data_interval_start }}", end="{{ data_interval_end }}")
    ran = context()
    made.render_template_fields(ran)
    assert made.execute(context((None, None)))["records"] == 60


@pytest.fixture
def dag():
    with DAG("audit", schedule=None, start_date=DAY[0]) as made:
        operator(
            filters={"lpa": False, "users": ["sam"]},
            start=DAY[0],
            end="{{ ds }}",
            outlets=[Asset("s3://lake/a")],
        )
        operator(task_id="general", dataset="audit_trail_export", retries=2)
        LivePersonToS3Operator.partial(task_id="mapped", bucket="lake").expand(
            dataset=["audit_trail", "audit_trail_export"]
        )
        AuditTrailToS3Operator.partial(task_id="mapped_audit", prefix="p").expand(bucket=["a", "b"])
        AuditTrailToS3Operator.partial(task_id="mapped_kwargs", bucket="lake").expand_kwargs(
            [{"start": "{{ ds }}", "end": "{{ data_interval_end }}"}]
        )
    return made


def test_it_serializes(dag):
    from airflow.serialization import serialized_objects

    kind = getattr(serialized_objects, "DagSerialization", serialized_objects.SerializedDAG)
    data = json.loads(json.dumps(kind.to_dict(dag)))
    kind.validate_schema(data)
    back = kind.from_dict(data)
    assert set(back.task_dict) == {"pull", "general", "mapped", "mapped_audit", "mapped_kwargs"}
    pull = back.get_task("pull")
    assert pull.task_type == "AuditTrailToS3Operator"
    assert list(pull.template_fields) == list(LivePersonToS3Operator.template_fields)
    assert (pull.dataset, pull.bucket, pull.filters) == (
        "audit_trail",
        "lake",
        {"lpa": False, "users": ["sam"]},
    )


def test_it_deepcopies(dag):
    copied = copy.deepcopy(dag).get_task("pull")
    assert copied is not dag.get_task("pull")
    for name in ARGUMENTS:
        assert getattr(copied, name) == getattr(dag.get_task("pull"), name)


@pytest.mark.filterwarnings("ignore:Task 'a' was never mapped")
def test_mapped_tasks_take_only_what_there_is():
    with DAG("wrong", schedule=None), pytest.raises(TypeError, match="nothing"):
        AuditTrailToS3Operator.partial(task_id="a", bucket="b").expand(nothing=[1])
    with pytest.raises(TypeError):
        AuditTrailToS3Operator(task_id="a", bucket="b", dataset="audit_trail_export")


def test_the_hook_is_not_made_before_it_is_needed(sandbox, monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_LIVEPERSON_DEFAULT")
    assert operator().liveperson_conn_id == "liveperson_default"
    assert sandbox.requests == []


def test_without_the_amazon_provider_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "airflow.providers.amazon.aws.hooks.s3", None)
    with fails_at_once(ConfigurationError, match=r"airflow-provider-liveperson\[s3\]"):
        operator().execute(context())


# -- what the bucket's policy wants ----------------------------------------------------------------


def test_every_object_is_put_as_extra_args_say(s3):
    extra = {"ServerSideEncryption": "aws:kms", "StorageClass": "STANDARD_IA"}
    operator(extra_args=extra).execute(context())
    for one in s3.list_objects_v2(Bucket="lake")["Contents"]:
        head = s3.head_object(Bucket="lake", Key=one["Key"])
        assert {name: head[name] for name in extra} == extra


def test_a_policy_that_demands_encryption_is_told_as_one_of_two_causes(s3, monkeypatch):
    from botocore.client import BaseClient
    from botocore.exceptions import ClientError

    call = BaseClient._make_api_call

    def answer(self, operation, parameters):
        if operation == "PutObject" and "ServerSideEncryption" not in parameters:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "explicit deny"}}, operation)
        return call(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)
    with pytest.raises(AirflowFailException, match=r"a policy requires .* encryption.* extra_args"):
        operator().execute(context())
    assert operator(extra_args={"ServerSideEncryption": "AES256"}).execute(context())["records"] == 60


@pytest.mark.parametrize("extra", ["ServerSideEncryption", ["ACL"], {"Nonsense": 1}])
def test_extra_args_that_cannot_be_are_refused_before_anything_is_asked(sandbox, s3, s3_calls, extra):
    s3_calls.clear()
    with fails_at_once(ConfigurationError, match="extra_args"):
        operator(extra_args=extra).execute(context())
    assert sandbox.requests == []
    assert s3_calls == []


def test_a_customers_key_is_masked_where_airflow_shows_it(monkeypatch):
    from airflow.sdk import log

    masked = []
    monkeypatch.setattr(log, "mask_secret", masked.append)
    made = operator(extra_args={"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "{{ key }}"})
    made.render_template_fields({"key": "0123456789abcdef0123456789abcdef"})
    assert masked == ["0123456789abcdef0123456789abcdef"]
    assert made.extra_args["SSECustomerKey"] not in repr(made) + str(made)


@pytest.mark.parametrize(("configured", "expected"), [("True", "True True"), ("False", "False False")])
def test_where_it_waits_is_what_airflows_configuration_says_of_operators_and_sensors(configured, expected):
    script = (
        "from airflow_provider_liveperson.sensors.data_ready import LivePersonDataReadySensor\n"
        "from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator\n"
        "pull = LivePersonToS3Operator(task_id='pull', dataset='audit_trail', bucket='lake')\n"
        "ready = LivePersonDataReadySensor(task_id='ready', dataset='audit_trail')\n"
        "print(pull.deferrable, ready.deferrable)"
    )
    environment = {**os.environ, "AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE": configured}
    told = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert told.splitlines()[-1] == expected
