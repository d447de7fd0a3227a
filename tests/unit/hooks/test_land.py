"""``hook.land``, which does what the operators do, and the masks of the hook's other methods."""

from __future__ import annotations

import gzip
import json
import logging
import os
import runpy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airflow_provider_liveperson.commands.examples import FOLDER
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    ConfigurationError,
    StorageError,
    WindowOutOfRangeError,
)
from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
from airflow_provider_liveperson.transfers.liveperson_to_object_storage import (
    LivePersonToObjectStorageOperator,
)
from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator

START, END = datetime(2026, 1, 29, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC)
EXAMPLE = FOLDER / "liveperson_taskflow.py"

pytestmark = pytest.mark.usefixtures("within_a_year", "airflow_connections")


@pytest.fixture(autouse=True)
def salt(airflow_connections, monkeypatch):
    connection = json.loads(os.environ["AIRFLOW_CONN_LIVEPERSON_DEFAULT"])
    connection["extra"]["hash_secret"] = "a long secret"
    monkeypatch.setenv("AIRFLOW_CONN_LIVEPERSON_DEFAULT", json.dumps(connection))


def hook(conn_id: str = "liveperson_default") -> LivePersonHook:
    return LivePersonHook.for_connection(conn_id)


def files(folder: Path) -> dict[str, bytes]:
    """All files below a folder, by their bytes, which do not name it."""
    here = f"file://{folder}/".encode()
    return {
        str(path.relative_to(folder)): path.read_bytes().replace(here, b"file:///")
        for path in folder.rglob("*")
        if path.is_file()
    }


CHOICES = [
    {},
    {"file_format": "csv", "compression": "none", "csv_formulas": "quote"},
    {"filters": {"lpa": False}, "cursor": "changeDate"},
    {"hash_fields": ["originatorLoginName"], "drop_fields": ["objectName"]},
]


@pytest.mark.parametrize("choices", CHOICES)
def test_it_lands_what_the_operator_lands_and_says_the_same(tmp_path, caplog, choices):
    def told() -> list[str]:
        lines = [
            it.getMessage()
            for it in caplog.records
            if it.name.startswith("airflow_provider_liveperson.pull.")
        ]
        caplog.clear()
        return [line.partition(" bytes")[0] for line in lines]

    window = {"start": START, "end": END}
    with caplog.at_level(logging.INFO):
        mine = hook().land("audit_trail", path=f"file://{tmp_path}/mine", **window, **choices)
        by_hook = told()
        theirs = LivePersonToObjectStorageOperator(
            task_id="pull", dataset="audit_trail", path=f"file://{tmp_path}/theirs", **window, **choices
        ).execute({})
        assert by_hook == told()
    assert len(by_hook) == 4
    assert mine == json.loads(json.dumps(theirs).replace("/theirs/", "/mine/"))
    assert files(tmp_path / "mine") == files(tmp_path / "theirs")


def test_it_lands_in_s3(sandbox, s3):
    summary = hook("liveperson_login").land(
        "audit_trail", start=START, end="2026-01-31T00:00:00Z", bucket="lake", aws_conn_id=None
    )
    assert [uri.partition("dt=")[0] for uri in summary["manifests"]] == [
        "s3://lake/liveperson/audit_trail/account_id=70000001/"
    ] * 2
    assert summary["records"] == len(sandbox.audit.truth(START, END))
    assert sandbox.logins.lasting == []  # what it began is over
    operator = LivePersonToS3Operator(
        task_id="pull", dataset="audit_trail", bucket="lake", aws_conn_id=None, start=START, end=END
    )
    assert operator.execute({}) == {**summary, "changed": False}


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        ({}, "bucket"),
        ({"bucket": "lake", "path": "file:///lake"}, "bucket"),
        ({"path": "/lake"}, "path"),
        ({"bucket": "s3://lake"}, "bucket"),
        ({"path": "file:///lake", "file_format": "xlsx"}, "file_format"),
        ({"path": "file:///lake", "drop_fields": ["objectname"]}, "drop_fields"),
        ({"path": "file:///lake", "overlap": "maybe"}, "overlap"),
        ({"path": "file:///lake", "filters": {"nothing": 1}}, "filters"),
    ],
)
def test_bad_arguments_are_the_packages_own_errors_before_any_request(sandbox, choices, field):
    with pytest.raises(ConfigurationError) as raised:
        hook().land("audit_trail", start=START, end=END, **choices)
    assert raised.value.field == field
    assert sandbox.requests == []


def test_failures_are_the_packages_own_errors(sandbox, s3, tmp_path):
    path = f"file://{tmp_path}"
    with pytest.raises(WindowOutOfRangeError):
        hook().land("audit_trail", start=START, end=datetime(2999, 1, 1, tzinfo=UTC), path=path)
    with pytest.raises(StorageError):
        hook().land("audit_trail", start=START, end=END, bucket="absent", aws_conn_id=None)
    sandbox.faults.add(kind="status", status=401, match="/metadata/audit", times=9)
    with pytest.raises(AuthenticationError):
        hook().land("audit_trail", start=START, end=END, path=path)
    sandbox.faults.clear()
    hook().land("audit_trail", start=START, end=END, path=path)
    with pytest.raises(ConfigurationError, match="overlaps what has landed"):
        hook().land("audit_trail", start=START, end=START + timedelta(hours=1), path=path)
    hook().land("audit_trail", start=START, end=START + timedelta(hours=1), path=path, overlap="allow")


