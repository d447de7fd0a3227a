"""What all tests need: an Airflow home of their own, before anything imports Airflow, and DuckDB."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


def _isolate_airflow() -> None:
    """Point Airflow at an empty home, and ignore the Airflow settings of the developer's shell.

    Airflow's unit-test mode stays off: its configuration gives cron schedules a data interval, which a real Airflow 3
    does not, and this package has to work with the real one.
    """
    for name in list(os.environ):
        if name.startswith(("AIRFLOW__", "AIRFLOW_CONN_", "AIRFLOW_VAR_")):
            del os.environ[name]
    os.environ.pop("AIRFLOW_CONFIG", None)
    home = Path(tempfile.mkdtemp(prefix="liveperson-airflow-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    (home / "dags").mkdir()
    os.environ.update(
        AIRFLOW_HOME=str(home),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS="False",
    )


_isolate_airflow()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Refuse a test that is named after an address in memory, as workers must agree on names.

    :param item: the test.
    """
    if " at 0x" in item.nodeid:
        raise pytest.UsageError(f"{item.nodeid} has another name in every process; give its parameters ids")


@pytest.fixture(scope="session")
def duck() -> Iterator[Callable[[str], list[Any]]]:
    """Queries DuckDB without downloadable extensions."""
    import duckdb

    offline = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    with duckdb.connect(config=offline) as connection:
        yield lambda question: connection.execute(question).fetchall()
