"""LivePerson to Amazon S3, or a store with the same API."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.arguments import read_optional_text, read_text
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.transfers.base import LivePersonTransferOperator

if TYPE_CHECKING:
    from airflow.sdk import Context
    from jinja2 import Environment

    from airflow_provider_liveperson.landing.destination import Destination
    from airflow_provider_liveperson.landing.encoding import Encoding
    from airflow_provider_liveperson.landing.s3 import S3Store


class LivePersonToS3Operator(LivePersonTransferOperator):
    """Pull one window of a LivePerson dataset into S3; see :class:`LivePersonTransferOperator`.

    :param dataset: the dataset's name. (templated)
    :param bucket: the bucket. (templated)
    :param prefix: the folder in it; may be empty. (templated)
    :param aws_conn_id: the AWS connection. (templated)
    :param extra_args: further arguments of all requests to S3, as for Airflow's ``S3Hook``, such as
        ``ServerSideEncryption``, ``SSEKMSKeyId``, ``ACL``, ``RequestPayer``, ``StorageClass``, ``ExpectedBucketOwner``.
        Each is added to every request that accepts it. Take ``SSECustomerKey`` from a template, such as
        ``{{ conn.my_key.password }}``: it is masked in logs and rendered fields, but the DAG's own text is not.
        (templated)
    """

    template_fields: Sequence[str] = (
        *LivePersonTransferOperator.template_fields,
        "bucket",
        "prefix",
        "aws_conn_id",
        "extra_args",
    )
    template_fields_renderers = {
        **LivePersonTransferOperator.template_fields_renderers,
        "extra_args": "json",
    }

    _store: S3Store | None = None

    def __init__(
        self,
        *,
        dataset: str,
        bucket: str,
        prefix: str = "liveperson",
        aws_conn_id: str | None = "aws_default",
        extra_args: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(dataset=dataset, **kwargs)
        self.bucket = bucket
        self.prefix = prefix
        self.aws_conn_id = aws_conn_id
        self.extra_args = extra_args

    @classmethod
    def folder_uri(cls, *, bucket: str, prefix: str | None = "liveperson", **_: Any) -> str:
        """The folder: ``s3://{bucket}/{prefix}``.

        :param bucket: the bucket.
        :param prefix: the folder in it.
        """
        folder = (read_optional_text(prefix, "prefix") or "").strip("/")
        return f"s3://{read_text(bucket, 'bucket')}/{folder}".rstrip("/")

    def render_template_fields(self, context: Context, jinja_env: Environment | None = None) -> None:
        """Render the templates, and have Airflow mask the secret ones.

        :param context: the task's context.
        :param jinja_env: the environment to render in.
        """
        super().render_template_fields(context, jinja_env)
        from airflow_provider_liveperson.hooks.destinations import read_extra_args

        with contextlib.suppress(ConfigurationError):  # which the task will report
            read_extra_args(self.extra_args)

    def destination(self, encoding: Encoding) -> Destination:
        """Where the records are written: the bucket, below the prefix.

        :param encoding: file format and compression.
        :raises ConfigurationError: for an invalid bucket or prefix.
        """
        from airflow_provider_liveperson.hooks.destinations import s3_destination
        from airflow_provider_liveperson.landing.s3 import S3Store

        destination = s3_destination(
            encoding,
            bucket=self.bucket,
            prefix=self.prefix,
            aws_conn_id=self.aws_conn_id,
            extra_args=self.extra_args,
        )
        if isinstance(destination.store, S3Store):
            self._store = destination.store
        return destination

    def console_url(self, uri: str) -> str | None:
        """Where people look at an object, or a folder, in a browser; None for other stores than Amazon's.

        :param uri: of an object that this task has landed, or of a folder, with a slash at its end.
        """
        return None if self._store is None else self._store.console_url(uri)


class AuditTrailToS3Operator(LivePersonToS3Operator):
    """Pull one window of LivePerson's audit trail into S3; see :class:`LivePersonToS3Operator`.

    :param bucket: the bucket. (templated)
    """

    def __init__(self, *, bucket: str, **kwargs: Any) -> None:
        super().__init__(dataset="audit_trail", bucket=bucket, **kwargs)
