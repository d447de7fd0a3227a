"""The operator that asks LivePerson whether it still counts what has landed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_liveperson.arguments import read_count, read_flag, read_moment, read_text
from airflow_provider_liveperson.exceptions import ConfigurationError, LivePersonError
from airflow_provider_liveperson.failures import fail, then_say_why
from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
from airflow_provider_liveperson.window import instant, stamp

if TYPE_CHECKING:
    from airflow.sdk import Context


class LivePersonRecountOperator(BaseOperator):
    """Count again at LivePerson what has landed, and return the windows that differ, for mapped tasks that pull them.

    For each complete window of the range, each slice that was asked for is asked for once more with the smallest page,
    and LivePerson's count compared with the manifest's: one request a slice, with the filters and the cursor of the
    manifest. The windows of the connection's account are counted, whatever else is there.

    What a count shows: that records came after the window had landed, or that LivePerson has fewer now, because it has
    deleted some. What it does not show: a record that has changed, such as a masked text; the dataset
    ``personal_data_deletion_requests`` names the days on which persons were deleted. As many records gone as have come
    leave a count as it was.

    - Conversations by the cursor ``end`` are not compared by LivePerson's count, because surveys move the end by which
      it goes. Their heads are read and counted instead: as many requests as for a pull, of a fraction of its bytes.
    - What is missing, partial or damaged is not counted: ``gaps`` lists it.
    - A window that LivePerson does not keep whole any more cannot be counted. Neither can one by the cursor
      ``updated``, nor one that does not begin and end at full ten minutes where LivePerson rounds to these. The log and
      the report say how many there are and why; they are not among those that differ.
    - A dataset without a count that could be compared is refused when the DAG is parsed, with the reason.

    It returns (XCom) ``[{"start": …, "end": …}, …]``, for ``expand_kwargs`` of an operator that lands. Under the key
    ``report`` it leaves what was found out: ``dataset, account_id, start, end``, the numbers of windows that are the
    ``same``, those that ``differ`` with how many records had ``landed`` and are ``counted`` now, how many were
    ``not_counted`` by the reason, and how many are ``gaps``.

    :param uri: the landing: ``s3://bucket/prefix``, or the ``path`` of the operator that lands. (templated)
    :param dataset: the dataset's name. (templated)
    :param days: how many UTC days to count again. (templated)
    :param start: the first instant of the range, instead of ``days``: an aware datetime, or ISO 8601 text with an
        offset. (templated)
    :param end: the first instant after it, likewise. Default: the last midnight, UTC, before the end of the run's data
        interval, or before now, up to which LivePerson has all records. (templated)
    :param more_only: return only the windows of which LivePerson counts more now. A pull of one with fewer takes away
        from the store what LivePerson has deleted.
    :param aws_conn_id: the AWS connection, for S3. (templated)
    :param liveperson_conn_id: the LivePerson connection, of any LivePerson type. (templated)
    :raises ConfigurationError: when the DAG is parsed, for a dataset that has no such count.
    :raises AirflowFailException: for a permanent error: an invalid argument; nothing that has landed of the account;
        windows of which none could be counted. Its cause is the package's error.
    :raises LivePersonError: for any other error.
    """

    template_fields: Sequence[str] = (
        "uri",
        "dataset",
        "days",
        "start",
        "end",
        "aws_conn_id",
        "liveperson_conn_id",
    )
    ui_color = "#e8f0d8"

    def __init__(
        self,
        *,
        uri: str,
        dataset: str,
        days: int | str = 14,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
        more_only: bool = False,
        aws_conn_id: str | None = "aws_default",
        liveperson_conn_id: str = LivePersonHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.on_failure_callback = then_say_why(self.on_failure_callback)
        self.on_retry_callback = then_say_why(self.on_retry_callback)
        self.uri = uri
        self.dataset = dataset
        self.days = days
        self.start = start
        self.end = end
        self.more_only = more_only
        self.aws_conn_id = aws_conn_id
        self.liveperson_conn_id = liveperson_conn_id
        if isinstance(dataset, str) and "{" not in dataset:
            from airflow_provider_liveperson.recount import dataset_to_count

            dataset_to_count(dataset)

    def execute(self, context: Context) -> list[dict[str, str]]:
        """Count again.

        :param context: the task's context.
        :returns: the windows that differ, in order.
        :raises AirflowFailException: for a permanent error; its cause is the package's error.
        :raises LivePersonError: for any other error.
        """
        try:
            return self._execute(context)
        except LivePersonError as error:
            fail(error)

    def _execute(self, context: Context) -> list[dict[str, str]]:
        from airflow_provider_liveperson.hooks.destinations import store_at
        from airflow_provider_liveperson.recount import dataset_to_count, recount

        dataset = dataset_to_count(self.dataset)
        more_only = read_flag(self.more_only, "more_only")
        days = read_count(self.days, "days")
        if not days:
            raise ConfigurationError(f"days is {self.days!r}; it must be at least 1", field="days")
        start, end = read_moment(self.start, "start"), read_moment(self.end, "end")
        store, prefix = store_at(self.uri, aws_conn_id=self.aws_conn_id)
        hook = LivePersonHook.for_connection(read_text(self.liveperson_conn_id, "liveperson_conn_id"))
        with hook:
            result = recount(
                hook.get_conn(),
                store,
                prefix,
                dataset,
                days=days,
                start=None if start is None else instant(start, "start"),
                end=None if end is None else instant(end, "end"),
                before=context.get("data_interval_end"),
            )
        if (task_instance := context.get("ti")) is not None:
            task_instance.xcom_push(key="report", value=result.to_dict())
        return [
            {"start": stamp(one.window.start), "end": stamp(one.window.end)}
            for one in result.differing
            if one.has_more or not more_only
        ]
