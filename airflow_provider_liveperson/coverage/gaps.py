"""The windows that have to be pulled again, for mapped tasks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow_provider_liveperson.arguments import read_flag, read_moment, read_optional_text, read_text
from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.window import DAY, Window, instant, stamp


def gaps(
    uri: str,
    *,
    dataset: str,
    start: datetime | str | None = None,
    end: datetime | str | None = None,
    account_id: str | None = None,
    every: timedelta = DAY,
    aws_conn_id: str | None = "aws_default",
    verify: bool = False,
    allow_out_of_range: bool = False,
) -> list[dict[str, str]]:
    """List what is missing or incomplete, for mapped tasks: ``Operator.partial(…).expand_kwargs(…)``.

    Call it in a task, not in a DAG file: it reads the store. A window that has landed but is incomplete or damaged is
    listed as it is, since only the same window replaces it. What is missing is listed by the UTC day.

    :param uri: the landing: ``s3://bucket/prefix``, or the operator's ``path``.
    :param dataset: the dataset's name.
    :param start: the first instant of the range: an aware datetime, or ISO 8601 text with an offset. None for the
        beginning of the first window that has landed.
    :param end: the first instant after the range, likewise. None for the last midnight, UTC, up to which LivePerson
        has all records, or the end of the last window that has landed, if that is later.
    :param account_id: the LivePerson account; None if there is only one in the landing.
    :param every: the longest window to list for what is missing; an hour, if windows are pulled by the hour.
    :param aws_conn_id: the AWS connection, for S3.
    :param verify: read every part, too, and list windows whose parts are damaged.
    :param allow_out_of_range: list windows, too, of which LivePerson does not have all records: not yet, or no longer.
        An operator pulls those only with the argument of the same name.
    :returns: ``{"start": …, "end": …}`` for each window, in order, ISO 8601 in UTC.
    :raises ConfigurationError: for a bad argument; for a landing with several accounts, unless one is named; and for an
        empty one, unless there is a start.
    :raises EmptyWindowError: unless ``start`` is before ``end``.
    :raises StorageError: when the store cannot be read, or a manifest is not one: no pull replaces that.
    """
    from airflow_provider_liveperson.coverage.landed import Landed
    from airflow_provider_liveperson.coverage.states import Status
    from airflow_provider_liveperson.datasets.catalog import dataset_named
    from airflow_provider_liveperson.hooks.destinations import store_at

    if not isinstance(every, timedelta) or every <= timedelta(0):
        raise ConfigurationError(f"every must be a positive timedelta, not {every!r}", field="every")
    declared = dataset_named(read_text(dataset, "dataset"))
    start, end = read_moment(start, "start"), read_moment(end, "end")
    first = None if start is None else instant(start, "start")
    last = None if end is None else instant(end, "end")
    out_of_range = read_flag(allow_out_of_range, "allow_out_of_range")
    store, prefix = store_at(uri, aws_conn_id=aws_conn_id)
    landed = Landed(store, prefix, verify=read_flag(verify, "verify"))
    series = landed.series([declared.name], read_optional_text(account_id, "account_id"))
    if len(series) > 1:
        accounts = ", ".join(str(one.account_id) for one in series)
        raise ConfigurationError(
            f"{declared.name} of several accounts has landed in {uri}: {accounts}; name one of them",
            field="account_id",
        )
    now = datetime.now(UTC)
    found: list[Window] = []
    for state in landed.states(series[0], first, last, now=now):
        if state.status is Status.MISSING:
            found += state.window.cut(every)
        elif state.is_irreplaceable:
            raise StorageError("; ".join(state.problems), permanent=True)
        elif state.is_gap:
            found.append(state.window)
    return [
        {"start": stamp(window.start), "end": stamp(window.end)}
        for window in found
        if out_of_range or series[0].can_be_pulled(window, now)
    ]
