"""The operator for Iceberg tables, with a hand-made context."""

from __future__ import annotations

import base64
import json
import socket
import sys
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace

import pytest
from airflow.sdk import DAG, Asset
from pyiceberg.catalog import load_catalog
from pyiceberg.catalog.sql import SqlCatalog, SqlCatalogBaseTable

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.transfers.liveperson_to_iceberg import LivePersonToIcebergOperator
from airflow_provider_liveperson.version_compat import AirflowFailException
from airflow_provider_liveperson.window import Window
from devtools.iceberg import CATALOG, DAY, NAME, NEXT_DAY, Lake, at, catalog_properties
from devtools.landed_windows import ACCOUNT
from tests.unit.transfers.failing import fails_at_once


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path)


def context():
    return {"outlet_events": Events()}


class Events:
    """What Airflow calls ``outlet_events``; assets of Airflow 3.1 cannot be keys of a dict."""

    def __init__(self) -> None:
        self.by_uri: dict[str, SimpleNamespace] = {}

    def __getitem__(self, asset: Asset) -> SimpleNamespace:
        return self.by_uri.setdefault(asset.uri, SimpleNamespace(extra={}))


def operator(lake, manifest, **choices) -> LivePersonToIcebergOperator:
    if not {"iceberg_conn_id", "catalog", "catalog_properties"} & choices.keys():
        choices |= {"catalog": CATALOG, "catalog_properties": catalog_properties(lake.folder)}
    return LivePersonToIcebergOperator(
        **{"task_id": "to_iceberg", "table": NAME, "manifest": manifest, **choices}
    )


def test_it_puts_a_window_into_the_table_and_says_what_it_did(lake):
    landed = lake.land(["1", "2"])
    told = operator(lake, landed.uri).execute(context())
    assert lake.rows() == at(DAY, ACCOUNT, "1", "2")
    (snapshot,) = lake.table.snapshots()
    assert told == {
        "table": NAME,
        "dataset": "users",
        "records": 2,
        "manifests": [landed.uri],
        "snapshot_id": snapshot.snapshot_id,
        "changed": True,
    }
    assert json.loads(json.dumps(told)) == told
    assert operator(lake, landed.uri).execute(context()) == {**told, "changed": False}


@pytest.mark.parametrize(
    "form", ["list", "text of a list", "what a pull returns", "what mapped pulls return"]
)
def test_days_go_into_the_table_one_by_one(lake, form):
    days = [DAY, NEXT_DAY, Window(NEXT_DAY.end, NEXT_DAY.end + timedelta(days=1))]
    uris = [lake.land([str(number)], window=day).uri for number, day in enumerate(days)]
    manifest = {
        "list": uris,
        "text of a list": str(uris),
        "what a pull returns": {"manifest": uris[-1], "manifests": uris},
        "what mapped pulls return": [{"manifests": uris[:1]}, {"manifests": uris[1:]}],
    }[form]
    told = operator(lake, manifest).execute(context())
    assert (told["records"], told["manifests"], told["changed"]) == (3, uris, True)
    assert [row[0] for row in lake.rows("id")] == ["0", "1", "2"]
    assert len(lake.table.snapshots()) == 3


def test_the_catalog_is_that_of_the_iceberg_connection(lake, monkeypatch):
    extra = {**catalog_properties(lake.folder), "type": "sql"}
    # A SQL catalog is found by the connection's name, too.
    monkeypatch.setenv(
        f"AIRFLOW_CONN_{CATALOG.upper()}", json.dumps({"conn_type": "iceberg", "extra": extra})
    )
    operator(lake, lake.land(["1"]).uri, iceberg_conn_id=CATALOG).execute(context())
    assert lake.rows() == at(DAY, ACCOUNT, "1")


def test_the_catalog_may_be_one_that_pyiceberg_knows_by_its_name(lake, monkeypatch):
    properties = catalog_properties(lake.folder)
    load_catalog(CATALOG, **properties).create_namespace("liveperson")
    landed = lake.land(["1"])
    with pytest.raises(AirflowFailException, match="'nowhere' cannot be opened"):
        operator(lake, landed.uri, catalog="nowhere").execute(context())
    told = operator(lake, landed.uri, catalog=CATALOG, catalog_properties=properties).execute(context())
    assert told["changed"]
    assert lake.rows() == at(DAY, ACCOUNT, "1")


def test_properties_of_the_table_are_those_that_it_is_made_with(lake):
    properties = {"write.parquet.row-group-limit": 1000}
    operator(lake, lake.land(["1"]).uri, table_properties=properties).execute(context())
    assert lake.table.properties["write.parquet.row-group-limit"] == "1000"


