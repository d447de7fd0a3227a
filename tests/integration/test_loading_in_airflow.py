"""The page's DAG for DuckDB runs in a real Airflow; its tasks hand on what the page says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from tests.unit.docs.blocks import ROOT, blocks_of
from tests.unit.docs.test_python_blocks import AT_HAND, for_this_airflow

DAG_ID = "liveperson_to_duckdb"
# As the page does for the operators that take lists of files.
SHOW = """
    @task
    def show(keys: list[str]) -> list[str]:
        return keys

    show(pull.output["keys"])
"""


@pytest.fixture(scope="module")
def sandbox(start_sandbox):
    return start_sandbox(until=datetime.now(UTC).date())


@pytest.fixture(scope="module")
def run(airflow_home, sandbox, tmp_path_factory):
    """Runs the page's DAG, and gives the rows of the table that it keeps."""
    place = tmp_path_factory.mktemp("data")
    (block,) = (one for one in blocks_of(ROOT / "docs" / "loading.md") if f'"{DAG_ID}"' in one.text)
    text = block.text.replace("/data/", f"{place}/")
    text = text.replace('file_format="parquet"', 'file_format="parquet", multiple_outputs=True')
    # Days that ended twelve hours ago: users can be had until the next one ends, which at midnight might be meanwhile.
    ended = (datetime.now(UTC) - timedelta(hours=12)).replace(minute=0, second=0, microsecond=0)
    assert '"0 0 * * *"' in text
    text = text.replace('"0 0 * * *"', f'"0 {ended.hour} * * *"')
    file = place / "dag.py"
    file.write_text(for_this_airflow(AT_HAND + text + SHOW), encoding="utf-8")
    airflow_home.add_dag(file)
    environment = {"AIRFLOW_CONN_LIVEPERSON_DEFAULT": sandbox.connections()["liveperson_api_key"].as_json()}

    def run():
        answer = airflow_home.run("dags", "test", DAG_ID, ended.isoformat(), environment=environment)
        assert "DagRun Finished" in answer.stdout, answer.stdout[-20_000:]
        with duckdb.connect(str(place / "lake.duckdb"), read_only=True) as lake:
            return lake.execute("SELECT id, _window FROM my_users").fetchall()

    return run


def test_a_window_that_is_landed_again_is_loaded_in_its_place(run, airflow_home, sandbox):
    before = run()
    assert len(before) == len(set(before)) > 1
    (first,) = airflow_home.returned(DAG_ID, "pull")
    assert airflow_home.returned(DAG_ID, "show") == [first["keys"]]
    sandbox.change("users")
    after = run()
    (second,) = airflow_home.returned(DAG_ID, "pull")
    assert first["keys"] != second["keys"]
    assert sorted(after) == sorted(before)
