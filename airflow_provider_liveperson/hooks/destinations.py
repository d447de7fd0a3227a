"""Destinations that Airflow's connections lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_liveperson.arguments import read_optional_text, read_text
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing.landing import Destination

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    from airflow_provider_liveperson.landing.encoding import Encoding

# A part goes up while the next one is read, in one thread: ten would take more memory, for a network that is faster
# than LivePerson answers anyway. In one thread, several requests for what fits into one only cost more.
_TRANSFER = {"use_threads": False, "multipart_threshold": 1 << 26, "multipart_chunksize": 1 << 26}


def s3_destination(encoding: Encoding, *, bucket: object, prefix: object, aws_conn_id: object) -> Destination:
    """A bucket, below a prefix.

    :param encoding: file format and compression.
    :param bucket: the bucket's name.
    :param prefix: the folder in it; may be empty.
    :param aws_conn_id: the AWS connection.
    :raises ConfigurationError: for a bucket or prefix that cannot be.
    """
    from airflow_provider_liveperson.landing.s3 import S3Store

    conn_id = read_optional_text(aws_conn_id, "aws_conn_id")

    def hook() -> S3Hook:
        try:
            from airflow.providers.amazon.aws.hooks.s3 import S3Hook
        except ImportError as error:
            raise ConfigurationError(
                "the Amazon provider is not installed; pip install 'airflow-provider-liveperson[s3]'"
            ) from error
        return S3Hook(aws_conn_id=conn_id, transfer_config_args=_TRANSFER)

    return Destination(
        store=S3Store(read_text(bucket, "bucket"), hook),
        prefix=read_optional_text(prefix, "prefix") or "",
        encoding=encoding,
    )


def path_destination(encoding: Encoding, *, path: object) -> Destination:
    """A folder of Airflow's ``ObjectStoragePath``.

    :param encoding: file format and compression.
    :param path: the folder.
    :raises ConfigurationError: for a path that cannot be.
    """
    from airflow_provider_liveperson.landing.object_storage import ObjectStorageStore

    return Destination(store=ObjectStorageStore(read_text(path, "path")), prefix="", encoding=encoding)
