"""What has landed, and the same days for every test."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from devtools.seaweedfs import aws_connection, s3_client

DAY = datetime(2026, 3, 3, tzinfo=UTC)
NEXT_DAY = DAY + timedelta(days=1)
# A manual run covers the last interval that ended by its date.
RUN_DATE = NEXT_DAY.date().isoformat()

_HALF_A_YEAR = timedelta(weeks=26)
RECENT_DAY = DAY + (datetime.now(UTC) - timedelta(weeks=8) - DAY) // _HALF_A_YEAR * _HALF_A_YEAR
"""The same for datasets that LivePerson keeps for a year or so: another Tuesday every half a year, some weeks ago."""


@dataclass(frozen=True)
class S3Server:
    """A running S3 server."""

    name: str
    endpoint_url: str
    access_key: str
    secret_key: str

    def connection(self) -> str:
        return aws_connection(self.endpoint_url, access_key=self.access_key, secret_key=self.secret_key)

    @cached_property
    def client(self) -> Any:
        return s3_client(self.endpoint_url, access_key=self.access_key, secret_key=self.secret_key)

    def buckets(self) -> set[str]:
        return {bucket["Name"] for bucket in self.client.list_buckets()["Buckets"]}

    def objects(self, bucket: str, prefix: str = "") -> dict[str, tuple[str, datetime]]:
        """Key to ETag and last modification."""
        answer = self.client.list_objects_v2(Bucket=bucket, Prefix=prefix)
        assert not answer["IsTruncated"]
        return {item["Key"]: (item["ETag"], item["LastModified"]) for item in answer.get("Contents", [])}

    def read(self, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return self.client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def records(self, manifest_uri: str) -> list[dict[str, Any]]:
        """The records of a window, found by its manifest, as a reader does."""
        folder = manifest_uri.rpartition("/")[0]
        manifest = json.loads(self.read(manifest_uri))
        return [
            json.loads(line)
            for part in manifest["parts"]
            for line in gzip.decompress(self.read(f"{folder}/{part['name']}")).splitlines()
        ]


def same(records: list[dict], others: list[dict]) -> bool:
    """Whether two lists hold the same records, each the same number of times."""
    return Counter(json.dumps(record, sort_keys=True) for record in records) == Counter(
        json.dumps(record, sort_keys=True) for record in others
    )


def ordered(records: list[dict]) -> bool:
    dates = [record["changeDate"] for record in records]
    return dates == sorted(dates)
