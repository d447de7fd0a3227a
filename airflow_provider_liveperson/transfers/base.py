"""The base class of the operators: everything but the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from airflow.configuration import conf
from airflow.sdk import Asset, BaseOperator

from airflow_provider_liveperson.arguments import is_nothing, read_count, read_flag, read_text
from airflow_provider_liveperson.exceptions import LivePersonError
from airflow_provider_liveperson.failures import fail, then_say_why
from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
from airflow_provider_liveperson.transfers.asset_events import day_keys, tell_assets
from airflow_provider_liveperson.transfers.links import CoverageLink, FolderLink, ManifestLink
from airflow_provider_liveperson.transfers.process import tune_process
from airflow_provider_liveperson.transfers.schedule import check_schedule
from airflow_provider_liveperson.window import window_of_run

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context

    from airflow_provider_liveperson.land import LandRequest
    from airflow_provider_liveperson.landing.destination import Destination
    from airflow_provider_liveperson.landing.encoding import Encoding
    from airflow_provider_liveperson.pull.pull import PullResult
    from airflow_provider_liveperson.records.policy import ConnectionPolicy
    from airflow_provider_liveperson.window import Window


class LivePersonTransferOperator(BaseOperator):
    """Pull one window of a LivePerson dataset: exactly once, complete, with a manifest as the proof.

    The window is ``start`` to ``end`` if they are given, else that of the run's partition key, else the run's data
    interval. Its files are in ``{dataset}/account_id={account}/dt={YYYY-MM-DD}/{start}_{end}/``, below the
    operator's folder in its store; the manifest there is written last. The UTC day is the unit of landing: a
    longer window lands day by day, just as daily runs would. A re-run of the same window replaces what has changed,
    and changes nothing if nothing has.

    It returns (XCom) ``dataset, account_id, window_start, window_end, records, bytes, manifest, objects, keys,
    manifests, windows, complete, reported, changed``, and adds the same to the event extra of each asset among its
    outlets. ``changed`` is false where a re-run has found the same records. An asset alias among them gets an event of
    the asset ``{store}/{folder}/{dataset}``.

    :param dataset: the dataset's name, such as ``messaging_interactions``; ``python -m
        airflow_provider_liveperson datasets`` lists them. (templated)
    :param start: the first instant inside the window: an aware datetime, or ISO 8601 text with an offset.
        (templated)
    :param end: the first instant outside it, likewise. (templated)
    :param windows_back: pull the window that lies so many windows of the same length before that: 1 in a daily DAG for
        the day before the run's. ``windows(refresh=3)`` lists them for mapped tasks. (templated)
    :param shift_by_lag: pull the window that lies as many windows before that as fit into the dataset's lag, so that no
        run waits for longer than its own interval: of Data Access, whose files come two hours late, an hourly DAG then
        pulls the hour that ended two hours ago.
    :param filters: the dataset's filters, by name. (templated)
    :param cursor: which of the dataset's time fields assigns a record to a window, if it has several.
        (templated)
    :param file_format: ``jsonl``, ``csv`` or ``parquet``. (templated)
    :param compression: ``gzip``, ``zstd`` or ``none``. (templated)
    :param csv_formulas: in CSV files, ``keep`` texts that a spreadsheet would read as formulas as LivePerson sent them,
        or ``quote`` them with an apostrophe. (templated)
    :param hash_fields: fields to replace by their salted hashes before anything is written, as dotted paths such as
        ``consumerParticipants.email``; the salt is the connection's. (templated)
    :param drop_fields: fields to leave out, likewise. (templated)
    :param keep_fields: the only fields to land, likewise, each with all declared fields below it; default: all. The
        connection's extras of these names apply in any case: what either hashes or drops is hashed or dropped, and
        only what both keep is kept. (templated)
    :param unknown_fields: ``drop`` or ``keep`` fields that the dataset does not declare, and count them in the
        manifest. Default: ``drop`` with ``keep_fields``, and else keep them without looking for them. (templated)
    :param allow_undeclared_fields: accept paths of fields that the dataset does not declare. They are rejected
        otherwise, because a misspelled path would mask nothing.
    :param skip_on_empty: end as skipped if the window has no records, after landing its manifest. Airflow gives assets
        no event for a skipped task.
    :param allow_out_of_range: accept a window that ends in the future or begins before what LivePerson keeps, and
        land the records that there are, instead of failing.
    :param overlap: what to do with a window that overlaps another one that has landed under the same prefix, such as an
        hour of a day that has landed: ``refuse`` it, or ``allow`` it, which lands the records of both twice.
        (templated)
    :param raw: land the files of a dataset that comes in files as LivePerson made them, each as a part of its own,
        instead of the records in them. Formats, compressions and masking are for records and do not go with it;
        ``records`` is then the number of files.
    :param deferrable: whether to wait in the triggerer instead of the worker. If a window has just ended, the task
        waits until LivePerson has all its records, which takes up to the dataset's lag: 15 minutes for conversations.
        Default: ``[operators] default_deferrable`` of Airflow's configuration.
    :param asset_partitions: give each asset among the outlets an event for each UTC day of the window, with the day as
        its partition key, ``YYYY-MM-DD``, instead of one event without: from Airflow 3.3 on, for DAGs with a
        ``PartitionedAssetTimetable``. Airflow starts no other DAGs for events with a key. Not for aliases.
    :param liveperson_conn_id: the LivePerson connection, of any LivePerson type. (templated)
    :raises ConfigurationError: when it is made, while the DAG is parsed, for a dataset that no run of the DAG could
        land, because LivePerson keeps it for less than the schedule's interval. If that is so for some runs only, such
        as the one over the weekend, it is a ``UserWarning``.
    :raises AirflowFailException: for a permanent error: an invalid argument or connection field, before any request; a
        wrong secret or a missing permission. Its cause is the package's error. Airflow does not retry.
    :raises LivePersonError: for any other error, see ``airflow_provider_liveperson.exceptions``; nothing is left
        half-written.
    """

    template_fields: Sequence[str] = (
        "dataset",
        "start",
        "end",
        "windows_back",
        "filters",
        "cursor",
        "file_format",
        "compression",
        "csv_formulas",
        "hash_fields",
        "drop_fields",
        "keep_fields",
        "unknown_fields",
        "overlap",
        "liveperson_conn_id",
    )
    template_fields_renderers = {"filters": "json"}
    ui_color = "#ffe3cc"

    operator_extra_links = (FolderLink(), ManifestLink(), CoverageLink())

    # What OpenLineage and the links are told, as far as a task has come.
    _request: LandRequest | None = None
    _account_id: str | None = None
    _privacy: ConnectionPolicy | None = None
    _result: PullResult | None = None

    def __init__(
        self,
        *,
        dataset: str,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
        windows_back: int | str = 0,
        shift_by_lag: bool = False,
        filters: dict[str, Any] | None = None,
        cursor: str | None = None,
        file_format: str = "jsonl",
        compression: str = "gzip",
        csv_formulas: str = "keep",
        hash_fields: Sequence[str] = (),
        drop_fields: Sequence[str] = (),
        keep_fields: Sequence[str] | None = None,
        unknown_fields: str | None = None,
        allow_undeclared_fields: bool = False,
        skip_on_empty: bool = False,
        allow_out_of_range: bool = False,
        overlap: str = "refuse",
        raw: bool = False,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        asset_partitions: bool = False,
        liveperson_conn_id: str = LivePersonHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.on_failure_callback = then_say_why(self.on_failure_callback)
        self.on_retry_callback = then_say_why(self.on_retry_callback)
        self.dataset = dataset
        self.start = start
        self.end = end
        self.windows_back = windows_back
        self.shift_by_lag = shift_by_lag
        self.filters = filters
        self.cursor = cursor
        self.file_format = file_format
        self.compression = compression
        self.csv_formulas = csv_formulas
        self.hash_fields = hash_fields
        self.drop_fields = drop_fields
        self.keep_fields = keep_fields
        self.unknown_fields = unknown_fields
        self.allow_undeclared_fields = allow_undeclared_fields
        self.skip_on_empty = skip_on_empty
        self.allow_out_of_range = allow_out_of_range
        self.overlap = overlap
        self.raw = raw
        self.deferrable = deferrable
        self.asset_partitions = asset_partitions
        self.liveperson_conn_id = liveperson_conn_id
        if not kwargs.get("_airflow_from_mapped"):  # else it is a task that runs
            self._check_schedule()

    @classmethod
    def folder_uri(cls, *_: Any, **arguments: Any) -> str:
        """The folder that an operator's arguments name, as the URI of an asset, without a trailing slash.

        :param arguments: the operator's arguments.
        """
        raise NotImplementedError(f"{cls.__name__} has no store")

    @property
    def result(self) -> PullResult | None:
        """What this task has landed; None before that, and where nothing has."""
        return self._result

    def console_url(self, uri: str) -> str | None:
        """Where people look at an object, or a folder, in a browser; None where the store has no such page.

        :param uri: of an object that this task has landed, or of a folder, with a slash at its end.
        """
        return None

    @cached_property
    def hook(self) -> LivePersonHook:
        """The hook for the LivePerson connection."""
        return LivePersonHook.for_connection(read_text(self.liveperson_conn_id, "liveperson_conn_id"))

    def destination(self, encoding: Encoding) -> Destination:
        """Where the records are written.

        :param encoding: file format and compression.
        """
        raise NotImplementedError(f"{type(self).__name__} has no store")

    def execute(self, context: Context) -> dict[str, Any]:
        """Pull the run's window and land it.

        :param context: the task's context.
        :returns: the summary.
        :raises AirflowFailException: for a permanent error; its cause is the package's error.
        :raises LivePersonError: for any other error.
        """
        try:
            return self._execute(context)
        except LivePersonError as error:
            fail(error)

    def _execute(self, context: Context) -> dict[str, Any]:
        from airflow_provider_liveperson.hooks import telemetry
        from airflow_provider_liveperson.land import LandRequest

        self._request = self._account_id = self._privacy = self._result = None
        skip_on_empty = read_flag(self.skip_on_empty, "skip_on_empty")
        deferrable = read_flag(self.deferrable, "deferrable")
        partitions = read_flag(self.asset_partitions, "asset_partitions")
        self._request = request = LandRequest.read(
            self.dataset,
            self._window(context),
            filters=self.filters,
            cursor=self.cursor,
            file_format=self.file_format,
            compression=self.compression,
            csv_formulas=self.csv_formulas,
            hash_fields=self.hash_fields,
            drop_fields=self.drop_fields,
            keep_fields=self.keep_fields,
            unknown_fields=self.unknown_fields,
            allow_undeclared_fields=self.allow_undeclared_fields,
            allow_out_of_range=self.allow_out_of_range,
            overlap=self.overlap,
            raw=self.raw,
        )
        tune_process()
        with self.hook as hook:
            client = hook.get_conn()
            self._account_id = client.account_id
            self._privacy = hook.privacy()
            self._result = pulled = telemetry.land(
                request,
                client,
                self.destination,
                privacy=self._privacy,
                wait=partial(self._wait_until, deferrable),
                is_latest=self._is_latest(context, request.query.window),
            )
        summary = asdict(pulled)
        tell_assets(
            context,
            self.outlets,
            summary,
            folder_asset=lambda: Asset(f"{self.folder_uri(**vars(self))}/{pulled.dataset}"),
            partitions=day_keys(pulled.landed_windows()) if partitions else None,
        )
        if skip_on_empty and not pulled.records:
            from airflow_provider_liveperson.version_compat import AirflowSkipException

            raise AirflowSkipException(
                f"No records in {self.dataset}, {request.query.window}; manifest {pulled.manifest}"
            )
        return summary

    def get_openlineage_facets_on_complete(self, task_instance: object) -> OperatorLineage[Any, Any]:
        """What OpenLineage's provider asks for when the task has ended, also when it has failed.

        :param task_instance: the task instance.
        :returns: LivePerson's dataset, and the folder of the dataset in the store.
        """
        from airflow_provider_liveperson.transfers.lineage import lineage_of

        return lineage_of(
            self._request,
            self._account_id,
            self._privacy,
            self._result,
            folder=lambda: self.folder_uri(**vars(self)),
        )

    def resume(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Continue after waiting in the triggerer."""
        return self.execute(context)

    def _wait_until(self, deferrable: bool, moment: datetime) -> None:
        from airflow_provider_liveperson.land import wait_until

        if deferrable:
            from airflow.providers.standard.triggers.temporal import DateTimeTrigger

            self.defer(trigger=DateTimeTrigger(moment=moment), method_name="resume")
        wait_until(moment)

    def _window(self, context: Context) -> Window:
        window = window_of_run(context, start=self.start, end=self.end, windows_back=self.windows_back)
        if not read_flag(self.shift_by_lag, "shift_by_lag"):
            return window
        from airflow_provider_liveperson.datasets.catalog import dataset_named

        lag = dataset_named(read_text(self.dataset, "dataset")).limits.lag
        return window.back(lag // window.length)

    def _is_latest(self, context: Context, window: Window) -> bool:
        """Whether the window's age says how far the data are behind, as it does in runs of the schedule."""
        run_type = getattr(context.get("dag_run"), "run_type", None)
        is_refresh = bool(read_count(self.windows_back, "windows_back"))
        if is_refresh or str(getattr(run_type, "value", run_type)) == "backfill":
            return False
        if is_nothing(self.start) and is_nothing(self.end):
            return True
        try:
            own = window_of_run(context, start=None, end=None, windows_back=0)
        except LivePersonError:
            return True  # the run is for what the arguments say
        return window.end >= own.end

    def _check_schedule(self) -> None:
        """Refuse a dataset that no run of the DAG can land, as far as that is known before one."""
        if not self.has_dag() or self.start is not None or self.end is not None:
            return
        if self.allow_out_of_range is not False or not isinstance(self.windows_back, int):
            return
        from airflow_provider_liveperson.datasets.catalog import DATASETS

        if declared := DATASETS.get(str(self.dataset)):
            check_schedule(declared, self.dag.timetable, windows_back=self.windows_back)
