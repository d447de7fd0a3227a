"""The operator for every other store: the same road, read back as users read."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_liveperson.exceptions import ConfigurationError, PermissionDeniedError
from airflow_provider_liveperson.transfers.liveperson_to_object_storage import (
    LivePersonToObjectStorageOperator,
)
from tests.unit.transfers.failing import fails_at_once

DAYS = [datetime(2026, 1, day, tzinfo=UTC) for day in (29, 30, 31)]
FOLDER = "audit_trail/account_id=70000001"
WINDOW = f"{FOLDER}/dt=2026-01-29/20260129T000000Z_20260130T000000Z"

pytestmark = pytest.mark.usefixtures("airflow_connections")


def pull(path: str, start: datetime = DAYS[0], end: datetime = DAYS[1], **choices: Any) -> dict[str, Any]:
    arguments = {"dataset": "audit_trail", "path": path, "start": start, "end": end, **choices}
    return LivePersonToObjectStorageOperator(task_id="pull", **arguments).execute({})


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_local_files_by_their_bytes(sandbox, tmp_path):
    summary = pull(f"file://{tmp_path}")
    landed = content(tmp_path)
    listed = landed.pop(f"_committed/{WINDOW}.txt")
    assert {f"file://{tmp_path}/{name}" for name in landed} == {summary["manifest"], *summary["objects"]}
    assert listed.decode().splitlines() == summary["objects"]
    assert {f"file://{tmp_path}/{key}" for key in summary["keys"]} == set(summary["objects"])
    assert json.loads(landed[f"{WINDOW}/_manifest.json"])["entries"] is None  # which are for S3 alone
    rows = [
        json.loads(line)
        for name, data in sorted(landed.items())
        if "/part-" in name
        for line in gzip.decompress(data).splitlines()
    ]
    assert sorted(map(str, rows)) == sorted(map(str, sandbox.audit.truth(DAYS[0], DAYS[1])))
    assert summary["records"] == len(rows) > 0


def test_a_second_run_changes_no_file(tmp_path):
    first = pull(f"file://{tmp_path}")
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert pull(f"file://{tmp_path}") == {**first, "changed": False}
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == times


def test_a_store_that_is_no_disk(sandbox, memory_files):
    summary = pull("memory:///lake/raw", compression="none")
    found = {path: memory_files.cat_file(path) for path in memory_files.find("/lake/raw")}
    assert len(found) == len(summary["objects"]) + 2
    rows = [
        json.loads(line) for name, data in found.items() if "/part-" in name for line in data.splitlines()
    ]
    assert sorted(map(str, rows)) == sorted(map(str, sandbox.audit.truth(DAYS[0], DAYS[1])))


def test_files_land_as_they_came(sandbox, tmp_path):
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=3)
    for hour in (1, 5):
        sandbox.insert("data_access_engagement", 2, start + timedelta(hours=hour))
    window = (start, start + timedelta(days=1))
    summary = pull(f"file://{tmp_path}", *window, dataset="data_access_engagement", raw=True)
    files = [Path(uri.removeprefix("file://")) for uri in summary["objects"]]
    assert len(files) == summary["records"] == 2
    for path in files:
        assert path.name.endswith(".json.gz")
        lines = gzip.decompress(path.read_bytes()).splitlines()
        assert len(lines) == 2
        assert all("recordCollection" in json.loads(line) for line in lines)


def test_a_failure_leaves_nothing_half_written(sandbox, tmp_path):
    pull(f"file://{tmp_path}")
    before = content(tmp_path)
    sandbox.faults.add(kind="status", status=403, match="/metadata/audit", times=99)
    with fails_at_once(PermissionDeniedError):
        pull(f"file://{tmp_path}", DAYS[1], DAYS[2])
    assert content(tmp_path) == before


@pytest.mark.parametrize(
    ("file_format", "ending"), [("jsonl", "jsonl.gz"), ("csv", "csv.gz"), ("parquet", "parquet")]
)
def test_query_engines_find_partitions_and_records(sandbox, tmp_path, duck, file_format, ending):
    for start, end in pairwise(DAYS):
        pull(f"file://{tmp_path}", start, end, file_format=file_format)
    reader = {
        "jsonl": "read_json('{}', hive_partitioning = true,"
        " columns = {{originatorUserId: 'TEXT', changeDate: 'TEXT'}})",
        "csv": "read_csv('{}', hive_partitioning = true, header = true, all_varchar = true)",
        "parquet": "read_parquet('{}', hive_partitioning = true)",
    }[file_format].format(f"{tmp_path}/{FOLDER.replace('account_id=70000001', '*')}/*/*/part-*.{ending}")
    rows = duck(
        f"SELECT account_id, CAST(dt AS VARCHAR), originatorUserId, changeDate FROM {reader} ORDER BY 2, 4, 3"
    )
    truth = [
        (f"{start:%Y-%m-%d}", row["originatorUserId"], row["changeDate"])
        for start, end in pairwise(DAYS)
        for row in sandbox.audit.truth(start, end)
    ]
    assert [tuple(map(str, row[1:])) for row in rows] == sorted(
        truth, key=lambda row: (row[0], row[2], row[1])
    )
    assert {str(row[0]) for row in rows} == {"70000001"}


def test_pandas_reads_the_partitioned_folder(sandbox, tmp_path):
    import pandas

    for start, end in pairwise(DAYS):
        pull(f"file://{tmp_path}", start, end, file_format="parquet")
    frame = pandas.read_parquet(tmp_path / "audit_trail")
    assert sorted(frame["changeDate"]) == sorted(
        row["changeDate"] for row in sandbox.audit.truth(DAYS[0], DAYS[2])
    )
    assert set(frame["dt"].astype(str)) == {"2026-01-29", "2026-01-30"}


def test_what_is_no_path_is_refused_before_anything_is_asked(sandbox):
    with fails_at_once(ConfigurationError, match="path is '/data'"):
        pull("/data")
    assert sandbox.requests == []


def test_the_path_is_a_template():
    made = LivePersonToObjectStorageOperator(task_id="pull", dataset="users", path="file:///data/{{ ds }}")
    made.render_template_fields({"ds": "2026-01-30"})
    assert made.path == "file:///data/2026-01-30"


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("gs://conn_id@lake/raw/", "gs://lake/raw"),
        ("s3://lake", "s3://lake"),
        ("file:///data/team@example/raw", "file:///data/team@example/raw"),
    ],
)
def test_the_uri_of_an_asset_is_without_the_connection(path, uri):
    assert LivePersonToObjectStorageOperator.folder_uri(path=path) == uri
