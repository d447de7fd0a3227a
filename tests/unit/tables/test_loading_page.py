"""The DAGs of docs/loading.md do what the page says, where their engine or what stands in for it runs here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from airflow_provider_liveperson.sandbox.server import SandboxServer
from tests.unit.docs.blocks import ROOT, Block, blocks_of
from tests.unit.docs.test_python_blocks import AT_HAND, for_this_airflow

MANIFEST = (
    "s3://my-lake/liveperson/users/account_id=70000001/dt=2026-01-31/20260131T000000Z_20260201T000000Z"
    "/_manifest.json"
)


class TaskInstance:
    """What has come of ``pull``."""

    def xcom_pull(self, task_id: str) -> dict[str, Any]:
        assert task_id == "pull"
        return {"account_id": "70000001", "manifest": MANIFEST}


CONTEXT = {"ti": TaskInstance(), "ds": "2026-01-31"}


def dag_of(engine: str, *, place: Path | None = None) -> dict[str, Any]:
    """The names of an engine's DAG on the page, and the DAG's tasks by their IDs.

    :param engine: the engine.
    :param place: the folder that is ``/data`` on the page.
    """
    page = blocks_of(ROOT / "docs" / "loading.md")
    (block,) = (block for block in page if f'"liveperson_to_{engine}"' in block.text)
    assert isinstance(block, Block)
    names: dict[str, Any] = {}
    text = block.text if place is None else block.text.replace("/data/", f"{place}/")
    exec(for_this_airflow(AT_HAND), names)
    exec(for_this_airflow(text), names)
    return {**names, **{one.task_id: one for one in names["pull"].dag.tasks}}


@pytest.mark.usefixtures("airflow_connections")
def test_duckdb_keeps_each_row_once_when_a_window_is_landed_again(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    dag = dag_of("duckdb", place=tmp_path)
    # Users can be had for a day after a window's end, which at midnight might be meanwhile.
    ended = datetime.now(UTC).replace(microsecond=0)
    context = {"data_interval_start": ended - timedelta(days=1), "data_interval_end": ended}

    def land_and_load() -> tuple[list[str], list[tuple[Any, ...]]]:
        pulled = dag["pull"].execute(context)
        dag["load_users"].python_callable(pulled)
        with duckdb.connect(str(tmp_path / "lake.duckdb")) as lake:
            return pulled["objects"], lake.execute("SELECT * FROM my_users ORDER BY id").fetchall()

    objects, before = land_and_load()
    assert len(before) == len({row[0] for row in before}) > 1
    sandbox.change("users")
    landed_again, after = land_and_load()
    assert landed_again != objects  # the trap
    assert len(after) == len(before)
    assert after != before


@pytest.mark.parametrize(
    ("engine", "task_ids", "field", "kinds"),
    [
        ("athena", ["delete_users", "insert_users"], "query", [exp.Delete, exp.Insert]),
        ("redshift", ["load_users"], "sql", [exp.Create, exp.Copy, exp.Delete, exp.Insert, exp.Drop]),
        (
            "snowflake",
            ["load_users"],
            "sql",
            [exp.Command, exp.Transaction, exp.Delete, exp.Insert, exp.Commit],
        ),
    ],
    ids=["athena", "redshift", "snowflake"],
)
def test_the_statements_of_the_others_are_valid_once_they_are_rendered(
    engine: str, task_ids: list[str], field: str, kinds: list[type[exp.Expression]]
) -> None:
    dag = dag_of(engine)
    found: list[exp.Expression] = []
    for task_id in task_ids:
        dag[task_id].render_template_fields(CONTEXT)
        rendered = getattr(dag[task_id], field)
        for text in rendered if isinstance(rendered, list) else [rendered]:
            assert "{" not in text
            found += [one for one in sqlglot.parse(text, dialect=engine) if one is not None]
    assert [type(one) for one in found] == kinds
    assert dag["pull"].downstream_task_ids == {task_ids[0]}


def test_databricks_replaces_the_window_in_one_statement() -> None:
    load = dag_of("databricks")["load_users"]
    load.render_template_fields(CONTEXT)
    window = "_window = '20260131T000000Z_20260201T000000Z'"
    # sqlglot does not know REPLACE WHERE.
    before, _, query = load.sql.partition(f" REPLACE WHERE {window} ")
    assert before == "INSERT INTO my_users"
    assert sqlglot.parse_one(query, dialect="databricks").find(exp.Where).sql() == f"WHERE {window}"
