"""What DuckDB reads through the views that the command ``tables`` defines."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
import yaml

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.landing.encoding import FILE_FORMATS
from airflow_provider_liveperson.personal_data import CONVERSATION_CONTENT, CONVERSATION_IDS, PERSONAL_FIELDS
from airflow_provider_liveperson.records.columns import unmarked
from airflow_provider_liveperson.records.masking import Masking
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.tables.engines import definitions
from airflow_provider_liveperson.tables.redshift import redshift_load
from airflow_provider_liveperson.window import Window
from tests.contract.facts import FACTS
from tests.contract.facts.facts import Row
from tests.contract.test_every_dataset import KNOWN, within_reach
from tests.contract.test_read_back import TWO_DAYS, Query, in_one_cell, land, typed_rows

# DuckDB 2.0 fails at files without an object within an object, where others have it and the outer one may be null.
AT_FAULT = pytest.mark.xfail(
    duckdb.__version__.startswith("2.0."),
    raises=duckdb.InternalException,
    reason="DuckDB 2.0 fails",
    strict=False,  # until it does no more
)
WITHIN = "data.customerAge"
MASKS = [
    *(
        pytest.param(name, {"drop_fields": personal}, marks=[AT_FAULT] if WITHIN in personal else [])
        for name in KNOWN
        if (personal := PERSONAL_FIELDS[name])
    ),
    (
        "data_access_web_session",
        {"drop_fields": [path for path in PERSONAL_FIELDS["data_access_web_session"] if path != WITHIN]},
    ),
    ("messaging_interactions", {"drop_fields": CONVERSATION_CONTENT, "hash_fields": CONVERSATION_IDS}),
    ("messaging_interactions", {"drop_fields": ["info.ipAddress", "messageRecords"]}),
    ("users", {"keep_fields": ["id", "memberOf.agentGroupId"]}),
]
NEXT_DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))


@pytest.fixture
def duck() -> Iterator[Query]:
    """A DuckDB without downloadable extensions, which has its tables for itself."""
    offline = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    with duckdb.connect(config=offline) as connection:
        yield lambda question: connection.execute(question).fetchall()


def view_of(name: str) -> str | None:
    return f"liveperson.{name}_latest" if DATASETS[name].is_snapshot or DATASETS[name].primary_key else None


@pytest.mark.parametrize("name", KNOWN)
def test_every_statement_runs_over_what_landed(
    name: str, sandbox: SandboxServer, connect: Callable[..., LivePersonClient], tmp_path: Path, duck: Query
) -> None:
    rows = land(connect(sandbox), name, within_reach(sandbox, name, TWO_DAYS), tmp_path)
    table, view = f"liveperson.{name}", view_of(name)
    for file_format in FILE_FORMATS:
        duck(definitions("duckdb", [name], location=f"{tmp_path}/{file_format}", file_format=file_format))
        assert duck(f"SELECT count(*) FROM {table}") == [(len(rows),)]
        if view is not None:
            assert duck(f"SELECT count(*) FROM {view}") == [(len(rows),)]

    duck(definitions("duckdb", [name], location=f"{tmp_path}/parquet"))
    read = duck(f"SELECT * EXCLUDE (account_id, dt, _window) FROM {table}")
    expected = typed_rows(unmarked(DATASETS[name].columns), rows)
    assert sorted(read, key=msgspec.json.encode) == sorted(expected, key=msgspec.json.encode)
    days = {f"dt={dt}/{window}" for dt, window in duck(f"SELECT DISTINCT dt, _window FROM {table}")}
    parts = tmp_path.glob("parquet/*/account_id=*/dt=*/*/part-*.parquet")
    assert days == {"/".join(part.parts[-3:-1]) for part in parts}
    assert duck(f"SELECT DISTINCT account_id FROM {table}") == [(sandbox.settings.account_id,)]

    (source,) = yaml.safe_load(definitions("dbt", [name], location=str(tmp_path)))["sources"]
    newest = duck(f"SELECT max(dt) FROM {table}")[0][0]
    assert duck(f"SELECT CAST(max({source['loaded_at_field']}) AS DATE) FROM {table}") == [(newest,)]
    for described in source["tables"][1:]:
        (test,) = described["data_tests"]
        key = test["unique"]["column_name"]
        assert duck(f"SELECT count(DISTINCT {key}) FROM {view}") == [(len(rows),)]


@pytest.mark.parametrize("file_format", FILE_FORMATS)
@pytest.mark.parametrize("name", ["users", "messaging_interactions", "agent_status_changes", "audit_trail"])
def test_what_is_in_two_windows_counts_once_and_what_is_not_committed_does_not(
    name: str,
    file_format: str,
    sandbox: SandboxServer,
    connect: Callable[..., LivePersonClient],
    tmp_path: Path,
    duck: Query,
) -> None:
    """Records of the same key in a later window, as with the cursor ``updated``; parts that no manifest names."""
    rows = land(connect(sandbox), name, NEXT_DAY, tmp_path)
    location = tmp_path / file_format
    (day,) = location.glob(f"{name}/account_id=*/dt=*")
    (window,) = day.iterdir()
    for part in window.glob("part-*"):
        shutil.copy(part, part.with_name(f"part-1{part.name.removeprefix('part-0')}"))
    later = day.with_name("dt=2026-01-31") / "20260131T000000Z_20260201T000000Z"
    shutil.copytree(window, later)
    (kept,) = location.glob(f"_committed/{name}/account_id=*/dt=*/*.txt")
    listed = kept.parent.with_name("dt=2026-01-31") / f"{later.name}.txt"
    listed.parent.mkdir()
    listed.write_text(kept.read_text().replace(f"{day.name}/{window.name}", f"dt=2026-01-31/{later.name}"))

    duck(definitions("duckdb", [name], location=str(location), file_format=file_format))
    assert duck(f"SELECT count(*) FROM liveperson.{name}") == [(2 * len(rows),)]
    if view := view_of(name):
        assert duck(f"SELECT count(*), min(_window) FROM {view}") == [(len(rows), later.name)]


@pytest.mark.parametrize(
    "switches",
    [{}, *(it for name, it in FACTS["interval_metrics"].readings.items() if "timeframes" in name)],
    ids=str,
)
def test_no_interval_hides_another_whatever_its_time_is_called(
    switches: dict[str, Any],
    sandbox: SandboxServer,
    connect: Callable[..., LivePersonClient],
    tmp_path: Path,
    duck: Query,
) -> None:
    sandbox.configure(**switches)
    name, client = "interval_metrics", connect(sandbox)
    day = Window(datetime(2026, 1, 29, tzinfo=UTC), datetime(2026, 1, 30, tzinfo=UTC))
    for window in (day, NEXT_DAY):
        rows = land(client, name, window, tmp_path)
    duck(definitions("duckdb", [name], location=f"{tmp_path}/parquet"))
    assert duck(f"SELECT count(*) FROM {view_of(name)}") == [(len(rows),)]


@pytest.mark.parametrize(("name", "masks"), MASKS)
def test_what_files_leave_out_is_null(
    name: str,
    masks: dict[str, Any],
    sandbox: SandboxServer,
    connect: Callable[..., LivePersonClient],
    tmp_path: Path,
    duck: Query,
) -> None:
    """In windows with a mask, and in those beside others that have all columns."""
    columns = unmarked(DATASETS[name].columns)
    masking = Masking(**masks, salt="a salt", declared=columns)

    def check(rows: list[Row]) -> None:
        cells = {column: in_one_cell(kind) for column, kind in columns.items()}
        for file_format, kinds in (("jsonl", {}), ("csv", cells), ("parquet", columns)):
            duck(definitions("duckdb", [name], location=f"{tmp_path}/{file_format}", file_format=file_format))
            for column in columns.keys() - masking.columns(columns).keys():
                there = sum(row.get(column) is not None for row in rows)
                asked = f'SELECT count(*), count("{column}") FROM liveperson.{name}'
                assert duck(asked) == [(len(rows), there)]
            if kinds:
                read = duck(f"SELECT * EXCLUDE (account_id, dt, _window) FROM liveperson.{name}")
                expected = typed_rows(kinds, rows)
                assert sorted(read, key=msgspec.json.encode) == sorted(expected, key=msgspec.json.encode)

    masked = land(connect(sandbox), name, within_reach(sandbox, name, TWO_DAYS), tmp_path, masking)
    assert masked
    check(masked)
    rows = land(connect(sandbox), name, within_reach(sandbox, name, NEXT_DAY), tmp_path)
    assert len(rows) > len(masked)
    check(rows)


@pytest.fixture
def stand_in(duck: Query) -> Query:
    """DuckDB with what Redshift's statements need of Redshift: a SUPER is JSON, and COPY follows a manifest."""
    duck("CREATE MACRO json_serialize(value) AS CAST(value AS VARCHAR)")

    def ask(question: str) -> list[tuple[object, ...]]:
        if question.startswith("COPY"):
            table, _, manifest = question.removeprefix("COPY ").partition(" FROM ")
            path = Path(manifest.split("'")[1].removeprefix("s3:/"))
            listed = [str(path.with_name(part["name"])) for part in json.loads(path.read_bytes())["parts"]]
            question = f"INSERT INTO {table} SELECT * FROM read_parquet({listed}, hive_partitioning = false)"
        return duck(question.replace(" SUPER", " JSON"))

    return ask


