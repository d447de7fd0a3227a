"""docs/s3.md: its policy allows what the operators and commands do, and no more; its rules are accepted."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient

from airflow_provider_liveperson.cli import main
from airflow_provider_liveperson.hooks import destinations
from airflow_provider_liveperson.landing.s3 import _OPERATIONS
from airflow_provider_liveperson.landing.s3_errors import NEEDED_ON_S3
from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator

PAGE = (Path(__file__).parents[2] / "docs" / "s3.md").read_text()
POLICY, KMS, LIFECYCLE, COMPATIBLE = (
    json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
)
BUCKET, PREFIX = "lake", "liveperson"

# Amazon's "Actions, resources, and condition keys for Amazon S3" and "Multipart upload API and permissions".
ACTIONS = {
    "ListObjectsV2": {"s3:ListBucket"},
    "GetObject": {"s3:GetObject"},
    "HeadObject": {"s3:GetObject"},
    "PutObject": {"s3:PutObject"},
    "CreateMultipartUpload": {"s3:PutObject"},
    "UploadPart": {"s3:PutObject"},
    "CompleteMultipartUpload": {"s3:PutObject"},
    "AbortMultipartUpload": {"s3:AbortMultipartUpload"},
    "CopyObject": {"s3:GetObject", "s3:PutObject"},
    "DeleteObjects": {"s3:DeleteObject"},
}


def is_allowed(action: str, resource: str) -> bool:
    """Whether the page's policy allows an action, by Amazon's rule: something allows it, and nothing denies it."""
    return any(
        action in statement["Action"]
        and fnmatchcase(resource, statement["Resource"].replace("my-lake", BUCKET))
        for statement in POLICY["Statement"]
        if statement["Effect"] == "Allow"
    )


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch, s3: Any) -> list[tuple[str, dict[str, Any]]]:
    """Every request to S3; one that the policy does not allow fails the test."""
    requests: list[tuple[str, dict[str, Any]]] = []
    call = BaseClient._make_api_call

    def recorded(self: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        requests.append((operation, parameters))
        for action in ACTIONS[operation]:
            for resource in _resources(action, parameters):
                assert is_allowed(action, resource), f"{action} on {resource}, for {operation}"
        return call(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
    return requests


def _resources(action: str, parameters: dict[str, Any]) -> list[str]:
    """What a request's action is on."""
    bucket = f"arn:aws:s3:::{parameters['Bucket']}"
    if action == "s3:ListBucket":
        return [bucket]
    keys = {parameters.get("Key")} | {one["Key"] for one in parameters.get("Delete", {}).get("Objects", [])}
    if action == "s3:GetObject" and "CopySource" in parameters:
        keys = {parameters["CopySource"]["Key"]}
    return [f"{bucket}/{key}" for key in keys if key is not None]


def land(dataset: str, day: int, **choices: Any) -> dict[str, Any]:
    window = {"start": f"2026-01-{day}T00:00:00Z", "end": f"2026-01-{day + 1}T00:00:00Z"}
    return LivePersonToS3Operator(
        task_id="pull", dataset=dataset, bucket=BUCKET, prefix=PREFIX, aws_conn_id=None, **window, **choices
    ).execute({})


@pytest.mark.usefixtures("airflow_connections")
def test_the_policy_allows_all_that_is_sent_and_nothing_else(sandbox, sent, monkeypatch):
    land("audit_trail", 29)
    once = Counter(operation for operation, _ in sent)
    verbs = [once.pop(operation) for operation in ("ListObjectsV2", "GetObject", "PutObject")]
    assert not once
    assert f"takes {sum(verbs)} requests to S3: {verbs[0]} LIST, {verbs[1]} GET and {verbs[2]} PUT" in PAGE
    sandbox.insert("audit_trail", 3, when=datetime(2026, 1, 29, 12, tzinfo=UTC))
    land("audit_trail", 29)  # replaces a part, and removes the old one
    for day in (29, 30):  # the second one is a copy of the first
        land("users", day, allow_out_of_range=True)
    monkeypatch.setitem(destinations._TRANSFER, "multipart_threshold", 1)
    land("audit_trail", 30)
    assert main(["landed", f"s3://{BUCKET}/{PREFIX}", "--aws-conn-id", "", "--verify"]) in (0, 1)
    used = {operation for operation, _ in sent}
    assert used == set(_OPERATIONS) - {"AbortMultipartUpload", "HeadObject"}
    allowed = {action for statement in POLICY["Statement"] for action in statement["Action"]}
    assert allowed == {action for operation in _OPERATIONS for action in ACTIONS[operation]}


def test_the_error_for_a_missing_permission_names_the_same():
    allowed = {action for statement in POLICY["Statement"] for action in statement["Action"]}
    assert set(re.findall(r"s3:\w+", NEEDED_ON_S3)) == allowed


def test_a_policy_with_less_would_not_do():
    assert not is_allowed("s3:PutObject", f"arn:aws:s3:::{BUCKET}/elsewhere/file")
    assert not is_allowed("s3:PutObjectAcl", f"arn:aws:s3:::{BUCKET}/{PREFIX}/file")


def test_s3_accepts_the_lifecycle_rules(s3):
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration=LIFECYCLE)
    rules = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert [rule["ID"] for rule in rules] == [rule["ID"] for rule in LIFECYCLE["Rules"]]


def test_the_key_policy_has_what_uploads_with_kms_need():
    """Amazon's "Multipart upload with SSE-KMS": a multipart upload also decrypts."""
    assert KMS["Action"] == ["kms:GenerateDataKey", "kms:Decrypt"]


def test_the_connection_to_another_store_is_read_by_airflow(monkeypatch):
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    conn = {"conn_type": "aws", "login": "key", "password": "secret", "extra": COMPATIBLE}
    monkeypatch.setenv("AIRFLOW_CONN_MINIO", json.dumps(conn))
    client = S3Hook(aws_conn_id="minio").conn
    assert client.meta.endpoint_url == COMPATIBLE["endpoint_url"]
    assert client.meta.config.s3["addressing_style"] == "path"
