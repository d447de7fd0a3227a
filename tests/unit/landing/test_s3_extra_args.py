"""What every request to S3 says beyond what is put: encryption, owner, who pays."""

from __future__ import annotations

import io

import pytest
from botocore.client import BaseClient

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing.s3 import S3Store

KEY = "0123456789abcdef0123456789abcdef"
EVERYTHING = {
    "ServerSideEncryption": "aws:kms",
    "SSEKMSKeyId": "alias/lake",
    "ACL": "bucket-owner-full-control",
    "RequestPayer": "requester",
    "StorageClass": "STANDARD_IA",
    "ExpectedBucketOwner": "123456789012",
    "BucketKeyEnabled": True,
    "SSECustomerAlgorithm": "AES256",
    "SSECustomerKey": KEY,
}
PUTS = ("PutObject", "CreateMultipartUpload", "CopyObject")


def store(extra_args, **choices) -> S3Store:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    return S3Store("lake", lambda: S3Hook(aws_conn_id=None, extra_args=extra_args, **choices))


@pytest.fixture
def sent(monkeypatch) -> dict[str, dict]:
    """Every operation with its arguments; nothing is sent."""
    from datetime import UTC, datetime

    told: dict[str, dict] = {}
    answers = {
        "GetObject": lambda: {"Body": io.BytesIO(b"data"), "ETag": "e"},
        "ListObjectsV2": lambda: {
            "IsTruncated": False,
            "Contents": [{"Key": "f/k", "Size": 1, "LastModified": datetime.now(UTC)}],
        },
        "CreateMultipartUpload": lambda: {"UploadId": "u"},
        "UploadPart": lambda: {"ETag": "p"},
        "CopyObject": lambda: {"CopyObjectResult": {"ETag": "c"}},
    }

    def answer(self, operation, parameters):
        told[operation] = parameters
        return answers.get(operation, dict)()

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return told


def do_everything(made: S3Store) -> None:
    made.fetch("f/k")
    made.entries("f")
    made.folders("f")
    made.create("f/k", io.BytesIO(b"x"))
    made.create("f/large", io.BytesIO(b"x" * 100))
    made.write("f/k", b"x")
    made.swap("f/k", b"x", None)
    made.copy("f/k", "f/l", "e")
    made.delete(["f/k"])


def test_each_reaches_every_request_that_takes_it_and_no_other(sent, s3_client):
    transfer = {"multipart_threshold": 50, "multipart_chunksize": 60}
    do_everything(store(EVERYTHING, transfer_config_args=transfer))
    model = s3_client.meta.service_model
    assert set(sent) == {
        *("GetObject", "ListObjectsV2", "PutObject", "CreateMultipartUpload", "UploadPart"),
        *("CompleteMultipartUpload", "CopyObject", "DeleteObjects"),
    }
    for operation, arguments in sent.items():
        taken = set(model.operation_model(operation).input_shape.members)
        assert {name: arguments.get(name) for name in taken & set(EVERYTHING)} == {
            name: value for name, value in EVERYTHING.items() if name in taken
        }
        assert set(arguments) <= taken
    for operation in PUTS:
        assert sent[operation]["SSEKMSKeyId"] == "alias/lake"
        assert sent[operation]["ACL"] == "bucket-owner-full-control"
    for operation in sent:
        assert sent[operation]["ExpectedBucketOwner"] == "123456789012"
        if operation != "CompleteMultipartUpload":
            assert sent[operation]["RequestPayer"] == "requester"
    assert sent["GetObject"]["SSECustomerKey"] == sent["UploadPart"]["SSECustomerKey"] == KEY
    assert sent["CopyObject"]["CopySourceSSECustomerKey"] == KEY
    assert sent["CopyObject"]["ExpectedSourceBucketOwner"] == "123456789012"


def test_nothing_is_added_without_them(sent):
    do_everything(store(None))
    assert set(sent["PutObject"]) == {"Bucket", "Key", "Body", "IfNoneMatch"}
    assert set(sent["GetObject"]) == {"Bucket", "Key"}


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ({"ServerSideEncrypton": "AES256"}, "ServerSideEncrypton"),
        ({"Key": "elsewhere"}, "Key"),
        ({"Bucket": "elsewhere"}, "Bucket"),
        ({"IfMatch": "x"}, "IfMatch"),
        ({"Body": b"x"}, "Body"),
        ({"Range": "bytes=0-1"}, "Range"),
        ({"ChecksumSHA256": "x"}, "ChecksumSHA256"),
        ({"VersionId": "1"}, "VersionId"),
        ({5: "x"}, "5"),
        ({"ServerSideEncryption": 5}, "ServerSideEncryption in extra_args is a int"),
        ({"Metadata": "text"}, "Metadata"),
        ({"SSECustomerKey": [KEY]}, "SSECustomerKey"),
    ],
)
def test_what_s3_does_not_take_is_refused_before_any_request(sent, extra, says):
    with pytest.raises(ConfigurationError, match=says) as caught:
        store(extra).fetch("k")
    assert caught.value.field == "extra_args"
    assert KEY not in str(caught.value)
    assert sent == {}
