"""Destinations by Airflow's connections."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.arguments import is_nothing, read_mapping, read_optional_text, read_text
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing.destination import Destination

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    from airflow_provider_liveperson.landing.encoding import Encoding
    from airflow_provider_liveperson.landing.s3 import S3Store
    from airflow_provider_liveperson.landing.stores import Store

# A part is uploaded while the next one is read, in one thread: ten would take more memory, for a network that is faster
# than LivePerson anyway. In one thread, several requests for what fits into one only cost more.
_TRANSFER = {"use_threads": False, "multipart_threshold": 1 << 26, "multipart_chunksize": 1 << 26}


_SECRET = ("SSECustomerKey", "SSECustomerKeyMD5")


def read_extra_args(value: object) -> dict[str, Any]:
    """Further arguments of all requests to S3; Airflow masks the secret ones from here on.

    :param value: a dict, or None.
    :raises ConfigurationError: for anything else.
    """
    from airflow.sdk.log import mask_secret

    extra_args = dict(read_mapping(value, "extra_args") or {})
    for name in _SECRET:
        if extra_args.get(name):
            mask_secret(extra_args[name])
    return extra_args


def s3_destination(
    encoding: Encoding, *, bucket: object, prefix: object, aws_conn_id: object, extra_args: object = None
) -> Destination:
    """A bucket, below a prefix.

    :param encoding: file format and compression.
    :param bucket: the bucket's name.
    :param prefix: the folder in it; may be empty.
    :param aws_conn_id: the AWS connection.
    :param extra_args: further arguments of all requests to S3, by name.
    :raises ConfigurationError: for an invalid bucket or prefix.
    """
    return Destination(
        store=s3_store(bucket, aws_conn_id=aws_conn_id, extra_args=extra_args),
        prefix=read_optional_text(prefix, "prefix") or "",
        encoding=encoding,
    )


def s3_store(bucket: object, *, aws_conn_id: object, extra_args: object = None) -> S3Store:
    """A bucket.

    :param bucket: its name.
    :param aws_conn_id: the AWS connection.
    :param extra_args: further arguments of all requests to S3, by name.
    :raises ConfigurationError: for an invalid bucket.
    """
    from airflow_provider_liveperson.landing.s3 import S3Store

    conn_id = read_optional_text(aws_conn_id, "aws_conn_id")
    extra = read_extra_args(extra_args)

    def hook() -> S3Hook:
        try:
            from airflow.providers.amazon.aws.hooks.s3 import S3Hook
        except ImportError as error:
            raise ConfigurationError(
                "the Amazon provider is not installed; pip install 'airflow-provider-liveperson[s3]'"
            ) from error
        return S3Hook(aws_conn_id=conn_id, transfer_config_args=dict(_TRANSFER), extra_args=extra)

    return S3Store(read_text(bucket, "bucket"), hook)


def path_destination(encoding: Encoding, *, path: object) -> Destination:
    """A folder of Airflow's ``ObjectStoragePath``.

    :param encoding: file format and compression.
    :param path: the folder.
    :raises ConfigurationError: for an invalid path.
    """
    from airflow_provider_liveperson.landing.object_storage import ObjectStorageStore

    return Destination(store=ObjectStorageStore(read_text(path, "path")), prefix="", encoding=encoding)


def store_at(uri: object, *, aws_conn_id: object, extra_args: object = None) -> tuple[Store, str]:
    """The store that an address names, and the prefix in it.

    :param uri: ``s3://bucket/prefix``, a folder of Airflow's ``ObjectStoragePath``, or a local folder.
    :param aws_conn_id: the AWS connection; a connection in the address, ``s3://conn_id@bucket``, takes precedence.
    :param extra_args: further arguments of all requests to S3, by name.
    :raises ConfigurationError: for an invalid address.
    """
    if is_nothing(uri):
        # As a local folder, it would be the one in which this process happens to run.
        raise ConfigurationError(
            f"uri is {uri!r}; it must be the address of a landing, such as s3://my-lake/liveperson",
            field="uri",
        )
    text = read_text(uri, "uri")
    if text.startswith("s3://"):
        place, _, prefix = text.removeprefix("s3://").partition("/")
        named, _, bucket = place.rpartition("@")
        return s3_store(bucket, aws_conn_id=named or aws_conn_id, extra_args=extra_args), prefix
    from airflow_provider_liveperson.landing.object_storage import ObjectStorageStore

    return ObjectStorageStore(text if "://" in text else f"file://{Path(text).absolute()}"), ""