def test_assets_are_told(lake):
    asset = Asset("x-lakehouse://liveperson/users")
    events = context()
    told = operator(lake, lake.land(["1"]).uri, outlets=[asset]).execute(events)
    assert events["outlet_events"].by_uri[asset.uri].extra == told


def test_a_connection_for_another_store_is_used_for_that_store(lake, monkeypatch):
    asked = []
    from airflow_provider_liveperson.hooks import destinations

    def store_at(uri, **choices):
        asked.append((uri, choices))
        raise StorageError("enough")

    monkeypatch.setattr(destinations, "store_at", store_at)
    for uri in ("gs://lake/users/day", "s3://lake/users/day"):
        chosen = {"aws_conn_id": "a", "storage_conn_id": "g", "extra_args": {"RequestPayer": "requester"}}
        with pytest.raises(StorageError, match="enough"):
            operator(lake, f"{uri}/_manifest.json", **chosen).execute(context())
    more = {"aws_conn_id": "a", "extra_args": {"RequestPayer": "requester"}}
    assert asked == [("gs://g@lake/users", more), ("s3://lake", more)]


def test_all_windows_in_a_bucket_are_read_by_one_client(lake, monkeypatch):
    """A client of S3 takes some ten megabytes: a year of days would take gigabytes."""
    from airflow_provider_liveperson.landing import s3

    made = []

    def s3_store(bucket, make_hook):
        made.append(bucket)
        return lake.store

    monkeypatch.setattr(s3, "S3Store", s3_store)
    uris = [
        lake.land([account], window=day, account_id=account).uri.replace(f"file://{lake.folder}", "s3://lake")
        for account in ("70000001", "70000002")
        for day in (DAY, NEXT_DAY)
    ]
    told = operator(lake, uris).execute(context())
    assert (told["records"], told["manifests"]) == (4, uris)
    assert made == ["lake"]


@pytest.mark.parametrize("table", ["iceberg_tables", "iceberg_namespace_properties"])
def test_another_task_makes_the_tables_of_a_sql_catalog_at_the_same_moment(lake, monkeypatch, table):
    create = SqlCatalog.create_tables
    calls = []

    def create_after_another(self):
        if not calls:
            calls.append(table)
            create(self)
            # What a task does that has looked before the other one has committed.
            SqlCatalogBaseTable.metadata.tables[table].create(self.engine, checkfirst=False)
        create(self)

    monkeypatch.setattr(SqlCatalog, "create_tables", create_after_another)
    assert operator(lake, lake.land(["1"]).uri).execute(context())["changed"]
    assert calls == [table]
    assert lake.rows() == at(DAY, ACCOUNT, "1")


@pytest.mark.parametrize(
    ("choices", "field", "message"),
    [
        ({"table": "users"}, "table", "with its namespace"),
        ({"table": "liveperson."}, "table", "with its namespace"),
        ({"table": ["a"]}, "table", "must be a string"),
        ({"manifest": ""}, "manifest", "names nothing"),
        ({"manifest": []}, "manifest", "names nothing"),
        ({"manifest": "s3://lake/users"}, "manifest", "URI of a _manifest.json"),
        ({"manifest": "/lake/_manifest.json"}, "manifest", "URI of a _manifest.json"),
        (
            {"manifest": ["s3://lake/x/_manifest.json", 7]},
            "manifest",
            "manifest is 7; it must be what a pull",
        ),
        ({"manifest": {"objects": []}}, "manifest", "it must be what a pull returns"),
        ({"table_properties": "x"}, "table_properties", "must be a dict"),
        ({"catalog_properties": "x"}, "catalog_properties", "must be a dict"),
        ({"catalog_properties": {"type": "sql"}}, "catalog", "cannot be opened"),
        ({"iceberg_conn_id": "nobody_made_this"}, "iceberg_conn_id", "nobody_made_this"),
    ],
    ids=str,
)
def test_wrong_arguments_are_named(lake, choices, field, message):
    one = operator(lake, **{"manifest": "file:///lake/d/_manifest.json", **choices})
    with fails_at_once(ConfigurationError, message) as raised:
        one.execute(context())
    assert raised.value.__cause__.field == field


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_other_formats_are_refused_before_anything_is_written(lake, file_format):
    encoding = Encoding(file_format, "gzip", DATASETS["users"].columns)
    uri = f"file://{lake.folder}/{lake.land_as(encoding, ['1'])}/_manifest.json"
    with fails_at_once(
        ConfigurationError, f"parts in the format {file_format}.*file_format='parquet'"
    ) as raised:
        operator(lake, uri).execute(context())
    assert raised.value.__cause__.field == "manifest"
    assert not (lake.folder / "warehouse").exists()


