"""LivePerson to Amazon S3, or what speaks like it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.transfers.base import LivePersonTransferOperator

if TYPE_CHECKING:
    from airflow_provider_liveperson.landing.encoding import Encoding
    from airflow_provider_liveperson.landing.landing import Destination


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
        from airflow_provider_liveperson.hooks.destinations import s3_destination

        return s3_destination(encoding, bucket=self.bucket, prefix=self.prefix, aws_conn_id=self.aws_conn_id)


class AuditTrailToS3Operator(LivePersonToS3Operator):
    """Pull one window of LivePerson's audit trail into S3; see :class:`LivePersonToS3Operator`.

    :param bucket: the bucket. (templated)
    """

    def __init__(self, *, bucket: str, **kwargs: Any) -> None:
        super().__init__(dataset="audit_trail", bucket=bucket, **kwargs)
