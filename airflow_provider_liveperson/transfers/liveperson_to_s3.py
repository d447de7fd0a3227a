"""LivePerson to Amazon S3, or what speaks like it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.arguments import read_optional_text, read_text
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.transfers.base import LivePersonTransferOperator

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    from airflow_provider_liveperson.landing.encoding import Encoding
    from airflow_provider_liveperson.landing.landing import Destination


# A part goes up while the next one is read, in one thread: ten would take more memory, for a network that is faster
# than LivePerson answers anyway. In one thread, several requests for what fits into one only cost more.
_TRANSFER = {"use_threads": False, "multipart_threshold": 1 << 26, "multipart_chunksize": 1 << 26}


class LivePersonToS3Operator(LivePersonTransferOperator):
    """Pull one window of a LivePerson dataset into S3; see :class:`LivePersonTransferOperator` for what holds.

    :param dataset: the dataset's name. (templated)
    :param bucket: the bucket. (templated)
    :param prefix: the folder in it; may be empty. (templated)
    :param aws_conn_id: the AWS connection. (templated)
    """

    template_fields: Sequence[str] = (
        *LivePersonTransferOperator.template_fields,
        "bucket",
        "prefix",
        "aws_conn_id",
    )

    def __init__(
        self,
        *,
        dataset: str,
        bucket: str,
        prefix: str = "liveperson",
        aws_conn_id: str | None = "aws_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(dataset=dataset, **kwargs)
        self.bucket = bucket
        self.prefix = prefix
        self.aws_conn_id = aws_conn_id

    def destination(self, encoding: Encoding) -> Destination:
        """Where the records go: the bucket, below the prefix.

        :param encoding: file format and compression.
        :raises ConfigurationError: for a bucket or prefix that cannot be.
        """
        from airflow_provider_liveperson.landing.landing import Destination
        from airflow_provider_liveperson.landing.s3 import S3Store

        return Destination(
            store=S3Store(read_text(self.bucket, "bucket"), self._s3_hook),
            prefix=read_optional_text(self.prefix, "prefix") or "",
            encoding=encoding,
        )

    def _s3_hook(self) -> S3Hook:
        try:
            from airflow.providers.amazon.aws.hooks.s3 import S3Hook
        except ImportError as error:
            raise ConfigurationError(
                "the Amazon provider is not installed; pip install 'airflow-provider-liveperson[s3]'"
            ) from error
        aws_conn_id = read_optional_text(self.aws_conn_id, "aws_conn_id")
        return S3Hook(aws_conn_id=aws_conn_id, transfer_config_args=_TRANSFER)


class AuditTrailToS3Operator(LivePersonToS3Operator):
    """Pull one window of LivePerson's audit trail into S3; see :class:`LivePersonToS3Operator`.

    :param bucket: the bucket. (templated)
    """

    def __init__(self, *, bucket: str, **kwargs: Any) -> None:
        super().__init__(dataset="audit_trail", bucket=bucket, **kwargs)
