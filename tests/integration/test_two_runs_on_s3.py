"""Two concurrent runs of one window on a real S3 server: the manifest names only parts that exist."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.landing.s3 import S3Store
from airflow_provider_liveperson.landing.stores import ConflictError
from devtools.landing_runs import KilledError, Slices, SteppedRun
from tests.integration.landed import S3Server

BUCKET = "two-runs"
ONE: Slices = ((b"a", b"b"), (b"c", b"d"))
OTHER: Slices = ((b"a", b"b"), (b"x", b"d"))


@pytest.fixture
def store(seaweedfs: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    """An empty bucket, through the operator's store."""
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", seaweedfs.connection())
    if BUCKET not in seaweedfs.buckets():
        seaweedfs.client.create_bucket(Bucket=BUCKET)
    made = S3Store(BUCKET, lambda: S3Hook(aws_conn_id="aws_default"))
    made.delete(made.entries("lake"))
    return made


def judge(store: S3Store, *runs: tuple[SteppedRun, Slices]) -> None:
    found = {key.rpartition("/")[2]: key for key in store.entries("lake")}
    manifest: dict[str, Any] = json.loads(store.read(found["_manifest.json"]) or b"")
    for part in manifest["parts"]:
        data = store.read(found[part["name"]]) or b""
        assert hashlib.sha256(data).hexdigest() == part["sha256"]
    listed = (store.read(found["window.txt"]) or b"").decode().splitlines()
    named = [store.uri(found[part["name"]]) for part in manifest["parts"]]
    assert listed == named or any(run.error for run, _ in runs)
    for run, _ in runs:
        assert run.error is None or isinstance(run.error, StorageError | KilledError)


@pytest.mark.slow
@pytest.mark.parametrize("other", [ONE, OTHER], ids=["equal records", "differing records"])
@pytest.mark.parametrize("ends", ["goes on", "fails", "is killed"])
def test_a_complete_run_between_any_two_requests_of_another(store: S3Store, other: Slices, ends: str) -> None:
    moment = 0
    while True:
        one = SteppedRun(store, ONE, fails_at=moment if ends == "fails" else None)
        one.advance(moment)
        is_through = one.ended
        two = SteppedRun(store, other)
        two.finish()
        one.kill() if ends == "is killed" else one.finish()
        assert two.error is None
        judge(store, (one, ONE), (two, other))
        store.delete(store.entries("lake"))
        if is_through:
            break
        moment += 1
    assert moment > 8


@pytest.mark.slow
def test_a_part_overwritten_with_the_same_size_is_written_again(store: S3Store) -> None:
    SteppedRun(store, ONE).finish()
    before = {key: store.read(key) for key in store.entries("lake")}
    part = next(key for key in before if "/part-" in key)
    store.write(part, bytes(len(before[part] or b"")))
    SteppedRun(store, ONE).finish()
    assert {key: store.read(key) for key in store.entries("lake")} == before


def test_a_copy_never_replaces_another(store: S3Store) -> None:
    """And it copies only what was read: S3 checks both conditions."""
    store.write("lake/source", b"1234")
    etag = store.entries("lake")["lake/source"].etag
    store.copy("lake/source", "lake/copy", etag)
    store.write("lake/source", b"5678")
    with pytest.raises(StorageError):
        store.copy("lake/source", "lake/other", etag)
    with pytest.raises(ConflictError):
        store.copy("lake/source", "lake/copy", store.entries("lake")["lake/source"].etag)
    assert (store.read("lake/copy"), store.read("lake/other")) == (b"1234", None)