def test_manifests_of_two_datasets_are_refused_before_anything_is_written(lake):
    uris = [lake.land(["1"]).uri, lake.land(['{"a": 1}'], dataset="audit_trail").uri]
    with fails_at_once(ConfigurationError, "different datasets"):
        operator(lake, uris).execute(context())
    assert not (lake.folder / "warehouse").exists()


def test_a_manifest_that_is_not_there_fails_at_once(lake):
    uri = f"file://{lake.folder}/lake/users/_manifest.json"
    with fails_at_once(StorageError, "there is no file://"):
        operator(lake, uri).execute(context())


@pytest.mark.parametrize("kind", ["sql", "rest"])
def test_a_catalog_that_does_not_answer_is_tried_again(lake, kind):
    landed = lake.land(["1"])
    (lake.folder / "catalog.db").write_bytes(b"not a database" * 100)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    properties = {"sql": catalog_properties(lake.folder), "rest": {"uri": f"http://127.0.0.1:{port}"}}[kind]
    one = operator(lake, landed.uri, catalog="ours", catalog_properties=properties)
    with pytest.raises(StorageError, match="the catalog 'ours' cannot be opened"):
        one.execute(context())


def test_without_the_libraries_it_says_what_to_install(lake, monkeypatch):
    monkeypatch.setitem(sys.modules, "airflow.providers.apache.iceberg.hooks.iceberg", None)
    landed = lake.land(["1"])
    with fails_at_once(ConfigurationError, r"airflow-provider-liveperson\[iceberg\]"):
        operator(lake, landed.uri).execute(context())


def test_arguments_may_be_templates_and_the_xcom_of_a_pull():
    with DAG("templates", schedule=None):
        one = LivePersonToIcebergOperator(
            task_id="to_iceberg",
            manifest="{{ ti.xcom_pull('pull')['manifest'] }}",
            table="{{ params.table }}",
        )
    assert {"manifest", "table", "iceberg_conn_id", "catalog_properties"} <= set(one.template_fields)
    pulled = {"manifest": "s3://lake/x/_manifest.json"}
    one.render_template_fields(
        {"params": {"table": "a.b"}, "ti": SimpleNamespace(xcom_pull=lambda _: pulled)}
    )
    assert (one.manifest, one.table) == (pulled["manifest"], "a.b")


def test_secrets_of_a_catalog_are_masked_where_airflow_shows_them(monkeypatch):
    from airflow.sdk import log

    masked = []
    monkeypatch.setattr(log, "mask_secret", masked.append)
    properties = {
        "type": "rest",
        "uri": "postgresql+psycopg2://reader:in%2Fthe%2Furi@db/catalog",
        "credential": "client:{{ secret }}",
        "token-refresh-enabled": "false",
        "s3.access-key-id": "AKIAEXAMPLE",
        "s3.secret-access-key": "of the store",
        "auth": {"type": "basic", "basic": {"username": "reader", "password": "below auth"}},
    }
    one = LivePersonToIcebergOperator(
        task_id="to_iceberg",
        manifest="file:///_manifest.json",
        table="a.b",
        catalog_properties=properties,
    )
    one.render_template_fields({"secret": "of the client"})
    assert sorted(masked) == [
        "below auth",
        "client:of the client",
        "in%2Fthe%2Furi",
        "in/the/uri",
        "of the store",
    ]


class Refusing(BaseHTTPRequestHandler):
    """A REST catalog that lets nobody in."""

    def do_GET(self) -> None:
        self.server.signed_by.add(self.headers["Authorization"])  # type: ignore[attr-defined]
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_a_catalogs_login_may_be_an_object_as_in_pyiceberg(lake):
    login = {"type": "basic", "basic": {"username": "reader", "password": "of the catalog"}}
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        server.signed_by = set()
        Thread(target=server.serve_forever, args=(0.01,)).start()
        try:
            properties = {"uri": f"http://127.0.0.1:{server.server_port}", "auth": login}
            one = operator(lake, lake.land(["1"]).uri, catalog="ours", catalog_properties=properties)
            with pytest.raises(AirflowFailException, match="the catalog 'ours' cannot be opened"):
                one.execute(context())
        finally:
            server.shutdown()
    assert server.signed_by == {f"Basic {base64.b64encode(b'reader:of the catalog').decode()}"}
