"""Where people look at objects in a browser."""

from __future__ import annotations

import pytest

from airflow_provider_liveperson.landing.consoles import gcs_console, s3_console

AWS = "https://s3.eu-central-1.amazonaws.com"


@pytest.mark.parametrize(
    ("endpoint", "region", "key", "expected"),
    [
        (
            AWS,
            "eu-central-1",
            "raw/users/dt=2026-01-30/",
            "https://console.aws.amazon.com/s3/buckets/lake?region=eu-central-1&prefix=raw%2Fusers%2Fdt%3D2026-01-30%2F",
        ),
        (
            AWS,
            "eu-central-1",
            "raw/_manifest.json",
            "https://console.aws.amazon.com/s3/object/lake?region=eu-central-1&prefix=raw%2F_manifest.json",
        ),
        (
            "https://s3.amazonaws.com",
            None,
            "a/",
            "https://console.aws.amazon.com/s3/buckets/lake?prefix=a%2F",
        ),
        (
            "https://s3.us-gov-west-1.amazonaws.com",
            "us-gov-west-1",
            "a/",
            "https://console.amazonaws-us-gov.com/s3/buckets/lake?region=us-gov-west-1&prefix=a%2F",
        ),
        (
            "https://s3.cn-north-1.amazonaws.com.cn",
            "cn-north-1",
            "a/",
            "https://console.amazonaws.cn/s3/buckets/lake?region=cn-north-1&prefix=a%2F",
        ),
        ("http://127.0.0.1:9000", "us-east-1", "a/", None),
        ("https://minio.example.com", "us-east-1", "a/", None),
        ("https://amazonaws.com.example.com", "us-east-1", "a/", None),
    ],
    ids=["folder", "object", "no region", "GovCloud", "China", "local", "MinIO", "lookalike"],
)
def test_only_amazon_has_the_console(endpoint, region, key, expected):
    assert s3_console(endpoint, region, "lake", key) == expected


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("gs://lake/raw/x y/", "https://console.cloud.google.com/storage/browser/lake/raw/x%20y"),
        (
            "gs://lake/raw/_manifest.json",
            "https://console.cloud.google.com/storage/browser/_details/lake/raw/_manifest.json",
        ),
        ("file:///data/raw/", None),
        ("abfs://container/raw/", None),
    ],
)
def test_google_has_one_too(uri, expected):
    assert gcs_console(uri) == expected
