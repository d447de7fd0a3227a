"""From a landed window to an Iceberg table."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, BaseOperator

from airflow_provider_liveperson.arguments import (
    is_nothing,
    literal,
    read_mapping,
    read_optional_text,
    read_text,
)
from airflow_provider_liveperson.exceptions import ConfigurationError, LivePersonError
from airflow_provider_liveperson.failures import fail, then_say_why

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context
    from jinja2 import Environment
    from pyiceberg.table import Table

    from airflow_provider_liveperson.landing.stores import Store
    from airflow_provider_liveperson.tables.iceberg.landed_window import LandedWindow

_NAME = "/_manifest.json"


class LivePersonToIcebergOperator(BaseOperator):
    """Put a window that has landed as Parquet into an Iceberg table, in place of the rows of before.

    The rows are those of the manifest's parts, with the columns ``account_id``, ``dt`` and ``_window``. One snapshot
    replaces the window: it removes the rows that the table has of the same account and window, and adds the new ones.
    No other rows are touched: windows that overlap, landed under two prefixes, are both kept. If the table has the
    window as the manifest says, nothing happens. Memory holds one part at a time, compressed, and a row group of it.

    The table is created if it does not exist, with the dataset's declared columns, and ``account_id``, ``dt`` and
    ``_window`` as its partitions. Columns that it lacks are added.

    It returns (XCom) ``table, dataset, records, manifests, snapshot_id, changed``, and adds the same to the event extra
    of each asset among its outlets. ``changed`` is false where the table had it all.

    :param manifest: what a pull returns, ``pull.output``; or the URI of a window's manifest, or a list of either. Each
        manifest gets a snapshot of its own: a pull of several days has as many. (templated)
    :param table: the table's name with its namespace, such as ``liveperson.conversations``. (templated)
    :param iceberg_conn_id: the Iceberg connection of ``apache-airflow-providers-apache-iceberg``. (templated)
    :param catalog: instead of the connection, the name of a catalog in pyiceberg's configuration. (templated)
    :param catalog_properties: instead of the connection, or besides ``catalog``, the properties of a catalog as
        pyiceberg takes them. (templated)
    :param table_properties: the properties of the table, if it is created, such as
        ``{"write.parquet.compression-codec": "snappy"}``. (templated)
    :param aws_conn_id: the AWS connection with which a manifest and its parts are read from S3. (templated)
    :param storage_conn_id: the connection with which they are read from any other store. (templated)
    :param extra_args: further arguments of all requests to S3, as those of ``LivePersonToS3Operator``. (templated)
    :raises AirflowFailException: for a permanent error, such as parts that are not Parquet, or a table that is not for
        such windows; before anything is written. Airflow does not retry.
    :raises LivePersonError: for any other error, see ``airflow_provider_liveperson.exceptions``; the table is as it
        was before the window.
    """

    template_fields: Sequence[str] = (
        "manifest",
        "table",
        "iceberg_conn_id",
        "catalog",
        "catalog_properties",
        "table_properties",
        "aws_conn_id",
        "storage_conn_id",
        "extra_args",
    )
    template_fields_renderers = {
        "catalog_properties": "json",
        "table_properties": "json",
        "extra_args": "json",
    }
    ui_color = "#ffe3cc"
    _read: Sequence[LandedWindow] = ()
    _table: Table | None = None

    def __init__(
        self,
        *,
        manifest: str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]],
        table: str,
        iceberg_conn_id: str = "iceberg_default",
        catalog: str | None = None,
        catalog_properties: dict[str, Any] | None = None,
        table_properties: dict[str, Any] | None = None,
        aws_conn_id: str | None = "aws_default",
        storage_conn_id: str | None = None,
        extra_args: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.on_failure_callback = then_say_why(self.on_failure_callback)
        self.on_retry_callback = then_say_why(self.on_retry_callback)
        self.manifest = manifest
        self.table = table
        self.iceberg_conn_id = iceberg_conn_id
        self.catalog = catalog
        self.catalog_properties = catalog_properties
        self.table_properties = table_properties
        self.aws_conn_id = aws_conn_id
        self.storage_conn_id = storage_conn_id
        self.extra_args = extra_args

    def render_template_fields(self, context: Context, jinja_env: Environment | None = None) -> None:
        """Render the templates, and have Airflow mask the secret ones.

        :param context: the task's context.
        :param jinja_env: the environment to render in.
        """
        super().render_template_fields(context, jinja_env)
        from airflow_provider_liveperson.hooks.destinations import read_extra_args
        from airflow_provider_liveperson.hooks.iceberg_catalogs import read_catalog_properties

        with contextlib.suppress(ConfigurationError):  # which the task will report
            read_catalog_properties(self.catalog_properties)
        with contextlib.suppress(ConfigurationError):
            read_extra_args(self.extra_args)

    def execute(self, context: Context) -> dict[str, Any]:
        """Put the window into the table.

        :param context: the task's context.
        :returns: the summary.
        :raises AirflowFailException: for a permanent error; its cause is the package's error.
        :raises LivePersonError: for any other error.
        """
        try:
            summary = self._execute()
        except LivePersonError as error:
            fail(error)
        for outlet in self.outlets:
            if isinstance(outlet, Asset):
                context["outlet_events"][outlet].extra.update(summary)
        return summary

    def get_openlineage_facets_on_complete(self, task_instance: object) -> OperatorLineage[Any, Any]:
        """What OpenLineage's provider asks for when the task has ended, also when it has failed.

        :param task_instance: the task instance.
        :returns: the landed dataset, as the operator that has landed it names it, and the table, by its location.
        """
        from airflow_provider_liveperson.transfers.iceberg_lineage import lineage_of

        return lineage_of(self._read, self._table)

    def _execute(self) -> dict[str, Any]:
        from airflow_provider_liveperson.hooks.iceberg_catalogs import iceberg_catalog

        table = _read_table(self.table)
        properties = read_mapping(self.table_properties, "table_properties") or {}
        uris = _read_manifests(self.manifest)
        catalog = iceberg_catalog(
            self.iceberg_conn_id, catalog=self.catalog, catalog_properties=self.catalog_properties
        )
        from airflow_provider_liveperson.tables.iceberg.replace import replace_window

        self._read = landed = list(self._landed(uris))
        if len({one.selection for one in landed}) > 1:
            raise ConfigurationError(
                "the manifests are about different datasets, cursors or filters; give each a table of its own",
                field="manifest",
            )
        replaced = [
            replace_window(
                catalog, table, one, table_properties={name: str(value) for name, value in properties.items()}
            )
            for one in landed
        ]
        self._table = replaced[-1].table
        return {
            "table": table,
            "dataset": landed[-1].manifest.dataset,
            "records": sum(one.manifest.counts.kept for one in landed),
            "manifests": uris,
            "snapshot_id": replaced[-1].snapshot_id,
            "changed": any(one.changed for one in replaced),
        }

    def _landed(self, uris: Sequence[str]) -> Iterator[LandedWindow]:
        from airflow_provider_liveperson.hooks.destinations import store_at
        from airflow_provider_liveperson.tables.iceberg.landed_window import LandedWindow

        conn_id = read_optional_text(self.storage_conn_id, "storage_conn_id")
        stores: dict[str, Store] = {}
        for uri in uris:
            window = uri.removesuffix(_NAME)
            # One store for all windows in a bucket: each has a client, which takes some ten megabytes.
            root = "/".join(uri.split("/")[:3]) if uri.startswith("s3://") else window.rpartition("/")[0]
            if root not in stores:
                scheme, _, rest = root.partition("://")
                named = conn_id is not None and scheme != "s3"
                stores[root], _ = store_at(
                    f"{scheme}://{conn_id}@{rest}" if named else root,
                    aws_conn_id=self.aws_conn_id,
                    extra_args=self.extra_args,
                )
            yield LandedWindow.read(stores[root], window.removeprefix(f"{root}/"))


def _read_table(value: object) -> str:
    name = read_text(value, "table")
    steps = name.split(".")
    if len(steps) < 2 or not all(steps):
        raise ConfigurationError(
            f"table is {name!r}; it must be a table with its namespace, such as liveperson.conversations",
            field="table",
        )
    return name


def _read_manifests(value: object) -> list[str]:
    given = None if is_nothing(value) else literal(value)
    if not (listed := list(_uris(given))):
        raise ConfigurationError(
            "manifest names nothing; give what a pull returns, or the URI of a _manifest.json",
            field="manifest",
        )
    return list(dict.fromkeys(listed))


def _uris(given: object) -> Iterator[str]:
    if isinstance(given, str) and "://" in given and given.endswith(_NAME):
        yield given
    elif isinstance(given, Mapping) and "manifests" in given:
        yield from _uris(given["manifests"])
    elif isinstance(given, Sequence) and not isinstance(given, str | bytes):
        for one in given:
            yield from _uris(one)
    elif given is not None:
        raise ConfigurationError(
            f"manifest is {given!r}; it must be what a pull returns, or the URI of a _manifest.json",
            field="manifest",
        )