def test_a_window_that_has_just_ended_is_waited_for(sandbox, tmp_path, waits):
    end = datetime.now(UTC).replace(microsecond=0)
    with pytest.raises(WindowOutOfRangeError):  # nothing waits in these tests, so it is still too early
        hook().land(
            "agent_status_changes", start=end - timedelta(minutes=5), end=end, path=f"file://{tmp_path}"
        )
    assert waits
    assert 3500 < waits[0] <= 3600


# -- masks -----------------------------------------------------------------------------------------


def test_records_are_masked(sandbox):
    truth = sandbox.audit.truth(START, END)
    found = list(
        hook().records(
            "audit_trail",
            start=START,
            end=END,
            hash_fields=["originatorLoginName"],
            drop_fields=["objectName"],
        )
    )
    assert len(found) == len(truth)
    assert not any("objectName" in row for row in found)
    names = {row["originatorLoginName"] for row in found if row.get("originatorLoginName")}
    assert names
    assert all(len(name) == 64 for name in names)


def test_what_waits_on_disk_is_masked_already(sandbox, monkeypatch):
    import tempfile

    spooled: list[bytes] = []
    make = tempfile.TemporaryFile

    def noted(*args, **kwargs):
        file = make(*args, **kwargs)
        write = file.write

        class Noting:
            def __getattr__(self, name):
                return getattr(file, name)

            def __iter__(self):
                return iter(file)

            def __enter__(self):
                return self

            def __exit__(self, *_):
                file.close()

            def write(self, data):
                spooled.append(bytes(data))
                return write(data)

        return Noting()

    monkeypatch.setattr(tempfile, "TemporaryFile", noted)
    list(hook().records("audit_trail", start=START, end=END, drop_fields=["objectName"]))
    assert spooled
    assert b"objectName" not in b"".join(spooled)


def test_conversations_are_masked(sandbox):
    (record, *_) = sandbox.conversations.truth(START, END, "start")
    name, consumer = record["info"]["conversationId"], record["consumerParticipants"][0]["participantId"]
    masks = {"drop_fields": ["messageRecords.messageData"], "hash_fields": ["consumerParticipants.email"]}
    (by_id,) = hook().conversations([name], **masks)
    (by_consumer, *_) = hook().consumer_conversations(consumer, **masks)
    for found in (by_id, by_consumer):
        assert found["messageRecords"]
        assert not any("messageData" in message for message in found["messageRecords"])
    assert len(by_id["consumerParticipants"][0]["email"]) == 64


@pytest.mark.parametrize("method", ["records", "conversations", "consumer_conversations"])
def test_a_misspelled_mask_is_refused_before_anything_is_asked(sandbox, method):
    arguments = {
        "records": (["messaging_interactions"], {"start": START, "end": END}),
        "conversations": ([["a"]], {}),
        "consumer_conversations": (["a"], {}),
    }
    given, more = arguments[method]
    with pytest.raises(ConfigurationError, match=r"did you mean consumerParticipants\.email"):
        getattr(hook(), method)(*given, **more, drop_fields=["consumerParticipants.mail"])
    assert sandbox.requests == []
    getattr(hook(), method)(
        *given, **more, drop_fields=["consumerParticipants.mail"], allow_undeclared_fields=True
    )


# -- the example -----------------------------------------------------------------------------------


def test_the_example_is_that_of_the_docs_and_works(sandbox, s3, monkeypatch):
    monkeypatch.setenv("LIVEPERSON_BUCKET", "lake")
    monkeypatch.setenv("LIVEPERSON_AWS_CONN_ID", "aws_default")
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://testing:testing@")
    example = runpy.run_path(str(EXAMPLE))
    summary = example["land_audit_trail"].function(START, END)
    assert example["tell"].function(summary).startswith(f"{summary['records']} changes; proof: s3://lake/")
    truth = sandbox.audit.truth(START, END)
    assert summary["records"] == len(truth)
    text = b"".join(
        gzip.decompress(s3.get_object(Bucket="lake", Key=uri.removeprefix("s3://lake/"))["Body"].read())
        for uri in summary["objects"]
    ).decode()
    names = {row["originatorLoginName"] for row in truth if row["originatorLoginName"]}
    assert names
    assert not [
        row for row in text.splitlines() if json.loads(row).keys() & {"originator", "originatorLoginName"}
    ]
    body = EXAMPLE.read_text()
    start, end = body.index("    @task\n    def land_audit_trail"), body.index("    @task\n    def tell")
    shown = "\n".join(line.removeprefix("    ") for line in body[start:end].rstrip().splitlines())
    assert shown in (EXAMPLE.parents[2] / "docs" / "taskflow.md").read_text()
