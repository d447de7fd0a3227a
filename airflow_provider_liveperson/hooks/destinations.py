"""Destinations by Airflow's connections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.arguments import read_mapping, read_optional_text, read_text
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing.destination import Destination

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    from airflow_provider_liveperson.landing.encoding import Encoding

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

    return Destination(
        store=S3Store(read_text(bucket, "bucket"), hook),
        prefix=read_optional_text(prefix, "prefix") or "",
        encoding=encoding,
    )


def path_destination(encoding: Encoding, *, path: object) -> Destination:
    """A folder of Airflow's ``ObjectStoragePath``.

    :param encoding: file format and compression.
    :param path: the folder.
    :raises ConfigurationError: for an invalid path.
    """
    from airflow_provider_liveperson.landing.object_storage import ObjectStorageStore

    return Destination(store=ObjectStorageStore(read_text(path, "path")), prefix="", encoding=encoding)