@pytest.mark.parametrize("name", KNOWN)
def test_redshifts_statements_replace_a_window_and_show_what_holds_now(
    name: str,
    sandbox: SandboxServer,
    connect: Callable[..., LivePersonClient],
    tmp_path: Path,
    stand_in: Query,
) -> None:
    rows = land(connect(sandbox), name, within_reach(sandbox, name, TWO_DAYS), tmp_path)
    stand_in(definitions("redshift", [name], location="s3://lake"))
    manifests = sorted(tmp_path.glob(f"parquet/{name}/account_id=*/dt=*/*/_manifest.json"))
    table, view = f"liveperson.{name}", view_of(name)
    for _ in range(2):  # a window that is loaded again is not there twice
        for manifest in manifests:
            for statement in redshift_load(name, f"s3:/{manifest}"):
                stand_in(statement)
        assert stand_in(f"SELECT count(*) FROM {table}") == [(len(rows),)]
    if view is not None:
        assert stand_in(f"SELECT count(*) FROM {view}") == [(len(rows),)]
    loaded = stand_in(f"SELECT DISTINCT account_id, CAST(dt AS VARCHAR), _window FROM {table}")
    assert sorted(loaded) == [
        tuple(folder.rpartition("=")[2] for folder in manifest.parts[-4:-1]) for manifest in manifests
    ]
