"""Amazon S3, played by moto."""

from __future__ import annotations

import io
from functools import cache

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.landing.s3 import S3Store
from airflow_provider_liveperson.landing.s3_errors import NEEDED_ON_S3
from airflow_provider_liveperson.landing.stores import ConflictError


@cache  # a new client takes a noticeable time
def store(bucket: str = "lake") -> S3Store:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    return S3Store(bucket, lambda: S3Hook(aws_conn_id=None))


def sizes(folder: str) -> dict[str, int]:
    return {key: entry.size for key, entry in store().entries(folder).items()}


@pytest.fixture
def refused(monkeypatch):
    """Makes S3 refuse some operations."""

    def refuse(*operations: str, code: str = "AccessDenied") -> None:
        call = BaseClient._make_api_call

        def answer(self, operation, parameters):
            if operation in operations:
                raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)
            return call(self, operation, parameters)

        monkeypatch.setattr(BaseClient, "_make_api_call", answer)

    return refuse


def test_the_bucket_is_not_asked_for_before_it_is_needed():
    made = S3Store("lake", lambda: pytest.fail("too early"))
    assert made.uri("a/b=c/d") == "s3://lake/a/b=c/d"


@pytest.mark.usefixtures("s3")
def test_what_is_not_there_is_nothing():
    assert store().read("absent") is None
    assert sizes("absent") == {}
    store().delete([])
    store().delete(["absent"])


def test_bytes_are_stored_as_they_are(s3):
    file = io.BytesIO(b"\x1f\x8b\x00 part")
    etag = store().create("a/b=1/part-0.gz", file)
    assert store().entries("a/b=1")["a/b=1/part-0.gz"].etag == etag
    store().write("a/b=1/_manifest.json", b"{}\n")
    assert s3.get_object(Bucket="lake", Key="a/b=1/part-0.gz")["Body"].read() == b"\x1f\x8b\x00 part"
    assert store().read("a/b=1/_manifest.json") == b"{}\n"
    assert sizes("a/b=1") == {"a/b=1/_manifest.json": 3, "a/b=1/part-0.gz": 8}
    assert not file.closed


@pytest.mark.usefixtures("s3")
def test_a_second_write_replaces_the_first():
    for content in (b"one", b"two"):
        store().overwrite("k", io.BytesIO(content))
        store().write("m", content)
    assert (store().read("k"), store().read("m")) == (b"two", b"two")


def test_a_folder_holds_only_its_own(s3):
    for key in ("a/x", "ab/x", "a", "a/b/x"):
        s3.put_object(Bucket="lake", Key=key, Body=b"")
    assert sizes("a") == {"a/b/x": 0, "a/x": 0}


def test_folders_are_those_right_below(s3):
    for key in ("a/x/1", "a/x/2", "a/b=1/deep/er", "a/file", "ab/no"):
        s3.put_object(Bucket="lake", Key=key, Body=b"")
    assert store().folders("a") == ["b=1", "x"]
    assert store().folders("absent") == []


def test_more_folders_than_one_listing_holds(s3):
    names = [f"{number:04d}" for number in range(1100)]
    for name in names:
        s3.put_object(Bucket="lake", Key=f"a/{name}/1", Body=b"")
    assert store().folders("a") == names


def test_more_objects_than_one_request_removes(s3, monkeypatch):
    monkeypatch.setattr("airflow_provider_liveperson.landing.s3._DELETE_AT_ONCE", 4)
    keys = [f"many/{number}" for number in range(9)]
    for key in keys:
        s3.put_object(Bucket="lake", Key=key, Body=b"")
    store().delete(iter(keys))
    assert sizes("many") == {}


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize("act", ["read", "entries", "create", "write", "delete"])
def test_a_missing_bucket_is_named(act):
    file = io.BytesIO(b"x")
    made = store("absent-bucket")
    arguments = {"create": ("k", file), "write": ("k", b"x"), "delete": (["k"],)}.get(act, ("k",))
    with pytest.raises(StorageError, match="s3://absent-bucket/k") as caught:
        getattr(made, act)(*arguments)
    assert "There is no bucket 'absent-bucket'" in str(caught.value)
    assert caught.value.field == "bucket"


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize(
    ("act", "operation"),
    [
        ("read", "GetObject"),
        ("entries", "ListObjectsV2"),
        ("create", "PutObject"),
        ("write", "PutObject"),
        ("delete", "DeleteObjects"),
    ],
)
@pytest.mark.parametrize("code", ["AccessDenied", "403", "SlowDown"])
def test_a_refusal_names_the_object_and_what_is_needed(refused, act, operation, code):
    file = io.BytesIO(b"x")
    refused(operation, code=code)
    arguments = {"create": ("k", file), "write": ("k", b"x"), "delete": (["k"],)}.get(act, ("k",))
    with pytest.raises(StorageError, match="s3://lake/k") as caught:
        getattr(store(), act)(*arguments)
    assert (NEEDED_ON_S3 in str(caught.value)) == (code != "SlowDown")


@pytest.mark.usefixtures("s3")
def test_an_object_that_may_not_be_deleted_is_named(monkeypatch):
    call = BaseClient._make_api_call

    def answer(self, operation, parameters):
        if operation == "DeleteObjects":
            return {"Errors": [{"Key": "b", "Code": "AccessDenied", "Message": "no"}]}
        return call(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)
    with pytest.raises(StorageError, match="s3://lake/b"):
        store().delete(["a", "b"])


@pytest.mark.parametrize("missing", ["credentials", "endpoint"])
def test_no_credentials_and_nobody_there(monkeypatch, tmp_path, missing):
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    if missing == "endpoint":
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    made = S3Store("lake", lambda: S3Hook(aws_conn_id=None))
    with pytest.raises(StorageError, match="s3://lake/k") as caught:
        made.read("k")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("bucket", ["", " ", "s3://lake", "lake/folder", None, 5])
def test_what_is_no_bucket_is_refused(bucket):
    with pytest.raises(ConfigurationError, match="bucket") as caught:
        S3Store(bucket, lambda: pytest.fail("too early"))
    assert caught.value.field == "bucket"


def test_a_store_that_refuses_conditions_is_looked_at_first(s3, monkeypatch):
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    call, sent = BaseClient._make_api_call, []

    def answer(self, operation, parameters):
        sent.append(operation)
        if {"IfMatch", "IfNoneMatch"} & parameters.keys():
            raise ClientError({"Error": {"Code": "NotImplemented", "Message": "A header"}}, operation)
        return call(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)
    made = S3Store("lake", lambda: S3Hook(aws_conn_id=None))
    made.create("f/k", io.BytesIO(b"one"))
    with pytest.raises(ConflictError):
        made.create("f/k", io.BytesIO(b"two"))
    assert made.read("f/k") == b"one"
    found = made.fetch("f/k")
    made.swap("f/k", b"two", found)
    with pytest.raises(ConflictError):
        made.swap("f/k", b"three", found)
    with pytest.raises(ConflictError):
        made.copy("f/k", "f/k", None)
    made.copy("f/k", "f/l", None)
    assert made.read("f/l") == b"two"
    assert sent.count("PutObject") == 3  # what is not known is asked for but once
