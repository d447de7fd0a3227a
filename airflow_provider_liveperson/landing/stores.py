"""Where parts and manifests are kept. A store knows keys and bytes, nothing of records."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

T = TypeVar("T")

NEEDED_ON_S3 = "s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload"
_DELETE_AT_ONCE = 1000


class Store(Protocol):
    """What a landing needs of an object store. Every method raises StorageError."""

    def uri(self, key: str) -> str:
        """The address of a key, for people and lineage."""

    def read(self, key: str) -> bytes | None:
        """The bytes of an object, or None where there is none."""

    def sizes(self, folder: str) -> dict[str, int]:
        """The keys of all objects in a folder, each with its size in bytes."""

    def folders(self, folder: str) -> list[str]:
        """The names of the folders right below a folder, sorted; objects further down are not listed."""

    def upload(self, key: str, path: Path) -> None:
        """Store a file."""

    def write(self, key: str, data: bytes) -> None:
        """Store bytes in one atomic put."""

    def copy(self, source: str, key: str) -> None:
        """Store the bytes of one object under another key, too."""

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; those that are not there are no error."""


class S3Store:
    """Amazon S3, or what speaks like it, through Airflow's S3Hook: its connections, its lineage.

    :param bucket: the bucket's name.
    :param make_hook: makes the hook, once it is needed.
    :raises ConfigurationError: for a bucket that is no name.
    """

    def __init__(self, bucket: str, make_hook: Callable[[], S3Hook]) -> None:
        if not isinstance(bucket, str) or not bucket.strip() or "/" in bucket:
            raise ConfigurationError(
                f"bucket is {bucket!r}; it must be a bucket's plain name, without s3:// and without a folder, which"
                " goes into prefix",
                field="bucket",
            )
        self._bucket = bucket
        self._make_hook = make_hook

    @cached_property
    def _hook(self) -> S3Hook:
        return self._make_hook()

    def uri(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"

    def read(self, key: str) -> bytes | None:
        def read() -> bytes:
            data: bytes = self._hook.get_conn().get_object(Bucket=self._bucket, Key=key)["Body"].read()
            return data

        return self._try("read", key, read)

    def sizes(self, folder: str) -> dict[str, int]:
        def listed() -> dict[str, int]:
            found = self._hook.get_file_metadata(prefix=f"{folder}/", bucket_name=self._bucket)
            return {entry["Key"]: entry["Size"] for entry in found}

        return self._try("read", folder, listed) or {}

    def folders(self, folder: str) -> list[str]:
        def find() -> list[str]:
            pages = self._hook.get_conn().get_paginator("list_objects_v2")
            return [
                found["Prefix"].removeprefix(f"{folder}/").rstrip("/")
                for page in pages.paginate(Bucket=self._bucket, Prefix=f"{folder}/", Delimiter="/")
                for found in page.get("CommonPrefixes", [])
            ]

        return sorted(self._try("list", folder, find) or [])

    def upload(self, key: str, path: Path) -> None:
        self._try(
            "write", key, lambda: self._hook.load_file(str(path), key, bucket_name=self._bucket, replace=True)
        )

    def write(self, key: str, data: bytes) -> None:
        self._try(
            "write", key, lambda: self._hook.load_bytes(data, key, bucket_name=self._bucket, replace=True)
        )

    def copy(self, source: str, key: str) -> None:
        def copy() -> None:
            self._hook.get_conn().copy({"Bucket": self._bucket, "Key": source}, Bucket=self._bucket, Key=key)

        self._try("write", key, copy)

    def delete(self, keys: Iterable[str]) -> None:
        names = list(keys)
        for first in range(0, len(names), _DELETE_AT_ONCE):
            self._delete(names[first : first + _DELETE_AT_ONCE])

    def _delete(self, keys: list[str]) -> None:
        def delete() -> dict[str, Any]:
            answer: dict[str, Any] = self._hook.get_conn().delete_objects(
                Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
            )
            return answer

        for refused in (self._try("delete", keys[0], delete) or {}).get("Errors", []):
            raise self._error(
                "delete", refused.get("Key", ""), f"{refused.get('Code')} {refused.get('Message')}"
            )

    def _try(self, verb: str, key: str, act: Callable[[], T]) -> T | None:
        """Do something with an object; None when it is read and not there."""
        _ = self._hook  # whose own errors are said better than those of missing libraries
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return act()
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if verb == "read" and code in ("NoSuchKey", "404"):
                return None
            raise self._error(verb, key, str(error)) from error
        except (Boto3Error, BotoCoreError) as error:
            raise self._error(verb, key, str(error)) from error

    def _error(self, verb: str, key: str, reason: str) -> StorageError:
        refused = ("AccessDenied", "403", "Forbidden", "SignatureDoesNotMatch", "InvalidAccessKeyId")
        if "NoSuchBucket" in reason:
            mend = f"There is no bucket {self._bucket!r}; create it, or mend the operator's bucket."
        elif any(word in reason for word in refused):
            mend = f"The AWS identity of aws_conn_id may not; it needs {NEEDED_ON_S3} on this bucket."
        else:
            mend = "Check the bucket, the AWS credentials of aws_conn_id, and the network."
        return StorageError(f"cannot {verb} {self.uri(key)}: {reason}. {mend}", field="bucket")
