"""What all tests need: an Airflow home of their own, before anything imports Airflow, and DuckDB."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeGuard

import pytest
from hypothesis import settings
from sqlalchemy import event
from sqlalchemy.engine import Engine

from devtools import botocore_files

# A busy machine must not make a test fail, and a change must not be stopped by an example that has nothing to do with
# it: so examples are the same in each run, unless others are looked for by HYPOTHESIS_PROFILE=explore.
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


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

# What tests write need not outlast the machine: nothing waits for its disk, what is no open file is refused as before.
os.fsync = os.fstat  # type: ignore[assignment]


botocore_files.read_once()


@event.listens_for(Engine, "connect")
def _write_without_waiting(connection: object, _: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Refuse a test that is named after an address in memory, as workers must agree on names.

    :param item: the test.
    """
    if " at 0x" in item.nodeid:
        raise pytest.UsageError(f"{item.nodeid} has another name in every process; give its parameters ids")


def pytest_collection_finish() -> None:
    """Have the garbage collector pass over what lasts for the whole run: thousands of tests, and Airflow."""
    gc.collect()
    gc.freeze()


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Say in what two stores differ, where their objects are compared.

    :param op: the operator.
    :param left: what is on its left.
    :param right: what is on its right.
    """
    if op != "==" or not (_are_objects(left) and _are_objects(right)):
        return None
    from devtools.object_differences import object_differences

    return ["the objects differ", *object_differences(left, right)]


def _are_objects(value: object) -> TypeGuard[dict[str, bytes]]:
    return isinstance(value, dict) and all(isinstance(data, bytes) for data in value.values())


@pytest.fixture(scope="session")
def duck() -> Iterator[Callable[[str], list[Any]]]:
    """Queries DuckDB without downloadable extensions."""
    import duckdb

    offline = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    with duckdb.connect(config=offline) as connection:
        yield lambda question: connection.execute(question).fetchall()
