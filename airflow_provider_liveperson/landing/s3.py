"""Amazon S3, and stores with its API."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, TypeVar

from airflow_provider_liveperson.exceptions import ConfigurationError, LivePersonError, StorageError
from airflow_provider_liveperson.landing.consoles import s3_console
from airflow_provider_liveperson.landing.s3_errors import code_of, reason_of, s3_error, status_of
from airflow_provider_liveperson.landing.stores import (
    MAX_READ,
    READ_SIZE,
    ConflictError,
    Entry,
    RefusedError,
    Stored,
    below,
    fill,
)

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

T = TypeVar("T")

# Together: a request fails once S3 has been silent for some five minutes, or has asked to slow down for about one.
CONNECT_TIMEOUT = 10
READ_TIMEOUT = 30
MAX_ATTEMPTS = 8
_MAX_PAGES = 10_000
_READ_ATTEMPTS = 3
_DELETE_AT_ONCE = 1000

_CONFLICT = {"PreconditionFailed", "412", "ConditionalRequestConflict", "OperationAborted", "409"}
_UNSUPPORTED = {"NotImplemented", "501", "InvalidArgument", "InvalidRequest"}

# The arguments of PutObject that say which object is put, rather than how.
_NOT_EXTRA = {
    *("Bucket", "Key", "Body", "ContentLength", "ContentMD5", "IfMatch", "IfNoneMatch", "WriteOffsetBytes"),
    *(f"Checksum{name}" for name in ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "SHA512", "MD5")),
    *("ChecksumXXHASH3", "ChecksumXXHASH64", "ChecksumXXHASH128"),
}
_ALSO_EXTRA = {"BypassGovernanceRetention", "ChecksumMode", "MetadataDirective", "TaggingDirective"}
# What CopyObject needs for its source as well.
_OF_THE_SOURCE = {
    "SSECustomerAlgorithm": "CopySourceSSECustomerAlgorithm",
    "SSECustomerKey": "CopySourceSSECustomerKey",
    "SSECustomerKeyMD5": "CopySourceSSECustomerKeyMD5",
    "ExpectedBucketOwner": "ExpectedSourceBucketOwner",
}
_OPERATIONS = (
    *("PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload"),
    *("CopyObject", "GetObject", "HeadObject", "ListObjectsV2", "DeleteObjects"),
)


class S3Store:
    """Amazon S3 through Airflow's S3Hook: its connections, its lineage, its ``extra_args``.

    Puts are conditional (``If-None-Match``, ``If-Match``), unless the store says that it does not support that;
    then what is there is read first.

    :param bucket: the bucket's name.
    :param make_hook: makes the hook, once it is needed. Its ``extra_args`` go into every request that takes them. The
        timeouts and retries of its connection apply.
    :raises ConfigurationError: for a bucket name that is not valid.
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
        self._is_conditional = True

    @cached_property
    def _hook(self) -> S3Hook:
        return self._make_hook()

    @cached_property
    def _client(self) -> Any:
        from botocore.config import Config

        bounds: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT, "read_timeout": READ_TIMEOUT}
        if not {"AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE"} & os.environ.keys():
            bounds["retries"] = {"mode": "standard", "total_max_attempts": MAX_ATTEMPTS}
        client = self._hook.get_client_type(config=Config(**bounds).merge(self._hook.config))
        self._check_extra_args(client)
        return client

    def _check_extra_args(self, client: Any) -> None:
        from botocore.validate import ParamValidator

        extra: Mapping[str, Any] = self._hook.extra_args
        model = client.meta.service_model
        known = (set(model.operation_model("PutObject").input_shape.members) - _NOT_EXTRA) | _ALSO_EXTRA
        if unknown := sorted(str(name) for name in extra.keys() - known):
            raise ConfigurationError(
                f"extra_args has {', '.join(unknown)}, which S3 does not know, or which says what is put instead of"
                " how; such as ServerSideEncryption, SSEKMSKeyId, ACL, RequestPayer and StorageClass go there",
                field="extra_args",
            )
        for name, value in extra.items():
            for operation in _OPERATIONS:
                shape = model.operation_model(operation).input_shape.members.get(name)
                # botocore's report would quote the value, which may be a key.
                if shape is not None and ParamValidator().validate(value, shape).has_errors():
                    raise ConfigurationError(
                        f"{name} in extra_args is a {type(value).__name__} that S3 does not take; it must be a"
                        f" {shape.type_name}",
                        field="extra_args",
                    )

    def _call(self, operation: str, method: str, **arguments: Any) -> Any:
        """Send one request, with those of the extra arguments that it takes."""
        client = self._client
        return getattr(client, method)(Bucket=self._bucket, **{**self._extra(operation), **arguments})

    def _extra(self, operation: str) -> dict[str, Any]:
        taken = self._takes(operation)
        extra = self._hook.extra_args
        if operation == "CopyObject":
            extra = {
                **{of: extra[name] for name, of in _OF_THE_SOURCE.items() if name in extra},
                **extra,
            }
        return {name: value for name, value in extra.items() if name in taken}

    def _takes(self, operation: str) -> set[str]:
        return set(self._client.meta.service_model.operation_model(operation).input_shape.members)

    def uri(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"

    def console_url(self, uri: str) -> str | None:
        """An object or a folder of this bucket in Amazon's console; None for other stores with the same API.

        :param uri: its URI, a folder's with a slash at its end.
        """
        meta = self._client.meta
        key = uri.removeprefix(f"s3://{self._bucket}/")
        return s3_console(meta.endpoint_url, meta.region_name, self._bucket, key)

    def read(self, key: str) -> bytes | None:
        found = self.fetch(key)
        return found.data if found is not None else None

    def fetch(self, key: str) -> Stored | None:
        def fetch() -> Stored:
            answer = self._call("GetObject", "get_object", Key=key)
            with contextlib.closing(answer["Body"]) as body:
                data: bytes = body.read(MAX_READ + 1)
            if len(data) > MAX_READ:
                raise self._error("read", key, f"it holds more than {MAX_READ} bytes")
            return Stored(data, answer.get("ETag"))

        return self._try("read", key, lambda: _read_whole(fetch))

    def entries(self, folder: str) -> dict[str, Entry]:
        def listed() -> dict[str, Entry]:
            return {
                one["Key"]: Entry(int(one["Size"]), one.get("ETag"), one["LastModified"].timestamp())
                for page in self._pages(folder)
                for one in page.get("Contents", [])
            }

        return self._try("list", folder, listed) or {}

    def _pages(self, folder: str, **choices: Any) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=below(folder), **choices, **self._extra("ListObjectsV2")
        )
        for number, page in enumerate(pages):
            if number == _MAX_PAGES:
                raise self._error("list", folder, f"its listing has more than {_MAX_PAGES} pages")
            yield page

    def folders(self, folder: str) -> list[str]:
        def find() -> list[str]:
            pages = self._pages(folder, Delimiter="/")
            return [
                found["Prefix"].removeprefix(below(folder)).rstrip("/")
                for page in pages
                for found in page.get("CommonPrefixes", [])
            ]

        return sorted(self._try("list", folder, find) or [])

    def sha256(self, key: str) -> str | None:
        return None

    def digest(self, key: str) -> str | None:
        def read() -> str:
            answer = self._call("GetObject", "get_object", Key=key)
            found = hashlib.sha256()
            with contextlib.closing(answer["Body"]) as body:
                for chunk in body.iter_chunks(READ_SIZE):
                    found.update(chunk)
            return found.hexdigest()

        return self._try("read", key, lambda: _read_whole(read))

    def download(self, key: str, file: IO[bytes]) -> str | None:
        def read() -> str:
            answer = self._call("GetObject", "get_object", Key=key)
            with contextlib.closing(answer["Body"]) as body:
                return fill(file, body.iter_chunks(READ_SIZE))

        return self._try("read", key, lambda: _read_whole(read))

    def create(self, key: str, file: IO[bytes]) -> str | None:
        etag = self._if_free(key, "PutObject", lambda condition: self._put_file(key, file, condition))
        self._report_lineage(key)
        return etag

    def overwrite(self, key: str, file: IO[bytes]) -> str | None:
        etag = self._try("write", key, lambda: self._put_file(key, file, {}))
        self._report_lineage(key)
        return etag

    def write(self, key: str, data: bytes) -> None:
        self._try("write", key, lambda: self._call("PutObject", "put_object", Key=key, Body=data))

    def swap(self, key: str, data: bytes, expected: Stored | None) -> None:
        def put(condition: dict[str, str]) -> None:
            self._call("PutObject", "put_object", Key=key, Body=data, **condition)

        def look() -> bool:
            found = self.fetch(key)
            return (found and found.data) == (expected and expected.data)

        has_etag = expected is None or expected.etag is not None
        condition = {"IfNoneMatch": "*"} if expected is None else {"IfMatch": expected.etag or ""}
        self._put_on_condition(key, "PutObject", put, condition if has_etag else {}, look)
        self._report_lineage(key)

    def copy(self, source: str, key: str, etag: str | None) -> str | None:
        expected = {} if etag is None else {"CopySourceIfMatch": etag}

        def copy(condition: dict[str, str]) -> str | None:
            answer = self._call(
                "CopyObject",
                "copy_object",
                Key=key,
                CopySource={"Bucket": self._bucket, "Key": source},
                **expected,
                **condition,
            )
            found: str | None = answer.get("CopyObjectResult", {}).get("ETag")
            return found

        copied = self._if_free(key, "CopyObject", copy)
        self._report_lineage(key)
        return copied

    def delete(self, keys: Iterable[str]) -> None:
        names = list(keys)
        for first in range(0, len(names), _DELETE_AT_ONCE):
            self._delete(names[first : first + _DELETE_AT_ONCE])

    def _delete(self, keys: list[str]) -> None:
        def delete() -> dict[str, Any]:
            answer: dict[str, Any] = self._call(
                "DeleteObjects",
                "delete_objects",
                Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True},
            )
            return answer

        for refused in (self._try("delete", keys[0], delete) or {}).get("Errors", []):
            code = str(refused.get("Code", ""))
            raise self._error(
                "delete", refused.get("Key", ""), f"{code} {refused.get('Message')}", code, RefusedError
            )

    # -- puts ------------------------------------------------------------------------------------------

    def _put_file(self, key: str, file: IO[bytes], condition: dict[str, str]) -> str | None:
        """Store a file in one request, or in several where it is larger than the hook's threshold."""
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        if size >= self._hook.transfer_config.multipart_threshold:
            return self._put_multipart(key, file, size, condition)
        answer = self._call("PutObject", "put_object", Key=key, Body=file, **condition)
        etag: str | None = answer.get("ETag")
        return etag

    def _put_multipart(self, key: str, file: IO[bytes], size: int, condition: dict[str, str]) -> str | None:
        from s3transfer.utils import ReadFileChunk

        upload = {
            "Key": key,
            "UploadId": self._call("CreateMultipartUpload", "create_multipart_upload", Key=key)["UploadId"],
        }
        try:
            uploaded = []
            step = self._hook.transfer_config.multipart_chunksize
            for number, start in enumerate(range(0, size, step), start=1):
                file.seek(start)
                body = ReadFileChunk(file, min(step, size - start), size)
                answer = self._call("UploadPart", "upload_part", Body=body, PartNumber=number, **upload)
                uploaded.append(
                    {
                        "PartNumber": number,
                        **{name: value for name, value in answer.items() if name in self._proofs},
                    }
                )
            answer = self._call(
                "CompleteMultipartUpload",
                "complete_multipart_upload",
                MultipartUpload={"Parts": uploaded},
                **upload,
                **condition,
            )
        except BaseException:
            with contextlib.suppress(
                Exception
            ):  # what failed is raised; the bucket's rules remove what is left
                self._call("AbortMultipartUpload", "abort_multipart_upload", **upload)
            raise
        etag: str | None = answer.get("ETag")
        return etag

    @cached_property
    def _proofs(self) -> set[str]:
        """The fields of an answer to UploadPart that CompleteMultipartUpload takes."""
        model = self._client.meta.service_model
        shape = model.operation_model("CompleteMultipartUpload").input_shape.members["MultipartUpload"]
        return set(shape.members["Parts"].member.members) - {"PartNumber"}

    def _if_free(self, key: str, operation: str, put: Callable[[dict[str, str]], T]) -> T:
        return self._put_on_condition(
            key,
            operation,
            put,
            {"IfNoneMatch": "*"},
            lambda: key not in self.entries(key.rpartition("/")[0]),
        )

    def _put_on_condition(
        self,
        key: str,
        operation: str,
        put: Callable[[dict[str, str]], T],
        condition: dict[str, str],
        look: Callable[[], bool],
    ) -> T:
        from botocore.exceptions import ClientError

        def attempt() -> T:
            if condition and self._is_conditional and condition.keys() <= self._takes(operation):
                try:
                    return put(condition)
                except ClientError as error:
                    if code_of(error) not in _UNSUPPORTED:
                        raise
            if not look():
                raise ConflictError(f"{self.uri(key)} is not what it was", field="bucket")
            done = put({})
            if condition and condition.keys() <= self._takes(operation):
                self._is_conditional = False  # as the same put without a condition went well
            return done

        return self._try("write", key, attempt)  # type: ignore[return-value]

    def _report_lineage(self, key: str) -> None:
        with contextlib.suppress(Exception):  # which is not worth a landing
            from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector

            get_hook_lineage_collector().add_output_asset(
                context=self._hook, scheme="s3", asset_kwargs={"bucket": self._bucket, "key": key}
            )

    # -- errors ----------------------------------------------------------------------------------------

    def _try(self, verb: str, key: str, act: Callable[[], T]) -> T | None:
        """Do something with an object; None when it is read and not there.

        Every other error becomes one of this package: those of S3, of the network and of the AWS libraries, and what
        they raise for answers that make no sense.
        """
        _ = self._hook  # its errors say more than those of missing libraries
        from botocore.exceptions import ClientError

        try:
            return act()
        except LivePersonError:
            raise
        except ClientError as error:
            code = code_of(error)
            status = status_of(error)
            if verb == "read" and (code == "NoSuchKey" or (code == "404" and status == 404)):
                return None
            kind: type[StorageError] = StorageError
            if verb == "write" and (code in _CONFLICT or code == "NoSuchKey"):
                kind = ConflictError
            elif 400 <= status < 500 and code != "RequestTimeout":
                kind = RefusedError
            raise self._error(verb, key, str(error), code, kind) from error
        except Exception as error:
            raise self._error(verb, key, reason_of(error), type(error).__name__) from error

    @property
    def _identity(self) -> str:
        """Whose AWS credentials are used."""
        named = getattr(self._hook, "aws_conn_id", None)
        return f"connection {named!r}" if named else "this machine (aws_conn_id is None)"

    def _error(
        self, verb: str, key: str, reason: str, code: str = "", kind: type[StorageError] = StorageError
    ) -> StorageError:
        return s3_error(
            verb,
            self.uri(key),
            reason,
            bucket=self._bucket,
            identity=self._identity,
            code=code,
            kind=kind,
        )


def _read_whole(read: Callable[[], T]) -> T:
    """Read an object; again, a few times, where the body broke off."""
    from botocore.exceptions import HTTPClientError, IncompleteReadError

    for _ in range(_READ_ATTEMPTS - 1):
        with contextlib.suppress(HTTPClientError, IncompleteReadError):
            return read()
    return read()
