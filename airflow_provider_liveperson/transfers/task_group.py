"""Many datasets, or a whole account, in one call: a task group with everything that their pulls have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow.sdk import Asset, AssetAlias, TaskGroup

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.transfers.base import LivePersonTransferOperator
from airflow_provider_liveperson.transfers.liveperson_to_object_storage import (
    LivePersonToObjectStorageOperator,
)
from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator
from airflow_provider_liveperson.transfers.pulls import ALL_READABLE, Paths, Pull, read_pulls
from airflow_provider_liveperson.transfers.readable import LivePersonReadableDatasetsOperator
from airflow_provider_liveperson.transfers.schedule import check_schedule, window_lengths

_OF_THE_CHECK = frozenset(
    {"start", "end", "allow_out_of_range", "liveperson_conn_id", "pool", "queue", "retries", "retry_delay"}
)
_GIVEN_OTHERWISE = {"dataset": "datasets", "task_id": "group_id", "outlets": "assets"}


def liveperson_task_group(
    datasets: Sequence[str] | str,
    *,
    bucket: str | None = None,
    path: str | None = None,
    exclude: Sequence[str] = (),
    hash_fields: Paths = (),
    drop_fields: Paths = (),
    keep_fields: Paths | None = None,
    refresh: Mapping[str, int] | None = None,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    assets: bool = True,
    group_id: str = "liveperson",
    **common: Any,
) -> TaskGroup:
    """Pull several datasets, or a whole account, each by a task of its own.

    >>> with DAG("liveperson", schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC")):  # doctest: +SKIP
    ...     liveperson_task_group("all readable", bucket="my-lake", drop_fields=PERSONAL_FIELDS, pool="liveperson")

    For a list of datasets, the tasks are ``{group_id}.{dataset}``. For ``"all readable"``, the task
    ``{group_id}.readable`` asks LivePerson in each run what the connection can read, and ``{group_id}.pull`` is mapped
    over that. A dataset of which LivePerson cannot serve windows as long as the DAG's, such as one that it keeps for a
    day in a daily DAG, is left out then, and refused in a list.

    A dataset with a lag as long as the DAG's interval, or longer, is pulled as many windows later, so that no run waits
    for longer than its own interval; ``shift_by_lag=False`` makes it wait.

    Nothing is asked of LivePerson, and no connection is read, while the DAG is parsed.

    :param datasets: names of datasets, or ``"all readable"``.
    :param bucket: the bucket, for :class:`LivePersonToS3Operator`; its ``prefix`` and ``aws_conn_id`` go with it.
    :param path: the folder, for :class:`LivePersonToObjectStorageOperator`, instead of a bucket.
    :param exclude: datasets to leave out.
    :param hash_fields: fields to replace by their salted hashes, as dotted paths. Of a list, each dataset takes the
        paths that it declares. A mapping has a list for each dataset.
    :param drop_fields: fields to leave out, likewise; ``PERSONAL_FIELDS`` is such a mapping.
    :param keep_fields: the only fields to land, likewise; default: all. A dataset that is not in a mapping keeps all.
    :param refresh: of which datasets to pull how many of the windows before the run's again, because their records
        change later: ``{"outbound_transactions": 7}``. Their tasks are mapped over the windows.
    :param overrides: arguments of the operator for single datasets, such as
        ``{"messaging_interactions": {"cursor": "full_dialog_end"}, "data_access_survey": {"raw": True}}``.
    :param assets: whether each task has the dataset's asset, ``s3://{bucket}/{prefix}/{dataset}``, among its outlets.
    :param group_id: the ID of the task group.
    :param common: any other argument of the operator, for all tasks: ``liveperson_conn_id``, ``prefix``, ``pool``,
        ``retries``, ``deferrable``, ``file_format``, …
    :returns: the task group, which has been added to the DAG.
    :raises ConfigurationError: for an unknown dataset, a path that no dataset declares, a dataset that no run of the
        DAG could land, or another argument that is not valid; its field is the argument.
    """
    operator, store = _store(bucket, path)
    common = {**store, **common}
    common.setdefault("shift_by_lag", common.get("start") is None)
    for name, argument in _GIVEN_OTHERWISE.items():
        if name in common:
            raise ConfigurationError(f"{name} is not an argument for all tasks; see {argument}", field=name)
    pulls = read_pulls(
        datasets,
        exclude=exclude,
        hash_fields=hash_fields,
        drop_fields=drop_fields,
        keep_fields=keep_fields,
        refresh=refresh,
        overrides=overrides,
        common=common,
    )
    with TaskGroup(group_id=group_id) as group:
        timetable = getattr(group.dag, "timetable", None)
        folder = _asset_folder(operator, common) if assets else None
        if datasets == ALL_READABLE:
            _add_readable(operator, pulls, common, folder, timetable)
        else:
            for pull in pulls:
                _add_task(operator, pull, common, folder, timetable)
    return group


def _add_task(
    operator: type[LivePersonTransferOperator],
    pull: Pull,
    common: Mapping[str, Any],
    folder: str | None,
    timetable: object,
) -> None:
    """Add the task of a dataset, mapped if it has several windows."""
    name = pull.dataset.name
    arguments = {"task_id": name, **pull.arguments(common)}
    if folder is not None:
        arguments["outlets"] = [Asset(f"{folder}/{name}")]
    if not pull.windows:
        operator(**arguments)
        return
    if _needs_whole_window(arguments):
        check_schedule(pull.dataset, timetable, windows_back=len(pull.windows) - 1)
    operator.partial(**{"map_index_template": "{{ task.windows_back }} back", **arguments}).expand_kwargs(
        pull.windows
    )


def _add_readable(
    operator: type[LivePersonTransferOperator],
    pulls: Sequence[Pull],
    common: Mapping[str, Any],
    folder: str | None,
    timetable: object,
) -> None:
    """Add the task that finds out what can be read, and the one that is mapped over it."""
    lengths = window_lengths(timetable)
    if lengths is not None and _needs_whole_window(common):
        pulls = [pull for pull in pulls if pull.dataset.limits.can_serve(lengths.shortest)]
    # An argument must be either of all mapped tasks or of each.
    varying = {name for pull in pulls for name in pull.special}
    each = {name: value for name, value in common.items() if name in varying}
    kwargs = [
        {**each, "dataset": pull.dataset.name, **pull.special, **window}
        for pull in pulls
        for window in pull.windows or ({},)
    ]
    readable = LivePersonReadableDatasetsOperator(
        task_id="readable", pulls=kwargs, **{name: common[name] for name in common.keys() & _OF_THE_CHECK}
    )
    arguments = {name: value for name, value in common.items() if name not in varying}
    if folder is not None:
        arguments["outlets"] = [AssetAlias(folder)]
    operator.partial(
        **{"task_id": "pull", "map_index_template": "{{ task.dataset }}", **arguments}
    ).expand_kwargs(readable.output)


def _needs_whole_window(arguments: Mapping[str, Any]) -> bool:
    """Whether a pull is of the run's window, and refuses one of which LivePerson has a part only."""
    return arguments.get("start") is None and not arguments.get("allow_out_of_range")


def _store(bucket: str | None, path: str | None) -> tuple[type[LivePersonTransferOperator], dict[str, str]]:
    if (bucket is None) == (path is None):
        raise ConfigurationError(
            "give a bucket, for S3, or a path, for any other store, and not both", field="bucket"
        )
    if bucket is not None:
        return LivePersonToS3Operator, {"bucket": bucket}
    assert path is not None
    return LivePersonToObjectStorageOperator, {"path": path}


def _asset_folder(operator: type[LivePersonTransferOperator], common: Mapping[str, Any]) -> str:
    folder = operator.folder_uri(**common)
    if "{" in folder:
        raise ConfigurationError(
            f"assets: {folder} is a template, and an asset must be known before a run; write it out, or set assets to"
            " False",
            field="assets",
        )
    return folder
