"""Every dataset in an Iceberg table: what DuckDB reads there is what LivePerson has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from pyiceberg.catalog import load_catalog

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.landing.object_storage import ObjectStorageStore
from airflow_provider_liveperson.records.columns import OTHER, unmarked
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.tables.iceberg.landed_window import LandedWindow
from airflow_provider_liveperson.tables.iceberg.replace import replace_window
from devtools.iceberg import CATALOG, catalog_properties, rows_in_files
from tests.contract.test_every_dataset import KNOWN, within_reach
from tests.contract.test_read_back import TWO_DAYS, land, typed_rows


@pytest.mark.parametrize("name", KNOWN)
def test_a_dataset_is_in_its_table_as_it_has_landed(
    name: str, sandbox: SandboxServer, connect: Callable[..., LivePersonClient], tmp_path: Path
) -> None:
    rows = land(connect(sandbox), name, within_reach(sandbox, name, TWO_DAYS), tmp_path)
    store = ObjectStorageStore(f"file://{tmp_path}/parquet")
    catalog = load_catalog(CATALOG, **catalog_properties(tmp_path))
    table = f"liveperson.{name}"
    manifests = sorted(tmp_path.glob(f"parquet/{name}/**/_manifest.json"))
    folders = [str(path.parent.relative_to(tmp_path / "parquet")) for path in manifests]
    for changed in (True, False):
        for folder in folders:
            landed = LandedWindow.read(store, folder)
            replaced = replace_window(catalog, table, landed, table_properties={})
            assert replaced.changed is changed

    columns = unmarked(DATASETS[name].columns)
    read = rows_in_files(catalog.load_table(table), *columns, OTHER)
    expected = typed_rows(columns, rows)
    assert sorted(read, key=msgspec.json.encode) == sorted(expected, key=msgspec.json.encode)
    found = rows_in_files(catalog.load_table(table), "dt", "_window", "account_id")
    assert {account_id for *_, account_id in found} <= {sandbox.settings.account_id}
    places = {f"dt={dt}/{window}" for dt, window, _ in found}
    assert places == {
        "/".join(path.parts[-3:-1]) for path in manifests if msgspec.json.decode(path.read_bytes())["parts"]
    }
